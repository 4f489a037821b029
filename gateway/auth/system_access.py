"""What the gateway does on its own behalf: logging in, checking a session, finding out who is in whose team.

Every call hands in the bypass that says why no rule of a caller applies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, Table

from datasources.model import EVERYTHING, Filter, Insert, Read, Row, Update, Value, Write
from gateway.auth.crossing import table_of
from gateway.auth.policy import Unrestricted
from gateway.auth.sources import Estate, failures_coded


class SystemAccess:
    """Reads and writes of the gateway itself. Every call hands in the bypass that says why no rule applies."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

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
        with failures_coded():
            return await self._estate.source(table_of(columns[0])).rows(read)

    async def insert(self, table: Table, values: Mapping[str, Value], *, bypass: Unrestricted) -> int:
        """Adds a row; its generated key."""
        outcomes = await self._write(table, Insert(table=table, values=values, policy=_lifted(bypass)))
        return outcomes[0]

    async def insert_all(
        self, table: Table, rows: Sequence[Mapping[str, Value]], *, bypass: Unrestricted
    ) -> None:
        """Adds rows, all of them or none."""
        policy = _lifted(bypass)
        with failures_coded():
            await self._estate.source(table).write(
                [Insert(table=table, values=values, policy=policy) for values in rows]
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


def _lifted(bypass: Unrestricted) -> Filter:
    if not isinstance(bypass, Unrestricted):
        raise TypeError("a read without a policy needs Policy.unrestricted(reason=…)")
    return EVERYTHING
