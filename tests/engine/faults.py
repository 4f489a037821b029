"""Makes the sources of a gateway fail, or answer in another order, as a test says.

What fails is a whole source, or one kind of its reads: never a statement by its number, as two executors send different
ones. The methods of the sources themselves are changed, so that whatever asks them, and whatever they are, fails alike.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import wraps
from random import Random
from typing import Any

from datasources.base import SourceTimeout, SourceUnavailable
from gateway.auth.sources import Estate

# Seconds that a source takes besides, where the order of its answers is to be another one each time.
DELAYS = (0.0, 0.0, 0.0002, 0.0006, 0.0015)
# What isn't a read: changes are refused by what they read before, and the end must always come.
NOT_READS = frozenset({"close", "version", "write", "transaction", "put"})


class Manner(Enum):
    """In which way a source fails."""

    UNAVAILABLE = "can't be reached"
    TIMEOUT = "takes too long"
    BROKEN = "fails as nobody expects"


class Reads(Enum):
    """Which reads of a source fail."""

    ALL = "every read"
    ROWS = "rows"
    GROUPS = "groups"


@dataclass(frozen=True)
class Fault:
    """A source that fails; `source` is its name, or `files`."""

    source: str
    manner: Manner = Manner.UNAVAILABLE
    reads: Reads = Reads.ALL

    def error(self) -> Exception:
        """What the source raises."""
        match self.manner:
            case Manner.UNAVAILABLE:
                return SourceUnavailable(self.source, "made to fail by a test")
            case Manner.TIMEOUT:
                return SourceTimeout(self.source, "made to fail by a test")
            case Manner.BROKEN:
                return RuntimeError("made to fail by a test")


@dataclass
class Faults:
    """What goes wrong at the sources of one gateway just now, if `heeded`; `delays` shuffles the order of answers."""

    now: tuple[Fault, ...] = ()
    heeded: bool = True
    delays: Random | None = field(default=None, repr=False)

    def reach(self, estate: Estate) -> None:
        """Makes the estate's sources heed this."""
        for name, source in estate.sources.items():
            self._reach(source, name)
        self._reach(estate.files, "files")

    def _reach(self, source: Any, name: str) -> None:
        for method in dir(source):
            if method.startswith("_") or method in NOT_READS:
                continue
            found = getattr(source, method)
            if inspect.iscoroutinefunction(found):
                reads = Reads.GROUPS if "group" in method else Reads.ROWS
                setattr(source, method, self._heeding(found, name, reads))

    def _heeding(
        self, ask: Callable[..., Awaitable[Any]], source: str, reads: Reads
    ) -> Callable[..., Awaitable[Any]]:
        @wraps(ask)
        async def asked(*arguments: Any, **named: Any) -> Any:
            await self._delay()
            for fault in self.now:
                if self.heeded and fault.source == source and fault.reads in {Reads.ALL, reads}:
                    raise fault.error()
            answer = await ask(*arguments, **named)
            await self._delay()
            return answer

        return asked

    async def _delay(self) -> None:
        if self.delays is not None:
            await asyncio.sleep(self.delays.choice(DELAYS))
