"""The generic reader: every field that gives rows, whether a root list, a row by id, a relation or a connection.

`resolver_of` gives the function behind a declared field. An `Element` is an object of the answer together with the
level of the plan that says what is selected of it.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from graphql import GraphQLResolveInfo
from sqlalchemy import ColumnElement, DateTime, func

from datasources.model import EVERYTHING, Filter, Not, Row, all_of
from datasources.model import Order as ReadOrder
from gateway.context import Request
from gateway.errors import bad_input
from gateway.loaders.batch import Batch, only, unique
from gateway.loaders.relations import Direction
from gateway.resolvers.connection import Connection, Item, Page, PageArguments, page_arguments
from gateway.resolvers.cursor import fingerprint_of
from gateway.resolvers.declarations import (
    ColumnField,
    ComputedField,
    Field,
    NodeField,
    ReferenceField,
    RootListField,
    RootOneField,
    RowType,
    ThroughField,
    ToManyField,
    ToOneField,
)
from gateway.resolvers.ids import database_id
from gateway.resolvers.order import Term, after, terms_of, until
from gateway.resolvers.plan import Columns, Level, Step
from gateway.resolvers.where import Where

Resolver: TypeAlias = Callable[..., Any]
Info: TypeAlias = GraphQLResolveInfo[Request]


@dataclass(frozen=True, slots=True)
class Element:
    """An object of the answer: a row's cells in the order of the level's columns, or whatever a function gave."""

    level: Level
    value: Any

    def cell(self, column: ColumnElement[Any]) -> Any:
        """The row's value of a column that the level has."""
        return self.value[self.level.columns[column]]


def presented(column: ColumnElement[Any], value: Any, zone: ZoneInfo) -> Any:
    """A cell as the API gives it: the estate's naive wall clock becomes a moment."""
    if isinstance(value, datetime) and isinstance(column.type, DateTime):
        return value.replace(tzinfo=zone)
    return value


def resolver_of(bound: Field) -> Resolver:  # noqa: PLR0911 - one line for each kind of field
    """The function that resolves a declared field."""
    match bound:
        case ColumnField():
            return _column(bound)
        case ThroughField():
            return _through(bound)
        case ToOneField():
            return _to_one(bound)
        case ToManyField(direction=direction):
            return _list(direction)
        case RootListField():
            return _list(None)
        case RootOneField():
            return _by_id(bound)
        case ReferenceField():
            return _reference(bound)
        case NodeField() | ComputedField():
            return _computed(bound)
    raise TypeError(f"{bound.name} has no resolver")


def step_of(parent: Element, info: Info) -> Step:
    """The step of the plan that a field is."""
    return parent.level.steps[str(info.path.key)]


def _column(bound: ColumnField) -> Resolver:
    column = bound.column

    def resolve(parent: Element, info: Info) -> Any:
        return presented(column, parent.cell(column), info.context.zone)

    return resolve


def _through(bound: ThroughField) -> Resolver:
    direction = bound.direction
    convert = bound.convert

    async def resolve(parent: Element, info: Info) -> Any:
        columns = parent.level.through[direction]
        batch = _one_of(direction, columns, EVERYTHING)
        row = only(await info.context.loaders.rows(batch, parent.cell(direction.source), name="through"))
        if row is None:
            return None
        value = presented(bound.column, row[columns[bound.column]], info.context.zone)
        return value if convert is None or value is None else convert(value)

    return resolve


def _one_of(direction: Direction, columns: Columns, where: Filter) -> Batch:
    """The one row that a relation leads to; the one with the lowest key where several answer."""
    keys = tuple(direction.table.primary_key.columns)
    if direction.target in keys:
        return Batch(direction.target, tuple(columns), where)
    return Batch(direction.target, tuple(columns), where, tuple(ReadOrder(key) for key in keys), limit=1)


def _shown(row_type: RowType) -> Filter:
    return EVERYTHING if row_type.hidden is None else Not(row_type.hidden)


def _to_one(bound: ToOneField) -> Resolver:
    direction = bound.direction

    async def resolve(parent: Element, info: Info) -> Element | None:
        request: Request = info.context
        level = _level(step_of(parent, info))
        where = _shown(request.catalogue.row_type(direction.table))
        batch = _one_of(direction, level.columns, where)
        row = only(await request.loaders.rows(batch, parent.cell(direction.source), name="one"))
        return None if row is None else Element(level, row)

    return resolve


