"""Issuing, using and revoking a partner's token, and what the database holds of it, on every estate."""

from __future__ import annotations

import json
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import make_url, select

from datasources.iperform.tables import metadata, partner_company
from gateway.auth.partner_token_text import checksum, new_token
from gateway.auth.tokens import hashed
from gateway.resolvers.ids import encode_id
from tests.http.asking import GRAPHQL, ask, bearer, code, errors, send
from tests.http.partners import CREATE, REVOKE, VIEWER, Partner

# A token is believed for this long at most, and a little more.
NOTICED = 2.0
# As many requests at once, so that no more of them can find that the token has to be looked up.
AT_ONCE = 16
NO_COMPANY = "There is no active partner company with that id."
NO_TOKEN = "There is no partner token with that id."


def _wait_until_refused(partner: Partner, token: str) -> float:
    """How long after now the last request began that was still let in.

    By when a request begins: how long the machine takes to answer it isn't how long a token is believed.
    """
    started = began = time.monotonic()
    last = 0.0
    while partner.lets_in(token):
        last = began - started
        assert last < NOTICED + 1
        time.sleep(0.05)
        began = time.monotonic()
    return last


def _wait_until_noted(partner: Partner, issued: dict[str, Any]) -> None:
    """Waits until the use of a token is written, which happens beside its requests."""
    deadline = time.monotonic() + 20
    while partner.row(issued).last_used_on is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _refusal(partner: Partner) -> bytes:
    return ask(partner.gateway, VIEWER, token="forged").content


def _now(partner: Partner) -> datetime:
    return datetime.now(partner.gateway.settings.zone).replace(microsecond=0)


# --- issuing ------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_lets_its_partner_in(partner: Partner) -> None:
    issued = partner.issue(name="  CRM  ", scopes=["tickets:read", "leads:read", "leads:read"])
    assert issued["token"].startswith(issued["prefix"] + "_")
    assert partner.lets_in(issued["token"])
    row = partner.row(issued)
    assert issued["id"] == encode_id("PartnerToken", row.id)
    assert (row.partner_company_id, row.name, row.scopes) == (
        partner.company_id,
        "CRM",
        "leads:read,tickets:read",
    )
    admin = ask(partner.gateway, "{ viewer { user { databaseId } } }", token=partner.gateway.login("admin"))
    assert row.created_by == admin.json()["data"]["viewer"]["user"]["databaseId"]
    assert (row.revoked_on, row.cost_per_minute) == (None, partner.gateway.settings.partner_cost_per_minute)


def test_the_database_holds_a_hash_and_no_token(partner: Partner) -> None:
    issued = partner.issue()
    assert partner.lets_in(issued["token"])
    assert partner.row(issued).token_hash == hashed(issued["token"])
    secret = issued["token"].removeprefix(issued["prefix"])
    with partner.engine.begin() as connection:
        for name in ("gateway_partner_tokens", "all_session", "login_history", "logs", "partner_company"):
            held = [str(tuple(row)) for row in connection.execute(select(metadata.tables[name]))]
            assert not [row for row in held if secret in row or secret[1:20] in row], name


