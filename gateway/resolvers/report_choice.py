"""Which rows of a report a caller chooses, and in which order: `filter` and `orderBy`. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from gateway.errors import bad_input
from gateway.resolvers.reports import Report, ReportRow

MOST_CONDITIONS = 50
LONGEST_TEXT = 1000

Test: TypeAlias = Callable[[ReportRow], bool]


def order_of(report: Report, given: Sequence[Mapping[str, Any]] | None) -> list[tuple[str, bool]]:
    """Columns to sort by, each with whether it is descending. Raises BAD_USER_INPUT."""
    return [(_column(report, item["column"], "orderBy"), item["direction"] == "DESC") for item in given or ()]


def _column(report: Report, name: Any, place: str) -> str:
    known = [column.name for column in report.columns]
    if name not in known:
        raise bad_input(
            f"`{place}` names a column that “{report.name}” doesn't have; it has {', '.join(known)}."
        )
    return str(name)


# --- the filter: {"column": {"operator": value}}, with the operators of `where` -----------------------------


def filter_of(report: Report, given: Any) -> Test:
    """What lets a row through. Raises BAD_USER_INPUT for a filter that doesn't fit the report."""
    if given is None:
        return lambda _: True
    if not isinstance(given, Mapping):
        raise bad_input('`filter` is an object such as {"leads": {"gte": 10}}.')
    tests: list[Callable[[ReportRow], bool]] = []
    for name, operators in given.items():
        column = _column(report, name, "filter")
        if not isinstance(operators, Mapping):
            raise bad_input(f'`filter.{column}` is an object such as {{"eq": …}}.')
        tests += [_test(report, column, operator, value) for operator, value in operators.items()]
    if len(tests) > MOST_CONDITIONS:
        raise bad_input(f"`filter` has more than {MOST_CONDITIONS} conditions.")
    return lambda row: all(test(row) for test in tests)


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda cell, value: cell == value,
    "ne": lambda cell, value: cell != value,
    "lt": lambda cell, value: cell < value,
    "lte": lambda cell, value: cell <= value,
    "gt": lambda cell, value: cell > value,
    "gte": lambda cell, value: cell >= value,
    "in": lambda cell, value: cell in value,
    "notIn": lambda cell, value: cell not in value,
    "contains": lambda cell, value: value.lower() in cell.lower(),
    "startsWith": lambda cell, value: cell.lower().startswith(value.lower()),
}


def _test(report: Report, column: str, operator: Any, value: Any) -> Callable[[ReportRow], bool]:
    if operator == "isNull":
        if not isinstance(value, bool):
            raise bad_input(f"`filter.{column}.isNull` is true or false.")
        return lambda row: (row[column] is None) is value
    if operator not in _TESTS:
        raise bad_input(f"`filter.{column}` has an unknown operator; use {', '.join((*_TESTS, 'isNull'))}.")
    kind = next(item.type for item in report.columns if item.name == column)
    place = f"filter.{column}.{operator}"
    if operator in {"in", "notIn"}:
        if not isinstance(value, list):
            raise bad_input(f"`{place}` is a list.")
        wanted: Any = [_operand(place, kind, item) for item in value]
    else:
        wanted = _operand(place, kind, value)
    if operator in {"contains", "startsWith"} and kind != "String":
        raise bad_input(f"`{place}` doesn't fit a column of type {kind}.")
    compare, cell = _TESTS[operator], _CELLS.get(kind, _as_it_is)
    return lambda row: row[column] is not None and compare(cell(row[column]), wanted)


def _operand(place: str, kind: str, value: Any) -> Any:
    """A value of a filter as a cell of this kind is compared with it. Raises BAD_USER_INPUT."""
    if isinstance(value, bool) or not isinstance(value, _PYTHON_TYPES[kind]):
        raise bad_input(f"`{place}` doesn't fit a column of type {kind}.")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise bad_input(f"A text in `filter` has more than {LONGEST_TEXT} characters; shorten it.")
    return _moment(place, value) if kind == "DateTime" else value


def _moment(place: str, text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        raise bad_input(
            f"`{place}` is a moment in ISO 8601 with an offset, such as 2026-11-20T09:30:00+05:30."
        )
    return moment


def _as_it_is(cell: Any) -> Any:
    return cell


_PYTHON_TYPES: Mapping[str, Any] = {
    "Int": int,
    "Float": int | float | Decimal,
    "String": str,
    "DateTime": str,
}
_CELLS: Mapping[str, Callable[[Any], Any]] = {"DateTime": datetime.fromisoformat}
