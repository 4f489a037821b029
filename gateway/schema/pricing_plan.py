"""PricingPlan: a subscription that is on offer, from `magenta.pricing_plan`."""

from __future__ import annotations

from datasources.magenta.tables import pricing_plan
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_many

_c = pricing_plan.c

PRICING_PLAN = RowType(
    name="PricingPlan",
    table=pricing_plan,
    description="A subscription that is or was on offer.",
    fields=(
        column(_c.plan_name, "The plan's name."),
        column(_c.plan_duration, "How long the plan runs, in days."),
        column(_c.plan_price, "What the plan costs for its whole duration, in rupees."),
        column(_c.no_of_users, "For how many users the plan is."),
        column(_c.features, "What the plan includes."),
        column(_c.active, "Whether the plan can still be had."),
        column(_c.created_on, "When the plan was added."),
        to_many("leads", "Lead", relations.LEAD_PRICE_PLAN.down, "Leads that the plan is offered to."),
        to_many(
            "crmLeads", "Lead", relations.LEAD_CRM_PRICE_PLAN.down, "Leads that have the plan in the CRM."
        ),
    ),
)
