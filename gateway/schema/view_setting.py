"""SavedView: how somebody wants their lists and dashboards shown, from `magenta.view_setting`."""

from __future__ import annotations

from datasources.magenta.tables import view_setting
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = view_setting.c

SAVED_VIEW = RowType(
    name="SavedView",
    table=view_setting,
    description="How somebody wants a dashboard or list shown.",
    fields=(
        column(_c.user_id, "The database id of the ClientUser whose view it is."),
        column(_c.setting, "The view itself: which columns and charts it shows."),
        column(_c.updated_on, "When the view was last saved."),
        to_one("user", "ClientUser", relations.VIEW_SETTING_USER.up, "Whose view it is."),
    ),
)
