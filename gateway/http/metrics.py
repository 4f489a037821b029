"""What the gateway counts for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

from datasources.base import Statement

STATEMENTS = Histogram("gateway_statement_seconds", "Time of one statement at its source.", ["source"])
ROWS = Counter("gateway_statement_rows", "Rows that statements gave.", ["source"])
REQUESTS = Histogram("gateway_request_seconds", "Time of one HTTP request.", ["route", "status"])


def observe_statement(statement: Statement) -> None:
    """Counts one statement."""
    STATEMENTS.labels(statement.source).observe(statement.seconds)
    ROWS.labels(statement.source).inc(statement.rows)
