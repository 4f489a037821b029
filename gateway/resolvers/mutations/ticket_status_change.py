"""`changeTicketStatus`: the ticket's new status, and when and how it was resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column

from datasources.iperform.statuses import RESOLVING, TICKET_STATUSES
from datasources.iperform.tables import tickets
from datasources.iperform.ticket_changes import gateway_ticket_changes
from gateway.auth.change import Added, Cells, Change, Effects
from gateway.auth.idempotency import once_of
from gateway.context import Request
from gateway.errors import bad_input
from gateway.events.event import StatusEvent, Subject
from gateway.resolvers.ids import database_id
from gateway.resolvers.mutations.checked import check_known, checked_text
from gateway.resolvers.mutations.remembered import Remembered

OPERATION = "Mutation.changeTicketStatus"
READ = (tickets.c.status, tickets.c.resolved_on)


@dataclass(frozen=True, slots=True)
class TicketStatusChanged:
    """A ticket that has the status that was asked for."""

    ticket_id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What is to become of a ticket; `now` is the estate's wall clock."""

    ticket_id: int
    status: str
    notes: str | None
    now: datetime
    author: int | None

    def decide(self, ticket: Cells) -> Effects | None:
        """What becomes of the ticket as it is. Raises BAD_USER_INPUT."""
        check_known(self.status, TICKET_STATUSES)
        notes = checked_text("resolutionNotes", self.notes)
        resolved = self.status in RESOLVING
        if notes is not None and not resolved:
            raise bad_input(f"`resolutionNotes` go with {' and '.join(sorted(RESOLVING))} alone.")
        if ticket[tickets.c.status] == self.status:
            return None
        cells: dict[Column[Any], Any] = {tickets.c.status: self.status, tickets.c.resolved_on: None}
        if resolved:
            # Closing what was resolved leaves the moment at which it was.
            cells[tickets.c.resolved_on] = ticket[tickets.c.resolved_on] or self.now
        if notes is not None:
            cells[tickets.c.resolution_notes] = notes
        return Effects(cells, (Added(gateway_ticket_changes, self._authorship()),))

    def _authorship(self) -> Cells:
        return {
            gateway_ticket_changes.c.ticket_id: self.ticket_id,
            gateway_ticket_changes.c.changed_by: self.author,
            gateway_ticket_changes.c.changed_on: self.now,
        }

    def event(self, before: Cells) -> StatusEvent:
        """What is told of the change."""
        return StatusEvent(
            subject=Subject.TICKET,
            row_id=self.ticket_id,
            previous=before[tickets.c.status],
            status=self.status,
            changed_on=self.now,
            changed_by=self.author,
        )


async def change_ticket_status(_: object, request: Request, input: Mapping[str, Any]) -> TicketStatusChanged:
    """Changes a ticket's status."""
    order = Order(
        ticket_id=database_id(input["id"], "Ticket"),
        status=input["status"],
        notes=input.get("resolutionNotes"),
        now=datetime.now(request.zone).replace(tzinfo=None, microsecond=0),
        author=request.principal.user_id,
    )
    said = {name: value for name, value in input.items() if name != "idempotencyKey"}
    decide = Remembered(order.decide)
    change = Change(
        operation=OPERATION,
        key=order.ticket_id,
        where=request.catalogue.row_type(tickets).shown,
        columns=READ,
        decide=decide,
        once=once_of(input.get("idempotencyKey"), said, order.now),
    )
    try:
        await request.access.change(change)
    finally:
        request.forget()
    if decide.before is not None:
        await request.services.announce(order.event(decide.before))
    return TicketStatusChanged(order.ticket_id)
