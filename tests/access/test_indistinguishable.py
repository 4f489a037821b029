"""Somebody else's row and a row that doesn't exist are the same to whoever asks: the same bytes, and the same work."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateway.resolvers.ids import encode_id
from tests.access.asking import CALLERS, Asking, Partner
from tests.access.backstage import Backstage
from tests.access.conftest import data_of
from tests.access.copies import PATIENCE
from tests.gateways import REQUEST_ID, RunningGateway, running
from tests.http.accounts import PASSWORD, account_in
from tests.http.partners import CREATE, REVOKE, partner_in
from tests.oracle.catalogue import ROOT_SINGLES, primary_key, table_of
from tests.oracle.data import Row
from tests.oracle.rules import SCOPES, Caller

ABSENT = 2_000_000_000
SINGLES = {
    **ROOT_SINGLES,
    "userSession": "UserSession",
    "loginEvent": "LoginEvent",
    "requestLog": "RequestLog",
}
WHO: tuple[str | Partner, ...] = (*CALLERS[1:], Partner(1, SCOPES), Partner(2, SCOPES))

# What is asked of a row where the type has it: its own cells, rows below it, counts, files, analytics.
BELOW = {
    "Lead": "firmName company { companyName users { totalCount } } warrior { user { email } } logs { totalCount } "
    "files { totalCount nodes { url } } analytics { activities }",
    "Company": "companyName leads(first: 2) { totalCount nodes { firmName } } files { nodes { url } } "
    "transactions { totalCount } syncRuns { totalCount }",
    "Ticket": "title lead { firmName } comments { totalCount } files { nodes { name } }",
    "User": "username email lastLogin warrior { leads { totalCount } } createdLeads { totalCount }",
    "Warrior": "user { username } leads { totalCount }",
    "ClientUser": "username firstName company { companyName }",
}

Shown = tuple[int, list[tuple[str, str]], bytes]


class Looking(Asking):
    """Asks, and looks at all that a caller could tell one answer from another by."""

    gateway: RunningGateway

    def look(
        self, who: str | Partner | None, query: str, variables: dict[str, Any]
    ) -> tuple[Shown, list[str]]:
        """The whole answer, and the statements that it took."""
        headers = {"x-request-id": REQUEST_ID}
        if isinstance(who, Partner):
            if who not in self._tokens:
                self._tokens[who] = self.partner_token(who.company_id, who.scopes)
            headers["authorization"] = f"Bearer {self._tokens[who]}"
        elif who is not None:
            headers["authorization"] = f"Bearer {self.gateway.login(who)}"
        body = {"query": query, "variables": variables}
        with self.gateway.counted() as statements:
            answer = self.gateway.post(body, headers=headers)
        # When a token was used is written now and then, beside the requests.
        asked = [one for one in statements if "last_used_on=" not in one.text]
        return shown(answer), sorted(f"{one.source}: {one.text}" for one in asked)


def shown(answer: httpx.Response) -> Shown:
    """All that a client can see of an answer, but for the moment."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name != "date")
    return answer.status_code, headers, answer.content


@contextmanager
def _looking(gateway: RunningGateway) -> Iterator[Looking]:
    # Who asks is looked up for each request, not once in a while.
    settings = replace(gateway.settings, **PATIENCE, session_cache_seconds=0)
    with running(settings, gateway.name) as own:
        yield Looking(own, data_of(gateway))


@pytest.fixture(scope="module")
def looking(embedded_gateway: RunningGateway) -> Iterator[Looking]:
    """Looks at the answers of a gateway over the embedded estate."""
    with _looking(embedded_gateway) as found:
        yield found


@pytest.fixture
def looking_each(every_gateway: RunningGateway) -> Iterator[Looking]:
    """The same over each estate in turn."""
    with _looking(every_gateway) as found:
        yield found


