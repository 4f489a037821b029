"""`changeLeadStatus`: the lead's new status, with its step in the history and its entry in the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from datasources.iperform.statuses import LEAD_STATUSES, LOST
from datasources.iperform.tables import lead_logs, lead_status, leads
from gateway.auth.change import Added, Cells, Change, Effects
from gateway.auth.idempotency import once_of
from gateway.context import Request
from gateway.errors import Code, GatewayError, forbidden
from gateway.events.event import StatusEvent, Subject
from gateway.resolvers.ids import database_id
from gateway.resolvers.lead_statuses import allowed_lead_statuses
from gateway.resolvers.mutations.checked import check_known, checked_text
from gateway.resolvers.mutations.remembered import Remembered

OPERATION = "Mutation.changeLeadStatus"
# As much as `leads.reason_for_lost` holds.
LONGEST_REASON_FOR_LOST = 45
READ = (leads.c.status, leads.c.company_id, leads.c.created_on, leads.c.changed_on)


@dataclass(frozen=True, slots=True)
class LeadStatusChanged:
    """A lead, and the step in its history; None where it had the status already."""

    lead_id: int
    status_change_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What is to become of a lead. Moments are the estate's wall clock; `allowed` are statuses."""

    lead_id: int
    status: str
    reason: str | None
    if_changed_on: datetime | None
    now: datetime
    author: int | None
    allowed: tuple[str, ...]

    def decide(self, lead: Cells) -> Effects | None:
        """What becomes of the lead as it is. Raises BAD_USER_INPUT, FORBIDDEN and CONFLICT."""
        check_known(self.status, LEAD_STATUSES)
        if self.status not in self.allowed:
            raise forbidden(f"Your role may not set a lead to “{self.status}”.")
        reason = self._reason()
        last = lead[leads.c.changed_on] or lead[leads.c.created_on]
        if self.if_changed_on is not None and last != self.if_changed_on:
            raise _Conflict(last)
        if lead[leads.c.status] == self.status:
            return None
        return self._effects(lead, reason, self._moment(lead[leads.c.changed_on]))

    def _reason(self) -> str | None:
        if self.status == LOST:
            return checked_text("reason", self.reason, LONGEST_REASON_FOR_LOST)
        return checked_text("reason", self.reason)

    def _moment(self, last: datetime | None) -> datetime:
        # Always later than the change before, though the estate has whole seconds: `ifChangedOn` tells them apart.
        return self.now if last is None else max(self.now, last + timedelta(seconds=1))

    def _effects(self, lead: Cells, reason: str | None, moment: datetime) -> Effects:
        before = lead[leads.c.status]
        cells = {
            leads.c.status: self.status,
            # Only a lead that is lost has a reason; why it once was stays in its history.
            leads.c.reason_for_lost: reason if self.status == LOST else None,
            leads.c.changed_on: moment,
            leads.c.changed_by: self.author,
        }
        step = {
            lead_status.c.lead_id: self.lead_id,
            lead_status.c.status: self.status,
            lead_status.c.changed_on: moment,
            lead_status.c.changed_by: self.author,
            lead_status.c.reason_for_change: reason,
        }
        entry = {
            lead_logs.c.lead_id: self.lead_id,
            lead_logs.c.company_id: lead[leads.c.company_id],
            lead_logs.c.activity_type: "update",
            lead_logs.c.activity_details: f"Changed the status from {before or 'none'} to {self.status}.",
            lead_logs.c.logged_by: self.author,
            lead_logs.c.logged_on: moment,
            lead_logs.c.metadata: {"status": {"from": before, "to": self.status}},
        }
        return Effects(cells, (Added(lead_status, step), Added(lead_logs, entry)))

    def event(self, before: Cells, status_change_id: int) -> StatusEvent:
        """What is told of the change."""
        return StatusEvent(
            subject=Subject.LEAD,
            row_id=self.lead_id,
            previous=before[leads.c.status],
            status=self.status,
            changed_on=self._moment(before[leads.c.changed_on]),
            changed_by=self.author,
            status_change_id=status_change_id,
        )


class _Conflict(Exception):
    """Somebody has changed the lead, at the moment `last`."""

    def __init__(self, last: datetime | None) -> None:
        super().__init__()
        self.last = last


async def change_lead_status(_: object, request: Request, input: Mapping[str, Any]) -> LeadStatusChanged:
    """Changes a lead's status."""
    order = _order(request, input)
    said = {name: value for name, value in input.items() if name != "idempotencyKey"}
    decide = Remembered(order.decide)
    change = Change(
        operation=OPERATION,
        key=order.lead_id,
        where=request.catalogue.row_type(leads).shown,
        columns=READ,
        decide=decide,
        once=once_of(input.get("idempotencyKey"), said, order.now),
    )
    try:
        added = await request.access.change(change)
    except _Conflict as conflict:
        raise await _conflict(request, conflict.last) from None
    finally:
        request.forget()
    if decide.before is not None:
        await request.services.announce(order.event(decide.before, added[0]))
    return LeadStatusChanged(order.lead_id, added[0] if added else None)


def _order(request: Request, input: Mapping[str, Any]) -> Order:
    unless = input.get("ifChangedOn")
    return Order(
        lead_id=database_id(input["id"], "Lead"),
        status=input["status"],
        reason=input.get("reason"),
        if_changed_on=None if unless is None else unless.astimezone(request.zone).replace(tzinfo=None),
        now=datetime.now(request.zone).replace(tzinfo=None, microsecond=0),
        # A partner's program is no user: what it does is said to be a program's.
        author=request.principal.user_id,
        allowed=allowed_lead_statuses(request.principal),
    )


async def _conflict(request: Request, last: datetime | None) -> GatewayError:
    """Tells of the change meanwhile; when that was, only whoever may read it."""
    said = "The lead was changed meanwhile: read it anew, and decide again."
    readable = (await request.access.rules()).may_read(leads.c.changed_on)
    if last is None or not readable:
        return GatewayError(Code.CONFLICT, said)
    current = last.replace(tzinfo=request.zone).isoformat()
    return GatewayError(Code.CONFLICT, said, {"current": {"changedOn": current}})
