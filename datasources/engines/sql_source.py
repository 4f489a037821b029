"""What all SQL engines share: descriptions in, typed rows out, each statement reported to the observers once.

An engine derives from `SqlSource` and says how a prepared statement goes to its driver, and how a transaction begins
and ends.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Protocol

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
    locked,
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


@dataclass(frozen=True, slots=True)
class Effect:
    """What a driver says of a write: how many rows it matched, and the key that it generated last."""

    rows: int
    key: int


class Begun(Protocol):
    """A connection with a transaction on it. What it raises is the engine's own until it has left the transaction."""

    async def fetch(self, prepared: Prepared) -> RawRows:
        """All rows of one statement, within the limits."""
        ...

    async def change(self, prepared: Prepared) -> Effect:
        """Carries out one write, within the limits."""
        ...


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
        return await self._rows(read, self._fetch)

    async def _rows(
        self, read: Read, fetch: Callable[[Prepared], Awaitable[RawRows]], *, lock: bool = False
    ) -> list[Row]:
        self._check_source(read.table)
        if _has_no_rows(read):
            return []
        statement = select_statement(read, self.capabilities)
        prepared = self._compiler.prepare(locked(statement) if lock else statement)
        rows = await self.observed(prepared.text, lambda: fetch(prepared))
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
        async with self.transaction() as transaction:
            return [await transaction.write(write) for write in writes]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[SqlTransaction]:
        """A transaction that is committed at the end of the block, else rolled back. Raises `SourceError`."""
        if Capability.WRITES not in self.capabilities:
            raise SourceError(self.name, "takes no writes")
        async with self._begun() as begun:
            yield SqlTransaction(self, begun)

    async def _write(self, write: Write, begun: Begun) -> int:
        self._check_source(write.table)
        prepared = self._compiler.prepare(write_statement(write, self.capabilities))
        effect = await self.observed(prepared.text, lambda: begun.change(prepared))
        return int(effect.key if isinstance(write, Insert) else effect.rows)

    @abstractmethod
    async def version(self) -> str:
        """The server's own name and version, asked now. Raises `SourceError`."""

    @abstractmethod
    async def close(self) -> None:
        """Gives back every connection and thread."""

    @abstractmethod
    async def _fetch(self, prepared: Prepared) -> RawRows:
        """All rows of one statement, within the limits. Raises `SourceError`."""

    def _begun(self) -> AbstractAsyncContextManager[Begun]:
        """Begins a transaction, commits it at the end of the block, else rolls it back. Raises `SourceError`."""
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


@dataclass(frozen=True, slots=True)
class SqlTransaction:
    """A `Transaction` over a connection of a `SqlSource`."""

    _source: SqlSource
    _begun: Begun

    async def rows(self, read: Read, *, lock: bool = False) -> list[Row]:
        """The rows of a read, with what has been written before it; locked against other writers with `lock`."""
        return await self._source._rows(read, self._begun.fetch, lock=lock)

    async def write(self, write: Write) -> int:
        """Carries out one write; its outcome."""
        return await self._source._write(write, self._begun)


def _types(aggregate: Aggregate) -> list[TypeEngine[Any]]:
    return [cell.type for cell in (*group_columns(aggregate), *aggregate.measures)]


def _has_no_keys(aggregate: Aggregate) -> bool:
    return aggregate.keys is not None and not key_values(aggregate.keys)


def _has_no_rows(read: Read) -> bool:
    if isinstance(read.policy, Nothing) or isinstance(read.where, Nothing) or read.limit == 0:
        return True
    return read.keys is not None and (read.keys.limit == 0 or not key_values(read.keys))
