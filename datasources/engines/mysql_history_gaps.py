"""Reads an append-only table by its auto-increment id, and loses no row whose transaction commits out of that order.

An id that is missing below the highest one seen may belong to a transaction that is still open. It is given up only
when a locking read shows twice, some seconds apart, that nobody holds a row there. Ids that are missing side by side
are looked at together: a statement that adds several rows takes their ids at once, so while it waits with one of them,
those after it are missing too. Called by `mysql_polling.py`, in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select
from sqlalchemy.exc import DBAPIError

from datasources.iperform.tables import lead_status
from datasources.migration_journal import mysql_error_code

ROWS_AT_ONCE = 2_000
# How many gaps the marks hold; while there are so many, no newer rows are read.
MOST_GAPS = 5_000
# Of those that somebody holds, so many are waited for in one look; each takes a second.
HELD_AT_ONCE = 2
_GAPS_IN_A_STATEMENT = 200
# Below the newest id at the start, so many are looked through for those that are missing.
_LOOKED_BACK = 1_000
_LOCK_WAIT = 1205

_RECENT = lead_status.alias("recent")
_BEFORE = lead_status.alias("before_it")
_EARLIER = lead_status.alias("earlier")


@dataclass(frozen=True, slots=True)
class Gap:
    """Missing ids, side by side.

    `since` is when they were last looked for with a lock, or found to be missing, in seconds since 1970; `free` says
    that nobody held one of them then.
    """

    first: int
    last: int
    since: float
    free: bool = False


@dataclass(frozen=True, slots=True)
class Marks:
    """What has been read: every id up to `high` but those in the gaps, which are in their order."""

    high: int
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A row of `lead_status`; `previous` is the status of the lead's row before it, where it `has_previous`."""

    id: int
    lead_id: int
    status: str | None
    changed_on: Any
    changed_by: int | None
    has_previous: bool
    previous: str | None


def marks_now(connection: Connection, *, now: float) -> Marks:
    """Marks to begin with: what is there has been read, what is still open near its end has not."""
    with connection.begin():
        newest = connection.scalar(select(func.max(lead_status.c.id))) or 0
        oldest = max(0, newest - _LOOKED_BACK)
        statement = select(lead_status.c.id).where(lead_status.c.id > oldest, lead_status.c.id <= newest)
        ids = sorted(connection.scalars(statement))
    return Marks(newest, _between(oldest, ids, now))


def rows_after(connection: Connection, marks: Marks, *, now: float) -> tuple[list[HistoryRow], Marks]:
    """The rows that have come since, by their ids, and the marks after them."""
    late = [row for some in _batches(marks.gaps) for row in _rows(connection, _within(some))]
    gaps = _without(marks.gaps, sorted(row.id for row in late), now)
    if len(gaps) >= MOST_GAPS:
        return late, replace(marks, gaps=gaps)
    new = _rows(connection, _RECENT.c.id > marks.high)
    ids = [row.id for row in new]
    high = ids[-1] if ids else marks.high
    return sorted([*late, *new], key=lambda row: row.id), Marks(high, gaps + _between(marks.high, ids, now))


def settled(connection: Connection, marks: Marks, *, now: float, apart: float) -> Marks:
    """The marks without the gaps in which there is nothing to come. `apart` is between the two looks, in seconds."""
    kept: list[Gap] = []
    held = 0
    for gap in marks.gaps:
        if held >= HELD_AT_ONCE or now - gap.since < apart:
            kept.append(gap)
            continue
        free = _is_free(connection, gap)
        held += not free
        if not (free and gap.free):
            kept.append(replace(gap, since=now, free=free))
    return replace(marks, gaps=tuple(kept))


def _is_free(connection: Connection, gap: Gap) -> bool:
    """Whether there is no row in a gap, not even one of an open transaction."""
    there = lead_status.c.id.between(gap.first, gap.last)
    statement = select(lead_status.c.id).where(there).order_by(lead_status.c.id).limit(1)
    try:
        with connection.begin() as transaction:
            found = connection.execute(statement.with_for_update(read=True)).first()
            transaction.rollback()
    except DBAPIError as error:
        if mysql_error_code(error) != _LOCK_WAIT:
            raise
        return False
    return found is None


def _rows(connection: Connection, there: Any) -> list[HistoryRow]:
    with connection.begin():
        return [HistoryRow(*row) for row in connection.execute(_with_previous().where(there))]


def _with_previous() -> Select[Any]:
    earlier = select(func.max(_EARLIER.c.id)).where(
        _EARLIER.c.lead_id == _RECENT.c.lead_id, _EARLIER.c.id < _RECENT.c.id
    )
    columns = _RECENT.c
    return (
        select(
            columns.id,
            columns.lead_id,
            columns.status,
            columns.changed_on,
            columns.changed_by,
            _BEFORE.c.id.is_not(None),
            _BEFORE.c.status,
        )
        .select_from(_RECENT.outerjoin(_BEFORE, _BEFORE.c.id == earlier.scalar_subquery()))
        .order_by(columns.id)
        .limit(ROWS_AT_ONCE)
    )


def _within(gaps: Iterable[Gap]) -> Any:
    return or_(*[and_(_RECENT.c.id >= gap.first, _RECENT.c.id <= gap.last) for gap in gaps])


def _batches(gaps: Sequence[Gap]) -> Iterable[Sequence[Gap]]:
    return (gaps[at : at + _GAPS_IN_A_STATEMENT] for at in range(0, len(gaps), _GAPS_IN_A_STATEMENT))


def _between(start: int, ids: Sequence[int], now: float) -> tuple[Gap, ...]:
    """What is missing after `start` and below the last of some ids in their order."""
    pairs = zip([start, *ids], ids, strict=False)
    return tuple(Gap(low + 1, high - 1, now) for low, high in pairs if high - low > 1)


def _without(gaps: Sequence[Gap], ids: Sequence[int], now: float) -> tuple[Gap, ...]:
    """The gaps, but for ids that have been read."""
    left: list[Gap] = []
    for gap in gaps:
        inside = [found for found in ids if gap.first <= found <= gap.last]
        left += _between(gap.first - 1, [*inside, gap.last + 1], now) if inside else [gap]
    return tuple(left)
