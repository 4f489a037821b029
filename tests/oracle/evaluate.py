"""What a list, a page and a group mean: `where`, `orderBy`, cursors and `leadStats` over the rows a viewer sees.

Arguments are the API's own, as they stand in a request's variables. Every rule is applied to one row at a time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.catalogue import (
    GROUP_COLUMNS,
    RELATIONS,
    WITHOUT_ID,
    Kind,
    Relation,
    fields_of,
    primary_key,
    relation_of,
)
from tests.oracle.data import Row
from tests.oracle.rules import Caller, named_id

ESTATE_ZONE = ZoneInfo("Asia/Kolkata")
DEFAULT_PAGE = 50

Where = dict[str, Any]
Matcher = Callable[[Row], bool]
Order = Sequence[dict[str, str]]


@dataclass(frozen=True)
class Page:
    """What a connection shows of a list."""

    rows: list[Row]
    total: int
    has_previous: bool
    has_next: bool


@dataclass(frozen=True)
class Group:
    """One entry of `leadStats`."""

    key: dict[str, Any]
    count: int
    value_sum: int | None
    probability_average: float | None


# --- lists ------------------------------------------------------------------------------------------------


def listed(
    viewer: Caller,
    type_name: str,
    where: Where | None = None,
    order: Order | None = None,
    *,
    of: Iterable[Row] | None = None,
) -> list[Row]:
    """The whole list in its order; of `of` rather than of all rows, for a nested list."""
    matches = matcher(viewer, type_name, where)
    kept = [row for row in _shown(viewer, type_name, where, of) if matches(row)]
    return in_order(viewer, type_name, kept, order or ())


def _shown(viewer: Caller, type_name: str, where: Where | None, of: Iterable[Row] | None) -> Iterable[Row]:
    if type_name == "Lead" and asks_for_deleted(where):
        rows = viewer.data.rows(type_name) if of is None else of
        return (row for row in rows if viewer.visible(type_name, row, deleted=True))
    if of is None:
        return viewer.seen(type_name)
    return (row for row in of if viewer.sees(type_name, row))


def asks_for_deleted(where: Where | None) -> bool:
    """Whether a condition on leads names `isDeleted`, itself or in its `and`, `or` and `not`; one on a relation's
    rows asks for those rows alone."""
    if not where:
        return False
    parts = [*(where.get("and") or ()), *(where.get("or") or ()), where.get("not")]
    return where.get("isDeleted") is not None or any(map(asks_for_deleted, parts))


def related(
    viewer: Caller, type_name: str, row: Row, relation: Relation, *, deleted: bool = False
) -> list[Row]:
    """The rows that the relation names and the caller sees; at most one of a relation to one."""
    key = row[relation.column]
    if relation.text and relation.many:
        key = str(key)
    elif relation.text:
        key = named_id(key)
    rows = viewer.data.where(relation.target, relation.target_column, key)
    if deleted:
        found = [target for target in rows if viewer.visible(relation.target, target, deleted=True)]
    else:
        found = [target for target in rows if viewer.sees(relation.target, target)]
    if relation.many:
        return found
    return sorted(found, key=lambda target: int(target["id"]))[:1]


def in_order(viewer: Caller, type_name: str, rows: list[Row], order: Order) -> list[Row]:
    """Sorted by the terms, and then newest first."""
    # Python's sort is stable, so the last term goes first.
    if type_name not in WITHOUT_ID:
        rows = sorted(rows, key=lambda row: row[primary_key(type_name)], reverse=True)
    for term in reversed(order):
        value = sort_value(viewer, type_name, term["field"])
        rows = sorted(rows, key=_nulls_lowest(value), reverse=term.get("direction", "ASC") == "DESC")
    return rows


def sort_value(viewer: Caller, type_name: str, name: str) -> Callable[[Row], Any]:
    """What a row is sorted by: its own column, or one of a row that it names."""
    for field in fields_of(type_name):
        if field.order == name:
            column = field.column
            return lambda row: readable(viewer, type_name, row, column)
    relation, column = _related_column(type_name, name)

    def value(row: Row) -> Any:
        target = next(iter(related(viewer, type_name, row, relation)), None)
        return None if target is None else readable(viewer, relation.target, target, column)

    return value


def readable(viewer: Caller, type_name: str, row: Row, column: str) -> Any:
    """The column's value; None where the caller may not read it on this row."""
    return None if viewer.is_masked(type_name, row, column) else row[column]


def _nulls_lowest(value: Callable[[Row], Any]) -> Callable[[Row], Any]:
    def key(row: Row) -> tuple[bool, Any]:
        found = value(row)
        return (False, 0) if found is None else (True, found)

    return key


def _related_column(type_name: str, name: str) -> tuple[Relation, str]:
    for relation in RELATIONS[type_name]:
        for field in fields_of(relation.target):
            if not relation.many and f"{relation.order}_{field.order}" == name:
                return relation, field.column
    raise ValueError(f"{type_name} can't be sorted by {name}")


# --- conditions -------------------------------------------------------------------------------------------


def matches(viewer: Caller, type_name: str, row: Row, where: Where | None) -> bool:
    """Whether a row satisfies every part of a condition; an absent part is satisfied."""
    return matcher(viewer, type_name, where)(row)


def matcher(viewer: Caller, type_name: str, where: Where | None) -> Matcher:
    """The condition as a function of a row, so that what it compares with is read once."""
    parts = [
        _part(viewer, type_name, name, condition)
        for name, condition in (where or {}).items()
        if condition is not None
    ]
    return lambda row: all(part(row) for part in parts)


