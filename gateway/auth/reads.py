"""What one request has read, for the audit: which tables, and how many rows of each. Filled in by `access.py` alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Table

from datasources.model import Row
from gateway.auth.selection import Reading, Use

# A table, or the type of what lives in none: a file, a row of a report.
Kind: TypeAlias = Table | str


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
        # Rows of which it is known that no two are the same, and where their keys are: counted when somebody asks.
        self._distinct: dict[Table, list[tuple[Sequence[Row], itemgetter[Any]]]] = {}
        self._others: dict[Kind, int] = {}
        self._groups: dict[Kind, int] = {}

    def rows(self, reading: Reading, rows: Sequence[Row]) -> None:
        """Notes the rows of a selection, and those that came along: by their keys where these were read, so that no
        row counts twice."""
        use, limit = reading.selection.use, reading.selection.limit
        if use is not Use.WORKING:
            self._note(reading, rows if use is Use.ANSWER or limit is None else rows[: limit - 1])

    def lists(self, reading: Reading, rows: Sequence[Row], lists: Iterable[Sequence[Row]]) -> None:
        """As `rows`, of rows that were asked for by a key: `lists` has those of each."""
        use, limit = reading.selection.use, reading.selection.per_key
        if use is Use.PAGE and limit is not None:
            beyond = {id(of_one[-1]) for of_one in lists if len(of_one) == limit}
            rows = [row for row in rows if id(row) not in beyond] if beyond else rows
        if use is not Use.WORKING:
            self._note(reading, rows)

    def _note(self, reading: Reading, rows: Sequence[Row]) -> None:
        table, own = reading.selection.table, reading.own
        if own is None:
            self.others(table, len(rows))
        else:
            self._distinct.setdefault(table, []).append((rows, itemgetter(*own)))
        for other, place in reading.along:
            self.keys(other, map(itemgetter(place), rows))
            self._keys[other].discard(None)

    def keys(self, table: Table, keys: Iterable[Any]) -> None:
        """Notes rows of a table by what tells them apart."""
        self._keys.setdefault(table, set()).update(keys)

    def others(self, kind: Kind, count: int) -> None:
        """Notes what can't be told apart."""
        self._others[kind] = self._others.get(kind, 0) + count

    def groups(self, table: Table, count: int) -> None:
        """Notes groups of a table's rows."""
        self._groups[table] = self._groups.get(table, 0) + count

    def only_key(self, table: Table) -> Any:
        """The key of the row that was read of a table, where it was just one; else None."""
        keys = self._keys_of(table)
        return next(iter(keys)) if len(keys) == 1 else None

    def counted_rows(self) -> Mapping[Kind, int]:
        """How many rows of each kind."""
        found: dict[Kind, int] = {table: self._count_of(table) for table in {**self._distinct, **self._keys}}
        for kind, count in self._others.items():
            found[kind] = found.get(kind, 0) + count
        return found

    def _count_of(self, table: Table) -> int:
        reads = self._distinct.get(table, ())
        return len(reads[0][0]) if len(reads) == 1 and table not in self._keys else len(self._keys_of(table))

    def _keys_of(self, table: Table) -> set[Any]:
        found = self._keys.get(table, set()).copy()
        for rows, key in self._distinct.get(table, ()):
            found.update(map(key, rows))
        return found

    def counted_groups(self) -> Mapping[Kind, int]:
        """How many groups of each table's rows."""
        return self._groups
