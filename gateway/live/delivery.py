"""Makes answers of events: for all subscribers at once, reading for those together for whom the same rules hold.

A stretch of the log is looked at once for each shape of subscription, and read once for each set of rules below it:
which of its rows are visible (`batch.py`), and then what was selected of them. Called by `following.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import structlog
from graphql import ExecutionResult

from gateway.auth.principal import Client
from gateway.context import Request
from gateway.engine.run import run_each
from gateway.errors import Code, GatewayError
from gateway.events.bus import Entry, Stretch
from gateway.events.cursor import Position
from gateway.live.batch import Batch, Behind, Group
from gateway.live.metrics import LIVE_ANSWERS, LIVE_READS
from gateway.live.subscription import Subscription
from gateway.loaders.batch import Loaders
from gateway.resolvers.watch import Seen
from gateway.services import Services

log = structlog.get_logger(__name__)

# What may be over soon: a budget, too, is one of each minute.
PASSING = frozenset({Code.SOURCE_UNAVAILABLE, Code.TIMEOUT, Code.THROTTLED})
# How long those who are read for quickly wait for the others.
HURRY_SECONDS = 2.0
NOBODY = Client(address="", user_agent="")

# An answer's bytes as `http` writes them, from a result and the request id that its errors say.
Written: TypeAlias = Callable[[ExecutionResult, str], bytes]
Answers: TypeAlias = Sequence[tuple[Position, bytes]]


class Unread(Exception):
    """Rows couldn't be read for now; `error` says why."""

    def __init__(self, error: GatewayError) -> None:
        super().__init__(error.message)
        self.error = error


class Delivery:
    """Delivers stretches of the log."""

    def __init__(self, services: Services, written: Written) -> None:
        self._services = services
        self._written = written

    async def deliver(
        self, stretch: Stretch, subscriptions: Iterable[Subscription], *, hurry: bool
    ) -> Behind:
        """Puts the answers for a stretch; those that didn't get all of it, with why: None where it took too long.

        That is where they had no room, or, with `hurry`, where reading for them would hold up the others.
        """
        batch = Batch(self._services, stretch)
        try:
            groups, behind = await batch.groups(subscriptions)
        except GatewayError as error:
            return dict.fromkeys(subscriptions, error)
        putting = {asyncio.create_task(self._put(batch, group)): group for group in groups}
        late = set(putting)
        try:
            # There may be nobody: nobody's events, or nobody who can be read for.
            if putting:
                _, late = await asyncio.wait(putting, timeout=HURRY_SECONDS if hurry else None)
        finally:
            for task in late:
                task.cancel()
                putting[task].access.abandon()
            batch.abandon()
        for task, group in putting.items():
            behind |= dict.fromkeys(group.members, None) if task in late else task.result()
        return behind

    async def _put(self, batch: Batch, group: Group) -> Behind:
        """Reads for a group, and hands on what there is as soon as it is read."""
        found = await self._read(batch, group)
        if isinstance(found, GatewayError):
            return dict.fromkeys(group.members, found)
        return {member: None for member in group.members if not _handed_on(member, found)}

    async def _read(self, batch: Batch, group: Group) -> Answers | GatewayError:
        try:
            visible = await batch.visible(group)
            entries = [entry for entry in group.entries if entry.event.row_id in visible]
            if not entries:
                return ()
            with LIVE_READS.time():
                return await self._answers(batch, group, entries)
        except Unread as unread:
            return unread.error
        except GatewayError as error:
            return error
        except Exception:
            log.exception("events can't be delivered")
            return GatewayError(Code.SOURCE_UNAVAILABLE, "Events can't be read right now; subscribe again.")
        finally:
            group.access.abandon()

    async def _answers(self, batch: Batch, group: Group, entries: Sequence[Entry]) -> Answers:
        await self._charge(group, len(entries))
        results = await self._results(batch, group, entries)
        rows = group.access.reads.counted_rows()
        for member in group.members:
            member.read(rows)
        return [
            (entry.position, self._written(result, group.members[0].order.request_id))
            for entry, result in zip(entries, results, strict=True)
            if result is not None
        ]

    async def _charge(self, group: Group, events: int) -> None:
        """Takes what the events cost from a partner's budget; those of a burst together no more than all of it."""
        order = group.members[0].order
        cost = order.prepared.cost * events
        budget = order.principal.cost_per_minute
        await self._services.cost_budgets.charge(
            order.principal, cost if budget is None else min(cost, budget)
        )

    async def _results(
        self, batch: Batch, group: Group, entries: Sequence[Entry]
    ) -> list[ExecutionResult | None]:
        """What is answered for each event; None for one whose row is no longer visible."""
        order = group.members[0].order
        request = Request(
            request_id=order.request_id,
            authorization=None,
            principal=order.principal,
            client=NOBODY,
            access=group.access,
            loaders=Loaders(group.access),
            services=self._services,
            catalogue=order.schema.catalogue,
        )
        seen = [Seen(entry.event, batch.stretch.cursor(entry)) for entry in entries]
        engine = self._services.settings.engine
        found = await run_each(order.schema, order.prepared, request, seen, engine)
        if all(result.data is not None for result in found):
            return list(found)
        passing = next((error for result in found for error in _passing(result)), None)
        if passing is not None:
            raise Unread(passing)
        still = await batch.visible(group, anew=True)
        return [
            result if result.data is not None or entry.event.row_id in still else None
            for entry, result in zip(entries, found, strict=True)
        ]


def _handed_on(member: Subscription, answers: Answers) -> bool:
    LIVE_ANSWERS.inc(len(answers))
    return all(member.put(position, answer) for position, answer in answers)


def _passing(result: ExecutionResult) -> Iterable[GatewayError]:
    """Why there is no data, where that may be over soon."""
    if result.data is not None:
        return
    for error in result.errors or ():
        if isinstance(error.original_error, GatewayError) and error.original_error.code in PASSING:
            yield error.original_error
