"""Which related rows come along with the rows that name them: to-one relations within one source.

A statement less for each, where the caller's rule for the other table is plain enough to stand in a join.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Column, Table

from datasources.model import Value
from gateway.auth.crossing import source_of, table_of
from gateway.auth.selection import Along as Joined
from gateway.context import Request
from gateway.engine.objects import Objects, One
from gateway.resolvers.declarations import ToOneField
from gateway.resolvers.plan import Level


@dataclass(frozen=True, slots=True)
class Rider:
    """One relation that comes along: its response key in the level of `within`, an earlier rider, or of the read."""

    key: str
    level: Level
    read: Joined


@dataclass(frozen=True)
class Along:
    """All that comes along with a read."""

    riders: tuple[Rider, ...] = ()

    @cached_property
    def reads(self) -> tuple[Joined, ...]:
        """What access is asked for."""
        return tuple(rider.read for rider in self.riders)

    @cached_property
    def name(self) -> tuple[int, ...]:
        """Tells reads with different riders apart."""
        return tuple(id(rider.level) for rider in self.riders)

    def placed(self, objects: Objects) -> list[Objects]:
        """Puts what came along where it belongs, below what it came with; the sets of objects that it is."""
        start = len(objects.columns) - sum(len(rider.read.columns) for rider in self.riders)
        found: list[Objects] = []
        for rider in self.riders:
            cells = objects.columns[start : start + len(rider.read.columns)]
            start += len(rider.read.columns)
            within = rider.read.within
            parent = objects if within is None else found[within]
            child = _objects(rider, objects.count, cells)
            parent.children[rider.key] = One(child)
            found.append(child)
        return found


NOTHING = Along()


def may_come_along(levels: Sequence[Level], table: Table) -> bool:
    """Whether anything may come along with the rows of a table that are read for these levels."""
    return len(levels) == 1 and any(_relations(levels[0], table))


def along_of(request: Request, levels: Sequence[Level], table: Table) -> Along:
    """What comes along with these rows, by the caller's rules, which somebody has asked for already."""
    if not may_come_along(levels, table):
        return NOTHING
    return Along(tuple(_riders(request, levels[0], table)))


def _riders(request: Request, level: Level, table: Table) -> list[Rider]:
    found: list[Rider] = []
    waiting: list[tuple[int | None, Level]] = [(None, level)]
    while waiting:
        within, level = waiting.pop(0)
        for key, declared, inner in _relations(level, table):
            if not request.access.may_join(declared.direction.source, declared.direction.target):
                continue
            target = declared.direction.target
            # The key comes first: where it is NULL, there is no row.
            own = (column for column in inner.columns if isinstance(column, Column) and column in inner.own)
            columns = (target, *(column for column in own if column is not target))
            where = request.catalogue.row_type(declared.direction.table).shown
            read = Joined(table_of(target), declared.direction.source, target, columns, where, within)
            waiting.append((len(found), inner))
            found.append(Rider(key, inner, read))
    return found


def _relations(level: Level, table: Table) -> Iterator[tuple[str, ToOneField, Level]]:
    """The relations of a level that name one row of the same source by its only primary key."""
    for key, step in level.steps.items():
        declared = step.declared
        if not isinstance(declared, ToOneField) or len(step.levels) != 1:
            continue
        direction = declared.direction
        keys = tuple(direction.table.primary_key.columns)
        if len(keys) != 1 or keys[0] is not direction.target:
            continue
        if source_of(direction.target) == str(table.metadata.info["source"]):
            yield key, declared, step.levels[0]


def _objects(rider: Rider, count: int, cells: Sequence[Sequence[Value]]) -> Objects:
    """The objects of a rider: its level's columns, those empty that it has only for others."""
    level = rider.level
    if not count:
        return Objects(level, 0, [()] * len(level.columns), present=())
    of_column: dict[Any, Sequence[Value]] = dict(zip(rider.read.columns, cells, strict=True))
    columns = [of_column.get(column, ()) for column in level.columns]
    return Objects(level, count, columns, present=cells[0])
