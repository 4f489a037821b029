"""A running gateway for tests: a real server on a loopback port, in a thread of this process, over a real estate."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import httpx
import uvicorn

from datasources.base import Statement
from datasources.seed import load_estate
from gateway.app import make_app
from gateway.demo import DEMO_LEADS, DEMO_SEED, DEMO_TODAY
from gateway.http.server import server_options
from gateway.live.subscription import Live
from gateway.seeding import target_of
from gateway.settings import Settings

SECRET = "a secret of the tests, long enough to sign with"
REQUEST_ID = "request-of-a-test"
# Seconds for a gateway to start, or to stop, on a busy machine.
PATIENCE = 60.0


@dataclass
class RunningGateway:
    """A gateway that answers at `url`, and what it was made of."""

    name: str
    settings: Settings
    server: uvicorn.Server
    client: httpx.Client
    statements: list[Statement] = field(default_factory=list)
    leads: int = DEMO_LEADS
    seed: int = DEMO_SEED
    today: date = DEMO_TODAY
    _tokens: dict[str, tuple[float, str]] = field(default_factory=dict)
    _renewed_after: float = 1 / 2

    @property
    def url(self) -> str:
        """The address without a path."""
        return str(self.client.base_url).rstrip("/")

    def login(self, username: str) -> str:
        """An access token of a demo account, got anew before it ends."""
        made, token = self._tokens.get(username, (0.0, ""))
        if not token or time.monotonic() - made > self.settings.access_token_seconds * self._renewed_after:
            answer = self.post(
                {
                    "query": 'mutation($u: String!) { login(username: $u, password: "demo") { accessToken } }',
                    "variables": {"u": username},
                }
            ).json()
            token = answer["data"]["login"]["accessToken"]
            self._tokens[username] = time.monotonic(), token
        return token

    def post(
        self, body: Any, *, as_user: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """The raw answer to a request with this JSON body."""
        sent = {"x-request-id": REQUEST_ID, **(headers or {})}
        if as_user is not None:
            sent["authorization"] = f"Bearer {self.login(as_user)}"
        return self.client.post("/graphql", json=body, headers=sent)

    def query(
        self, query: str, variables: Mapping[str, Any] | None = None, *, as_user: str | None = None
    ) -> dict[str, Any]:
        """The decoded answer to a query, as a demo user or as nobody."""
        answer: dict[str, Any] = self.post(
            {"query": query, "variables": variables or {}}, as_user=as_user
        ).json()
        return answer

    def data(
        self, query: str, variables: Mapping[str, Any] | None = None, *, as_user: str | None = None
    ) -> Any:
        """The `data` of an answer that must hold no error."""
        answer = self.query(query, variables, as_user=as_user)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    @contextmanager
    def counted(self) -> Iterator[list[Statement]]:
        """The statements that went to the drivers while this was open. Nobody else may ask meanwhile."""
        found: list[Statement] = []
        with self.without_renewals():
            before = len(self.statements)
            yield found
            found.extend(self.statements[before:])

    @contextmanager
    def without_renewals(self) -> Iterator[None]:
        """In this block nobody is logged in anew who was good before it: that would read and write rows besides."""
        usual, self._renewed_after = self._renewed_after, 3 / 4
        try:
            yield
        finally:
            self._renewed_after = usual


@contextmanager
def running(settings: Settings, name: str, *, live: Live | None = None) -> Iterator[RunningGateway]:
    """Serves the estate that the settings describe, on a free port."""
    statements: list[Statement] = []
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    settings = replace(settings, port=port)
    app = make_app(settings, (statements.append,), live=live)
    config = uvicorn.Config(app, **server_options(settings))
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + PATIENCE
    while not server.started:
        assert thread.is_alive(), "the gateway ended at its start"
        assert time.monotonic() < deadline, f"the gateway took more than {PATIENCE} s to start"
        time.sleep(0.02)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        yield RunningGateway(name, settings, server, client, statements)
    server.should_exit = True
    thread.join(PATIENCE)
    listener.close()
    assert not thread.is_alive(), "the gateway didn't stop"


def fill(settings: Settings, *, leads: int = DEMO_LEADS) -> None:
    """Fills the estate that the settings name with the demo's data."""
    load_estate(leads=leads, seed=DEMO_SEED, today=DEMO_TODAY, replace=True, **target_of(settings))
