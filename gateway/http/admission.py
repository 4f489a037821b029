"""How many operations a worker executes at once: the others wait in the order in which they came, and not too many.

More at once would make none of them faster: they share one processor, and ten connections to each source, for which
nobody waits for long. What takes long waits for a source itself, and gives its place to others, so that one source that
stands still doesn't hold up what is asked of the rest.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from gateway.errors import Code
from gateway.http.asked import Refused
from gateway.http.metrics import OPERATIONS_EXECUTING, OPERATIONS_REFUSED, OPERATIONS_WAITING

RETRY_SECONDS = 1
SLOW_SECONDS = 2.0
# Of those at once: how many more there are, at the most, while others take long.
SLOW_FACTOR = 3


class Admission:
    """Places for `most` operations, and a queue of at most `most_waiting` for them."""

    def __init__(self, most: int, most_waiting: int) -> None:
        self._free = most
        self._lendable = SLOW_FACTOR * most
        self._most_waiting = most_waiting
        self._waiting: OrderedDict[asyncio.Future[None], None] = OrderedDict()

    async def enter(self) -> Place:
        """A place, once there is one. Raises `Refused` with THROTTLED where too many wait already."""
        if self._free:
            self._free -= 1
        else:
            await self._turn()
        return Place(self)

    async def _turn(self) -> None:
        if len(self._waiting) >= self._most_waiting:
            OPERATIONS_REFUSED.inc()
            raise _full()
        turn = asyncio.get_running_loop().create_future()
        self._waiting[turn] = None
        OPERATIONS_WAITING.inc()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._waiting.pop(turn, None)
            else:
                # Its turn came as it gave up.
                self.give()
            raise
        finally:
            OPERATIONS_WAITING.dec()

    def give(self) -> None:
        """Gives a place to whoever waits longest."""
        while self._waiting:
            turn, _ = self._waiting.popitem(last=False)
            if not turn.cancelled():
                turn.set_result(None)
                return
        self._free += 1

    def lend(self) -> bool:
        """Gives the place of somebody who still needs it; False where too many have been lent."""
        if not self._lendable:
            return False
        self._lendable -= 1
        self.give()
        return True

    def take_back(self) -> None:
        """Ends what `lend` began: whoever lent their place has left."""
        self._lendable += 1


class Place:
    """What one operation has while it is executed."""

    __slots__ = ("_admission", "_lent", "_slow")

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._lent = False
        self._slow = asyncio.get_running_loop().call_later(SLOW_SECONDS, self._lend)
        OPERATIONS_EXECUTING.inc()

    def leave(self) -> None:
        """Ends it. To be called once."""
        OPERATIONS_EXECUTING.dec()
        self._slow.cancel()
        if self._lent:
            self._admission.take_back()
        else:
            self._admission.give()

    def _lend(self) -> None:
        self._lent = self._admission.lend()


def _full() -> Refused:
    return Refused(
        Code.THROTTLED,
        f"Too many requests wait already; ask again in {RETRY_SECONDS} s.",
        503,
        {"retry-after": str(RETRY_SECONDS)},
    )
