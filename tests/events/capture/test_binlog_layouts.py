"""Tables whose columns change while their log is read, or between two readings: no column is ever taken for another."""

from __future__ import annotations

import pytest

from gateway.events.capture import PlaceLost
from tests.events.capture.databases import Database, Followed, following

# Two columns of one type change places: nothing in the log of a server that names no columns tells them apart.
SWAP = "alter table leads modify lead_status varchar(32) after gstno, modify status varchar(32) after lead_status"
ALTERATIONS = {
    "added before": "alter table leads add column extra varchar(32) first",
    "dropped before": "alter table leads drop column gstno",
    "swapped": SWAP,
    "swapped by name": (
        "alter table leads change status lead_status varchar(32), change lead_status status varchar(32)"
    ),
    "renamed over": "rename table leads to old_leads, leads_2 to leads",
}


def _as_it_became(alteration: str, status: str) -> str:
    """A status after an alteration: with its name, the column of the other one has got its values."""
    return f"not {status}" if alteration == "swapped by name" else status


def _both(database: Database, lead: int, status: str) -> None:
    """Both columns of one type: whoever confuses them says it."""
    database.run(f"update leads set status = '{status}', lead_status = 'not {status}' where id = {lead}")


def _prepared(database: Database) -> int:
    lead = database.lead("0")
    database.run(
        f"update leads set lead_status = 'not 0' where id = {lead}",
        "create table leads_2 like leads",
        "alter table leads_2 add column extra varchar(32) after gstno",
        "insert into leads_2 (id, company_id, status, lead_status) "
        "select id, company_id, status, lead_status from leads",
        # It would go on pointing to the table that it was made for.
        "alter table lead_status drop foreign key history_of_lead",
    )
    return lead


async def _lost(followed: Followed) -> PlaceLost:
    with pytest.raises(PlaceLost) as lost:
        await followed.events(1_000)
    return lost.value


@pytest.mark.parametrize("alteration", ALTERATIONS)
async def test_a_table_altered_while_it_is_followed(told_database: Database, alteration: str) -> None:
    database = told_database
    lead = _prepared(database)
    async with following(database.capture()) as followed:
        _both(database, lead, "1")
        assert await followed.changes(1) == [(lead, "0", "1")]
        place = followed.place
        if alteration == "renamed over":
            database.run("update leads_2 set status = '1'")
        database.run(ALTERATIONS[alteration])
        _both(database, lead, "2")
        _both(database, lead, "3")
        expected = [(lead, _as_it_became(alteration, "1"), "2"), (lead, "2", "3")]
        assert await followed.changes(2) == expected
        later = followed.seen[-2].place
    for after, left in ((place, expected), (later, expected[1:])):
        async with following(database.capture(), after) as followed:
            assert await followed.changes(len(left)) == left


@pytest.mark.parametrize("alteration", ALTERATIONS)
async def test_a_table_altered_while_nobody_follows(told_database: Database, alteration: str) -> None:
    database = told_database
    lead = _prepared(database)
    async with following(database.capture()) as followed:
        place = followed.place
    _both(database, lead, "1")
    if alteration == "renamed over":
        database.run("update leads_2 set status = '1'")
    database.run(ALTERATIONS[alteration])
    _both(database, lead, "2")
    async with following(database.capture(), place) as followed:
        assert await followed.changes(2) == [
            (lead, "0", "1"),
            (lead, _as_it_became(alteration, "1"), "2"),
        ]


async def test_a_table_altered_twice_is_followed_where_its_columns_are_named(told_database: Database) -> None:
    database = told_database
    lead = _prepared(database)
    async with following(database.capture()) as followed:
        place = followed.place
    _both(database, lead, "1")
    database.run(SWAP)
    _both(database, lead, "2")
    database.run("alter table leads modify status varchar(32) after gstno")
    _both(database, lead, "3")
    async with following(database.capture(), place) as followed:
        with database.session() as session, session.connection.cursor() as cursor:
            cursor.execute("select @@global.binlog_row_metadata")
            named = cursor.fetchone() == ("FULL",)
        if named:
            assert await followed.changes(3) == [(lead, "0", "1"), (lead, "1", "2"), (lead, "2", "3")]
        else:
            # How it was between the two can't be known: said, rather than guessed.
            assert "changed again" in str(await _lost(followed))
    # From now on all is well again.
    async with following(database.capture()) as followed:
        _both(database, lead, "4")
        assert await followed.changes(1) == [(lead, "3", "4")]


async def test_a_table_altered_behind_the_logs_back_isnt_guessed_at(database: Database) -> None:
    lead = _prepared(database)
    async with following(database.capture()) as followed:
        with database.session() as session:
            session.run("set session sql_log_bin = 0")
            session.run("alter table leads add column extra varchar(32) first")
        _both(database, lead, "1")
        assert "other columns" in str(await _lost(followed))


async def test_names_that_end_keep_what_they_have_said(database: Database) -> None:
    lead = _prepared(database)
    nameless = "NO_LOG" if database.is_mariadb else "MINIMAL"
    with database.session() as session:
        session.run("set global binlog_row_metadata = 'FULL'")
    async with following(database.capture()) as followed:
        database.run(SWAP)
        _both(database, lead, "1")
        with database.session() as session:
            session.run(f"set global binlog_row_metadata = '{nameless}'")
        _both(database, lead, "2")
        assert await followed.changes(2) == [(lead, "0", "1"), (lead, "1", "2")]


async def test_what_leaves_the_columns_alone_makes_nothing_uncertain(database: Database) -> None:
    lead = _prepared(database)
    async with following(database.capture()) as followed:
        place = followed.place
    for number in range(3):
        _both(database, lead, str(number + 1))
        database.run(
            "analyze table leads",
            f"create index idx_{number} on leads (gstno)",
            f"create trigger trigger_{number} before delete on leads for each row set @x = 1",
            # The log has it within a transaction, and it mentions the table.
            f"create table copy_{number} as select 1 as one from lead_status",
        )
    async with following(database.capture(), place) as followed:
        assert await followed.changes(3) == [(lead, "0", "1"), (lead, "1", "2"), (lead, "2", "3")]
