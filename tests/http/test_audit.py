"""The read audit: who read what is in `logs`, once and without a value, whatever the database does meanwhile."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from graphql import OperationDefinitionNode, parse
from prometheus_client import REGISTRY
from sqlalchemy import Engine, create_engine, delete, make_url, select
from structlog import wrap_logger
from structlog.testing import LogCapture

from datasources.base import Statement, StatementObserver
from datasources.iperform.tables import logs, user
from datasources.mysql_client import blocking_mysql_url
from gateway.auth import audit
from gateway.auth.audience import Audience
from gateway.auth.audit import ENDPOINT, Audit, Entry, Reader
from gateway.auth.policies import POLICIES
from gateway.auth.roles import Caller
from gateway.auth.system_access import SystemAccess
from gateway.engine.redacted import (
    LONGEST_DOCUMENT,
    LONGEST_NAME,
    LONGEST_VARIABLE,
    MOST_VARIABLES,
    Redaction,
)
from gateway.http.audited import TYPE_NAMES
from gateway.schema.build import schema_for
from gateway.services import open_estate
from gateway.settings import Settings
from tests.conftest import USES
from tests.gateways import RunningGateway, running
from tests.http.asking import ask_and_leave, somebody_waits
from tests.servers.fixtures import count_use
from tests.servers.mysql_like import MySQLLikeServer

PATIENCE = 20.0
AUDITED_ESTATES = ("embedded", "mariadb")


@dataclass(frozen=True)
class Logs:
    """The entries in the `logs` of an estate; those that a test doesn't find are gone when it ends."""

    engine: Engine

    def rows(self) -> list[dict[str, Any]]:
        """The audit's rows, the oldest first, their bodies decoded."""
        with self.engine.begin() as connection:
            found = connection.execute(select(logs).where(logs.c.endpoint == ENDPOINT).order_by(logs.c.id))
            return [_decoded(row) for row in found.mappings()]

    def expect(self, count: int) -> list[dict[str, Any]]:
        """The rows, once there are so many; fails where there are more, or where they don't come."""
        deadline = time.monotonic() + PATIENCE
        while len(found := self.rows()) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} entries came"
            time.sleep(0.05)
        assert len(found) == count
        return found

    def clear(self) -> None:
        """Removes the audit's rows."""
        with self.engine.begin() as connection:
            connection.execute(delete(logs).where(logs.c.endpoint == ENDPOINT))


