"""What `changeTicketStatus` takes and gives."""

from __future__ import annotations

from datasources.iperform.tables import tickets
from gateway.context import Request
from gateway.resolvers.declarations import Argument, InputType, ObjectType, changing, reference
from gateway.resolvers.mutations.ticket_status_change import TicketStatusChanged, change_ticket_status
from gateway.schema.change_lead_status import IDEMPOTENCY_KEY


def _ticket(changed: TicketStatusChanged, _: Request) -> int:
    return changed.ticket_id


CHANGE_TICKET_STATUS_PAYLOAD = ObjectType(
    name="ChangeTicketStatusPayload",
    description="A ticket whose status was changed.",
    fields=(reference("ticket", "Ticket", tickets, "The ticket as it is now.", _ticket),),
)

CHANGE_TICKET_STATUS_INPUT = InputType(
    name="ChangeTicketStatusInput",
    description="A ticket's new status.",
    fields=(
        Argument("id", "ID!", "The global id of the ticket."),
        Argument("status", "String!", "Assigned, In Process, Resolved or Closed."),
        Argument(
            "resolutionNotes",
            "String",
            "How the ticket was resolved, with Resolved and Closed alone; at most 2,000 characters.",
        ),
        IDEMPOTENCY_KEY,
    ),
)

CHANGE_TICKET_STATUS = changing(
    "changeTicketStatus",
    "Moves a ticket to another status: for ADMIN, MANAGER, and whom it is assigned to; for others who see it it is "
    "FORBIDDEN. `resolvedOn` follows: the moment for Resolved and Closed, null for the others.",
    change_ticket_status,
    sets=tickets.c.status,
    arguments=(Argument("input", "ChangeTicketStatusInput!", "Which ticket, and its new status."),),
)
