"""`/graphql` over HTTP: a query or mutation by POST, a query by GET, GraphiQL for a browser.

A subscription is answered by a stream of events, and so is everything for who accepts nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import OperationType
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from datasources.engines.deadline import SharedLimit
from gateway.errors import GatewayError
from gateway.http.admission import Admission
from gateway.http.answers import CLIENT_GONE, Answer, of_error, status_of
from gateway.http.asked import (
    Asked,
    BadRequest,
    Refused,
    asked_in_address,
    asked_in_body,
    query_parameters,
)
from gateway.http.audited import Execution
from gateway.http.client import authorization_of, client_of
from gateway.http.connections import Connections
from gateway.http.departure import UnlessGone
from gateway.http.event_stream import EventStream, send_once
from gateway.http.execution import Begun, Operations, Origin, failure
from gateway.http.incoming import Incoming
from gateway.http.negotiate import Media, accepted
from gateway.http.page import graphiql_page
from gateway.http.plan_header import wants_plan
from gateway.http.sending import compressing, send_json, send_nothing
from gateway.http.socket_protocol import SUBPROTOCOL
from gateway.http.view_as import Asker, asker_of
from gateway.live.subscription import Subscription
from gateway.services import Services

# JSON first: who takes anything gets what every client reads.
ANSWERS = (Media.JSON, Media.GRAPHQL)
STREAMS = (Media.EVENT_STREAM,)
METHODS = ("GET", "HEAD", "POST")
# A query stands in an address as its text, or as its hash.
_NAMES = frozenset({"query", "extensions"})
# What a subscription has for an answer as long as its stream hasn't begun.
NOTHING_YET = Answer(b"", executed=True)


@dataclass(slots=True)
class _Exchange:
    """One request, the media type of its answer, and what has been begun for it, once something is executed.

    `streamed` says that the client takes nothing but an event stream; what goes wrong before it is JSON all the same.
    """

    incoming: Incoming
    media: Media
    streamed: bool = False
    begun: Begun | None = None
    stream: EventStream | None = None

    @property
    def audited(self) -> Execution | None:
        """What the audit knows of it."""
        return None if self.begun is None else self.begun.audited


class GraphQLEndpoint:
    """Takes requests, gives answers: an ASGI app. Whatever goes wrong, the answer is GraphQL's JSON with a code."""

    def __init__(
        self, services: Services, operations: Operations, admission: Admission, connections: Connections
    ) -> None:
        self._services = services
        self._operations = operations
        self._admission = admission
        self._connections = connections
        self._limit = SharedLimit(services.settings.request_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        incoming = Incoming(scope, receive)
        if incoming.is_get and _wants_page(incoming):
            await compressing(graphiql_page())(scope, receive, send)
            return
        exchange = _exchange(incoming)
        if exchange is None:
            refusal = BadRequest(f"Accept {Media.JSON.value} or {Media.GRAPHQL.value}.", 406)
            await _refuse(_Exchange(incoming, Media.JSON), refusal, send)
            return
        try:
            answer = await self._answer(exchange)
            if exchange.stream is not None:
                await self._stream(exchange, exchange.stream, send)
                return
        except Refused as error:
            await _refuse(exchange, error, send)
        except ClientDisconnect:
            if exchange.stream is not None:
                exchange.stream.close()
            self._operations.audit.end(exchange.audited, CLIENT_GONE, None)
            await send_nothing(send, status=CLIENT_GONE)
        else:
            status = status_of(answer, exchange.media)
            self._operations.audit.end(exchange.audited, status, answer)
            if exchange.streamed and answer.executed:
                await send_once(send, answer)
            else:
                headers = _headers_of(answer)
                await send_json(incoming, send, exchange.media, answer.body, status=status, headers=headers)

    async def _answer(self, exchange: _Exchange) -> Answer:
        incoming, settings = exchange.incoming, self._services.settings
        if incoming.method not in METHODS:
            raise BadRequest(
                "Send a query by GET or POST, a mutation by POST.", 405, {"allow": ", ".join(METHODS)}
            )
        if incoming.is_get:
            asked = asked_in_address(incoming)
        else:
            asked = await asked_in_body(incoming, settings.max_body_bytes)
        try:
            with self._limit.wait():
                return await self._admitted(exchange, asked)
        except (Refused, ClientDisconnect):
            raise
        except Exception as error:
            return failure(error, incoming.request_id)

    async def _admitted(self, exchange: _Exchange, asked: Asked) -> Answer:
        """The answer, once it is the request's turn; nobody's turn where the client goes away before it."""
        with UnlessGone(exchange.incoming) as unless_gone:
            place = await self._admission.enter()
            try:
                return await self._executed(exchange, asked, unless_gone)
            finally:
                place.leave()

    async def _executed(self, exchange: _Exchange, asked: Asked, unless_gone: UnlessGone) -> Answer:
        incoming, operations = exchange.incoming, self._operations
        asker = await asker_of(incoming, self._services)
        planned = wants_plan(incoming, asker)
        found = operations.find(asked, asker)
        if found.kind is not OperationType.QUERY:
            _check_kind(found.kind, incoming)
        prepared = await operations.prepare(found)
        if found.kind is OperationType.MUTATION:
            # What has begun to change something goes on to its end.
            unless_gone.ignore()
        begun = exchange.begun = operations.begin(found, prepared, self._origin(incoming))
        if found.kind is OperationType.SUBSCRIPTION:
            subscription = await operations.subscribe(begun)
            exchange.stream = self._stream_of(incoming, subscription, asker)
            return NOTHING_YET
        return await operations.execute(begun, planned=planned)

    def _origin(self, incoming: Incoming) -> Origin:
        return Origin(
            incoming.request_id,
            authorization_of(incoming),
            client_of(incoming, self._services.settings.trusted_proxies),
        )

    def _stream_of(self, incoming: Incoming, subscription: Subscription, asker: Asker) -> EventStream:
        authorization = authorization_of(incoming)
        assert authorization is not None
        expires_at = self._services.authenticator.expiry_of(authorization)
        return EventStream(incoming, subscription, asker=asker, expires_at=expires_at)

    async def _stream(self, exchange: _Exchange, stream: EventStream, send: Send) -> None:
        """Sends a subscription's answers for as long as there are any."""
        answer = None
        try:
            with self._connections.place(stream), self._connections.looked_after(stream):
                answer = await stream.run(send)
        except GatewayError as full:
            answer = failure(full, exchange.incoming.request_id)
            status = status_of(answer, exchange.media)
            await send_json(exchange.incoming, send, exchange.media, answer.body, status=status)
        finally:
            stream.close()
            status = 200 if answer is None else status_of(answer, exchange.media)
            self._operations.audit.end(exchange.audited, status, answer, stream.rows)


def _exchange(incoming: Incoming) -> _Exchange | None:
    """How to answer; None for a client that takes nothing that the gateway has."""
    accept = _accept(incoming)
    media = accepted(accept, ANSWERS)
    if media is not None:
        return _Exchange(incoming, media)
    if accepted(accept, STREAMS) is not None:
        return _Exchange(incoming, Media.GRAPHQL, streamed=True)
    return None


def _check_kind(kind: OperationType, incoming: Incoming) -> None:
    """Raises where what is no query can't be answered as the client has asked."""
    if kind is OperationType.MUTATION and incoming.is_get:
        raise BadRequest("Send a mutation by POST.", 405, {"allow": "POST"})
    if kind is OperationType.SUBSCRIPTION and accepted(_accept(incoming), STREAMS) is None:
        raise BadRequest(
            f"A subscription's answers are a stream: accept {Media.EVENT_STREAM.value}, or open a WebSocket with "
            f"the subprotocol {SUBPROTOCOL}.",
            406,
        )


async def _refuse(exchange: _Exchange, error: Refused, send: Send) -> None:
    answer = of_error(error, exchange.incoming.request_id)
    await send_json(
        exchange.incoming, send, exchange.media, answer.body, status=error.status, headers=error.headers
    )


def _headers_of(answer: Answer) -> Mapping[str, str] | None:
    return None if answer.retry_after is None else {"retry-after": str(answer.retry_after)}


def _accept(incoming: Incoming) -> str:
    return ",".join(incoming.all(b"accept"))


def _wants_page(incoming: Incoming) -> bool:
    if not _NAMES.isdisjoint(query_parameters(incoming)):
        return False
    return accepted(_accept(incoming), (*ANSWERS, Media.HTML)) is Media.HTML
