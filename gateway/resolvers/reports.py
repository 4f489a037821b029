"""Reports: named definitions, and their rows, which ClickHouse computes from what the caller may see.

Two callers get different rows and totals from one report. Its whole answer is kept per set of visible leads; a page of
it, a filter and an order are taken from what is kept, so that they cost no statement.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, func

from datasources.analytics.tables import mirror_lead_logs, mirror_leads
from datasources.iperform.tables import lead_logs, leads, salesperson, user, warrior
from datasources.model import Among, Latest, Value
from gateway.auth.crossing import source_of, table_of
from gateway.auth.policies import LIVE_LEADS
from gateway.auth.roles import EMPLOYEES
from gateway.auth.scope import canonical_id
from gateway.auth.trace import Purpose, note_kept
from gateway.context import Request

STATUSES = ("New", "Qualified", "Demo", "Proposal", "Trial", "Won", "Lost")

ReportRow = Mapping[str, Any]


@dataclass(frozen=True)
class ReportColumn:
    """A column of a report: `type` is the GraphQL scalar of its values; `summed` says that totals hold it."""

    name: str
    title: str
    type: str
    summed: bool = False


@dataclass(frozen=True)
class Report:
    """A named report. `compute` gives all its rows for one caller.

    `tells` are the columns that its rows are made of: whoever may not read one of them doesn't have the report.
    """

    name: str
    title: str
    description: str
    columns: tuple[ReportColumn, ...]
    compute: Callable[[Request], Awaitable[list[ReportRow]]]
    tells: tuple[Column[Any], ...] = ()


@dataclass(frozen=True)
class ReportAnswer:
    """All rows of a report for one set of visible leads."""

    rows: Sequence[ReportRow]
    generated_at: datetime


async def answer_of(request: Request, report: Report) -> ReportAnswer:
    """The report's answer for this caller, computed or kept. Raises SOURCE_UNAVAILABLE, TIMEOUT, FILTER_TOO_BROAD."""
    place = (report.name, request.principal.audience, await _visible_rows(request))
    is_computed = False

    async def compute() -> ReportAnswer:
        nonlocal is_computed
        is_computed = True
        rows = await report.compute(request)
        return ReportAnswer(rows, datetime.now(request.zone).replace(microsecond=0))

    answer: ReportAnswer = await request.services.reports.get(place, compute)
    if not is_computed:
        note_kept(Purpose.REPORT, source_of(mirror_leads.c.id))
    return answer


async def _visible_rows(request: Request) -> str:
    """A digest of the rows that reports are made of and the caller sees.

    Employees see everybody who works here; of others, two who see the same leads needn't see the same people.
    """
    seen: list[frozenset[Value]] = [await _visible_leads(request)]
    if request.principal.caller not in EMPLOYEES:
        keys = (user.c.id, salesperson.c.id, warrior.c.id)
        seen += [frozenset(await _pairs(request, key, key)) for key in keys]
    named = "|".join(",".join(map(str, sorted(ids))) for ids in seen)
    return hashlib.sha256(named.encode()).hexdigest()


async def _visible_leads(request: Request) -> frozenset[int]:
    """The ids of the leads that the caller sees by today's ownership: the mirror's own is of another day."""
    return await request.access.visible_keys(mirror_leads.c.id, leads.c.id, LIVE_LEADS)


def totals_of(report: Report, rows: Sequence[ReportRow]) -> ReportRow:
    """Sums over rows, of the columns that can be summed."""
    return {
        column.name: sum(row[column.name] or 0 for row in rows) for column in report.columns if column.summed
    }


# --- the salesperson report ---------------------------------------------------------------------------------


async def _salesperson_rows(request: Request) -> list[ReportRow]:
    """Visible leads by salesperson and status, as the mirror's newest version of each lead has them."""
    keys = await _visible_leads(request)
    counted = await request.access.groups(
        mirror_leads,
        (func.count(),),
        where=Among(mirror_leads.c.id, keys),
        groups=(mirror_leads.c.warrior_id, mirror_leads.c.status),
        latest=Latest(mirror_leads.c.id, mirror_leads.c.version),
    )
    people = await _people(request)
    salesperson_of = await _pairs(request, warrior.c.id, warrior.c.salesperson_id)
    counts: dict[int | None, dict[str, int]] = {}
    for warrior_id, status, count in counted:
        seller = salesperson_of.get(canonical_id(warrior_id))
        if seller not in people:
            seller = None
        by_status = counts.setdefault(seller, {})
        name = status if status in STATUSES else "Other"
        by_status[name] = by_status.get(name, 0) + int(count)
    return [
        _salesperson_row(seller, counts[seller], people)
        for seller in sorted(counts, key=lambda id_: (id_ is None, id_))
    ]


