"""Reads of the tables that each company has in a schema of its own: of those alone whose company the caller sees.

Called by `access.py`, which counts what is given and notes what was asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, Table, func

from datasources.analytics.tables import erp_schema_name
from datasources.model import EVERYTHING, Aggregate, Among, Direction, Order, Read, Row
from gateway.auth.company_schemas import Tables
from gateway.auth.company_tables import Newest, from_id, newest_of_each, own_table, server_tables
from gateway.auth.crossing import Crossing
from gateway.auth.policy import Policy, Rules
from gateway.auth.sources import Estate, failures_coded
from gateway.auth.system_access import SystemAccess
from gateway.errors import Code, GatewayError

Found = TypeVar("Found")


class OwnTables:
    """Companies' own tables. What it gives: the companies that the caller doesn't see, and what the others have."""

    def __init__(self, estate: Estate, crossing: Crossing) -> None:
        self._estate = estate
        self._crossing = crossing

    async def rows(
        self,
        rules: Rules,
        table: Table,
        columns: Sequence[Column[Any]],
        company_ids: Sequence[int],
        page: Newest,
    ) -> tuple[frozenset[int], dict[int, list[Row]]]:
        """The newest rows of each company that has a schema, in one statement."""

        async def newest(companies: frozenset[int]) -> dict[int, list[Row]]:
            rows = newest_of_each(table, columns, sorted(companies), page)
            read = Read(
                table=rows,
                columns=tuple(rows.c),
                policy=Among(rows.c.company_id, companies),
                order=(Order(rows.c.id, Direction.DESC),),
            )
            found: dict[int, list[Row]] = {company_id: [] for company_id in companies}
            for company_id, *cells in await self._estate.source(table).rows(read):
                found[company_id].append(tuple(cells))
            return found

        return await self._of_companies(rules, table, company_ids, newest)

    async def counts(
        self, rules: Rules, table: Table, company_ids: Sequence[int], least_id: int | None
    ) -> tuple[frozenset[int], dict[int, int]]:
        """How many rows there are of each company that has a schema, from an id on, in one statement."""

        async def counts(companies: frozenset[int]) -> dict[int, int]:
            owns = {company_id: own_table(table, company_id) for company_id in sorted(companies)}
            # Each table is one company's, and that company is visible: so is all that the table holds.
            answers = await self._estate.source(table).groups_of_each(
                [
                    Aggregate(
                        table=own, measures=(func.count(),), policy=EVERYTHING, where=from_id(own, least_id)
                    )
                    for own in owns.values()
                ]
            )
            return {company_id: int(rows[0][0]) for company_id, rows in zip(owns, answers, strict=True)}

        return await self._of_companies(rules, table, company_ids, counts)

    async def _of_companies(
        self,
        rules: Rules,
        table: Table,
        company_ids: Sequence[int],
        read: Callable[[frozenset[int]], Awaitable[dict[int, Found]]],
    ) -> tuple[frozenset[int], dict[int, Found]]:
        """The companies that the caller doesn't see, and what `read` gives of the others that have a schema."""
        asked = frozenset(company_ids)
        source = self._estate.source(table).name
        with failures_coded():
            visible = await self._crossing.allowed(rules.rows(table), table.c.company_id, asked, source)
        there = await self._with_schema(table, visible)
        try:
            return asked - visible, await _coded(read, there)
        except Exception as failure:
            if isinstance(failure, GatewayError) and failure.code is Code.TIMEOUT:
                raise
            # A schema that was there may have been dropped since: the others are read without it.
            still_there = await self._with_schema(table, visible, anew=True)
            if still_there == there:
                raise
            return asked - visible, await _coded(read, still_there)

    async def _with_schema(
        self, table: Table, company_ids: frozenset[int], *, anew: bool = False
    ) -> frozenset[int]:
        schemas = {erp_schema_name(company_id): company_id for company_id in company_ids}
        there = await self._estate.company_schemas.holding(
            table.name, frozenset(schemas), self._tables_on_server, anew=anew
        )
        return frozenset(schemas[schema] for schema in there)

    async def _tables_on_server(self, schemas: frozenset[str]) -> Tables:
        columns = (server_tables.c.database, server_tables.c.name)
        bypass = Policy.unrestricted(reason="the names of tables decide what a statement can be made of")
        where = Among(server_tables.c.database, schemas)
        rows = await SystemAccess(self._estate).rows(columns, where=where, bypass=bypass)
        return frozenset((row[0], row[1]) for row in rows)


async def _coded(
    read: Callable[[frozenset[int]], Awaitable[dict[int, Found]]], company_ids: frozenset[int]
) -> dict[int, Found]:
    with failures_coded():
        return await read(company_ids) if company_ids else {}
