"""A query that takes too long, and a client that goes away: nothing goes on at the server for nobody."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.gateways import RunningGateway, running
from tests.outages.estate import LIMITS, OutageEstate
from tests.outages.joined import JOINED, WHO, ask, assert_costs_its_fields_alone, seconds_to_recover, whole


def test_query_behind_a_lock_is_a_timeout_and_killed_on_the_server(estate: OutageEstate) -> None:
    data = whole(estate.gateway)
    with company_locked(estate):
        answer = ask(estate.gateway)
        assert_costs_its_fields_alone(answer, data, "magenta")
        assert {error["extensions"]["code"] for error in answer.json["errors"]} == {"TIMEOUT"}
        assert LIMITS.statement <= answer.seconds < LIMITS.connect + LIMITS.statement + 1
        # As long as the lock is held, it would go on.
        until_no_query_of_company_runs(estate)
    assert seconds_to_recover(estate.gateway, data) < 2


def test_query_of_a_client_that_went_away_ends_on_the_server(estate: OutageEstate) -> None:
    data = whole(estate.gateway)
    # With time enough, so that the statement ends for nothing but the client's going.
    settings = replace(estate.gateway.settings, statement_seconds=60.0, request_seconds=120.0)
    with running(settings, "patient") as gateway:
        gateway._tokens.update(estate.gateway._tokens)
        with company_locked(estate):
            with asked(gateway):
                until(lambda: running_queries_of_company(estate) == 1)
            until_no_query_of_company_runs(estate)
    assert seconds_to_recover(estate.gateway, data) < 2


@contextmanager
def asked(gateway: RunningGateway) -> Iterator[None]:
    """The joined query is sent, and its client goes away at the end of the block."""
    body = json.dumps({"query": JOINED}).encode()
    head = (
        "POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {gateway.login(WHO)}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", gateway.settings.port)) as connection:
        connection.sendall(head.encode() + body)
        yield


@contextmanager
def company_locked(estate: OutageEstate) -> Iterator[None]:
    """Nobody else reads magenta's companies while this is open."""
    with estate.magenta.connect("magenta") as connection, connection.cursor() as cursor:
        cursor.execute("lock tables company write")
        try:
            yield
        finally:
            cursor.execute("unlock tables")


def running_queries_of_company(estate: OutageEstate) -> int:
    """How many statements wait for, or read, the companies."""
    with estate.magenta.connect() as connection, connection.cursor() as cursor:
        cursor.execute("show full processlist")
        return sum("company" in str(row[7]).lower() and row[4] == "Query" for row in cursor.fetchall())


def until_no_query_of_company_runs(estate: OutageEstate) -> None:
    """Waits until the server runs none of them."""
    until(lambda: running_queries_of_company(estate) == 0)


def until(condition: Callable[[], bool]) -> None:
    """Waits until something is so. Fails after a while."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