def test_a_token_lives_as_long_as_the_settings_say_or_as_asked(partner: Partner) -> None:
    before = _now(partner)
    by_default = datetime.fromisoformat(partner.issue()["expiresAt"])
    days = timedelta(days=partner.gateway.settings.partner_token_days)
    assert timedelta(0) <= by_default - before - days < timedelta(seconds=20)
    asked = (before + timedelta(days=5)).astimezone(None)
    issued = partner.issue(expiresAt=asked.isoformat())
    assert datetime.fromisoformat(issued["expiresAt"]) == asked
    # The estate's clock, without an offset.
    assert partner.row(issued).expires_at == asked.astimezone(partner.gateway.settings.zone).replace(
        tzinfo=None
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"scopes": []}, "`scopes` must be some of: companies:read, events:read, "),
        ({"scopes": ["leads:read", "leads:*"]}, "`scopes` must be some of: companies:read, "),
        ({"name": " "}, "`name` says what the token is for, in 1 to 128 printable characters."),
        ({"name": "x" * 129}, "`name` says what the token is for, in 1 to 128 printable characters."),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "`expiresAt` must be later than now, and no more than 3650"),
        ({"expiresAt": "9998-01-01T00:00:00Z"}, "`expiresAt` must be later than now, and no more than 3650"),
        ({"costPerMinute": 0}, "`costPerMinute` must be a number from 1 to 2147483647."),
        ({"partnerCompanyId": "7"}, "That is no id of this API: "),
        (
            {"partnerCompanyId": encode_id("Company", 1)},
            "That is the id of a Company, not of a PartnerCompany.",
        ),
    ],
)
def test_what_cannot_be_issued_is_said_and_leaves_no_row(
    embedded_partner: Partner, changed: dict[str, Any], said: str
) -> None:
    answer = embedded_partner.ask_for_token(**changed)
    (error,) = errors(answer)
    assert (error["extensions"]["code"], error["path"]) == ("BAD_USER_INPUT", ["createPartnerToken"])
    assert error["message"].startswith(said)
    assert embedded_partner.rows() == []


def test_a_company_that_is_not_there_or_not_active_is_not_found(partner: Partner) -> None:
    partner.change_company(active=False)
    for id_ in (partner.id, encode_id("PartnerCompany", 2**31 - 1)):
        (error,) = errors(partner.ask_for_token(partnerCompanyId=id_))
        assert (error["extensions"]["code"], error["message"]) == ("NOT_FOUND", NO_COMPANY)
    assert partner.rows() == []


@pytest.mark.parametrize("caller", ["manager", "salesperson", "warrior", "client"])
def test_only_admin_has_the_mutations_and_the_list(embedded_partner: Partner, caller: str) -> None:
    gateway = embedded_partner.gateway
    issued = embedded_partner.issue()
    given = {"partnerCompanyId": embedded_partner.id, "name": "x", "scopes": ["leads:read"]}
    token = gateway.login(caller)
    for query, variables in (
        (CREATE, {"input": given}),
        (REVOKE, {"id": issued["id"]}),
        ("{ partnerTokens { totalCount } }", {}),
        ("{ partnerToken(databaseId: 1) { prefix } }", {}),
    ):
        for asked in (token, issued["token"]):
            answer = ask(gateway, query, variables, token=asked)
            assert {error["extensions"]["code"] for error in errors(answer)} == {"GRAPHQL_VALIDATION_FAILED"}
            assert "data" not in answer.json()
    by_node = "query ($id: ID!) { node(id: $id) { id } }"
    assert ask(gateway, by_node, {"id": issued["id"]}, token=token).json() == {"data": {"node": None}}
    assert len(embedded_partner.rows()) == 1
    assert embedded_partner.lets_in(issued["token"])


def test_nobody_who_has_not_logged_in_issues_a_token(embedded_partner: Partner) -> None:
    given = {"partnerCompanyId": embedded_partner.id, "name": "x", "scopes": ["leads:read"]}
    answer = ask(embedded_partner.gateway, CREATE, {"input": given})
    assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")
    assert embedded_partner.rows() == []


# --- the list -----------------------------------------------------------------------------------------------

LIST = """
query ($prefix: String!) {
  partnerTokens(where: { prefix: { eq: $prefix } }) {
    totalCount
    nodes {
      id name prefix scopes costPerMinute createdOn expiresAt revokedOn lastUsedOn
      partnerCompany { partnerName } createdBy { username }
    }
  }
}
"""


