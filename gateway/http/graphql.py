"""`/graphql` over HTTP: a query or mutation by POST, a query by GET, GraphiQL for a browser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
import structlog
from graphql import ExecutionResult, OperationType
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from gateway.auth.audience import Audience
from gateway.auth.audit import Reader
from gateway.auth.principal import Client, Principal
from gateway.auth.roles import Caller
from gateway.context import Request
from gateway.engine import reference
from gateway.engine.audience import AudienceSchema
from gateway.engine.documents import Document, Documents, RequestRefused
from gateway.errors import Code, GatewayError, unauthenticated
from gateway.http.answers import STATUS, Answer, of_error, of_refusal, of_result, of_unexpected
from gateway.http.audited import ReadAudit
from gateway.http.client import authorization_of, client_of
from gateway.http.negotiate import Media, accepted, is_json
from gateway.http.page import graphiql_page
from gateway.http.view_as import Asker, asker_of, read_only
from gateway.loaders.batch import Loaders
from gateway.services import Services

log = structlog.get_logger(__name__)

# JSON first: who takes anything gets what every client reads.
ANSWERS = (Media.JSON, Media.GRAPHQL)
LONGEST_QUERY = 200_000
HEADERS = {"cache-control": "no-store", "vary": "accept, authorization, x-view-as"}
METHODS = ("GET", "HEAD", "POST")


class BadRequest(GatewayError):
    """A request that is no GraphQL request; `status` says in which way."""

    def __init__(self, message: str, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(Code.BAD_REQUEST, message)
        self.status = status
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks for."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]


class GraphQLEndpoint:
    """Takes requests, gives answers."""

    def __init__(self, services: Services, schema_for: Callable[[Audience], AudienceSchema]) -> None:
        self._services = services
        self._schema_for = schema_for
        self._documents = Documents()
        self._audit = ReadAudit(services.audit, services.zone)

    async def __call__(self, request: HttpRequest) -> Response:
        """One request. Whatever goes wrong, the answer is GraphQL's JSON with a code."""
        if _is_get(request) and "query" not in request.query_params and _wants_page(request):
            return graphiql_page()
        media = accepted(_accept(request), ANSWERS)
        if media is None:
            refusal = BadRequest(f"Accept {Media.JSON.value} or {Media.GRAPHQL.value}.", 406)
            return self._refused(request, refusal, Media.JSON)
        request.state.execution = None
        try:
            answer = await self._answer(request)
        except BadRequest as error:
            return self._refused(request, error, media)
        except ClientDisconnect:
            self._audit.end(request.state.execution, 499, None)
            return Response(status_code=499)
        status = _status(answer, media)
        self._audit.end(request.state.execution, status, answer)
        return Response(answer.body(), status, HEADERS, _content_type(media))

    def _refused(self, request: HttpRequest, error: BadRequest, media: Media) -> Response:
        answer = of_error(error, request.state.request_id)
        return Response(answer.body(), error.status, {**HEADERS, **error.headers}, _content_type(media))

    async def _answer(self, http: HttpRequest) -> Answer:
        request_id = http.state.request_id
        if http.method not in METHODS:
            raise BadRequest(
                "Send a query by GET or POST, a mutation by POST.", 405, {"allow": ", ".join(METHODS)}
            )
        asked = _from_url(http) if _is_get(http) else _from_body(await self._body(http))
        try:
            async with asyncio.timeout(self._services.settings.request_seconds):
                return await self._executed(http, asked)
        except RequestRefused as refusal:
            return of_refusal(refusal, request_id)
        except TimeoutError:
            return of_error(
                GatewayError(Code.TIMEOUT, "The request took too long; ask for less at once."), request_id
            )
        except (BadRequest, ClientDisconnect):
            raise
        except GatewayError as error:
            return of_error(error, request_id)
        except Exception:
            log.exception("a request failed", request_id=request_id)
            return of_unexpected(request_id)

    async def _executed(self, http: HttpRequest, asked: Asked) -> Answer:
        asker = await asker_of(http, self._services)
        principal = asker.reads_as
        schema = self._schema_for(principal.audience)
        document = self._document(asked, schema, asker)
        operation = document.operation(asked.operation_name)
        if asker.is_viewing and operation.operation is not OperationType.QUERY:
            raise read_only()
        if _is_get(http) and operation.operation is not OperationType.QUERY:
            raise BadRequest("Send a mutation by POST.", 405, {"allow": "POST"})
        prepared = reference.prepare(schema, document, operation, asked.variables)
        await self._services.cost_budgets.charge(principal, prepared.cost)
        client = client_of(http, self._services.settings.trusted_proxies)
        # What could end a session is the ADMIN's own, and nobody else's to use.
        authorization = None if asker.is_viewing else authorization_of(http)
        request = self._request(http.state.request_id, authorization, principal, schema, client)
        http.state.execution = self._audit.begin(
            asker.principal, request.access, schema, prepared, acting_for=_acting_for(asker)
        )
        work = reference.run(schema, prepared, request)
        if operation.operation is OperationType.QUERY:
            work = _unless_gone(http, work)
        try:
            result = await work
        finally:
            request.access.abandon()
        return of_result(result, request.request_id)

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

    def _request(
        self,
        request_id: str,
        authorization: str | None,
        principal: Principal,
        schema: AudienceSchema,
        client: Client,
    ) -> Request:
        access = self._services.access_for(principal)
        return Request(
            request_id=request_id,
            authorization=authorization,
            principal=principal,
            client=client,
            access=access,
            loaders=Loaders(access),
            services=self._services,
            catalogue=schema.catalogue,
        )

    async def _body(self, http: HttpRequest) -> bytes:
        if not is_json(http.headers.get("content-type")):
            raise BadRequest("Send JSON, with `Content-Type: application/json`.", 415)
        if http.headers.get("content-encoding", "identity").strip().lower() != "identity":
            raise BadRequest("Send the body as it is, without a `Content-Encoding`.", 415)
        most = self._services.settings.max_body_bytes
        too_large = BadRequest(f"The body is larger than {most} bytes.", 413, {"connection": "close"})
        if int(http.headers.get("content-length", "0")) > most:
            raise too_large
        body = bytearray()
        async for chunk in http.stream():
            body += chunk
            if len(body) > most:
                raise too_large
        return bytes(body)


