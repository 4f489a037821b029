"""RequestLog: one request to the REST API or to this one, from `iperform.logs`."""

from __future__ import annotations

from datasources.iperform.tables import logs
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, to_one

_c = logs.c

# `request_body` and `response_body` aren't declared: the bodies of a login hold a password and a token, which
# nobody may have by any path, a filter included.
REQUEST_LOG = RowType(
    name="RequestLog",
    plural="requestLogs",
    table=logs,
    description="One request to the REST API or to this one, without what was sent and answered.",
    fields=(
        column(_c.user_id, "The database id of the user who asked; null where nobody was logged in."),
        column(
            _c.company_id, "The database id of the company that was asked about; null where there was none."
        ),
        column(_c.endpoint, "The path that was asked for."),
        column(
            _c.method,
            "QUERY or MUTATION for this API; for the REST API GET, POST, PUT or DELETE, as HTTP has it.",
        ),
        column(_c.response_status, "The HTTP status of the answer."),
        column(_c.execution_time_ms, "How long the answer took, in milliseconds."),
        column(_c.logged_on, "When the request was made."),
        to_one("user", "User", relations.REQUEST_LOG_USER.up, "Who asked; null where nobody was logged in."),
        to_one("company", "Company", relations.REQUEST_LOG_COMPANY.up, "The company that was asked about."),
    ),
)
