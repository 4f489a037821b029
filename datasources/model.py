"""What a read or a write of the estate is, as plain data.

The gateway describes what it wants with these objects; the engines in `datasources/engines` carry it out.
Nothing here does I/O. A read can't be constructed without its `policy`: there is no default, on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeAlias

from sqlalchemy import Column, ColumnElement, FromClause, Table

Value: TypeAlias = (
    Any  # what a driver gives for a cell: int, str, Decimal, datetime, date, bool, JSON or None
)
Row: TypeAlias = tuple[Value, ...]


# --- filters ------------------------------------------------------------------------------------------------
# A small algebra over rows. It is two-valued: a comparison with NULL is false, and `Not` is its complement.


@dataclass(frozen=True, slots=True)
class Everything:
    """Every row."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No row."""


@dataclass(frozen=True, slots=True)
class Match:
    """Rows for which a boolean expression over the table's own columns is true (not false, not NULL)."""

    expression: ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Among:
    """Rows whose `column` is exactly one of `values`: text is compared by code point, not by collation."""

    column: ColumnElement[Any]
    values: frozenset[Value]


@dataclass(frozen=True, slots=True)
class ListsAny:
    """Rows whose comma-separated text column lists one of `ids` as a whole item, spaces around it ignored."""

    column: ColumnElement[Any]
    ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Related:
    """Rows whose `column` equals `target` of some row that `policy` and `where` let through.

    The target's table may live in another source; access then turns the term into `Among` before it reaches
    an engine. An engine sees only those of its own source, and makes a sub-query of them. `ownership` marks a term
    that says whose rows are whose, rather than what somebody filters by: it has a larger budget of keys.
    """

    column: ColumnElement[Any]
    target: Column[Any]
    policy: Filter
    where: Filter
    ownership: bool = False


@dataclass(frozen=True, slots=True)
class AllOf:
    """Rows that every part lets through."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Rows that at least one part lets through."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Rows that `part` doesn't let through, those where it compares with NULL included."""

    part: Filter


Filter: TypeAlias = Everything | Nothing | Match | Among | ListsAny | Related | AllOf | AnyOf | Not

EVERYTHING = Everything()
NOTHING = Nothing()


def all_of(*parts: Filter) -> Filter:
    """Rows that every part lets through, simplified."""
    kept = tuple(part for part in parts if not isinstance(part, Everything))
    if any(isinstance(part, Nothing) for part in kept):
        return NOTHING
    if not kept:
        return EVERYTHING
    return kept[0] if len(kept) == 1 else AllOf(kept)


def any_of(*parts: Filter) -> Filter:
    """Rows that at least one part lets through, simplified; no part at all lets nothing through."""
    kept = tuple(part for part in parts if not isinstance(part, Nothing))
    if any(isinstance(part, Everything) for part in kept):
        return EVERYTHING
    if not kept:
        return NOTHING
    return kept[0] if len(kept) == 1 else AnyOf(kept)


# --- reads --------------------------------------------------------------------------------------------------


def leads_elsewhere(rows: Filter) -> bool:
    """Whether a filter goes by rows of another table, which may live in another source."""
    match rows:
        case Related():
            return True
        case AllOf(parts) | AnyOf(parts):
            return any(map(leads_elsewhere, parts))
        case Not(part):
            return leads_elsewhere(part)
    return False


class Direction(Enum):
    """Which way a column is sorted. NULL is smaller than every value, in every source."""

    ASC = "ASC"
    DESC = "DESC"


@dataclass(frozen=True, slots=True)
class Order:
    """One term of an order. Text is ordered by code point, whatever the column's collation."""

    expression: ColumnElement[Any]
    direction: Direction = Direction.ASC


