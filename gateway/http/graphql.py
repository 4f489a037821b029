"""`/graphql` over HTTP: a query or mutation by POST, a query by GET, GraphiQL for a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from graphql import OperationDefinitionNode, OperationType
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gateway.auth.audience import Audience
from gateway.auth.audit import Reader
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
from gateway.http.admission import Admission
from gateway.http.answers import (
    STATUS,
    Answer,
    of_error,
    of_refusal,
    of_result,
    of_unexpected,
    with_extensions,
)
from gateway.http.asked import (
    Asked,
    BadRequest,
    Refused,
    asked_in_address,
    asked_in_body,
    query_parameters,
)
from gateway.http.audited import Execution, ReadAudit
from gateway.http.client import authorization_of, client_of
from gateway.http.departure import UnlessGone
from gateway.http.incoming import Incoming
from gateway.http.negotiate import Media, accepted
from gateway.http.page import graphiql_page
from gateway.http.plan_header import wants_plan
from gateway.http.sending import compressing, send_json, send_nothing
from gateway.http.view_as import Asker, asker_of, read_only
from gateway.loaders.batch import Loaders
from gateway.services import Services

log = structlog.get_logger(__name__)

# JSON first: who takes anything gets what every client reads.
ANSWERS = (Media.JSON, Media.GRAPHQL)
METHODS = ("GET", "HEAD", "POST")
CLIENT_GONE = 499


@dataclass(slots=True)
class _Exchange:
    """One request, the media type of its answer, and what of it is audited, once something is executed."""

    incoming: Incoming
    media: Media
    execution: Execution | None = None


class GraphQLEndpoint:
    """Takes requests, gives answers: an ASGI app. Whatever goes wrong, the answer is GraphQL's JSON with a code."""

    def __init__(self, services: Services, schema_for: Callable[[Audience], AudienceSchema]) -> None:
        settings = services.settings
        self._services = services
        self._schema_for = schema_for
        self._documents = Documents()
        self._audit = ReadAudit(services.audit, services.zone)
        self._admission = Admission(settings.operations_at_once, settings.operations_waiting)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        incoming = Incoming(scope, receive)
        if incoming.is_get and _wants_page(incoming):
            await compressing(graphiql_page())(scope, receive, send)
            return
        media = accepted(_accept(incoming), ANSWERS)
        if media is None:
            refusal = BadRequest(f"Accept {Media.JSON.value} or {Media.GRAPHQL.value}.", 406)
            await _refuse(_Exchange(incoming, Media.JSON), refusal, send)
            return
        exchange = _Exchange(incoming, media)
        try:
            answer = await self._answer(exchange)
        except Refused as error:
            await _refuse(exchange, error, send)
        except ClientDisconnect:
            self._audit.end(exchange.execution, CLIENT_GONE, None)
            await send_nothing(send, status=CLIENT_GONE)
        else:
            status = _status(answer, media)
            self._audit.end(exchange.execution, status, answer)
            await send_json(incoming, send, media, answer.body, status=status)

    async def _answer(self, exchange: _Exchange) -> Answer:
        incoming, settings = exchange.incoming, self._services.settings
        request_id = incoming.request_id
        if incoming.method not in METHODS:
            raise BadRequest(
                "Send a query by GET or POST, a mutation by POST.", 405, {"allow": ", ".join(METHODS)}
            )
        if incoming.is_get:
            asked = asked_in_address(incoming)
        else:
            asked = await asked_in_body(incoming, settings.max_body_bytes)
        try:
            async with asyncio.timeout(settings.request_seconds):
                return await self._admitted(exchange, asked)
        except RequestRefused as refusal:
            return of_refusal(refusal, request_id)
        except TimeoutError:
            return of_error(
                GatewayError(Code.TIMEOUT, "The request took too long; ask for less at once."), request_id
            )
        except (Refused, ClientDisconnect):
            raise
        except GatewayError as error:
            return of_error(error, request_id)
        except Exception:
            log.exception("a request failed", request_id=request_id)
            return of_unexpected(request_id)

    async def _admitted(self, exchange: _Exchange, asked: Asked) -> Answer:
        """The answer, once it is the request's turn; nobody's turn where the client goes away before it."""
        with UnlessGone(exchange.incoming) as unless_gone:
            place = await self._admission.enter()
            try:
                return await self._executed(exchange, asked, unless_gone)
            finally:
                place.leave()

    async def _executed(self, exchange: _Exchange, asked: Asked, unless_gone: UnlessGone) -> Answer:
        incoming = exchange.incoming
        asker = await asker_of(incoming, self._services)
        execute = self._planned if wants_plan(incoming, asker) else self._plain
        principal = asker.reads_as
        schema = self._schema_for(principal.audience)
        document = self._document(asked, schema, asker)
        operation = document.operation(asked.operation_name)
        _check_kind(operation, incoming, asker)
        prepared = reference.prepare(schema, document, operation, asked.variables)
        await self._services.cost_budgets.charge(principal, prepared.cost)
        if operation.operation is not OperationType.QUERY:
            # What has begun to change something goes on to its end.
            unless_gone.ignore()
        request = self._request(incoming, asker, schema)
        exchange.execution = self._audit.begin(
            asker.principal, request.access, schema, prepared, acting_for=_acting_for(asker)
        )
        try:
            return await execute(schema, prepared, request)
        finally:
            request.access.abandon()

    async def _plain(self, schema: AudienceSchema, prepared: Prepared, request: Request) -> Answer:
        result = await run(schema, prepared, request, self._services.settings.engine)
        return of_result(result, request.request_id)

    async def _planned(self, schema: AudienceSchema, prepared: Prepared, request: Request) -> Answer:
        """The answer, and beside it how it came about."""
        cached = prepared.is_planned
        with traced() as trace:
            answer = await self._plain(schema, prepared, request)
            return with_extensions(answer, {"plan": plan_of(trace, cached=cached)})

    def _document(self, asked: Asked, schema: AudienceSchema, asker: Asker) -> Document:
        try:
            return self._documents.get(asked.query, schema)
        except RequestRefused as refusal:
            if refusal.code is Code.GRAPHQL_VALIDATION_FAILED:
                self._refuse_better(asked, asker)
            raise

    def _refuse_better(self, asked: Asked, asker: Asker) -> None:
        """Says "log in" to the anonymous, and "only read" to who views as somebody else, who ask for what there is."""
        if asker.principal.known and not asker.is_viewing:
            return
        own = asker.principal.audience if asker.is_viewing else Audience(Caller.ADMIN)
        try:
            document = self._documents.get(asked.query, self._schema_for(own))
        except RequestRefused:
            return
        if not asker.is_viewing:
            raise unauthenticated("Log in to ask for this.")
        if document.operation(asked.operation_name).operation is not OperationType.QUERY:
            raise read_only()

    def _request(self, incoming: Incoming, asker: Asker, schema: AudienceSchema) -> Request:
        principal = asker.reads_as
        access = self._services.access_for(principal)
        return Request(
            request_id=incoming.request_id,
            # What could end a session is the ADMIN's own, and nobody else's to use.
            authorization=None if asker.is_viewing else authorization_of(incoming),
            principal=principal,
            client=client_of(incoming, self._services.settings.trusted_proxies),
            access=access,
            loaders=Loaders(access),
            services=self._services,
            catalogue=schema.catalogue,
        )


