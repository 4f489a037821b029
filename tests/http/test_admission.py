"""How many operations a process executes at once: the others wait in order, and past a bound they are sent away."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from gateway.errors import Code
from gateway.http import admission
from gateway.http.admission import Admission, Place
from gateway.http.asked import Refused
from tests.gateways import REQUEST_ID, RunningGateway, running
from tests.http.asking import ask, ask_and_leave, bearer
from tests.servers.mysql_like import MySQLLikeServer

CLIENTS = 500
JOINED = """
{
  leads(first: 20) {
    nodes {
      id firmName status tentativeValue source createdOn
      company { companyName industry }
      warrior { active user { username } }
      tickets(first: 5) { nodes { title status priority createdOn } }
    }
  }
}
"""
COMPANIES = "{ companies(first: 1) { nodes { databaseId } } }"
PATIENCE = 20.0


# --- the queue itself ---------------------------------------------------------------------------------------


@dataclass
class Queue:
    """Whoever asked for a place, by name, and what they got."""

    admission: Admission
    tasks: dict[str, asyncio.Task[Place]]

    def __init__(self, most: int, most_waiting: int) -> None:
        self.admission = Admission(most, most_waiting)
        self.tasks = {}

    async def ask(self, *names: str) -> None:
        """Asks for places, in this order."""
        for name in names:
            self.tasks[name] = asyncio.create_task(self.admission.enter())
        await asyncio.sleep(0)

    async def leave(self, *names: str) -> None:
        """Leaves the places of these."""
        for name in names:
            self.tasks[name].result().leave()
            await self.settled()

    async def settled(self) -> None:
        """Lets everybody go on as far as they can."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def become(self, inside: str) -> None:
        """Waits until these have, or had, a place."""
        async with asyncio.timeout(PATIENCE):
            while self.inside() != inside:  # noqa: ASYNC110 (nobody tells that a place was lent)
                await asyncio.sleep(0.005)

    def inside(self) -> str:
        """Who has, or had, a place."""
        return "".join(
            name
            for name, task in self.tasks.items()
            if task.done() and not task.cancelled() and task.exception() is None
        )


async def test_who_waits_longest_is_next() -> None:
    queue = Queue(2, 10)
    await queue.ask(*"abcde")
    assert queue.inside() == "ab"
    await queue.leave("b")
    assert queue.inside() == "abc"
    await queue.leave("a", "c")
    assert queue.inside() == "abcde"
    await queue.leave("d", "e")
    await queue.ask(*"fgh")
    assert queue.inside() == "abcdefg"
    await queue.leave("f", "g", "h")


async def test_past_the_bound_nobody_waits() -> None:
    queue = Queue(1, 2)
    await queue.ask(*"abcd")
    refused = queue.tasks["d"].exception()
    assert isinstance(refused, Refused)
    assert (refused.code, refused.status, refused.headers) == (Code.THROTTLED, 503, {"retry-after": "1"})
    await queue.leave("a")
    await queue.ask("e")
    assert queue.inside() == "ab"
    await queue.leave("b", "c", "e")


async def test_who_gives_up_takes_nobodys_turn() -> None:
    queue = Queue(1, 3)
    await queue.ask(*"abcd")
    queue.tasks["b"].cancel()
    await queue.leave("a")
    assert queue.inside() == "ac"
    await queue.ask("e")
    await queue.leave("c", "d", "e")


async def test_a_turn_that_comes_as_somebody_gives_up_goes_to_the_next() -> None:
    queue = Queue(1, 3)
    await queue.ask(*"abc")
    queue.tasks["a"].result().leave()
    # Its turn has come, and it hasn't gone on yet.
    queue.tasks["b"].cancel()
    await queue.settled()
    assert queue.inside() == "ac"
    await queue.leave("c")
    await queue.ask("d")
    assert queue.inside() == "acd"
    await queue.leave("d")


async def test_what_takes_long_gives_its_place_to_others_up_to_a_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(admission, "SLOW_SECONDS", 0.1)
    queue = Queue(1, 20)
    await queue.ask(*"abcdefgh")
    assert queue.inside() == "a"
    await queue.become("abcd")
    await asyncio.sleep(3 * admission.SLOW_SECONDS)
    # One place, and three times as many that were lent.
    assert queue.inside() == "abcd"
    await queue.leave("b")
    assert queue.inside() == "abcd"
    await queue.leave("d")
    assert queue.inside() == "abcde"
    await queue.become("abcdef")
    await asyncio.sleep(2 * admission.SLOW_SECONDS)
    assert queue.inside() == "abcdef"
    await queue.leave("a", "c", "e", "f", "g", "h")
    await queue.ask(*"ij")
    assert queue.inside() == "abcdefghi"
    await queue.leave("i", "j")


# --- a gateway with few places ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Crowded:
    """A gateway that executes one operation at once and lets two wait, and its only place taken."""

    gateway: RunningGateway
    token: str
    threads: ThreadPoolExecutor
    first: Future[httpx.Response]

    def ask(self, query: str = "{ viewer { role } }") -> Future[httpx.Response]:
        """Asks in a thread of its own."""
        return self.threads.submit(ask, self.gateway, query, token=self.token)


