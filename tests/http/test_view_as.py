"""`X-View-As`: an ADMIN gets what the subject gets, to the byte, and changes nothing; nobody else gets anything."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, select, update

from datasources.iperform.tables import role, user
from gateway.auth.audience import Audience
from gateway.auth.roles import PARTNER_SCOPES, Caller
from gateway.resolvers.ids import encode_id
from gateway.schema.build import schema_for
from tests.gateways import RunningGateway
from tests.http.accounts import account_in, blocking_url
from tests.http.asking import GRAPHQL, bearer, code, errors
from tests.http.partners import CREATE, Partner, partner_in
from tests.http.test_audit import Audited, audited
from tests.test_cases import found_cases

NAMES = ("admin", "manager", "salesperson", "warrior", "client")
OTHERS = NAMES[1:]
QUERIES = found_cases()
VIEWER = "{ viewer { role user { username } partner { id } scopes permissions allowedLeadStatuses } }"
READ_ONLY = "While you view as somebody else you can only read: send changes without `X-View-As`."
MORE_QUERIES = (
    VIEWER,
    "{ users(first: 20) { totalCount nodes { username email lastLogin } } }",
    "{ tickets(first: 9) { totalCount nodes { title comments { nodes { message } } } } }",
    "{ leads(first: 3, orderBy: [{field: COMPANY_COMPANY_NAME, direction: DESC}]) "
    "{ edges { cursor node { id tentativeValue } } } }",
    "{ leads(first: 2, where: {isDeleted: {eq: 1}}) { totalCount } }",
    "{ reportViews { name title } }",
    "{ user(databaseId: 3) { requestLogs { totalCount } sessions { totalCount } } }",
    "{ nonsense }",
    '{ lead(databaseId: 1) { firmName } a: node(id: "nonsense") { id } }',
    "{ __schema { types { name fields { name } } } }",
)
FILES_OF_COMPANIES = "{ companies(first: 20) { nodes { files(first: 1) { nodes { name url } } } } }"


def as_user(gateway: RunningGateway, name: str) -> str:
    """The header's value for a user by user name."""
    query = "query($u: String!) { users(where: {username: {eq: $u}}) { nodes { id } } }"
    found = gateway.data(query, {"u": name}, as_user="admin")["users"]["nodes"]
    return f"user:{found[0]['id']}"


def view(
    gateway: RunningGateway, value: str, query: str, variables: Any = None, **headers: str
) -> httpx.Response:
    """ADMIN's request with the header."""
    body = {"query": query, "variables": variables or {}}
    return gateway.post(body, as_user="admin", headers={"x-view-as": value, **headers})


def plainly(gateway: RunningGateway, token: str, query: str, variables: Any = None) -> httpx.Response:
    """A request with a token and nothing else."""
    return gateway.post({"query": query, "variables": variables or {}}, headers=bearer(token))


def given(path: Path) -> tuple[str, Any]:
    """A case's query and variables."""
    variables = path.with_suffix(".variables.json")
    return path.read_text(encoding="utf-8"), json.loads(variables.read_text()) if variables.exists() else {}


@pytest.fixture
def partner(gateway: RunningGateway) -> Iterator[Partner]:
    """A new partner company."""
    with partner_in(gateway) as found:
        yield found


@pytest.fixture
def seeing_partner(gateway: RunningGateway) -> Iterator[Partner]:
    """The partner company that the estate has from the start, and whose warriors have leads."""
    engine = create_engine(blocking_url(gateway.settings))
    yield Partner(gateway, engine, 1)
    engine.dispose()


# --- the same as the subject's own ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_those_of_the_user_to_the_byte(gateway: RunningGateway, name: str) -> None:
    value, token = as_user(gateway, name), gateway.login(name)
    # Who logged in when is told as well.
    with gateway.without_renewals():
        for query, variables in [*map(given, QUERIES), *((query, {}) for query in MORE_QUERIES)]:
            own = plainly(gateway, token, query, variables)
            viewed = view(gateway, value, query, variables)
            assert (viewed.status_code, viewed.content) == (own.status_code, own.content), query


@pytest.mark.parametrize("scopes", [sorted(PARTNER_SCOPES), ["leads:read", "companies:read"]])
def test_answers_are_those_of_the_token_to_the_byte(
    gateway: RunningGateway, seeing_partner: Partner, scopes: list[str]
) -> None:
    issued = seeing_partner.issue(scopes=scopes, costPerMinute=100_000_000)
    leads = "{ leads(first: 3) { totalCount nodes { firmName } } }"
    assert plainly(gateway, issued["token"], leads).json()["data"]["leads"]["totalCount"] > 0
    with gateway.without_renewals():
        for query, variables in [*map(given, QUERIES), *((query, {}) for query in (leads, *MORE_QUERIES))]:
            own = plainly(gateway, issued["token"], query, variables)
            viewed = view(gateway, f"token:{issued['id']}", query, variables)
            assert (viewed.status_code, viewed.content) == (own.status_code, own.content), query


