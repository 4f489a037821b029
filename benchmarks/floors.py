"""The floors: each operation's statements by the driver's own cursor, written by hand, and the answer from their rows.

F1 is `fetch` alone, F2 is `fetch` and `build` with orjson, F3 is F2 behind a bare ASGI application. None of them
knows GraphQL, looks at a token, or would notice a row that the caller may not see.
"""

from __future__ import annotations

import asyncio
import base64
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncmy
import orjson
from asynch.connection import Connection

from benchmarks.peer_settings import PeerSettings

Row = tuple[Any, ...]
Rows = Sequence[Row]
Variables = dict[str, Any]

OFFSET = "+05:30"
LIVE = "not (is_deleted <=> 1)"
PAGE = 50
SALESPERSON_USER = 3


class Drivers:
    """A pool of MariaDB connections, and one of ClickHouse connections."""

    def __init__(self, pool: Any, settings: PeerSettings) -> None:
        self._pool = pool
        self._settings = settings
        self._idle: list[Connection] = []
        self._places = asyncio.Semaphore(settings.pool)
        self.team: tuple[str, str] | None = None

    async def rows(self, statement: str, values: Sequence[Any] = ()) -> Rows:
        """The rows of a statement of MariaDB."""
        async with self._pool.acquire() as connection, connection.cursor() as cursor:
            await cursor.execute(statement, values or None)
            found: Rows = await cursor.fetchall()
            return found

    async def analytics(self, statement: str) -> Rows:
        """The rows of a statement of ClickHouse."""
        async with self._places:
            connection = self._idle.pop() if self._idle else await self._connect()
            async with connection.cursor() as cursor:
                await cursor.execute(statement)
                found: Rows = await cursor.fetchall()
            self._idle.append(connection)
            return found

    async def _connect(self) -> Connection:
        connection = Connection(dsn=self._settings.clickhouse_dsn)
        await connection.connect()
        return connection

    async def close(self) -> None:
        """Closes all connections."""
        self._pool.close()
        await self._pool.wait_closed()
        for connection in self._idle:
            await connection.close()


async def open_drivers(settings: PeerSettings) -> Drivers:
    """The pools, as large as everybody's."""
    at = settings.mariadb
    pool = await asyncmy.create_pool(
        host=at["host"],
        port=at["port"],
        user=at["user"],
        password=at["password"],
        db="iperform",
        charset="utf8mb4",
        minsize=1,
        maxsize=settings.pool,
        autocommit=True,
    )
    return Drivers(pool, settings)


@dataclass(frozen=True)
class Floor:
    """One operation: its statements, and its answer from their rows."""

    fetch: Callable[[Drivers, Variables], Awaitable[Any]]
    build: Callable[[Any], Any]

    async def answer(self, drivers: Drivers, variables: Variables) -> bytes:
        """The whole answer."""
        return orjson.dumps(self.build(await self.fetch(drivers, variables)))


# --- pieces -------------------------------------------------------------------------------------------------


def _id(name: bytes, key: int) -> str:
    return base64.urlsafe_b64encode(b"%b:%d" % (name, key)).decode().rstrip("=")


def _moment(value: datetime | None) -> str | None:
    return None if value is None else value.isoformat() + OFFSET


def _moment_of_mirror(value: datetime | None) -> str | None:
    """asynch puts ClickHouse's time zone on what is the estate's wall clock."""
    return _moment(value and value.replace(tzinfo=None))


def _keys(values: Iterable[Any]) -> str:
    return ",".join(map(str, {value for value in values if value is not None})) or "null"


def _warrior(key: str | None) -> int | None:
    """Only a text that is the number and nothing else names a warrior."""
    return int(key) if key and key.isascii() and key.isdigit() and key[0] != "0" else None


def _truth(value: int | None) -> bool | None:
    return None if value is None else value == 1


def _data(**fields: Any) -> Any:
    return {"data": fields}


def _newest(columns: str, table: str, key: str, keys: Iterable[int], first: int) -> str:
    branch = f"(select {columns} from {table} where {key} = %d order by id desc limit {first})"
    return " union all ".join([branch % id_ for id_ in keys]) or f"select {columns} from {table} where false"


# --- mobile screen ------------------------------------------------------------------------------------------


async def _fetch_mobile(drivers: Drivers, _: Variables) -> Rows:
    statement = "select id, username, email, active, created_on from user where id = %s"
    return await drivers.rows(statement, (SALESPERSON_USER,))


