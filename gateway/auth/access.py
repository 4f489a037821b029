"""The one door to the data for a caller: adds the policy to every read, and holds the sources.

Resolvers and loaders ask `Access` for rows of a table; they never see a source and can't build a read themselves.
What the gateway does on its own behalf goes through `system_access.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter
from typing import Any, TypeVar, cast

from sqlalchemy import Column, ColumnElement, Table

from datasources.base import Capability, Source
from datasources.model import (
    EVERYTHING,
    Aggregate,
    Everything,
    FilePage,
    Filter,
    Keys,
    Latest,
    Order,
    Read,
    Related,
    Row,
    Value,
)
from gateway.auth.asking import Asking
from gateway.auth.caller_rules import CallerRules
from gateway.auth.change import Change, Permit, carried_out
from gateway.auth.company_reads import OwnTables
from gateway.auth.company_tables import Newest
from gateway.auth.crossing import (
    Budgets,
    Crossing,
    Known,
    Witnesses,
    goes_by_own_cells,
    stays_within,
    table_of,
)
from gateway.auth.policy import Rules
from gateway.auth.reads import Reads
from gateway.auth.scope import NeedsOrganisation, Scope
from gateway.auth.selection import Reading, Selection, Use, reading_of, reading_of_oneself
from gateway.auth.sources import Estate, failures_coded
from gateway.auth.system_access import SystemAccess
from gateway.auth.trace import Here, Noted, Path, Purpose, here, note_proven, ruled
from gateway.errors import not_found

Wanted = TypeVar("Wanted", Read, Aggregate)
Found = TypeVar("Found")
Sent = TypeVar("Sent")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """One of several tables that are grouped by key in one statement: its key column, and what is measured."""

    key: Column[Any]
    measures: tuple[ColumnElement[Any], ...]


class Access:
    """What one caller can reach, for the length of one request. `reads` counts what it has given, for the audit."""

    def __init__(self, estate: Estate, caller: CallerRules, *, budgets: Budgets) -> None:
        self._estate = estate
        self._caller = caller
        self._budgets = budgets
        self.reads = Reads()
        self._witnesses = Witnesses()
        self._bound: Rules | None = caller.at_once
        self._binding: asyncio.Future[Rules] | None = None
        self._asking = Asking()

    @cached_property
    def _crossing(self) -> Crossing:
        return Crossing(self._fetch_keys, self._witnesses, self._budgets)

    @cached_property
    def _own_tables(self) -> OwnTables:
        return OwnTables(self._estate, self._crossing)

    async def rules(self) -> Rules:
        """The rules as they are for this caller; the organisation is read once, by whoever asks first."""
        if self._bound is not None:
            return self._bound
        if self._binding is None:
            self._binding = asyncio.create_task(self._bind_rules())
        self._bound = await asyncio.shield(self._binding)
        return self._bound

    def sibling(self) -> Access:
        """Another for the same caller by the rules that this one goes by, which counts for itself what it gives."""
        sibling = Access(self._estate, self._caller, budgets=self._budgets)
        sibling._bound, sibling._binding = self._bound, self._binding
        return sibling

    def bind(self, scope: Scope) -> None:
        """Goes by a scope that somebody has just read for several callers."""
        self._bound = self._caller.for_scope(scope)

    async def _bind_rules(self) -> Rules:
        system = SystemAccess(self._estate, purpose=Purpose.SCOPE)
        return await self._caller.in_organisation(system)

    async def rows(
        self,
        table: Table,
        columns: Sequence[ColumnElement[Any]],
        *,
        where: Filter = EVERYTHING,
        order: Sequence[Order] = (),
        keys: Keys | None = None,
        limit: int | None = None,
        distinct: bool = False,
        use: Use = Use.ANSWER,
    ) -> list[Row]:
        """Visible rows of a table, asked for just this once: see `Selection` and `read`."""
        selection = Selection(
            table=table,
            columns=tuple(columns),
            where=where,
            order=tuple(order),
            key=None if keys is None else keys.column,
            per_key=None if keys is None else keys.limit,
            limit=limit,
            distinct=distinct,
            use=use,
        )
        return await self.read(selection, () if keys is None else keys.values)

    async def read(self, selection: Selection, values: tuple[Value, ...] = ()) -> list[Row]:
        """The visible rows of a selection; with a key, those that hold one of the values.

        A cell that the caller may not read on its row comes back as None.
        """
        reading, rows = await self._read(selection, values)
        self.reads.rows(reading, rows)
        return rows

    async def by_key(self, selection: Selection, values: Sequence[Value]) -> dict[Value, Sequence[Row]]:
        """As `read`, by the value that each row holds; of values that no row holds there may be nothing.

        The values are as the key's column holds them, each once, and none of them None.
        """
        reading, rows = await self._read(selection, tuple(values), is_plain=True)
        place = reading.key
        assert place is not None
        held = map(itemgetter(place), rows)
        found: dict[Value, Sequence[Row]]
        if reading.is_unique and selection.per_key is None:
            found = dict(zip(held, zip(rows, strict=True), strict=True))
            self.reads.rows(reading, rows)
        else:
            lists: dict[Value, list[Row]] = {value: [] for value in values}
            for value, row in zip(held, rows, strict=True):
                lists[value].append(row)
            found = cast(dict[Value, Sequence[Row]], lists)
            self.reads.lists(reading, rows, lists.values())
        return found

    async def _read(
        self, selection: Selection, values: tuple[Value, ...], *, is_plain: bool = False
    ) -> tuple[Reading, list[Row]]:
        reading = None if self._bound is not None else self._known_already(selection, values)
        if reading is None:
            reading = reading_of(selection, self._bound or await self.rules())
        purpose = Purpose.WORKING if selection.use is Use.WORKING else Purpose.ROWS
        rows = await self._run(reading.asked(values, is_plain=is_plain), purpose, crosses=reading.crosses)
        self._witnesses.note(reading.read.policy, selection.columns, rows)
        return reading, rows

    def _known_already(self, selection: Selection, values: tuple[Value, ...]) -> Reading | None:
        """How a selection is read, where that takes no look at the organisation.

        Such a read never waits for one, nor fails with it, whatever else has asked for it before.
        """
        if selection.along or not self._caller.in_teams:
            return None
        try:
            return reading_of_oneself(selection, self._caller.of_oneself, values)
        except NeedsOrganisation:
            return None

    def may_join(self, column: Column[Any], target: Column[Any]) -> bool:
        """Whether rows may come `along`: both rules are plain enough. The rules must have been asked for before."""
        rules = self._bound
        assert rules is not None
        table = table_of(target)
        return (
            Capability.JOINS in self._estate.source(table).capabilities
            and rules.may_read(column)
            and rules.mask(column) is None
            and goes_by_own_cells(rules.rows(table))
        )

    async def change(self, change: Change) -> tuple[int, ...]:
        """Changes one row in one transaction; the ids of the rows that were added with it, in their order.

        Raises NOT_FOUND for a row that isn't visible, FORBIDDEN for one that the caller may not change so, whatever
        the change's own checks raise, and BAD_USER_INPUT for an idempotency key that stands for something else. After
        any of these nothing is changed. Nothing is tried twice.
        """
        rules = await self.rules()
        policy = rules.changing(change.operation)
        (key,) = policy.table.primary_key.columns
        source = self._estate.source(policy.table)
        row = Read(
            table=policy.table,
            columns=(key,),
            policy=rules.rows(policy.table),
            where=change.where,
            keys=Keys(key, (change.key,)),
        )

        async def send() -> tuple[int, ...]:
            with self._asking.now():
                lowered = await self._lowered(row, source.name)
                grounds = await self._crossing.lower(policy.filter(rules.scope), source.name)
                # Without a lock, so that nobody holds up, or waits for, a row that isn't theirs.
                if not await source.rows(lowered):
                    raise not_found()
                permit = Permit(policy, lowered, grounds, self._caller.principal)
                async with source.transaction() as transaction:
                    return await carried_out(change, permit, transaction)

        return await self._noted(Purpose.CHANGE, (policy.table,), send)

    async def groups(
        self,
        table: Table,
        measures: Sequence[ColumnElement[Any]],
        *,
        where: Filter = EVERYTHING,
        groups: Sequence[ColumnElement[Any]] = (),
        keys: Keys | None = None,
        latest: Latest | None = None,
        limit: int | None = None,
    ) -> list[Row]:
        """Groups of a table's visible rows: the key column first (with `keys`), then groups, then measures."""
        rules = await self.rules()
        aggregate = Aggregate(
            table=table,
            measures=tuple(measures),
            policy=rules.rows(table),
            where=where,
            groups=tuple(groups),
            keys=keys,
            latest=latest,
            limit=limit,
        )
        source = self._estate.source(table)

        async def send() -> list[Row]:
            with self._asking.now():
                return await source.groups(await self._lowered(aggregate, source.name))

        found = await self._noted(Purpose.GROUPS, (table,), send)
        self.reads.groups(table, len(found))
        return found

    async def groups_by_key(self, parts: Sequence[Part], keys: Sequence[Value]) -> list[list[Row]]:
        """Visible rows of several tables of one source, each grouped by its own key column, in one statement."""
        rules = await self.rules()
        tables = tuple(table_of(part.key) for part in parts)
        source = self._estate.source(tables[0])

        async def send() -> list[list[Row]]:
            with self._asking.now():
                lowered = [
                    await self._lowered(
                        Aggregate(
                            table=table_of(part.key),
                            measures=part.measures,
                            policy=rules.rows(table_of(part.key)),
                            keys=Keys(part.key, tuple(keys)),
                        ),
                        source.name,
                    )
                    for part in parts
                ]
                return await source.groups_of_each(lowered)

        found = await self._noted(Purpose.GROUPS, tables, send)
        for part, groups in zip(parts, found, strict=True):
            self.reads.groups(table_of(part.key), len(groups))
        return found

    async def sighting(self, keys: Keys, where: Filter) -> Aggregate | None:
        """What tells which of some rows are visible and match; None where another source has to be asked for that."""
        table = table_of(keys.column)
        policy = (await self.rules()).rows(table)
        source = self._estate.source(table).name
        if not stays_within(policy, source) or not stays_within(where, source):
            return None
        return Aggregate(table=table, measures=(), policy=policy, where=where, keys=keys)

    async def seen(self, sightings: Sequence[Aggregate]) -> list[frozenset[Value]]:
        """The keys that each of several callers' sightings of one table finds, in one statement."""
        with failures_coded():
            found = await self._estate.source(sightings[0].table).groups_of_each(sightings)
        return [frozenset(row[0] for row in rows) for rows in found]

    async def company_rows(
        self, table: Table, columns: Sequence[Column[Any]], company_ids: Sequence[int], page: Newest
    ) -> dict[int, list[Row]]:
        """The newest rows of each company in a table that each has in a schema of its own, in one statement.

        `columns` are of the table over all companies, `id` among them. A company that the caller doesn't see has no
        rows; one whose schema isn't there is absent from the answer. The page asks for one row more than it shows.
        """
        rules = await self.rules()
        for column in columns:
            if not rules.may_read(column) or rules.mask(column) is not None:
                raise PermissionError(f"{column} can't be read on every row of a company's own table")

        hidden, found = await self._noted(
            Purpose.ROWS, (table,), lambda: self._own_tables.rows(rules, table, columns, company_ids, page)
        )
        place = list(columns).index(table.c.id)
        for company_id, rows in found.items():
            self.reads.keys(table, [(company_id, row[place]) for row in rows[: page.limit - 1]])
        return {**{company_id: [] for company_id in hidden}, **found}

    async def company_counts(
        self, table: Table, company_ids: Sequence[int], *, least_id: int | None = None
    ) -> dict[int, int]:
        """How many rows `company_rows` could give of each company, from an id on, in one statement."""
        rules = await self.rules()
        hidden, found = await self._noted(
            Purpose.GROUPS, (table,), lambda: self._own_tables.counts(rules, table, company_ids, least_id)
        )
        self.reads.groups(table, len(found))
        return {**dict.fromkeys(hidden, 0), **found}

    @property
    def client_company(self) -> int | None:
        """The company of a caller at a client, where the rules have been asked for; else None."""
        return None if self._bound is None else self._bound.scope.client_company

    async def visible_keys(self, column: Column[Any], target: Column[Any], where: Filter) -> frozenset[Value]:
        """All keys of visible rows of `target`'s table, as a crossing from `column` would fetch them."""
        rules = await self.rules()
        term = Related(column, target, rules.rows(table_of(target)), where, ownership=True)
        with self._asking.now():
            return await self._crossing.keys(term)

    async def first_key(self, rule: Filter, column: Column[Any], value: Value) -> Any:
        """The lowest key of the rows whose `column` is `value` and that a rule lets through; None where it lets none.

        `rule` is one of the caller's, or a part of one. For telling an ADMIN why a row is visible: no row is given out.
        """
        table = table_of(column)
        key = next(iter(table.primary_key.columns))
        rows = await self._run(
            Read(
                table=table,
                columns=tuple(dict.fromkeys((key, column))),
                policy=rule,
                order=(Order(key),),
                keys=Keys(column, (value,), 1),
            ),
            Purpose.WORKING,
        )
        return rows[0][0] if rows else None

    async def lowered(self, term: Filter, table: Table) -> Filter:
        """A filter with no term that leads out of the table's source: for use inside an expression."""
        return await self._crossing.lower(term, self._estate.source(table).name)

    async def files(self, prefix: str, *, after: str | None, limit: int) -> FilePage:
        """Files below a prefix. Whoever asks has read, through this access, the row that the prefix belongs to."""

        async def send() -> FilePage:
            with self._asking.now():
                return await self._estate.files.page(prefix, after=after, limit=limit)

        return await self._noted(Purpose.FILES, (), send)

    async def file_link(self, key: str, *, seconds: int) -> str:
        """A signed link to a file that `files` gave; good for `seconds`."""
        self.reads.others("FileLink", 1)
        with self._asking.now():
            return await self._estate.files.link(key, seconds=seconds)

    async def _run(self, read: Read, purpose: Purpose, *, crosses: bool = True) -> list[Row]:
        """The rows of a read; `crosses` says that something in it may lead to another source."""
        table = _table(read)
        source = self._estate.source(table)
        if here() is None:
            return await self._sent(read, source, crosses=crosses)
        tables = (table, *(join.table for join in read.joins))
        return await self._noted(purpose, tables, lambda: self._sent(read, source, crosses=crosses))

    async def _sent(self, read: Read, source: Source, *, crosses: bool) -> list[Row]:
        with self._asking.now():
            return await source.rows(await self._lowered(read, source.name) if crosses else read)

    async def _fetch_keys(self, read: Read) -> list[Row]:
        """What a crossing needs: for a rule where nobody filters by anything."""
        return await self._run(read, Purpose.RULE if isinstance(read.where, Everything) else Purpose.FILTER)

    async def _noted(
        self, purpose: Purpose, tables: Sequence[Table], send: Callable[[], Awaitable[Sent]]
    ) -> Sent:
        """What a read gives, noted where somebody asked for a plan. Without tables it is of the files."""
        place = here()
        if place is None:
            return await send()
        source = self._estate.source(tables[0]).name if tables else self._estate.files.name
        with place.reading(
            purpose, source, ruled(self._caller.policies, tables, self._caller.principal.caller)
        ):
            return await send()

    def note_shared(self, place: Here, other: Path, table: Table, purpose: Purpose) -> None:
        """Notes that a read was spared: all that it would give was asked for at the `other` path."""
        tables = ruled(self._caller.policies, (table,), self._caller.principal.caller)
        source = self._estate.source(table).name
        place.trace.note(Noted(place.path, purpose, source, tables, shared=other))

    async def _lowered(self, wanted: Wanted, source: str) -> Wanted:
        keys = wanted.keys
        known = None if keys is None else Known(keys.column, frozenset(keys.values))
        policy = await self._crossing.lower(wanted.policy, source, known)
        if policy is EVERYTHING and wanted.policy is not EVERYTHING:
            note_proven()
        where = await self._crossing.lower(wanted.where, source, known)
        if policy is wanted.policy and where is wanted.where:
            return wanted
        return replace(wanted, policy=policy, where=where)

    def abandon(self) -> None:
        """Ends whatever is still being asked: nobody waits for it any more."""
        self._asking.end_all()


def _table(read: Read) -> Table:
    if not isinstance(read.table, Table):
        raise TypeError("a caller's read is of one table")
    return read.table
