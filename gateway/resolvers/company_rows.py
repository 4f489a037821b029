"""Connections of the rows that a company has in a schema of its own, for all companies of a level at once.

`read.py` gives a `CompanyRowsField` this resolver.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar, cast

from sqlalchemy import Column, Table

from datasources.analytics.tables import erp_schema_name
from datasources.model import Row
from gateway.auth.company_tables import Newest
from gateway.context import Request
from gateway.errors import Code, GatewayError
from gateway.loaders.batch import unique
from gateway.loaders.company_rows import CountByCompanyId, RowsByCompanyId
from gateway.resolvers.connection import Connection, Item, Page, page_arguments
from gateway.resolvers.cursor import fingerprint_of
from gateway.resolvers.declarations import CompanyRowsField
from gateway.resolvers.element import Element, Info, step_of
from gateway.resolvers.plan import Step

Found = TypeVar("Found")


def company_rows_resolver(bound: CompanyRowsField) -> Callable[..., Any]:
    """The resolver of a connection of a company's own rows."""

    def resolve(parent: Element, info: Info, **arguments: Any) -> Connection:
        company = parent.cell(bound.key), parent.cell(bound.schema)
        return company_rows(info.context, step_of(parent, info), bound, company, arguments)

    return resolve


def company_rows(
    request: Request,
    step: Step,
    bound: CompanyRowsField,
    company: tuple[int, str | None],
    arguments: Mapping[str, Any],
) -> Connection:
    """The connection of one company's own rows; `company` is its id, and what its schema is called.

    Raises BAD_USER_INPUT.
    """
    fingerprint = fingerprint_of("rows of companies", bound.table.name)
    company_id, schema = company
    owner = None if schema is None or schema != erp_schema_name(company_id) else company_id
    page = page_arguments(arguments)
    before = None
    if page.after is not None:
        (before,) = request.services.cursors.decode(fingerprint, page.after, (int,))
    reader = _Reader(request, step, bound.table, fingerprint, page.size, before, owner)
    return Connection(reader.page_of_rows, reader.total, step)


def _found(answer: Found | None) -> Found:
    if answer is None:
        raise GatewayError(
            Code.SOURCE_UNAVAILABLE,
            "The source “analytics” doesn't have the schema that this company names as its own; ask again later.",
        )
    return answer


@dataclass(frozen=True)
class _Reader:
    """Reads one page of one company's rows: `before` is the id in the cursor after which it begins.

    `company_id` is None where the company has no schema of its own.
    """

    request: Request
    step: Step
    table: Table
    fingerprint: str
    size: int
    before: int | None
    company_id: int | None

    async def page_of_rows(self) -> Page:
        """The page, with what was asked about it."""
        rows = await self._rows(Newest(self.size + 1, self.before))
        items = [Item(row, partial(self._cursor, row)) for row in rows[: self.size]]
        return Page(items, next=len(rows) > self.size, previous=await self._any_from(self.before))

    async def total(self) -> int:
        """How many rows the company has."""
        return await self._count(None)

    async def _rows(self, page: Newest) -> list[Row]:
        if self.company_id is None:
            return []
        request, columns = self.request, self._columns
        name = ("rows of companies", self.table, columns, page)
        loader = request.loaders.shared(name, RowsByCompanyId, request.access, self.table, columns, page)
        return _found(await loader.load(self.company_id))

    async def _count(self, least_id: int | None) -> int:
        if self.company_id is None:
            return 0
        request = self.request
        name = ("count of companies", self.table, least_id)
        loader = request.loaders.shared(name, CountByCompanyId, request.access, self.table, least_id)
        return _found(await loader.load(self.company_id))

    async def _any_from(self, least_id: int | None) -> bool:
        """Whether the company has rows on this side of the cursor, where that was asked."""
        if least_id is None or not self.step.previous:
            return False
        return await self._count(least_id) > 0

    def _cursor(self, row: Row) -> str:
        return self.request.services.cursors.encode(
            self.fingerprint, (row[self._columns.index(self.table.c.id)],)
        )

    @cached_property
    def _columns(self) -> tuple[Column[Any], ...]:
        """What is read: the level's columns, and what a cursor is made of."""
        return tuple(cast("list[Column[Any]]", unique((*self.step.columns, self.table.c.id))))