def _build_mobile(rows: Rows) -> Any:
    [(id_, username, email, active, created_on)] = rows
    user = {
        "id": _id(b"User", id_),
        "username": username,
        "email": email,
        "active": _truth(active),
        "createdOn": _moment(created_on),
    }
    return _data(viewer={"user": user})


# --- the joined list ----------------------------------------------------------------------------------------

JOINED_LEADS = (
    "select id, firm_name, status, industry, tentative_value, created_on, company_id, warrior_id from leads "
    f"where {LIVE} order by id desc limit %s"
)


async def _fetch_joined(drivers: Drivers, variables: Variables) -> tuple[Rows, ...]:
    leads = await drivers.rows(JOINED_LEADS, (variables["first"],))

    async def people() -> tuple[Rows, Rows]:
        warriors = await drivers.rows(
            f"select id, user_id from warrior where id in ({_keys(_warrior(row[7]) for row in leads)})"
        )
        users = await drivers.rows(
            f"select id, username, email from user where id in ({_keys(row[1] for row in warriors)})"
        )
        return warriors, users

    companies, (warriors, users), tickets = await asyncio.gather(
        drivers.rows(
            "select id, company_name, city from magenta.company "
            f"where id in ({_keys(row[6] for row in leads)})"
        ),
        people(),
        drivers.rows(
            _newest(
                "lead_id, title, status, created_on",
                "tickets",
                "lead_id",
                [row[0] for row in leads],
                5,
            )
        ),
    )
    return leads, companies, warriors, users, tickets


def _build_joined(rows: tuple[Rows, ...]) -> Any:
    leads, companies, warriors, users, tickets = rows
    company_of = {id_: {"companyName": name, "city": city} for id_, name, city in companies}
    user_of = {id_: {"username": username, "email": email} for id_, username, email in users}
    warrior_of = {
        id_: {"id": _id(b"Warrior", id_), "user": user_of.get(user_id)} for id_, user_id in warriors
    }
    tickets_of = defaultdict(list)
    for lead_id, title, status, created_on in tickets:
        tickets_of[lead_id].append({"title": title, "status": status, "createdOn": _moment(created_on)})
    return _data(
        leads={
            "nodes": [
                {
                    "id": _id(b"Lead", id_),
                    "firmName": firm_name,
                    "status": status,
                    "industry": industry,
                    "tentativeValue": value,
                    "createdOn": _moment(created_on),
                    "company": company_of.get(company_id),
                    "warrior": warrior_of.get(_warrior(warrior_id)),
                    "tickets": {"nodes": tickets_of[id_]},
                }
                for id_, firm_name, status, industry, value, created_on, company_id, warrior_id in leads
            ]
        }
    )


# --- flat lists ---------------------------------------------------------------------------------------------

FLAT = "id, firm_name, status, industry, source, probability, tentative_value, created_on"


def _flat_nodes(rows: Rows) -> Any:
    return {
        "nodes": [
            {
                "id": _id(b"Lead", id_),
                "firmName": firm_name,
                "status": status,
                "industry": industry,
                "source": source,
                "probability": probability,
                "tentativeValue": value,
                "createdOn": _moment(created_on),
            }
            for id_, firm_name, status, industry, source, probability, value, created_on in rows
        ]
    }


async def _fetch_flat(drivers: Drivers, variables: Variables) -> list[Rows]:
    newest = f"select {FLAT} from leads where {LIVE} order by id desc limit 500"
    following = f"select {FLAT} from leads where {LIVE} and id < %s order by id desc limit 500"
    return list(await asyncio.gather(drivers.rows(newest), drivers.rows(following, (variables["below"],))))


def _build_flat(rows: list[Rows]) -> Any:
    return _data(newest=_flat_nodes(rows[0]), next=_flat_nodes(rows[1]))


async def _fetch_team(drivers: Drivers, variables: Variables) -> Rows:
    warriors, sales = await _team(drivers)
    page = "order by id desc limit %s"
    statement = (
        f"(select {FLAT} from leads where {LIVE} and warrior_id in ({warriors}) "
        f"and binary warrior_id in ({warriors}) {page}) union "
        f"(select {FLAT} from leads where {LIVE} and id in (select lead_id from gateway_lead_sharing "
        f"where salesperson_id in ({sales})) {page}) {page}"
    )
    return await drivers.rows(statement, (variables["first"],) * 3)


