"""Deterministic choices: a seeded random stream per subject, moments in working hours. Never the clock."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from random import Random
from typing import TypeVar

Item = TypeVar("Item")

DAY_START_HOUR = 9
DAY_SECONDS = 10 * 3600
SUNDAY = 6


class Chance:
    """One random stream. Its seed is a text (hashed by SHA-512), no process's hash seed matters."""

    def __init__(self, seed: int, subject: str) -> None:
        self._random = Random(f"{seed}/{subject}")  # noqa: S311

    def happens(self, share: float) -> bool:
        """True in this share of the cases."""
        return self._random.random() < share

    def share(self) -> float:
        """From 0 to just under 1."""
        return self._random.random()

    def below(self, limit: int) -> int:
        """From 0 to `limit - 1`."""
        return int(self._random.random() * limit)

    def between(self, low: int, high: int) -> int:
        """Both ends included."""
        return low + int(self._random.random() * (high - low + 1))

    def pick(self, items: Sequence[Item]) -> Item:
        """One of the items, each as likely."""
        return items[int(self._random.random() * len(items))]

    def pick_or_none(self, items: Sequence[Item], share_of_none: float) -> Item | None:
        """One of the items, or nothing in this share of the cases."""
        return None if self._random.random() < share_of_none else self.pick(items)

    def sample(self, items: Sequence[Item], count: int) -> list[Item]:
        """Different items."""
        return self._random.sample(items, count)

    def letters(self, alphabet: str, count: int) -> str:
        """A word over the alphabet."""
        return "".join(self.pick(alphabet) for _ in range(count))

    def during(self, day: date) -> datetime:
        """A second in that day's working hours."""
        start = datetime(day.year, day.month, day.day, DAY_START_HOUR)
        return start + timedelta(seconds=self.below(DAY_SECONDS))

    def later(self, moment: datetime, low_days: int, high_days: int) -> datetime:
        """A moment so many days later, in working hours and not on a Sunday; for 0 days, minutes later."""
        days = self.between(low_days, high_days)
        if days == 0:
            return moment + timedelta(minutes=self.between(2, 50))
        day = moment.date() + timedelta(days=days)
        return self.during(day + timedelta(days=1) if day.weekday() == SUNDAY else day)


def moment_of(index: int, count: int, first_day: date, days: int) -> datetime:
    """The index-th of `count` moments spread evenly over the working hours of `days` days, in order."""
    second = index * days * DAY_SECONDS // count
    day, rest = divmod(second, DAY_SECONDS)
    start = datetime(first_day.year, first_day.month, first_day.day, DAY_START_HOUR)
    return start + timedelta(days=day, seconds=rest)
