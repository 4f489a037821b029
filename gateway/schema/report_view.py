"""ReportView: a named report, its rows computed from ClickHouse under the caller's ownership."""

from __future__ import annotations

from typing import Any

from gateway.context import Request
from gateway.resolvers.declarations import PAGE, Argument, ObjectType, computed
from gateway.resolvers.report_view import (
    TYPE_NAME,
    report_exports,
    report_generated_at,
    report_id,
    report_rows,
    report_totals,
    report_view,
    report_views,
)
from gateway.resolvers.report_views import ReportView
from gateway.resolvers.reports import ReportColumn


def _name(view: ReportView, _: Request) -> str:
    return view.name


def _title(view: ReportView, _: Request) -> str:
    return view.title


def _description(view: ReportView, _: Request) -> str:
    return view.description


def _columns(view: ReportView, _: Request) -> list[ReportColumn]:
    return list(view.report.columns)


def _column(attribute: str) -> Any:
    def resolve(column: ReportColumn, _: Request) -> str:
        return str(getattr(column, attribute))

    return resolve


REPORT_COLUMN = ObjectType(
    name="ReportColumn",
    description="A column of a report.",
    fields=(
        computed(
            "name",
            "String!",
            "The column's name: its key in a row, and in `filter` and `orderBy`.",
            _column("name"),
        ),
        computed("title", "String!", "The column's heading.", _column("title")),
        computed(
            "type",
            "String!",
            "The scalar of the column's values: Int, Float, String or DateTime.",
            _column("type"),
        ),
    ),
)

REPORT_VIEW = ObjectType(
    name=TYPE_NAME,
    description=(
        "A named report. Its rows are computed from ClickHouse for the leads that the caller sees, and kept for half "
        "an hour for that set of leads."
    ),
    node=True,
    fields=(
        computed("id", "ID!", "The report's global id.", report_id),
        computed(
            "name",
            "String!",
            "The report's name, for `reportView`; `saved:` and a number for a saved view.",
            _name,
        ),
        computed("title", "String!", "The report's heading.", _title),
        computed("description", "String", "What the report tells.", _description),
        computed("columns", "[ReportColumn!]!", "The columns of its rows.", _columns),
        computed(
            "rows",
            "ReportRowConnection!",
            "The rows, each an object by column name.",
            report_rows,
            arguments=(
                *PAGE[:2],
                Argument("filter", "JSON", 'Only rows that match, such as {"leads": {"gte": 10}}.'),
                Argument(
                    "orderBy", "[ReportOrder!]", "How to sort; as the report comes where it isn't given."
                ),
            ),
        ),
        computed("totals", "JSON", "Sums over all rows, by column name.", report_totals),
        computed("generatedAt", "DateTime!", "When the rows were computed.", report_generated_at),
        computed(
            "exports",
            "FileConnection!",
            "The files that the caller has made of the report; for ADMIN those that anybody has made.",
            report_exports,
            arguments=PAGE[:2],
        ),
    ),
)

REPORT_FIELDS = (
    computed(
        "reportViews",
        "[ReportView!]!",
        "The reports that the caller's role has, then the views of reports that the caller has saved.",
        report_views,
    ),
    computed(
        "reportView",
        "ReportView",
        "One report by name; null where there is none of that name for the caller.",
        report_view,
        arguments=(Argument("name", "String!", "The report's name."),),
    ),
)
