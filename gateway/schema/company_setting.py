"""CompanySetting: how somebody wants the program to be for one company, from `magenta.company_setting`."""

from __future__ import annotations

from datasources.magenta.tables import company_setting
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = company_setting.c

COMPANY_SETTING = RowType(
    name="CompanySetting",
    table=company_setting,
    description="How somebody wants the program to be for one company.",
    fields=(
        column(_c.company_id, "The database id of the company."),
        column(
            _c.user_id,
            "The database id of the ClientUser whose setting it is; null for one of nobody in particular, "
            "which ADMIN alone sees.",
        ),
        column(_c.setting, "The setting itself."),
        to_one("company", "Company", relations.COMPANY_SETTING_COMPANY.up, "The company that it is for."),
        to_one("user", "ClientUser", relations.COMPANY_SETTING_USER.up, "Whose setting it is."),
    ),
)
