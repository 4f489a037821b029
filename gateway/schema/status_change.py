"""StatusChange: one step of a lead through the sales process, from `iperform.lead_status`."""

from __future__ import annotations

from datasources.iperform.tables import lead_status
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = lead_status.c

STATUS_CHANGE = RowType(
    name="StatusChange",
    table=lead_status,
    description="One step of a lead through the sales process. Steps are only ever added.",
    fields=(
        column(_c.lead_id, "The database id of the lead."),
        column(
            _c.status, "The status that the lead got: New, Qualified, Demo, Proposal, Trial, Won or Lost."
        ),
        column(_c.changed_on, "When the lead got the status."),
        column(_c.reason_for_change, "Why the status was changed; null where nobody gave a reason."),
        to_one("lead", "Lead", relations.STATUS_CHANGE_LEAD.up, "The lead whose status it was."),
        to_one(
            "changedBy",
            "User",
            relations.STATUS_CHANGE_CHANGED_BY.up,
            "Who changed the status; null where a program did.",
        ),
    ),
)
