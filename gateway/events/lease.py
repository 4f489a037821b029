"""The right to add to the log: one worker at a time has it, and soon another one where it doesn't renew it.

`capturing.py` takes it, keeps it while it captures, and gives it back.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from typing import Protocol

from gateway.errors import GatewayError
from gateway.events.bounds import Bounds
from gateway.events.bus import LeaseLost, Writer
from gateway.events.redis_bus import RedisWriter
from gateway.events.redis_commands import RedisCommands
from gateway.events.redis_scripts import GIVE_BACK, LEASE, RENEW, TAKE, TOKENS

SECONDS = 3.0
RENEW_SECONDS = 1.0
# Whoever couldn't renew it stops so long before it ends.
MARGIN_SECONDS = 0.5
# An answer that takes longer isn't waited for: there is time for another attempt, over another connection.
ASK_SECONDS = 0.7
AGAIN_SECONDS = 0.1
MILLISECONDS = int(1000 * SECONDS)


class Lease(Protocol):
    """The right to add to one log."""

    async def take(self) -> Writer | None:
        """The writer, where nobody else has the right. Raises SOURCE_UNAVAILABLE."""
        ...

    async def keep(self) -> None:
        """Keeps the right, for ever. Raises `LeaseLost` when somebody else has it, or may soon have it."""
        ...

    async def give_back(self) -> None:
        """Lets the next one have it at once, where it is still ours. Doesn't fail."""
        ...


class RedisLease:
    """A lease of a few seconds. Each time that it is taken has a name of its own, which every write has to show.

    So a worker that stood still and comes back adds nothing, whatever it believes. The name has a number that grows and
    a random part: a Redis that has lost its last writes gives the same number to two.
    """

    def __init__(self, commands: RedisCommands, bounds: Bounds) -> None:
        self._commands = commands
        self._bounds = bounds
        self._holder = ""
        self._until = 0.0

    async def take(self) -> RedisWriter | None:
        """The writer, where nobody else holds the lease."""
        asked = time.monotonic()
        holder = await self._commands.run(
            TAKE,
            [LEASE, TOKENS],
            *(self._holder, secrets.token_hex(8), MILLISECONDS),
            seconds=ASK_SECONDS,
        )
        if holder is None:
            return None
        self._holder, self._until = holder, asked + SECONDS - MARGIN_SECONDS
        return RedisWriter(self._commands, holder, self._bounds)

    async def keep(self) -> None:
        """Renews the lease every second. Raises `LeaseLost` before it ends without having been renewed."""
        while True:
            await asyncio.sleep(min(RENEW_SECONDS, max(0.0, self._until - time.monotonic())))
            try:
                async with asyncio.timeout(max(0.0, self._until - time.monotonic())):
                    self._until = await self._renewed()
            except TimeoutError:
                raise LeaseLost("it couldn't be renewed") from None

    async def give_back(self) -> None:
        """Ends the lease, if it is still ours."""
        with suppress(GatewayError):
            await self._commands.run(GIVE_BACK, [LEASE], self._holder, seconds=ASK_SECONDS)

    async def _renewed(self) -> float:
        """Until when it is ours, once it is renewed, however often it has to be tried."""
        while True:
            asked = time.monotonic()
            try:
                renewed = await self._commands.run(
                    RENEW, [LEASE], self._holder, MILLISECONDS, seconds=ASK_SECONDS
                )
            except GatewayError:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            if not renewed:
                raise LeaseLost("somebody else has it")
            return asked + SECONDS - MARGIN_SECONDS
