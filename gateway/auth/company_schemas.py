"""Which companies' schemas are there, asked of the server rarely. Used by `company_reads.py` alone.

One statement reads the tables of many schemas and fails as a whole where one of them is missing, so those that are
missing have to be known before. Lives as long as the process.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

# A schema that was missing is looked for again after this; one that was there is taken to be there until a read fails.
MISSING_SECONDS = 30.0

Tables = frozenset[tuple[str, str]]
Look = Callable[[frozenset[str]], Awaitable[Tables]]


@dataclass(eq=False)
class CompanySchemas:
    """What was seen of the tables in companies' schemas."""

    _tables: set[tuple[str, str]] = field(default_factory=set)
    _looked: dict[str, float] = field(default_factory=dict)
    _looking: dict[frozenset[str], asyncio.Future[None]] = field(default_factory=dict)

    async def holding(
        self, name: str, schemas: frozenset[str], look: Look, *, anew: bool = False
    ) -> frozenset[str]:
        """Those of `schemas` that have a table of this name. Asks by `look`, which gives (schema, table) pairs."""
        unsure = schemas if anew else frozenset(schema for schema in schemas if self._is_unsure(schema, name))
        if unsure:
            await self._look_once(unsure, look)
        return frozenset(schema for schema in schemas if (schema, name) in self._tables)

    def _is_unsure(self, schema: str, name: str) -> bool:
        if (schema, name) in self._tables:
            return False
        return time.monotonic() - self._looked.get(schema, -MISSING_SECONDS) >= MISSING_SECONDS

    async def _look_once(self, schemas: frozenset[str], look: Look) -> None:
        """Whoever asks for the same schemas at the same time waits for one answer."""
        looking = self._looking.get(schemas)
        if looking is None:
            looking = self._looking[schemas] = asyncio.ensure_future(self._look(schemas, look))
            looking.add_done_callback(lambda _: self._looking.pop(schemas, None))
        await asyncio.shield(looking)

    async def _look(self, schemas: frozenset[str], look: Look) -> None:
        seen = await look(schemas)
        self._tables = {pair for pair in self._tables if pair[0] not in schemas} | seen
        self._looked.update(dict.fromkeys(schemas, time.monotonic()))
