"""What the reports hold: the mirror's facts about the leads that a viewer sees today, worked out lead by lead.

A saved view is a report of its owner's: the rows of its base, restricted by its filter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from tests.oracle.catalogue import Kind
from tests.oracle.data import Data, Row
from tests.oracle.evaluate import COMPARISONS, comparison, written
from tests.oracle.rules import REPORTS, Caller, named_id

STATUSES = ("New", "Qualified", "Demo", "Proposal", "Trial", "Won", "Lost")
COUNTS = ("leads", *map(str.lower, STATUSES), "other")
ReportRow = dict[str, Any]

COLUMNS: dict[str, dict[str, Kind]] = {
    "salesperson_report": {
        "salespersonId": Kind.INT,
        "salesperson": Kind.STRING,
        "territory": Kind.STRING,
        **dict.fromkeys(COUNTS, Kind.INT),
        "conversionRate": Kind.FLOAT,
    },
    "followup_activity_report": {
        "userId": Kind.INT,
        "user": Kind.STRING,
        "activityType": Kind.STRING,
        "activities": Kind.INT,
        "leads": Kind.INT,
        "lastActivityOn": Kind.DATETIME,
    },
}
# Of which columns a report has sums; a lead that several rows count isn't summed.
TOTALS = {"salesperson_report": COUNTS, "followup_activity_report": ("activities",)}


# The fields whose columns a report's rows are made of: whoever is denied one doesn't have the report.
MADE_OF = {
    "salesperson_report": {("Lead", "status")},
    "followup_activity_report": {("LeadLog", "activityType"), ("LeadLog", "loggedOn")},
}


@dataclass(frozen=True)
class SavedReport:
    """A report of somebody's own: which report it is of, and with which filter."""

    base: str
    filter: dict[str, Any]


# --- which reports there are ------------------------------------------------------------------------------


def report_names(viewer: Caller) -> set[str]:
    """The names of all reports that the caller has."""
    named = {name for name in REPORTS if viewer.sees_report(name) and not is_denied(viewer, name)}
    return named | set(saved_reports(viewer))


def saved_reports(viewer: Caller) -> dict[str, SavedReport]:
    """The saved views that are reports, by the names that they have as reports."""
    found = {row["id"]: saved_report(row["setting"]) for row in viewer.seen("SavedView")}
    return {
        f"saved:{row_id}": one
        for row_id, one in found.items()
        if one is not None and not is_denied(viewer, one.base)
    }


def is_denied(viewer: Caller, report: str) -> bool:
    """Whether the role is denied a column that the report's rows are made of."""
    return not MADE_OF[report].isdisjoint(viewer.denials)


def saved_report(setting: Any) -> SavedReport | None:
    """What a setting saves as a report; None where it is anything else."""
    saved = setting.get("saved_view") if isinstance(setting, dict) else None
    if not isinstance(saved, dict) or not isinstance(saved.get("name"), str):
        return None
    base, wanted = saved.get("base"), saved.get("filter")
    if wanted is None:
        wanted = {}
    if not isinstance(base, str) or base not in COLUMNS or not isinstance(wanted, dict):
        return None
    if row_filter(base, wanted) is None:
        return None
    return SavedReport(base, wanted)


def base_of(viewer: Caller, name: str) -> str | None:
    """The named report that a report's rows are of; None where the caller doesn't have it."""
    if name in REPORTS:
        return name if name in report_names(viewer) else None
    saved = saved_reports(viewer).get(name)
    return None if saved is None else saved.base


# --- rows -------------------------------------------------------------------------------------------------


def report_rows(
    viewer: Caller,
    name: str,
    wanted: dict[str, Any] | None = None,
    order: Sequence[dict[str, str]] | None = None,
) -> list[ReportRow] | None:
    """The rows of any report, filtered and sorted; None where the caller doesn't have it."""
    base = base_of(viewer, name)
    if base is None:
        return None
    rows = REPORT_ROWS[base](viewer)
    saved = saved_reports(viewer).get(name)
    for one in (saved.filter if saved is not None else {}, wanted or {}):
        keep = row_filter(base, one)
        assert keep is not None
        rows = [row for row in rows if keep(row)]
    for term in reversed(order or ()):
        rows = sorted(rows, key=_nulls_lowest(term["column"]), reverse=term.get("direction", "ASC") == "DESC")
    return rows


def report_totals(base: str, rows: list[ReportRow]) -> dict[str, int]:
    """The sums over rows."""
    return {column: sum(row[column] for row in rows) for column in TOTALS[base]}


def row_filter(base: str, wanted: Any) -> Callable[[ReportRow], bool] | None:
    """A report's filter as a function of a row; None where it doesn't fit the report's columns."""
    columns = COLUMNS[base]
    if not isinstance(wanted, dict) or not wanted.keys() <= columns.keys():
        return None
    tests: list[tuple[str, Callable[[Any], bool]]] = []
    for column, condition in wanted.items():
        operators = condition if isinstance(condition, dict) else {"eq": condition}
        for operator, operand in operators.items():
            if not fits(columns[column], operator, operand):
                return None
            tests.append((column, _cell_test(columns[column], operator, operand)))
    return lambda row: all(test(row[column]) for column, test in tests)


