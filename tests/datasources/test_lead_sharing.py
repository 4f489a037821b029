"""The side table of shared leads: in step with the lists whoever writes them, checked, and repaired."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, create_engine, insert, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from datasources import sharing
from datasources.estate import open_source
from datasources.iperform.lead_sharing import TRIGGERS, gateway_lead_sharing, listed_salespeople, shared_with
from datasources.iperform.tables import leads
from datasources.iperform.tables import metadata as iperform
from datasources.migrate import MigrationError, migrate_mysql, migrate_sqlite
from datasources.model import Direction, Order, Read
from datasources.mysql_client import blocking_mysql_url
from datasources.sharing import Repair, SharingState, check_sharing, repair_sharing
from gateway.auth.scope import listed_ids
from gateway.sharing import describe, describe_repair
from tests.examples import SAME
from tests.servers.fixtures import count_use
from tests.servers.mysql_like import MySQLLikeServer

OLD_DATABASE = "sharing_tests_of_old"
IN_STEP = SharingState(table=True)
LISTS = (
    *(
        "12",
        " 12 ",
        "\t12\t",
        " \t 12",
        "012",
        "1a",
        "१२",
        "１２",
        "12\n",
        "1 2",
        "-5",
        "+5",
        "1.0",
        "1e3",
        "0",
    ),
    *(
        "",
        ",",
        ",,,",
        " , ,",
        "3,3, 3",
        "12,3",
        "x, 7 ,",
        "7;8",
        "'7'",
        '"7"',
        "\\7",
        "7\\,8",
        '7","8',
        "[7]",
    ),
    *(
        "2147483647",
        "2147483648",
        "99999999999",
        "9" * 30,
        "12\x003",
        "12\x00",
        "\x00,4",
        "5%,6%s",
        ":x,8",
        None,
    ),
    *("1," * 63 + "2", "," * 127 + "9", "😀,5", "7\u2028,8", "\u200b6,6"),
)


@dataclass
class Database:
    """An iperform database, written from outside the gateway."""

    dsn: str
    engine: Engine

    @contextmanager
    def connected(self) -> Iterator[Connection]:
        """A connection of another program; what it does is committed at the end."""
        with self.engine.begin() as connection:
            yield connection

    def run(self, statement: str, **values: Any) -> None:
        with self.connected() as connection:
            connection.execute(text(statement), values)

    def add(self, *lists: str | None) -> None:
        """A lead for each list, in one statement."""
        with self.connected() as connection:
            rows = [{"company_id": 1, "shared_salesperson_id": listed} for listed in lists]
            connection.execute(insert(leads).values(rows))

    def lists(self) -> dict[int, str | None]:
        with self.connected() as connection:
            return dict(
                tuple(row) for row in connection.execute(select(leads.c.id, leads.c.shared_salesperson_id))
            )  # type: ignore[arg-type]

    def pairs(self) -> set[tuple[int, int]]:
        table = gateway_lead_sharing
        with self.connected() as connection:
            rows = connection.execute(select(table.c.lead_id, table.c.salesperson_id))
            return {(lead_id, salesperson_id) for lead_id, salesperson_id in rows}

    def expected(self) -> set[tuple[int, int]]:
        """By the access rules' own reading of lists; no salesperson has an id that an INT doesn't hold."""
        return {
            (id_, listed)
            for id_, text_ in self.lists().items()
            for listed in listed_ids(text_)
            if listed < 2**31
        }


@pytest.fixture(scope="module", params=["sqlite", "mariadb", "mysql"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("sharing") / "iperform.sqlite"
        migrate_sqlite(path, iperform)
        yield Database(f"sqlite+aiosqlite:///{path}", create_engine(f"sqlite:///{path}", poolclass=NullPool))
        return
    server: MySQLLikeServer = request.getfixturevalue(f"{request.param}_server")
    with fresh(server, "sharing_tests") as database:
        migrate_mysql(database.dsn, "iperform")
        yield database


@contextmanager
def fresh(server: MySQLLikeServer, name: str) -> Iterator[Database]:
    """An empty database whose own character set knows none of the letters in the lists."""
    dsn = server.dsn(name)
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"drop database if exists {name}")
        cursor.execute(f"create database {name} character set latin1")
        yield Database(dsn, create_engine(blocking_mysql_url(dsn), poolclass=NullPool))
        cursor.execute(f"drop database {name}")


@pytest.fixture
def database(made: Database, request: pytest.FixtureRequest) -> Database:
    """Its tables are empty."""
    count_use(request.node, request.node.callspec.params["made"])  # type: ignore[attr-defined]
    made.run("delete from leads")
    made.run("delete from gateway_lead_sharing")
    return made


@pytest.fixture(params=["mariadb", "mysql"])
def old_estate(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An estate with leads that knows nothing of the gateway."""
    count_use(request.node, request.param)
    with fresh(request.getfixturevalue(f"{request.param}_server"), OLD_DATABASE) as database:
        for statement in sharing.migrations("iperform")[0].statements:
            database.run(statement.replace(":", "\\:"))
        database.add(*LISTS)
        yield database


