"""One source stops, dies or is away: what a client still gets, how soon, and how soon all of it again."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.outages.estate import LIMITS, OutageEstate
from tests.outages.joined import ask, assert_coded, assert_costs_its_fields_alone, seconds_to_recover, whole

OTHERS = ("magenta", "analytics", "files", "events")
LONGEST = LIMITS.connect + LIMITS.statement + 1.0
RECOVERY = 2.0
REPORT = '{ reportView(name: "salesperson_report") { title rows(first: 3) { nodes } } }'


@pytest.mark.parametrize("source", OTHERS)
def test_stopped_source_costs_its_fields_alone_within_the_limit(estate: OutageEstate, source: str) -> None:
    data = whole(estate.gateway)
    server = estate.servers[source]
    estate.pause(source)
    try:
        answer = ask(estate.gateway)
    finally:
        server.resume()
    assert_costs_its_fields_alone(answer, data, source)
    assert answer.seconds < LONGEST
    assert seconds_to_recover(estate.gateway, data) < RECOVERY


@pytest.mark.parametrize("source", OTHERS)
def test_source_killed_under_a_running_query_costs_its_fields_alone(
    estate: OutageEstate, source: str
) -> None:
    data = whole(estate.gateway)
    server = estate.servers[source]
    estate.pause(source)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(ask, estate.gateway)
        time.sleep(0.5)
        server.kill()
        answer = asked.result()
    assert_costs_its_fields_alone(answer, data, source)
    assert answer.seconds < LONGEST
    absent = ask(estate.gateway)
    assert_costs_its_fields_alone(absent, data, source)
    assert absent.seconds < LONGEST
    server.restart()
    assert seconds_to_recover(estate.gateway, data) < RECOVERY


def test_first_request_after_every_server_was_restarted_is_right(estate: OutageEstate) -> None:
    data = whole(estate.gateway)
    for server in estate.servers.values():
        server.kill()
        server.restart()
    assert ask(estate.gateway).json == {"data": data}


@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_login_goes_on_without_redis(estate: OutageEstate, fault: str) -> None:
    getattr(estate.events, fault)()
    started = time.monotonic()
    answer = estate.gateway.query(
        'mutation { login(username: "admin", password: "demo") { viewer { role } } }'
    )
    seconds = time.monotonic() - started
    assert answer == {"data": {"login": {"viewer": {"role": "ADMIN"}}}}
    assert seconds < LONGEST


def test_report_that_failed_is_not_remembered(estate: OutageEstate) -> None:
    estate.analytics.kill()
    failed = ask(estate.gateway, REPORT).json
    assert [error["path"] for error in failed["errors"]] == [["reportView", "rows", "nodes"]]
    assert_coded(failed["errors"])
    estate.analytics.restart()
    rows = ask(estate.gateway, REPORT).json
    assert "errors" not in rows
    assert len(rows["data"]["reportView"]["rows"]["nodes"]) == 3
