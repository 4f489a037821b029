"""What one request has read, for the audit: which tables, and how many rows of each. Filled in by `access.py` alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum, auto
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Table

from datasources.model import Keys, Row

# A table, or the type of what lives in none: a file, a row of a report.
Kind: TypeAlias = Table | str


class Use(Enum):
    """What rows are read for, and so which of them count as read."""

    ANSWER = auto()
    """All of them are of the answer."""
    PAGE = auto()
    """All but the last of a read that is full, which only tells that the list goes on."""
    WORKING = auto()
    """None: they decide the answer's order or shape, and their cells don't reach it."""


class Reads:
    """How many rows and groups of each table a request was given.

    An auditor asks whose data somebody has had in hand. So a row counts once, however often the answer repeats it and
    however many statements gave it, also where it only lends a field to a row of another type. A group counts by
    itself, as it names no row; so do a count and the look whether a list goes on before its page. What is asked for
    and gives nothing is there with 0. What the gateway reads to know who may see what, or by what to filter and sort,
    is nobody's answer and doesn't count, nor does the row beyond a page.
    """

    def __init__(self) -> None:
        self._keys: dict[Table, set[Any]] = {}
        self._others: Counter[Kind] = Counter()
        self._groups: Counter[Kind] = Counter()

    def rows(
        self,
        table: Table,
        columns: Sequence[ColumnElement[Any]],
        rows: Sequence[Row],
        *,
        use: Use,
        keys: Keys | None = None,
        limit: int | None = None,
    ) -> Sequence[Row]:
        """Notes rows of a table: by their keys where these were read, so that no row counts twice. Those that count."""
        if use is Use.WORKING:
            return ()
        shown = list(_of_pages(rows, columns, keys, limit)) if use is Use.PAGE else rows
        places = {column: place for place, column in enumerate(columns)}
        own = [places.get(column) for column in table.primary_key.columns]
        if None in own:
            self.others(table, len(shown))
        elif len(own) == 1:
            self.keys(table, [row[own[0]] for row in shown])  # type: ignore[index]
        else:
            self.keys(table, [tuple(row[place] for place in own) for row in shown])  # type: ignore[index]
        return shown

    def keys(self, table: Table, keys: Iterable[Any]) -> None:
        """Notes rows of a table by what tells them apart."""
        self._keys.setdefault(table, set()).update(keys)

    def others(self, kind: Kind, count: int) -> None:
        """Notes what can't be told apart."""
        self._others[kind] += count

    def groups(self, table: Table, count: int) -> None:
        """Notes groups of a table's rows."""
        self._groups[table] += count

    def only_key(self, table: Table) -> Any:
        """The key of the row that was read of a table, where it was just one; else None."""
        keys = self._keys.get(table, ())
        return next(iter(keys)) if len(keys) == 1 else None

    def counted_rows(self) -> Mapping[Kind, int]:
        """How many rows of each kind."""
        found: dict[Kind, int] = {table: len(keys) for table, keys in self._keys.items()}
        for kind, count in self._others.items():
            found[kind] = found.get(kind, 0) + count
        return found

    def counted_groups(self) -> Mapping[Kind, int]:
        """How many groups of each table's rows."""
        return self._groups


def _of_pages(
    rows: Sequence[Row], columns: Sequence[ColumnElement[Any]], keys: Keys | None, limit: int | None
) -> Iterable[Row]:
    """The rows without those beyond a page: of the whole read, or of each key."""
    if keys is None or keys.limit is None:
        return rows if limit is None else rows[: limit - 1]
    place = next(place for place, column in enumerate(columns) if column is keys.column)
    seen: Counter[Any] = Counter()
    shown = []
    for row in rows:
        seen[row[place]] += 1
        if seen[row[place]] < keys.limit:
            shown.append(row)
    return shown
