"""Thirty requests at once while a source is stopped: all answered in time, nothing piles up, nothing leaks."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
from redis import Redis

from datasources.clickhouse_client import clickhouse_client
from datasources.engines import clickhouse, mysql
from datasources.engines.chdb import ChdbSource
from datasources.engines.compiled import Prepared
from gateway.services import Services
from tests.gateways import RunningGateway
from tests.outages.estate import LIMITS, LONGEST_LIVEZ, OutageEstate
from tests.outages.joined import (
    SHORT,
    Timed,
    ask,
    assert_coded,
    assert_costs_its_fields_alone,
    seconds_to_recover,
    whole,
)

AT_ONCE = 30
# One source's limits; the rest is for two cores that serve, and are, thirty clients.
LONGEST = LIMITS.connect + LIMITS.statement + 3.0
FILE_THREADS = 8
BUSY_SECONDS = 1.0
"""After these, thirty requests have been read, and wait."""

# One to the binary log, and one beside it.
OF_THE_CAPTURE = 2


@dataclass(frozen=True)
class Crowd:
    """What thirty clients got, and how long `/livez` took in the meantime, at the worst."""

    answers: list[Timed]
    slowest_livez: float

    @property
    def slowest(self) -> float:
        """Seconds until the last of them had an answer."""
        return max(answer.seconds for answer in self.answers)


@pytest.mark.parametrize("source", ["magenta", "analytics", "files"])
def test_many_requests_to_a_stopped_source_end_in_time_and_leave_nothing(
    estate: OutageEstate, source: str
) -> None:
    data, short = whole(estate.gateway), ask(estate.gateway, SHORT).json["data"]
    threads = threading.active_count()
    with paused(estate, source):
        crowd = crowd_asks(estate.gateway, SHORT)
        file_threads = count_file_threads(estate)
    for answer in crowd.answers:
        assert_costs_its_fields_alone(answer, short, source)
    assert crowd.slowest < LONGEST
    assert crowd.slowest_livez < LONGEST_LIVEZ
    assert file_threads <= FILE_THREADS
    assert seconds_to_recover(estate.gateway, data) < 2
    eventually(lambda: connections(estate, "iperform") <= mysql.POOL_SIZE + OF_THE_CAPTURE)
    eventually(lambda: connections(estate, "magenta") <= mysql.POOL_SIZE)
    eventually(lambda: connections(estate, "analytics") <= clickhouse.POOL_SIZE)
    eventually(lambda: threading.active_count() <= threads + FILE_THREADS)


def count_file_threads(estate: OutageEstate) -> int:
    """How many threads serve the gateway's file store."""
    own = set(threading.enumerate()) - estate.others
    return sum(thread.name.startswith("files-") for thread in own)


def test_many_requests_without_iperform_end_in_time_and_leave_nothing(estate: OutageEstate) -> None:
    data = whole(estate.gateway)
    time.sleep(estate.gateway.settings.session_cache_seconds)
    with paused(estate, "iperform"):
        crowd = crowd_asks(estate.gateway, SHORT)
    for answer in crowd.answers:
        assert answer.response.status_code == 503
        assert_coded(answer.json["errors"])
    assert crowd.slowest < LONGEST
    assert crowd.slowest_livez < LONGEST_LIVEZ
    assert seconds_to_recover(estate.gateway, data) < 2
    eventually(lambda: connections(estate, "iperform") <= mysql.POOL_SIZE + OF_THE_CAPTURE)


def test_many_requests_while_redis_is_stopped_end_in_time_and_leave_nothing(estate: OutageEstate) -> None:
    cursor = ask(estate.gateway, "{ eventCursor }").json
    with paused(estate, "events"):
        crowd = crowd_asks(estate.gateway, "{ eventCursor }")
    assert [answer.json for answer in crowd.answers] == [cursor] * AT_ONCE
    assert crowd.slowest < LONGEST
    assert crowd.slowest_livez < LONGEST_LIVEZ
    eventually(lambda: connections(estate, "events") < AT_ONCE)


def test_event_loop_goes_on_while_chdb_is_busy(gateway: RunningGateway) -> None:
    services: Services = gateway.server.config.app.state.services  # type: ignore[union-attr]
    source = services.estate.sources["analytics"]
    assert isinstance(source, ChdbSource)
    slow = Prepared("select sum(sleepEachRow(0.5)) from numbers(4)", ())

    async def keep_busy() -> None:
        # More than chDB has threads.
        await asyncio.gather(*(source._fetch(slow) for _ in range(6)))

    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(asyncio.run, keep_busy())
        time.sleep(0.3)
        slowest = slowest_livez(gateway)
        assert not busy.done()
        busy.result()
    assert slowest < LONGEST_LIVEZ


def crowd_asks(gateway: RunningGateway, query: str) -> Crowd:
    """The same request by thirty clients at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(ask, gateway, query) for _ in range(AT_ONCE)]
        time.sleep(BUSY_SECONDS)
        slowest = slowest_livez(gateway)
        return Crowd([answer.result() for answer in asked], slowest)


def slowest_livez(gateway: RunningGateway) -> float:
    """The longest of several answers of `/livez`, in seconds."""
    found = []
    with httpx.Client(base_url=gateway.url, timeout=20) as client:
        for _ in range(10):
            found.append(client.get("/livez").elapsed.total_seconds())
            time.sleep(0.05)
    return max(found)


@contextmanager
def paused(estate: OutageEstate, source: str) -> Iterator[None]:
    """The source's server stopped, and going on afterwards."""
    estate.pause(source)
    try:
        yield
    finally:
        estate.servers[source].resume()


def eventually(holds: Callable[[], bool], seconds: float = 15.0) -> None:
    """Waits until something holds. Fails where it doesn't in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def connections(estate: OutageEstate, source: str) -> int:
    """How many connections the source's server has, without the one that asks."""
    if source == "analytics":
        with clickhouse_client(estate.analytics.dsn()) as client:
            [(count,)] = client.rows("select value from system.metrics where metric = 'TCPConnection'")
            return int(count) - 1
    if source == "events":
        with Redis(port=estate.events.port) as client:
            return int(client.info("clients")["connected_clients"]) - 1
    server = estate.iperform if source == "iperform" else estate.magenta
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("show status like 'Threads_connected'")
        [(_, count)] = cursor.fetchall()
        return int(count) - 1
