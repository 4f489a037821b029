"""Sources of which only a part is used at a time: what goes on in the background leaves connections to requests.

Each source has places of its own, so that one that is slow holds up only those who wait for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from datasources.base import Capability, Source, Transaction
from datasources.model import Aggregate, Read, Row, Write
from gateway.auth.sources import Estate


def modest(estate: Estate, at_once: int) -> Estate:
    """The same estate, each source of which is asked so many things at once at most."""
    sources = {name: ModestSource(source, at_once) for name, source in estate.sources.items()}
    return replace(estate, sources=sources)


class ModestSource:
    """A `Source` that passes on so many reads at once; the others wait, the first one first."""

    def __init__(self, source: Source, at_once: int) -> None:
        self.name: str = source.name
        self.capabilities: frozenset[Capability] = source.capabilities
        self._source = source
        self._places = asyncio.Semaphore(at_once)

    async def version(self) -> str:
        """The server's own name and version, asked now. Raises `SourceError`."""
        return await self._source.version()

    async def rows(self, read: Read) -> list[Row]:
        """The rows of a read. Raises `SourceError`."""
        async with self._places:
            return await self._source.rows(read)

    async def groups(self, aggregate: Aggregate) -> list[Row]:
        """The groups of an aggregate. Raises `SourceError`."""
        async with self._places:
            return await self._source.groups(aggregate)

    async def groups_of_each(self, aggregates: Sequence[Aggregate]) -> list[list[Row]]:
        """The groups of several aggregates, sent as one statement. Raises `SourceError`."""
        async with self._places:
            return await self._source.groups_of_each(aggregates)

    async def write(self, writes: Sequence[Write]) -> list[int]:
        """Carries out all writes in one transaction, or none. Raises `SourceError`."""
        return await self._source.write(writes)

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction of the source."""
        return self._source.transaction()

    async def close(self) -> None:
        """Gives back every connection and thread."""
        await self._source.close()
