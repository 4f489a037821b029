"""Random choices that Hypothesis makes, and shrinks to the simplest: options are listed with the simplest first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

Item = TypeVar("Item")


class Choice:
    """What is drawn for one example."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, low: int, high: int) -> int:
        """A number of a range; the lowest is the simplest."""
        return low if low == high else self._draw(_integers(low, high))

    def one(self, options: Sequence[Item]) -> Item:
        """One of the options."""
        return options[self.number(0, len(options) - 1)]

    def chance(self, percent: int) -> bool:
        """True in so many of a hundred cases; False is simpler."""
        return self.number(0, 99) >= 100 - percent

    def some(self, options: Sequence[Item], most: int) -> list[Item]:
        """Up to so many of the options, each at most once, in any order."""
        left, found = list(options), []
        for _ in range(min(self.number(0, most), len(left))):
            found.append(left.pop(self.number(0, len(left) - 1)))
        return found


@cache
def _integers(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)
