"""What one operation reads, noted while it reads it: for the plan that ADMIN may ask for beside an answer.

`access.py` and `system_access.py` note the reads, the observer of the sources what was sent for them. Nothing is noted
unless a trace was begun; it then is in the context of whatever carries the operation out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import Enum
from time import perf_counter
from typing import TypeAlias

from sqlalchemy import Table

from datasources.base import Statement
from gateway.auth.policy import Policies, Unrestricted
from gateway.auth.roles import Caller
from gateway.errors import Code, GatewayError

# Response keys without the places in lists: all objects of a level are read at once.
Path: TypeAlias = tuple[str, ...]

# What a request that asks for many small things notes; more are only counted.
MOST_NOTED = 1_000


class Purpose(Enum):
    """What a read is for, in words for people."""

    ROWS = "rows"
    GROUPS = "counts and sums"
    WORKING = "what decides the answer's order or shape"
    RULE = "keys for a rule in another source"
    FILTER = "keys for a filter in another source"
    SCOPE = "who is in the caller's team"
    FILES = "files"
    REPORT = "a report"
    CHANGE = "a change"
    ITSELF = "what the gateway does by itself"


@dataclass(frozen=True, slots=True)
class Reason:
    """A ground for which rows are visible; `GUARD` says what keeps them away, `UNRESTRICTED` why no rule applies."""

    name: str
    says: str


@dataclass(frozen=True, slots=True)
class Ruled:
    """A table, and by which rule its rows were read: by any of the reasons."""

    table: str
    policy: tuple[Reason, ...]


@dataclass(eq=False, slots=True)
class Noted:
    """One read. `tables` are its own, then those that were read by the same statement.

    `within` is the read that had to have this one first. `proven` says that rows which had been read already show that
    the rule holds, so that it isn't in the statement. `begun` is in seconds since the trace began, `None` where nothing
    was sent; `shared` is where the rows were read for another part of the answer.
    """

    path: Path
    purpose: Purpose
    source: str
    tables: tuple[Ruled, ...] = ()
    within: Noted | None = None
    proven: bool = False
    statement: str | None = None
    kept: bool = False
    rows: int = 0
    begun: float | None = None
    seconds: float = 0.0
    code: Code | None = None
    shared: Path | None = None


@dataclass(eq=False)
class Trace:
    """All reads of one operation, in the order in which they began. `left_out` counts those past `MOST_NOTED`.

    `engine` is what carried the operation out.
    """

    engine: str = "compiled"
    began: float = field(default_factory=perf_counter)
    reads: list[Noted] = field(default_factory=list)
    left_out: int = 0

    def note(self, read: Noted) -> None:
        """Adds a read."""
        if len(self.reads) < MOST_NOTED:
            self.reads.append(read)
        else:
            self.left_out += 1


@dataclass(frozen=True, slots=True)
class Here:
    """Where in the answer the present task is, and which read it carries out."""

    trace: Trace
    path: Path = ()
    read: Noted | None = None

    @contextmanager
    def reading(self, purpose: Purpose, source: str, tables: tuple[Ruled, ...]) -> Iterator[None]:
        """Notes a read that lasts as long as the block, and the error that the block ends with."""
        is_scope = purpose is Purpose.SCOPE
        # Whoever asks first starts finding out who the caller is, and everybody needs it.
        read = Noted(() if is_scope else self.path, purpose, source, tables, None if is_scope else self.read)
        self.trace.note(read)
        with _at(replace(self, read=read)):
            try:
                yield
            except Exception as error:
                read.code = error.code if isinstance(error, GatewayError) else Code.INTERNAL
                raise

    @contextmanager
    def below(self, path: Path) -> Iterator[None]:
        """What the block reads is for that part of the answer."""
        with _at(Here(self.trace, path)):
            yield


_here: ContextVar[Here | None] = ContextVar("here", default=None)


def here() -> Here | None:
    """Where the present task is; None where nobody asked for a plan."""
    return _here.get()


@contextmanager
def traced() -> Iterator[Trace]:
    """Notes what the block reads, and what the tasks do that it starts."""
    trace = Trace()
    with _at(Here(trace)):
        yield trace


@contextmanager
def _at(place: Here) -> Iterator[None]:
    token = _here.set(place)
    try:
        yield
    finally:
        _here.reset(token)


def note_statement(statement: Statement) -> None:
    """Notes what went to a driver: an observer of the sources."""
    place = _here.get()
    if place is None:
        return
    read = place.read
    if read is None or read.statement is not None:
        # One of a change, or of what isn't a caller's read at all: nothing that was sent is left out.
        purpose = Purpose.ITSELF if read is None else read.purpose
        read = Noted(place.path, purpose, statement.source, within=read)
        place.trace.note(read)
    read.statement, read.kept = statement.text, statement.kept
    read.rows, read.seconds = statement.rows, statement.seconds
    read.begun = perf_counter() - statement.seconds - place.trace.began


def note_kept(purpose: Purpose, source: str) -> None:
    """Notes a read that was spared: what it gives was kept from another request."""
    place = _here.get()
    if place is not None:
        place.trace.note(Noted(place.path, purpose, source, kept=True))


def note_proven() -> None:
    """Notes that the present read needn't hold its rule in its statement."""
    place = _here.get()
    if place is not None and place.read is not None:
        place.read.proven = True


def ruled(policies: Policies, tables: Sequence[Table], caller: Caller) -> tuple[Ruled, ...]:
    """The tables with the rules that a caller of that kind reads them by."""
    return tuple(Ruled(table.name, _reasons(policies, table, caller)) for table in tables)


def unruled(table: Table, bypass: Unrestricted) -> tuple[Ruled, ...]:
    """A table that is read on the gateway's own behalf."""
    return (Ruled(table.name, (Reason("UNRESTRICTED", bypass.reason),)),)


def _reasons(policies: Policies, table: Table, caller: Caller) -> tuple[Reason, ...]:
    policy = policies.row_policy(table)
    if policy is None:
        return ()
    grounds = [Reason(ground.name, ground.says) for ground in policy.grounds(caller)]
    if policy.guard_says and caller is not Caller.ADMIN:
        grounds.append(Reason("GUARD", policy.guard_says))
    return tuple(grounds)