async def _team(drivers: Drivers) -> tuple[str, str]:
    """Whose leads the salesperson sees: known from the start, as nothing of authorisation is in a floor."""
    if drivers.team is None:
        sellers = await drivers.rows(
            "select id, under_salesperson from salesperson where active and user_id = %s", (SALESPERSON_USER,)
        )
        sales = _keys(row[0] for row in sellers)
        listed = _keys(
            key.strip() for row in sellers for key in (row[1] or "").split(",") if key.strip().isdigit()
        )
        warriors = await drivers.rows(
            f"select id from warrior where active and (salesperson_id in ({sales}) or id in ({listed}))"
        )
        # Texts, as the column holds texts: a number would be compared without the index. And once more by bytes, as
        # the column's collation takes '5 ' and '５' for '5'.
        drivers.team = ",".join(f"'{row[0]}'" for row in warriors), sales
    return drivers.team


# --- dashboard ----------------------------------------------------------------------------------------------

ANALYTICS = """
select 'lead', id, toUInt64(1), max(toNullable(version)) from iperform_helper.leads where id in ({ids}) group by id
union all select 'status', lead_id, count(), max(changed_on) from iperform_helper.lead_status
where lead_id in ({ids}) group by lead_id
union all select 'log', lead_id, count(), max(logged_on) from iperform_helper.lead_logs
where lead_id in ({ids}) group by lead_id"""


async def _fetch_dashboard(drivers: Drivers, variables: Variables) -> Any:
    company, status = variables["company"], variables["status"]
    filter_ = f"where {LIVE} and company_id = %s and status = %s"

    async def leads() -> tuple[Rows, Rows]:
        found = await drivers.rows(
            f"select id, firm_name from leads {filter_} order by id desc limit 20", (company, status)
        )
        return found, await drivers.analytics(ANALYTICS.format(ids=_keys(row[0] for row in found)))

    return await asyncio.gather(
        leads(),
        drivers.rows(f"select count(*) from leads {filter_}", (company, status)),
        drivers.rows("select company_name from magenta.company where id = %s", (company,)),
        drivers.analytics(f"select count() from h_{company:03d}.invoices"),
        drivers.analytics(f"select count() from extractor.sync_history where company_id = {company:d}"),
    )


def _build_dashboard(rows: Any) -> Any:
    (leads, analytics), [(count,)], [(name,)], [(invoices,)], [(runs,)] = rows
    parts: dict[int, dict[str, Any]] = defaultdict(dict)
    for part, lead_id, number, last in analytics:
        parts[lead_id][part] = number, last
    nodes = [
        {"id": _id(b"Lead", id_), "firmName": firm_name, "analytics": _analytics(parts[id_])}
        for id_, firm_name in leads
    ]
    company = {
        "companyName": name,
        "invoices": {"totalCount": invoices},
        "syncRuns": {"totalCount": runs},
    }
    return _data(leads={"totalCount": count, "nodes": nodes}, company=company)


def _analytics(parts: dict[str, Any]) -> Any:
    if "lead" not in parts:
        return None
    as_of = parts["lead"][1]
    changes, last_change = parts.get("status", (0, None))
    activities, last_activity = parts.get("log", (0, None))
    days = None if last_change is None else round((as_of - last_change).total_seconds() / 86_400, 4)
    return {
        "asOf": _moment_of_mirror(as_of),
        "statusChanges": changes,
        "daysInStatus": days,
        "activities": activities,
        "lastActivityOn": _moment_of_mirror(last_activity),
    }


# --- a filter across databases, and an error ----------------------------------------------------------------


async def _fetch_crossing(drivers: Drivers, variables: Variables) -> tuple[Rows, Rows]:
    companies = await drivers.rows(
        "select id, company_name, industry from magenta.company where industry = %s", (variables["industry"],)
    )
    leads = await drivers.rows(
        f"select id, firm_name, status, created_on, company_id from leads where {LIVE} "
        f"and company_id in ({_keys(row[0] for row in companies)}) order by id desc limit %s",
        (variables["first"],),
    )
    return companies, leads


def _build_crossing(rows: tuple[Rows, Rows]) -> Any:
    companies, leads = rows
    company_of = {row[0]: row for row in companies}

    def company(key: int) -> Any:
        id_, name, industry = company_of[key]
        return {"id": _id(b"Company", id_), "companyName": name, "industry": industry}

    return _data(
        leads={
            "nodes": [
                {
                    "id": _id(b"Lead", id_),
                    "firmName": firm_name,
                    "status": status,
                    "createdOn": _moment(created_on),
                    "company": company(company_id),
                }
                for id_, firm_name, status, created_on, company_id in leads
            ]
        }
    )


