"""Warrior: a follow-up specialist, from `iperform.warrior`."""

from __future__ import annotations

from datasources.iperform.tables import warrior
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_many, to_one

_c = warrior.c

WARRIOR = RowType(
    name="Warrior",
    table=warrior,
    description="A follow-up specialist, who works on leads for a salesperson.",
    fields=(
        column(_c.user_id, "The database id of the specialist's User."),
        column(_c.salesperson_id, "The database id of the salesperson that the specialist works for."),
        column(
            _c.partner_company_id,
            "The database id of the partner that the specialist is with; null for our own.",
        ),
        column(
            _c.data_visibility,
            "What the specialist's partner sees of the specialist's leads: `All`, or those of one company.",
        ),
        column(_c.active, "Whether the specialist is at work; an inactive one sees no leads by this."),
        column(_c.created_on, "When the specialist was added."),
        to_one("user", "User", relations.WARRIOR_USER.up, "The specialist's account."),
        to_one(
            "salesperson",
            "Salesperson",
            relations.WARRIOR_SALESPERSON.up,
            "The salesperson that the specialist works for.",
        ),
        to_one(
            "partnerCompany",
            "PartnerCompany",
            relations.WARRIOR_PARTNER_COMPANY.up,
            "The partner that the specialist is with; null for our own.",
        ),
        to_many("leads", "Lead", relations.LEAD_WARRIOR.down, "The specialist's leads."),
        to_many(
            "followUps",
            "FollowUp",
            relations.FOLLOW_UP_WARRIOR.down,
            "Follow-ups that the specialist is in charge of.",
        ),
    ),
)
