"""Figures from rounds: medians, ratios with bootstrap confidence intervals, and straight lines with their errors."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, inf, log, sqrt
from statistics import fmean, median

RESAMPLES = 5_000
LOW, HIGH = 0.025, 0.975


@dataclass(frozen=True)
class Ratio:
    """A ratio, and the interval that holds it with 95 % confidence."""

    value: float
    low: float
    high: float


def ratio(one: Sequence[float], other: Sequence[float]) -> Ratio:
    """How many times as much `one` is as `other`, by the geometric mean over rounds that were run side by side.

    The interval is a percentile bootstrap over the rounds. Raises ValueError for different numbers of rounds.
    """
    logs = [_log(a) - _log(b) for a, b in zip(one, other, strict=True)]
    chance = random.Random(len(logs))
    means = sorted(fmean(chance.choices(logs, k=len(logs))) for _ in range(RESAMPLES))
    return Ratio(exp(fmean(logs)), exp(_quantile(means, LOW)), exp(_quantile(means, HIGH)))


def _log(value: float) -> float:
    # Processor time is counted in ticks: a short round may have none.
    return log(max(value, 1e-6))


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[round(share * (len(ordered) - 1))]


def middle(values: Sequence[float]) -> float:
    """The median."""
    return median(values)


@dataclass(frozen=True)
class Line:
    """A straight line through points, the standard error of its slope, and how much of the points it explains."""

    slope: float
    slope_error: float
    intercept: float
    explained: float


def fit_line(xs: Sequence[float], ys: Sequence[float]) -> Line:
    """The line of least squares. Raises ValueError for fewer than three points."""
    count = len(xs)
    if count < 3:
        raise ValueError("a line with an error needs three points")
    middle_x, middle_y = fmean(xs), fmean(ys)
    spread = sum((x - middle_x) ** 2 for x in xs)
    slope = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True)) / spread
    intercept = middle_y - slope * middle_x
    left = sum((y - intercept - slope * x) ** 2 for x, y in zip(xs, ys, strict=True))
    whole = sum((y - middle_y) ** 2 for y in ys)
    explained = 1 - left / whole if whole else inf
    return Line(slope, sqrt(left / (count - 2) / spread), intercept, explained)
