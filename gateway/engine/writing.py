"""Writes an answer from the columns that were read: whole columns at a time, never value by value.

For answers in which everything is as the schema promises; whatever isn't is `Unexpected`, and `completing.py` says what
becomes of it. Called by `compiled.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from graphql import GraphQLObjectType, GraphQLOutputType, GraphQLSchema
from graphql.type import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLScalarType
from sqlalchemy import DateTime

from gateway.engine.leaves import SCALARS, Column, Unexpected, check_present, check_types, one_of, wall_clock
from gateway.engine.objects import (
    Child,
    Failure,
    FirstPages,
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

Write: TypeAlias = Callable[[Column, ZoneInfo], Column]


@dataclass(frozen=True, slots=True)
class Leaf:
    """How a field of leaves is written; `required` says that none of them may be null."""

    write: Write
    required: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """One field of a level's objects: the place of its cells among the columns, and how they are written.

    Without a place, what was read on from the objects is written, by whatever it turns out to be.
    """

    selected: Selected
    place: int | None
    leaf: Leaf | None
    required: bool


@dataclass(frozen=True, slots=True)
class LevelForm:
    """How the objects of a level are written: their keys, and those fields that aren't the same in all of them."""

    shape: Shape
    entries: Mapping[str, Entry]


@dataclass(frozen=True)
class Writer:
    """Writes one answer."""

    schema: GraphQLSchema
    zone: ZoneInfo

    def written(self, root: Objects, selected: Selected) -> Column:
        """One field of each root object. Raises `Unexpected` where a value isn't what the schema promises."""
        return self._field(root, self._form(root.level).entries[selected.key], 0)

    def _objects(self, objects: Objects) -> Column:
        """The objects of a level, each as a dictionary; None where there is none."""
        if objects.count == 0:
            return ()
        form = self._form(objects.level)
        absent = 0 if objects.present is None else objects.present.count(None)
        columns = [self._field(objects, entry, absent) for entry in form.entries.values()]
        return dictionaries(form.shape, columns, objects.count, objects.present)

    def _form(self, level: Level) -> LevelForm:
        form: LevelForm | None = level.kept.get(None, LevelForm)
        if form is None:
            form = _form_of(level, self.schema)
            level.kept.keep(None, LevelForm, form)
        return form

    def _field(self, objects: Objects, entry: Entry, absent: int) -> Column:
        place, leaf = entry.place, entry.leaf
        if place is not None and leaf is not None:
            values = objects.columns[place]
            if leaf.required:
                check_present(values, absent)
            return leaf.write(values, self.zone)
        child = objects.children[entry.selected.key]
        if isinstance(child, Leaves):
            return self._given(entry, child.values, absent)
        written = self._composite(child, entry.selected)
        if entry.required:
            check_present(written, absent)
        return written

    # --- what was read on -----------------------------------------------------------------------------------

    def _given(self, entry: Entry, values: Column, absent: int) -> Column:
        """What functions gave; of what should be objects, only that there are none can be written."""
        if entry.required:
            check_present(values, absent)
        if entry.leaf is not None:
            return entry.leaf.write(values, self.zone)
        if any(value is not None for value in values):
            raise Unexpected
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
        if not isinstance(child.pages, FirstPages):
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
    if isinstance(pages, FirstPages):
        return [
            {key: items[start:end]} if start != end else nothing for start, end in pairwise((0, *pages.ends))
        ]
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


# --- forms --------------------------------------------------------------------------------------------------


def _form_of(level: Level, schema: GraphQLSchema) -> LevelForm:
    type_ = schema.type_map[level.type.name]
    assert isinstance(type_, GraphQLObjectType)
    shape = tuple(
        (key, type_.name if selected.name == "__typename" else None)
        for key, selected in level.selected.items()
    )
    entries = {
        key: _entry_of(level, selected, type_.fields[selected.name].type)
        for key, selected in level.selected.items()
        if selected.name != "__typename"
    }
    return LevelForm(shape, entries)


def _entry_of(level: Level, selected: Selected, type_: GraphQLOutputType) -> Entry:
    declared = selected.declared
    required = isinstance(type_, GraphQLNonNull)
    if isinstance(declared, ColumnField):
        leaf = _leaf_of(type_, wall=isinstance(declared.column.type, DateTime))
        return Entry(selected, level.columns[declared.column], leaf, required)
    if isinstance(declared, ComputedField) and isinstance(declared.resolve, GlobalIdOf):
        (column,) = declared.needs
        return Entry(selected, level.columns[column], Leaf(_ids(declared.resolve.type_name), False), required)
    given = None if selected.step is not None else _leaf_of(type_, wall=False)
    return Entry(selected, None, given, required)


def _leaf_of(type_: GraphQLOutputType, *, wall: bool) -> Leaf:
    if isinstance(type_, GraphQLNonNull):
        return Leaf(_leaf_of(type_.of_type, wall=wall).write, True)
    if isinstance(type_, GraphQLList):
        return Leaf(_lists_of(_leaf_of(type_.of_type, wall=wall)), False)
    if isinstance(type_, GraphQLEnumType):
        return Leaf(one_of(frozenset(type_.values)), False)
    assert isinstance(type_, GraphQLScalarType)
    return Leaf(wall_clock if wall else SCALARS[type_.name], False)


def _lists_of(item: Leaf) -> Write:
    """Writes lists of leaves: all their items at once."""

    def write(lists: Column, zone: ZoneInfo) -> Column:
        if not all(values is None or isinstance(values, list) for values in lists):
            raise Unexpected
        items = list(chain.from_iterable(values for values in lists if values is not None))
        if item.required:
            check_present(items, 0)
        written = iter(item.write(items, zone))
        return [None if values is None else [next(written) for _ in values] for values in lists]

    return write


def _ids(type_name: str) -> Write:
    def write(keys: Column, _: ZoneInfo) -> Column:
        return encode_ids(type_name, keys)

    return write
