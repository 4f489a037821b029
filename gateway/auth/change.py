"""One change of one row, from its lock to its last check; `access.py` begins and ends the transaction around it.

What an operation does to the row is a pure function of the row as it is under the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from sqlalchemy import Column, Table

from datasources.base import Transaction
from datasources.model import EVERYTHING, Among, Everything, Filter, Insert, Read, Update, Value, all_of
from gateway.auth.idempotency import Once, claimed, fulfilled
from gateway.auth.policy import WritePolicy
from gateway.auth.principal import Principal
from gateway.errors import forbidden, not_found

Cells: TypeAlias = Mapping[Column[Any], Value]


@dataclass(frozen=True, slots=True)
class Added:
    """A row that a change adds to another table, as a history has it."""

    table: Table
    cells: Cells


@dataclass(frozen=True, slots=True)
class Effects:
    """What becomes of a row: its new cells, and the rows that are added."""

    cells: Cells
    added: tuple[Added, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """An operation on the row with the primary key `key`, of those that `where` lets through.

    `decide` is given the cells of `columns`, whoever may read them, and says what becomes of the row: None for
    nothing. It raises what the client is told where the row can't be changed so. `once` makes it happen once.
    """

    operation: str
    key: int
    where: Filter
    columns: tuple[Column[Any], ...]
    decide: Callable[[Cells], Effects | None]
    once: Once | None = None


@dataclass(frozen=True, slots=True)
class Permit:
    """What a change needs: the rule, a read of the row's key under the caller's rows, and which rows may be changed.

    The filters hold nothing that leads out of the source.
    """

    policy: WritePolicy
    row: Read
    grounds: Filter
    principal: Principal


async def carried_out(change: Change, permit: Permit, transaction: Transaction) -> tuple[int, ...]:
    """Carries a change out within a transaction, which whatever is raised must roll back; the ids of added rows."""
    # The row first: whoever sends one key twice at once then waits here, where nobody can fall to a deadlock.
    rows = await transaction.rows(replace(permit.row, columns=change.columns), lock=True)
    if not rows:
        raise not_found()
    if change.once is not None:
        earlier = await claimed(change.once, change.operation, permit.principal, transaction)
        if earlier is not None:
            return earlier
    added = await _changed(change, permit, dict(zip(change.columns, rows[0], strict=True)), transaction)
    if change.once is not None:
        await fulfilled(change.once, permit.principal, added, transaction)
    return added


async def _changed(change: Change, permit: Permit, cells: Cells, transaction: Transaction) -> tuple[int, ...]:
    if not await _may_change(permit, transaction):
        raise forbidden("You see this, but may not change it so.")
    effects = change.decide(cells)
    if effects is None:
        return ()
    _check_columns(permit.policy, effects)
    await transaction.write(_update(change, permit, effects))
    added = [await transaction.write(_insert(row)) for row in effects.added]
    if not await transaction.rows(permit.row):
        raise forbidden("After this it would no longer be yours to see.")
    return tuple(added)


async def _may_change(permit: Permit, transaction: Transaction) -> bool:
    if isinstance(permit.grounds, Everything):
        return True
    narrower = replace(permit.row, where=all_of(permit.row.where, permit.grounds))
    # With a lock, as otherwise it is judged as it was before whoever held it was waited for.
    return bool(await transaction.rows(narrower, lock=True))


def _update(change: Change, permit: Permit, effects: Effects) -> Update:
    # The row has just been read, and locked, under the caller's rows: to say these again would lock what they rest on.
    (key,) = permit.policy.table.primary_key.columns
    values = {column.name: value for column, value in effects.cells.items()}
    this = Among(key, frozenset({change.key}))
    return Update(table=permit.policy.table, values=values, policy=this, where=EVERYTHING)


def _insert(added: Added) -> Insert:
    values = {column.name: value for column, value in added.cells.items()}
    # That these columns may be written has been checked; whose row it is, is said by the row that it belongs to.
    return Insert(table=added.table, values=values, policy=EVERYTHING)


def _check_columns(policy: WritePolicy, effects: Effects) -> None:
    written = {*effects.cells, *(column for added in effects.added for column in added.cells)}
    tables = {policy.table: effects.cells, **{added.table: added.cells for added in effects.added}}
    beside = written - policy.columns
    beside |= {column for table, cells in tables.items() for column in cells if column.table is not table}
    if beside:
        raise PermissionError(f"the operation may not write {', '.join(sorted(map(str, beside)))}")