def _level(step: Step) -> Level:
    if step.level is None:
        raise LookupError(step.field.name)
    return step.level


def row_by_key(request: Request, level: Level, key: Any, *, where: Filter, name: str) -> Awaitable[list[Row]]:
    """The row of a level's type with this primary key, if the caller sees it."""
    row_type = level.type
    assert isinstance(row_type, RowType)
    return request.loaders.rows(Batch(row_type.key, tuple(level.columns), where), key, name=name)


def _by_id(bound: RootOneField) -> Resolver:
    async def resolve(
        parent: Element,
        info: Info,
        id: str | None = None,
        databaseId: int | None = None,  # noqa: N803 - the argument's name in the schema
        includeDeleted: bool = False,  # noqa: N803
    ) -> Element | None:
        level = _level(step_of(parent, info))
        row_type = info.context.catalogue.row_type(bound.table)
        if (id is None) == (databaseId is None):
            raise bad_input("Give either `id` or `databaseId`.")
        key = databaseId if id is None else database_id(id, row_type.name)
        where = EVERYTHING if includeDeleted else _shown(row_type)
        row = only(await row_by_key(info.context, level, key, where=where, name=f"by id {includeDeleted}"))
        return None if row is None else Element(level, row)

    return resolve


def _reference(bound: ReferenceField) -> Resolver:
    async def resolve(parent: Element, info: Info, **arguments: Any) -> Any:
        request: Request = info.context
        level = _level(step_of(parent, info))
        named = bound.resolve(_value_for(bound.needs, parent), request, **arguments)
        if inspect.isawaitable(named):
            named = await named
        where = _shown(request.catalogue.row_type(bound.table))
        if not bound.many:
            row = (
                None
                if named is None
                else only(await row_by_key(request, level, named, where=where, name="one"))
            )
            return None if row is None else Element(level, row)
        found = await asyncio.gather(
            *[row_by_key(request, level, key, where=where, name="one") for key in named]
        )
        return [Element(level, rows[0]) for rows in found if rows]

    return resolve


def _computed(bound: ComputedField | NodeField) -> Resolver:
    if isinstance(bound, NodeField):
        raise TypeError("nodes are resolved by nodes.py")
    function = bound.resolve

    async def resolve(parent: Element, info: Info, **arguments: Any) -> Any:
        value = function(_value_for(bound.needs, parent), info.context, **arguments)
        if inspect.isawaitable(value):
            value = await value
        step = parent.level.steps.get(str(info.path.key))
        return value if step is None else _wrapped(step, value)

    return resolve


def _value_for(needs: Sequence[ColumnElement[Any]], parent: Element) -> Any:
    """What a function gets: of a row, the cells that it needs; of another object, the object."""
    if isinstance(parent.level.type, RowType):
        return tuple(parent.cell(column) for column in needs)
    return parent.value


def _wrapped(step: Step, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, Connection):
        value.level = step.level
        return value
    if step.level is None:
        return value
    if isinstance(value, list):
        return [Element(step.level, item) for item in value]
    return Element(step.level, value)


# --- lists --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listing:
    """What a list holds and how it is sorted: the same for every parent of a nested list."""

    row_type: RowType
    where: Filter
    terms: tuple[Term, ...]
    fingerprint: str


def _list(direction: Direction | None) -> Resolver:
    """The resolver of a connection: of the rows that belong to a parent, or of all rows of a type."""

    async def resolve(parent: Element, info: Info, **arguments: Any) -> Connection:
        request: Request = info.context
        step = step_of(parent, info)
        level = _level(step)
        page = page_arguments(arguments)
        listing = await _listing(request, level.type, arguments, direction)
        reader = _Reader(request, step, level, listing, page, direction, parent)
        return Connection(reader.page_of_rows, reader.total)

    return resolve


async def _listing(
    request: Request, row_type: Any, arguments: Mapping[str, Any], direction: Direction | None
) -> Listing:
    where, order = arguments.get("where"), arguments.get("orderBy")
    way = "" if direction is None else str(direction.target)
    fingerprint = fingerprint_of(row_type.name, way, where, order)
    place = ("listing", fingerprint)
    pending = request.memo.get(place)
    if pending is None:
        making = _make_listing(request, row_type, where, order, fingerprint)
        pending = request.memo[place] = asyncio.ensure_future(making)
    listing: Listing = await asyncio.shield(pending)
    return listing


