"""Mail: a mail that was sent to a lead or is about to be, from `iperform.iperform_mail`."""

from __future__ import annotations

from datasources.iperform.tables import iperform_mail
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = iperform_mail.c

MAIL = RowType(
    name="Mail",
    table=iperform_mail,
    description=(
        "A mail that was sent or is about to be. One that belongs to no lead is visible to its own user "
        "and to ADMIN."
    ),
    fields=(
        column(_c.lead_id, "The database id of the lead; null where the mail belongs to none."),
        column(_c.user_id, "The database id of the user whose mail it is."),
        column(
            _c.recipient_email, "The address that the mail goes to, as it was entered; it may be malformed."
        ),
        column(_c.subject, "The mail's subject."),
        column(_c.body, "The mail's text."),
        column(_c.status, "How far the mail got: not_send, sent, bounced, opened or clicked."),
        column(_c.date, "When the mail was written."),
        column(_c.mail_type, "What kind of mail it is: reminder, template or custom."),
        column(_c.opened_count, "How many times the mail was opened."),
        column(_c.opened_on, "When the mail was opened; null until it is."),
        to_one("lead", "Lead", relations.MAIL_LEAD.up, "The lead that the mail is to."),
        to_one("user", "User", relations.MAIL_USER.up, "The user whose mail it is."),
    ),
)
