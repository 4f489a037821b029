"""What all SQL engines share: descriptions in, typed rows out, each statement reported to the observers once.

An engine derives from `SqlSource` and says how a prepared statement, and a transaction, goes to its driver.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from sqlalchemy import Dialect, FromClause, MetaData
from sqlalchemy.types import TypeEngine

from datasources.base import Capability, SourceError, Statement, StatementObserver, TimeLimits
from datasources.engines.compiled import Prepared, StatementCompiler
from datasources.engines.decoding import decode_rows
from datasources.model import Aggregate, Insert, Nothing, Read, Row, Value, Write
from datasources.statements import (
    CrossSourceError,
    aggregate_statement,
    combined_statement,
    group_columns,
    key_values,
    select_statement,
    source_of,
    write_statement,
)

RawRows = Sequence[Sequence[Value]]


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What every source is opened with. With `metadata`, it refuses to read tables of another source."""

    limits: TimeLimits = field(default_factory=TimeLimits)
    observers: tuple[StatementObserver, ...] = ()
    metadata: MetaData | None = None


class SqlSource(ABC):
    """A `Source` whose engine speaks SQL."""

    capabilities: frozenset[Capability]

    def __init__(self, name: str, dialect: Dialect, options: SourceOptions) -> None:
        self.name = name
        self._limits = options.limits
        self._observers = options.observers
        self._metadata = options.metadata
        self._compiler = StatementCompiler(dialect)

    async def rows(self, read: Read) -> list[Row]:
        """The rows of a read; what can't have any is answered without a statement. Raises `SourceError`."""
        self._check_source(read.table)
        if _has_no_rows(read):
            return []
        prepared = self._compiler.prepare(select_statement(read, self.capabilities))
        rows = await self.observed(prepared.text, lambda: self._fetch(prepared))
        return decode_rows(rows, [column.type for column in read.columns])

    async def groups(self, aggregate: Aggregate) -> list[Row]:
        """The groups of an aggregate. Raises `SourceError`."""
        self._check_source(aggregate.table)
        if _has_no_keys(aggregate):
            return []
        prepared = self._compiler.prepare(aggregate_statement(aggregate, self.capabilities))
        rows = await self.observed(prepared.text, lambda: self._fetch(prepared))
        return decode_rows(rows, _types(aggregate))

    async def groups_of_each(self, aggregates: Sequence[Aggregate]) -> list[list[Row]]:
        """Several aggregates with equally many cells each, in one statement. Raises `SourceError`."""
        for aggregate in aggregates:
            self._check_source(aggregate.table)
        asked = [place for place, aggregate in enumerate(aggregates) if not _has_no_keys(aggregate)]
        if not asked:
            return [[] for _ in aggregates]
        statement = combined_statement([aggregates[place] for place in asked], self.capabilities)
        prepared = self._compiler.prepare(statement)
        rows = await self.observed(prepared.text, lambda: self._fetch(prepared))
        found: list[list[Sequence[Value]]] = [[] for _ in aggregates]
        for mark, *cells in rows:
            found[asked[mark]].append(cells)
        return [
            decode_rows(part, _types(aggregate)) for part, aggregate in zip(found, aggregates, strict=True)
        ]

    async def write(self, writes: Sequence[Write]) -> list[int]:
        """Carries out all writes in one transaction, or none; an outcome for each. Raises `SourceError`."""
        if Capability.WRITES not in self.capabilities:
            raise SourceError(self.name, "takes no writes")
        for write in writes:
            self._check_source(write.table)
        return await self._transaction(
            [(self._compiler.prepare(write_statement(write)), isinstance(write, Insert)) for write in writes]
        )

    @abstractmethod
    async def version(self) -> str:
        """The server's own name and version, asked now. Raises `SourceError`."""

    @abstractmethod
    async def close(self) -> None:
        """Gives back every connection and thread."""

    @abstractmethod
    async def _fetch(self, prepared: Prepared) -> RawRows:
        """All rows of one statement, within the limits. Raises `SourceError`."""

    async def _transaction(self, writes: Sequence[tuple[Prepared, bool]]) -> list[int]:
        """Carries out prepared writes, each with whether it inserts, together. Raises `SourceError`."""
        raise SourceError(self.name, "takes no writes")

    def _check_source(self, table: FromClause) -> None:
        if self._metadata is not None and source_of(table) != self._metadata.info.get("source"):
            raise CrossSourceError(f"{self.name} doesn't hold {table}")

    async def observed(self, text: str, send: Callable[[], Awaitable[Any]]) -> Any:
        """What `send` answers; the observers learn of the statement whether it succeeds or not."""
        started, count = perf_counter(), 0
        try:
            answer = await send()
            count = len(answer) if isinstance(answer, Sequence) else 0
            return answer
        finally:
            statement = Statement(self.name, text, count, perf_counter() - started)
            for observer in self._observers:
                observer(statement)


def _types(aggregate: Aggregate) -> list[TypeEngine[Any]]:
    return [cell.type for cell in (*group_columns(aggregate), *aggregate.measures)]


def _has_no_keys(aggregate: Aggregate) -> bool:
    return aggregate.keys is not None and not key_values(aggregate.keys)


def _has_no_rows(read: Read) -> bool:
    if isinstance(read.policy, Nothing) or isinstance(read.where, Nothing) or read.limit == 0:
        return True
    return read.keys is not None and (read.keys.limit == 0 or not key_values(read.keys))