def _acting_for(asker: Asker) -> Reader | None:
    subject = asker.reads_as
    return Reader(subject.user_id, subject.token_id) if asker.is_viewing else None


def _from_body(body: bytes) -> Asked:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise BadRequest("The body must be JSON in UTF-8, nested no more than 1,000 deep.") from None
    if isinstance(given, list):
        raise BadRequest("Batches aren't served; send one operation, it may have many fields.")
    if not isinstance(given, dict):
        raise BadRequest('The body is an object such as {"query": "{ viewer { role } }"}.')
    return _asked(given)


def _from_url(http: HttpRequest) -> Asked:
    given: dict[str, Any] = dict(http.query_params)
    for name in ("variables", "extensions"):
        if name in given:
            try:
                given[name] = orjson.loads(given[name])
            except orjson.JSONDecodeError:
                raise BadRequest(f"`{name}` in the address must be JSON.") from None
    return _asked(given)


def _asked(given: Mapping[str, Any]) -> Asked:
    query, name, variables = given.get("query"), given.get("operationName"), given.get("variables")
    if not isinstance(query, str) or not query:
        raise BadRequest("`query` must be a text: the GraphQL document.")
    if len(query) > LONGEST_QUERY:
        raise BadRequest(f"`query` has more than {LONGEST_QUERY} characters.", 413)
    if name is not None and not isinstance(name, str):
        raise BadRequest("`operationName` must be a text.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest("`variables` must be an object.")
    if given.get("extensions") is not None and not isinstance(given["extensions"], dict):
        raise BadRequest("`extensions` must be an object.")
    return Asked(query, name, variables or {})


async def _unless_gone(http: HttpRequest, work: Coroutine[Any, Any, ExecutionResult]) -> ExecutionResult:
    """The result, unless the client goes away first: then the work is cancelled. Raises ClientDisconnect."""
    working, gone = asyncio.create_task(work), asyncio.create_task(_gone(http))
    try:
        await asyncio.wait({working, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        gone.cancel()


async def _gone(http: HttpRequest) -> None:
    while (await http.receive())["type"] != "http.disconnect":
        pass


def _is_get(request: HttpRequest) -> bool:
    # HEAD is a GET of which the server keeps the body to itself.
    return request.method in {"GET", "HEAD"}


def _accept(request: HttpRequest) -> str:
    return ",".join(request.headers.getlist("accept"))


def _wants_page(request: HttpRequest) -> bool:
    return accepted(_accept(request), (*ANSWERS, Media.HTML)) is Media.HTML


def _status(answer: Answer, media: Media) -> int:
    if answer.executed or answer.code is None:
        return 200
    if answer.code in STATUS:
        return STATUS[answer.code]
    return 400 if media is Media.GRAPHQL else 200


def _content_type(media: Media) -> str:
    return f"{media.value}; charset=utf-8"