def test_admin_lists_tokens_with_their_last_use(partner: Partner) -> None:
    issued = partner.issue(name="CRM", scopes=["leads:read", "files:read"], costPerMinute=77)
    admin = partner.gateway.login("admin")
    used = _now(partner)
    assert partner.lets_in(issued["token"])
    _wait_until_noted(partner, issued)
    (node,) = ask(partner.gateway, LIST, {"prefix": issued["prefix"]}, token=admin).json()["data"][
        "partnerTokens"
    ]["nodes"]
    for name in ("createdOn", "lastUsedOn"):
        assert abs(datetime.fromisoformat(node.pop(name)) - used) < timedelta(seconds=20), name
    assert node == {
        "id": issued["id"],
        "name": "CRM",
        "prefix": issued["prefix"],
        "scopes": ["files:read", "leads:read"],
        "costPerMinute": 77,
        "expiresAt": issued["expiresAt"],
        "revokedOn": None,
        "partnerCompany": {"partnerName": "Sāthī & Söhne"},
        "createdBy": {"username": "admin"},
    }


def test_a_prefix_is_found_exactly_as_it_is_written(partner: Partner) -> None:
    issued = partner.issue()
    admin = partner.gateway.login("admin")
    counts = [
        ask(partner.gateway, LIST, {"prefix": prefix}, token=admin).json()["data"]["partnerTokens"][
            "totalCount"
        ]
        for prefix in (
            issued["prefix"],
            issued["prefix"].swapcase(),
            issued["prefix"] + " ",
            issued["prefix"][:-1] + "é",
        )
    ]
    assert counts == [1, 0, 0, 0]


def test_prefixes_that_differ_in_case_alone_are_two_tokens(partner: Partner) -> None:
    first, second = partner.issue(), partner.issue()
    partner.change(second, prefix=first["prefix"].swapcase())
    assert {row.prefix for row in partner.rows()} == {first["prefix"], first["prefix"].swapcase()}
    assert partner.lets_in(first["token"])


def test_a_name_of_a_scope_that_means_nothing_today_is_not_shown(embedded_partner: Partner) -> None:
    issued = embedded_partner.issue()
    embedded_partner.change(issued, scopes="leads:read,leads:everything, *")
    admin = embedded_partner.gateway.login("admin")
    answer = ask(embedded_partner.gateway, LIST, {"prefix": issued["prefix"]}, token=admin).json()
    assert answer["data"]["partnerTokens"]["nodes"][0]["scopes"] == ["leads:read"]
    mine = ask(embedded_partner.gateway, "{ viewer { scopes } }", token=issued["token"]).json()
    assert mine == {"data": {"viewer": {"scopes": ["leads:read"]}}}


# --- what is refused, and that nothing tells one reason from another ---------------------------------------


def _with_checksum(body: str) -> str:
    return body + checksum(body)


def test_every_bad_token_is_refused_with_the_same_bytes(partner: Partner) -> None:
    expected = _refusal(partner)
    good = partner.issue()
    text, prefix = good["token"], good["prefix"]
    secret = text[len(prefix) + 1 : -6]
    expired, revoked, of_text = partner.issue(), partner.issue(), partner.issue()
    partner.change(expired, expires_at=_now(partner).replace(tzinfo=None))
    partner.change(revoked, revoked_on=_now(partner).replace(tzinfo=None))
    partner.change(of_text, token_hash="ünicode" if partner.gateway.name == "embedded" else "")
    swapped = "ipgw_" + prefix[5:].swapcase()
    bad = {
        "unknown": new_token().text,
        "the mark alone": "ipgw_",
        "the prefix alone": prefix,
        "the hash": hashed(text),
        "the hash as a secret": _with_checksum(f"{prefix}_{hashed(text)[7:39]}"),
        "an edited secret": _with_checksum(f"{prefix}_{secret[:-1]}{'b' if secret[-1] == 'a' else 'a'}"),
        "an edited secret, not its checksum": text[:20] + ("b" if text[20] == "a" else "a") + text[21:],
        "a secret in the other case": _with_checksum(f"{prefix}_{secret.swapcase()}"),
        "a prefix in the other case": _with_checksum(f"{swapped}_{secret}"),
        "a mark in capitals": text.replace("ipgw", "IPGW"),
        "the secret of another": _with_checksum(f"{partner.issue()['prefix']}_{secret}"),
        "longer": text + "0",
        "much longer": text + "0" * 5_000,
        "shorter": text[:-1],
        "two": f"{text} {text}",
        "expired": expired["token"],
        "revoked": revoked["token"],
        "without a hash": of_text["token"],
    }
    for name, token in bad.items():
        answer = ask(partner.gateway, VIEWER, token=token)
        assert (answer.status_code, answer.content) == (401, expected), name
    partner.change_company(active=False)
    time.sleep(partner.gateway.settings.session_cache_seconds)
    assert ask(partner.gateway, VIEWER, token=text).content == expected
    partner.change_company(active=None)
    assert ask(partner.gateway, VIEWER, token=text).content == expected
    partner.change_company(active=True)
    # Without this, the others might have been refused for another reason.
    assert partner.lets_in(text)