def fits(kind: Kind, operator: str, operand: Any) -> bool:
    """Whether a column of the kind can be compared so."""
    if operator == "isNull":
        return isinstance(operand, bool)
    if operator in ("contains", "startsWith"):
        return kind is Kind.STRING and isinstance(operand, str)
    if operator in ("in", "notIn"):
        return isinstance(operand, list) and all(_is_value(kind, item) for item in operand)
    return operator in COMPARISONS and _is_value(kind, operand)


def _is_value(kind: Kind, value: Any) -> bool:
    if isinstance(value, bool):
        return False
    if kind is Kind.INT:
        return isinstance(value, int)
    if kind is Kind.FLOAT:
        return isinstance(value, int | float)
    return isinstance(value, str) and (kind is Kind.STRING or _is_moment(value))


def _is_moment(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _cell_test(kind: Kind, operator: str, operand: Any) -> Callable[[Any], bool]:
    if kind is not Kind.DATETIME:
        return comparison(Kind.STRING, operator, operand)
    if isinstance(operand, list):
        operand = [datetime.fromisoformat(item) for item in operand]
    elif isinstance(operand, str):
        operand = datetime.fromisoformat(operand)
    test = comparison(Kind.STRING, operator, operand)
    return lambda value: test(None if value is None else datetime.fromisoformat(value))


def _nulls_lowest(column: str) -> Callable[[ReportRow], Any]:
    return lambda row: (row[column] is not None, row[column] if row[column] is not None else 0)


# --- the two reports --------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def salesperson_report(viewer: Caller) -> list[ReportRow]:
    """Leads by salesperson and status, as the mirror last saw each visible lead; of no known salesperson last."""
    leads: dict[int | None, list[Row]] = defaultdict(list)
    for lead in latest_leads(viewer.data).values():
        if lead["id"] in viewer.ids("Lead"):
            leads[_salesperson_of(viewer, lead)].append(lead)
    known = sorted(salesperson for salesperson in leads if salesperson is not None)
    order = [*known, *([None] if None in leads else [])]
    return [_salesperson_row(viewer, salesperson, leads[salesperson]) for salesperson in order]


@lru_cache(maxsize=64)
def followup_activity_report(viewer: Caller) -> list[ReportRow]:
    """The mirror's log of the visible leads, by user and activity, nobody's and none first."""
    logs: dict[tuple[int | None, str | None], list[Row]] = defaultdict(list)
    for log in viewer.data.rows("MirrorLog"):
        if log["lead_id"] in viewer.ids("Lead"):
            logs[log["logged_by"], log["activity_type"]].append(log)
    order = sorted(
        logs, key=lambda key: [(item is not None, item if item is not None else 0) for item in key]
    )
    return [_activity_row(viewer, *key, logs[key]) for key in order]


REPORT_ROWS: dict[str, Callable[[Caller], list[ReportRow]]] = {
    "salesperson_report": salesperson_report,
    "followup_activity_report": followup_activity_report,
}


@lru_cache(maxsize=4)
def latest_leads(data: Data) -> dict[int, Row]:
    """The last version of each lead in the mirror."""
    latest: dict[int, Row] = {}
    for row in data.rows("MirrorLead"):
        if row["id"] not in latest or row["version"] > latest[row["id"]]["version"]:
            latest[row["id"]] = row
    return latest


def _salesperson_of(viewer: Caller, lead: Row) -> int | None:
    warrior = _if_seen(viewer, "Warrior", named_id(lead["warrior_id"]))
    salesperson = _if_seen(viewer, "Salesperson", warrior["salesperson_id"]) if warrior is not None else None
    return None if salesperson is None else int(salesperson["id"])


def _salesperson_row(viewer: Caller, salesperson_id: int | None, leads: list[Row]) -> ReportRow:
    salesperson = _if_seen(viewer, "Salesperson", salesperson_id)
    user = _if_seen(viewer, "User", salesperson["user_id"]) if salesperson is not None else None
    counts = {status.lower(): sum(lead["status"] == status for lead in leads) for status in STATUSES}
    return {
        "salespersonId": salesperson_id,
        "salesperson": user["username"] if user is not None else None,
        "territory": salesperson["territory"] if salesperson is not None else None,
        "leads": len(leads),
        **counts,
        "other": len(leads) - sum(counts.values()),
        "conversionRate": round(counts["won"] / len(leads), 4),
    }


def _activity_row(viewer: Caller, user_id: int | None, activity: str | None, logs: list[Row]) -> ReportRow:
    user = _if_seen(viewer, "User", user_id)
    moments = [log["logged_on"] for log in logs if log["logged_on"] is not None]
    return {
        "userId": user_id,
        "user": user["username"] if user is not None else None,
        "activityType": activity,
        "activities": len(logs),
        "leads": len({log["lead_id"] for log in logs}),
        "lastActivityOn": written(Kind.DATETIME, max(moments)) if moments else None,
    }


def _if_seen(viewer: Caller, type_name: str, row_id: int | None) -> Row | None:
    """The row with this id, if it is the caller's to see: to them another's is as one that isn't there."""
    if viewer.lacks_type(type_name):
        return None
    row = viewer.data.one(type_name, row_id)
    return row if row is not None and viewer.sees(type_name, row) else None
