"""Turns ownership and filters that lead into another source into keys that a statement can hold.

No two databases are assumed to share a server, so a `Related` term whose target lives elsewhere is answered first:
its keys are fetched, under a budget, and the term becomes `Among`. Used by `access.py` and `company_reads.py` alone.

Two things keep this cheap. A batch by key asks only about the keys of the batch. And a row that has been read under
its policy in this request is a *witness*: where a term says "a visible lead names this company", the leads that the
request has just read prove it, and nothing is asked at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias
from weakref import WeakMethod

from sqlalchemy import Column, ColumnElement, Table

from datasources.model import (
    EVERYTHING,
    AllOf,
    Among,
    AnyOf,
    Everything,
    Filter,
    Keys,
    ListsAny,
    Not,
    Nothing,
    Read,
    Related,
    Row,
    Value,
    all_of,
    any_of,
    leads_elsewhere,
)
from gateway.auth.scope import canonical_id
from gateway.errors import too_broad


@dataclass(frozen=True, slots=True)
class Known:
    """All that a statement can touch has `column` among `values`: the keys of a batch."""

    column: ColumnElement[Any]
    values: frozenset[Value]


@dataclass(frozen=True, slots=True)
class Budgets:
    """How many keys may be fetched from another source: for a filter, and for ownership."""

    filter_keys: int
    scope_keys: int


class Witnesses:
    """Values of columns that visible rows, read in this request, are known to hold."""

    def __init__(self) -> None:
        # By policy: what was read under it. Looked through only when somebody asks.
        self._read: dict[int, list[tuple[Sequence[ColumnElement[Any]], Sequence[Row]]]] = {}

    def note(self, policy: Filter, columns: Sequence[ColumnElement[Any]], rows: Sequence[Row]) -> None:
        """Remembers the rows that were read under `policy`."""
        self._read.setdefault(id(policy), []).append((columns, rows))

    def among(self, term: Related, values: frozenset[Value]) -> frozenset[Value]:
        """Those of `values` for which the term is known to hold."""
        if not isinstance(term.where, Everything):
            return frozenset()
        found: set[Value] = set()
        for columns, rows in self._read.get(id(term.policy), ()):
            place = next((place for place, column in enumerate(columns) if column is term.target), None)
            if place is not None:
                found.update(row[place] for row in rows)
        return values & found


Fetch: TypeAlias = Callable[[Read], Awaitable[list[Row]]]


class Crossing:
    """The crossings of one request. `fetch` reads for them.

    It is the method of who holds this, and is held weakly: what a request has read goes with it at once, where a circle
    would be left to the collector of garbage, with a thousand others.
    """

    def __init__(self, fetch: Fetch, witnesses: Witnesses, budgets: Budgets) -> None:
        self._fetch = WeakMethod(fetch)
        self._witnesses = witnesses
        self._budgets = budgets
        self._fetching: dict[
            tuple[Column[Any], int, int], tuple[Related, asyncio.Future[frozenset[Value]]]
        ] = {}

    async def lower(self, term: Filter, source: str, known: Known | None = None) -> Filter:
        """The same filter with no term that leads out of `source`; itself where it has none of another table."""
        if not leads_elsewhere(term):
            return term
        match term:
            case Related():
                return await self._related(term, source, known)
            case AllOf(parts):
                return all_of(*[await self.lower(part, source, known) for part in parts])
            case AnyOf(parts):
                return await self._any(parts, source, known)
            case Not(part):
                return Not(await self.lower(part, source, known))
            case _:
                return term

    async def allowed(
        self, rule: Filter, column: Column[Any], values: frozenset[Value], source: str
    ) -> frozenset[Value]:
        """Those of the values of `column`, in a table of `source`, with which a rule about that column holds."""
        match await self.lower(rule, source, Known(column, values)):
            case Everything():
                return values
            case Nothing():
                return frozenset()
            case Among(named, found) if named is column:
                return values & found
        raise TypeError(f"the rule says more than which {column} a row may have")

    async def _any(self, parts: tuple[Filter, ...], source: str, known: Known | None) -> Filter:
        # What is proven already decides before anything is fetched.
        if any(isinstance(part, Related) and self._proven(part, known) for part in parts):
            return EVERYTHING
        return any_of(*[await self.lower(part, source, known) for part in parts])

    def _proven(self, term: Related, known: Known | None) -> bool:
        if known is None or term.column is not known.column:
            return False
        values = _converted(known.values, term)
        return len(self._witnesses.among(term, values)) == len(values)

    async def _related(self, term: Related, source: str, known: Known | None) -> Filter:
        if self._proven(term, known):
            return EVERYTHING
        values = None if known is None or term.column is not known.column else _converted(known.values, term)
        if source_of(term.target) == source:
            inner = None if values is None else Known(term.target, values)
            policy = await self.lower(term.policy, source, inner)
            where = await self.lower(term.where, source, inner)
            return Related(term.column, term.target, policy, where)
        return Among(term.column, await self._keys(term, values))

    async def _keys(self, term: Related, values: frozenset[Value] | None) -> frozenset[Value]:
        if values is None:
            return await self.keys(term)
        proven = self._witnesses.among(term, values)
        return proven | await self._fetch_keys(term, values - proven, self._fetching_by())

    async def keys(self, term: Related) -> frozenset[Value]:
        """All keys that a term stands for, fetched once for all that ask at any time of the request."""
        place = (term.target, id(term.policy), id(term.where)) if _owns(term) else (term.target, id(term), 0)
        _, fetching = self._fetching.get(place, (None, None))
        if fetching is None:
            fetching = asyncio.ensure_future(self._fetch_keys(term, None, self._fetching_by()))
            # The term is kept, so that no other can have its identity.
            self._fetching[place] = term, fetching
        return await asyncio.shield(fetching)

    def _fetching_by(self) -> Fetch:
        fetch = self._fetch()
        assert fetch is not None, "who asks is there"
        return fetch

    async def _fetch_keys(
        self, term: Related, values: frozenset[Value] | None, fetch: Fetch
    ) -> frozenset[Value]:
        if values is not None and not values:
            return frozenset()
        by_filter = not _owns(term)
        budget = self._budgets.filter_keys if by_filter else self._budgets.scope_keys
        table = table_of(term.target)
        rows = await fetch(
            Read(
                table=table,
                columns=(term.target,),
                policy=term.policy,
                where=term.where,
                keys=None if values is None else Keys(term.target, tuple(sorted(values))),
                limit=budget + 1 if values is None else None,
                distinct=True,
            )
        )
        if values is None and len(rows) > budget:
            raise too_broad(
                f"The filter on “{table.name}” matches more than {budget} rows of another database; narrow it."
                if by_filter
                else f"More than {budget} rows of “{table.name}” are yours; narrow the filter."
            )
        return frozenset(row[0] for row in rows if row[0] is not None)


def goes_by_own_cells(term: Filter) -> bool:
    """Whether a filter compares a row's own cells with values and no more, so that it can stand in a join."""
    match term:
        case AllOf(parts) | AnyOf(parts):
            return all(map(goes_by_own_cells, parts))
        case Not(part):
            return goes_by_own_cells(part)
        case Related() | ListsAny():
            return False
    return True