@dataclass(frozen=True, slots=True)
class Keys:
    """A batch: only rows whose `column` is one of `values`, at most `limit` rows for each value.

    `is_plain` says that the values are as the column holds them, each once, and none of them None.
    """

    column: ColumnElement[Any]
    values: tuple[Value, ...]
    limit: int | None = None
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class Joined:
    """The row that another row of the same source names, to ride along with it: at most one, `target` is its key.

    `column` is of the read's own table, or of the one that the join `within` brought (by its place in `Read.joins`).
    `columns` are given over the plain `table`; all of them are None where no row is named or let through. A text
    column may name an integer key: `'5'` names 5, while `'05'`, `' 5'` and `'5x'` name nothing. Neither filter may
    hold a `Related`.
    """

    table: Table
    column: Column[Any]
    target: Column[Any]
    policy: Filter
    where: Filter
    columns: tuple[ColumnElement[Any], ...]
    within: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """Rows of one table, or of a join of tables of one source. `columns` come back in this order, then those of each
    of `joins`; `limit` bounds the whole answer.

    `origin` is what a read was made from that is asked again and again, the same object each time: see `repeats`.
    """

    table: FromClause
    columns: tuple[ColumnElement[Any], ...]
    policy: Filter
    where: Filter = EVERYTHING
    order: tuple[Order, ...] = ()
    keys: Keys | None = None
    limit: int | None = None
    distinct: bool = False
    joins: tuple[Joined, ...] = ()
    origin: Read | None = field(default=None, compare=False, repr=False)

    @property
    def repeats(self) -> Read | None:
        """The origin, where this is the same read but for the values of its keys; None where anything else differs.

        What was worked out for one read that repeats an origin is good for every other, so nothing is taken on trust:
        a read of which somebody has changed the policy since repeats nothing.
        """
        origin = self.origin
        if origin is None:
            return None
        is_same = (
            self.policy is origin.policy
            and self.where is origin.where
            and self.columns is origin.columns
            and self.order is origin.order
            and self.joins is origin.joins
            and self.table is origin.table
            and self.limit == origin.limit
            and self.distinct == origin.distinct
            and _same_batch(self.keys, origin.keys)
        )
        return origin if is_same else None

    def again(self, values: tuple[Value, ...] = (), *, is_plain: bool = False) -> Read:
        """This read, once more: of the rows with these keys, where it has any; `is_plain` is that of `Keys`."""
        keys = self.keys
        return Read(
            table=self.table,
            columns=self.columns,
            policy=self.policy,
            where=self.where,
            order=self.order,
            keys=None if keys is None else Keys(keys.column, values, keys.limit, is_plain),
            limit=self.limit,
            distinct=self.distinct,
            joins=self.joins,
            origin=self,
        )


def _same_batch(keys: Keys | None, other: Keys | None) -> bool:
    if keys is None or other is None:
        return keys is other
    return keys.column is other.column and keys.limit == other.limit


@dataclass(frozen=True, slots=True)
class Latest:
    """Of the rows that share `key`, only the one with the greatest `version`. For stores that keep every version."""

    key: ColumnElement[Any]
    version: ColumnElement[Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Aggregate:
    """Groups of one table's rows: `groups` first, then `measures`, in this order; no groups gives one row.

    With `keys`, the key column is the first column of the answer. With `latest`, older versions of a row don't count;
    the policy and the condition are about what all versions share.
    """

    table: Table
    measures: tuple[ColumnElement[Any], ...]
    policy: Filter
    where: Filter = EVERYTHING
    groups: tuple[ColumnElement[Any], ...] = ()
    keys: Keys | None = None
    latest: Latest | None = None
    limit: int | None = None


# --- writes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Insert:
    """One new row. The outcome is its generated primary key (0 where the key was given).

    With `unless_there`, a row that a unique key says is there already stays as it is, and is locked like a new one;
    the outcome says nothing then. Whoever adds the same row at the same time waits; of several that wait for one that
    is then rolled back, MySQL lets one go on and tells the others of a deadlock.
    """

    table: Table
    values: Mapping[str, Value]
    policy: Filter
    unless_there: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class InsertMany:
    """New rows of one shape, in one statement where the source can. `values` are in the order of `columns`, which are
    names; the outcome is the number of rows."""

    table: Table
    columns: tuple[str, ...]
    values: Sequence[Row]
    policy: Filter


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """New values for the rows that `policy` and `where` let through. The outcome is the number of rows matched."""

    table: Table
    values: Mapping[str, Value | ColumnElement[Any]]
    policy: Filter
    where: Filter


Write: TypeAlias = Insert | InsertMany | Update


# --- files --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredFile:
    """An object under a prefix. `name` is the key without the prefix; `size` is in bytes."""

    key: str
    name: str
    size: int
    content_type: str | None
    last_modified: Any


@dataclass(frozen=True, slots=True)
class FilePage:
    """Some files of one prefix in the order of their keys, and whether there are more after them."""

    files: Sequence[StoredFile] = field(default_factory=tuple)
    has_more: bool = False
