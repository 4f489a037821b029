"""The one batch by key: rows of a table, or counts of them, for many keys in one statement.

`Loaders` lives as long as a request and keeps a loader for each distinct batch, so that whatever asks for the same
columns of the same rows at the same time shares a statement. Called by the resolvers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeVar

from aiodataloader import DataLoader
from sqlalchemy import Column, ColumnElement, func

from datasources.model import EVERYTHING, Filter, Keys, Order, Row
from gateway.auth.access import Access
from gateway.auth.crossing import convert_key, table_of
from gateway.auth.selection import Selection

Loaded = TypeVar("Loaded")


class RowsByKey(DataLoader[Any, list[Row]]):
    """Takes values of the selection's key column, gives the visible rows that hold each, in order."""

    def __init__(self, access: Access, selection: Selection) -> None:
        super().__init__()
        self._access = access
        self._selection = selection

    async def batch_load_fn(self, keys: list[Any]) -> list[list[Row]]:
        """One statement for all keys."""
        found = await self._access.by_key(self._selection, keys)
        return [list(found.get(key, ())) for key in keys]


def by_key(
    key: Column[Any],
    columns: Iterable[ColumnElement[Any]],
    where: Filter = EVERYTHING,
    order: tuple[Order, ...] = (),
    limit: int | None = None,
    **more: Any,
) -> Selection:
    """Rows whose `key` column is one of the keys that will be asked for, at most `limit` for each."""
    return Selection(
        table=table_of(key),
        columns=tuple(unique((*columns, key))),
        where=where,
        order=order,
        key=key,
        per_key=limit,
        **more,
    )


def named_by(
    target: Column[Any], columns: Iterable[ColumnElement[Any]], where: Filter, **more: Any
) -> Selection:
    """The one row that holds a key as its `target`: the one with the lowest primary key where several do."""
    keys = tuple(table_of(target).primary_key.columns)
    if any(key is target for key in keys):
        return by_key(target, columns, where, **more)
    return by_key(target, columns, where, tuple(Order(key) for key in keys), limit=1, **more)


class CountByKey(DataLoader[Any, int]):
    """Takes values of a key column, gives how many visible rows hold each."""

    def __init__(self, access: Access, key: Column[Any], where: Filter) -> None:
        super().__init__()
        self._access = access
        self._key = key
        self._where = where

    async def batch_load_fn(self, keys: list[Any]) -> list[int]:
        """One statement for all keys."""
        groups = await self._access.groups(
            table_of(self._key), (func.count(),), where=self._where, keys=Keys(self._key, tuple(keys))
        )
        counts = {group[0]: int(group[1]) for group in groups}
        return [counts.get(key, 0) for key in keys]


class Loaders:
    """The loaders of one request."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}

    async def rows(self, selection: Selection, value: Any, *, name: Hashable) -> list[Row]:
        """The rows of a selection whose key is `value`. Those of one `name` are one: it says what tells them apart."""
        assert selection.key is not None
        key = convert_key(value, selection.key)
        if key is None:
            return []
        place = ("rows", selection.key, selection.columns, name)
        loader = self._loaders.get(place)
        if loader is None:
            loader = self._loaders[place] = RowsByKey(self._access, selection)
        rows: list[Row] = await loader.load(key)
        return rows

    async def count(self, key: Column[Any], where: Filter, value: Any, *, name: Hashable) -> int:
        """How many visible rows have `value` as their key."""
        converted = convert_key(value, key)
        if converted is None:
            return 0
        place = ("count", key, name)
        loader = self._loaders.get(place)
        if loader is None:
            loader = self._loaders[place] = CountByKey(self._access, key, where)
        return int(await loader.load(converted))

    def shared(
        self, name: Hashable, make: type[DataLoader[Any, Loaded]], *arguments: Any
    ) -> DataLoader[Any, Loaded]:
        """A loader of another kind, one for each name."""
        loader = self._loaders.get(name)
        if loader is None:
            loader = self._loaders[name] = make(*arguments)
        return loader


def unique(columns: Sequence[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """The columns without repetitions, in their order."""
    return list(dict.fromkeys(columns))


def place_of(columns: Sequence[ColumnElement[Any]], wanted: ColumnElement[Any]) -> int:
    """Where among the columns one is: by identity, as SQLAlchemy's `==` makes an expression."""
    return next(place for place, column in enumerate(columns) if column is wanted)


def only(rows: Sequence[Row]) -> Row | None:
    """The first row, or None."""
    return rows[0] if rows else None
