"""Every row and every secret holds a marker, and nothing that comes out holds one that isn't its reader's."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

from gateway.auth.audience import Audience
from gateway.auth.roles import PARTNER_SCOPES
from gateway.auth.roles import Caller as Kind
from gateway.resolvers.cursor import Cursors
from gateway.resolvers.ids import encode_id
from gateway.schema.build import SCHEMAS
from tests.canaries.marks import DEMO_ACCOUNTS, HASHES, MarkedEstate, marked_estate
from tests.canaries.operations import operations
from tests.canaries.server import Watched, watched
from tests.canaries.sight import marks_in
from tests.oracle.rules import Caller, PartnerViewer, Viewer
from tests.servers.mysql_like import MySQLLikeServer
from tests.servers.redis import RedisServer

ASKERS = ("admin", "manager", "salesperson", "warrior", "client")
FEW_SCOPES = ("leads:read", "companies:read", "tickets:read", "users:read", "files:read")
# A token of all scopes, and one without those for contacts, values and reports.
PARTNERS = {1: tuple(PARTNER_SCOPES), 2: FEW_SCOPES}
LOG_IN = 'mutation($u: String!) { login(username: $u, password: "demo") { accessToken viewer { user { email } } } }'
CREATE = "mutation($i: CreatePartnerTokenInput!) { createPartnerToken(input: $i) { token } }"
FILES = "files(first: 3) { edges { cursor node { name url } } }"


@pytest.fixture(scope="module")
def estate() -> MarkedEstate:
    return marked_estate()


@pytest.fixture(scope="module")
def embedded(estate: MarkedEstate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    with watched(estate, tmp_path_factory.mktemp("canaries")) as gateway:
        ask_everything(gateway)
        yield gateway


@pytest.fixture(scope="module")
def on_servers(
    estate: MarkedEstate,
    tmp_path_factory: pytest.TempPathFactory,
    mariadb_server: MySQLLikeServer,
    redis_server: RedisServer,
) -> Iterator[Watched]:
    with mariadb_server.connect() as connection, connection.cursor() as cursor:
        for name in ("canary_iperform", "canary_magenta"):
            cursor.execute(f"create database {name} character set utf8mb4")
    settings = {
        "iperform_dsn": mariadb_server.dsn("canary_iperform"),
        "magenta_dsn": mariadb_server.dsn("canary_magenta"),
        "events_dsn": redis_server.dsn(9),
    }
    with watched(estate, tmp_path_factory.mktemp("canaries"), **settings) as gateway:
        ask_everything(gateway)
        yield gateway
    with mariadb_server.connect() as connection, connection.cursor() as cursor:
        for name in ("canary_iperform", "canary_magenta"):
            cursor.execute(f"drop database {name}")


def ask_everything(gateway: Watched) -> None:
    """All operations by all callers."""
    data = gateway.estate.data
    tokens: dict[str, str] = {}
    for row in data.rows("User"):
        if row["username"] in ASKERS:
            viewer = Viewer(data, row["id"])
            tokens[row["username"]] = _log_in(gateway, viewer, row["username"])
            audience = Audience(Kind[viewer.role])
            _ask_all(gateway, viewer, audience, tokens[row["username"]], row["username"])
    for company, scopes in PARTNERS.items():
        token = _issue(gateway, company, scopes, tokens["admin"])
        audience = Audience(Kind.PARTNER, frozenset(scopes))
        _ask_all(gateway, PartnerViewer(data, company, scopes), audience, token, f"partner {company}")
    # Nobody asks what ADMIN could.
    for body in islice(operations(SCHEMAS.of(Audience(Kind.ADMIN)).graphql, gateway.estate), 0, None, 5):
        gateway.ask(None, body, None, "nobody")
    for row in data.rows("User")[:40]:
        # Their hashes are markers, and so no hashes.
        gateway.ask(None, {"query": LOG_IN, "variables": {"u": row["username"] + "?"}}, None, "nobody")
        if row["username"] not in DEMO_ACCOUNTS:
            gateway.ask(None, {"query": LOG_IN, "variables": {"u": row["username"]}}, None, "nobody")


def _ask_all(gateway: Watched, caller: Caller, audience: Audience, token: str, who: str) -> None:
    for body in operations(SCHEMAS.of(audience).graphql, gateway.estate):
        gateway.ask(caller, body, token, who)
    # What there is, but not for them.
    for body in islice(operations(SCHEMAS.of(Audience(Kind.ADMIN)).graphql, gateway.estate), 0, None, 17):
        gateway.ask(caller, body, token, who)
    _fetch_files(gateway, caller, token, who)


def _fetch_files(gateway: Watched, caller: Caller, token: str, who: str) -> None:
    for type_name in ("Lead", "Company", "Ticket"):
        ids = [encode_id(type_name, row["id"]) for row in gateway.estate.data.rows(type_name)[:60]]
        query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {type_name} {{ {FILES} }} }} }}"
        answer = gateway.ask(caller, {"query": query, "variables": {"ids": ids}}, token, who)
        for node in (answer.get("data") or {}).get("nodes") or ():
            for edge in (node or {}).get("files", {}).get("edges", ()):
                gateway.look(caller, gateway.client.get(edge["node"]["url"]), "", who)


def _log_in(gateway: Watched, caller: Caller, username: str) -> str:
    answer = gateway.ask(caller, {"query": LOG_IN, "variables": {"u": username}}, None, username)
    token: str = answer["data"]["login"]["accessToken"]
    return token


def _issue(gateway: Watched, company: int, scopes: tuple[str, ...], token: str) -> str:
    given = {
        "partnerCompanyId": encode_id("PartnerCompany", company),
        "name": "canary",
        "scopes": list(scopes),
    }
    admin = Viewer(gateway.estate.data, 1)
    answer = gateway.ask(admin, {"query": CREATE, "variables": {"i": given}}, token, "admin")
    issued: str = answer["data"]["createPartnerToken"]["token"]
    return issued


# --- what must hold nothing -------------------------------------------------------------------------------


def check(gateway: Watched) -> None:
    """Answers, log, metrics: none holds what isn't its reader's."""
    assert gateway.leaks == []
    # The markers were there to be seen: by ADMIN nearly all that is shown at all.
    assert len(gateway.seen) > 5_000
    assert {
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_USER_INPUT",
        "UNAUTHENTICATED",
        "GRAPHQL_PARSE_FAILED",
    } <= gateway.codes
    assert "INTERNAL" not in gateway.codes
    log = gateway.output.read_text()
    assert _lines_with_marks(gateway, log) == []
    for address in ("/metrics", "/readyz", "/livez", "/schema.graphql"):
        assert _lines_with_marks(gateway, gateway.client.get(address).text) == []


def _lines_with_marks(gateway: Watched, text: str) -> list[str]:
    known = gateway.estate.marks.keys()
    return [line for line in text.splitlines() if marks_in(line) & known or HASHES.search(line)]


def test_no_answer_log_or_metric_of_the_embedded_estate_holds_a_hidden_marker(embedded: Watched) -> None:
    check(embedded)


def test_no_answer_log_or_metric_on_servers_holds_a_hidden_marker(on_servers: Watched) -> None:
    check(on_servers)


def test_redis_holds_no_marker(on_servers: Watched) -> None:
    with Redis.from_url(on_servers.environment["events_dsn"]) as client:
        keys = [key.decode() for key in client.scan_iter()]
        dumps = [(client.dump(key) or b"").decode("utf-8", "ignore") for key in keys]
    assert keys != []
    assert _lines_with_marks(on_servers, "\n".join([*keys, *dumps])) == []


def test_audit_holds_no_value(embedded: Watched) -> None:
    path = embedded.environment["iperform_dsn"].split("///", 1)[1]
    last = max(row["id"] for row in embedded.estate.data.rows("RequestLog"))
    with sqlite3.connect(path) as connection:
        rows: list[tuple[Any, ...]] = connection.execute(
            "select * from logs where id > ?", (last,)
        ).fetchall()
    assert len(rows) > 500
    assert _lines_with_marks(embedded, "\n".join(map(str, rows))) == []


# --- the watching itself ----------------------------------------------------------------------------------


def test_marker_is_found_in_a_cursor_a_token_and_an_id(estate: MarkedEstate) -> None:
    mark = next(iter(estate.marks))
    cursor = Cursors("a secret").encode("a list", (None, mark, 12))
    inside = base64.urlsafe_b64encode(f"key:{cursor}".encode()).decode().rstrip("=")
    for text in (
        f"x{mark}",
        cursor,
        f'{{"cursor":"{cursor}"}}',
        f"head.{cursor}.tail",
        encode_id("Lead", mark),
        inside,
    ):
        assert marks_in(text) == {mark}
    assert marks_in("zq12qz and 1300000 and 76541.37") == set()


def test_leak_is_told_with_its_cell_and_only_to_whom_it_is_one(estate: MarkedEstate) -> None:
    client, admin = (Viewer(estate.data, user) for user in (5, 1))
    lead = next(
        row for row in estate.data.rows("Lead") if row not in client.seen("Lead") and not row["is_deleted"]
    )
    mark = next(text for text, one in estate.marks.items() if one.row is lead and one.column == "firm_name")
    told = {}
    for who, caller in (("client", client), ("admin", admin), ("nobody", None)):
        with httpx.Client() as http:
            watching = Watched(http, estate, Path(), {})
        answer = httpx.Response(200, json={"errors": [{"message": f"It isn't {mark}."}]})
        watching.look(caller, answer, "{ lead }", who)
        watching.look(caller, answer, f'{{ lead(id: "{mark}") }}', who)
        told[who] = watching.leaks
    cell = f"iperform.leads.firm_name of {lead['id']}"
    assert told == {
        "client": [f"client was shown {cell}: {{ lead }}"],
        "admin": [],
        "nobody": [f"nobody was shown {cell}: {{ lead }}"],
    }
