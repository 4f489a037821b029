"""What `changeLeadStatus` takes and gives."""

from __future__ import annotations

from datasources.iperform.tables import lead_status, leads
from gateway.context import Request
from gateway.resolvers.declarations import Argument, InputType, ObjectType, changing, reference
from gateway.resolvers.mutations.lead_status_change import LeadStatusChanged, change_lead_status

IDEMPOTENCY_KEY = Argument(
    "idempotencyKey",
    "String",
    "1 to 128 characters that stand for this one change of yours, such as a UUID: sent again with the same input, it "
    "changes nothing more and gives the same answer; with another input it is BAD_USER_INPUT.",
)


def _lead(changed: LeadStatusChanged, _: Request) -> int:
    return changed.lead_id


def _status_change(changed: LeadStatusChanged, _: Request) -> int | None:
    return changed.status_change_id


CHANGE_LEAD_STATUS_PAYLOAD = ObjectType(
    name="ChangeLeadStatusPayload",
    description="A lead whose status was changed.",
    fields=(
        reference("lead", "Lead", leads, "The lead as it is now.", _lead),
        reference(
            "statusChange",
            "StatusChange",
            lead_status,
            "The new step of the lead's history; null where the lead had the status already, and nothing was changed.",
            _status_change,
        ),
    ),
)

CHANGE_LEAD_STATUS_INPUT = InputType(
    name="ChangeLeadStatusInput",
    description="A lead's new status.",
    fields=(
        Argument("id", "ID!", "The global id of the lead."),
        Argument(
            "status",
            "String!",
            "New, Qualified, Demo, Proposal, Trial, Won or Lost; one of the viewer's `allowedLeadStatuses`.",
        ),
        Argument(
            "reason",
            "String",
            "Why: kept in the lead's history, at most 2,000 characters. With Lost it is the lead's `reasonForLost` "
            "too, and has at most 45.",
        ),
        Argument(
            "ifChangedOn",
            "DateTime",
            "The lead's `changedOn` as you read it, or its `createdOn` where that is null: where the lead has been "
            "changed since, it is CONFLICT, and nothing is changed.",
        ),
        IDEMPOTENCY_KEY,
    ),
)

CHANGE_LEAD_STATUS = changing(
    "changeLeadStatus",
    "Moves a lead that you see to another status, and adds a step to its history and an entry to its log. The status "
    "that the lead has already changes nothing.",
    change_lead_status,
    sets=leads.c.status,
    arguments=(Argument("input", "ChangeLeadStatusInput!", "Which lead, and its new status."),),
)
