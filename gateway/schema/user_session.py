"""UserSession: a stretch of time for which a user is logged in, from `iperform.all_session`."""

from __future__ import annotations

from datasources.iperform.tables import all_session
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = all_session.c

USER_SESSION = RowType(
    name="UserSession",
    table=all_session,
    description="A stretch of time for which a user is logged in on one device; never its token.",
    fields=(
        column(_c.user_id, "The database id of the user."),
        column(_c.session_start, "When the session began."),
        column(_c.session_end, "When the session ended or will; null where no end is set."),
        column(_c.device_info, "The device, as it described itself."),
        column(_c.user_agent, "The `User-Agent` header that the session began with."),
        column(_c.ip_address, "The address that the session began from, IPv4 or IPv6."),
        column(_c.active, "Whether the session still holds; false once the user logged out."),
        column(_c.created_on, "When the session was written down."),
        to_one("user", "User", relations.SESSION_USER.up, "Whose session it is."),
    ),
)
