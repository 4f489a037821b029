"""Ends queries on their servers while nobody waits for that: whoever asked has waited long enough.

The engines of servers call it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Kills:
    """The kills of one source that are under way."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def begin(self, kill: Coroutine[Any, Any, None]) -> None:
        """Begins one, which goes on by itself."""
        task = asyncio.create_task(kill)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def ended(self) -> None:
        """Waits until none is under way."""
        await asyncio.gather(*self._running, return_exceptions=True)
