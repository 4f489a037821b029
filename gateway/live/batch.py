"""What is found out about one stretch of the log, each thing once: who gets the same of it, and which rows they see.

Called by `delivery.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from datasources.model import Aggregate, Filter, Keys, leads_elsewhere
from datasources.shapes import shape_of
from gateway.auth.access import Access
from gateway.auth.principal import Principal
from gateway.auth.selection import Use
from gateway.errors import GatewayError
from gateway.events.bus import Entry, Stretch
from gateway.events.event import Subject
from gateway.live.reads import masks_of
from gateway.live.subscription import Subscription
from gateway.live.watch import Watch
from gateway.resolvers.where import Where
from gateway.services import Services

# Callers for whom it is asked in one statement what they see.
TOGETHER = 16

# Those who didn't get all of a stretch, with why: None where it took too long.
Behind: TypeAlias = dict[Subscription, GatewayError | None]


@dataclass(eq=False)
class Group:
    """Subscriptions that get the same answers, and the first of them, by whose rules these are read."""

    watch: Watch
    access: Access
    entries: Sequence[Entry]
    sight: Hashable
    where: Filter
    members: list[Subscription] = field(default_factory=list)


class Batch:
    """One stretch of the log, and those for whom it is read."""

    def __init__(self, services: Services, stretch: Stretch) -> None:
        self.stretch = stretch
        self._services = services
        self._accesses: dict[Hashable, Access] = {}
        self._rows: dict[Subject, Keys] = {}
        self._looks: dict[Hashable, asyncio.Task[Mapping[Hashable, frozenset[int]]]] = {}

    async def groups(self, subscriptions: Iterable[Subscription]) -> tuple[list[Group], Behind]:
        """Those who get the same, together; and those for whom it can't be said now who they are, with why."""
        shapes = list(self._shapes(subscriptions))
        await self._bind(members[0] for _, _, callers in shapes for members in callers.values())
        groups: dict[Hashable, Group] = {}
        behind: Behind = {}
        for watch, entries, callers in shapes:
            for members in callers.values():
                try:
                    found = await self._group(watch, entries, members[0])
                except GatewayError as error:
                    behind |= dict.fromkeys(members, error)
                    continue
                group = groups.setdefault((watch.shape, found.key), found.group)
                group.members += members
        await self._begin_to_look(groups.values())
        return list(groups.values()), behind

    def _shapes(
        self, subscriptions: Iterable[Subscription]
    ) -> Iterable[tuple[Watch, Sequence[Entry], Mapping[Hashable, list[Subscription]]]]:
        """Each shape with its events, where it has some, and who has it, by who they are and how far they have got."""
        shapes: dict[Hashable, tuple[Watch, dict[Hashable, list[Subscription]]]] = {}
        for subscription in subscriptions:
            watch = subscription.watch
            _, callers = shapes.setdefault(watch.shape, (watch, {}))
            callers.setdefault(_caller(subscription.order.principal), []).append(subscription)
        for watch, callers in shapes.values():
            entries = [entry for entry in self.stretch.entries if watch.matches(entry.event)]
            if entries:
                yield watch, entries, callers

    async def _group(self, watch: Watch, entries: Sequence[Entry], first: Subscription) -> _Found:
        principal = first.order.principal
        access = self._accesses[_caller(principal)]
        rules = await access.rules()
        catalogue = first.order.schema.catalogue
        where = Where(catalogue, rules, self._services.zone).filter(watch.row_type, watch.where)
        sight = (
            watch.subject,
            rules.rows(watch.row_type.table),
            watch.where_text,
            # A condition goes by what is masked of the row; one that leads on by what else the caller sees.
            None if watch.where is None else masks_of(watch.row_type.table, rules),
            _caller(principal) if leads_elsewhere(where) else None,
        )
        asker = _caller(principal) if watch.reads.personal else None
        group = Group(watch, access.sibling(), entries, sight, where)
        return _Found((sight, watch.reads.under(rules), asker), group)

    async def _bind(self, firsts: Iterable[Subscription]) -> None:
        """Finds out the rules of all callers together: the organisation is read once."""
        principals = {_caller(first.order.principal): first.order.principal for first in firsts}
        accesses = await self._services.accesses_for(list(principals.values()))
        self._accesses = dict(zip(principals, accesses, strict=True))

    # --- which rows they see --------------------------------------------------------------------------------

    async def visible(self, group: Group, *, anew: bool = False) -> frozenset[int]:
        """The rows of a group's events that its members see and that its condition lets through."""
        if anew:
            return await self._look(group)
        seen = await asyncio.shield(self._looks[group.sight])
        return seen[group.sight]

    async def _begin_to_look(self, groups: Iterable[Group]) -> None:
        """Asks for those together whose rules differ in values alone: most who follow see nothing of most rows."""
        alike: dict[Hashable, list[_Look]] = {}
        for group in {group.sight: group for group in groups}.values():
            sighting = await group.access.sighting(self._keys(group.watch), group.where)
            shape = None if sighting is None else shape_of(sighting)
            if sighting is None or shape is None:
                self._looks[group.sight] = asyncio.create_task(self._look_alone(group))
            else:
                alike.setdefault(shape, []).append(_Look(group, sighting))
        for looks in alike.values():
            for start in range(0, len(looks), TOGETHER):
                together = looks[start : start + TOGETHER]
                task = asyncio.create_task(self._look_together(together))
                self._looks |= {look.group.sight: task for look in together}

    async def _look_together(self, looks: Sequence[_Look]) -> Mapping[Hashable, frozenset[int]]:
        if len(looks) == 1:
            return await self._look_alone(looks[0].group)
        found = await looks[0].group.access.seen([look.sighting for look in looks])
        return {look.group.sight: frozenset(seen) for look, seen in zip(looks, found, strict=True)}

    async def _look_alone(self, group: Group) -> Mapping[Hashable, frozenset[int]]:
        return {group.sight: await self._look(group)}

    async def _look(self, group: Group) -> frozenset[int]:
        keys = self._keys(group.watch)
        rows = await group.access.rows(
            group.watch.row_type.table, (keys.column,), where=group.where, keys=keys, use=Use.WORKING
        )
        return frozenset(row[0] for row in rows)

    def _keys(self, watch: Watch) -> Keys:
        """The rows that the stretch tells of."""
        keys = self._rows.get(watch.subject)
        if keys is None:
            events = (entry.event for entry in self.stretch.entries)
            ids = dict.fromkeys(event.row_id for event in events if event.subject is watch.subject)
            keys = self._rows[watch.subject] = Keys(watch.row_type.key, tuple(ids))
        return keys

    def abandon(self) -> None:
        """Ends what is still being asked: nobody waits for it any more."""
        for look in set(self._looks.values()):
            look.cancel()
            look.add_done_callback(_forget)


@dataclass(frozen=True, slots=True)
class _Look:
    group: Group
    sighting: Aggregate


@dataclass(frozen=True, slots=True)
class _Found:
    key: Hashable
    group: Group


def _forget(look: asyncio.Task[Any]) -> None:
    # Whoever abandons it doesn't ask how it ended, and nobody need complain of that.
    if not look.cancelled():
        look.exception()


def _caller(principal: Principal) -> Hashable:
    """Who somebody is, whichever session they come by."""
    return (principal.audience, principal.user_id, principal.client_user_id, principal.token_id)
