"""What the gateway counts for Prometheus."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

from datasources.base import Statement

STATEMENTS = Histogram("gateway_statement_seconds", "Time of one statement at its source.", ["source"])
ROWS = Counter("gateway_statement_rows", "Rows that statements gave.", ["source"])
REQUESTS = Histogram("gateway_request_seconds", "Time of one HTTP request.", ["route", "status"])
OPERATIONS_EXECUTING = Gauge("gateway_operations_executing", "GraphQL operations that are being executed.")
OPERATIONS_WAITING = Gauge("gateway_operations_waiting", "GraphQL operations that wait for others to end.")
OPERATIONS_REFUSED = Counter(
    "gateway_operations_refused", "GraphQL operations that found too many waiting before them."
)
SOCKETS_OPEN = Gauge("gateway_sockets_open", "WebSockets that are open.")
STREAMS_OPEN = Gauge("gateway_event_streams_open", "Streams of server-sent events that are open.")
MESSAGES = Counter("gateway_messages", "Answers that went out over sockets and event streams.", ["transport"])
MESSAGES_TO_SOCKETS = MESSAGES.labels("websocket")
MESSAGES_TO_STREAMS = MESSAGES.labels("event-stream")
CLOSES = Counter(
    "gateway_closes",
    "Sockets and event streams that the gateway has ended, by the code of a socket's close.",
    ["code"],
)


@cache
def requests_with(route: str, status: int) -> Histogram:
    """The times of one route's requests with one status."""
    return REQUESTS.labels(route, str(status))


# Finding a label's child takes longer than counting with it, and sources are few.
_statements_of = cache(STATEMENTS.labels)
_rows_of = cache(ROWS.labels)


def observe_statement(statement: Statement) -> None:
    """Counts one statement."""
    _statements_of(statement.source).observe(statement.seconds)
    _rows_of(statement.source).inc(statement.rows)
