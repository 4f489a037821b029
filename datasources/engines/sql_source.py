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
from typing import Protocol, TypeVar

from sqlalchemy import Dialect, FromClause, MetaData

from datasources.base import Capability, SourceError, Statement, StatementObserver, TimeLimits
from datasources.engines.compiled import Prepared, PreparedRows, StatementCompiler
from datasources.engines.limited import Sparse, is_whole, limited
from datasources.engines.templates import Planned, Templates, decoders_of
from datasources.model import Aggregate, Insert, InsertMany, Keys, Nothing, Read, Row, Value, Write
from datasources.statements import (
    CrossSourceError,
    locked,
    select_statement,
    source_of,
    write_statement,
)

RawRows = Sequence[Sequence[Value]]
Answer = TypeVar("Answer")


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

    async def change_rows(self, prepared: PreparedRows) -> None:
        """Adds rows, within the limits."""
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
        self.templates = Templates(self._compiler, self.capabilities)
        self._sparse = Sparse()

    async def rows(self, read: Read) -> list[Row]:
        """The rows of a read; what can't have any is answered without a statement. Raises `SourceError`."""
        whole = self._sparse.whole(read, self.capabilities)
        if whole is None or read.keys is None:
            return await self._rows(read, self._fetch)
        if self._sparse.expected(read.keys):
            rows = await self._rows(whole, self._fetch)
            if is_whole(whole, rows):
                return limited(read, rows)
            self._sparse.crowded(read.keys)
        rows = await self._rows(read, self._fetch)
        self._sparse.seen(read, rows)
        return rows

    async def _rows(
        self, read: Read, fetch: Callable[[Prepared], Awaitable[RawRows]], *, lock: bool = False
    ) -> list[Row]:
        self._check_source(read.table)
        if _has_no_rows(read):
            return []
        prepared, (decoder,) = self._locking(read) if lock else self.templates.read(read)
        return decoder.rows(await self._observed(prepared, fetch))

    def _locking(self, read: Read) -> Planned:
        statement = locked(select_statement(read, self.capabilities))
        return Planned(self._compiler.prepare(statement), decoders_of((read,), self.capabilities))

    async def groups(self, aggregate: Aggregate) -> list[Row]:
        """The groups of an aggregate. Raises `SourceError`."""
        self._check_source(aggregate.table)
        if _has_no_keys(aggregate):
            return []
        prepared, (decoder,) = self.templates.aggregate(aggregate)
        return decoder.rows(await self._observed(prepared, self._fetch))

    async def groups_of_each(self, aggregates: Sequence[Aggregate]) -> list[list[Row]]:
        """Several aggregates with equally many cells each, in one statement. Raises `SourceError`."""
        for aggregate in aggregates:
            self._check_source(aggregate.table)
        asked = [place for place, aggregate in enumerate(aggregates) if not _has_no_keys(aggregate)]
        if not asked:
            return [[] for _ in aggregates]
        prepared, decoders = self.templates.combined([aggregates[place] for place in asked])
        rows = await self._observed(prepared, self._fetch)
        parts: list[list[Row]] = [[] for _ in asked]
        for mark, *cells in rows:
            parts[mark].append(tuple(cells))
        found: list[list[Row]] = [[] for _ in aggregates]
        for place, decoder, part in zip(asked, decoders, parts, strict=True):
            found[place] = decoder.rows(part)
        return found

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
        if isinstance(write, InsertMany):
            rows = self._compiler.prepare_rows(write)
            await self._timed(rows.text, begun.change_rows(rows))
            return len(rows.rows)
        prepared = self._compiler.prepare(write_statement(write, self.capabilities))
        effect = await self._timed(prepared.text, begun.change(prepared))
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

    async def _observed(self, prepared: Prepared, fetch: Callable[[Prepared], Awaitable[RawRows]]) -> RawRows:
        """The rows of a statement, of which the observers learn whether it succeeds or not."""
        started, count = perf_counter(), 0
        try:
            rows = await fetch(prepared)
            count = len(rows)
            return rows
        finally:
            self._report(prepared.text, count, perf_counter() - started, kept=prepared.kept)

    async def _timed(self, text: str, work: Awaitable[Answer]) -> Answer:
        """What a write gives, of which the observers learn whether it succeeds or not."""
        started = perf_counter()
        try:
            return await work
        finally:
            self._report(text, 0, perf_counter() - started, kept=False)

    def _report(self, text: str, rows: int, seconds: float, *, kept: bool) -> None:
        statement = Statement(self.name, text, rows, seconds, kept)
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


def _has_no_keys(aggregate: Aggregate) -> bool:
    return aggregate.keys is not None and not _has_values(aggregate.keys)


def _has_no_rows(read: Read) -> bool:
    if isinstance(read.policy, Nothing) or isinstance(read.where, Nothing) or read.limit == 0:
        return True
    return read.keys is not None and (read.keys.limit == 0 or not _has_values(read.keys))


def _has_values(keys: Keys) -> bool:
    return any(value is not None for value in keys.values)
