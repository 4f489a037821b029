"""From a request and its answer to an entry of the read audit, which `gateway/auth/audit.py` writes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from graphql import OperationType
from sqlalchemy import Table

from datasources.analytics.tables import (
    mirror_demo_scheduled_data,
    mirror_lead_logs,
    mirror_lead_status,
    mirror_leads,
)
from datasources.magenta.tables import company
from gateway.auth.access import Access
from gateway.auth.audit import Audit, Entry, Reader
from gateway.auth.principal import Principal
from gateway.auth.reads import Kind
from gateway.engine.audience import AudienceSchema
from gateway.engine.redacted import Redaction, operation_name
from gateway.engine.reference import Prepared
from gateway.http.answers import Answer
from gateway.schema.types import ROW_TYPES

log = structlog.get_logger(__name__)

# Tables without a type, as `session_info`, only lend a field to rows that are counted themselves.
TYPE_NAMES: Mapping[Table, str] = {
    **{row_type.table: row_type.name for row_type in ROW_TYPES},
    mirror_leads: "LeadAnalytics",
    mirror_lead_status: "LeadAnalytics",
    mirror_lead_logs: "LeadAnalytics",
    mirror_demo_scheduled_data: "LeadAnalytics",
}

# As the estate's column has room for it.
METHODS: Mapping[OperationType, str] = {
    OperationType.QUERY: "QUERY",
    OperationType.MUTATION: "MUTATION",
    OperationType.SUBSCRIPTION: "SUBSCRIBE",
}


@dataclass(frozen=True, slots=True)
class Execution:
    """One operation that is being carried out for a known caller. `started` is of the monotonic clock."""

    principal: Principal
    acting_for: Reader | None
    access: Access
    schema: AudienceSchema
    prepared: Prepared
    began_on: datetime
    started: float


class ReadAudit:
    """Remembers who asks for what, and hands an entry on when the answer is known.

    The anonymous have no entries: what they may do is log in, and `login_history` says who did. What somebody is told
    of themselves in the answer to a login isn't a read of theirs either.
    """

    def __init__(self, audit: Audit | None, zone: ZoneInfo) -> None:
        self._audit = audit
        self._zone = zone

    def begin(
        self,
        principal: Principal,
        access: Access,
        schema: AudienceSchema,
        prepared: Prepared,
        *,
        acting_for: Reader | None = None,
    ) -> Execution | None:
        """What `end` needs, before anything is read; None where nothing is audited."""
        if self._audit is None or not principal.known:
            return None
        now = datetime.now(self._zone).replace(tzinfo=None, microsecond=0)
        return Execution(principal, acting_for, access, schema, prepared, now, time.perf_counter())

    def end(
        self,
        execution: Execution | None,
        status: int,
        answer: Answer | None,
        rows: Mapping[Kind, int] | None = None,
    ) -> None:
        """To be called when the answer is known, or that nobody waits for it. Never raises, never waits.

        `rows` are those that were read for a subscription, which were read for many at once.
        """
        if self._audit is None or execution is None:
            return
        try:
            self._audit.put(_entry(execution, status, answer, rows))
        except Exception:
            # Whatever goes wrong here, the answer is due.
            self._audit.lose(1)
            log.exception("an entry of the read audit can't be made")


def _entry(
    execution: Execution, status: int, answer: Answer | None, rows: Mapping[Kind, int] | None
) -> Entry:
    principal, prepared, reads = execution.principal, execution.prepared, execution.access.reads
    operation, known = prepared.operation, execution.schema.input_names
    return Entry(
        reader=Reader(principal.user_id, principal.token_id),
        acting_for=execution.acting_for,
        caller=principal.caller.value,
        company_id=execution.access.client_company or reads.only_key(company),
        method=METHODS[operation.operation],
        operation=operation_name(operation),
        document=prepared.document.redacted(operation, known),
        variables=Redaction(known).variables(operation, prepared.given),
        rows=_by_type(reads.counted_rows() if rows is None else rows),
        groups=_by_type(reads.counted_groups()),
        status=status,
        error_codes=() if answer is None else answer.codes,
        milliseconds=round((time.perf_counter() - execution.started) * 1000),
        logged_on=execution.began_on,
    )


def _by_type(counts: Mapping[Kind, int]) -> dict[str, int]:
    """Numbers by GraphQL type, in the order of the names."""
    found: dict[str, int] = {}
    for kind, count in counts.items():
        name = kind if isinstance(kind, str) else TYPE_NAMES.get(kind)
        if name is not None:
            found[name] = found.get(name, 0) + count
    return dict(sorted(found.items()))
