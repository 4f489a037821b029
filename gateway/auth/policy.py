"""The algebra of access rules: what a rule is, and how rules of a table and of a column are put together.

The rules themselves are in `policies.py`; `access.py` is the only one that applies them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Table

from datasources.model import EVERYTHING, NOTHING, Everything, Filter, Related
from gateway.auth.roles import Caller
from gateway.auth.scope import Scope

RowRule = Callable[[Scope], Filter]
Mask = Callable[[Scope], "ColumnElement[bool] | None"]


def always(_: Scope) -> Filter:
    """Every row."""
    return EVERYTHING


@dataclass(frozen=True, slots=True)
class RowPolicy:
    """Which rows of a table each kind of caller sees. A caller without a rule sees none."""

    table: Table
    rules: Mapping[Caller, RowRule]

    def filter(self, scope: Scope) -> Filter:
        """The rows that this caller sees: one and the same object for one scope, so that it can be recognised."""
        known = scope.filters.get(self.table)
        if known is None:
            rule = self.rules.get(scope.caller)
            known = scope.filters[self.table] = NOTHING if rule is None else rule(scope)
        return known


@dataclass(frozen=True, slots=True)
class ColumnPolicy:
    """Who may ever read a column, and on which rows. `mask` gives None where it is every row."""

    callers: frozenset[Caller]
    mask: Mask | None = None


@dataclass(frozen=True, slots=True)
class Unrestricted:
    """A deliberate bypass, to be found by its name. `reason` says why no rule of a caller applies."""

    reason: str


class Policy:
    """The two ways to a filter that don't go through a table's rules."""

    @staticmethod
    def unrestricted(*, reason: str) -> Unrestricted:
        """A read or write on the gateway's own behalf."""
        if not reason:
            raise ValueError("say why no rule applies")
        return Unrestricted(reason)


class Policies:
    """Every rule of the estate, by table and by column."""

    def __init__(
        self,
        rows: Iterable[RowPolicy],
        columns: Mapping[Column[Any], ColumnPolicy],
        secrets: Iterable[Column[Any]],
    ) -> None:
        self._rows = {policy.table: policy for policy in rows}
        self._columns = dict(columns)
        self.secrets = frozenset(secrets)

    def tables(self) -> frozenset[Table]:
        """The tables that have a rule."""
        return frozenset(self._rows)

    def table_callers(self, table: Table) -> frozenset[Caller]:
        """Who may ever see a row of the table."""
        policy = self._rows.get(table)
        return frozenset() if policy is None else frozenset(policy.rules)

    def column_callers(self, column: Column[Any]) -> frozenset[Caller]:
        """Who may ever read the column."""
        if column in self.secrets:
            return frozenset()
        policy = self._columns.get(column)
        callers = self.table_callers(column.table) if isinstance(column.table, Table) else frozenset()
        return callers if policy is None else callers & policy.callers

    def for_scope(self, scope: Scope) -> Rules:
        """The rules as they are for one caller."""
        return Rules(self, scope)

    def row_filter(self, table: Table, scope: Scope) -> Filter:
        """The rows of a table that a caller sees; none of a table that has no rule."""
        policy = self._rows.get(table)
        return NOTHING if policy is None else policy.filter(scope)

    def column_policy(self, column: Column[Any]) -> ColumnPolicy | None:
        """The rule of a column that has one of its own."""
        return self._columns.get(column)


class Rules:
    """Every rule, bound to the scope of one caller."""

    def __init__(self, policies: Policies, scope: Scope) -> None:
        self._policies = policies
        self.scope = scope

    def rows(self, table: Table) -> Filter:
        """The rows of a table that the caller sees."""
        return self._policies.row_filter(table, self.scope)

    def may_read(self, column: Column[Any]) -> bool:
        """Whether the caller may ever read the column."""
        return self.scope.caller in self._policies.column_callers(column)

    def mask(self, column: Column[Any]) -> ColumnElement[bool] | None:
        """The rows on which the caller may read the column, or None for every row."""
        policy = self._policies.column_policy(column)
        return None if policy is None or policy.mask is None else policy.mask(self.scope)

    def related(self, column: ColumnElement[Any], target: Column[Any], where: Filter = EVERYTHING) -> Filter:
        """Rows whose `column` names, by `target`, a row that the caller sees and that `where` lets through."""
        if not isinstance(target.table, Table):
            raise TypeError(f"{target} belongs to no table")
        return Related(column, target, self.rows(target.table), where)

    def sees_all(self, table: Table) -> bool:
        """Whether the caller sees every row of the table."""
        return isinstance(self.rows(table), Everything)
