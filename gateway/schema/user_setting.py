"""UserSetting: how somebody wants the program to be, from `magenta.user_setting`."""

from __future__ import annotations

from datasources.magenta.tables import user_setting
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = user_setting.c

USER_SETTING = RowType(
    name="UserSetting",
    table=user_setting,
    description="How somebody wants the program to be.",
    fields=(
        column(_c.user_id, "The database id of the ClientUser whose setting it is."),
        column(_c.app_setting, "The setting itself: theme, language, time zone …"),
        to_one("user", "ClientUser", relations.USER_SETTING_USER.up, "Whose setting it is."),
    ),
)
