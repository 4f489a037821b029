"""`reportViews`, `reportView`, and a page of a report's rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from datasources.model import StoredFile
from gateway.auth.roles import Caller
from gateway.context import Request
from gateway.errors import Code, GatewayError
from gateway.resolvers.connection import Connection, Item, Page, page_arguments
from gateway.resolvers.cursor import fingerprint_of
from gateway.resolvers.files import file_connection
from gateway.resolvers.ids import encode_id
from gateway.resolvers.report_choice import filter_of, order_of
from gateway.resolvers.report_views import ReportView, view_named, views_of
from gateway.resolvers.reports import Report, ReportRow, totals_of

TYPE_NAME = "ReportView"


async def report_views(_: object, request: Request) -> list[ReportView]:
    """Every report of the caller."""
    return await views_of(request)


async def report_view(_: object, request: Request, name: str) -> ReportView | None:
    """One report by name; None where there is none, or where it isn't the caller's."""
    return await view_named(request, name)


async def find_report_view(request: Request, key: str) -> ReportView | None:
    """The report that a global id names."""
    return await view_named(request, key)


def report_id(view: ReportView, _: Request) -> str:
    """The global id of a report."""
    return encode_id(TYPE_NAME, view.name)


async def report_totals(view: ReportView, request: Request) -> ReportRow:
    """Sums over all rows."""
    return totals_of(view.report, (await view.answered(request)).rows)


async def report_generated_at(view: ReportView, request: Request) -> datetime:
    """When the rows were computed."""
    return (await view.answered(request)).generated_at


async def report_rows(
    view: ReportView,
    request: Request,
    filter: Mapping[str, Any] | None = None,
    orderBy: Sequence[Mapping[str, Any]] | None = None,  # noqa: N803
    **arguments: Any,
) -> Connection:
    """A page of the rows that a filter lets through."""
    page = page_arguments(arguments)
    matching = filter_of(view.report, filter)
    order = order_of(view.report, orderBy)
    fingerprint = fingerprint_of("report", view.name, filter, orderBy)
    cursors = request.services.cursors
    after = None if page.after is None else cursors.decode(fingerprint, page.after, (str,))[0]

    def cursor(row: ReportRow) -> str:
        return cursors.encode(fingerprint, (_row_key(view.report, row),))

    async def rows() -> list[ReportRow]:
        answer = await view.answered(request)
        found = [row for row in answer.rows if matching(row)]
        for column, descending in reversed(order):
            found = _sorted(found, column, descending)
        return found

    async def page_of_rows() -> Page:
        found = await rows()
        start = 0
        if after is not None:
            places = [place for place, row in enumerate(found) if _row_key(view.report, row) == after]
            if not places:
                raise GatewayError(
                    Code.CURSOR_EXPIRED, "The report has changed since that cursor; start from its top."
                )
            start = places[0] + 1
        chosen = found[start : start + page.size]
        request.access.reads.others("ReportRow", len(chosen))
        items = [Item(dict(row), partial(cursor, row)) for row in chosen]
        return Page(items, next=start + page.size < len(found), previous=start > 0)

    async def total() -> int:
        return len(await rows())

    return Connection(page_of_rows, total)


async def report_exports(view: ReportView, request: Request, **arguments: Any) -> Connection:
    """Files that the caller has made of the report; for ADMIN those that anybody has, `<user id>/<report>/…`."""
    name, user_id = view.name, request.principal.user_id
    if request.principal.caller is Caller.ADMIN:
        return await file_connection(request, "reports/", arguments, fit=lambda file: _is_export(file, name))
    prefix = None if user_id is None else f"reports/{user_id}/{name}/"
    return await file_connection(request, prefix, arguments)


def _is_export(file: StoredFile, report: str) -> bool:
    return file.name.split("/")[1:2] == [report]


def _row_key(report: Report, row: ReportRow) -> str:
    """What tells a row of a report apart: its columns that aren't measures."""
    return repr(
        [row[column.name] for column in report.columns if column.type != "Float" and not column.summed][:3]
    )


def _sorted(rows: list[ReportRow], column: str, descending: bool) -> list[ReportRow]:
    return sorted(rows, key=lambda row: _sortable(row[column]), reverse=descending)


def _sortable(value: Any) -> tuple[bool, Any]:
    return (value is not None, "" if value is None else value)