# --- in step ------------------------------------------------------------------------------------------------


def test_inserted_lists_are_read_as_the_access_rules_read_them(database: Database) -> None:
    database.add(*LISTS)

    assert database.pairs() == database.expected()
    assert {"12", "7"} <= {str(id_) for _, id_ in database.pairs()}
    for listed in LISTS:
        assert listed_salespeople(listed) == {id_ for id_ in listed_ids(listed) if id_ < 2**31}


def test_every_change_of_a_list_is_followed(database: Database) -> None:
    database.add(*LISTS)
    ids = sorted(database.lists())
    for shift in (1, 7):
        with database.connected() as connection:
            for place, id_ in enumerate(ids):
                listed = LISTS[(place + shift) % len(LISTS)]
                connection.execute(
                    update(leads).where(leads.c.id == id_).values(shared_salesperson_id=listed)
                )
        assert database.pairs() == database.expected()


def test_updates_of_many_rows_deletes_and_changes_of_ids_are_followed(database: Database) -> None:
    database.add("1,2", "2, 3", "3", None, "x")
    first = min(database.lists())
    for statement in (
        "update leads set shared_salesperson_id = '5, 6,5'",
        "update leads set firm_name = 'other'",
        "update leads set shared_salesperson_id = concat(id, ',7')"
        if "mysql" in database.dsn
        else "update leads set shared_salesperson_id = id || ',7'",
        f"update leads set shared_salesperson_id = null where id = {first + 1}",
        f"update leads set id = 1000000 where id = {first}",
        f"update leads set id = 1000001, shared_salesperson_id = '9' where id = {first + 2}",
        f"delete from leads where id in ({first + 3}, 1000000)",
        "update leads set shared_salesperson_id = '１２' where id = 1000001",
        "update leads set shared_salesperson_id = '12' where id = 1000001",
        "update leads set shared_salesperson_id = ' 12 ' where id = 1000001",
        "delete from leads",
    ):
        database.run(statement)
        assert database.pairs() == database.expected(), statement
    assert database.pairs() == set()


def test_replaced_and_merged_rows_are_followed(database: Database) -> None:
    database.run(
        "insert into leads (id, company_id, shared_salesperson_id) values (1, 1, '1,2'), (2, 1, '2')"
    )
    merge = (
        "on duplicate key update shared_salesperson_id = '8'"
        if "mysql" in database.dsn
        else "on conflict (id) do update set shared_salesperson_id = '8'"
    )
    for statement in (
        "replace into leads (id, company_id, shared_salesperson_id) values (1, 1, '3'), (4, 1, '4')",
        f"insert into leads (id, company_id, shared_salesperson_id) values (2, 1, '7'), (5, 1, '5') {merge}",
    ):
        database.run(statement)
        assert database.pairs() == database.expected(), statement
    assert database.pairs() == {(1, 3), (4, 4), (2, 8), (5, 5)}


def test_a_rolled_back_change_leaves_nothing(database: Database) -> None:
    database.add("1")
    before = database.pairs()
    with database.engine.connect() as connection:
        connection.execute(update(leads).values(shared_salesperson_id="2,3"))
        connection.rollback()
    assert database.pairs() == before


@settings(SAME, max_examples=8)
@given(
    st.lists(
        st.tuples(*[st.text(alphabet="0123456789,, \t\n\x00a-+.'\"\\%１२é", max_size=60)] * 2),
        min_size=1,
        max_size=40,
    )
)
def test_rubbish_is_read_as_the_access_rules_read_it(
    database: Database, lists: list[tuple[str, str]]
) -> None:
    database.run("delete from leads")
    database.add(*(before for before, _ in lists))
    assert database.pairs() == database.expected()
    with database.connected() as connection:
        for id_, (_, after) in zip(sorted(database.lists()), lists, strict=True):
            connection.execute(update(leads).where(leads.c.id == id_).values(shared_salesperson_id=after))
    assert database.pairs() == database.expected()


