"""Writes an answer from the columns that were read: whole columns at a time, never value by value.

For answers in which everything is as the schema promises; whatever isn't is `Unexpected`, and `completing.py` says what
becomes of it. Called by `compiled.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

from graphql import GraphQLObjectType, GraphQLOutputType, GraphQLSchema
from graphql.type import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLScalarType
from sqlalchemy import DateTime

from gateway.engine.leaves import SCALARS, Column, Unexpected, check_present, check_types, one_of, wall_clock
from gateway.engine.objects import (
    Child,
    Failure,
    Found,
    Leaves,
    Link,
    Node,
    Objects,
    One,
    Page,
    Pages,
    Several,
)
from gateway.engine.shapes import Shape, dictionaries
from gateway.resolvers.declarations import ColumnField, ComputedField
from gateway.resolvers.ids import GlobalIdOf, encode_ids
from gateway.resolvers.plan import Level, Selected, Step


@dataclass(frozen=True)
class Writer:
    """Writes one answer."""

    schema: GraphQLSchema
    zone: ZoneInfo

    def written(self, root: Objects, selected: Selected) -> Column:
        """One field of each root object. Raises `Unexpected` where a value isn't what the schema promises."""
        return self._field(root, selected, 0)

    def _objects(self, objects: Objects) -> Column:
        """The objects of a level, each as a dictionary; None where there is none."""
        if objects.count == 0:
            return ()
        level = objects.level
        absent = 0 if objects.present is None else objects.present.count(None)
        columns = [
            self._field(objects, selected, absent)
            for selected in level.selected.values()
            if selected.name != "__typename"
        ]
        return dictionaries(_shape(level), columns, objects.count, objects.present)

    def _field(self, objects: Objects, selected: Selected, absent: int) -> Column:
        declared = selected.declared
        type_ = self._type_of(objects.level, selected)
        if isinstance(declared, ColumnField):
            cells = objects.columns[objects.level.columns[declared.column]]
            is_moment = isinstance(declared.column.type, DateTime)
            return self._leaves(type_, cells, absent, wall=is_moment)
        if isinstance(declared, ComputedField) and isinstance(declared.resolve, GlobalIdOf):
            (column,) = declared.needs
            name = declared.resolve.type_name
            keys = objects.columns[objects.level.columns[column]]
            return encode_ids(name, keys)
        return self._child(type_, objects.children[selected.key], selected, absent)

    def _type_of(self, level: Level, selected: Selected) -> GraphQLOutputType:
        type_ = self.schema.type_map[level.type.name]
        assert isinstance(type_, GraphQLObjectType)
        found: GraphQLOutputType = type_.fields[selected.name].type
        return found

    # --- leaves ---------------------------------------------------------------------------------------------

    def _leaves(self, type_: GraphQLOutputType, values: Column, absent: int, *, wall: bool = False) -> Column:
        if isinstance(type_, GraphQLNonNull):
            check_present(values, absent)
            type_ = type_.of_type
        if isinstance(type_, GraphQLList):
            return self._lists_of_leaves(type_.of_type, values)
        if isinstance(type_, GraphQLEnumType):
            return one_of(frozenset(type_.values))(values, self.zone)
        assert isinstance(type_, GraphQLScalarType)
        return wall_clock(values, self.zone) if wall else SCALARS[type_.name](values, self.zone)

    def _lists_of_leaves(self, item: GraphQLOutputType, lists: Column) -> Column:
        if not all(values is None or isinstance(values, list) for values in lists):
            raise Unexpected
        items = list(chain.from_iterable(values for values in lists if values is not None))
        written = iter(self._leaves(item, items, 0))
        return [None if values is None else [next(written) for _ in values] for values in lists]

    # --- what was read on -----------------------------------------------------------------------------------

    def _child(self, type_: GraphQLOutputType, child: Child, selected: Selected, absent: int) -> Column:
        if isinstance(child, Leaves):
            return self._given(type_, child.values, selected, absent)
        written = self._composite(child, selected)
        if isinstance(type_, GraphQLNonNull):
            check_present(written, absent)
        return written

    def _given(self, type_: GraphQLOutputType, values: Column, selected: Selected, absent: int) -> Column:
        """What functions gave; of what should be objects, only that there are none can be written."""
        if selected.step is None:
            return self._leaves(type_, values, absent)
        if any(value is not None for value in values):
            raise Unexpected
        if isinstance(type_, GraphQLNonNull):
            check_present(values, absent)
        return values

    def _composite(self, child: Child, selected: Selected) -> Column:
        match child:
            case One(objects, None):
                return self._objects(objects)
            case One(objects, links):
                assert links is not None
                return _linked(self._objects(objects), links)
            case Several(objects, lists):
                written = self._objects(objects)
                return [_several(written, links) for links in lists]
            case Found(found):
                return [self._found(value) for value in found]
            case Pages():
                assert selected.step is not None
                return self._pages(child, selected.step)
        raise Unexpected

    def _found(self, value: Any) -> Any:
        match value:
            case None:
                return None
            case list():
                return [self._found(item) for item in value]
            case Node(objects, place):
                return self._objects(objects)[place]
        raise Unexpected

    # --- connections ----------------------------------------------------------------------------------------

    def _pages(self, child: Pages, step: Step) -> Column:
        check_types(child.pages, Page)
        if any(page is not None and page.failure is not None for page in child.pages):  # type: ignore[union-attr]
            raise Unexpected
        items = {id(objects.level): self._objects(objects) for objects in child.objects}
        writer = _PageWriter(step, items, child.items)
        if len(step.parts) == 1:
            (part,) = step.parts.values()
            if part.name == "nodes":
                return _only_nodes(part.key, writer.items_of(part), child.pages)
        return [None if page is None else writer.page(page) for page in child.pages]


