"""Which reports a caller has: those that the role's `view_list` names, and views of them that they have saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from datasources.magenta.tables import view_setting
from datasources.model import Among, Filter, Match, Order
from gateway.auth.roles import Caller
from gateway.context import Request
from gateway.errors import GatewayError
from gateway.resolvers.report_choice import Test, filter_of
from gateway.resolvers.reports import REPORTS, Report, ReportAnswer, answer_of

SAVED = "saved:"
LONGEST_TITLE = 200


@dataclass
class ReportView:
    """A report as one caller has it: the named one, or a view of it that lets fewer rows through."""

    report: Report
    name: str
    title: str
    description: str
    lets_through: Test
    answer: ReportAnswer | None = None

    async def answered(self, request: Request) -> ReportAnswer:
        """The report's answer, worked out once for the view."""
        if self.answer is None:
            answer = await answer_of(request, self.report)
            rows = [row for row in answer.rows if self.lets_through(row)]
            self.answer = ReportAnswer(rows, answer.generated_at)
        return self.answer


async def views_of(request: Request) -> list[ReportView]:
    """Every report of the caller: named ones by name, then saved views by id."""
    named = [_named(REPORTS[name]) for name in sorted(REPORTS) if await _has(request, REPORTS[name])]
    return named + await _saved(request, Match(view_setting.c.setting.is_not(None)))


async def view_named(request: Request, name: str) -> ReportView | None:
    """One report by name; None where there is none, or where it isn't the caller's."""
    if name.startswith(SAVED):
        key = name.removeprefix(SAVED)
        if not (key.isascii() and key.isdigit() and len(key) < 10 and key[0] != "0"):
            return None
        found = await _saved(request, Among(view_setting.c.id, frozenset({int(key)})))
        return found[0] if found else None
    report = REPORTS.get(name)
    return _named(report) if report is not None and await _has(request, report) else None


async def _has(request: Request, report: Report) -> bool:
    principal = request.principal
    # A partner has no role and so no `view_list`: the scope `reports:read` is what gives it reports.
    named = principal.caller in {Caller.ADMIN, Caller.PARTNER} or report.name in principal.views
    return named and await _may_read(request, report)


async def _may_read(request: Request, report: Report) -> bool:
    # A partner's scope for reports stands for that of the columns that they sum up.
    rules = await request.access.rules()
    return not rules.denied & set(report.tells)


def _named(report: Report) -> ReportView:
    return ReportView(report, report.name, report.title, report.description, lambda _: True)


async def _saved(request: Request, where: Filter) -> list[ReportView]:
    columns = (view_setting.c.id, view_setting.c.setting)
    rules = await request.access.rules()
    if not all(map(rules.may_read, columns)):
        return []
    rows = await request.access.rows(view_setting, columns, where=where, order=(Order(view_setting.c.id),))
    views = [_saved_view(id_, setting) for id_, setting in rows]
    return [view for view in views if view is not None and await _may_read(request, view.report)]


def _saved_view(id_: int, setting: Any) -> ReportView | None:
    """The view that a setting describes; None where it describes none, or one that doesn't fit its report."""
    saved = setting.get("saved_view") if isinstance(setting, Mapping) else None
    if not isinstance(saved, Mapping):
        return None
    title, report = saved.get("name"), REPORTS.get(str(saved.get("base")))
    if report is None or not isinstance(title, str) or len(title) > LONGEST_TITLE:
        return None
    try:
        lets_through = filter_of(report, _spelt_out(saved.get("filter")))
    except GatewayError:
        return None
    description = f"A saved view of “{report.title}”."
    return ReportView(report, f"{SAVED}{id_}", title, description, lets_through)


def _spelt_out(given: Any) -> Any:
    """A saved filter as `filter` has it: a bare value stands for `eq`."""
    if not isinstance(given, Mapping):
        return given
    return {name: value if isinstance(value, Mapping) else {"eq": value} for name, value in given.items()}
