"""LoginEvent: one login of a user, from `iperform.login_history`."""

from __future__ import annotations

from datasources.iperform.tables import login_history
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = login_history.c

LOGIN_EVENT = RowType(
    name="LoginEvent",
    table=login_history,
    description="One login of a user: when, and from where.",
    fields=(
        column(_c.user_id, "The database id of the user."),
        column(_c.login_on, "When the user logged in."),
        column(_c.logout_on, "When the user logged out; null where they haven't."),
        column(_c.device_info, "The device, as it described itself."),
        column(_c.ip_address, "The address that the user logged in from, IPv4 or IPv6."),
        column(_c.location, "The place that the address was taken to be in; null where it is unknown."),
        to_one("user", "User", relations.LOGIN_USER.up, "Who logged in."),
    ),
)
