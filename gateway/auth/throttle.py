"""Limits on attempts to log in: per address, per account from one address, and per account from strange addresses.

Shared by all workers where there is a Redis. Without an answer from it each process counts for itself, so that neither
an outage nor a stop of it opens the door.

Nobody is locked out cheaply: wrong passwords from one address close an account for that address alone. Only many
addresses together close it further, and then for addresses that it hasn't been logged in from before.
"""

from __future__ import annotations

import hashlib
import ipaddress
from contextlib import suppress

from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import ConfigurationError, StorageError
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from gateway.errors import Code, GatewayError

WINDOW_SECONDS = 300
# How long an address counts as one that an account is used from, since a good login from there.
KNOWN_SECONDS = 90 * 86_400
# Whoever has one address of IPv6 has all of its network.
NETWORK_BITS = 64
# A count is worth this much waiting, no more: it stands before every login.
REDIS_SECONDS = 1.0


class LoginThrottle:
    """Counts every attempt, right or wrong. Raises ValueError for a DSN that is none.

    `per_account` is for one account from one address; `per_account_elsewhere` for one account from all addresses that
    it isn't known to be used from.
    """

    def __init__(
        self, events_dsn: str, *, per_account: int, per_account_elsewhere: int, per_address: int
    ) -> None:
        self._shared = MovingWindowRateLimiter(shared_storage(events_dsn))
        self._alone = MovingWindowRateLimiter(MemoryStorage())
        self._per_account = RateLimitItemPerSecond(per_account, WINDOW_SECONDS)
        self._elsewhere = RateLimitItemPerSecond(per_account_elsewhere, WINDOW_SECONDS)
        self._per_address = RateLimitItemPerSecond(per_address, WINDOW_SECONDS)

    async def count(self, *, account: str, address: str) -> None:
        """Counts one attempt. Raises THROTTLED past a limit; such an attempt doesn't count towards the next limit."""
        try:
            allowed = await self._allows(self._shared, account, address)
        except (StorageError, OSError):
            allowed = await self._allows(self._alone, account, address)
        if not allowed:
            raise GatewayError(Code.THROTTLED, "Too many attempts to log in; try again in a few minutes.")

    async def succeeded(self, *, account: str, address: str) -> None:
        """Remembers that an account is used from an address."""
        for limiter in (self._shared, self._alone):
            with suppress(StorageError, OSError):
                await limiter.storage.incr(_known(account, address), KNOWN_SECONDS)

    async def _allows(self, limiter: MovingWindowRateLimiter, account: str, address: str) -> bool:
        name, place = _name(account), _place(address)
        if not await limiter.hit(self._per_address, "login-address", place):
            return False
        if not await limiter.hit(self._per_account, "login-account", name, place):
            return False
        if await limiter.storage.get(_known(account, address)):
            return True
        return await limiter.hit(self._elsewhere, "login-elsewhere", name)


def _known(account: str, address: str) -> str:
    return f"login-known/{_name(account)}/{_place(address)}"


def _name(account: str) -> str:
    """Names that a database might take for one another count as one; a name of any length is a short key."""
    return _digest(account.strip().casefold())


def _place(address: str) -> str:
    """Addresses that somebody who has one of them has all of count as one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return _digest(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        network = ipaddress.ip_network((int(parsed), NETWORK_BITS), strict=False)
        return _digest(str(network if mapped is None else mapped))
    return _digest(str(parsed))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def shared_storage(dsn: str) -> Storage:
    """Where counts are kept: in the Redis that the events DSN names, or in this process. Raises ValueError."""
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
