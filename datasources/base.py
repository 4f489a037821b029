"""What the gateway expects of a source, and how a source says what it can't do.

Implemented by the engines; called by `gateway/auth/access.py` and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from datasources.model import Aggregate, FilePage, Read, Row, Write


class Capability(Enum):
    """What a source's dialect offers; the statement builder chooses its shapes by these."""

    WINDOW_FUNCTIONS = auto()  # row_number() over (partition by …)
    JOINS = auto()  # a left join on any condition: a read may have `joins`
    LIMIT_BY = auto()  # ClickHouse: limit n by column
    INDEX_UNION = auto()  # an `or` of indexed parts is no scan, or every read is one
    ON_CONFLICT = auto()  # insert … on conflict do nothing; else: on duplicate key update
    TYPED_CELLS = auto()  # integers, and moments without a zone, come as plain columns declare them
    TRANSACTIONS = auto()
    WRITES = auto()

    # There is one object of each; Enum's own hash is that of the name, worked out by Python each time.
    __hash__ = object.__hash__


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """Seconds that a source may take to connect, and to answer one statement."""

    connect: float = 3.0
    statement: float = 10.0


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement that went to a driver: for counting, logging and metrics. Holds no bound values.

    `kept` says that its text had been made before, for other values.
    """

    source: str
    text: str
    rows: int
    seconds: float
    kept: bool = False


StatementObserver = Callable[[Statement], None]


class SourceError(Exception):
    """A source could not answer. The message is for the log, never for a client."""

    def __init__(self, source: str, message: str) -> None:
        super().__init__(f"{source}: {message}")
        self.source = source


class SourceUnavailable(SourceError):
    """The source can't be reached, refused the connection, or broke it."""


class SourceTimeout(SourceError):
    """The source did not answer one statement within its time limit."""


class Transaction(Protocol):
    """Statements that take effect together, or not at all."""

    async def rows(self, read: Read, *, lock: bool = False) -> list[Row]:
        """The rows of a read, with what has been written before it; locked against other writers with `lock`."""
        ...

    async def write(self, write: Write) -> int:
        """Carries out one write; its outcome."""
        ...


class Source(Protocol):
    """A store of tables."""

    name: str
    capabilities: frozenset[Capability]

    async def version(self) -> str:
        """The server's own name and version, asked now. Raises `SourceError`."""
        ...

    async def rows(self, read: Read) -> list[Row]:
        """The rows of a read. Raises `SourceError`."""
        ...

    async def groups(self, aggregate: Aggregate) -> list[Row]:
        """The groups of an aggregate. Raises `SourceError`."""
        ...

    async def groups_of_each(self, aggregates: Sequence[Aggregate]) -> list[list[Row]]:
        """The groups of several aggregates, sent as one statement; all have groups and measures of the same kinds.

        Raises `SourceError`.
        """
        ...

    async def write(self, writes: Sequence[Write]) -> list[int]:
        """Carries out all writes in one transaction, or none; an outcome for each. Raises `SourceError`."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Transaction]:
        """A transaction that is committed at the end of the block, and rolled back if that ends in any other way.

        What a statement fails with is a `SourceError` only once it has left the block: don't catch it inside. Whether
        a commit that failed has taken effect can't be known.
        """
        ...

    async def close(self) -> None:
        """Gives back every connection and thread."""
        ...


class FileStore(Protocol):
    """A store of files under prefixes. A prefix ends in a slash; a name never leaves its prefix."""

    name: str

    async def version(self) -> str:
        """What answers, asked now. Raises `SourceError`."""
        ...

    async def page(self, prefix: str, *, after: str | None, limit: int) -> FilePage:
        """At most `limit` files below `prefix`, after the name `after`. Raises `SourceError`."""
        ...

    async def link(self, key: str, *, seconds: int) -> str:
        """A signed link to one file that ends after `seconds`. Needs no network on S3. Raises `SourceError`."""
        ...

    async def close(self) -> None:
        """Gives back every connection and thread."""
        ...
