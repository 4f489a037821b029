"""What the compiled engine has read, before it is written: objects by the place in the plan, column by column.

`fetching.py` fills these in, `writing.py` writes them, and `completing.py` does where something is not as it should be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, overload

from datasources.model import Row, Value
from gateway.resolvers.plan import Level


@dataclass(frozen=True, slots=True)
class Failure:
    """Stands where a value would be, had reading it not failed."""

    error: Exception


# The place of an object among those of its level, None where there is none, or why that isn't known.
Link: TypeAlias = int | Failure | None


@dataclass(eq=False)
class Objects:
    """The objects of one level, `count` of them.

    Of a row type, `columns` are the cells column by column, in the order of the level's columns. Of another type,
    `values` are what functions gave. `present` is a column that is None where there is no object at this place: rows
    that came along with those of another table. `children` are what was read on from the objects, by response key.
    """

    level: Level
    count: int
    columns: Sequence[Sequence[Value]] = ()
    values: Sequence[Any] = ()
    present: Sequence[Value] | None = None
    children: dict[str, Child] = field(default_factory=dict)


def of_rows(level: Level, rows: Sequence[Row]) -> Objects:
    """The objects that rows are: their first cells are those of the level's columns."""
    columns = list(zip(*rows, strict=False)) if rows else [()] * len(level.columns)
    return Objects(level, len(rows), columns)


@dataclass(frozen=True, slots=True)
class Leaves:
    """A value, or a failure, for each object."""

    values: Sequence[Any]


@dataclass(frozen=True, slots=True)
class One:
    """An object, or none, for each object; without links, that at the same place."""

    objects: Objects
    links: Sequence[Link] | None = None


@dataclass(frozen=True, slots=True)
class Several:
    """A list of objects for each object; None where there is no list."""

    objects: Objects
    links: Sequence[Sequence[Link] | Failure | None]


@dataclass(frozen=True, slots=True)
class Found:
    """An object of whatever type, or a list of such, for each object."""

    links: Sequence[Any]


@dataclass(frozen=True, slots=True)
class Node:
    """One object of whatever type."""

    objects: Objects
    place: int


@dataclass(slots=True)
class Page:
    """A page of a connection: its items are those from `start` to `end` of the step's objects.

    `failure` is why the page couldn't be read, `total` may be one for itself. `cursors` has those of the items, as far
    as they were asked for, or why there is none: of all, or of the first and the last.
    """

    start: int = 0
    end: int = 0
    next: bool = False
    previous: bool = False
    total: int | Failure | None = None
    failure: Failure | None = None
    cursors: Sequence[str | Failure] = ()


class FirstPages(Sequence[Page]):
    """Pages of which nothing is known but their items, and whether they go on: each made where somebody asks for it.

    `ends` says where the items of each end: where those of the next begin.
    """

    __slots__ = ("_next", "ends")

    def __init__(self, ends: Sequence[int], goes_on: Sequence[bool]) -> None:
        self.ends = ends
        self._next = goes_on

    @overload
    def __getitem__(self, place: int) -> Page: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Page]: ...
    def __getitem__(self, place: int | slice) -> Page | Sequence[Page]:
        """The page of one object."""
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self)))]
        start = self.ends[place - 1] if place else 0
        return Page(start, self.ends[place], self._next[place])

    def __len__(self) -> int:
        """How many there are."""
        return len(self.ends)


@dataclass(frozen=True, slots=True)
class Pages:
    """A page for each object, or why there is none. `objects` are the items: one set for each level of the step.

    `items` are those that have no level, as they are values of a scalar.
    """

    objects: Sequence[Objects]
    pages: Sequence[Page | Failure | None]
    items: Sequence[Any] = ()


Child: TypeAlias = Leaves | One | Several | Found | Pages
