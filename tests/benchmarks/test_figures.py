"""Figures: those in the README are those of the results, ratios and lines are what they say."""

from __future__ import annotations

import pytest

from benchmarks.live_report import LIVE, live_report
from benchmarks.readme import block, figures_in_readme
from benchmarks.report import report
from benchmarks.results import WHOLE, read_results
from benchmarks.statistics import Ratio, fit_line, ratio


def test_readme_holds_the_figures_of_the_results() -> None:
    assert figures_in_readme() == block(read_results(), read_results(LIVE))


def test_report_is_made_of_the_results() -> None:
    assert WHOLE.with_suffix(".md").read_text() == report(read_results())


def test_report_of_subscriptions_is_made_of_the_results() -> None:
    assert LIVE.with_suffix(".md").read_text() == live_report(read_results(LIVE))


def test_ratio_of_rounds_that_agree_has_no_width() -> None:
    found = ratio([30.0, 60.0, 90.0], [10.0, 20.0, 30.0])
    assert (round(found.value, 9), round(found.low, 9), round(found.high, 9)) == (3.0, 3.0, 3.0)


def test_interval_of_a_ratio_spans_the_rounds_that_differ() -> None:
    found = ratio([10.0, 20.0, 40.0, 20.0], [10.0, 10.0, 10.0, 10.0])
    assert round(found.value, 9) == 2.0
    assert 1.0 < found.low < 2.0 < found.high < 4.0


def test_ratio_needs_rounds_in_pairs() -> None:
    with pytest.raises(ValueError, match="longer"):
        ratio([1.0, 2.0], [1.0, 2.0, 3.0])


def test_ratio_is_the_same_whenever_it_is_computed() -> None:
    rounds = [3.0**0.5 * place**1.1 for place in range(1, 30)], [float(place) for place in range(1, 30)]
    assert ratio(*rounds) == ratio(*rounds)
    assert isinstance(ratio(*rounds), Ratio)


def test_line_through_points_on_a_line_has_no_error() -> None:
    found = fit_line([1.0, 2.0, 5.0], [5.0, 7.0, 13.0])
    assert (round(found.slope, 9), round(found.intercept, 9)) == (2.0, 3.0)
    assert round(found.slope_error, 6) == 0.0
    assert found.explained == pytest.approx(1.0)


def test_error_of_a_slope_is_that_of_least_squares() -> None:
    found = fit_line([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 1.0, 2.0])
    assert found.slope == pytest.approx(0.6)
    assert found.slope_error == pytest.approx(0.1**0.5 * 0.2**0.5)