@pytest.mark.parametrize("name", OTHERS)
def test_schema_text_is_that_of_the_subject(gateway: RunningGateway, name: str) -> None:
    own = gateway.client.get("/schema.graphql", headers=bearer(gateway.login(name)))
    sent = {**bearer(gateway.login("admin")), "x-view-as": as_user(gateway, name)}
    viewed = gateway.client.get("/schema.graphql", headers=sent)
    assert (viewed.text, viewed.headers["etag"]) == (own.text, own.headers["etag"])
    assert "x-view-as" in viewed.headers["vary"]
    again = gateway.client.get("/schema.graphql", headers={**sent, "if-none-match": own.headers["etag"]})
    assert again.status_code == 304


def test_cursors_go_on_from_either_to_the_other(gateway: RunningGateway) -> None:
    page = "query($a: String) { leads(first: 2, after: $a) { nodes { databaseId } pageInfo { endCursor } } }"
    value, token = as_user(gateway, "salesperson"), gateway.login("salesperson")
    first = plainly(gateway, token, page).json()["data"]["leads"]
    viewed = view(gateway, value, page, {"a": first["pageInfo"]["endCursor"]}).json()["data"]["leads"]
    third = plainly(gateway, token, page, {"a": viewed["pageInfo"]["endCursor"]}).json()["data"]["leads"]
    straight = plainly(gateway, token, page.replace("first: 2", "first: 6")).json()["data"]["leads"]
    assert first["nodes"] + viewed["nodes"] + third["nodes"] == straight["nodes"]


def test_query_by_get_is_viewed_too(gateway: RunningGateway) -> None:
    sent = {**bearer(gateway.login("admin")), "x-view-as": as_user(gateway, "warrior")}
    answer = gateway.client.get("/graphql", params={"query": "{ viewer { role } }"}, headers=sent)
    assert answer.json() == {"data": {"viewer": {"role": "WARRIOR"}}}
    assert "x-view-as" in answer.headers["vary"]


def test_link_to_a_file_of_the_subject_opens(gateway: RunningGateway) -> None:
    answer = view(gateway, as_user(gateway, "manager"), FILES_OF_COMPANIES).json()
    assert "errors" not in answer
    files = [file for one in answer["data"]["companies"]["nodes"] for file in one["files"]["nodes"]]
    assert gateway.client.get(files[0]["url"]).status_code == 200


def test_another_admin_is_viewed_as_any_other(gateway: RunningGateway) -> None:
    with account_in(gateway, "admin of another town", role_name="ADMIN") as other:
        answer = view(gateway, f"user:{encode_id('User', other.id)}", "{ viewer { user { username } } }")
    assert answer.json() == {"data": {"viewer": {"user": {"username": "admin of another town"}}}}


# --- read-only ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_mutation_is_forbidden_and_changes_nothing(
    gateway: RunningGateway, partner: Partner, name: str
) -> None:
    value = as_user(gateway, name)
    new = {"input": {"partnerCompanyId": partner.id, "name": "x", "scopes": ["leads:read"]}}
    for query, variables in (
        ("mutation { logout }", {}),
        ('mutation { login(username: "warrior", password: "demo") { accessToken } }', {}),
        ('mutation { refreshSession(refreshToken: "x") { accessToken } }', {}),
        (CREATE, new),
        (f'mutation {{ revokePartnerToken(id: "{encode_id("PartnerToken", 1)}") }}', {}),
        ("query A { viewer { role } } mutation B { logout }", {}),
    ):
        body = {
            "query": query,
            "variables": variables,
            **({"operationName": "B"} if "query A" in query else {}),
        }
        for accept, status in (("application/json", 403), (GRAPHQL, 403)):
            sent = {"x-view-as": value, "accept": accept}
            answer = gateway.post(body, as_user="admin", headers=sent)
            assert (code(answer), errors(answer)[0]["message"]) == ("FORBIDDEN", READ_ONLY), query
            assert answer.status_code == status
            assert "data" not in answer.json()
    assert partner.rows() == []
    assert gateway.data("{ viewer { role } }", as_user="admin") == {"viewer": {"role": "ADMIN"}}


def test_mutation_as_a_token_is_forbidden(gateway: RunningGateway, partner: Partner) -> None:
    issued = partner.issue(scopes=sorted(PARTNER_SCOPES))
    answer = view(gateway, f"token:{issued['id']}", "mutation { logout }")
    assert (code(answer), errors(answer)[0]["message"]) == ("FORBIDDEN", READ_ONLY)


