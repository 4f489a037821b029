"""LeadStatusEvent: one change of a lead's status, and the subscription to them."""

from __future__ import annotations

from datasources.iperform.tables import lead_status, leads, user
from gateway.resolvers import watch
from gateway.resolvers.declarations import Argument, ObjectType, computed, reference

FROM = Argument(
    "from", "[String!]", "Only changes from one of these statuses; from any where it isn't given."
)
TO = Argument("to", "[String!]", "Only changes to one of these statuses; to any where it isn't given.")
AFTER_EVENT = Argument(
    "after",
    "String",
    "The cursor of the last event that you have, or an `eventCursor`: gives every event after it, then goes on live, "
    "without a gap. From now on where it isn't given. CURSOR_EXPIRED where events after it are no longer kept.",
)

LEAD_STATUS_EVENT = ObjectType(
    name="LeadStatusEvent",
    description="One change of a lead's status, whoever made it, by whichever program.",
    fields=(
        computed(
            "cursor",
            "String!",
            "The event's place in the log, for `after`: good for any subscription, connection and time.",
            watch.cursor,
        ),
        reference("lead", "Lead!", leads, "The lead as it is now.", watch.row_id),
        computed(
            "previousStatus",
            "String",
            "The status before the change.",
            watch.previous,
            tells=(leads.c.status,),
        ),
        computed(
            "status",
            "String",
            "The status that the change set; the lead may have another by now.",
            watch.status,
            tells=(leads.c.status,),
        ),
        computed(
            "changedOn",
            "DateTime!",
            "When the change was made.",
            watch.changed_on,
            tells=(leads.c.changed_on,),
        ),
        reference(
            "changedBy",
            "User",
            user,
            "Who made the change, where that is known.",
            watch.changed_by,
            tells=(leads.c.changed_by,),
        ),
        reference(
            "statusChange",
            "StatusChange",
            lead_status,
            "The step of the lead's history; null where none was written together with the change.",
            watch.status_change,
        ),
    ),
)

LEAD_STATUS_CHANGED = computed(
    "leadStatusChanged",
    "LeadStatusEvent!",
    "Every change of the status of a lead that you see, in the order of commits. `where` is judged on the lead as it "
    "is when the event is delivered, `from` and `to` on the event's own statuses.",
    watch.seen,
    tells=(leads.c.status,),
    arguments=(
        Argument(
            "where", "LeadWhere", "Only events of leads that match, as they are when the event is delivered."
        ),
        FROM,
        TO,
        AFTER_EVENT,
    ),
)
