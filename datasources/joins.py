"""Rows that other rows name, in one statement with them: a left join for each. Pure: `statements.py` calls it.

A join finds at most one row, by its primary key, so that it multiplies none; whoever may not see it finds nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, FromClause, and_
from sqlalchemy.sql.util import ClauseAdapter

from datasources.expressions import bare, by_code_point, is_text, named_id
from datasources.model import Filter, Joined, all_of, leads_elsewhere

Condition = Callable[[Filter, FromClause], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class JoinedRows:
    """What a read with joins is from, and the cells that the joins add, in their order."""

    rows: FromClause
    cells: tuple[ColumnElement[Any], ...]


def joined_rows(table: FromClause, joins: Sequence[Joined], condition: Condition) -> JoinedRows:
    """The table with its joins; `condition` says a filter over a table. Raises ValueError for what can't be joined."""
    aliases = [join.table.alias(f"joined_{place}") for place, join in enumerate(joins)]
    rows: FromClause = table
    for join, alias in zip(joins, aliases, strict=True):
        rows = rows.outerjoin(alias, _on(join, aliases, alias, condition))
    return JoinedRows(rows, tuple(_cells(joins, aliases)))


def _on(
    join: Joined, aliases: Sequence[FromClause], alias: FromClause, condition: Condition
) -> ColumnElement[bool]:
    _check(join)
    column = join.column if join.within is None else _same(join.column, aliases[join.within])
    allowed = condition(all_of(join.policy, join.where), join.table)
    return and_(_names(column, _same(join.target, alias)), ClauseAdapter(alias).traverse(allowed))


def _names(column: ColumnElement[Any], target: ColumnElement[Any]) -> ColumnElement[bool]:
    """The column names the target, which its index finds."""
    if is_text(column) == is_text(target):
        same = target == column
        return and_(same, by_code_point(target) == by_code_point(column)) if is_text(column) else same
    return target == named_id(column)


def _same(column: Column[Any], alias: FromClause) -> ColumnElement[Any]:
    found = alias.corresponding_column(column)
    if found is None:
        raise ValueError(f"{column} is no column of {alias}")
    return found


def _check(join: Joined) -> None:
    if list(join.table.primary_key) != [join.target]:
        raise ValueError(
            f"{join.target} is not the only primary key of {join.table}: it may name several rows"
        )
    if is_text(join.target) and not is_text(join.column):
        raise ValueError(f"{join.column} is a number and {join.target} a text: no index finds what it names")
    if leads_elsewhere(join.policy) or leads_elsewhere(join.where):
        raise ValueError(f"a join of {join.table} can't ask for rows that are related to its own")


def _cells(joins: Sequence[Joined], aliases: Sequence[FromClause]) -> Iterator[ColumnElement[Any]]:
    for join, alias in zip(joins, aliases, strict=True):
        adapt = ClauseAdapter(alias).traverse
        for column in join.columns:
            yield adapt(bare(column))
