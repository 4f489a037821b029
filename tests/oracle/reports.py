"""What the reports hold: the mirror's facts about the leads that a viewer sees today, worked out lead by lead."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from tests.oracle.catalogue import Kind
from tests.oracle.data import Data, Row
from tests.oracle.evaluate import written
from tests.oracle.rules import Viewer, named_id

STATUSES = ("New", "Qualified", "Demo", "Proposal", "Trial", "Won", "Lost")
ReportRow = dict[str, Any]


def salesperson_report(viewer: Viewer) -> list[ReportRow]:
    """Leads by salesperson and status, as the mirror last saw each visible lead; of no known salesperson last."""
    leads: dict[int | None, list[Row]] = defaultdict(list)
    for lead in latest_leads(viewer.data).values():
        if lead["id"] in viewer.ids("Lead"):
            leads[_salesperson_of(viewer.data, lead)].append(lead)
    known = sorted(salesperson for salesperson in leads if salesperson is not None)
    order = [*known, *([None] if None in leads else [])]
    return [_salesperson_row(viewer.data, salesperson, leads[salesperson]) for salesperson in order]


def followup_activity_report(viewer: Viewer) -> list[ReportRow]:
    """The mirror's log of the visible leads, by user and activity, nobody's and none first."""
    logs: dict[tuple[int | None, str | None], list[Row]] = defaultdict(list)
    for log in viewer.data.rows("MirrorLog"):
        if log["lead_id"] in viewer.ids("Lead"):
            logs[log["logged_by"], log["activity_type"]].append(log)
    order = sorted(
        logs, key=lambda key: [(item is not None, item if item is not None else 0) for item in key]
    )
    return [_activity_row(viewer.data, *key, logs[key]) for key in order]


def latest_leads(data: Data) -> dict[int, Row]:
    """The last version of each lead in the mirror."""
    latest: dict[int, Row] = {}
    for row in data.rows("MirrorLead"):
        if row["id"] not in latest or row["version"] > latest[row["id"]]["version"]:
            latest[row["id"]] = row
    return latest


def _salesperson_of(data: Data, lead: Row) -> int | None:
    warrior = data.one("Warrior", named_id(lead["warrior_id"]))
    salesperson = data.one("Salesperson", warrior["salesperson_id"]) if warrior is not None else None
    return None if salesperson is None else int(salesperson["id"])


def _salesperson_row(data: Data, salesperson_id: int | None, leads: list[Row]) -> ReportRow:
    salesperson = data.one("Salesperson", salesperson_id)
    user = data.one("User", salesperson["user_id"]) if salesperson is not None else None
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


def _activity_row(data: Data, user_id: int | None, activity: str | None, logs: list[Row]) -> ReportRow:
    user = data.one("User", user_id)
    moments = [log["logged_on"] for log in logs if log["logged_on"] is not None]
    return {
        "userId": user_id,
        "user": user["username"] if user is not None else None,
        "activityType": activity,
        "activities": len(logs),
        "leads": len({log["lead_id"] for log in logs}),
        "lastActivityOn": written(Kind.DATETIME, max(moments)) if moments else None,
    }
