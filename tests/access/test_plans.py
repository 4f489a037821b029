"""What a caller's reads cost on many leads: no scan of `leads`, and rows looked at in proportion to
what they see.

The statements are those that `Access` sends. On 200,000 leads, or as many as GATEWAY_TEST_PLAN_LEADS says.
"""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import func, make_url

from datasources.engines.compiled import Prepared
from datasources.engines.mysql import MysqlSource
from datasources.engines.sql_source import RawRows, SourceOptions
from datasources.iperform.tables import leads, tickets
from datasources.magenta.tables import company
from datasources.migrate import migrate_mysql
from datasources.model import EVERYTHING, Direction, Order
from gateway.auth.access import Access
from gateway.auth.caller_rules import CallerRules
from gateway.auth.crossing import Budgets
from gateway.auth.policies import POLICIES
from gateway.auth.principal import Principal
from gateway.auth.roles import Caller
from gateway.auth.sources import Estate
from sql import migrations
from tests.servers.fixtures import count_use
from tests.servers.mysql_like import MySQLLikeServer

DATABASE = "plan_tests"
LEADS = int(os.environ.get("GATEWAY_TEST_PLAN_LEADS", "200000"))
WARRIORS, SALESPEOPLE, TEAM = 2000, 400, 40
# User 1 is the manager of salespeople 1 to 40: 5 % of the leads are theirs, 2 % are shared with them.
PRINCIPALS = {
    "salesperson": Principal(caller=Caller.SALESPERSON, user_id=77),
    "manager": Principal(caller=Caller.MANAGER, user_id=1),
}
TEAMS = {"salesperson": [77], "manager": list(range(1, TEAM + 1))}
FIRST_PAGE = 51

ORGANISATION = (
    "insert into role (id, role_name) values (1, 'ADMIN')",
    "insert into user (id, username, email, password, role_id) "
    "select n, concat('u', n), 'e', 'p', 1 from numbers where n <= 2400",
    "insert into salesperson (id, user_id, manager_id, active) "
    "select n, n, if(n between 2 and 40, 1, null), 1 from numbers where n <= 400",
    "insert into warrior (id, user_id, salesperson_id, active) "
    "select n, 400 + n, 1 + n % 800, 1 from numbers where n <= 2000",
)
LEAD = (
    "insert into leads (id, firm_name, company_id, status, warrior_id, shared_salesperson_id, is_deleted) "
    "select n, concat('firm ', n), 1 + n * 7919 % 20000, elt(1 + n % 4, 'Demo', 'Lost', 'New', 'Won'), "
    "1 + n % 2000, case when n % 10 = 0 then concat(1 + n div 10 % 400, ', ', 1 + n div 7 % 400) end, n % 50 = 3 "
)
TICKETS = (
    "insert into tickets (id, lead_id, company_id, title, created_by, assigned_to) "
    "select id, if(id % 20 = 0, null, id * 3), company_id, 't', 1 + id % 2300, 1 + id % 2200 from leads "
    f"where id <= {LEADS * 3 // 10}"
)


class RecordingSource(MysqlSource):
    """Remembers what goes to the driver."""

    def __init__(self, dsn: str) -> None:
        super().__init__("iperform", make_url(dsn), SourceOptions())
        self.sent: list[Prepared] = []

    async def _fetch(self, prepared: Prepared) -> RawRows:
        self.sent.append(prepared)
        return await super()._fetch(prepared)


@dataclass
class Estimated:
    """One database of many leads, and a connection to ask it for plans."""

    name: str
    dsn: str
    cursor: Any
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, rows: str) -> int:
        """How many rows a query has; asked once."""
        if rows not in self.counts:
            self.cursor.execute(f"select count(*) from ({rows}) as found")
            self.counts[rows] = int(self.cursor.fetchone()[0])
        return self.counts[rows]

    def explain(self, statement: Prepared) -> list[dict[str, Any]]:
        word = "explain format = traditional " if self.name == "mysql" else "explain "
        self.cursor.execute(word + statement.text, statement.parameters)
        names = [column[0] for column in self.cursor.description]
        return [dict(zip(names, row, strict=True)) for row in self.cursor.fetchall()]

    def rows_read(self, statement: Prepared) -> tuple[int, float]:
        """How many rows the server looked at for it, and in how many seconds."""
        self.cursor.execute("flush status")
        started = time.perf_counter()
        self.cursor.execute(statement.text, statement.parameters)
        self.cursor.fetchall()
        seconds = time.perf_counter() - started
        self.cursor.execute("show session status like 'Handler_read%'")
        return sum(int(value) for _, value in self.cursor.fetchall()), seconds


@pytest.fixture(scope="module", params=["mariadb", "mysql"])
def made(request: pytest.FixtureRequest) -> Iterator[Estimated]:
    server: MySQLLikeServer = request.getfixturevalue(f"{request.param}_server")
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        connection.autocommit(True)
        cursor.execute(f"drop database if exists {DATABASE}")
        cursor.execute(f"create database {DATABASE} character set utf8mb4")
        cursor.execute(f"use {DATABASE}")
        _fill(cursor)
        # The leads are there before the gateway is: the migration fills the side table.
        migrate_mysql(server.dsn(DATABASE), "iperform")
        cursor.execute("analyze table leads, tickets, gateway_lead_sharing")
        yield Estimated(request.param, server.dsn(DATABASE), cursor)
        cursor.execute(f"drop database {DATABASE}")


