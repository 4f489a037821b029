"""Servers that restart, die, fall silent or lose their log, and sessions that log otherwise than the server does."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from gateway.errors import Code, GatewayError
from gateway.events.capture import PlaceLost
from gateway.events.handover import MOST_WAITING
from tests.events.capture.databases import WAIT_SECONDS, Database, Followed, following
from tests.live.stopwatch import Stopwatch

# From the fault to its being said: well within the time in which another worker takes over.
PROMPT_SECONDS = 6.0
BEGIN_ANEW = {True: "reset master", False: "reset binary logs and gtids"}


async def _away(followed: Followed) -> None:
    with Stopwatch() as since:
        with pytest.raises(GatewayError) as away:
            await followed.events(1)
        assert away.value.code is Code.SOURCE_UNAVAILABLE
        assert since.seconds < PROMPT_SECONDS


async def _is_lost(database: Database, place: str) -> str:
    with pytest.raises(PlaceLost) as lost:
        async with following(database.capture(), place) as followed:
            await followed.events(1)
    return str(lost.value)


@pytest.mark.parametrize("fault", ["restart", "kill"])
async def test_after_a_restart_it_goes_on_where_it_was(database: Database, fault: str) -> None:
    lead = database.lead("0")
    async with following(database.capture()) as followed:
        database.set_status(lead, "1")
        assert await followed.changes(1) == [(lead, "0", "1")]
        if fault == "kill":
            database.server.kill()
        else:
            await asyncio.to_thread(database.server.restart)
        await _away(followed)
        place = followed.place
    if fault == "kill":
        with pytest.raises(GatewayError):
            async with following(database.capture(), place) as followed:
                await followed.next()
        await asyncio.to_thread(database.server.restart)
    database.set_status(lead, "2")
    async with following(database.capture(), place) as followed:
        assert await followed.changes(1) == [(lead, "1", "2")]


async def test_numbers_of_tables_that_begin_anew_with_the_server_are_not_those_before(
    database: Database,
) -> None:
    lead = database.lead("0")
    # From here on each start of the server gives the tables the same numbers.
    await asyncio.to_thread(database.server.restart)
    async with following(database.capture()) as followed:
        place = (await followed.next()).place
    database.set_status(lead, "1")
    database.server.kill()
    await asyncio.to_thread(database.server.restart)
    database.set_status(lead, "2")
    async with following(database.capture(), place) as followed:
        assert await followed.changes(2) == [(lead, "0", "1"), (lead, "1", "2")]


async def test_a_silent_server_is_noticed(database: Database) -> None:
    async with following(database.capture()) as followed:
        database.server.pause()
        try:
            await _away(followed)
        finally:
            database.server.resume()


async def test_a_server_without_changes_isnt_taken_for_a_silent_one(database: Database) -> None:
    async with following(database.capture()) as followed:
        for _ in range(3):
            assert (await followed.next()).events == ()


async def test_a_log_that_was_begun_anew_is_noticed_although_the_place_is_there_again(
    database: Database,
) -> None:
    lead = database.lead("0")

    async def places() -> list[str]:
        """At the start, after a commit, and after a table was made; everything in a log of its own."""
        database.run(BEGIN_ANEW[database.is_mariadb])
        async with following(database.capture()) as followed:
            database.set_status(lead, str(time.monotonic_ns()))
            await followed.events(1)
            return [captured.place for captured in followed.seen]

    before = await places()
    # The time at which a file is begun has whole seconds.
    await asyncio.sleep(1.1)
    await places()
    for place in before:
        assert "begun anew" in await _is_lost(database, place)


async def test_another_commit_where_the_place_is_is_noticed(database: Database) -> None:
    lead = database.lead("0")
    async with following(database.capture()) as followed:
        database.set_status(lead, "1")
        await followed.events(1)
    place = followed.place
    number = place.split('"last": [')[1].split("]")[0].split(", ")[-1]
    other = place.replace(f", {number}]", f", {int(number) + 1}]")
    assert "something else" in await _is_lost(database, other)


def _logs_left(database: Database) -> list[str]:
    """The files of the log, after all but the newest were to be given up."""
    with database.session() as session, session.connection.cursor() as cursor:
        cursor.execute("show binary logs")
        cursor.execute("purge binary logs to %s", (cursor.fetchall()[-1][0],))
        cursor.execute("show binary logs")
        return [row[0] for row in cursor.fetchall()]


async def test_a_purged_log_is_lost(database: Database) -> None:
    lead = database.lead("0")
    async with following(database.capture()) as followed:
        pass
    database.set_status(lead, "1")
    database.run("flush binary logs")
    # A server keeps a file until it has noticed that its reader has gone.
    async with asyncio.timeout(WAIT_SECONDS):
        while len(await asyncio.to_thread(_logs_left, database)) > 1:
            pass
    await _is_lost(database, followed.place)


async def test_a_place_of_another_server_or_of_nothing_is_lost(database: Database) -> None:
    async with following(database.capture()) as followed:
        place = followed.place
    assert "another server" in await _is_lost(database, place.replace('"server": "', '"server": "x'))
    for nonsense in ("", "{}", '{"kind": "polling"}', place.replace('"position"', '"pos"')):
        assert "not one of a binary log" in await _is_lost(database, nonsense)


@pytest.mark.parametrize(
    ("own", "reason"),
    [("binlog_format = STATEMENT", "as a statement"), ("binlog_row_image = MINIMAL", "lack columns")],
)
async def test_a_session_that_logs_otherwise_is_no_silent_gap(
    database: Database, own: str, reason: str
) -> None:
    lead = database.lead("0")
    async with following(database.capture()) as followed:
        with database.session() as session:
            session.run(f"set session {own}")
            session.run(f"update leads set status = '1' where id = {lead}")
            session.commit()
        with pytest.raises(PlaceLost, match=reason):
            await followed.events(1)


def _threads() -> list[threading.Thread]:
    """The threads of this process that read a binary log: those of other tests' gateways too."""
    return [thread for thread in threading.enumerate() if thread.name == "binlog"]


async def test_closing_gives_back_the_thread_and_the_connections(database: Database) -> None:
    others = _threads()
    async with following(database.capture()) as followed:
        (thread,) = [thread for thread in _threads() if thread not in others]
        with database.session() as session, session.connection.cursor() as cursor:
            cursor.execute("show processlist")
            assert [row for row in cursor.fetchall() if "Binlog Dump" in str(row)]
        with Stopwatch() as since:
            await followed.found.aclose()
            assert since.seconds < 0.5
    assert not thread.is_alive()


async def test_whoever_doesnt_take_what_is_found_lets_the_reading_wait(database: Database) -> None:
    lead = database.lead("0")
    most = 3 * MOST_WAITING
    async with following(database.capture()) as followed:
        with database.session() as session:
            for number in range(1, most + 1):
                session.run(f"update leads set status = '{number}' where id = {lead}")
                session.commit()
        assert [event.status for event in await followed.events(most)] == [
            str(number) for number in range(1, most + 1)
        ]
