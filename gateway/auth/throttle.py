"""Limits on attempts to log in: per account and per address, shared by all workers where there is a Redis."""

from __future__ import annotations

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter

from gateway.errors import Code, GatewayError

WINDOW_SECONDS = 300


class LoginThrottle:
    """Counts every attempt, right or wrong."""

    def __init__(self, events_dsn: str, *, per_account: int, per_address: int) -> None:
        self._limiter = MovingWindowRateLimiter(_storage(events_dsn))
        self._per_account = RateLimitItemPerSecond(per_account, WINDOW_SECONDS)
        self._per_address = RateLimitItemPerSecond(per_address, WINDOW_SECONDS)

    async def count(self, *, account: str, address: str) -> None:
        """Counts one attempt. Raises THROTTLED past either limit."""
        allowed = await self._limiter.hit(self._per_address, "login-address", address)
        allowed = await self._limiter.hit(self._per_account, "login-account", account.casefold()) and allowed
        if not allowed:
            raise GatewayError(Code.THROTTLED, "Too many attempts to log in; try again in a few minutes.")


def _storage(dsn: str) -> Storage:
    if dsn.startswith("redis"):
        return RedisStorage(f"async+{dsn}", implementation="redispy", key_prefix="iperform-gateway")
    return MemoryStorage()
