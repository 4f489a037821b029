"""TicketStatusEvent: one change of a ticket's status, and the subscription to them."""

from __future__ import annotations

from datasources.iperform.tables import tickets, user
from gateway.resolvers import watch
from gateway.resolvers.declarations import Argument, ObjectType, computed, reference
from gateway.schema.lead_status_event import AFTER_EVENT, FROM, TO

TICKET_STATUS_EVENT = ObjectType(
    name="TicketStatusEvent",
    description="One change of a ticket's status, whoever made it, by whichever program.",
    fields=(
        computed(
            "cursor",
            "String!",
            "The event's place in the log, for `after`: good for any subscription, connection and time.",
            watch.cursor,
        ),
        reference("ticket", "Ticket!", tickets, "The ticket as it is now.", watch.row_id),
        computed(
            "previousStatus",
            "String",
            "The status before the change.",
            watch.previous,
            tells=(tickets.c.status,),
        ),
        computed(
            "status",
            "String",
            "The status that the change set; the ticket may have another by now.",
            watch.status,
            tells=(tickets.c.status,),
        ),
        computed("changedOn", "DateTime!", "When the change was made.", watch.changed_on),
        reference(
            "changedBy",
            "User",
            user,
            "Who made the change; null where it wasn't made through this API, as tickets don't say it.",
            watch.changed_by,
        ),
    ),
)

TICKET_STATUS_CHANGED = computed(
    "ticketStatusChanged",
    "TicketStatusEvent!",
    "Every change of the status of a ticket that you see, in the order of commits. `where` is judged on the ticket as "
    "it is when the event is delivered, `from` and `to` on the event's own statuses.",
    watch.seen,
    tells=(tickets.c.status,),
    arguments=(
        Argument(
            "where",
            "TicketWhere",
            "Only events of tickets that match, as they are when the event is delivered.",
        ),
        FROM,
        TO,
        AFTER_EVENT,
    ),
)
