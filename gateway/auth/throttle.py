"""Limits on attempts to log in: per account and per address, shared by all workers where there is a Redis.

Without an answer from Redis each process counts for itself, so that neither an outage nor a stop of it opens the door.
"""

from __future__ import annotations

import hashlib

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError, StorageError
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.errors import Code, GatewayError

WINDOW_SECONDS = 300
# A count is worth this much waiting, no more: it stands before every login.
REDIS_SECONDS = 1.0


class LoginThrottle:
    """Counts every attempt, right or wrong. Raises ValueError for a DSN that is none."""

    def __init__(self, events_dsn: str, *, per_account: int, per_address: int) -> None:
        self._shared = MovingWindowRateLimiter(_storage(events_dsn))
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._per_account = RateLimitItemPerSecond(per_account, WINDOW_SECONDS)
        self._per_address = RateLimitItemPerSecond(per_address, WINDOW_SECONDS)

    async def count(self, *, account: str, address: str) -> None:
        """Counts one attempt. Raises THROTTLED past either limit."""
        # Names that a database might take for one another count as one; a name of any length is a short key.
        name = hashlib.sha256(account.strip().casefold().encode("utf-8", "surrogatepass")).hexdigest()
        try:
            allowed = await self._hit(self._shared, name, address)
        except (StorageError, OSError):
            allowed = await self._hit(self._alone, name, address)
        if not allowed:
            raise GatewayError(Code.THROTTLED, "Too many attempts to log in; try again in a few minutes.")

    async def _hit(self, limiter: MovingWindowRateLimiter, account: str, address: str) -> bool:
        from_address = await limiter.hit(self._per_address, "login-address", address)
        to_account = await limiter.hit(self._per_account, "login-account", account)
        return from_address and to_account


def _storage(dsn: str) -> Storage:
    if not dsn.startswith("redis"):
        return MemoryStorage()
    try:
        return RedisStorage(
            f"async+{dsn}",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="iperform-gateway",
            socket_connect_timeout=REDIS_SECONDS,
            socket_timeout=REDIS_SECONDS,
            retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type] # handed on to redis-py as it is
        )
    except ConfigurationError:
        # Its text holds the DSN, and with it the password.
        raise ValueError("the events DSN must be redis://host:port/db or memory:") from None
