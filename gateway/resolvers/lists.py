"""Connections of rows: all rows of a type, or those that belong to a parent, a page of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any

from sqlalchemy import ColumnElement, Table, func

from datasources.model import Filter, Row, all_of
from gateway.auth.selection import Along, Selection, Use
from gateway.context import Request
from gateway.loaders.batch import by_key, unique
from gateway.loaders.relations import Direction
from gateway.resolvers.connection import Connection, Item, Page, PageArguments, page_arguments
from gateway.resolvers.cursor import Cursors, Position, fingerprint_of
from gateway.resolvers.declarations import RowType
from gateway.resolvers.element import Element, Info, step_of
from gateway.resolvers.order import Term, after, terms_of, until
from gateway.resolvers.plan import AskedOfList, Step
from gateway.resolvers.where import Where


@dataclass(frozen=True)
class Listing:
    """What a list holds and how it is sorted: the same for every parent of a nested list."""

    row_type: RowType
    where: Filter
    terms: tuple[Term, ...]
    fingerprint: str


def list_resolver(table: Table, direction: Direction | None) -> Callable[..., Any]:
    """The resolver of a connection of a table's rows: of those that belong to a parent, or of all."""

    async def resolve(parent: Element, info: Info, **arguments: Any) -> Connection:
        step = step_of(parent, info)
        reader = await list_reader(info.context, step, table, direction, arguments)
        key = None if direction is None else parent.cell(direction.source)
        loaded = _Loaded(info.context, reader, key)
        return Connection(loaded.page, loaded.total, step)

    return resolve


async def list_reader(
    request: Request,
    step: Step,
    table: Table,
    direction: Direction | None,
    arguments: Mapping[str, Any],
    **more: Any,
) -> ListReader:
    """How a list is read, for all parents of a level. Raises BAD_USER_INPUT."""
    page = page_arguments(arguments)
    listing = await _listing(request, request.catalogue.row_type(table), arguments, direction)
    reader = ListReader(request.services.cursors, step.asked, listing, page, direction, **more)
    reader.check_cursors()
    return reader


async def _listing(
    request: Request, row_type: RowType, arguments: Mapping[str, Any], direction: Direction | None
) -> Listing:
    where, order = arguments.get("where"), arguments.get("orderBy")
    way = "" if direction is None else str(direction.target)
    if where is None and order is None:
        # Made as fast as it is found again.
        return await _make_listing(request, row_type, None, None, _plain_fingerprint(row_type.name, way))
    fingerprint = fingerprint_of(row_type.name, way, where, order)
    place = ("listing", fingerprint)
    pending = request.memo.get(place)
    if pending is None:
        making = _make_listing(request, row_type, where, order, fingerprint)
        pending = request.memo[place] = asyncio.ensure_future(making)
    listing: Listing = await asyncio.shield(pending)
    return listing


@lru_cache(maxsize=1_000)
def _plain_fingerprint(name: str, way: str) -> str:
    return fingerprint_of(name, way, None, None)


async def _make_listing(
    request: Request, row_type: RowType, where: Any, order: Any, fingerprint: str
) -> Listing:
    rules = await request.access.rules()
    chosen = Where(request.catalogue, rules, request.zone).filter(row_type, where)
    terms = await terms_of(request.catalogue, request.access, row_type, order, chosen)
    return Listing(row_type, chosen, terms, fingerprint)


@dataclass(frozen=True)
class Past:
    """A look beyond the cursor that bounds a page: whether the list has such rows. `name` tells looks apart."""

    where: Filter
    name: tuple[Any, ...]