def test_two_programs_share_neighbouring_leads_without_waiting(old_estate: Database) -> None:
    migrate_mysql(old_estate.dsn, "iperform")
    one, two, three = sorted(old_estate.lists())[:3]
    change = text("update leads set shared_salesperson_id = :listed where id = :id")
    with old_estate.engine.connect() as first, old_estate.engine.connect() as second:
        for connection in (first, second):
            connection.execute(text("set session innodb_lock_wait_timeout = 1"))
        first.execute(change, {"listed": "2, 3", "id": two})
        second.execute(change, {"listed": "2, 3", "id": three})
        first.execute(change, {"listed": "", "id": one})
        second.commit()
        first.commit()
    assert old_estate.pairs() == old_estate.expected() >= {(two, 2), (two, 3), (three, 2), (three, 3)}


# --- the list has the last word -----------------------------------------------------------------------------


async def found(database: Database, *salespeople: int) -> list[int]:
    """The ids of the leads that a source finds to be shared with them."""
    source = open_source("iperform", database.dsn, metadata=iperform)
    read = Read(
        table=leads,
        columns=(leads.c.id,),
        policy=shared_with(salespeople),
        order=(Order(leads.c.id, Direction.ASC),),
    )
    rows = await source.rows(read)
    await source.close()
    return [row[0] for row in rows]


async def test_a_row_too_many_shows_nobody_a_lead(database: Database) -> None:
    database.add("1, 2", "2", "12")
    one, two, three = sorted(database.lists())
    assert await found(database, 2) == [one, two]
    assert await found(database) == []

    database.run(f"insert into gateway_lead_sharing (lead_id, salesperson_id) values ({three}, 2)")

    assert await found(database, 2) == [one, two]
    assert await found(database, 2, 12) == [one, two, three]


# --- check and repair ---------------------------------------------------------------------------------------


def test_what_is_wrong_is_counted_and_put_right_in_batches(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "LEADS_COMPARED_AT_ONCE", 3)
    monkeypatch.setattr(sharing, "LEADS_LOCKED_AT_ONCE", 2)
    database.add(*LISTS)
    right = database.pairs()
    assert check_sharing(database.dsn) == IN_STEP
    assert describe(IN_STEP) == ["The side table holds what the lists of the leads say."]

    gone = {pair for pair in right if pair[1] in (12, 3)}
    database.run("delete from gateway_lead_sharing where salesperson_id in (12, 3)")
    surplus = {(-4, 1), (min(right)[0], 77), (10**9, 2)}
    for lead_id, salesperson_id in surplus:
        database.run(
            f"insert into gateway_lead_sharing (lead_id, salesperson_id) values ({lead_id}, {salesperson_id})"
        )

    state = check_sharing(database.dsn)
    assert state == SharingState(table=True, missing=len(gone), surplus=3)
    assert describe(state) == [
        f"Shares that aren't found: {len(gone)}, whose leads are hidden from somebody; run `gateway repair-sharing`.",
        "Rows of no list: 3, which show nobody anything but cost time; run `gateway repair-sharing`.",
    ]
    repair = repair_sharing(database.dsn)
    assert repair == Repair(objects=(), added=len(gone), removed=3)
    assert describe_repair(repair) == f"Rows added: {len(gone)}; rows removed: 3."
    assert database.pairs() == right
    assert repair_sharing(database.dsn) == Repair((), 0, 0)
    assert describe_repair(Repair((), 0, 0)) == "Every row was right already."


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_a_dropped_trigger_is_named_and_made_anew(database: Database, trigger: str) -> None:
    database.add("1")
    database.run(f"drop trigger {trigger}")
    database.add("5, 6")
    database.run("update leads set shared_salesperson_id = '8' where shared_salesperson_id = '1'")
    wrong = database.pairs() ^ database.expected()
    if trigger == TRIGGERS[2]:
        database.run("delete from leads where shared_salesperson_id = '8'")

    state = check_sharing(database.dsn)
    assert state.triggers == (trigger,)
    assert describe(state)[0] == (
        f"Triggers on `leads` that are absent or changed: {trigger}; run `gateway repair-sharing`."
    )
    assert state.missing + state.surplus == (1 if trigger == TRIGGERS[2] else len(wrong)) > 0
    repair = repair_sharing(database.dsn)
    assert repair == Repair((trigger,), state.missing, state.surplus)
    assert describe_repair(repair).startswith(f"Made anew: {trigger}. Rows added: ")
    assert check_sharing(database.dsn) == IN_STEP
    database.add("9")
    assert database.pairs() == database.expected()