def stays_within(term: Filter, source: str) -> bool:
    """Whether a filter goes by what one source holds alone, so that nothing has to be fetched for it."""
    match term:
        case Related(target=target, policy=policy, where=where):
            within = source_of(target) == source
            return within and stays_within(policy, source) and stays_within(where, source)
        case AllOf(parts) | AnyOf(parts):
            return all(stays_within(part, source) for part in parts)
        case Not(part):
            return stays_within(part, source)
    return True


def _owns(term: Related) -> bool:
    """Whether a term is about who owns what, rather than about what somebody filters by."""
    return term.ownership or isinstance(term.where, Everything)


def table_of(column: ColumnElement[Any]) -> Table:
    """The table of a column."""
    table = column.table if isinstance(column, Column) else None
    if not isinstance(table, Table):
        raise TypeError(f"{column} is no column of a table")
    return table


def source_of(column: ColumnElement[Any]) -> str:
    """The name of the source that a column's table lives in."""
    return str(table_of(column).metadata.info["source"])


def _converted(values: Iterable[Value], term: Related) -> frozenset[Value]:
    """Values of the term's column as its target holds them: an id may be text on one side."""
    return frozenset(
        converted
        for converted in (convert_key(value, term.target) for value in values)
        if converted is not None
    )


def keys_named(
    values: Iterable[Value], target: ColumnElement[Any]
) -> tuple[list[Value], Mapping[Value, Value] | None]:
    """The distinct keys that values name, and which each does, as `convert_key` has it; None where each is one."""
    distinct = dict.fromkeys(values)
    distinct.pop(None, None)
    if {*map(type, distinct)} <= {_kind_of(target)}:
        return list(distinct), None
    key_of = {value: convert_key(value, target) for value in distinct}
    return [key for key in dict.fromkeys(key_of.values()) if key is not None], key_of


def convert_key(value: Value, target: ColumnElement[Any]) -> Value:
    """A key as `target` holds it, or None where it can't: rubbish in a text key names nobody."""
    kind = _kind_of(target)
    if value is None or isinstance(value, kind):
        return value
    return str(value) if kind is str else canonical_id(value)


@lru_cache(maxsize=1_000)
def _kind_of(column: ColumnElement[Any]) -> type:
    return column.type.python_type
