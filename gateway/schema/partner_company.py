"""PartnerCompany: a firm that follows up leads for us, from `iperform.partner_company`."""

from __future__ import annotations

from datasources.iperform.tables import partner_company
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_many, to_one

_c = partner_company.c

PARTNER_COMPANY = RowType(
    name="PartnerCompany",
    plural="partnerCompanies",
    table=partner_company,
    description="A firm whose follow-up specialists work on leads for us.",
    fields=(
        column(_c.company_id, "The database id of the company that the partner belongs to."),
        column(_c.partner_name, "The partner's name."),
        column(_c.contact_person, "Whom to ask for there."),
        column(_c.email, "The partner's mail address."),
        column(_c.phone, "The partner's telephone number."),
        column(_c.address, "The partner's postal address."),
        column(_c.city, "The city that the partner is in."),
        column(_c.active, "Whether we work with the partner at present."),
        column(_c.created_on, "When the partner was added."),
        to_one(
            "company",
            "Company",
            relations.PARTNER_COMPANY_COMPANY.up,
            "The company that the partner belongs to.",
        ),
        to_many(
            "warriors",
            "Warrior",
            relations.WARRIOR_PARTNER_COMPANY.down,
            "The partner's follow-up specialists.",
        ),
    ),
)
