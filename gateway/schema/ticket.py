"""Ticket: a request for support, from `iperform.tickets`."""

from __future__ import annotations

from datasources.iperform.tables import tickets
from gateway.loaders import relations
from gateway.resolvers.declarations import PAGE, RowType, column, computed, to_many, to_one
from gateway.resolvers.files import ticket_files

_c = tickets.c

TICKET = RowType(
    name="Ticket",
    plural="tickets",
    table=tickets,
    description="A request for support: what is wrong or wanted, for which company, and who deals with it.",
    fields=(
        column(_c.lead_id, "The database id of the lead; null where the ticket belongs to none."),
        column(_c.company_id, "The database id of the company that the ticket is for."),
        column(_c.title, "What the ticket is about, in a line."),
        column(_c.description, "What is wrong or wanted, in full."),
        column(_c.ticket_type, "What kind of request it is: Bug, Feature Request, Sync …"),
        column(_c.priority, "How pressing it is: Urgent, High, Medium or Low."),
        column(_c.status, "Where the ticket stands: Assigned, In Process, Resolved or Closed."),
        column(_c.created_on, "When the ticket was opened."),
        column(_c.resolved_on, "When the ticket was resolved; null until it is."),
        column(_c.resolution_notes, "How the ticket was resolved; null where nobody wrote it down."),
        to_one("lead", "Lead", relations.TICKET_LEAD.up, "The lead that the ticket belongs to."),
        to_one("company", "Company", relations.TICKET_COMPANY.up, "The company that the ticket is for."),
        to_one(
            "assignedTo",
            "User",
            relations.TICKET_ASSIGNED_TO.up,
            "Who deals with the ticket; null where nobody does yet.",
        ),
        to_one("createdBy", "User", relations.TICKET_CREATED_BY.up, "Who opened the ticket."),
        to_many(
            "comments", "TicketComment", relations.COMMENT_TICKET.down, "What was said about the ticket."
        ),
        computed(
            "files",
            "FileConnection!",
            "The ticket's files, in the order of their names.",
            ticket_files,
            needs=(_c.id,),
            arguments=PAGE[:2],
        ),
    ),
)