async def _pairs(request: Request, key: Column[Any], value: Column[Any]) -> dict[Any, Any]:
    """Two columns of a table's visible rows, one by the other; nothing where the caller may not read them."""
    if not await _may_read(request, key, value):
        return {}
    rows = await request.access.rows(table_of(key), (key, value))
    return {row[0]: row[1] for row in rows}


async def _may_read(request: Request, *columns: Column[Any]) -> bool:
    rules = await request.access.rules()
    return all(rules.may_read(column) for column in columns)


async def _people(request: Request) -> dict[int, tuple[str | None, str | None]]:
    columns = (salesperson.c.id, salesperson.c.user_id, salesperson.c.territory)
    if not await _may_read(request, *columns):
        return {}
    sellers = await request.access.rows(salesperson, columns)
    names = await _pairs(request, user.c.id, user.c.username)
    return {id_: (names.get(user_id), territory) for id_, user_id, territory in sellers}


def _salesperson_row(
    seller: int | None, counts: Mapping[str, int], people: Mapping[int, tuple[str | None, str | None]]
) -> ReportRow:
    total = sum(counts.values())
    username, territory = people.get(seller, (None, None)) if seller is not None else (None, None)
    return {
        "salespersonId": seller,
        "salesperson": username,
        "territory": territory,
        "leads": total,
        **{status[0].lower() + status[1:]: counts.get(status, 0) for status in (*STATUSES, "Other")},
        "conversionRate": round(counts.get("Won", 0) / total, 4) if total else 0.0,
    }


SALESPERSON_REPORT = Report(
    name="salesperson_report",
    title="Leads by salesperson",
    description=(
        "How many of the leads that you see each salesperson has in each status, from the ClickHouse mirror; leads "
        "of no known salesperson are in a row of their own."
    ),
    columns=(
        ReportColumn("salespersonId", "Salesperson id", "Int"),
        ReportColumn("salesperson", "Salesperson", "String"),
        ReportColumn("territory", "Territory", "String"),
        ReportColumn("leads", "Leads", "Int", summed=True),
        *(
            ReportColumn(status[0].lower() + status[1:], status, "Int", summed=True)
            for status in (*STATUSES, "Other")
        ),
        ReportColumn("conversionRate", "Won per lead", "Float"),
    ),
    compute=_salesperson_rows,
    tells=(leads.c.status,),
)


# --- the follow-up activity report --------------------------------------------------------------------------


async def _follow_up_rows(request: Request) -> list[ReportRow]:
    """Logged activities on visible leads by who logged them and what they were."""
    keys = await _visible_leads(request)
    logs = mirror_lead_logs.c
    counted = await request.access.groups(
        mirror_lead_logs,
        (
            func.count(),
            func.uniqExact(logs.lead_id),
            func.max(logs.logged_on, type_=logs.logged_on.type),
        ),
        where=Among(logs.lead_id, keys),
        groups=(logs.logged_by, logs.activity_type),
    )
    names = await _pairs(request, user.c.id, user.c.username)
    return [
        {
            "userId": user_id,
            "user": names.get(user_id),
            "activityType": kind,
            "activities": int(count),
            "leads": int(touched),
            "lastActivityOn": None if last is None else last.replace(tzinfo=request.zone).isoformat(),
        }
        for user_id, kind, count, touched, last in counted
    ]


FOLLOWUP_ACTIVITY_REPORT = Report(
    name="followup_activity_report",
    title="Follow-up activity",
    description=(
        "Who has done what with the leads that you see: calls, mails, meetings and updates by user, from the "
        "ClickHouse mirror."
    ),
    columns=(
        ReportColumn("userId", "User id", "Int"),
        ReportColumn("user", "User", "String"),
        ReportColumn("activityType", "Activity", "String"),
        ReportColumn("activities", "Activities", "Int", summed=True),
        ReportColumn("leads", "Leads touched", "Int"),
        ReportColumn("lastActivityOn", "Last activity", "DateTime"),
    ),
    compute=_follow_up_rows,
    tells=(lead_logs.c.activity_type, lead_logs.c.logged_by, lead_logs.c.logged_on),
)

REPORTS: Mapping[str, Report] = {
    report.name: report for report in (SALESPERSON_REPORT, FOLLOWUP_ACTIVITY_REPORT)
}