def test_a_changed_character_is_refused_before_any_database_is_asked(embedded_partner: Partner) -> None:
    text = embedded_partner.issue()["token"]
    expected = _refusal(embedded_partner)
    with embedded_partner.gateway.counted() as statements:
        for place, character in enumerate(text):
            other = "x" if character != "x" else "y"
            answer = ask(embedded_partner.gateway, VIEWER, token=text[:place] + other + text[place + 1 :])
            assert (answer.status_code, answer.content) == (401, expected), place
    assert statements == []


def test_a_token_is_taken_nowhere_but_in_its_header(embedded_partner: Partner) -> None:
    gateway, token = embedded_partner.gateway, embedded_partner.issue()["token"]
    refresh = "mutation ($t: String!) { refreshSession(refreshToken: $t) { accessToken } }"
    (error,) = errors(ask(gateway, refresh, {"t": token}))
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    by_url = send(gateway, "GET", address=f"/graphql?query={{viewer{{role}}}}&token={token}")
    assert by_url.json() == {"data": {"viewer": None}}
    assert send(gateway, headers={"authorization": f"Basic {token}"}).status_code == 401


def test_a_partner_has_no_session_to_end(embedded_partner: Partner) -> None:
    issued = embedded_partner.issue()
    answer = ask(embedded_partner.gateway, "mutation { logout }", token=issued["token"]).json()
    assert answer.get("data", {}).get("logout") is not True
    assert embedded_partner.lets_in(issued["token"])


# --- the end of a token -------------------------------------------------------------------------------------


def test_a_revoked_token_ends_at_once_and_a_second_time_changes_nothing(partner: Partner) -> None:
    issued, other = partner.issue(), partner.issue()
    assert partner.lets_in(issued["token"])
    assert partner.revoke(issued["id"]).json() == {"data": {"revokePartnerToken": True}}
    assert not partner.lets_in(issued["token"])
    revoked_on = partner.row(issued).revoked_on
    assert abs(revoked_on - _now(partner).replace(tzinfo=None)) < timedelta(seconds=20)
    assert partner.revoke(issued["id"]).json() == {"data": {"revokePartnerToken": False}}
    assert partner.row(issued).revoked_on == revoked_on
    assert partner.row(other).revoked_on is None
    assert partner.lets_in(other["token"])


def test_what_is_no_token_cannot_be_revoked(partner: Partner) -> None:
    (unknown,) = errors(partner.revoke(encode_id("PartnerToken", 2**31 - 1)))
    assert (unknown["extensions"]["code"], unknown["message"]) == ("NOT_FOUND", NO_TOKEN)
    for id_ in ("", "1", partner.id, encode_id("PartnerToken", "x")):
        (error,) = errors(partner.revoke(id_))
        assert error["extensions"]["code"] == "BAD_USER_INPUT", id_


def test_a_token_that_another_worker_revoked_is_noticed(partner: Partner) -> None:
    issued = partner.issue()
    assert partner.lets_in(issued["token"])
    partner.change(issued, revoked_on=_now(partner).replace(tzinfo=None))
    assert _wait_until_refused(partner, issued["token"]) <= NOTICED