def _only_nodes(key: str, items: Column, pages: Sequence[Any]) -> Column:
    nothing: dict[str, Column] = {key: []}
    return [
        None if page is None else {key: items[page.start : page.end]} if page.start != page.end else nothing
        for page in pages
    ]


@dataclass(frozen=True)
class _PageWriter:
    """Writes the pages of one step; `written` are its items, by the level that selects of them."""

    step: Step
    written: Mapping[int, Column]
    plain: Column

    def items_of(self, part: Selected) -> Column:
        return self.plain if part.level is None else self.written[id(part.level)]

    def page(self, page: Any) -> dict[str, Any]:
        if not isinstance(page, Page):
            raise Unexpected
        return {key: self._part(page, part) for key, part in self.step.parts.items()}

    def _part(self, page: Page, part: Selected) -> Any:
        match part.name:
            case "nodes":
                return self.items_of(part)[page.start : page.end]
            case "totalCount":
                return _count(page.total)
            case "edges":
                return [self._edge(page, part, place) for place in range(page.start, page.end)]
            case "pageInfo":
                return {key: _of_info(page, entry) for key, entry in part.parts.items()}
        return f"{self.step.item}Connection"

    def _edge(self, page: Page, part: Selected, place: int) -> dict[str, Any]:
        return {key: self._of_edge(page, entry, place) for key, entry in part.parts.items()}

    def _of_edge(self, page: Page, entry: Selected, place: int) -> Any:
        match entry.name:
            case "node":
                return self.items_of(entry)[place]
            case "cursor":
                return _cursor(page.cursors[place - page.start])
        return f"{self.step.item}Edge"


def _of_info(page: Page, entry: Selected) -> Any:
    match entry.name:
        case "hasNextPage":
            return page.next
        case "hasPreviousPage":
            return page.previous
        case "startCursor":
            return _cursor(page.cursors[0]) if page.cursors else None
        case "endCursor":
            return _cursor(page.cursors[-1]) if page.cursors else None
    return "PageInfo"


def _cursor(cursor: str | Failure) -> str:
    if isinstance(cursor, Failure):
        raise Unexpected
    return cursor


def _count(total: Any) -> int:
    """A count, which is an Int; how large it may be is the same as of any other."""
    (count,) = SCALARS["Int"]((total,), ZoneInfo("UTC"))
    if count is None:
        raise Unexpected
    return int(count)


def _linked(written: Column, links: Sequence[Link]) -> list[Any]:
    check_types(links, int)
    return [None if link is None else written[link] for link in links]  # type: ignore[index]


def _several(written: Column, links: Any) -> list[Any] | None:
    if isinstance(links, Failure):
        raise Unexpected
    return None if links is None else _items(_linked(written, links))


def _items(values: list[Any]) -> list[Any]:
    # Lists of objects hold no null in this schema.
    if None in values:
        raise Unexpected
    return values


def _shape(level: Level) -> Shape:
    name = level.type.name
    return tuple(
        (key, name if selected.name == "__typename" else None) for key, selected in level.selected.items()
    )
