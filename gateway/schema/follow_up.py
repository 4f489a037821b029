"""FollowUp: a planned or finished contact with a lead, from `iperform.followup_activity`."""

from __future__ import annotations

from datasources.iperform.tables import followup_activity
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = followup_activity.c

FOLLOW_UP = RowType(
    name="FollowUp",
    table=followup_activity,
    description="A contact with a lead that is planned or done.",
    fields=(
        column(_c.lead_id, "The database id of the lead."),
        column(_c.salesperson_id, "The database id of the salesperson in charge."),
        column(_c.warrior_id, "The database id of the follow-up specialist in charge."),
        column(_c.next_followup_date, "When the contact is due; null where no date is set."),
        column(_c.followup_description, "What the contact is to be about."),
        column(_c.followup_status, "How far it is: Pending, Completed or Postponed."),
        column(_c.actual_followup_date, "When the contact took place; null until it has."),
        column(_c.comments, "What came of it, as it was entered."),
        column(_c.created_on, "When the follow-up was planned."),
        column(_c.changed_on, "When the follow-up was last changed; null where it never was."),
        to_one("lead", "Lead", relations.FOLLOW_UP_LEAD.up, "The lead to be contacted."),
        to_one(
            "salesperson", "Salesperson", relations.FOLLOW_UP_SALESPERSON.up, "The salesperson in charge."
        ),
        to_one("warrior", "Warrior", relations.FOLLOW_UP_WARRIOR.up, "The follow-up specialist in charge."),
    ),
)