def test_a_company_made_inactive_is_noticed(partner: Partner) -> None:
    issued = partner.issue()
    assert partner.lets_in(issued["token"])
    partner.change_company(active=False)
    assert _wait_until_refused(partner, issued["token"]) <= NOTICED


def test_a_token_ends_when_it_said_though_it_has_just_been_believed(embedded_partner: Partner) -> None:
    ends = _now(embedded_partner) + timedelta(seconds=4)
    issued = embedded_partner.issue(expiresAt=ends.isoformat())
    believed = 0
    while True:
        # Asked all the time, so that it has just been believed whenever it ends.
        asked = datetime.now(ends.tzinfo)
        if not embedded_partner.lets_in(issued["token"]):
            break
        assert asked < ends
        believed += 1
        time.sleep(0.02)
    assert datetime.now(ends.tzinfo) >= ends
    assert believed > 0


def test_a_token_goes_with_its_company(partner: Partner) -> None:
    issued = partner.issue()
    with partner.engine.begin() as connection:
        if partner.gateway.name == "embedded":
            connection.exec_driver_sql("pragma foreign_keys = on")
        connection.execute(partner_company.delete().where(partner_company.c.id == partner.company_id))
    assert partner.rows() == []
    assert _wait_until_refused(partner, issued["token"]) <= NOTICED


# --- its use ------------------------------------------------------------------------------------------------


def test_many_at_once_are_let_in_and_the_use_is_written_once(embedded_partner: Partner) -> None:
    gateway, issued = embedded_partner.gateway, embedded_partner.issue()
    body = json.dumps({"query": VIEWER}).encode()

    def let_in(_: int) -> int:
        return send(gateway, body=body, headers=bearer(issued["token"])).status_code

    with gateway.counted() as statements, ThreadPoolExecutor(AT_ONCE) as threads:
        started = time.monotonic()
        assert set(threads.map(let_in, range(80))) == {200}
        seconds = time.monotonic() - started
        _wait_until_noted(embedded_partner, issued)
    written = [item for item in statements if item.text.lower().startswith("update")]
    assert len(written) == 1
    assert "last_used_on" in written[0].text
    # One check holds for all that come within a second, except for those that are under way meanwhile.
    asked = [item for item in statements if "token_hash" in item.text]
    assert len(asked) <= AT_ONCE * (1 + seconds // gateway.settings.session_cache_seconds)


def test_a_use_that_cannot_be_written_costs_the_request_nothing(embedded_partner: Partner) -> None:
    issued = embedded_partner.issue()
    path = make_url(embedded_partner.gateway.settings.iperform_dsn).database
    assert path is not None
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        # Whoever writes now waits for this one.
        other.execute("begin immediate")
        started = time.monotonic()
        assert embedded_partner.lets_in(issued["token"])
        # As long as nobody gives up: SQLite waits five seconds for a lock.
        assert time.monotonic() - started < 4
        other.execute("rollback")


def test_no_answer_and_no_metric_holds_a_token(embedded_partner: Partner) -> None:
    gateway, issued = embedded_partner.gateway, embedded_partner.issue()
    token = issued["token"]
    asked = (
        "{ viewer { role } nonsense }",
        "{ leads(first: -1) { nodes { id } } }",
        "query ($a: Int!) { lead(databaseId: $a) { id } }",
        '{ node(id: "x") { id } }',
    )
    answers = [ask(gateway, query, token=token).text for query in asked]
    answers += [
        send(gateway, headers={"accept": GRAPHQL, **bearer(token)}).text,
        gateway.client.get("/metrics", headers=bearer(token)).text,
        gateway.client.get("/schema.graphql", headers=bearer(token)).text,
        gateway.client.get("/readyz", headers=bearer(token)).text,
    ]
    secret = token.removeprefix(issued["prefix"])
    assert not [text for text in answers if secret in text or issued["prefix"] in text]
