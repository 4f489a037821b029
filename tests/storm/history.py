"""What has changed, by the database's own account: triggers note each change of a status in its own transaction.

Whoever changes a row holds it until the transaction has ended: for one row, the order of notes is that of commits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.servers.mysql_like import MySQLLikeServer
from tests.storm.options import Subject

TABLE = (
    "create table storm.history (id bigint not null primary key auto_increment, subject varchar(16) not null, "
    "row_id int not null, previous varchar(50), status varchar(50), at decimal(17, 6) not null) "
    "engine = InnoDB default charset = utf8mb4"
)
TRIGGERS = {
    subject: (
        f"create trigger iperform.storm_{subject.value} after update on iperform.{subject.value} for each row "
        "begin if not (binary old.status <=> binary new.status) then "
        "insert into storm.history (subject, row_id, previous, status, at) "
        f"values ('{subject.value}', new.id, old.status, new.status, unix_timestamp(sysdate(6))); end if; end"
    )
    for subject in Subject
}
READ = "select subject, row_id, previous, status, at from storm.history order by id"


@dataclass(frozen=True, slots=True)
class Change:
    """One row's change, made at `at` by the clock of the machine; its commit came later."""

    previous: str | None
    status: str | None
    at: float


Changes = Mapping[Subject, Mapping[int, Sequence[Change]]]


def keep_history(database: MySQLLikeServer) -> None:
    """Begins to note changes."""
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create database storm")
        cursor.execute(TABLE)
        for trigger in TRIGGERS.values():
            cursor.execute(trigger)


def read_history(database: MySQLLikeServer) -> Changes:
    """Every committed change, by row, in order."""
    found: dict[Subject, dict[int, list[Change]]] = {subject: defaultdict(list) for subject in Subject}
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(READ)
        for subject, row_id, previous, status, at in cursor.fetchall():
            found[Subject(subject)][row_id].append(Change(previous, status, float(at)))
    return found


def count_history(database: MySQLLikeServer) -> int:
    """How many changes are committed so far."""
    with database.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select count(*) from storm.history")
        [count] = cursor.fetchone() or [0]
        return int(count)
