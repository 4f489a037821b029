"""ClientUser: somebody with an account at a client company, from `magenta.user` and `magenta.user_info`."""

from __future__ import annotations

from datasources.magenta.tables import user, user_info
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, through, to_many, to_one

_c = user.c
_info = relations.CLIENT_USER_INFO.down

CLIENT_USER = RowType(
    name="ClientUser",
    table=user,
    description="Somebody with an account at a client company; an account here is a User instead.",
    fields=(
        column(_c.username, "The name that the person logs in with at the company."),
        column(_c.email, "The person's mail address.", nullable=True),
        column(_c.company_id, "The database id of the company."),
        column(_c.role_id, "The number of the person's department or role at the company; not a role here."),
        column(_c.is_iperform_user, "Whether the person works for us."),
        column(_c.active, "Whether the account is in use."),
        column(_c.validity, "How far the account reaches: full, limited …"),
        column(_c.created_on, "When the account was made."),
        through(
            "firstName", _info, user_info.c.first_name, "The person's first name; null where it is unknown."
        ),
        through(
            "lastName", _info, user_info.c.last_name, "The person's last name; null where it is unknown."
        ),
        through("mobile1", _info, user_info.c.mobile_1, "The person's mobile number, as it was entered."),
        through("mobile2", _info, user_info.c.mobile_2, "A second mobile number, as it was entered."),
        through(
            "birthdate", _info, user_info.c.user_birthdate, "The person's date of birth; null where unknown."
        ),
        through(
            "anniversaryDate",
            _info,
            user_info.c.user_anniversary_date,
            "The person's wedding anniversary; null where it is unknown.",
        ),
        to_one("company", "Company", relations.CLIENT_USER_COMPANY.up, "The company."),
        to_one("createdBy", "User", relations.CLIENT_USER_CREATED_BY.up, "Who made the account."),
        to_one(
            "staffUser",
            "User",
            relations.USER_CLIENT_USER.down,
            "The same person's account here; the first where there are several, null where there is none.",
        ),
        to_many(
            "savedViews", "SavedView", relations.VIEW_SETTING_USER.down, "Views that the person has saved."
        ),
        to_many(
            "settings",
            "UserSetting",
            relations.USER_SETTING_USER.down,
            "The person's settings of the program.",
        ),
        to_many(
            "companySettings",
            "CompanySetting",
            relations.COMPANY_SETTING_USER.down,
            "The person's settings for companies.",
        ),
    ),
)
