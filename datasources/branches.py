"""Takes a filter apart into branches that an index serves each, and that have no row in common. Pure.

`statements.py` asks for sources that serve a disjunction by one index at most: such a source would scan the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

from sqlalchemy import Column, ColumnElement, Table

from datasources.expressions import is_text
from datasources.model import (
    NOTHING,
    AllOf,
    Among,
    AnyOf,
    Filter,
    ListsAny,
    Not,
    Nothing,
    Related,
    all_of,
    leads_elsewhere,
)

# Beyond this many, a statement of all branches costs more to plan than it saves.
MOST_BRANCHES = 8


def branches_of(rows: Filter) -> tuple[Filter, ...]:
    """Filters of which each row of `rows`, and no other, passes exactly one; one filter where nothing is gained."""
    return _branches(rows) or (NOTHING,)


def _branches(rows: Filter) -> tuple[Filter, ...]:
    if _is_empty(rows):
        return ()
    match rows:
        case AllOf(parts):
            return _bounded(rows, [all_of(*chosen) for chosen in product(*map(_branches, parts))])
        case AnyOf(parts):
            return _of_any(rows, _merged(parts))
        case Related(policy=policy) if _is_key(rows.target):
            # One row names one target: what the target's branches don't share, these don't.
            return _bounded(rows, [_lifted(replace(rows, policy=branch)) for branch in _branches(policy)])
    return (rows,)


def _is_empty(rows: Filter) -> bool:
    match rows:
        case Among(_, values):
            return not values
        case ListsAny(_, ids):
            return not ids
    return isinstance(rows, Nothing)


def _lifted(related: Related) -> Filter:
    """The same rows, with what the target must be among said of the column itself: it equals the target.

    Measured on 300,000 tickets of 1,000,000 leads, 20,000 of them shared with the caller: MariaDB 10.11 looked at every
    ticket for 1.4 s and takes 55 ms so; MySQL 9.7 took 190 ms and takes 60.
    """
    terms = _terms(related.policy)
    about_target = [term for term in terms if isinstance(term, Related) and term.column is related.target]
    if not about_target or is_text(related.column) != is_text(related.target):
        return related
    rest = all_of(*(term for term in terms if not any(term is lifted for lifted in about_target)))
    return all_of(
        *(replace(term, column=related.column) for term in about_target), replace(related, policy=rest)
    )


def _terms(rows: Filter) -> tuple[Filter, ...]:
    return tuple(term for part in rows.parts for term in _terms(part)) if isinstance(rows, AllOf) else (rows,)


def _of_any(rows: Filter, parts: Sequence[Filter]) -> tuple[Filter, ...]:
    if _share_an_index(parts) or sum(map(leads_elsewhere, parts)) > 1 or not all(map(_has_index, parts)):
        return (rows,)
    found: list[Filter] = []
    excluded: list[Filter] = []
    # What has a sub-query comes last, so that it is never negated.
    for part in sorted(parts, key=leads_elsewhere):
        found += [all_of(branch, *excluded) for branch in _branches(part)]
        excluded.append(Not(part))
    return _bounded(rows, found)


def _bounded(rows: Filter, found: Sequence[Filter]) -> tuple[Filter, ...]:
    return tuple(found) if len(found) <= MOST_BRANCHES else (rows,)


def _merged(parts: Iterable[Filter]) -> list[Filter]:
    """The parts with one list of values for each column, which one index serves, and without those that are empty."""
    lists: dict[ColumnElement[object], Among] = {}
    others: list[Filter] = []
    for part in parts:
        if isinstance(part, Among):
            before = lists.get(part.column)
            lists[part.column] = part if before is None else replace(part, values=before.values | part.values)
        else:
            others.append(part)
    return [part for part in [*lists.values(), *others] if _branches(part)]


def _share_an_index(parts: Sequence[Filter]) -> bool:
    """Whether every part names values of one and the same indexed column: several ranges of one index."""
    columns = [
        {term.column for term in _terms(part) if isinstance(term, Among) and _leads_an_index(term.column)}
        for part in parts
    ]
    return len(parts) > 1 and bool(set.intersection(*columns))


def _has_index(rows: Filter) -> bool:
    """Whether an index of the rows' own table finds them."""
    match rows:
        case Among(column):
            return _leads_an_index(column)
        case Related(column, target):
            return _leads_an_index(column) and is_text(column) == is_text(target)
        case AllOf(parts):
            return any(map(_has_index, parts))
        case AnyOf(parts):
            return all(map(_has_index, parts))
    return False


def _leads_an_index(column: ColumnElement[object]) -> bool:
    if not isinstance(column, Column) or not isinstance(column.table, Table):
        return False
    firsts = [next(iter(index.columns), None) for index in column.table.indexes]
    return any(first is column for first in [next(iter(column.table.primary_key), None), *firsts])


def _is_key(column: ColumnElement[object]) -> bool:
    if not isinstance(column, Column) or not isinstance(column.table, Table):
        return False
    return list(column.table.primary_key) == [column]
