"""Where changes come from: what every capture gives to the loop that adds them to the log, `capturing.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from gateway.events.bus import Captured


class PlaceLost(Exception):
    """The place to go on from is no longer there: what has happened since can't be known."""


class Capture(Protocol):
    """A way to see every change of a status, whoever makes it, from a place on."""

    @property
    def name(self) -> str:
        """What it is called in the log and by `gateway doctor`."""
        ...

    def changes(self, after: str | None) -> AsyncIterator[Captured]:
        """Every change after a place, for ever, in the order of commits; from now on where there is no place.

        Without a place, what comes first, at once, holds no event and says where now is. What holds no event comes
        every few seconds, too. Raises `PlaceLost`, and SOURCE_UNAVAILABLE where the database can't be reached: whoever
        asked tries again later, from the last place that they have kept. Closing the iterator gives back its thread and
        its connections.
        """
        ...

    async def close(self) -> None:
        """Gives back what it holds."""
        ...
