"""Connections of rows: all rows of a type, or those that belong to a parent, a page of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from sqlalchemy import ColumnElement, func

from datasources.model import Filter, Row, all_of
from gateway.auth.reads import Use
from gateway.context import Request
from gateway.loaders.batch import Batch, unique
from gateway.loaders.relations import Direction
from gateway.resolvers.connection import Connection, Item, Page, PageArguments, page_arguments
from gateway.resolvers.cursor import fingerprint_of
from gateway.resolvers.declarations import RowType
from gateway.resolvers.element import Element, Info, level_of, step_of
from gateway.resolvers.order import Term, after, terms_of, until
from gateway.resolvers.plan import Level, Step
from gateway.resolvers.where import Where


@dataclass(frozen=True)
class Listing:
    """What a list holds and how it is sorted: the same for every parent of a nested list."""

    row_type: RowType
    where: Filter
    terms: tuple[Term, ...]
    fingerprint: str


def list_resolver(direction: Direction | None) -> Callable[..., Any]:
    """The resolver of a connection: of the rows that belong to a parent, or of all rows of a type."""

    async def resolve(parent: Element, info: Info, **arguments: Any) -> Connection:
        request: Request = info.context
        step = step_of(parent, info)
        level = level_of(step)
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
            return await self.request.access.rows(
                table, columns, where=where, order=order, limit=limit, use=Use.PAGE
            )
        batch = Batch(self.direction.target, columns, where, order, limit, Use.PAGE)
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
