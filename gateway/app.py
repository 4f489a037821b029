"""The composition root: the whole way of a request, in the order in which things act on it."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from datasources.base import StatementObserver
from gateway.auth.trace import note_statement
from gateway.events.feed import Feed
from gateway.http.admission import Admission
from gateway.http.answers import answer_to_event
from gateway.http.connections import Connections, Most
from gateway.http.execution import Operations
from gateway.http.graphql import GraphQLEndpoint
from gateway.http.health import livez, metrics, readyz
from gateway.http.metrics import observe_statement
from gateway.http.middleware import RequestIds, Straight, Timing
from gateway.http.page import FOLDER, page_config
from gateway.http.schema_text import schema_text
from gateway.http.sending import compressing
from gateway.http.shutdown import draining_first
from gateway.http.socket import SocketEndpoint
from gateway.http.stored_files import stored_file
from gateway.live.following import Following
from gateway.live.subscription import Live
from gateway.logs import configure_logs
from gateway.schema.build import SCHEMAS, Schemas
from gateway.schema.check import check_schema
from gateway.services import open_services
from gateway.settings import Settings, read_settings

# Objects after which the youngest are collected, and how often before the older ones are. An answer of a thousand rows
# makes ten times as many as the 700 that Python allows, none of them in a cycle.
COLLECT_AFTER = (50_000, 20, 50)


def make_app(
    settings: Settings,
    observers: tuple[StatementObserver, ...] = (),
    schemas: Schemas = SCHEMAS,
    live: Live | None = None,
) -> Starlette:
    """The gateway as an ASGI application. Starts with every source down; raises where the declarations don't hold."""
    configure_logs()
    check_schema()
    services = open_services(
        settings,
        (observe_statement, note_statement, *observers),
        policies=schemas.narrowing.policies,
        denied_columns=schemas.denied_columns,
        catalogue_of=schemas.catalogue_of,
    )
    connections = Connections(services, Most(open=settings.sockets, of_caller=settings.sockets_per_caller))
    admission = Admission(settings.operations_at_once, settings.operations_waiting)
    following = Following(services, Feed(services.bus), answer_to_event)
    operations = Operations(services, schemas.of, live or following)
    graphql = GraphQLEndpoint(services, operations, admission, connections)
    sockets = SocketEndpoint(services, operations, admission, connections)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        services.start()
        following.start()
        connections.start()
        with draining_first(connections.drain):
            yield
        await connections.close()
        await following.close()
        await services.close()

    app = Starlette(
        lifespan=lifespan,
        middleware=[
            Middleware(RequestIds),
            Middleware(Timing),
            Middleware(Straight, path="/graphql", to=graphql),
            Middleware(compressing),
        ],
        routes=[
            # Here too, for who mounts the gateway below a path of their own.
            Route("/graphql", graphql),
            WebSocketRoute("/graphql", sockets),
            Route("/graphiql/config.json", _page_config),
            Route("/graphiql", _to_graphiql),
            Route("/graphiql/", _to_graphiql),
            Mount("/graphiql", StaticFiles(directory=FOLDER)),
            Route("/schema.graphql", schema_text),
            Route("/files/{token:path}", stored_file),
            Route("/livez", livez),
            Route("/readyz", readyz),
            Route("/metrics", metrics),
            Route("/", _to_graphiql),
        ],
    )
    app.state.services = services
    app.state.connections = connections
    app.state.schemas = schemas
    return app


async def _page_config(request: Request) -> Response:
    return page_config(request.app.state.services.settings)


async def _to_graphiql(_: Request) -> Response:
    return RedirectResponse("/graphql")


def create_app() -> Starlette:
    """The application that the environment describes: what a worker process loads."""
    app = make_app(read_settings())
    SCHEMAS.build_ahead()
    collect_only_what_comes()
    return app


def collect_only_what_comes() -> None:
    """Leaves all that is here now out of the collecting of garbage, and collects less often.

    It stays as long as the process: looking through it again and again takes up to 25 ms at a time, and seconds where
    there is much of it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