def _check_kind(operation: OperationDefinitionNode, incoming: Incoming, asker: Asker) -> None:
    """Raises where the caller, or the method, may only read and the operation is no query."""
    if operation.operation is OperationType.QUERY:
        return
    if asker.is_viewing:
        raise read_only()
    if incoming.is_get:
        raise BadRequest("Send a mutation by POST.", 405, {"allow": "POST"})


def _acting_for(asker: Asker) -> Reader | None:
    subject = asker.reads_as
    return Reader(subject.user_id, subject.token_id) if asker.is_viewing else None


async def _refuse(exchange: _Exchange, error: Refused, send: Send) -> None:
    answer = of_error(error, exchange.incoming.request_id)
    await send_json(
        exchange.incoming, send, exchange.media, answer.body, status=error.status, headers=error.headers
    )


def _accept(incoming: Incoming) -> str:
    return ",".join(incoming.all(b"accept"))


def _wants_page(incoming: Incoming) -> bool:
    if "query" in query_parameters(incoming):
        return False
    return accepted(_accept(incoming), (*ANSWERS, Media.HTML)) is Media.HTML


def _status(answer: Answer, media: Media) -> int:
    if answer.executed or answer.code is None:
        return 200
    if answer.code in STATUS:
        return STATUS[answer.code]
    return 400 if media is Media.GRAPHQL else 200
