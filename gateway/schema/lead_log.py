"""LeadLog: something that was done with a lead, from `iperform.lead_logs`."""

from __future__ import annotations

from datasources.iperform.tables import lead_logs
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = lead_logs.c

LEAD_LOG = RowType(
    name="LeadLog",
    table=lead_logs,
    description="Something that was done with a lead: a call, a mail, a meeting or a change.",
    fields=(
        column(_c.lead_id, "The database id of the lead."),
        column(_c.company_id, "The database id of the company that the lead belonged to."),
        column(_c.activity_type, "What kind of thing was done: call, email, meeting or update."),
        column(_c.activity_details, "What was done, in words."),
        column(_c.logged_on, "When it was written down."),
        column(_c.metadata, "Further data of the activity; its shape depends on `activityType`."),
        to_one("lead", "Lead", relations.LEAD_LOG_LEAD.up, "The lead that it was done with."),
        to_one(
            "company",
            "Company",
            relations.LEAD_LOG_COMPANY.up,
            "The company that the lead belonged to when it was done.",
        ),
        to_one(
            "loggedBy",
            "User",
            relations.LEAD_LOG_LOGGED_BY.up,
            "Who wrote it down; null where a program did.",
        ),
    ),
)
