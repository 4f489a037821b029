"""Completes what was read value by value, as the specification says: for answers that hold an error.

Slow and plainly right: the same order, errors and nulls as `orderly.py` gives with graphql-core. `writing.py` is the
fast way, for answers in which everything is as the schema promises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    located_error,
)
from graphql.execution.executor import Executor
from graphql.type import GraphQLNonNull

from gateway.engine.objects import Failure, Found, Leaves, Node, Objects, One, Page, Pages, Several
from gateway.resolvers.declarations import ColumnField, ComputedField
from gateway.resolvers.element import presented
from gateway.resolvers.ids import GlobalIdOf
from gateway.resolvers.plan import Level, Selected

Path = tuple[str | int, ...]
# What is at a place, given its own path: an object, a list, a page, or whatever a leaf is made of.
Value = Any


@dataclass(frozen=True, slots=True)
class _At:
    """One object."""

    objects: Objects
    place: int


@dataclass(frozen=True, slots=True)
class _PageAt:
    """One page, and where it is selected."""

    pages: Pages
    page: Page
    parts: Mapping[str, Selected]
    item: str


@dataclass(frozen=True, slots=True)
class _EdgeAt:
    """One edge of a page."""

    page: _PageAt
    part: Selected
    place: int


@dataclass(frozen=True, slots=True)
class _InfoAt:
    """What is known of a page."""

    page: Page
    part: Selected


@dataclass
class Completion:
    """The answer of one execution, and its errors."""

    schema: GraphQLSchema
    zone: ZoneInfo
    errors: list[GraphQLError] = field(default_factory=list)

    def root(self, root: Objects, selected: Selected, place: int = 0) -> Any:
        """One field of a root object. Raises the error that takes all of the answer."""
        return self._selected(root.level, _At(root, place), selected, ())

    def _object(self, level: Level, at: _At, path: Path) -> dict[str, Any]:
        return {
            key: level.type.name
            if selected.name == "__typename"
            else self._selected(level, at, selected, path)
            for key, selected in level.selected.items()
        }

    def _selected(self, level: Level, at: _At, selected: Selected, path: Path) -> Any:
        value = _valued(self._child, at, selected)
        return self._field(level.type.name, selected, value, (*path, selected.key))

    def _field(self, type_name: str, selected: Selected, value: Value, path: Path) -> Any:
        """One field: its value, or None and an error, or an error that takes its parent."""
        type_ = self._type_of(type_name, selected.name)
        place = f"{type_name}.{selected.name}"
        return self._guarded(type_, selected, path, lambda: self._value(type_, selected, value, path, place))

    def _guarded(
        self, type_: GraphQLOutputType, selected: Selected, path: Path, complete: Callable[[], Any]
    ) -> Any:
        before = len(self.errors)
        try:
            return complete()
        except Exception as raw:
            error = located_error(raw, list(selected.nodes), list(path))
            if is_non_null_type(type_):
                raise error from None
            # What is null shows no errors of its own parts.
            del self.errors[before:]
            self.errors.append(error)
            return None

    def _type_of(self, type_name: str, name: str) -> GraphQLOutputType:
        type_ = self.schema.type_map[type_name]
        assert isinstance(type_, GraphQLObjectType)
        found: GraphQLOutputType = type_.fields[name].type
        return found

    def _value(
        self, type_: GraphQLOutputType, selected: Selected, value: Value, path: Path, place: str
    ) -> Any:
        if isinstance(value, Failure):
            raise value.error
        if isinstance(type_, GraphQLNonNull):
            completed = self._value(type_.of_type, selected, value, path, place)
            if completed is None:
                raise TypeError(f"Cannot return null for non-nullable field {place}.")
            return completed
        if value is None:
            return None
        if is_list_type(type_):
            return self._list(type_.of_type, selected, value, path, place)
        if is_leaf_type(type_):
            return Executor.complete_leaf_value(type_, value)
        return self._composite(selected, value, path)

    def _list(
        self, item: GraphQLOutputType, selected: Selected, values: Iterable[Value], path: Path, place: str
    ) -> list[Any]:
        if isinstance(values, str) or not isinstance(values, Iterable):
            raise GraphQLError(f"Expected Iterable, but did not find one for field '{place}'.")
        return [
            self._item(item, selected, value, (*path, index), place) for index, value in enumerate(values)
        ]

    def _item(
        self, type_: GraphQLOutputType, selected: Selected, value: Value, path: Path, place: str
    ) -> Any:
        return self._guarded(type_, selected, path, lambda: self._value(type_, selected, value, path, place))

    # --- objects, and what connections are made of ----------------------------------------------------------

    def _composite(self, selected: Selected, value: Value, path: Path) -> Any:
        match value:
            case _At():
                return self._object(value.objects.level, value, path)
            case _PageAt():
                name = f"{value.item}Connection"
                return self._parts(name, value.parts, lambda part: _of_page(value, part), path)
            case _EdgeAt():
                name = f"{value.page.item}Edge"
                return self._parts(name, value.part.parts, lambda part: _of_edge(value, part), path)
            case _InfoAt():
                return self._parts("PageInfo", value.part.parts, lambda part: _of_info(value, part), path)
        raise TypeError(f"{selected.name} is no object")

    def _parts(
        self, type_name: str, parts: Mapping[str, Selected], value_of: Callable[[Selected], Value], path: Path
    ) -> dict[str, Any]:
        return {
            key: type_name
            if part.name == "__typename"
            else self._field(type_name, part, value_of(part), (*path, key))
            for key, part in parts.items()
        }

    def _child(self, at: _At, selected: Selected) -> Value:
        """What was read of one field of one object."""
        objects, place = at.objects, at.place
        declared = selected.declared
        if isinstance(declared, ColumnField):
            cell = objects.columns[objects.level.columns[declared.column]][place]
            return presented(declared.column, cell, self.zone)
        if isinstance(declared, ComputedField) and isinstance(declared.resolve, GlobalIdOf):
            (column,) = declared.needs
            return declared.resolve((objects.columns[objects.level.columns[column]][place],), None)
        return _read(objects, selected, place)


def _valued(child: Callable[[_At, Selected], Value], at: _At, selected: Selected) -> Value:
    try:
        return child(at, selected)
    except Exception as error:
        return Failure(error)


def _read(objects: Objects, selected: Selected, place: int) -> Value:
    child = objects.children[selected.key]
    match child:
        case Leaves(values):
            return values[place]
        case One(found, None):
            assert found.present is not None
            return None if found.present[place] is None else _At(found, place)
        case One(found, links):
            assert links is not None
            return _linked(found, links[place])
        case Several(found, lists):
            return _several(found, lists[place])
        case Found(values):
            return _found(values[place])
        case Pages(_, pages):
            assert selected.step is not None
            page = pages[place]
            step = selected.step
            return _PageAt(child, page, step.parts, step.item) if isinstance(page, Page) else page


def _linked(objects: Objects, link: Any) -> Value:
    return link if link is None or isinstance(link, Failure) else _At(objects, link)


def _several(objects: Objects, links: Any) -> Value:
    if links is None or isinstance(links, Failure):
        return links
    return [_linked(objects, link) for link in links]


def _found(value: Any) -> Value:
    if isinstance(value, list):
        return [_found(item) for item in value]
    return _At(value.objects, value.place) if isinstance(value, Node) else value


def _of_page(at: _PageAt, part: Selected) -> Value:
    page = at.page
    if part.name == "totalCount":
        return page.total
    if page.failure is not None:
        return page.failure
    match part.name:
        case "nodes":
            return [_item(at, part, place) for place in range(page.start, page.end)]
        case "edges":
            return [_EdgeAt(at, part, place) for place in range(page.start, page.end)]
        case _:
            return _InfoAt(page, part)


def _of_edge(at: _EdgeAt, part: Selected) -> Value:
    if part.name == "cursor":
        return at.page.page.cursors[at.place - at.page.page.start]
    return _item(at.page, part, at.place)


def _item(at: _PageAt, part: Selected, place: int) -> Value:
    if part.level is None:
        return at.pages.items[place]
    objects = next(found for found in at.pages.objects if found.level is part.level)
    return _At(objects, place)


def _of_info(at: _InfoAt, part: Selected) -> Value:
    page = at.page
    match part.name:
        case "hasNextPage":
            return page.next
        case "hasPreviousPage":
            return page.previous
        case "startCursor":
            return page.cursors[0] if page.cursors else None
    return page.cursors[-1] if page.cursors else None