async def _make_listing(
    request: Request, row_type: RowType, where: Any, order: Any, fingerprint: str
) -> Listing:
    rules = await request.access.rules()
    chosen = Where(request.catalogue, rules, request.zone).filter(row_type, where)
    terms = await terms_of(request.catalogue, request.access, row_type, order, chosen)
    return Listing(row_type, chosen, terms, fingerprint)


@dataclass(frozen=True)
class _Reader:
    """Reads one page of one list."""

    request: Request
    step: Step
    level: Level
    listing: Listing
    arguments: PageArguments
    direction: Direction | None
    parent: Element

    async def page_of_rows(self) -> Page:
        """The page, with what was asked about it."""
        items, beyond = await self._items()
        step, arguments = self.step, self.arguments
        if arguments.backward:
            onward = await self._any_past(arguments.before, step.next, onward=True)
            return Page(items, next=onward, previous=beyond)
        before = await self._any_past(arguments.after, step.previous, onward=False)
        return Page(items, next=beyond, previous=before)

    async def total(self) -> int:
        """How many rows the whole list has."""
        return await self._count(self.listing.where, name=self.listing.fingerprint)

    async def _items(self) -> tuple[list[Item], bool]:
        size = self.arguments.size
        terms = self.listing.terms
        if self.arguments.backward:
            terms = tuple(term.reversed() for term in terms)
        rows = await self._rows(terms, size + 1)
        kept = rows[:size]
        if self.arguments.backward:
            kept.reverse()
        return [Item(Element(self.level, row), partial(self._cursor, row)) for row in kept], len(rows) > size

    def _cursor(self, row: Row) -> str:
        position = [term.position(row[self._places[term.expression]]) for term in self.listing.terms]
        return self.request.services.cursors.encode(self.listing.fingerprint, position)

    async def _rows(self, terms: tuple[Term, ...], limit: int) -> list[Row]:
        columns = tuple(self._places)
        where = all_of(self.listing.where, self._between())
        order = tuple(term.order for term in terms)
        if self.direction is None:
            table = self.listing.row_type.table
            return await self.request.access.rows(table, columns, where=where, order=order, limit=limit)
        batch = Batch(self.direction.target, columns, where, order, limit)
        name = (self.listing.fingerprint, self.arguments)
        rows = await self.request.loaders.rows(batch, self._parent_key(), name=name)
        return list(rows)

    @cached_property
    def _places(self) -> Mapping[ColumnElement[Any], int]:
        """What is read, and where in a row it comes back: the level's columns, then what the order needs besides."""
        wanted = unique((*self.level.columns, *(term.expression for term in self.listing.terms)))
        return {column: place for place, column in enumerate(wanted)}

    def _between(self) -> Filter:
        terms = self.listing.terms
        filters = []
        if self.arguments.after is not None:
            filters.append(after(terms, self._position(self.arguments.after)))
        if self.arguments.before is not None:
            backward = tuple(term.reversed() for term in terms)
            filters.append(after(backward, self._position(self.arguments.before)))
        return all_of(*filters)

    def _position(self, cursor: str) -> Sequence[Any]:
        kinds = [term.kind for term in self.listing.terms]
        return self.request.services.cursors.decode(self.listing.fingerprint, cursor, kinds)

    def _parent_key(self) -> Any:
        assert self.direction is not None
        return self.parent.cell(self.direction.source)

    async def _any_past(self, cursor: str | None, asked: bool, *, onward: bool) -> bool:
        """Whether the list has rows on the far side of the cursor that bounds the page."""
        if cursor is None or not asked:
            return False
        terms = self.listing.terms
        towards = tuple(term.reversed() for term in terms) if onward else terms
        past = until(towards, self._position(cursor))
        where = all_of(self.listing.where, past)
        return await self._count(where, name=(self.listing.fingerprint, cursor, onward)) > 0

    async def _count(self, where: Filter, *, name: Any) -> int:
        if self.direction is not None:
            return await self.request.loaders.count(
                self.direction.target, where, self._parent_key(), name=name
            )
        groups = await self.request.access.groups(self.listing.row_type.table, (func.count(),), where=where)
        return int(groups[0][0]) if groups else 0
