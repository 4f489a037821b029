"""`reportViews` and `reportView`: which reports a caller has, and a page of a report's rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from datasources.model import StoredFile
from gateway.auth.roles import Caller
from gateway.context import Request
from gateway.errors import Code, GatewayError, bad_input
from gateway.resolvers.connection import Connection, Item, Page, page_arguments
from gateway.resolvers.cursor import fingerprint_of
from gateway.resolvers.files import file_connection
from gateway.resolvers.ids import encode_id
from gateway.resolvers.reports import REPORTS, Report, ReportAnswer, ReportRow, ReportView, answer_of

TYPE_NAME = "ReportView"
MOST_CONDITIONS = 50
LONGEST_TEXT = 1000


def report_views(_: object, request: Request) -> list[ReportView]:
    """The reports that the caller's role names, by name; ADMIN has all."""
    return [ReportView(report) for name, report in sorted(REPORTS.items()) if _has(request, name)]


def report_view(_: object, request: Request, name: str) -> ReportView | None:
    """One report by name; None where there is none, or where it isn't the caller's."""
    report = REPORTS.get(name)
    return ReportView(report) if report is not None and _has(request, name) else None


async def find_report_view(request: Request, key: str) -> ReportView | None:
    """The report that a global id names."""
    return report_view(None, request, key)


def _has(request: Request, name: str) -> bool:
    return request.principal.caller is Caller.ADMIN or name in request.principal.views


def report_id(view: ReportView, _: Request) -> str:
    """The global id of a report."""
    return encode_id(TYPE_NAME, view.report.name)


async def report_totals(view: ReportView, request: Request) -> ReportRow:
    """Sums over all rows."""
    return (await _answer(view, request)).totals


async def report_generated_at(view: ReportView, request: Request) -> datetime:
    """When the rows were computed."""
    return (await _answer(view, request)).generated_at


async def report_rows(
    view: ReportView,
    request: Request,
    filter: Mapping[str, Any] | None = None,
    orderBy: Sequence[Mapping[str, Any]] | None = None,  # noqa: N803
    **arguments: Any,
) -> Connection:
    """A page of the rows that a filter lets through."""
    page = page_arguments(arguments)
    matching = _filter_of(view.report, filter)
    order = _order_of(view.report, orderBy)
    fingerprint = fingerprint_of("report", view.report.name, filter, orderBy)
    cursors = request.services.cursors

    def cursor(row: ReportRow) -> str:
        return cursors.encode(fingerprint, (_row_key(view.report, row),))

    async def rows() -> list[ReportRow]:
        answer = await _answer(view, request)
        found = [row for row in answer.rows if matching(row)]
        for column, descending in reversed(order):
            found = _sorted(found, column, descending)
        return found

    async def page_of_rows() -> Page:
        found = await rows()
        start = 0
        if page.after is not None:
            key = cursors.decode(fingerprint, page.after, (str,))[0]
            places = [place for place, row in enumerate(found) if _row_key(view.report, row) == key]
            if not places:
                raise GatewayError(
                    Code.CURSOR_EXPIRED, "The report has changed since that cursor; start from its top."
                )
            start = places[0] + 1
        chosen = found[start : start + page.size]
        items = [Item(dict(row), partial(cursor, row)) for row in chosen]
        return Page(items, next=start + page.size < len(found), previous=start > 0)

    async def total() -> int:
        return len(await rows())

    return Connection(page_of_rows, total)


async def report_exports(view: ReportView, request: Request, **arguments: Any) -> Connection:
    """Files that the caller has made of the report; for ADMIN those that anybody has, `<user id>/<report>/…`."""
    name, user_id = view.report.name, request.principal.user_id
    if request.principal.caller is Caller.ADMIN:
        return await file_connection(request, "reports/", arguments, fit=lambda file: _is_export(file, name))
    prefix = None if user_id is None else f"reports/{user_id}/{name}/"
    return await file_connection(request, prefix, arguments)


def _is_export(file: StoredFile, report: str) -> bool:
    return file.name.split("/")[1:2] == [report]


async def _answer(view: ReportView, request: Request) -> ReportAnswer:
    if view.answer is None:
        view.answer = await answer_of(request, view.report)
    return view.answer


def _row_key(report: Report, row: ReportRow) -> str:
    """What tells a row of a report apart: its columns that aren't measures."""
    return repr(
        [row[column.name] for column in report.columns if column.type != "Float" and not column.summed][:3]
    )


def _sorted(rows: list[ReportRow], column: str, descending: bool) -> list[ReportRow]:
    return sorted(rows, key=lambda row: _sortable(row[column]), reverse=descending)


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, "" if value is None else value)


def _order_of(report: Report, given: Sequence[Mapping[str, Any]] | None) -> list[tuple[str, bool]]:
    return [(_column(report, item["column"], "orderBy"), item["direction"] == "DESC") for item in given or ()]


def _column(report: Report, name: Any, place: str) -> str:
    known = [column.name for column in report.columns]
    if name not in known:
        raise bad_input(
            f"`{place}` names a column that “{report.name}” doesn't have; it has {', '.join(known)}."
        )
    return str(name)


# --- the filter: {"column": {"operator": value}}, with the operators of `where` -----------------------------


def _filter_of(report: Report, given: Any) -> Callable[[ReportRow], bool]:
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
    if operator in {"in", "notIn"} and not isinstance(value, list):
        raise bad_input(f"`filter.{column}.{operator}` is a list.")
    for item in value if operator in {"in", "notIn"} else [value]:
        _check(column, str(operator), kind, item)
    compare = _TESTS[operator]
    return lambda row: row[column] is not None and compare(row[column], value)


def _check(column: str, operator: str, kind: str, value: Any) -> None:
    text = kind in {"String", "DateTime"}
    fits = (
        isinstance(value, str)
        if text
        else isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    )
    if not fits or (operator in {"contains", "startsWith"} and not text):
        raise bad_input(f"`filter.{column}.{operator}` doesn't fit a column of type {kind}.")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise bad_input(f"A text in `filter` has more than {LONGEST_TEXT} characters; shorten it.")
