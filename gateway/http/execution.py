"""One operation from what a client asked for to its answer, the same over HTTP, sockets and event streams.

The transports decide who asks, when it is an operation's turn, and what becomes of it when its client goes away.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from graphql import OperationDefinitionNode, OperationType

from gateway.auth.audience import Audience
from gateway.auth.audit import Reader
from gateway.auth.principal import Client
from gateway.auth.roles import Caller
from gateway.auth.trace import traced
from gateway.context import Request
from gateway.engine import reference
from gateway.engine.audience import AudienceSchema
from gateway.engine.documents import Document, Documents, RequestRefused
from gateway.engine.reference import Prepared
from gateway.engine.run import run
from gateway.engine.tracing import plan_of
from gateway.errors import Code, GatewayError, unauthenticated
from gateway.http.answers import (
    Answer,
    of_error,
    of_refusal,
    of_result,
    of_unexpected,
    with_extensions,
)
from gateway.http.asked import Asked
from gateway.http.audited import Execution, ReadAudit
from gateway.http.persisted import PersistedQueries
from gateway.http.view_as import Asker, read_only
from gateway.live.subscription import Live, Order, Subscription
from gateway.loaders.batch import Loaders
from gateway.services import Services

log = structlog.get_logger(__name__)

SchemaFor = Callable[[Audience], AudienceSchema]


@dataclass(frozen=True, slots=True)
class Origin:
    """What an operation came with: the id that its errors name, the caller's token, and where they are."""

    request_id: str
    authorization: str | None
    client: Client


@dataclass(frozen=True, slots=True)
class Found:
    """An operation of a document that is valid for whoever asks."""

    asker: Asker
    schema: AudienceSchema
    document: Document
    node: OperationDefinitionNode
    variables: Mapping[str, Any]

    @property
    def kind(self) -> OperationType:
        """Whether it reads, changes or subscribes."""
        return self.node.operation


@dataclass(frozen=True, slots=True)
class Begun:
    """An operation that is being carried out, and what of it is audited."""

    schema: AudienceSchema
    prepared: Prepared
    request: Request
    audited: Execution | None


class Operations:
    """Finds, prepares and executes operations. `audit` is told by the transport what came of each."""

    def __init__(self, services: Services, schema_for: SchemaFor, live: Live) -> None:
        self._services = services
        self._schema_for = schema_for
        self._live = live
        self._documents = Documents()
        self._persisted = PersistedQueries()
        self.audit = ReadAudit(services.audit, services.zone)

    def find(self, asked: Asked, asker: Asker) -> Found:
        """The operation that is asked for. Raises `RequestRefused`, or `GatewayError` for one that isn't theirs."""
        schema = self._schema_for(asker.reads_as.audience)
        text = self._text(asked)
        document = self._document(text, asked.operation_name, schema, asker)
        if asked.hash is not None and asked.query is not None:
            self._persisted.keep(asked.hash, text)
        node = document.operation(asked.operation_name)
        if asker.is_viewing and node.operation is OperationType.MUTATION:
            raise read_only()
        return Found(asker, schema, document, node, asked.variables)

    async def prepare(self, found: Found) -> Prepared:
        """Looks at its variables and limits, and takes its cost from the caller's budget.

        Raises `RequestRefused` and `GatewayError`.
        """
        prepared = reference.prepare(found.schema, found.document, found.node, found.variables)
        await self._services.cost_budgets.charge(found.asker.reads_as, prepared.cost)
        return prepared

    def begin(self, found: Found, prepared: Prepared, origin: Origin) -> Begun:
        """What executing it needs, and its entry of the audit."""
        asker, principal = found.asker, found.asker.reads_as
        access = self._services.access_for(principal)
        request = Request(
            request_id=origin.request_id,
            # What could end a session is the ADMIN's own, and nobody else's to use.
            authorization=None if asker.is_viewing else origin.authorization,
            principal=principal,
            client=origin.client,
            access=access,
            loaders=Loaders(access),
            services=self._services,
            catalogue=found.schema.catalogue,
        )
        audited = self.audit.begin(
            asker.principal, access, found.schema, prepared, acting_for=_acting_for(asker)
        )
        return Begun(found.schema, prepared, request, audited)

    async def execute(self, begun: Begun, *, planned: bool = False) -> Answer:
        """The answer of a query or mutation; `planned` says that its plan stands beside it."""
        try:
            return await (self._planned(begun) if planned else self._plain(begun))
        finally:
            begun.request.access.abandon()

    async def subscribe(self, begun: Begun) -> Subscription:
        """The answers of a subscription. Raises `GatewayError`."""
        request = begun.request
        return await self._live.subscribe(
            Order(
                principal=request.principal,
                schema=begun.schema,
                prepared=begun.prepared,
                request_id=request.request_id,
            )
        )

    async def _plain(self, begun: Begun) -> Answer:
        request = begun.request
        result = await run(begun.schema, begun.prepared, request, self._services.settings.engine)
        return of_result(result, request.request_id)

    async def _planned(self, begun: Begun) -> Answer:
        """The answer, and beside it how it came about."""
        cached = begun.prepared.is_planned
        with traced() as trace:
            answer = await self._plain(begun)
            return with_extensions(answer, {"plan": plan_of(trace, cached=cached)})

    def _text(self, asked: Asked) -> str:
        if asked.query is not None:
            return asked.query
        assert asked.hash is not None
        return self._persisted.text(asked.hash)

    def _document(self, text: str, name: str | None, schema: AudienceSchema, asker: Asker) -> Document:
        try:
            return self._documents.get(text, schema)
        except RequestRefused as refusal:
            if refusal.code is Code.GRAPHQL_VALIDATION_FAILED:
                self._refuse_better(text, name, asker)
            raise

    def _refuse_better(self, text: str, name: str | None, asker: Asker) -> None:
        """Says "log in" to the anonymous, and "only read" to who views as somebody else, who ask for what there is."""
        if asker.principal.known and not asker.is_viewing:
            return
        own = asker.principal.audience if asker.is_viewing else Audience(Caller.ADMIN)
        try:
            document = self._documents.get(text, self._schema_for(own))
        except RequestRefused:
            return
        if not asker.is_viewing:
            raise unauthenticated("Log in to ask for this.")
        if document.operation(name).operation is OperationType.MUTATION:
            raise read_only()


def failure(error: Exception, request_id: str) -> Answer:
    """The answer to an operation that couldn't be executed, or not to its end."""
    match error:
        case RequestRefused():
            return of_refusal(error, request_id)
        case GatewayError():
            return of_error(error, request_id)
        case TimeoutError():
            return of_error(
                GatewayError(Code.TIMEOUT, "The request took too long; ask for less at once."), request_id
            )
    log.error("a request failed", request_id=request_id, exc_info=error)
    return of_unexpected(request_id)


def new_request_id() -> str:
    """An id for what has brought none."""
    return os.urandom(16).hex()


def _acting_for(asker: Asker) -> Reader | None:
    subject = asker.reads_as
    return Reader(subject.user_id, subject.token_id) if asker.is_viewing else None