def _decoded(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {**row, "request_body": json.loads(row["request_body"]), "text": str(row["request_body"])}


@contextmanager
def logs_of(settings: Settings) -> Iterator[Logs]:
    """The `logs` that the settings' estate has, without entries before and after."""
    url = make_url(settings.iperform_dsn)
    sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(
        url.set(drivername="sqlite") if sqlite else blocking_mysql_url(settings.iperform_dsn)
    )
    found = Logs(engine)
    found.clear()
    try:
        yield found
    finally:
        found.clear()
        engine.dispose()


@dataclass(frozen=True)
class Audited:
    """A gateway that writes entries, and where they are."""

    gateway: RunningGateway
    logs: Logs


@contextmanager
def audited(unaudited: RunningGateway) -> Iterator[Audited]:
    """A gateway with an audit over the estate of one without."""
    settings = replace(unaudited.settings, audit_reads=True)
    with logs_of(settings) as found, running(settings, f"audited {unaudited.name}") as gateway:
        yield Audited(gateway, found)


@pytest.fixture(params=AUDITED_ESTATES)
def every_audited(request: pytest.FixtureRequest) -> Iterator[Audited]:
    """An audited gateway over each of two estates in turn."""
    count_use(request.node, *USES[request.param])
    with audited(request.getfixturevalue(f"{request.param}_gateway")) as found:
        yield found


@pytest.fixture
def embedded_audited(gateway: RunningGateway) -> Iterator[Audited]:
    """An audited gateway over the embedded estate."""
    with audited(gateway) as found:
        yield found


# --- what an entry says -------------------------------------------------------------------------------------

NESTED = """
query Nested($n: Int! = 3, $where: LeadWhere) {
  mine: leads(first: $n, where: $where) {
    totalCount
    nodes {
      databaseId
      company { databaseId }
      again: company { databaseId companyName }
      statusHistory(first: 1) { nodes { databaseId } }
      logs(first: 2) { nodes { databaseId } }
    }
  }
}
"""


def _distinct(nodes: list[dict[str, Any]], of: Callable[[dict[str, Any]], list[Any]]) -> int:
    return len({row["databaseId"] for node in nodes for row in of(node) if row is not None})


@pytest.mark.parametrize(
    ("who", "caller"),
    [
        ("admin", "ADMIN"),
        ("manager", "MANAGER"),
        ("salesperson", "SALESPERSON"),
        ("warrior", "WARRIOR"),
        ("client", "USER"),
    ],
)
def test_entry_says_who_read_how_many_rows_of_which_types(
    every_audited: Audited, who: str, caller: str
) -> None:
    variables = {"n": 5, "where": {"status": {"in": ["New", "Won", "Lost"]}}}
    began = datetime.now(every_audited.gateway.settings.zone).replace(tzinfo=None, microsecond=0)
    nodes = every_audited.gateway.data(NESTED, variables, as_user=who)["mine"]["nodes"]
    assert len(nodes) == 5
    (row,) = every_audited.logs.expect(1)
    body = row["request_body"]
    assert re.fullmatch("[0-9a-f]{32}", body.pop("id"))
    assert body == {
        "caller": caller,
        "operation": "Nested",
        "document": (
            "query Nested($n: Int! = Int, $where: LeadWhere) { leads(first: $n, where: $where) { totalCount nodes "
            "{ databaseId company { databaseId } company { databaseId companyName } statusHistory(first: Int) "
            "{ nodes { databaseId } } logs(first: Int) { nodes { databaseId } } } } }"
        ),
        "variables": {"n": "Int", "where": "{status: {in: [3 × String]}}"},
        "rows": {
            "Company": _distinct(nodes, lambda node: [node["company"]]),
            "Lead": 5,
            "LeadLog": _distinct(nodes, lambda node: node["logs"]["nodes"]),
            "StatusChange": _distinct(nodes, lambda node: node["statusHistory"]["nodes"]),
        },
        "groups": {"Lead": 1},
    }
    assert row["user_id"] == _user_id(every_audited.logs, who)
    companies = {node["company"]["databaseId"] for node in nodes if node["company"]}
    assert row["company_id"] == (companies.pop() if len(companies) == 1 else None)
    assert (row["endpoint"], row["method"], row["response_status"]) == ("/graphql", "QUERY", 200)
    assert row["response_body"] is None
    assert 0 <= row["execution_time_ms"] < 60_000
    assert began <= row["logged_on"] <= began + timedelta(seconds=60)


def _user_id(found: Logs, name: str) -> int:
    with found.engine.begin() as connection:
        return int(connection.execute(select(user.c.id).where(user.c.username == name)).scalar_one())


def _read(found: Audited, query: str, *, as_user: str = "salesperson") -> tuple[Any, dict[str, Any]]:
    """The answer to one query, and the body of its entry."""
    found.logs.clear()
    answer = found.gateway.query(query, as_user=as_user)
    (row,) = found.logs.expect(1)
    return answer, row["request_body"]


def test_a_row_counts_once_however_often_it_is_read(every_audited: Audited) -> None:
    query = """{ a: leads(first: 4) { nodes { databaseId } } b: leads(first: 6) { nodes { status } }
                 c: leads(first: 2, orderBy: [{field: COMPANY_COMPANY_NAME, direction: ASC}]
                          where: {status: {eq: "x"}}) { nodes { id } } }"""
    answer, body = _read(every_audited, query)
    assert "errors" not in answer
    assert body["rows"] == {"Lead": 6}


def test_what_is_read_to_sort_or_to_filter_by_is_nobodys_answer(every_audited: Audited) -> None:
    query = """{ leads(first: 3, where: {company: {city: {ne: "x"}}}
                       orderBy: [{field: COMPANY_COMPANY_NAME, direction: DESC}]) { nodes { firmName } } }"""
    _, body = _read(every_audited, query, as_user="client")
    assert (body["rows"], body["groups"]) == ({"Lead": 3}, {})


def test_a_row_that_only_lends_a_field_counts(every_audited: Audited) -> None:
    answer, body = _read(every_audited, "{ leads(first: 1) { nodes { warrior { user { username } } } } }")
    assert answer["data"]["leads"]["nodes"][0]["warrior"]["user"]["username"]
    assert body["rows"] == {"Lead": 1, "User": 1, "Warrior": 1}


def test_what_was_asked_for_and_not_found_is_there_with_none(every_audited: Audited) -> None:
    answer, body = _read(every_audited, "{ lead(databaseId: 999999999) { firmName } }")
    assert answer["data"] == {"lead": None}
    assert (body["rows"], body["groups"]) == ({"Lead": 0}, {})


def test_groups_are_counted_apart_from_rows(every_audited: Audited) -> None:
    answer, body = _read(every_audited, "{ leadStats(groupBy: [STATUS]) { count } }")
    assert (body["rows"], body["groups"]) == ({}, {"Lead": len(answer["data"]["leadStats"])})


def test_files_links_report_rows_and_rows_of_companies_count(embedded_audited: Audited) -> None:
    query = """{
      companies(first: 20, orderBy: [{field: DATABASE_ID, direction: ASC}]) { nodes {
        databaseId invoices(first: 2) { nodes { erpId } } files(first: 1) { nodes { url } } } }
      leads(first: 20) { nodes { databaseId analytics { statusChanges } } }
      reportView(name: "salesperson_report") { rows(first: 2) { nodes } } }"""
    answer, body = _read(embedded_audited, query, as_user="admin")
    # Some companies name a schema that isn't there.
    assert {error["path"][3] for error in answer["errors"]} == {"invoices"}
    data = answer["data"]
    invoices = [company["invoices"]["nodes"] or () for company in data["companies"]["nodes"]]
    files = sum(len(company["files"]["nodes"]) for company in data["companies"]["nodes"])
    assert files > 0
    assert {name: body["rows"][name] for name in ("Company", "ErpInvoice", "File", "FileLink", "Lead")} == {
        "Company": 20,
        "ErpInvoice": sum(map(len, invoices)),
        "File": files,
        "FileLink": files,
        "Lead": 20,
    }
    assert body["rows"]["ReportRow"] == 2
    assert body["groups"]["LeadAnalytics"] > 0


def test_codes_of_errors_are_kept_and_nothing_else_of_the_answer(every_audited: Audited) -> None:
    every_audited.gateway.query(
        '{ a: node(id: "nonsense") { id } b: leads(first: -1) { totalCount nodes { id } } }',
        as_user="salesperson",
    )
    (row,) = every_audited.logs.expect(1)
    assert json.loads(row["response_body"]) == {"errors": ["BAD_USER_INPUT"]}


def test_a_mutation_is_one_in_the_entry(every_audited: Audited) -> None:
    gateway = every_audited.gateway
    token = gateway.data('mutation { login(username: "warrior", password: "demo") { accessToken } }')["login"]
    header = {"authorization": f"Bearer {token['accessToken']}"}
    gateway.post({"query": "mutation { logout }"}, headers=header)
    (row,) = every_audited.logs.expect(1)
    assert (row["method"], row["request_body"]["document"]) == ("MUTATION", "mutation { logout }")


def test_the_anonymous_and_what_is_never_executed_have_no_entries(embedded_audited: Audited) -> None:
    gateway = embedded_audited.gateway
    gateway.login("salesperson")
    gateway.query("{ __typename }")
    gateway.query("{ nonsense }", as_user="salesperson")
    gateway.query("query($n: Int!) { leads(first: $n) { nodes { id } } }", as_user="salesperson")
    gateway.post({"query": "{ __typename }"}, headers={"authorization": "Bearer nonsense"})
    gateway.query("{ viewer { role } }", as_user="salesperson")
    (row,) = embedded_audited.logs.expect(1)
    assert row["request_body"]["document"] == "query { viewer { role } }"


def test_an_admin_sees_entries_as_request_logs_without_bodies(embedded_audited: Audited) -> None:
    gateway = embedded_audited.gateway
    gateway.query("{ viewer { role } }", as_user="salesperson")
    embedded_audited.logs.expect(1)
    asker = _user_id(embedded_audited.logs, "salesperson")
    query = """query($u: Int!) { user(databaseId: $u) {
                 requestLogs(first: 1) { nodes { endpoint method responseStatus } } } }"""
    assert gateway.data(query, {"u": asker}, as_user="admin")["user"]["requestLogs"]["nodes"] == [
        {"endpoint": "/graphql", "method": "QUERY", "responseStatus": 200}
    ]


def test_without_the_setting_nothing_is_written(gateway: RunningGateway) -> None:
    with logs_of(gateway.settings) as found, running(gateway.settings, "unaudited") as unaudited:
        unaudited.query("{ viewer { role } }", as_user="salesperson")
        time.sleep(2 * audit.BATCH_SECONDS)
        assert found.rows() == []


def test_every_table_with_a_rule_has_a_type_in_the_audit_unless_it_only_lends_fields() -> None:
    assert {table.name for table in POLICIES.tables() - set(TYPE_NAMES)} == {
        "role",
        "session_info",
        "user_info",
    }


# --- what an entry never holds ------------------------------------------------------------------------------

CANARY = "hunter2canary"
# Each has the canary where a client may write what it likes.
CARELESS: tuple[tuple[str, Mapping[str, Any]], ...] = (
    (f'{{ leads(where: {{firmName: {{eq: "{CANARY}"}}}}) {{ nodes {{ id }} }} }}', {}),
    (f'{{ leads(where: {{firmName: {{in: ["a", """{CANARY}"""]}}}}) {{ nodes {{ id }} }} }}', {}),
    (f"{{ {CANARY}: leads(first: 1) {{ {CANARY}: nodes {{ {CANARY}: id }} }} }}", {}),
    (f"# {CANARY}\n{{ viewer {{ role # {CANARY}\n }} }}", {}),
    (f'query($a: String = "{CANARY}") {{ leads(where: {{firmName: {{eq: $a}}}}) {{ nodes {{ id }} }} }}', {}),
    ("query($a: String) { leads(where: {firmName: {eq: $a}}) { nodes { id } } }", {"a": CANARY}),
    ("query($w: LeadWhere) { leads(where: $w) { nodes { id } } }", {"w": {"firmName": {"in": [CANARY]}}}),
    ("{ viewer { role } }", {CANARY: CANARY}),
    (f'{{ node(id: "{CANARY}") {{ id }} }}', {}),
    (f'{{ leads(after: "{CANARY}") {{ nodes {{ id }} }} }}', {}),
    (
        f'{{ reportView(name: "salesperson_report") {{ rows(filter: {{{CANARY}: {{eq: 1}}}}) {{ nodes }} }} }}',
        {},
    ),
    (f'{{ reportView(name: "salesperson_report") {{ rows(filter: {{leads: {CANARY}}}) {{ nodes }} }} }}', {}),
    (
        'query($f: JSON) { reportView(name: "salesperson_report") { rows(filter: $f) { nodes } } }',
        {"f": {CANARY: {CANARY: CANARY}}},
    ),
    (f'mutation {{ login(username: "{CANARY}", password: "{CANARY}") {{ accessToken }} }}', {}),
    (f'mutation {{ refreshSession(refreshToken: "{CANARY}") {{ accessToken }} }}', {}),
    (
        "mutation($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken } }",
        {"u": CANARY, "p": CANARY},
    ),
)


def test_no_value_of_a_request_is_in_any_entry(embedded_audited: Audited) -> None:
    gateway = embedded_audited.gateway
    gateway.login("admin")
    headers = {"x-request-id": CANARY, "user-agent": CANARY, "cookie": f"a={CANARY}", "x-api-key": CANARY}
    for query, variables in CARELESS:
        gateway.post({"query": query, "variables": variables}, as_user="admin", headers=headers)
    rows = embedded_audited.logs.expect(len(CARELESS))
    assert [row for row in rows if CANARY in json.dumps(row, default=str)] == []
    secrets = (gateway.login("admin"), "Bearer", gateway.settings.jwt_secret)
    assert not any(secret in json.dumps(row, default=str) for row in rows for secret in secrets)


def test_tokens_that_a_known_caller_is_given_are_in_no_entry(embedded_audited: Audited) -> None:
    gateway = embedded_audited.gateway
    asked = 'mutation { login(username: "warrior", password: "demo") { accessToken refreshToken } }'
    session = gateway.data(asked, as_user="admin")["login"]
    (row,) = embedded_audited.logs.expect(1)
    assert row["user_id"] == _user_id(embedded_audited.logs, "admin")
    assert not any(secret in json.dumps(row, default=str) for secret in ("demo", *session.values()))


def _redacted(query: str, variables: Mapping[str, Any] | None = None) -> tuple[str, dict[str, str]]:
    document = parse(query)
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    redaction = Redaction(schema_for(Audience(Caller.ADMIN)).input_names)
    return redaction.document(document, operation), redaction.variables(operation, variables or {})


def test_a_document_keeps_its_shape_and_loses_its_values() -> None:
    query = """
      query Q($a: [Int!]! = [1, 2], $b: LeadWhere = {status: {eq: "New"}}) @skip(if: false) {
        x: leads(first: 10, where: {or: [{status: {eq: $b}}, {firmName: {isNull: true}}], tentativeValue: {gt: 1.5}}
                 orderBy: [{field: ID, direction: DESC}], after: null) @include(if: $c) {
          ...F
          ... on LeadConnection @skip(if: true) { totalCount }
          ... { nodes { id } }
        }
        rows(filter: {leads: {eq: 3}, secret: {}}, list: [])
      }
      fragment F on LeadConnection { pageInfo { hasNextPage } }
    """
    assert _redacted(query)[0] == (
        "query Q($a: [Int!]! = [2 × Int], $b: LeadWhere = {status: {eq: String}}) @skip(if: Boolean) {"
        " leads(first: Int, where: {or: [2 × {status: {eq: $b}}], tentativeValue: {gt: Float}},"
        " orderBy: [1 × {field: Enum, direction: Enum}], after: Null) @include(if: $c) {"
        " ...F ... on LeadConnection @skip(if: Boolean) { totalCount } ... { nodes { id } } }"
        " rows(filter: {leads: {eq: Int}, _: {}}, list: []) }"
        " fragment F on LeadConnection { pageInfo { hasNextPage } }"
    )


def test_variables_keep_their_kinds_and_lose_their_values() -> None:
    query = "query($a: A, $b: A, $c: A, $d: A, $e: A, $f: A) { x }"
    given = {"a": None, "b": [True], "c": {"eq": 1, "other": 1.5}, "d": [], "e": "x", "extra": "x"}
    assert _redacted(query, given)[1] == {
        "a": "Null",
        "b": "[1 × Boolean]",
        "c": "{eq: Int, _: Float}",
        "d": "[]",
        "e": "String",
        "f": "absent",
    }


def test_names_that_a_client_chooses_are_cut_short() -> None:
    long = "n" * 1000
    document, variables = _redacted(
        f"query {long}(${long}: Int) {{ ...{long} }} fragment {long} on Q {{ x }}"
    )
    short = "n" * LONGEST_NAME
    assert document == f"query {short}(${short}: Int) {{ ...{short} }} fragment {short} on Q {{ x }}"
    assert variables == {short: "absent"}


def test_long_documents_and_variables_are_cut_short_without_being_read_to_their_ends() -> None:
    deep: Any = "x"
    for _ in range(900):
        deep = [deep]
    query = f"query($a: A, $b: A) {{ {'field ' * 50_000} }}"
    # The time of this thread alone: another process may have the processor meanwhile.
    started = time.thread_time()
    document = parse(query)
    parsed = time.thread_time()
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    redaction = Redaction(frozenset())
    text = redaction.document(document, operation)
    variables = redaction.variables(operation, {"a": {str(n): n for n in range(100_000)}, "b": deep})
    assert LONGEST_DOCUMENT - 10 < len(text) < LONGEST_DOCUMENT + 3
    assert LONGEST_VARIABLE - 10 < len(variables["a"]) < LONGEST_VARIABLE + 3
    assert variables["b"] == "[1 × " * 11 + "…" + "]" * 11
    assert time.thread_time() - parsed < (parsed - started) / 5


# --- off the request's path ---------------------------------------------------------------------------------

QUICK = "{ viewer { role } }"


def _ask_often(gateway: RunningGateway, times: int, *, threads: int = 8) -> list[float]:
    """Asks the same question so many times; how many seconds each answer took."""
    headers = {"authorization": f"Bearer {gateway.login('salesperson')}"}

    def ask(_: int) -> float:
        started = time.perf_counter()
        answer = httpx_of_thread.post("/graphql", json={"query": QUICK}, headers=headers)
        assert answer.json() == {"data": {"viewer": {"role": "SALESPERSON"}}}
        return time.perf_counter() - started

    with (
        httpx.Client(base_url=gateway.url, timeout=30) as httpx_of_thread,
        ThreadPoolExecutor(threads) as pool,
    ):
        return list(pool.map(ask, range(times)))


def _counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("gateway_audit_entries_total", {"outcome": outcome}) or 0.0


def test_thousands_of_requests_make_thousands_of_entries_each_once(every_audited: Audited) -> None:
    written, lost = _counted("written"), _counted("lost")
    _ask_often(every_audited.gateway, 3_000)
    rows = every_audited.logs.expect(3_000)
    assert len({row["request_body"]["id"] for row in rows}) == 3_000
    # A batch is counted after others can see its rows.
    deadline = time.monotonic() + PATIENCE
    while _counted("written") - written < 3_000:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert (_counted("written") - written, _counted("lost") - lost) == (3_000, 0)


async def test_a_batch_is_one_statement(mariadb_gateway: RunningGateway) -> None:
    sent: list[Statement] = []
    with logs_of(mariadb_gateway.settings) as found:
        async with audit_over(mariadb_gateway.settings, observers=(sent.append,)) as queue:
            for number in range(audit.LARGEST_BATCH + 1):
                queue.put(entry(number))
        assert [row["user_id"] for row in found.rows()] == list(range(audit.LARGEST_BATCH + 1))
    assert len([statement for statement in sent if "INSERT INTO logs" in statement.text]) == 2


def test_what_waits_is_written_when_the_process_stops(gateway: RunningGateway) -> None:
    settings = replace(gateway.settings, audit_reads=True)
    with logs_of(settings) as found:
        with running(settings, "stopped at once") as stopped:
            _ask_often(stopped, 500)
        assert len(found.rows()) == 500


@contextmanager
def logs_locked(server: MySQLLikeServer) -> Iterator[None]:
    """Nobody else reads or writes `logs` while this is open."""
    with server.connect("iperform") as connection, connection.cursor() as cursor:
        cursor.execute("lock tables logs write")
        try:
            yield
        finally:
            cursor.execute("unlock tables")


def test_requests_answer_as_fast_as_ever_while_the_logs_are_locked(
    mariadb_gateway: RunningGateway, mariadb_server: MySQLLikeServer
) -> None:
    settings = replace(mariadb_gateway.settings, audit_reads=True, statement_seconds=4.0)
    with logs_of(settings) as found, running(settings, "locked") as gateway:
        _ask_often(gateway, 100, threads=1)
        found.expect(100)
        with logs_locked(mariadb_server):
            # Long enough for a batch to be given up, and written once more.
            deadline = time.monotonic() + 1.5 * settings.statement_seconds
            locked: list[float] = []
            usual: list[float] = []
            while time.monotonic() < deadline:
                locked += _ask_often(gateway, 50, threads=1)
                # By turns with a gateway that writes no entries: whatever else the machine does slows both.
                usual += _ask_often(mariadb_gateway, 50, threads=1)
        assert sorted(locked)[len(locked) // 2] < 2 * sorted(usual)[len(usual) // 2]
        # Who waited for the lock would do so for as long as a statement may take.
        assert max(locked) < settings.statement_seconds * 3 / 4
        rows = found.expect(100 + len(locked))
        assert len({row["request_body"]["id"] for row in rows}) == len(rows)


def test_what_was_read_for_a_client_that_went_away_has_an_entry(
    mariadb_gateway: RunningGateway, mariadb_server: MySQLLikeServer
) -> None:
    query = "{ leads(first: 4) { nodes { firmName company { companyName } } } }"
    with audited(mariadb_gateway) as found:
        token = found.gateway.login("admin")
        with mariadb_server.connect("magenta") as connection, connection.cursor() as cursor:
            cursor.execute("lock tables company write")
            # By then the leads have been read: their companies are asked for.
            ask_and_leave(found.gateway, query, token=token, once=lambda: somebody_waits(mariadb_server))
            # Before anybody unlocks it: what nobody waits for is not read to its end.
            (row,) = found.logs.expect(1)
            cursor.execute("unlock tables")
    assert (row["response_status"], row["response_body"]) == (499, None)
    assert row["request_body"]["rows"] == {"Lead": 4}


def test_a_process_that_stops_while_the_logs_are_locked_gives_up_and_says_how_many(
    mariadb_gateway: RunningGateway, mariadb_server: MySQLLikeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Who didn't give up would wait for its statement.
    settings = replace(mariadb_gateway.settings, audit_reads=True, statement_seconds=60.0)
    lost, said = _counted("lost"), LogCapture()
    monkeypatch.setattr(audit, "log", wrap_logger(None, processors=[said]))
    with logs_of(settings) as found:
        with logs_locked(mariadb_server):
            with running(settings, "stopped while locked") as gateway:
                _ask_often(gateway, 10)
                stopped = time.monotonic()
            assert time.monotonic() - stopped < audit.CLOSE_SECONDS + 10
        assert _counted("lost") - lost == 10
        assert found.rows() == []
    assert said.entries == [
        {"event": "entries of the read audit are lost", "entries": 10, "log_level": "error"}
    ]


# --- the queue itself, over a real database -----------------------------------------------------------------


def entry(number: int) -> Entry:
    """An entry that is told from others by its user."""
    return Entry(
        reader=Reader(user_id=number),
        acting_for=None,
        caller="ADMIN",
        company_id=None,
        method="QUERY",
        operation=None,
        document="query { viewer { role } }",
        variables={},
        rows={},
        groups={},
        status=200,
        error_codes=[],
        milliseconds=1,
        logged_on=datetime(2026, 11, 20, 12, 0, 0),
    )


@asynccontextmanager
async def audit_over(
    settings: Settings, *, most_waiting: int = 100_000, observers: tuple[StatementObserver, ...] = ()
) -> AsyncIterator[Audit]:
    """An audit that writes to the settings' estate."""
    estate = open_estate(settings, observers)
    found = Audit(SystemAccess(estate), most_waiting=most_waiting)
    found.start()
    try:
        yield found
    finally:
        await found.close()
        await estate.close()


async def test_what_overflows_is_counted_and_what_fits_is_written_later(
    mariadb_gateway: RunningGateway, mariadb_server: MySQLLikeServer
) -> None:
    settings = replace(mariadb_gateway.settings, statement_seconds=0.5)
    lost = _counted("lost")
    with logs_of(settings) as found:
        async with audit_over(settings, most_waiting=20) as queue:
            with logs_locked(mariadb_server):
                queue.put(entry(0))
                # Until it has been taken out of the queue. The server can only be looked at.
                while not somebody_waits(mariadb_server):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                for number in range(1, 31):
                    queue.put(entry(number))
                await asyncio.sleep(1)
        assert [row["user_id"] for row in found.rows()] == list(range(21))
    assert _counted("lost") - lost == 10


async def test_a_batch_that_the_database_refuses_is_given_up_and_counted(
    mariadb_gateway: RunningGateway, mariadb_server: MySQLLikeServer
) -> None:
    settings, lost = mariadb_gateway.settings, _counted("lost")
    with logs_of(settings) as found:
        async with audit_over(settings) as queue:
            with mariadb_server.connect("iperform") as connection, connection.cursor() as cursor:
                cursor.execute("rename table logs to logs_away")
                try:
                    queue.put(entry(1))
                    queue.put(entry(2))
                    deadline = time.monotonic() + PATIENCE
                    # A counter can only be looked at.
                    while _counted("lost") - lost < 2 and time.monotonic() < deadline:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                finally:
                    cursor.execute("rename table logs_away to logs")
            queue.put(entry(3))
        assert [row["user_id"] for row in found.rows()] == [3]
    assert _counted("lost") - lost == 2


def test_who_reads_as_somebody_else_is_named_with_whom() -> None:
    as_user = replace(entry(1), acting_for=Reader(user_id=7)).values()
    as_partner = replace(entry(1), acting_for=Reader(token_id=8)).values()
    assert json.loads(as_user["request_body"])["actingFor"] == {"userId": 7}
    assert json.loads(as_partner["request_body"])["actingFor"] == {"tokenId": 8}
    assert as_user["user_id"] == as_partner["user_id"] == 1


def test_a_partner_is_named_by_its_token() -> None:
    values = replace(entry(1), reader=Reader(token_id=5), caller="PARTNER").values()
    assert values["user_id"] is None
    assert json.loads(values["request_body"])["tokenId"] == 5


def test_the_largest_entry_fits_its_columns() -> None:
    long = {f"${'n' * LONGEST_NAME}{number}": "…" * LONGEST_VARIABLE for number in range(MOST_VARIABLES)}
    largest = replace(entry(1), document="…" * LONGEST_DOCUMENT, variables=long).values()
    assert len(largest["request_body"].encode()) < 65_535 - 8_000
