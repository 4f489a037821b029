"""ClickHouse's server under time limits, cancellation and outages; literals on the server and on chDB."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, func, literal_column

from datasources.base import SourceError, SourceTimeout, SourceUnavailable, Statement, TimeLimits
from datasources.clickhouse_client import clickhouse_client
from datasources.engines.chdb import ChdbSource
from datasources.engines.clickhouse import POOL_SIZE, ClickHouseAddress, ClickHouseSource
from datasources.engines.clickhouse_sql import literal
from datasources.engines.compiled import Prepared
from datasources.engines.sql_source import SourceOptions
from datasources.estate import open_source
from datasources.model import EVERYTHING, Among, Insert, Keys, Match, Read
from tests.datasources.patience import PATIENCE, PATIENT, limited, seconds_past, until
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.fixtures import count_use

LIMITS = TimeLimits(connect=1.0, statement=1.0)
# Of an engine that answers, but late: it may take its time to let somebody in.
LATE = TimeLimits(connect=PATIENCE, statement=1.0)
SLACK = 0.7  # seconds of scheduling on a busy machine

numbers = Table(
    "numbers",
    MetaData(info={"source": "numbers"}),
    Column("number", Integer),
    Column("name", String),
    schema="system",
)
ONE = Read(table=numbers, columns=(numbers.c.number,), policy=EVERYTHING, limit=1)
# Far more numbers than can be looked at within the limit.
SLOW = Read(table=numbers, columns=(numbers.c.number,), policy=Match(func.sipHash64(numbers.c.number) == 1))

HOSTILE = [
    "",
    "'",
    "''",
    "\\",
    "\\'",
    "'; drop table x; --",
    "\0",
    "a\0b",
    "\n\r\t\b\f\x1a\x7f",
    "%s %(x)s %%",
    "{x:String}",
    "?",
    '`"',
    "नमस्ते 😀 é e\u0301",
    "\u2028\u2029\x85",
    "/* */ -- #",
    "x" * 100_000,
]


def options(limits: TimeLimits = PATIENT, *observers: Any) -> SourceOptions:
    return SourceOptions(limits, observers)


def address(server: ClickHouseServer) -> ClickHouseAddress:
    return ClickHouseAddress(server.host, server.port, server.user, server.password, "default")


@pytest.fixture
async def source(clickhouse_server: ClickHouseServer) -> AsyncIterator[ClickHouseSource]:
    source = ClickHouseSource("analytics", address(clickhouse_server), options())
    yield source
    await source.close()


@contextmanager
def paused(server: ClickHouseServer) -> Iterator[None]:
    server.pause()
    try:
        yield
    finally:
        server.resume()


def running_queries(server: ClickHouseServer) -> int:
    with clickhouse_client(server.dsn()) as client:
        [(count,)] = client.rows("select count() from system.processes where query like '%sipHash64%'")
    return int(count) - 1  # and the question itself


async def test_late_query_is_a_timeout_and_ends_on_the_server(
    clickhouse_server: ClickHouseServer, source: ClickHouseSource
) -> None:
    with limited(source, LATE):
        # So that connecting is no part of what is measured; the server is told the limit with it.
        await source.rows(ONE)
        assert await seconds_past(LATE.statement, source.rows(SLOW), (SourceTimeout,)) < SLACK
    await until(lambda: running_queries(clickhouse_server) == 0)
    assert await source.rows(ONE) == [(0,)]


async def test_cancelled_query_ends_on_the_server(
    clickhouse_server: ClickHouseServer, source: ClickHouseSource
) -> None:
    # The server would go on until the limit that it was told as the connection was opened, or for ever.
    with limited(source, TimeLimits(connect=PATIENCE, statement=10 * PATIENCE)):
        await source.rows(ONE)
    task = asyncio.create_task(source.rows(SLOW))
    await until(lambda: running_queries(clickhouse_server) == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: running_queries(clickhouse_server) == 0)
    assert await source.rows(ONE) == [(0,)]


async def test_query_that_is_cancelled_on_its_way_ends_on_the_server(
    clickhouse_server: ClickHouseServer, source: ClickHouseSource
) -> None:
    with limited(source, TimeLimits(connect=PATIENCE, statement=10 * PATIENCE)):
        await source.rows(ONE)
    for turns in range(12):
        task = asyncio.create_task(source.rows(SLOW))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await source.close()
    await until(lambda: running_queries(clickhouse_server) == 0)


async def test_answers_stay_with_their_questions_when_many_are_cancelled(source: ClickHouseSource) -> None:
    async def ask(number: int) -> list[tuple[Any, ...]]:
        return await source.rows(
            Read(
                table=numbers,
                columns=(numbers.c.number,),
                policy=Among(numbers.c.number, frozenset({number})),
                limit=1,
            )
        )

    for turn in range(20):
        tasks = [asyncio.create_task(ask(number)) for number in range(2 * POOL_SIZE)]
        await asyncio.sleep(0.001 * turn)
        for task in tasks[::2]:
            task.cancel()
        for number, answer in enumerate(await asyncio.gather(*tasks, return_exceptions=True)):
            assert isinstance(answer, asyncio.CancelledError) or answer == [(number,)]
    assert len(source._idle) <= POOL_SIZE
    assert source._places._value == POOL_SIZE


async def test_statement_error_stays_an_error_of_ours_and_closes_its_connection(
    source: ClickHouseSource,
) -> None:
    absent = Read(table=numbers, columns=(numbers.c.name,), policy=EVERYTHING)
    with pytest.raises(Exception, match="name") as caught:
        await source.rows(absent)
    assert not isinstance(caught.value, SourceError)
    assert source._idle == []
    assert await source.rows(ONE) == [(0,)]


async def test_first_read_after_a_crash_and_restart_succeeds(
    clickhouse_server: ClickHouseServer, source: ClickHouseSource
) -> None:
    await asyncio.gather(*(source.rows(ONE) for _ in range(4)))
    clickhouse_server.kill()
    with limited(source, LIMITS):
        most = LIMITS.connect + LIMITS.statement
        assert await seconds_past(most, source.rows(ONE), (SourceUnavailable,)) < SLACK
    await asyncio.to_thread(clickhouse_server.restart)
    assert await source.rows(ONE) == [(0,)]


async def test_stopped_server_costs_the_limits_and_recovers(
    clickhouse_server: ClickHouseServer, source: ClickHouseSource
) -> None:
    await asyncio.gather(*(source.rows(ONE) for _ in range(4)))
    most = LIMITS.connect + LIMITS.statement
    with paused(clickhouse_server), limited(source, LIMITS):
        for _ in range(2):
            failures = (SourceTimeout, SourceUnavailable)
            assert await seconds_past(most, source.rows(ONE), failures) < SLACK
    assert await source.rows(ONE) == [(0,)]


async def test_source_opens_while_its_server_is_down() -> None:
    source = ClickHouseSource("analytics", ClickHouseAddress("127.0.0.1", 1, "u", "secret", "d"), options())
    with pytest.raises(SourceUnavailable) as caught:
        await source.rows(ONE)
    assert "secret" not in str(caught.value)


async def test_wrong_password_is_an_unavailable_source(clickhouse_server: ClickHouseServer) -> None:
    wrong = ClickHouseAddress(clickhouse_server.host, clickhouse_server.port, "nobody", "secret", "default")
    source = ClickHouseSource("analytics", wrong, options())
    with pytest.raises(SourceUnavailable) as caught:
        await source.rows(ONE)
    assert "secret" not in str(caught.value)


async def test_source_takes_no_writes(source: ClickHouseSource) -> None:
    with pytest.raises(SourceError, match="no writes"):
        await source.write([Insert(table=numbers, values={"number": 1}, policy=EVERYTHING)])


async def test_statement_with_thousands_of_keys_works(source: ClickHouseSource) -> None:
    bounded = Table("one", numbers.metadata, Column("dummy", Integer), schema="system")
    found = await source.rows(
        Read(
            table=bounded,
            columns=(bounded.c.dummy,),
            policy=EVERYTHING,
            keys=Keys(bounded.c.dummy, tuple(range(20_000)), 1),
        )
    )
    assert found == [(0,)]


async def test_observers_see_the_statement_without_its_values(clickhouse_server: ClickHouseServer) -> None:
    seen: list[Statement] = []
    source = ClickHouseSource("analytics", address(clickhouse_server), options(PATIENT, seen.append))
    secret = Match(literal_column("'x'") == "a secret value")
    await source.rows(Read(table=numbers, columns=(numbers.c.number,), policy=secret, limit=1))
    await source.close()
    assert [(statement.source, statement.rows) for statement in seen] == [("analytics", 0)]
    assert "secret" not in seen[0].text


# --- literals -----------------------------------------------------------------------------------------------


@pytest.fixture(params=["clickhouse", "chdb"])
async def either(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    count_use(request.node, request.param)
    server = request.getfixturevalue("clickhouse_server") if request.param == "clickhouse" else None
    dsn = server.dsn() if server else f"chdb://{tmp_path}"
    source = open_source("analytics", dsn, limits=PATIENT)
    yield source
    await source.close()


@pytest.mark.parametrize("text", HOSTILE)
async def test_text_comes_back_as_it_was_sent(either: Any, text: str) -> None:
    assert [tuple(row) for row in await either._fetch(Prepared("select %s, length(%s)", (text, text)))] == [
        (text, len(text.encode()))
    ]


async def test_values_of_each_kind_mean_what_they_say(either: Any) -> None:
    same = Prepared(
        "select toTypeName(%s), %s = toDate('2024-02-29'), %s = toDateTime('2024-02-29 23:59:59', 'UTC'),"
        " %s = toDecimal64('1.50', 2), %s = -5, %s, %s, has(%s, 'b')",
        (
            datetime(2024, 1, 1),
            date(2024, 2, 29),
            datetime(2024, 2, 29, 23, 59, 59),
            Decimal("1.50"),
            -5,
            True,
            None,
            ["a", "b"],
        ),
    )
    [row] = await either._fetch(same)
    assert tuple(row) == ("DateTime('UTC')", 1, 1, 1, 1, 1, None, 1)


def test_value_that_no_column_holds_is_refused() -> None:
    for value in (object(), float("nan"), float("inf"), b"bytes", {"a": 1}):
        with pytest.raises(TypeError):
            literal(value)


def test_date_beyond_the_column_is_held_at_its_edge() -> None:
    assert literal(datetime(1900, 1, 1)) == "toDateTime('1970-01-01 00:00:00', 'UTC')"
    assert literal(datetime(9999, 1, 1)) == "toDateTime('2106-02-07 06:28:15', 'UTC')"
    assert literal(date(1900, 1, 1)) == "toDate('1970-01-01')"


# --- chDB ---------------------------------------------------------------------------------------------------


async def test_late_query_of_chdb_is_a_timeout_and_gives_its_thread_back(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    count_use(request.node, "chdb")
    source = open_source("analytics", f"chdb://{tmp_path}", limits=LATE)
    assert isinstance(source, ChdbSource)
    for _ in range(6):  # more than there are threads
        assert await seconds_past(LATE.statement, source.rows(SLOW), (SourceTimeout,)) < SLACK
    with limited(source, PATIENT):
        assert await source.rows(ONE) == [(0,)]
    await source.close()


async def test_missing_chdb_is_an_unavailable_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "chdb", None)
    source = open_source("analytics", f"chdb://{tmp_path}")
    with pytest.raises(SourceUnavailable, match="chdb is not installed"):
        await source.version()
    await source.close()
