"""The data that is measured on: the generated estate with 200,000 leads, and a salesperson with a team of 200 warriors.

Made once and kept; a change of the tables or of what is made here makes it anew.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from benchmarks.places import MADE
from benchmarks.servers import Databases
from datasources.seed import load_estate
from gateway.demo import DEMO_SEED, DEMO_TODAY
from sql import migrations

LEADS = 200_000
TEAM_OF = "salesperson"
TEAM_SALESPERSON_ID = 2
TEAM_WARRIORS = 200
# Far above every id of the seed.
FIRST_TEAM_WARRIOR, FIRST_TEAM_USER = 1_001, 100_001
VERSION = 1
MARKER = MADE / "estate.json"

Say = Callable[[str], None]

# The seed gives the salesperson a few warriors; these fill the team up, and a twentieth of all leads is theirs.
TEAM = (
    "insert into user (id, username, email, password, role_id, active, created_on) "
    "select {user} + seq, concat('team.warrior', seq), concat('team.warrior', seq, '@iperform.example.in'), "
    "'-', 4, 1, '2023-04-01 10:00:00' from seq_0_to_{last}",
    "insert into warrior (id, user_id, salesperson_id, active, created_on) "
    "select {warrior} + seq, {user} + seq, {salesperson}, 1, '2023-04-01 10:00:00' from seq_0_to_{last}",
    "update leads set warrior_id = {warrior} + id div 20 % {count} where id % 20 = 7",
)
# The seed opens a ticket on one lead in twenty, rarely on a new one; here a page of leads has about as many tickets.
TICKETS = (
    "insert into tickets (lead_id, company_id, title, ticket_type, priority, status, assigned_to, created_by, "
    "created_on) "
    "select id, company_id, elt(1 + id div 7 % 4, 'Invoice is wrong', 'Login fails', 'Add a user', 'Slow report'), "
    "elt(1 + id % 3, 'bug', 'support', 'feature'), elt(1 + id % 3, 'low', 'medium', 'high'), "
    "elt(1 + id div 3 % 3, 'open', 'in_progress', 'closed'), 11 + (id + seq) % 90, 11 + (id * 3 + seq) % 90, "
    "date_add(coalesce(created_on, '2025-01-01'), interval seq hour) "
    "from leads join seq_1_to_7 on seq <= case when id % 50 = 0 then 7 when id % 5 = 0 then 2 else id % 3 <> 0 end",
    "insert into ticket_communication (ticket_id, commented_by, comment_text, commented_on) "
    "select id, 11 + (id + seq) % 90, concat('Looked into it, attempt ', seq, '.'), "
    "date_add(created_on, interval seq day) from tickets join seq_1_to_2 on seq <= id % 3 "
    "where lead_id is not null and created_on is not null",
)
ACTIVE_WARRIORS = (
    "select count(*) from warrior where active and (salesperson_id = %s or id = 81) -- 81 is listed by hand"
)


def ensure_estate(databases: Databases, say: Say) -> None:
    """Fills the databases, unless they hold this very estate already."""
    wanted = {"stamp": stamp(LEADS)}
    if MARKER.exists() and json.loads(MARKER.read_text()) == wanted:
        return
    say(f"Seeding {LEADS:,} leads: once, a few minutes ...")
    MARKER.unlink(missing_ok=True)
    started = time.monotonic()
    load_estate(
        leads=LEADS,
        seed=DEMO_SEED,
        today=DEMO_TODAY,
        replace=True,
        iperform=databases.mariadb.dsn("iperform"),
        magenta=databases.mariadb.dsn("magenta"),
        analytics=databases.clickhouse.dsn(),
        files=None,
    )
    with closing(databases.mariadb.connect("iperform")) as connection, connection.cursor() as cursor:
        _enlarge_team(cursor)
        for statement in TICKETS:
            cursor.execute(statement)
        connection.commit()
        analyze(cursor, ("iperform", "magenta"))
    MARKER.write_text(json.dumps(wanted))
    say(f"Seeded in {time.monotonic() - started:.0f} s.")


def stamp(*parts: object) -> str:
    """What an estate was made by: the migrations and this module."""
    statements = [
        migration.statements for source in ("iperform", "magenta") for migration in migrations(source)
    ]
    text = repr((VERSION, parts, statements, TEAM, TICKETS))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def analyze(cursor: Any, databases: tuple[str, ...]) -> None:
    """Brings the optimizer's statistics up to date."""
    cursor.execute(
        "select concat(table_schema, '.', table_name) from information_schema.tables "
        f"where table_schema in ({', '.join(['%s'] * len(databases))}) and table_type = 'BASE TABLE'",
        databases,
    )
    for (table,) in cursor.fetchall():
        cursor.execute(f"analyze table {table}")


def _enlarge_team(cursor: Any) -> None:
    cursor.execute(ACTIVE_WARRIORS, (TEAM_SALESPERSON_ID,))
    missing = TEAM_WARRIORS - cursor.fetchone()[0]
    for statement in TEAM:
        cursor.execute(
            statement.format(
                user=FIRST_TEAM_USER,
                warrior=FIRST_TEAM_WARRIOR,
                salesperson=TEAM_SALESPERSON_ID,
                last=missing - 1,
                count=missing,
            )
        )
