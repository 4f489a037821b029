"""Makes events of what a transaction has changed: which status became which, when, and by whom.

Pure. Called by `binlog_capture.py`.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from datasources.changes import RowChange, Transaction, Values, Wanted
from gateway.events.event import StatusEvent, Subject

HISTORY = "lead_status"
TICKET_CHANGES = "gateway_ticket_changes"
WANTED = {
    Subject.LEAD.value: Wanted(("id", "status", "changed_on", "changed_by"), changed="status"),
    Subject.TICKET.value: Wanted(("id", "status"), changed="status"),
    HISTORY: Wanted(("id", "lead_id", "status", "changed_on", "changed_by")),
    TICKET_CHANGES: Wanted(("ticket_id", "changed_on", "changed_by")),
}


def status_events(transaction: Transaction, zone: ZoneInfo) -> tuple[StatusEvent, ...]:
    """The events of a transaction, in the order in which its rows were changed."""
    if not transaction.changes:
        return ()
    steps = _Steps.of(transaction.changes)
    return tuple(
        _lead_event(change, change.before, steps, zone)
        if change.table == Subject.LEAD.value
        else _ticket_event(change, change.before, steps, zone)
        for change in transaction.changes
        if change.before is not None
    )


@dataclass(frozen=True, slots=True)
class _Steps:
    """Rows of the same transaction that tell more of a change; each tells of one, the first of the first."""

    of_leads: dict[tuple[int, str | None], deque[Values]]
    of_tickets: dict[int, deque[Values]]

    @staticmethod
    def of(changes: Iterable[RowChange]) -> _Steps:
        steps = _Steps(defaultdict(deque), defaultdict(deque))
        for change in changes:
            row = change.after
            if change.table == HISTORY:
                steps.of_leads[row["lead_id"], row["status"]].append(row)
            elif change.table == TICKET_CHANGES:
                steps.of_tickets[row["ticket_id"]].append(row)
        return steps


def _lead_event(change: RowChange, before: Values, steps: _Steps, zone: ZoneInfo) -> StatusEvent:
    after = change.after
    step = _next(steps.of_leads.get((after["id"], after["status"])))
    dated = after["changed_on"] is not None and after["changed_on"] != before["changed_on"]
    # A program that sets the status alone leaves there who has changed something else before.
    signed = dated or after["changed_by"] != before["changed_by"]
    moment = after["changed_on"] if dated else None
    author = after["changed_by"] if signed else None
    return StatusEvent(
        subject=Subject.LEAD,
        row_id=after["id"],
        previous=before["status"],
        status=after["status"],
        changed_on=_on_wall(_told(step, "changed_on") or moment, change.at, zone),
        changed_by=_told(step, "changed_by") or author,
        status_change_id=_told(step, "id"),
    )


def _ticket_event(change: RowChange, before: Values, steps: _Steps, zone: ZoneInfo) -> StatusEvent:
    step = _next(steps.of_tickets.get(change.after["id"]))
    return StatusEvent(
        subject=Subject.TICKET,
        row_id=change.after["id"],
        previous=before["status"],
        status=change.after["status"],
        changed_on=_on_wall(_told(step, "changed_on"), change.at, zone),
        changed_by=_told(step, "changed_by"),
    )


def _next(steps: deque[Values] | None) -> Values | None:
    return steps.popleft() if steps else None


def _told(step: Values | None, name: str) -> Any:
    return None if step is None else step[name]


def _on_wall(moment: datetime | None, at: int, zone: ZoneInfo) -> datetime:
    """A moment as the estate's columns have it: as it stands there, or else when the statement ran."""
    if moment is None:
        moment = datetime.fromtimestamp(at, UTC)
    return moment if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)
