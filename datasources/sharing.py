"""Checks and repairs the side table of shared leads against the leads' own lists, by batches of leads.

Called by `gateway migrate`, which fills the table by a repair, `gateway doctor` and `gateway repair-sharing`. Blocking.
What it compares is read in one snapshot; what it changes it compares once more under a lock on a few hundred leads.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Result,
    and_,
    create_engine,
    delete,
    insert,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable

from datasources.indexes import SQLITE_TRIGGERS
from datasources.iperform.lead_sharing import TRIGGERS, gateway_lead_sharing, listed_salespeople
from datasources.iperform.tables import leads
from datasources.migration_journal import MysqlJournal, mysql_error_code
from datasources.mysql_client import blocking_mysql_url
from sql import migrations

# The migration that makes the table and its triggers on MySQL.
MIGRATION_VERSION = 3
LEADS_COMPARED_AT_ONCE = 5_000
LEADS_LOCKED_AT_ONCE = 500

NO_SUCH_TABLE = 1146

Pair = tuple[int, int]
Range = ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class SharingState:
    """What a check found: rows that lists have and the table lacks (`missing`), rows of no list (`surplus`).

    `triggers` names those that are absent or not as they should be; None where the account may not see triggers.
    """

    table: bool
    triggers: tuple[str, ...] | None = ()
    missing: int = 0
    surplus: int = 0

    @property
    def well(self) -> bool:
        """Whether nothing is known to be wrong."""
        return self.table and not self.triggers and not self.missing and not self.surplus


@dataclass(frozen=True, slots=True)
class Repair:
    """What a repair changed: objects made anew, rows added and removed."""

    objects: tuple[str, ...]
    added: int
    removed: int


def check_sharing(dsn: str) -> SharingState:
    """Compares the side table of the `iperform` database that a DSN names with the lists. Changes nothing.

    Reads every lead once. Raises SQLAlchemy's DBAPIError where the database can't be read.
    """
    with _connected(dsn) as connection:
        if not _has_table(connection):
            return SharingState(table=False)
        missing = surplus = 0
        for batch in _batches(connection):
            with _transaction(connection):
                listed, held = _listed(connection, batch), _held(connection, batch)
            missing += len(listed - held)
            surplus += len(held - listed)
        return SharingState(True, _wrong_triggers(connection), missing, surplus)


def repair_sharing(dsn: str) -> Repair:
    """Makes what is absent of the side table and its triggers, then puts its rows right. Can be run at any time.

    Raises MigrationError where the account may not create triggers.
    """
    with _connected(dsn) as connection:
        objects = _absent(connection)
        if objects:
            _create(connection)
        added, removed = fill_sharing(connection)
    return Repair(objects, added, removed)


def fill_sharing(connection: Connection) -> Pair:
    """Puts the rows of the side table right, batch by batch. Returns how many were added, and how many removed.

    The connection must commit by itself, and its triggers be there already, so that nothing is missed.
    """
    added = removed = 0
    for batch in _batches(connection):
        with _transaction(connection):
            listed, held = _listed(connection, batch), _held(connection, batch)
        for ids in _in_parts(sorted({lead_id for lead_id, _ in listed ^ held})):
            more, less = _put_right(connection, ids)
            added, removed = added + more, removed + less
    return added, removed


def _put_right(connection: Connection, lead_ids: Sequence[int]) -> Pair:
    """Compares some leads again while nobody can change them, and writes the difference."""
    with _transaction(connection, writes=True):
        # The lock comes first: what is read before it could have changed until it is had.
        listed = _pairs(
            connection.execute(
                select(leads.c.id, leads.c.shared_salesperson_id)
                .where(leads.c.id.in_(lead_ids))
                .with_for_update()
            )
        )
        held = _held(connection, gateway_lead_sharing.c.lead_id.in_(lead_ids))
        missing, surplus = sorted(listed - held), held - listed
        if missing:
            rows = [{"lead_id": lead_id, "salesperson_id": id_} for lead_id, id_ in missing]
            connection.execute(insert(gateway_lead_sharing), rows)
        for salesperson_id, found in _by_salesperson(surplus).items():
            connection.execute(
                delete(gateway_lead_sharing).where(
                    gateway_lead_sharing.c.salesperson_id == salesperson_id,
                    gateway_lead_sharing.c.lead_id.in_(found),
                )
            )
    return len(missing), len(surplus)


# --- what is compared ---------------------------------------------------------------------------------------


def _batches(connection: Connection) -> Iterator["Batch"]:
    """Ranges of leads' ids that together hold every id there could be."""
    after: int | None = None
    while True:
        until = connection.execute(
            select(leads.c.id)
            .where(*([] if after is None else [leads.c.id > after]))
            .order_by(leads.c.id)
            .offset(LEADS_COMPARED_AT_ONCE - 1)
            .limit(1)
        ).scalar()
        yield Batch(after, until)
        if until is None:
            return
        after = until


@dataclass(frozen=True, slots=True)
class Batch:
    """Ids of leads above `after`, up to `until`; None is no bound."""

    after: int | None
    until: int | None

    def holds(self, column: Column[int]) -> Range:
        """Whether an id is in the range."""
        above = [] if self.after is None else [column > self.after]
        below = [] if self.until is None else [column <= self.until]
        return and_(True, *above, *below)


