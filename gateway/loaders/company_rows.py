"""Batches over companies: the newest rows, or counts of rows, of a table that each company has in its own schema.

Called by `gateway/resolvers/company_rows.py`. None stands for a company that has no such table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiodataloader import DataLoader
from sqlalchemy import Column, Table

from datasources.model import Row
from gateway.auth.access import Access
from gateway.auth.company_tables import Newest


class RowsByCompanyId(DataLoader[int, "list[Row] | None"]):
    """Takes ids of companies, gives the newest rows of each."""

    def __init__(self, access: Access, table: Table, columns: Sequence[Column[Any]], page: Newest) -> None:
        super().__init__()
        self._access = access
        self._table = table
        self._columns = columns
        self._page = page

    async def batch_load_fn(self, keys: list[int]) -> list[list[Row] | None]:
        """One statement for all companies."""
        found = await self._access.company_rows(self._table, self._columns, keys, self._page)
        return [found.get(key) for key in keys]


class CountByCompanyId(DataLoader[int, "int | None"]):
    """Takes ids of companies, gives how many rows each has, from an id on."""

    def __init__(self, access: Access, table: Table, least_id: int | None) -> None:
        super().__init__()
        self._access = access
        self._table = table
        self._least_id = least_id

    async def batch_load_fn(self, keys: list[int]) -> list[int | None]:
        """One statement for all companies."""
        found = await self._access.company_counts(self._table, keys, least_id=self._least_id)
        return [found.get(key) for key in keys]
