"""When each partner token was used last, written beside the requests: they never wait for it, nor fail with it."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Any

import structlog

from datasources.iperform.partner_tokens import gateway_partner_tokens
from datasources.model import Among, Match, all_of
from gateway.auth.policy import Policy
from gateway.auth.system_access import SystemAccess

log = structlog.get_logger(__name__)

BYPASS = Policy.unrestricted(
    reason="a partner can't change its own token; the gateway notes when it was used"
)
SECONDS_BETWEEN = 60.0
MOST_REMEMBERED = 10_000


class LastUses:
    """Writes at most once a minute for each token and process."""

    def __init__(self, system: SystemAccess) -> None:
        self._system = system
        self._written: dict[int, float] = {}
        # The event loop itself holds tasks only weakly.
        self._writing: set[asyncio.Task[Any]] = set()

    def note(self, token_id: int, now: datetime) -> None:
        """Notes that a token was used at `now`, on the estate's clock."""
        written = self._written.get(token_id)
        if written is not None and time.monotonic() - written < SECONDS_BETWEEN:
            return
        if len(self._written) >= MOST_REMEMBERED:
            self._written.clear()
        # Before it is known to succeed: a database in trouble isn't asked again for each request.
        self._written[token_id] = time.monotonic()
        task = asyncio.create_task(self._write(token_id, now))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def close(self) -> None:
        """Waits for what is still being written."""
        await asyncio.gather(*self._writing)

    async def _write(self, token_id: int, now: datetime) -> None:
        column = gateway_partner_tokens.c.last_used_on
        # Another worker may have seen it later.
        older = Match(column.is_(None) | (column < now))
        try:
            await self._system.update(
                gateway_partner_tokens,
                {"last_used_on": now},
                where=all_of(Among(gateway_partner_tokens.c.id, frozenset({token_id})), older),
                bypass=BYPASS,
            )
        except Exception:
            log.warning("the last use of a partner token was not written", token_id=token_id, exc_info=True)