# --- never with more than the ADMIN's own rights --------------------------------------------------------------


def test_what_the_admin_is_denied_stays_denied(gateway: RunningGateway) -> None:
    engine = create_engine(blocking_url(gateway.settings))
    admins = role.c.role_name == "ADMIN"
    with engine.begin() as connection:
        kept = connection.execute(select(role.c.permissions).where(admins)).scalar_one()
        connection.execute(update(role).where(admins).values(permissions={"deny": ["Lead.firmName"]}))
    value = as_user(gateway, "salesperson")
    try:
        # A session that was checked is believed for a second.
        time.sleep(gateway.settings.session_cache_seconds + 0.2)
        answer = view(gateway, value, "{ leads(first: 1) { nodes { firmName } } }")
        filtered = view(gateway, value, '{ leads(where: {firmName: {eq: "x"}}) { totalCount } }')
        sdl = gateway.client.get(
            "/schema.graphql", headers={**bearer(gateway.login("admin")), "x-view-as": value}
        ).text
    finally:
        with engine.begin() as connection:
            connection.execute(update(role).where(admins).values(permissions=kept))
        engine.dispose()
        time.sleep(gateway.settings.session_cache_seconds + 0.2)
    assert code(answer) == "GRAPHQL_VALIDATION_FAILED"
    assert code(filtered) == "GRAPHQL_VALIDATION_FAILED"
    assert "firmName" not in sdl
    assert "tentativeValue" in sdl


@pytest.mark.parametrize(
    "audience",
    [
        *(Audience(caller) for caller in (Caller.USER, Caller.WARRIOR, Caller.SALESPERSON, Caller.MANAGER)),
        Audience(Caller.PARTNER, PARTNER_SCOPES),
    ],
    ids=lambda audience: audience.caller.value,
)
def test_nobody_has_a_field_to_read_that_admin_has_not(audience: Audience) -> None:
    def fields(of: Audience) -> set[str]:
        catalogue = schema_for(of).catalogue
        return {f"{item.name}.{bound.name}" for item in catalogue.types() for bound in item.fields}

    beyond = fields(audience) - fields(Audience(Caller.ADMIN))
    assert beyond == set()


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("subject", ["admin", "manager", "client", "nonsense", "himself"])
def test_header_of_another_role_is_forbidden_whatever_it_says(
    gateway: RunningGateway, name: str, subject: str
) -> None:
    value = (
        "nonsense" if subject == "nonsense" else as_user(gateway, name if subject == "himself" else subject)
    )
    body = {"query": "{ viewer { role } leads { totalCount } }"}
    answer = gateway.post(body, as_user=name, headers={"x-view-as": value})
    assert (answer.status_code, code(answer)) == (403, "FORBIDDEN")
    assert "data" not in answer.json()
    sent = {**bearer(gateway.login(name)), "x-view-as": value}
    assert gateway.client.get("/schema.graphql", headers=sent).status_code == 403


def test_header_of_a_partner_is_forbidden(gateway: RunningGateway, partner: Partner) -> None:
    issued = partner.issue(scopes=sorted(PARTNER_SCOPES))
    for value in (as_user(gateway, "admin"), f"token:{issued['id']}"):
        sent = {**bearer(issued["token"]), "x-view-as": value}
        assert code(gateway.post({"query": "{ viewer { role } }"}, headers=sent)) == "FORBIDDEN"


@pytest.mark.parametrize("sent", [{}, {"authorization": "Bearer nonsense"}])
def test_header_of_nobody_is_unauthenticated(gateway: RunningGateway, sent: dict[str, str]) -> None:
    for value in (as_user(gateway, "client"), "nonsense"):
        answer = gateway.post({"query": "{ viewer { role } }"}, headers={**sent, "x-view-as": value})
        assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")


def test_admin_whose_session_ended_views_nothing(gateway: RunningGateway) -> None:
    value = as_user(gateway, "client")
    login = 'mutation { login(username: "admin", password: "demo") { accessToken } }'
    token = gateway.data(login)["login"]["accessToken"]
    sent = {**bearer(token), "x-view-as": value}
    assert gateway.post({"query": VIEWER}, headers=sent).json()["data"]["viewer"]["role"] == "USER"
    gateway.post({"query": "mutation { logout }"}, headers=bearer(token))
    assert code(gateway.post({"query": VIEWER}, headers=sent)) == "UNAUTHENTICATED"


