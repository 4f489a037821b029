"""TicketComment: something that was said about a ticket, from `iperform.ticket_communication`."""

from __future__ import annotations

from datasources.iperform.tables import ticket_communication
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = ticket_communication.c

TICKET_COMMENT = RowType(
    name="TicketComment",
    table=ticket_communication,
    description="Something that was said about a ticket, with at most one attachment.",
    fields=(
        column(_c.ticket_id, "The database id of the ticket."),
        column(_c.comment_text, "What was said."),
        column(_c.attachment_url, "Where the attachment is, as it was entered; null where there is none."),
        column(_c.commented_on, "When it was said."),
        to_one("ticket", "Ticket", relations.COMMENT_TICKET.up, "The ticket that it was said about."),
        to_one(
            "commentedBy", "User", relations.COMMENT_COMMENTED_BY.up, "Who said it; null where a program did."
        ),
    ),
)