@contextmanager
def crowded(usual: RunningGateway, server: MySQLLikeServer, **changed: Any) -> Iterator[Crowded]:
    """Holds the only place until the block ends, by a query behind a lock."""
    settings = replace(usual.settings, operations_at_once=1, operations_waiting=2, **changed)
    with running(settings, "crowded") as gateway, ThreadPoolExecutor(8) as threads:
        token = gateway.login("admin")
        with server.connect("magenta") as connection, connection.cursor() as cursor:
            cursor.execute("lock tables company write")
            executing = _executing()
            first = threads.submit(ask, gateway, COMPANIES, token=token)
            _eventually(lambda: _executing() == executing + 1)
            try:
                yield Crowded(gateway, token, threads, first)
            finally:
                cursor.execute("unlock tables")


def _metric(name: str) -> float:
    return REGISTRY.get_sample_value(name) or 0.0


def _executing() -> float:
    return _metric("gateway_operations_executing")


def _waiting() -> float:
    return _metric("gateway_operations_waiting")


def _eventually(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_who_finds_the_queue_full_is_told_to_come_again(
    mariadb_gateway: RunningGateway, mariadb_server: MySQLLikeServer
) -> None:
    refused = _metric("gateway_operations_refused_total")
    with crowded(mariadb_gateway, mariadb_server) as gateway:
        waiting = [gateway.ask(), gateway.ask()]
        _eventually(lambda: _waiting() == 2)
        answer = ask(gateway.gateway, "{ viewer { role } }", token=gateway.token)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json() == {
            "errors": [
                {
                    "message": "Too many requests wait already; ask again in 1 s.",
                    "extensions": {"code": "THROTTLED", "requestId": REQUEST_ID, "retryable": True},
                }
            ]
        }
        assert not any(one.done() for one in (gateway.first, *waiting))
        # Whoever looks after the process is always answered.
        assert gateway.gateway.client.get("/livez").status_code == 200
    assert gateway.first.result().json()["data"]["companies"]["nodes"]
    assert [one.result().json() for one in waiting] == [{"data": {"viewer": {"role": "ADMIN"}}}] * 2
    assert _metric("gateway_operations_refused_total") - refused == 1
    assert (_executing(), _waiting()) == (0, 0)


def test_the_time_limit_of_a_request_counts_its_waiting(
    mariadb_gateway: RunningGateway, mariadb_server: MySQLLikeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first gives its place to nobody before it has run out of time.
    monkeypatch.setattr(admission, "SLOW_SECONDS", 60.0)
    limit = 4.0
    with crowded(mariadb_gateway, mariadb_server, request_seconds=limit) as gateway:
        started = time.monotonic()
        # Its turn comes when the first has run out of time, and then little of its own is left.
        answer = gateway.ask(COMPANIES).result()
        # With all of its own it would take twice as long; the machine may take its time as well.
        assert 0.9 * limit < time.monotonic() - started < 2 * limit - 1
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (503, "TIMEOUT")
        first = gateway.first.result()
        assert (first.status_code, first.json()["errors"][0]["extensions"]["code"]) == (503, "TIMEOUT")


def test_a_client_that_goes_away_waits_no_longer(
    mariadb_gateway: RunningGateway, mariadb_server: MySQLLikeServer
) -> None:
    with crowded(mariadb_gateway, mariadb_server) as gateway:
        ask_and_leave(gateway.gateway, "{ __typename }", once=lambda: _waiting() == 1)
        _eventually(lambda: _waiting() == 0)
        waiting = [gateway.ask(), gateway.ask()]
        _eventually(lambda: _waiting() == 2)
    assert [one.result().status_code for one in (gateway.first, *waiting)] == [200] * 3


def test_five_hundred_clients_at_once_are_all_answered(mariadb_gateway: RunningGateway) -> None:
    token = mariadb_gateway.login("salesperson")
    expected = ask(mariadb_gateway, JOINED, token=token).content
    assert b"errors" not in expected
    answers = asyncio.run(_at_once(mariadb_gateway, token, CLIENTS))
    assert {(status, body == expected) for status, body in answers} == {(200, True)}
    assert (_executing(), _waiting()) == (0, 0)


async def _at_once(gateway: RunningGateway, token: str, clients: int) -> list[tuple[int, bytes]]:
    """What as many clients, each with a connection of its own, are answered; all ask before anybody is answered."""
    host, port = gateway.url.removeprefix("http://").split(":")
    body = json.dumps({"query": JOINED}).encode()
    headers = {"host": host, "content-type": "application/json", "content-length": len(body), **bearer(token)}
    lines = ["POST /graphql HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    connections = [await asyncio.open_connection(host, int(port)) for _ in range(clients)]
    for _, writer in connections:
        writer.write(request)
    try:
        return await asyncio.gather(*(_answer(reader) for reader, _ in connections))
    finally:
        for _, writer in connections:
            writer.close()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = int(head.partition("content-length:")[2].partition("\r\n")[0])
    return int(head.split()[1]), await reader.readexactly(length)
