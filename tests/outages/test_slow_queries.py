"""A query that takes too long, and a client that goes away: nothing goes on at the server for nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import pytest

from tests.gateways import RunningGateway
from tests.outages.estate import LIMITS, OutageEstate
from tests.outages.joined import JOINED, WHO, ask, assert_costs_its_fields_alone, seconds_to_recover, whole

PATIENCE = 1.0
"""Seconds after which a client goes away."""


def test_query_behind_a_lock_is_a_timeout_and_killed_on_the_server(estate: OutageEstate) -> None:
    data = whole(estate.gateway)
    with company_locked(estate):
        answer = ask(estate.gateway)
        assert_costs_its_fields_alone(answer, data, "magenta")
        assert {error["extensions"]["code"] for error in answer.json["errors"]} == {"TIMEOUT"}
        assert LIMITS.statement <= answer.seconds < LIMITS.connect + LIMITS.statement + 1
        assert seconds_until_no_query_of_company_runs(estate) < 1.0
    assert seconds_to_recover(estate.gateway, data) < 2


def test_query_of_a_client_that_went_away_ends_on_the_server(estate: OutageEstate) -> None:
    data = whole(estate.gateway)
    with company_locked(estate), ThreadPoolExecutor(1) as threads:
        asked = threads.submit(ask_and_go_away, estate.gateway)
        time.sleep(PATIENCE / 2)
        assert running_queries_of_company(estate) == 1
        asked.result()
        assert seconds_until_no_query_of_company_runs(estate) < 0.5
    assert seconds_to_recover(estate.gateway, data) < 2


def ask_and_go_away(gateway: RunningGateway) -> None:
    """Closes the connection before there is an answer."""
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{gateway.url}/graphql",
            json={"query": JOINED},
            headers={"authorization": f"Bearer {gateway.login(WHO)}"},
            timeout=PATIENCE,
        )


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


def seconds_until_no_query_of_company_runs(estate: OutageEstate) -> float:
    """Seconds until the server runs none of them. Fails after a while."""
    started = time.monotonic()
    while running_queries_of_company(estate):
        assert time.monotonic() - started < 10
        time.sleep(0.02)
    return time.monotonic() - started
