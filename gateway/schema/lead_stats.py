"""LeadStats: visible leads, counted and summed by group."""

from __future__ import annotations

from typing import Any

from datasources.iperform.tables import leads, warrior
from datasources.magenta.tables import company
from gateway.context import Request
from gateway.resolvers.declarations import Argument, EnumType, ObjectType, computed, reference
from gateway.resolvers.stats import LeadStats, lead_stats

LEAD_GROUP = EnumType(
    name="LeadGroup",
    description="What leads are grouped by.",
    values={
        "STATUS": "The lead's status.",
        "INDUSTRY": "The lead's line of business.",
        "SOURCE": "Where the lead came from.",
        "COMPANY": "The database id of the lead's company.",
        "WARRIOR": "The database id of the lead's warrior.",
        "MONTH": "The month in which the lead was created, such as 2026-11.",
    },
    tells={
        "STATUS": leads.c.status,
        "INDUSTRY": leads.c.industry,
        "SOURCE": leads.c.source,
        "COMPANY": leads.c.company_id,
        "WARRIOR": leads.c.warrior_id,
        "MONTH": leads.c.created_on,
    },
)


def _group(stats: LeadStats, _: Request) -> dict[str, Any]:
    return stats.group


def _count(stats: LeadStats, _: Request) -> int:
    return stats.count


def _sum(stats: LeadStats, _: Request) -> int | None:
    return stats.tentative_value_sum()


def _total(stats: LeadStats, _: Request) -> Any:
    return stats.tentative_value_total()


def _average(stats: LeadStats, _: Request) -> float | None:
    return stats.probability_average()


def _company(stats: LeadStats, _: Request) -> int | None:
    return stats.group.get("COMPANY")


def _warrior(stats: LeadStats, _: Request) -> int | None:
    return stats.group.get("WARRIOR")


LEAD_STATS = ObjectType(
    name="LeadStats",
    description="The visible leads of one group.",
    fields=(
        computed(
            "group",
            "JSON!",
            'One entry for each group that was asked for, such as {"STATUS": "Demo"}.',
            _group,
        ),
        computed("count", "Int!", "How many leads there are.", _count),
        computed(
            "tentativeValueSum",
            "Int",
            "The sum of their values in rupees; an error where it doesn't fit Int.",
            _sum,
            tells=(leads.c.tentative_value,),
        ),
        computed(
            "tentativeValueTotal",
            "Decimal",
            "The sum of their values in rupees, however large.",
            _total,
            tells=(leads.c.tentative_value,),
        ),
        computed(
            "probabilityAverage",
            "Float",
            "The mean of their probabilities, in percent.",
            _average,
            tells=(leads.c.probability,),
        ),
        reference("company", "Company", company, "The company, where COMPANY is a group.", _company),
        reference("warrior", "Warrior", warrior, "The warrior, where WARRIOR is a group.", _warrior),
    ),
)

LEAD_STATS_FIELD = computed(
    "leadStats",
    "[LeadStats!]!",
    "Visible leads counted and summed by group, sorted by the groups' values; at most 10,000 groups.",
    lead_stats,
    tells=(leads.c.id,),
    projected=True,
    arguments=(
        Argument("where", "LeadWhere", "Only leads that match."),
        Argument("groupBy", "[LeadGroup!]!", "What to group by; with none, all leads are one group."),
    ),
)