# --- whom it names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "value",
    [
        *("", "user", "user:", "token:", "user: 1", "admin", "users:VXNlcjox", "User:VXNlcjox", "user:1"),
        f"user:{encode_id('Lead', 1)}",
        f"user:{encode_id('PartnerToken', 1)}",
        f"token:{encode_id('User', 1)}",
        f"user:{encode_id('User', 2**40)}",
        f"user:{encode_id('User', 1)}, user:{encode_id('User', 2)}",
        f"user:{encode_id('User', 1)}=",
        "user:" + "A" * 5_000,
        "user:é",
    ],
)
def test_malformed_value_is_bad_input(gateway: RunningGateway, value: str) -> None:
    sent = [
        ("authorization", f"Bearer {gateway.login('admin')}"),
        ("x-view-as", value.encode("latin-1")),
        ("content-type", "application/json"),
    ]
    answer = gateway.client.post("/graphql", json={"query": VIEWER}, headers=sent)
    assert code(answer) == "BAD_USER_INPUT"
    assert "data" not in answer.json()


def test_two_headers_are_bad_input(gateway: RunningGateway) -> None:
    value = as_user(gateway, "client")
    sent = [("authorization", f"Bearer {gateway.login('admin')}"), ("x-view-as", value), ("x-view-as", value)]
    assert code(gateway.client.post("/graphql", json={"query": VIEWER}, headers=sent)) == "BAD_USER_INPUT"


def test_who_is_not_let_in_is_not_found(gateway: RunningGateway, partner: Partner) -> None:
    revoked = partner.issue()
    partner.revoke(revoked["id"])
    expired = partner.issue()
    partner.change(expired, expires_at=partner.row(expired).created_on)
    with account_in(gateway, "not any more", active=False) as gone:
        for value in (
            f"user:{encode_id('User', gone.id)}",
            f"user:{encode_id('User', 987_654_321)}",
            f"user:{encode_id('User', 0)}",
            f"token:{encode_id('PartnerToken', 987_654_321)}",
            f"token:{revoked['id']}",
            f"token:{expired['id']}",
        ):
            answer = view(gateway, value, VIEWER)
            assert code(answer) == "NOT_FOUND", value
            assert "data" not in answer.json()
            sent = {**bearer(gateway.login("admin")), "x-view-as": value}
            assert code(gateway.client.get("/schema.graphql", headers=sent)) == "NOT_FOUND"


def test_token_that_is_revoked_is_viewed_no_longer(gateway: RunningGateway, partner: Partner) -> None:
    issued = partner.issue()
    assert view(gateway, f"token:{issued['id']}", "{ viewer { role } }").json() == {
        "data": {"viewer": {"role": "PARTNER"}}
    }
    partner.revoke(issued["id"])
    assert code(view(gateway, f"token:{issued['id']}", "{ viewer { role } }")) == "NOT_FOUND"


def test_viewing_neither_spends_the_budget_of_a_token_nor_counts_as_its_use(
    gateway: RunningGateway, seeing_partner: Partner
) -> None:
    issued = seeing_partner.issue(scopes=["leads:read"], costPerMinute=2_000)
    query = "{ leads(first: 500) { nodes { databaseId } } }"
    for _ in range(12):
        assert "errors" not in view(gateway, f"token:{issued['id']}", query).json()
    assert seeing_partner.row(issued).last_used_on is None
    assert "errors" not in plainly(gateway, issued["token"], query).json()


# --- the audit ----------------------------------------------------------------------------------------------


@pytest.fixture
def audited_gateway(gateway: RunningGateway) -> Iterator[Audited]:
    """A gateway that writes what is read."""
    with audited(gateway) as found:
        yield found


def test_entry_is_the_admins_and_says_as_whom(audited_gateway: Audited) -> None:
    gateway, logs = audited_gateway.gateway, audited_gateway.logs
    value = as_user(gateway, "salesperson")
    with partner_in(gateway) as partner:
        issued = partner.issue()
        token_id = partner.row(issued).id
        logs.expect(2)
        logs.clear()
        view(gateway, value, "{ leads(first: 2) { nodes { databaseId } } }")
        view(gateway, f"token:{issued['id']}", "{ leads { totalCount } }")
        view(gateway, value, "mutation { logout }")
        rows = logs.expect(2)
    with logs.engine.begin() as connection:
        ids = {
            name: connection.execute(select(user.c.id).where(user.c.username == name)).scalar_one()
            for name in NAMES
        }
    assert [row["user_id"] for row in rows] == [ids["admin"]] * 2
    assert [row["request_body"]["caller"] for row in rows] == ["ADMIN"] * 2
    assert [row["request_body"]["actingFor"] for row in rows] == [
        {"userId": ids["salesperson"]},
        {"tokenId": token_id},
    ]
    assert rows[0]["request_body"]["rows"] == {"Lead": 2}
