"""What somebody will ask of a table, made once and asked for often, and that as one caller may read it.

Resolvers and the engine make a `Selection`; `access.py` makes a `Reading` of it, and nobody else does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Any

from sqlalchemy import Column, ColumnElement, Table

from datasources.model import EVERYTHING, Filter, Joined, Keys, Order, Read, Value, leads_elsewhere
from gateway.auth.crossing import stays_within
from gateway.auth.policy import Rules
from gateway.auth.readable import readable, shown


class Use(Enum):
    """What rows are read for, and so which of them count as read."""

    ANSWER = auto()
    """All of them are of the answer."""
    PAGE = auto()
    """All but the last of a read that is full, which only tells that the list goes on."""
    WORKING = auto()
    """None: they decide the answer's order or shape, and their cells don't reach it."""


@dataclass(frozen=True, slots=True)
class Along:
    """Rows of another table of the same source that come along with those that name them by `target`, its key.

    `column` is of the read's own table, or of the one that came along at the place `within`. The caller's rule for the
    table holds for them as for any other read of it. `columns` begin with `target`.
    """

    table: Table
    column: Column[Any]
    target: Column[Any]
    columns: tuple[Column[Any], ...]
    where: Filter
    within: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Rows of a table, of which a caller will be given those that are theirs.

    What isn't a column is an expression that was made of readable ones. With a `key`, rows are asked for by values of
    that column, at most `per_key` of each. `use` says which rows the audit counts. The cells of what comes `along`
    follow those of the columns: all None where no visible row is named. `lasting` says that the same object will be
    asked for again, by other requests.
    """

    table: Table
    columns: tuple[ColumnElement[Any], ...]
    where: Filter = EVERYTHING
    order: tuple[Order, ...] = ()
    key: ColumnElement[Any] | None = None
    per_key: int | None = None
    limit: int | None = None
    distinct: bool = False
    use: Use = Use.ANSWER
    along: tuple[Along, ...] = ()
    lasting: bool = False


class Reading:
    """A selection as one caller may read it: `read` has their rules in it.

    `crosses` says that a term of it leads to another table, which may live elsewhere. `own` are the places of the
    primary key among the columns, where all of it is read, and `key` is that of the key which is asked by; `is_unique`
    says that no two rows hold the same. `along` has the tables that come along, each with the place of its key.
    """

    __slots__ = ("along", "crosses", "is_unique", "key", "own", "read", "selection")

    def __init__(self, selection: Selection, rules: Rules, keys: Keys | None = None) -> None:
        places = {column: place for place, column in enumerate(selection.columns)}
        own = [places.get(column) for column in selection.table.primary_key.columns]
        self.selection = selection
        self.own = None if None in own else tuple(place for place in own if place is not None)
        self.key = None if selection.key is None else places.get(selection.key)
        self.is_unique = self.key is not None and self.own == (self.key,)
        self.along = tuple(_along(selection))
        self.read = Read(
            table=selection.table,
            columns=shown(rules, selection.columns, keys),
            policy=rules.rows(selection.table),
            where=selection.where,
            order=selection.order,
            keys=None if selection.key is None else Keys(selection.key, (), selection.per_key),
            limit=selection.limit,
            distinct=selection.distinct,
            joins=tuple(_joined(rules, along) for along in selection.along),
        )
        self.crosses = _crosses(self.read)

    def asked(self, values: tuple[Value, ...], *, is_plain: bool) -> Read:
        """The read, this time; `is_plain` says that the values are as their column holds them, each once."""
        if self.selection.lasting:
            return self.read.again(values, is_plain=is_plain)
        if self.read.keys is None:
            return self.read
        return replace(self.read, keys=replace(self.read.keys, values=values, is_plain=is_plain))


def reading_of(selection: Selection, rules: Rules) -> Reading:
    """A selection by a caller's rules. The readings of what lasts are kept with the rules."""
    if not selection.lasting:
        return Reading(selection, rules)
    reading: Reading | None = rules.kept.get(id(selection))
    if reading is None:
        reading = Reading(selection, rules)
        # It keeps the selection, so that no other can have its identity.
        rules.keep(id(selection), reading)
    return reading


def reading_of_oneself(selection: Selection, rules: Rules, values: tuple[Value, ...]) -> Reading:
    """A selection by what is known of a caller by themselves: of their own rows, masks are known to hide nothing.

    Raises NeedsOrganisation.
    """
    place = id(selection), values
    reading: Reading | None = rules.kept.get(place) if selection.lasting else None
    if reading is None:
        keys = None if selection.key is None else Keys(selection.key, values)
        reading = Reading(selection, rules, keys)
        if selection.lasting and len(values) <= 1:
            rules.keep(place, reading)
    return reading


def _crosses(read: Read) -> bool:
    """Whether what a read goes by has to be looked at first, each time.

    A term of another source's rows is answered there; one of another table may be proven by rows that were read before,
    which makes a batch by key cheaper.
    """
    terms = (read.policy, read.where)
    if read.keys is not None:
        return any(map(leads_elsewhere, terms))
    assert isinstance(read.table, Table)
    source = str(read.table.metadata.info["source"])
    return not all(stays_within(term, source) for term in terms)


def _along(selection: Selection) -> list[tuple[Table, int]]:
    place = len(selection.columns)
    found = []
    for along in selection.along:
        found.append((along.table, place))
        place += len(along.columns)
    return found


def _joined(rules: Rules, along: Along) -> Joined:
    return Joined(
        table=along.table,
        column=along.column,
        target=along.target,
        policy=rules.rows(along.table),
        where=along.where,
        columns=tuple(readable(rules, column) for column in along.columns),
        within=along.within,
    )