def test_a_changed_trigger_is_named(database: Database) -> None:
    database.run(f"drop trigger {TRIGGERS[2]}")
    row_by_row = "for each row" if "mysql" in database.dsn else ""
    database.run(
        f"create trigger {TRIGGERS[2]} after delete on leads {row_by_row} begin "
        "delete from gateway_lead_sharing where lead_id = -1; end"
    )
    assert check_sharing(database.dsn).triggers == (TRIGGERS[2],)
    repair_sharing(database.dsn)
    assert check_sharing(database.dsn) == IN_STEP


def test_an_absent_table_is_said_and_made_anew(database: Database) -> None:
    database.add("1, 2", "2")
    database.run("drop table gateway_lead_sharing")

    state = check_sharing(database.dsn)
    assert state == SharingState(table=False)
    assert describe(state) == [
        "The table `gateway_lead_sharing` is absent: "
        "run `gateway migrate`, and if it stays away, run `gateway repair-sharing`."
    ]
    assert repair_sharing(database.dsn) == Repair(("gateway_lead_sharing",), 3, 0)
    assert check_sharing(database.dsn) == IN_STEP
    assert database.pairs() == database.expected()


# --- migrating an estate that is in use ---------------------------------------------------------------------


def test_migrating_fills_the_table_from_the_lists_that_are_there(old_estate: Database) -> None:
    migrate_mysql(old_estate.dsn, "iperform")
    assert old_estate.pairs() == old_estate.expected() != set()


def test_a_filling_that_breaks_off_is_done_by_the_next_migration(
    old_estate: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(connection: Connection, lead_ids: Any) -> Any:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(sharing, "_put_right", breaks)
        with pytest.raises(ConnectionError):
            migrate_mysql(old_estate.dsn, "iperform")
    assert old_estate.pairs() == set()

    assert "0003_lead_sharing.sql" in migrate_mysql(old_estate.dsn, "iperform")
    assert old_estate.pairs() == old_estate.expected()


def test_who_may_not_create_triggers_is_told_what_to_grant(old_estate: Database) -> None:
    account = "'sharing_tests'@'%'"
    url = blocking_mysql_url(old_estate.dsn).set(username="sharing_tests", password="let me in")
    dsn = url.render_as_string(hide_password=False)
    old_estate.run(f"create user {account} identified by 'let me in'")
    try:
        granted = "select, insert, update, delete, create, alter, index, references"
        old_estate.run(f"grant {granted} on {OLD_DATABASE}.* to {account}")
        with pytest.raises(
            MigrationError,
            match=r"may not create triggers: the server writes a binary log, so grant it `super`, or set the server's",
        ):
            migrate_mysql(dsn, "iperform")
        old_estate.run("set global log_bin_trust_function_creators = 1")
        with pytest.raises(
            MigrationError, match=r"may not create triggers: grant it `trigger` on the database"
        ):
            migrate_mysql(dsn, "iperform")
        old_estate.run(f"grant trigger on {OLD_DATABASE}.* to {account}")
        assert "0003_lead_sharing.sql" in migrate_mysql(dsn, "iperform")
        assert check_sharing(dsn) == IN_STEP
        old_estate.run(f"revoke trigger on {OLD_DATABASE}.* from {account}")
        unseen = check_sharing(dsn)
        assert unseen == SharingState(table=True, triggers=None)
        assert unseen.well
        assert describe(unseen) == [
            "The triggers can't be seen: ask with an account that has the privilege `trigger`."
        ]
        old_estate.run(f"revoke select on {OLD_DATABASE}.* from {account}")
        with pytest.raises(DBAPIError):
            check_sharing(dsn)
    finally:
        old_estate.run("set global log_bin_trust_function_creators = 0")
        old_estate.run(f"drop user {account}")
