"""Which events the changes of rows make that the binary log tells of."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from gateway.events.event import StatusEvent, Subject
from tests.events.capture.databases import ZONE, Database, following, until_gone

DAY = datetime(2026, 11, 21, 10, 30)


async def test_a_change_with_its_history_tells_who_when_and_which_step(told_database: Database) -> None:
    database = told_database
    lead = database.lead("Neu ü")
    async with following(database.capture()) as followed:
        step = database.run(
            "update leads set status = 'Démo ✓ 😀', changed_by = 3, changed_on = '2026-11-21 10:31:00' "
            "where id = %(lead)s",
            "insert into lead_status (lead_id, status, changed_by, changed_on) "
            "values (%(lead)s, 'Démo ✓ 😀', 7, '2026-11-21 10:30:00')",
            lead=lead,
        )
        assert await followed.events(1) == [
            StatusEvent(
                subject=Subject.LEAD,
                row_id=lead,
                previous="Neu ü",
                status="Démo ✓ 😀",
                changed_on=DAY,
                changed_by=7,
                status_change_id=step,
            )
        ]


async def test_without_history_the_lead_says_who_where_it_was_written_with_the_status(
    database: Database,
) -> None:
    lead = database.lead()
    async with following(database.capture()) as followed:
        database.run(
            "update leads set status = 'A', changed_by = 3, changed_on = '2026-11-21 10:30:00' where id = %(lead)s",
            lead=lead,
        )
        database.set_status(lead, "B")
        database.run("update leads set status = 'C', changed_by = 4 where id = %(lead)s", lead=lead)
        signed, unsigned, newly_signed = await followed.events(3)
    assert (signed.changed_by, signed.changed_on) == (3, DAY)
    # Who wrote last isn't who writes now.
    assert unsigned.changed_by is None
    now = datetime.now(ZONE).replace(tzinfo=None)
    assert now - timedelta(minutes=1) < unsigned.changed_on <= now
    assert newly_signed.changed_by == 4


async def test_a_ticket_says_who_where_the_gateway_has_written_it(database: Database) -> None:
    ticket = database.ticket(None)
    async with following(database.capture()) as followed:
        database.run("update tickets set status = 'Open' where id = %(ticket)s", ticket=ticket)
        database.run(
            "update tickets set status = 'Closed' where id = %(ticket)s",
            "insert into gateway_ticket_changes (ticket_id, changed_by, changed_on) "
            "values (%(ticket)s, 5, '2026-11-21 10:30:00')",
            ticket=ticket,
        )
        by_another, by_gateway = await followed.events(2)
    assert (by_another.subject, by_another.row_id, by_another.previous) == (Subject.TICKET, ticket, None)
    assert (by_another.status, by_another.changed_by) == ("Open", None)
    assert (by_gateway.previous, by_gateway.status) == ("Open", "Closed")
    assert (by_gateway.changed_by, by_gateway.changed_on) == (5, DAY)


async def test_changes_of_one_transaction_come_together_in_their_order(database: Database) -> None:
    first, second = database.lead("A"), database.lead("A")
    async with following(database.capture()) as followed:
        with database.session() as session:
            steps = [
                session.run(f"insert into lead_status (lead_id, status) values ({lead}, '{status}')")
                for lead, status in ((first, "B"), (second, "C"), (first, "A"), (first, "B"))
                if not session.run(f"update leads set status = '{status}' where id = {lead}")
            ]
            session.commit()
        captured = await followed.next()
    told = [(event.row_id, event.previous, event.status, event.status_change_id) for event in captured.events]
    assert told == [
        (first, "A", "B", steps[0]),
        (second, "A", "C", steps[1]),
        (first, "B", "A", steps[2]),
        (first, "A", "B", steps[3]),
    ]


async def test_what_leaves_every_status_as_it_is_makes_no_event(database: Database) -> None:
    lead, ticket, marker = database.lead(), database.ticket(), database.lead("before")
    async with following(database.capture()) as followed:
        database.run(
            f"update leads set remarks = 'x', status = 'New' where id = {lead}",
            f"insert into lead_status (lead_id, status) values ({lead}, 'Demo')",
            f"update tickets set priority = 'High' where id = {ticket}",
            f"delete from tickets where id = {ticket}",
            f"delete from leads where id = {lead}",
            "create table others (id int primary key, status varchar(9))",
            "insert into others values (1, 'x')",
            "update others set status = 'y'",
        )
        database.lead("Demo")
        database.set_status(marker, "after")
        assert await followed.changes(1) == [(marker, "before", "after")]


async def test_what_is_rolled_back_is_never_seen(database: Database) -> None:
    lead = database.lead("A")
    # Of a table without transactions what was done is logged, with what it was rolled back by; MySQL's log with GTIDs
    # allows no such mixture.
    engine = "MyISAM" if database.is_mariadb else "InnoDB"
    database.run(f"create table unprotected (id int primary key auto_increment) engine = {engine}")
    async with following(database.capture()) as followed:
        with database.session() as session:
            session.run(f"update leads set status = 'B' where id = {lead}")
            session.run("insert into unprotected values ()")
            session.run("savepoint here")
            session.run(f"update leads set status = 'C' where id = {lead}")
            session.run("insert into unprotected values ()")
            session.run("rollback to here")
            session.commit()
            session.run(f"update leads set status = 'D' where id = {lead}")
            session.run("insert into unprotected values ()")
            session.rollback()
        database.set_status(lead, "E")
        assert await followed.changes(2) == [(lead, "A", "B"), (lead, "B", "E")]


async def test_a_prepared_transaction_counts_when_it_is_decided_also_after_a_restart(
    database: Database,
) -> None:
    kept, dropped, other = database.lead("A"), database.lead("A"), database.lead("A")
    async with following(database.capture()) as followed:
        with database.session() as session:
            for lead, name in ((kept, "kept"), (dropped, "dropped")):
                session.run(f"xa start '{name}'")
                session.run(f"update leads set status = 'B' where id = {lead}")
                session.run(f"xa end '{name}'")
                session.run(f"xa prepare '{name}'")
                # MariaDB lets a prepared one go only with its session, which ends a little after it is left.
                number = session.connection.thread_id()
                session.connection.close()
                await asyncio.to_thread(until_gone, database, number)
                session.connection.connect()
        database.set_status(other, "B")
        assert await followed.changes(1) == [(other, "A", "B")]
        order = followed.seen[-1].order
        place = followed.place
    async with following(database.capture(), place) as followed:
        database.run("set autocommit = 1", "xa rollback 'dropped'", "xa commit 'kept'")
        again = await followed.next()
        # What came after the transaction that isn't decided comes again, with its old order.
        assert (again.order, again.events[0].row_id) == (order, other)
        assert await followed.changes(1) == [(kept, "A", "B")]


async def test_a_transaction_of_thousands_comes_whole(database: Database) -> None:
    database.run(*[f"insert into leads (company_id, status) values {','.join(['(1, 0)'] * 5000)}"])
    async with following(database.capture()) as followed:
        database.run("update leads set status = id")
        captured = await followed.next()
        assert [(event.previous, event.status) for event in captured.events] == [
            ("0", str(event.row_id)) for event in captured.events
        ]
        assert len(captured.events) == 5000


async def test_a_status_can_be_an_enum_or_in_another_character_set(told_database: Database) -> None:
    database = told_database
    database.run(
        "alter table leads modify status enum('Neu', 'Größe', 'it''s') character set latin1, modify remarks json"
    )
    database.run("alter table tickets modify status char(20) character set latin1, modify title varchar(300)")
    lead, ticket = database.lead("Größe"), database.ticket("schön")
    async with following(database.capture()) as followed:
        database.run(f"update leads set status = 'it''s', remarks = '{{\"a\": [1, 2]}}' where id = {lead}")
        database.run(f"update tickets set status = 'größer' where id = {ticket}")
        assert await followed.changes(2) == [(lead, "Größe", "it's"), (ticket, "schön", "größer")]


async def test_from_every_place_on_comes_what_came_after_it_and_nothing_else(database: Database) -> None:
    leads = [database.lead("0") for _ in range(3)]
    async with following(database.capture()) as followed:
        for number in range(1, 7):
            database.run(f"update leads set status = '{number}' where id = {leads[number % 3]}")
            if number % 2:
                database.run("flush binary logs")
            if number == 4:
                database.run("create table in_between (id int)")
        while sum(len(captured.events) for captured in followed.seen) < 6:
            await followed.next()
        seen = followed.seen
    for at, captured in enumerate(seen[:-1]):
        later = [item for item in seen[at + 1 :] if item.events]
        async with following(database.capture(), captured.place) as again:
            for item in later:
                found = await again.next()
                while not found.events:
                    found = await again.next()
                assert (found.events, found.order) == (item.events, item.order)
    assert [item.order for item in seen] == sorted(item.order or 0 for item in seen)