def _listed(connection: Connection, batch: Batch) -> set[Pair]:
    rows = connection.execute(
        select(leads.c.id, leads.c.shared_salesperson_id).where(
            batch.holds(leads.c.id), leads.c.shared_salesperson_id.is_not(None)
        )
    )
    return _pairs(rows)


def _pairs(rows: Result[int, str | None]) -> set[Pair]:
    return {(lead_id, id_) for lead_id, listed in rows for id_ in listed_salespeople(listed)}


def _held(connection: Connection, rows: Batch | Range) -> set[Pair]:
    condition = rows.holds(gateway_lead_sharing.c.lead_id) if isinstance(rows, Batch) else rows
    table = gateway_lead_sharing
    found = connection.execute(select(table.c.lead_id, table.c.salesperson_id).where(condition))
    return {(lead_id, salesperson_id) for lead_id, salesperson_id in found}


def _by_salesperson(pairs: Iterable[Pair]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for lead_id, salesperson_id in sorted(pairs):
        found[salesperson_id].append(lead_id)
    return found


def _in_parts(ids: Iterable[int]) -> Iterator[list[int]]:
    waiting = iter(ids)
    while part := list(islice(waiting, LEADS_LOCKED_AT_ONCE)):
        yield part


# --- the table and its triggers -----------------------------------------------------------------------------


def _absent(connection: Connection) -> tuple[str, ...]:
    """The names of what has to be made: the table, triggers."""
    table = () if _has_table(connection) else (gateway_lead_sharing.name,)
    return (*table, *(_wrong_triggers(connection) or ()))


def _has_table(connection: Connection) -> bool:
    try:
        connection.execute(select(gateway_lead_sharing.c.lead_id).limit(1))
    except DBAPIError as error:
        if mysql_error_code(error) == NO_SUCH_TABLE or "no such table" in str(error.orig):
            return False
        raise
    return True


def _wrong_triggers(connection: Connection) -> tuple[str, ...] | None:
    there = _triggers_there(connection)
    if not there and not _may_see_triggers(connection):
        return None
    expected = {name: _body(statement) for name, statement in _trigger_statements(connection).items()}
    return tuple(name for name in TRIGGERS if there.get(name) != expected[name])


def _triggers_there(connection: Connection) -> dict[str, str]:
    """The bodies of the triggers on `leads`, by name, of those that the account may see."""
    if _is_sqlite(connection):
        query = "select name, sql from sqlite_master where type = 'trigger' and tbl_name = 'leads'"
    else:
        query = (
            "select trigger_name, action_statement from information_schema.triggers "
            "where event_object_schema = database() and event_object_table = 'leads' "
            "and action_statement is not null"
        )
    return {name: _body(statement) for name, statement in connection.execute(text(query))}


def _may_see_triggers(connection: Connection) -> bool:
    # The server hides triggers, without an error, from whoever has not the privilege that makes them.
    if _is_sqlite(connection):
        return True
    grants = connection.execute(text("show grants")).scalars()
    return any("TRIGGER" in grant or "ALL PRIVILEGES" in grant for grant in grants)


def _trigger_statements(connection: Connection) -> dict[str, str]:
    return {
        name: statement
        for name in TRIGGERS
        for statement in _statements(connection)
        if statement.startswith("create trigger") and name in statement.split(maxsplit=3)[2]
    }


def _body(statement: str) -> str:
    """From `begin` on, on one line: what the servers keep of a trigger as it was written."""
    words = statement.split()
    return " ".join(words[words.index("begin") :]) if "begin" in words else ""


def _statements(connection: Connection) -> tuple[str, ...]:
    if _is_sqlite(connection):
        table = CreateTable(gateway_lead_sharing, if_not_exists=True).compile(dialect=sqlite.dialect())
        return (str(table), *gateway_lead_sharing.info[SQLITE_TRIGGERS])
    return next(step.statements for step in migrations("iperform") if step.version == MIGRATION_VERSION)


def _create(connection: Connection) -> None:
    """The table if it is absent, and all triggers anew."""
    if not _is_sqlite(connection):
        journal = MysqlJournal(connection)
        for statement in _statements(connection):
            journal.execute(statement)
        return
    for name in TRIGGERS:
        connection.exec_driver_sql("drop trigger if exists " + name)
    for statement in _statements(connection):
        connection.exec_driver_sql(statement)


# --- connections --------------------------------------------------------------------------------------------


@contextmanager
def _connected(dsn: str) -> Iterator[Connection]:
    engine = create_engine(_blocking(dsn), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def _blocking(dsn: str) -> URL:
    url = make_url(dsn)
    return url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else blocking_mysql_url(dsn)


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


@contextmanager
def _transaction(connection: Connection, *, writes: bool = False) -> Iterator[None]:
    """All reads within see one state of the database."""
    if _is_sqlite(connection):
        connection.exec_driver_sql("begin immediate" if writes else "begin")
    else:
        connection.exec_driver_sql("set transaction isolation level repeatable read")
        connection.exec_driver_sql("begin")
    try:
        yield
    except BaseException:
        connection.exec_driver_sql("rollback")
        raise
    connection.exec_driver_sql("commit")
