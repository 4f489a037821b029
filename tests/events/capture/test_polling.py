"""Polling `lead_status` and `tickets`: nothing is lost, whichever way transactions overlap."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import datetime

import pytest

from datasources.engines.mysql_polling import Pace
from gateway.errors import Code, GatewayError
from gateway.events.capture import PlaceLost
from gateway.events.event import StatusEvent, Subject
from gateway.events.polling_capture import PollingCapture
from tests.events.capture.databases import ZONE, Database, Session, following

SETTLE_SECONDS = 0.5


def _capture(database: Database) -> PollingCapture:
    return PollingCapture(database.dsn, zone=ZONE, pace=Pace(look=0.05, settle=SETTLE_SECONDS))


def _step(session: Session, lead: int, status: str) -> int:
    return session.run(
        "insert into lead_status (lead_id, status, changed_by, changed_on) "
        "values (%(lead)s, %(status)s, 7, '2026-11-21 10:30:00')",
        lead=lead,
        status=status,
    )


def _marks(place: str) -> str:
    """The part of a place that tells of missing ids."""
    return place.partition('"gaps":')[2].partition(',"tickets"')[0]


async def test_a_row_of_history_is_a_change_from_the_one_before(database: Database) -> None:
    lead = database.lead()
    database.run(f"insert into lead_status (lead_id, status) values ({lead}, 'New')")
    async with following(_capture(database)) as followed:
        with database.session() as session:
            step = _step(session, lead, "Démo 😀")
            _step(session, lead, "Démo 😀")
            session.commit()
        assert await followed.events(1) == [
            StatusEvent(
                subject=Subject.LEAD,
                row_id=lead,
                previous="New",
                status="Démo 😀",
                changed_on=datetime(2026, 11, 21, 10, 30),
                changed_by=7,
                status_change_id=step,
            )
        ]
        assert followed.seen[-1].order is None


async def test_transactions_that_commit_out_of_the_order_of_their_ids_are_all_seen(
    database: Database,
) -> None:
    leads = [database.lead() for _ in range(4)]
    async with following(_capture(database)) as followed:
        with database.session() as early, database.session() as middle, database.session() as late:
            _step(early, leads[0], "A")
            _step(middle, leads[1], "A")
            _step(late, leads[2], "A")
            late.commit()
            assert await followed.changes(1) == [(leads[2], None, "A")]
            # Long after the time in which an id is given up that nobody holds.
            await asyncio.sleep(4 * SETTLE_SECONDS)
            middle.commit()
            assert await followed.changes(1) == [(leads[1], None, "A")]
            place = followed.place
        # By who takes over, too: `early` has rolled back as its connection was closed.
        async with following(_capture(database), place) as again:
            with database.session() as session:
                _step(session, leads[3], "A")
                session.commit()
            assert await again.changes(1) == [(leads[3], None, "A")]
            while _marks(again.place) != "[]":
                assert (await again.next()).events == ()


async def test_a_long_transaction_is_waited_for_across_a_restart(database: Database) -> None:
    first, second = database.lead(), database.lead()
    with database.session() as early:
        async with following(_capture(database)) as followed:
            _step(early, first, "A")
            with database.session() as late:
                _step(late, second, "A")
                late.commit()
            assert await followed.changes(1) == [(second, None, "A")]
            place = followed.place
        await asyncio.sleep(3 * SETTLE_SECONDS)
        async with following(_capture(database), place) as followed:
            await followed.next()
            early.commit()
            assert await followed.changes(1) == [(first, None, "A")]


async def test_a_transaction_that_was_open_at_the_start_is_seen(database: Database) -> None:
    first, second = database.lead(), database.lead()
    with database.session() as early, database.session() as late:
        _step(early, first, "A")
        _step(late, second, "A")
        late.commit()
        async with following(_capture(database)) as followed:
            early.commit()
            assert await followed.changes(1) == [(first, None, "A")]


async def test_ids_that_a_waiting_statement_has_taken_are_not_given_up(database: Database) -> None:
    """All ids of a statement are taken at once, and its rows are added one by one: here the first one waits."""
    leads = [database.lead() for _ in range(3)]
    async with following(_capture(database)) as followed:
        with database.session() as owner, database.session() as several, database.session() as later:
            owner.run(f"update leads set company_id = company_id + 1 where id = {leads[0]}")
            rows = ", ".join(f"({lead}, 'A')" for lead in (leads[0], leads[0], leads[1]))
            # The history's foreign key waits for the lead that somebody else is changing.
            waiting = threading.Thread(
                target=several.run, args=(f"insert into lead_status (lead_id, status) values {rows}",)
            )
            waiting.start()
            await asyncio.to_thread(_until_waiting, database)
            _step(later, leads[2], "A")
            later.commit()
            assert await followed.changes(1) == [(leads[2], None, "A")]
            await asyncio.sleep(6 * SETTLE_SECONDS)
            owner.rollback()
            await asyncio.to_thread(waiting.join)
            several.commit()
            assert await followed.changes(2) == [(leads[0], None, "A"), (leads[1], None, "A")]


def _until_waiting(database: Database) -> None:
    with database.session() as session, session.connection.cursor() as cursor:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            cursor.execute(
                "select trx_state from information_schema.innodb_trx where trx_state = 'LOCK WAIT'"
            )
            if cursor.fetchall():
                return
            session.rollback()
    raise AssertionError("nobody waits")


async def test_under_many_overlapping_writers_each_row_is_seen_once(database: Database) -> None:
    leads = [database.lead() for _ in range(8)]
    committed: list[int] = []
    lock = threading.Lock()

    def write(lead: int) -> None:
        with database.session() as session:
            for number in range(60):
                ids = [_step(session, lead, f"{number}.{part}") for part in range(number % 3 + 1)]
                if number % 5 == 4:
                    session.rollback()
                    continue
                session.commit()
                with lock:
                    committed.extend(ids)

    async with following(_capture(database)) as followed:
        await asyncio.gather(*[asyncio.to_thread(write, lead) for lead in leads])
        seen = [event.status_change_id for event in await followed.events(len(committed))]
        while _marks(followed.place) != "[]":
            assert (await followed.next()).events == ()
    assert sorted(number or 0 for number in seen) == sorted(committed)


async def test_a_ticket_is_compared_with_the_last_look_also_across_a_restart(database: Database) -> None:
    rows = ", ".join(["(1, 'x', 1, 'Open')"] * 2_500)
    database.run(f"insert into tickets (company_id, title, created_by, status) values {rows}")
    async with following(_capture(database)) as followed:
        # Two that change places: a sum over both says nothing.
        database.run("update tickets set status = 'Done' where id = 7")
        assert await followed.changes(1) == [(7, "Open", "Done")]
        database.run("update tickets set status = if(id = 7, 'Open', 'Done') where id in (7, 8)")
        assert await followed.changes(2) == [(7, "Done", "Open"), (8, "Open", "Done")]
        place = followed.place
        assert len(place) < 1_000
    database.run(
        "update tickets set status = null where id = 2400",
        "delete from tickets where id = 9",
        "insert into tickets (company_id, title, created_by, status) values (1, 'new', 1, 'Open')",
        "update tickets set priority = 'High'",
    )
    async with following(_capture(database), place) as followed:
        assert await followed.changes(1) == [(2400, "Open", None)]
        new = database.run("update tickets set status = 'Done' where title = 'new'") or 2501
        [event] = await followed.events(1)
    assert (event.subject, event.row_id, event.previous) == (Subject.TICKET, new, "Open")
    assert (event.status, event.changed_by) == ("Done", None)


async def test_ids_that_begin_anew_end_what_is_known(database: Database) -> None:
    lead = database.lead()
    async with following(_capture(database)) as followed:
        with database.session() as session:
            for status in "ABC":
                _step(session, lead, status)
            session.commit()
        await followed.events(3)
        database.run("truncate lead_status")
        with pytest.raises(PlaceLost):
            await followed.events(1)


async def test_a_place_of_another_way_to_capture_is_lost(database: Database) -> None:
    for nonsense in ("", "{}", '{"kind": "binlog"}'):
        with pytest.raises(PlaceLost):
            async with following(_capture(database), nonsense) as followed:
                await followed.next()


async def test_a_server_that_dies_is_noticed_and_gone_on_with(database: Database) -> None:
    lead = database.lead()
    async with following(_capture(database)) as followed:
        place = followed.place
        database.server.kill()
        with pytest.raises(GatewayError) as away:
            await followed.events(1)
        assert away.value.code is Code.SOURCE_UNAVAILABLE
    await asyncio.to_thread(database.server.restart)
    with database.session() as session:
        _step(session, lead, "A")
        session.commit()
    async with following(_capture(database), place) as followed:
        assert await followed.changes(1) == [(lead, None, "A")]
    assert "polling" not in {thread.name for thread in threading.enumerate()}
