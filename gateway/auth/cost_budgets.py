"""What the operations of a partner's token may cost in a minute, counted by all workers together through Redis.

Without an answer from Redis each process counts for itself. Staff has no budget: its role isn't a program's.
"""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError

from gateway.auth.principal import Principal
from gateway.auth.throttle import shared_storage
from gateway.errors import RETRY_AFTER, Code, GatewayError

# After a failure of Redis it isn't waited for again at once: this stands before every operation of a partner.
SECONDS_ALONE = 5.0
PLACE = "partner-cost"


class CostBudgets:
    """Budgets by the token's prefix: several estates may count in one Redis. A minute begins with the first operation.

    Raises ValueError for a DSN that is none.
    """

    def __init__(self, events_dsn: str) -> None:
        self._shared = FixedWindowRateLimiter(shared_storage(events_dsn))
        self._alone = FixedWindowRateLimiter(MemoryStorage())
        self._alone_until = 0.0

    async def charge(self, principal: Principal, cost: int) -> None:
        """Takes an operation's estimated cost from the caller's budget, before it is executed.

        Raises COST_LIMIT_EXCEEDED where it is dearer than the whole budget, THROTTLED where too little is left.
        """
        budget, prefix = principal.cost_per_minute, principal.token_prefix
        if prefix is None or budget is None:
            return
        if cost > budget:
            raise GatewayError(
                Code.COST_LIMIT_EXCEEDED,
                f"The operation may cost {cost}, and the token has {budget} a minute; ask for less at once.",
            )
        await self._take(RateLimitItemPerMinute(budget), prefix, cost)

    async def _take(self, item: RateLimitItemPerMinute, token: str, cost: int) -> None:
        if time.monotonic() >= self._alone_until:
            try:
                return await _taken(self._shared, item, token, cost)
            except (StorageError, OSError):
                self._alone_until = time.monotonic() + SECONDS_ALONE
        return await _taken(self._alone, item, token, cost)


async def _taken(
    limiter: FixedWindowRateLimiter, item: RateLimitItemPerMinute, token: str, cost: int
) -> None:
    # A hit counts also where it is refused. Testing first, a dear operation doesn't use up what cheaper ones could.
    if await limiter.test(item, PLACE, token, cost=cost) and await limiter.hit(item, PLACE, token, cost=cost):
        return
    window = await limiter.get_window_stats(item, PLACE, token)
    seconds = max(1, math.ceil(window.reset_time - time.time()))
    raise GatewayError(
        Code.THROTTLED,
        f"The operation may cost {cost}, and {window.remaining} of the token's {item.amount} a minute are left; "
        f"ask again in {seconds} s.",
        {RETRY_AFTER: seconds},
    )
