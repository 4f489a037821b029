"""How much a log of events keeps: both kinds of log are given this when they are opened."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """At most about so many entries, none of which was added longer ago than so many seconds."""

    entries: int
    seconds: float

    @property
    def slack(self) -> int:
        """How many entries more there may be for a while: the oldest are given up in batches, which costs less."""
        return self.entries // 100