def _part(viewer: Caller, type_name: str, name: str, condition: Any) -> Matcher:
    if name in ("and", "or"):
        several = [matcher(viewer, type_name, part) for part in condition]
        both = all if name == "and" else any
        return lambda row: both(one(row) for one in several)
    if name == "not":
        opposite = matcher(viewer, type_name, condition)
        return lambda row: not opposite(row)
    relation = relation_of(type_name, name)
    if relation is not None:
        return _relation_part(viewer, type_name, relation, condition)
    return _field_part(viewer, type_name, name, condition)


def _relation_part(viewer: Caller, type_name: str, relation: Relation, condition: Any) -> Matcher:
    deleted = relation.target == "Lead" and asks_for_deleted(condition)
    one = matcher(viewer, relation.target, condition)
    return lambda row: any(map(one, related(viewer, type_name, row, relation, deleted=deleted)))


def _field_part(viewer: Caller, type_name: str, name: str, condition: Any) -> Matcher:
    field = next(field for field in fields_of(type_name) if field.name == name)
    tests = [comparison(field.kind, operator, operand) for operator, operand in condition.items()]

    def part(row: Row) -> bool:
        if viewer.is_masked(type_name, row, field.column):
            return not tests
        value = row[field.column]
        return all(test(value) for test in tests)

    return part


def comparison(kind: Kind, operator: str, operand: Any) -> Callable[[Any], bool]:
    """One operator of a filter, as a function of a value."""
    if operator == "isNull":
        return lambda value: bool((value is None) == operand)
    compares = COMPARISONS[operator]
    wanted = [parsed(kind, item) for item in operand] if isinstance(operand, list) else parsed(kind, operand)
    # Two truth values: what isn't known to hold doesn't hold, and that goes for `ne` and `notIn` too.
    return lambda value: value is not None and compares(value, wanted)


COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, wanted: bool(value == wanted),
    "ne": lambda value, wanted: bool(value != wanted),
    "in": lambda value, wanted: value in wanted,
    "notIn": lambda value, wanted: value not in wanted,
    "lt": lambda value, wanted: bool(value < wanted),
    "lte": lambda value, wanted: bool(value <= wanted),
    "gt": lambda value, wanted: bool(value > wanted),
    "gte": lambda value, wanted: bool(value >= wanted),
    "contains": lambda value, wanted: wanted.lower() in value.lower(),
    "startsWith": lambda value, wanted: bool(value.lower().startswith(wanted.lower())),
}


# --- values as the API writes them ------------------------------------------------------------------------


def parsed(kind: Kind, value: Any) -> Any:
    """A request's value as the data holds it."""
    if kind is Kind.DATETIME:
        return datetime.fromisoformat(value).astimezone(ESTATE_ZONE).replace(tzinfo=None)
    if kind is Kind.DATE:
        return date.fromisoformat(value)
    return Decimal(value) if kind is Kind.DECIMAL else value


def written(kind: Kind, value: Any) -> Any:
    """A value of the data as a request or an answer holds it."""
    if value is None:
        return None
    if kind is Kind.DATETIME:
        return value.replace(tzinfo=ESTATE_ZONE).isoformat()
    if kind is Kind.DATE:
        return value.isoformat()
    return str(value) if kind is Kind.DECIMAL else value


# --- pages ------------------------------------------------------------------------------------------------


def page(
    rows: list[Row],
    *,
    first: int | None = None,
    after: Row | None = None,
    last: int | None = None,
    before: Row | None = None,
) -> Page:
    """One page of a whole list; `after` and `before` are rows of it.

    In the direction of paging a flag tells of more rows up to the other cursor, as Relay's specification has it;
    against it, of rows beyond the cursor that was given.
    """
    low = 0 if after is None else _place(rows, after) + 1
    high = max(low, len(rows) if before is None else _place(rows, before))
    if last is not None:
        start = max(low, high - last)
        return Page(rows[start:high], len(rows), start > low, before is not None and high < len(rows))
    end = min(high, low + (DEFAULT_PAGE if first is None else first))
    return Page(rows[low:end], len(rows), after is not None and low > 0, end < high)


def _place(rows: list[Row], wanted: Row) -> int:
    return next(place for place, row in enumerate(rows) if row is wanted)


# --- groups -----------------------------------------------------------------------------------------------


def lead_stats(viewer: Caller, where: Where | None, group_by: Sequence[str]) -> list[Group]:
    """The groups in the order of their keys, nulls first; text apart by code point."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for lead in listed(viewer, "Lead", where):
        groups[tuple(_group_key(lead, name) for name in group_by)].append(lead)
    if not group_by and not groups:
        groups[()] = []
    keys = sorted(
        groups, key=lambda key: [(item is not None, item if item is not None else 0) for item in key]
    )
    return [_group(dict(zip(group_by, key, strict=True)), groups[key]) for key in keys]


def _group_key(lead: Row, name: str) -> Any:
    if name == "WARRIOR":
        return named_id(lead["warrior_id"])
    if name == "MONTH":
        return lead["created_on"].strftime("%Y-%m") if lead["created_on"] else None
    return lead[GROUP_COLUMNS[name]]


def _group(key: dict[str, Any], leads: list[Row]) -> Group:
    values = [lead["tentative_value"] for lead in leads if lead["tentative_value"] is not None]
    odds = [lead["probability"] for lead in leads if lead["probability"] is not None]
    return Group(key, len(leads), sum(values) if values else None, sum(odds) / len(odds) if odds else None)
