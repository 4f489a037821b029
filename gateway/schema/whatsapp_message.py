"""WhatsappMessage: a WhatsApp message to or from a lead, from `iperform.whatsapp_messages`."""

from __future__ import annotations

from datasources.iperform.tables import whatsapp_messages
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = whatsapp_messages.c

WHATSAPP_MESSAGE = RowType(
    name="WhatsappMessage",
    table=whatsapp_messages,
    description="A WhatsApp message to or from a lead. One of no lead is visible to ADMIN alone.",
    fields=(
        column(_c.lead_id, "The database id of the lead; null where the message belongs to none."),
        column(_c.company_id, "The database id of the company that the message is about."),
        column(_c.phone_number, "The other side's number, as it was entered; it may be malformed."),
        column(_c.message_type, "Which way the message went: Outbound or Inbound."),
        column(_c.message, "The message's text."),
        column(_c.status, "How far the message got: Sent, Delivered, Read or Failed."),
        column(_c.sent_on, "When the message was sent."),
        column(_c.delivered_on, "When the message was delivered; null until it is."),
        column(_c.read_on, "When the message was read; null until it is."),
        column(_c.message_id, "WhatsApp's own id of the message."),
        to_one("lead", "Lead", relations.WHATSAPP_MESSAGE_LEAD.up, "The lead on the other side."),
        to_one(
            "company",
            "Company",
            relations.WHATSAPP_MESSAGE_COMPANY.up,
            "The company that the message is about.",
        ),
    ),
)
