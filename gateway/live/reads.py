"""What the answers of a plan are made of: two callers for whom the same rules hold of it get the same answers. Pure.

It errs on the side of reading for each caller apart.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Table

from gateway.auth.policy import Rules
from gateway.resolvers import watch
from gateway.resolvers.declarations import (
    ColumnField,
    ComputedField,
    ReferenceField,
    RowType,
    ThroughField,
    ToManyField,
    ToOneField,
)
from gateway.resolvers.ids import GlobalIdOf
from gateway.resolvers.plan import Level, Selected

# What these give depends on the event alone.
OF_THE_EVENT = frozenset({watch.seen, watch.cursor, watch.previous, watch.status, watch.changed_on})


@dataclass
class PlannedReads:
    """The tables whose rows answers show, and the columns. `personal`: something may depend on who asks besides."""

    tables: set[Table] = field(default_factory=set)
    columns: set[Column[Any]] = field(default_factory=set)
    personal: bool = False

    def under(self, rules: Rules) -> Hashable:
        """The rules of one caller as far as they decide answers: equal where two callers get the same."""
        tables = sorted(self.tables, key=str)
        masked = sorted((column for column in self.columns if not rules.is_plain(column)), key=str)
        return (
            tuple(rules.rows(table) for table in tables),
            tuple(rules.mask(column) for column in masked),
        )


def planned_reads(plan: Level) -> PlannedReads:
    """What the answers of a plan are made of."""
    reads = PlannedReads()
    waiting = [plan]
    while waiting:
        level = waiting.pop()
        if isinstance(level.type, RowType):
            reads.tables.add(level.type.table)
            reads.columns.update(column for column in level.columns if isinstance(column, Column))
        for selected in level.selected.values():
            _note(reads, selected)
        for step in level.steps.values():
            if step.by_type is not None:
                reads.personal = True
            waiting += step.levels
    return reads


def _note(reads: PlannedReads, selected: Selected) -> None:
    bound = selected.declared
    if bound is None:
        return
    if any(node.arguments for node in selected.nodes) and bound.name not in ROOT_FIELDS:
        # A nested list may be chosen or sorted by what the rules of other tables decide.
        reads.personal = reads.personal or _chooses(selected)
    match bound:
        case ThroughField(direction=direction, column=column):
            reads.tables.add(direction.table)
            reads.columns |= {column, direction.source, direction.target}
        case ToOneField(direction=direction) | ToManyField(direction=direction):
            reads.tables.add(direction.table)
        case ReferenceField(table=table):
            reads.tables.add(table)
        case ComputedField(resolve=resolve):
            if not isinstance(resolve, GlobalIdOf) and resolve not in OF_THE_EVENT:
                reads.personal = True
        case ColumnField():
            pass
        case _:
            reads.personal = True


ROOT_FIELDS = frozenset({"leadStatusChanged", "ticketStatusChanged"})
CHOOSING = frozenset({"where", "orderBy"})


def _chooses(selected: Selected) -> bool:
    return any(
        argument.name.value in CHOOSING for node in selected.nodes for argument in node.arguments or ()
    )


def masks_of(table: Table, rules: Rules) -> Hashable:
    """By which masks a condition on a table's own columns goes."""
    return tuple(
        rules.mask(column)
        for column in table.columns
        if rules.may_read(column) and not rules.is_plain(column)
    )