@dataclass(frozen=True)
class ListReader:
    """How one page of a list is read: the same for every parent of a nested list. What is asked is asked by others.

    `along` is what comes along with the rows; `lasting` says that other requests will read by it, too.
    """

    cursors: Cursors
    asked: AskedOfList
    listing: Listing
    arguments: PageArguments
    direction: Direction | None
    along: tuple[Along, ...] = ()
    lasting: bool = False

    @cached_property
    def selection(self) -> Selection:
        """What is read."""
        terms = (term.reversed() if self.arguments.backward else term for term in self.listing.terms)
        where, order = all_of(self.listing.where, self._between()), tuple(term.order for term in terms)
        # One more than the page has, which tells whether the list goes on.
        limit = self.arguments.size + 1
        more: dict[str, Any] = {"use": Use.PAGE, "along": self.along, "lasting": self.lasting}
        if self.direction is not None:
            return by_key(self.direction.target, self._places, where, order, limit, **more)
        table = self.listing.row_type.table
        return Selection(table, tuple(self._places), where, order, limit=limit, **more)

    @cached_property
    def name(self) -> tuple[Any, ...]:
        """What tells this page's reads apart from those of other lists of the same rows."""
        return (self.listing.fingerprint, self.arguments)

    @property
    def sorted_by(self) -> tuple[int, ...]:
        """By which expressions the list is sorted, by their identities: a caller's masks make others of them."""
        return tuple(id(term.expression) for term in self.listing.terms)

    def shown(self, rows: Sequence[Row]) -> tuple[list[Row], bool]:
        """The rows that the page shows of those that were read, and whether there are more."""
        size = self.arguments.size
        kept = list(rows[:size])
        if self.arguments.backward:
            kept.reverse()
        return kept, len(rows) > size

    def ends(self, *, more: bool, past: bool) -> tuple[bool, bool]:
        """Whether the list goes on after the page, and before it."""
        return (past, more) if self.arguments.backward else (more, past)

    def cursor(self, row: Row) -> str:
        """The cursor of a row."""
        position = [term.position(row[self._places[term.expression]]) for term in self.listing.terms]
        return self.cursors.encode(self.listing.fingerprint, position)

    def check_cursors(self) -> None:
        """Raises BAD_USER_INPUT for a cursor that doesn't fit, even where only a count is asked for."""
        _ = self._positions

    def past(self) -> Past | None:
        """The look beyond the page's cursor, where it was asked."""
        backward = self.arguments.backward
        cursor = self.arguments.before if backward else self.arguments.after
        if cursor is None or not (self.asked.next if backward else self.asked.previous):
            return None
        terms = self.listing.terms
        towards = tuple(term.reversed() for term in terms) if backward else terms
        where = all_of(self.listing.where, until(towards, self._positions[cursor]))
        return Past(where, (self.listing.fingerprint, cursor, backward))

    @cached_property
    def _places(self) -> Mapping[ColumnElement[Any], int]:
        """What is read, and where in a row it comes back."""
        wanted = unique((*self.asked.columns, *(term.expression for term in self.listing.terms)))
        return {column: place for place, column in enumerate(wanted)}

    def _between(self) -> Filter:
        terms = self.listing.terms
        filters = []
        if self.arguments.after is not None:
            filters.append(after(terms, self._positions[self.arguments.after]))
        if self.arguments.before is not None:
            backward = tuple(term.reversed() for term in terms)
            filters.append(after(backward, self._positions[self.arguments.before]))
        return all_of(*filters)

    @cached_property
    def _positions(self) -> Mapping[str, Position]:
        """Where in the order each of the page's cursors stands."""
        kinds = [term.kind for term in self.listing.terms]
        given = (self.arguments.after, self.arguments.before)
        fingerprint = self.listing.fingerprint
        return {
            cursor: self.cursors.decode(fingerprint, cursor, kinds) for cursor in given if cursor is not None
        }


@dataclass(frozen=True)
class _Loaded:
    """One parent's list, its rows and counts batched with those of other parents by loaders; `key` is the parent's."""

    request: Request
    reader: ListReader
    key: Any

    async def page(self) -> Page:
        """The page, with what was asked about it."""
        reader = self.reader
        kept, more = reader.shown(await self._rows())
        past = reader.past()
        is_past = past is not None and await self._count(past.where, name=past.name) > 0
        onward, before = reader.ends(more=more, past=is_past)
        return Page([Item(row, partial(reader.cursor, row)) for row in kept], next=onward, previous=before)

    async def total(self) -> int:
        """How many rows the whole list has."""
        listing = self.reader.listing
        return await self._count(listing.where, name=listing.fingerprint)

    async def _rows(self) -> list[Row]:
        reader, request = self.reader, self.request
        if reader.direction is None:
            return await request.access.read(reader.selection)
        return list(await request.loaders.rows(reader.selection, self.key, name=reader.name))

    async def _count(self, where: Filter, *, name: Any) -> int:
        reader, request = self.reader, self.request
        if reader.direction is not None:
            return await request.loaders.count(reader.direction.target, where, self.key, name=name)
        groups = await request.access.groups(reader.listing.row_type.table, (func.count(),), where=where)
        return int(groups[0][0]) if groups else 0