async def _fetch_errors(drivers: Drivers, variables: Variables) -> Rows:
    return await drivers.rows(
        f"select id, firm_name, status, created_on from leads where {LIVE} order by id desc limit %s",
        (variables["first"],),
    )


def _build_errors(rows: Rows) -> Any:
    nodes = [
        {
            "id": _id(b"Lead", id_),
            "firmName": firm_name,
            "status": status,
            "createdOn": _moment(created_on),
        }
        for id_, firm_name, status, created_on in rows
    ]
    error = {
        "message": "That is no id of this API.",
        "path": ["broken"],
        "extensions": {"code": "BAD_USER_INPUT"},
    }
    return {"data": {"leads": {"nodes": nodes}, "broken": None}, "errors": [error]}


# --- depth --------------------------------------------------------------------------------------------------


def _depth(levels: int) -> Floor:
    async def fetch(drivers: Drivers, _: Variables) -> list[Rows]:
        return await _fetch_levels(drivers, levels)

    return Floor(fetch, _build_levels)


async def _fetch_levels(drivers: Drivers, levels: int) -> list[Rows]:
    found = [
        await drivers.rows(
            f"select id, firm_name, status from leads where {LIVE} order by id desc limit %s", (PAGE,)
        )
    ]
    if levels > 1:
        keys = [row[0] for row in found[0]]
        found.append(await drivers.rows(_newest("id, title, status, lead_id", "tickets", "lead_id", keys, 5)))
    if levels > 2:
        keys = [row[0] for row in found[1]]
        columns = "id, comment_text, commented_on, ticket_id, commented_by"
        found.append(await drivers.rows(_newest(columns, "ticket_communication", "ticket_id", keys, 5)))
    # The comments name a user in their fifth column, users name the next one in their fourth or fifth.
    for column, place in ((4, 3), (3, 4), (4, 5))[: max(0, levels - 3)]:
        keys_of_users = _keys(row[column] for row in found[place - 1])
        found.append(
            await drivers.rows(
                f"select id, username, active, created_by, changed_by from user where id in ({keys_of_users})"
            )
        )
    return found


def _build_levels(rows: list[Rows]) -> Any:
    changers = _users(rows[5], {}, "", 0) if len(rows) > 5 else {}
    creators = _users(rows[4], changers, "changedBy" if len(rows) > 5 else "", 4) if len(rows) > 4 else {}
    authors = _users(rows[3], creators, "createdBy" if len(rows) > 4 else "", 3) if len(rows) > 3 else {}
    comments_of: dict[int, list[Any]] = defaultdict(list)
    for id_, text, commented_on, ticket_id, author in rows[2] if len(rows) > 2 else ():
        comment = {
            "id": _id(b"TicketComment", id_),
            "commentText": text,
            "commentedOn": _moment(commented_on),
        }
        if len(rows) > 3:
            comment["commentedBy"] = authors.get(author)
        comments_of[ticket_id].append(comment)
    tickets_of: dict[int, list[Any]] = defaultdict(list)
    for id_, title, status, lead_id in rows[1] if len(rows) > 1 else ():
        ticket = {"id": _id(b"Ticket", id_), "title": title, "status": status}
        if len(rows) > 2:
            ticket["comments"] = {"nodes": comments_of[id_]}
        tickets_of[lead_id].append(ticket)
    nodes = []
    for id_, firm_name, status in rows[0]:
        lead = {"id": _id(b"Lead", id_), "firmName": firm_name, "status": status}
        if len(rows) > 1:
            lead["tickets"] = {"nodes": tickets_of[id_]}
        nodes.append(lead)
    return _data(leads={"nodes": nodes})


def _users(rows: Rows, below: dict[int, Any], field: str, column: int) -> dict[int, Any]:
    found = {}
    for row in rows:
        user = {"id": _id(b"User", row[0]), "username": row[1], "active": _truth(row[2])}
        if field:
            user[field] = below.get(row[column])
        found[row[0]] = user
    return found


FLOORS = {
    "mobile": Floor(_fetch_mobile, _build_mobile),
    "joined": Floor(_fetch_joined, _build_joined),
    "flat": Floor(_fetch_flat, _build_flat),
    "dashboard": Floor(_fetch_dashboard, _build_dashboard),
    "team": Floor(_fetch_team, lambda rows: _data(leads=_flat_nodes(rows))),
    "crossing": Floor(_fetch_crossing, _build_crossing),
    "errors": Floor(_fetch_errors, _build_errors),
    **{f"depth-{levels}": _depth(levels) for levels in range(1, 7)},
}
