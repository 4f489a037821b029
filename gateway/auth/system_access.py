"""What the gateway does on its own behalf: logging in, checking a session, finding out who is in whose team.

Every call hands in the bypass that says why no rule of a caller applies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, Table

from datasources.base import Source
from datasources.model import EVERYTHING, Filter, Insert, InsertMany, Read, Row, Update, Value, Write
from gateway.auth.crossing import table_of
from gateway.auth.policy import Unrestricted
from gateway.auth.sources import Estate, failures_coded
from gateway.auth.trace import Purpose, here, unruled


class SystemAccess:
    """Reads and writes of the gateway itself. Every call hands in the bypass that says why no rule applies."""

    def __init__(self, estate: Estate, *, purpose: Purpose = Purpose.ITSELF) -> None:
        self._estate = estate
        self._purpose = purpose

    async def rows(
        self,
        columns: Sequence[Column[Any]],
        *,
        where: Filter,
        bypass: Unrestricted,
        table: FromClause | None = None,
    ) -> list[Row]:
        """Rows of the table that the columns belong to, or of a join of tables of one source."""
        read = Read(
            table=table_of(columns[0]) if table is None else table,
            columns=tuple(columns),
            policy=_lifted(bypass),
            where=where,
        )
        own = table_of(columns[0])
        source = self._estate.source(own)
        place = here()
        if place is None:
            return await _rows(source, read)
        with place.reading(self._purpose, source.name, unruled(own, bypass)):
            return await _rows(source, read)

    async def insert(self, table: Table, values: Mapping[str, Value], *, bypass: Unrestricted) -> int:
        """Adds a row; its generated key."""
        outcomes = await self._write(table, Insert(table=table, values=values, policy=_lifted(bypass)))
        return outcomes[0]

    async def insert_rows(
        self, table: Table, columns: tuple[str, ...], rows: Sequence[Row], *, bypass: Unrestricted
    ) -> None:
        """Adds rows of the same columns, all of them or none."""
        await self._write(
            table, InsertMany(table=table, columns=columns, values=rows, policy=_lifted(bypass))
        )

    async def update(
        self,
        table: Table,
        values: Mapping[str, Value | ColumnElement[Any]],
        *,
        where: Filter,
        bypass: Unrestricted,
    ) -> int:
        """Changes rows; how many were matched."""
        outcomes = await self._write(
            table, Update(table=table, values=values, policy=_lifted(bypass), where=where)
        )
        return outcomes[0]

    async def _write(self, table: Table, write: Write) -> list[int]:
        with failures_coded():
            return await self._estate.source(table).write([write])


async def _rows(source: Source, read: Read) -> list[Row]:
    with failures_coded():
        return await source.rows(read)


def _lifted(bypass: Unrestricted) -> Filter:
    if not isinstance(bypass, Unrestricted):
        raise TypeError("a read without a policy needs Policy.unrestricted(reason=…)")
    return EVERYTHING
