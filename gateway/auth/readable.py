"""What a caller may read of columns, as expressions: NULL where they may not. Pure; `access.py` reads by them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, case, null

from datasources.model import Keys
from gateway.auth.policy import Rules


def readable(rules: Rules, column: Column[Any]) -> ColumnElement[Any]:
    """The column as the caller may read it: NULL on the rows where they may not.

    A column that the role is denied is NULL, too: only the answer to a login, whose schema is nobody's, still names it.
    """
    if rules.is_plain(column):
        return column
    if column in rules.denied:
        return null().label(column.name)
    if not rules.may_read(column):
        raise PermissionError(f"{column} is not for {rules.scope.caller.value}")
    mask = rules.mask(column)
    return column if mask is None else _masked(column, mask)


def shown(
    rules: Rules, columns: Iterable[ColumnElement[Any]], keys: Keys | None = None
) -> tuple[ColumnElement[Any], ...]:
    """What is read for columns; whatever else there is was made of readable ones."""
    return tuple(
        column
        if not isinstance(column, Column) or (keys is not None and rules.is_masked_nowhere(column, keys))
        else readable(rules, column)
        for column in columns
    )


@lru_cache(maxsize=1_024)
def _masked(column: Column[Any], mask: ColumnElement[bool]) -> ColumnElement[Any]:
    return case((mask, column), else_=None).label(column.name)