def _fill(cursor: Any) -> None:
    for statement in migrations("iperform")[0].statements:
        cursor.execute(statement)
    cursor.execute("set session foreign_key_checks = 0, unique_checks = 0")
    cursor.execute("create temporary table numbers (n int primary key)")
    digits = "(select 0 as d " + "".join(f"union all select {digit} " for digit in range(1, 10)) + ")"
    cursor.execute(
        f"insert into numbers select 1 + a.d + 10 * b.d + 100 * c.d + 1000 * e.d from {digits} as a, {digits} as b, "
        f"{digits} as c, {digits} as e where 1000 * e.d < 3000"
    )
    for statement in ORGANISATION:
        cursor.execute(statement)
    cursor.execute(f"{LEAD} from numbers")
    have = 3000
    while have < LEADS:
        more = min(have, LEADS - have)
        cursor.execute(f"{LEAD} from (select id + {have} as n from leads where id <= {more}) as a")
        have += more
    cursor.execute(TICKETS)


@pytest.fixture
def estimated(made: Estimated, request: pytest.FixtureRequest) -> Estimated:
    count_use(request.node, made.name)
    return made


# --- what is asked ------------------------------------------------------------------------------------------

NEWEST_LEADS = (Order(leads.c.id, Direction.DESC),)
NEWEST_TICKETS = (Order(tickets.c.id, Direction.DESC),)


async def first_page(access: Access) -> Any:
    return await access.rows(
        leads, (leads.c.id, leads.c.firm_name, leads.c.status), order=NEWEST_LEADS, limit=FIRST_PAGE
    )


async def first_page_by_name(access: Access) -> Any:
    order = (Order(leads.c.firm_name), *NEWEST_LEADS)
    return await access.rows(leads, (leads.c.id, leads.c.firm_name), order=order, limit=FIRST_PAGE)


async def total_count(access: Access) -> Any:
    return await access.groups(leads, (func.count(),))


async def count_by_status(access: Access) -> Any:
    return await access.groups(leads, (func.count(),), groups=(leads.c.status,))


async def companies_of_leads(access: Access) -> Any:
    return await access.visible_keys(company.c.id, leads.c.company_id, EVERYTHING)


async def first_page_of_tickets(access: Access) -> Any:
    return await access.rows(tickets, (tickets.c.id, tickets.c.title), order=NEWEST_TICKETS, limit=FIRST_PAGE)


async def count_of_tickets(access: Access) -> Any:
    return await access.groups(tickets, (func.count(),))


async def companies_of_tickets(access: Access) -> Any:
    return await access.visible_keys(company.c.id, tickets.c.company_id, EVERYTHING)


READS: tuple[Callable[[Access], Awaitable[Any]], ...] = (
    first_page,
    first_page_by_name,
    total_count,
    count_by_status,
    companies_of_leads,
    first_page_of_tickets,
    count_of_tickets,
    companies_of_tickets,
)

OF_TICKETS = (first_page_of_tickets, count_of_tickets, companies_of_tickets)


def visible_leads(caller: str) -> str:
    """The rows by another way: every list is looked through."""
    listed = " or ".join(
        f"find_in_set({id_}, replace(shared_salesperson_id, ' ', ''))" for id_ in TEAMS[caller]
    )
    team = ", ".join(map(str, TEAMS[caller]))
    warriors = (
        f"select cast(id as char) collate utf8mb4_unicode_ci from warrior where salesperson_id in ({team})"
    )
    return f"select id from leads where coalesce(is_deleted, 0) <> 1 and (warrior_id in ({warriors}) or {listed})"


def visible_tickets(caller: str) -> str:
    team = ", ".join(map(str, TEAMS[caller]))
    users = f"select user_id from warrior where salesperson_id in ({team}) union select {PRINCIPALS[caller].user_id}"
    if caller == "manager":
        users += f" union select user_id from salesperson where id in ({team})"
    own = f"assigned_to in ({users}) or created_by = {PRINCIPALS[caller].user_id}"
    if caller == "salesperson":
        own = f"{PRINCIPALS[caller].user_id} in (assigned_to, created_by)"
    return f"select id from tickets where lead_id in ({visible_leads(caller)}) or {own}"


@pytest.mark.parametrize("ask", READS, ids=lambda ask: ask.__name__)
@pytest.mark.parametrize("caller", PRINCIPALS)
async def test_reads_cost_what_is_visible_and_not_what_there_is(
    estimated: Estimated, caller: str, ask: Callable[[Access], Awaitable[Any]]
) -> None:
    source = RecordingSource(estimated.dsn)
    estate = Estate(sources={"iperform": source}, files=None)  # type: ignore[arg-type]
    access = Access(estate, CallerRules(POLICIES, PRINCIPALS[caller]), budgets=Budgets(100_000, 100_000))
    await access.rules()
    source.sent.clear()
    answer = await ask(access)
    await source.close()
    (statement,) = source.sent

    visible = estimated.count(visible_leads(caller))
    assert LEADS / 1000 < visible < LEADS / 8
    if ask is total_count:
        assert answer == [(visible,)]
    if ask in OF_TICKETS:
        of_tickets = estimated.count(visible_tickets(caller))
        assert ask is not count_of_tickets or answer == [(of_tickets,)]
        visible += of_tickets

    for line in estimated.explain(statement):
        # Leads from the newest on, until a page is full, are no scan: how far it goes is counted below.
        bounded = ask is first_page and line["key"] == "PRIMARY"
        assert line["table"] != "leads" or line["type"] not in ("ALL", "index") or bounded, line
    read, seconds = estimated.rows_read(statement)
    print(
        f"{estimated.name} {caller} {ask.__name__}: {visible} visible, {read} read, {seconds * 1000:.1f} ms"
    )
    assert read < 4 * visible + 2_000