def _hidden(caller: Caller, type_name: str, most: int = 3) -> Iterator[Row]:
    """A few rows that the caller doesn't see: the first, and others from all over the table."""
    rows = caller.data.rows(type_name)
    step = max(1, len(rows) // 97)
    found = (row for row in [*rows[:1], *rows[::step]] if not caller.visible(type_name, row, deleted=True))
    for row, _ in zip(found, range(most), strict=False):
        yield row


def _key(type_name: str, row: Row) -> int:
    return int(row[primary_key(type_name)])


# --- queries --------------------------------------------------------------------------------------------------


def _ways(field: str, type_name: str, key: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every way to ask for one row."""
    selection = f"{{ databaseId {BELOW.get(type_name, '')} }}"
    text = encode_id(type_name, key)
    yield f"query($key: Int!) {{ {field}(databaseId: $key) {selection} }}", {"key": key}
    yield f"query($id: ID!) {{ {field}(id: $id) {selection} }}", {"id": text}
    yield f"query($id: ID!) {{ node(id: $id) {{ id ... on {type_name} {selection} }} }}", {"id": text}
    yield (
        f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ... on {type_name} {selection} }} }}",
        {"ids": [text, text]},
    )
    yield "query($id: ID!) { node(id: $id) { __typename id } }", {"id": text}


def _check_row(looking: Looking, who: str | Partner, field: str) -> int:
    type_name, found = SINGLES[field], 0
    for row in _hidden(looking.caller(who), type_name):
        key = _key(type_name, row)
        for hidden, absent in zip(
            _ways(field, type_name, key), _ways(field, type_name, ABSENT + key), strict=True
        ):
            assert looking.look(who, *hidden) == looking.look(who, *absent), (who, hidden)
            found += 1
    return found


@pytest.mark.parametrize("field", SINGLES)
def test_a_hidden_row_is_as_one_that_does_not_exist(looking: Looking, field: str) -> None:
    counts = [_check_row(looking, who, field) for who in WHO]
    # Everybody sees plans, and employees see everybody who works here.
    for_all = {"pricingPlan"}
    assert (sum(counts) > 0) is (field not in for_all)


def test_a_hidden_row_is_as_one_that_does_not_exist_on_every_estate(looking_each: Looking) -> None:
    for who in ("salesperson", "client", WHO[-1]):
        for field in ("lead", "company", "ticket", "user", "mail"):
            _check_row(looking_each, who, field)


def test_nobody_is_told_nothing(looking: Looking) -> None:
    for field, type_name in SINGLES.items():
        row = looking.data.rows(type_name)[0]
        key = _key(type_name, row)
        for there, absent in zip(_ways(field, type_name, key), _ways(field, type_name, ABSENT), strict=True):
            found = looking.look(None, *there)
            assert found == looking.look(None, *absent)
            assert (found[0][0], found[1]) == (401, [])


FILTERS = (
    "query($key: Int!) { leads(where: {databaseId: {eq: $key}}) { totalCount nodes { firmName } } }",
    "query($key: Int!) { leads(where: {databaseId: {in: [$key]}, company: {active: {eq: true}}}) { totalCount } }",
    "query($key: Int!) { leads(where: {not: {databaseId: {ne: $key}}}) { totalCount pageInfo { hasNextPage } } }",
    "query($key: Int!) { tickets(where: {lead: {databaseId: {eq: $key}}}) { totalCount } }",
    "query($key: Int!) { companies(where: {leads: {databaseId: {eq: $key}}}) { nodes { city } } }",
    "query($key: Int!) { leadStats(groupBy: [STATUS], where: {databaseId: {eq: $key}}) { group count } }",
    "query($key: Int!) { leads(where: {logs: {leadId: {eq: $key}}}) { totalCount } }",
)


@pytest.mark.parametrize("who", WHO, ids=str)
def test_a_filter_finds_a_hidden_row_as_one_that_does_not_exist(looking: Looking, who: str | Partner) -> None:
    for row in _hidden(looking.caller(who), "Lead"):
        for query in FILTERS:
            hidden = looking.look(who, query, {"key": row["id"]})
            assert hidden == looking.look(who, query, {"key": ABSENT}), query
            assert b'"errors"' not in hidden[0][2]


# --- rows below rows --------------------------------------------------------------------------------------------


@pytest.fixture
def backstage(embedded_gateway: RunningGateway) -> Iterator[Backstage]:
    """Writes to the estate, and takes it back."""
    made = Backstage(embedded_gateway.settings)
    with made.taken_back():
        yield made
    made.close()


# Whose row, the column by which it names another, the field that shows that one, and who asks.
NAMED = (
    ("Ticket", "lead_id", "lead { firmName company { companyName } }", "Lead", "salesperson"),
    ("Ticket", "lead_id", "lead { files { totalCount } }", "Lead", "warrior"),
    ("Lead", "created_by", "createdBy { username email }", "User", "client"),
    ("Lead", "changed_by", "changedBy { username }", "User", "client"),
    ("StatusChange", "changed_by", "changedBy { username role }", "User", "client"),
    ("LeadLog", "logged_by", "loggedBy { username }", "User", "client"),
    ("Company", "id", "users { nodes { createdBy { username } } }", "User", "client"),
)


@pytest.mark.parametrize(
    "case", range(len(NAMED)), ids=lambda case: f"{NAMED[case][0]}.{NAMED[case][1]}-{case}"
)
def test_a_row_that_names_a_hidden_one_is_as_one_that_names_none(
    looking: Looking, backstage: Backstage, case: int
) -> None:
    type_name, column, selection, target, who = NAMED[case]
    caller = looking.caller(who)
    if column == "id":
        type_name, column = "ClientUser", "created_by"
        selection = "createdBy { username }"
    field = next(name for name, of in ROOT_SINGLES.items() if of == type_name)
    hidden_ids = {row["id"] for row in caller.data.rows(target)} - caller.ids(target)
    hidden = min(hidden_ids)
    row = next(one for one in caller.seen(type_name) if caller.visible(type_name, {**one, column: hidden}))
    query = f"query($key: Int!) {{ {field}(databaseId: $key) {{ {selection} }} }}"
    answers = []
    for named in (hidden, ABSENT):
        backstage.update(table_of(type_name), row["id"], {column: named})
        answers.append(looking.look(who, query, {"key": row["id"]}))
    assert answers[0] == answers[1]
    assert b'"errors"' not in answers[0][0][2]
    assert f'"{selection.split(" ")[0]}":null'.encode() in answers[0][0][2]


# --- mutations ------------------------------------------------------------------------------------------------

# Each mutation, and who has it. A new one belongs here together with a test of what it tells: of rows by the ids that
# it takes, and of unique keys by what it writes.
MUTATIONS = {
    "login": {*CALLERS, "anonymous"},
    "refreshSession": {*CALLERS, "anonymous"},
    "logout": {*CALLERS, "anonymous"},
    # Below, and in tests/http/test_lead_status_change.py and test_ticket_status_change.py.
    "changeLeadStatus": {*CALLERS} - {"client"},
    "changeTicketStatus": {*CALLERS},
    "createPartnerToken": {"admin"},
    "revokePartnerToken": {"admin"},
}


def test_every_mutation_is_judged_here(embedded_gateway: RunningGateway) -> None:
    query = "{ __schema { mutationType { fields { name } } } }"
    found: dict[str, set[str]] = {}
    for who in (*CALLERS, "anonymous"):
        answer = embedded_gateway.query(query, as_user=None if who == "anonymous" else who)
        for field in answer["data"]["__schema"]["mutationType"]["fields"]:
            found.setdefault(field["name"], set()).add(who)
    assert found == MUTATIONS


CHANGES = {
    "Lead": "mutation ($i: ChangeLeadStatusInput!) { changeLeadStatus(input: $i) { lead { firmName } } }",
    "Ticket": "mutation ($i: ChangeTicketStatusInput!) { changeTicketStatus(input: $i) { ticket { title } } }",
}
# What would be refused for another reason, if the row were seen.
FURTHER: tuple[dict[str, Any], ...] = (
    {"status": "Demo"},
    {"status": "Closed", "idempotencyKey": "a key"},
    {"status": "Nonsense"},
)


@pytest.mark.parametrize("type_name", CHANGES)
@pytest.mark.parametrize("who", WHO, ids=str)
def test_a_change_of_a_hidden_row_is_as_of_one_that_does_not_exist(
    looking: Looking, who: str | Partner, type_name: str
) -> None:
    for row in _hidden(looking.caller(who), type_name):
        for further in FURTHER:
            keys = (_key(type_name, row), ABSENT)
            hidden, absent = (
                looking.look(who, CHANGES[type_name], {"i": {"id": encode_id(type_name, key), **further}})
                for key in keys
            )
            assert hidden == absent
            assert b'"NOT_FOUND"' in hidden[0][2] or b'"GRAPHQL_VALIDATION_FAILED"' in hidden[0][2]
            assert not [text for text in hidden[1] if not text.split(": ", 1)[1].startswith("SELECT")]


@pytest.mark.parametrize("who", [*CALLERS[1:], None])
def test_what_is_admins_tells_others_nothing_of_ids(looking: Looking, who: str | None) -> None:
    with partner_in(looking.gateway) as partner:
        issued = partner.issue()
        there = looking.look(who, REVOKE, {"id": issued["id"]})
        assert there == looking.look(who, REVOKE, {"id": encode_id("PartnerToken", ABSENT)})
        assert there[0][0] == (401 if who is None else 200)
        # No statement, but for the one that says who asks.
        assert len(there[1]) == (0 if who is None else 1)
        order = {"partnerCompanyId": partner.id, "name": "x", "scopes": ["leads:read"]}
        none = {**order, "partnerCompanyId": encode_id("PartnerCompany", ABSENT)}
        assert looking.look(who, CREATE, {"input": order}) == looking.look(who, CREATE, {"input": none})
        assert partner.lets_in(issued["token"])
        assert len(partner.rows()) == 1


def test_a_company_that_is_not_active_is_as_none_to_a_new_token(looking: Looking) -> None:
    with partner_in(looking.gateway, active=False) as partner:
        order = {"partnerCompanyId": partner.id, "name": "x", "scopes": ["leads:read"]}
        none = {**order, "partnerCompanyId": encode_id("PartnerCompany", ABSENT)}
        inactive = looking.look("admin", CREATE, {"input": order})
        assert inactive == looking.look("admin", CREATE, {"input": none})
        assert json.loads(inactive[0][2])["errors"][0]["extensions"]["code"] == "NOT_FOUND"
        assert partner.rows() == []


def test_names_of_tokens_never_clash(looking: Looking) -> None:
    with partner_in(looking.gateway) as first, partner_in(looking.gateway) as second:
        issued = [partner.issue(name="the same") for partner in (first, first, second)]
        assert len({one["token"] for one in issued}) == len({one["id"] for one in issued}) == 3


REFRESH = "mutation ($t: String!) { refreshSession(refreshToken: $t) { accessToken } }"
LOGIN = (
    "mutation ($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken refreshToken } }"
)


def test_a_refresh_of_a_session_that_ended_is_as_of_one_that_never_was(
    looking: Looking, backstage: Backstage
) -> None:
    with account_in(looking.gateway, "of the indistinguishable") as account:
        answers = []
        for end in (
            lambda key: backstage.update(table_of("UserSession"), key, {"active": 0}),
            lambda key: backstage.delete(table_of("UserSession"), key),
            lambda key: account.change(active=False),
        ):
            given = {"u": account.name, "p": PASSWORD}
            session = looking.gateway.data(LOGIN, given)["login"]
            end(backstage.newest(table_of("UserSession")))
            answers.append(looking.look(None, REFRESH, {"t": session["refreshToken"]}))
        assert answers[0] == answers[1] == answers[2]
        assert len(answers[0][1]) == 1
