"""Logging in, renewing and ending a session, and what the database holds of it, on every estate."""

from __future__ import annotations

import hashlib
import json
import re
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import bcrypt
import httpx
import jwt
import pytest

from datasources.iperform.tables import all_session, login_history, session_info
from gateway.auth.passwords import NOBODYS
from tests.gateways import RunningGateway
from tests.http.accounts import PASSWORD, Account, account_in
from tests.http.asking import ask, errors

LOGIN = """
mutation ($u: String!, $p: String!) {
  login(username: $u, password: $p) { accessToken refreshToken expiresAt viewer { role user { username } } }
}
"""
REFRESH = (
    "mutation ($t: String!) { refreshSession(refreshToken: $t) { accessToken refreshToken viewer { role } } }"
)
VIEWER = "{ viewer { role } }"
WRONG = "The user name or the password is wrong."
GONE = "Log in: the token is missing, or no longer good."
# A session is believed for this long at most, and a little more.
NOTICED = 2.0


@pytest.fixture
def account(every_gateway: RunningGateway) -> Iterator[Account]:
    """An account of nobody else's, in each estate."""
    with account_in(every_gateway, "Élodie.Test") as made:
        yield made


def _login(gateway: RunningGateway, name: str, password: str = PASSWORD) -> httpx.Response:
    return ask(gateway, LOGIN, {"u": name, "p": password})


def _session(account: Account) -> dict[str, Any]:
    answer: dict[str, Any] = _login(account.gateway, account.name).json()
    assert "errors" not in answer, answer
    session: dict[str, Any] = answer["data"]["login"]
    return session


def _refresh(gateway: RunningGateway, token: str) -> httpx.Response:
    return ask(gateway, REFRESH, {"t": token})


def _role(gateway: RunningGateway, token: str) -> str | None:
    """The caller's role; None where the token is no longer good."""
    answer = ask(gateway, VIEWER, token=token)
    if answer.status_code == 401:
        assert errors(answer)[0]["message"] == GONE
        return None
    role: str = answer.json()["data"]["viewer"]["role"]
    return role


def _wait_for(gateway: RunningGateway, token: str, role: str | None) -> float:
    """How long after now the last request began for which the token didn't stand for this role yet.

    By when a request begins: how long the machine takes to answer it isn't how long a session is believed.
    """
    started = began = time.monotonic()
    last = 0.0
    while _role(gateway, token) != role:
        last = began - started
        assert last < NOTICED + 1
        time.sleep(0.05)
        began = time.monotonic()
    return last


def test_login_gives_a_session_and_the_database_holds_no_token(account: Account) -> None:
    session = _session(account)
    assert session["viewer"] == {"role": "SALESPERSON", "user": {"username": "Élodie.Test"}}
    assert _role(account.gateway, session["accessToken"]) == "SALESPERSON"
    (row,) = account.rows(all_session)
    nonce = jwt.decode(session["refreshToken"], options={"verify_signature": False})["jti"]
    assert row.token == "sha256:" + hashlib.sha256(nonce.encode()).hexdigest()
    held = " ".join(str(value) for value in row)
    assert not [token for token in (session["accessToken"], session["refreshToken"], nonce) if token in held]
    assert (row.active, row.ip_address, row.device_info) == (True, "127.0.0.1", "")
    assert (
        row.session_end - row.session_start
    ).total_seconds() == account.gateway.settings.refresh_token_seconds


def test_login_is_written_down_and_counted(account: Account) -> None:
    for _ in range(3):
        _session(account)
    assert [row.logout_on for row in account.rows(login_history)] == [None] * 3
    (counted,) = account.rows(session_info)
    assert counted.no_of_logins == 3
    assert counted.last_login == account.rows(login_history)[-1].login_on


def test_a_failed_login_leaves_no_row(account: Account) -> None:
    assert errors(_login(account.gateway, account.name, "wrong"))[0]["message"] == WRONG
    assert [account.rows(table) for table in (all_session, login_history, session_info)] == [[], [], []]


def test_the_user_agent_is_kept_as_far_as_it_fits(account: Account) -> None:
    body = {"query": LOGIN, "variables": {"u": account.name, "p": PASSWORD}}
    # Nobody in front of the gateway is trusted here, so nobody says where a request comes from.
    headers = {"user-agent": "x" * 3_000, "x-forwarded-for": "203.0.113.6"}
    answer = account.gateway.post(body, headers=headers)
    assert "errors" not in answer.json()
    (row,) = account.rows(all_session)
    assert (len(row.device_info), len(row.user_agent), row.ip_address) == (255, 2_000, "127.0.0.1")


# --- what is refused, and that nothing tells one reason from another ---------------------------------------


def test_every_failed_login_gives_the_same_bytes(account: Account) -> None:
    gateway, name = account.gateway, account.name
    expected = _login(gateway, name, "wrong")
    assert expected.status_code == 200
    (error,) = errors(expected)
    assert (error["extensions"]["code"], error["message"], error["path"]) == (
        "UNAUTHENTICATED",
        WRONG,
        ["login"],
    )
    assert expected.json()["data"] is None
    attempts = [
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("", ""),
        (name, ""),
        (name, PASSWORD + " "),
        (name, PASSWORD.upper()),
        (name, "x" * 73),
        (name, "x" * 100_000),
        (name, "\0"),
        (name, PASSWORD + "\0"),
        (name, PASSWORD + "\0more"),
        # The name is exact: MySQL would take each of these for the account's.
        (name.upper(), PASSWORD),
        (name.lower(), PASSWORD),
        ("Elodie.Test", PASSWORD),
        (name + " ", PASSWORD),
        (" " + name, PASSWORD),
        (name + "\0", PASSWORD),
        ("E\u0301lodie.Test", PASSWORD),
        (name * 100, PASSWORD),
        ("x" * 100_000, PASSWORD),
        ("' or '1'='1", "' or '1'='1"),
        ("%", PASSWORD),
        ("\U0001f600", "\U0001f600"),
    ]
    for attempt in attempts:
        assert _login(gateway, *attempt).content == expected.content, attempt


def test_inactive_accounts_and_roles_that_grant_nothing_cannot_log_in(every_gateway: RunningGateway) -> None:
    expected = _login(every_gateway, "nobody").content
    with account_in(every_gateway, "inactive", active=False) as account:
        assert _login(every_gateway, account.name).content == expected
        account.change(active=None)
        assert _login(every_gateway, account.name).content == expected
        account.change(active=True)
        assert "errors" not in _login(every_gateway, account.name).json()


def test_clients_log_in_too(every_gateway: RunningGateway) -> None:
    with account_in(every_gateway, "of-a-client", role_name="USER") as account:
        assert _session(account)["viewer"]["role"] == "USER"


@pytest.mark.parametrize(
    ("password", "hashed"),
    [
        ("demo", bcrypt.hashpw(b"demo", bcrypt.gensalt(4, prefix=b"2a"))),
        ("demo", bcrypt.hashpw(b"demo", bcrypt.gensalt(4)).replace(b"$2b$", b"$2y$")),
        ("x" * 72, bcrypt.hashpw(b"x" * 72, bcrypt.gensalt(4))),
        ("पासवर्ड 密码 🔑", bcrypt.hashpw("पासवर्ड 密码 🔑".encode(), bcrypt.gensalt(4))),
    ],
    ids=["2a", "2y", "72 bytes", "Unicode"],
)
def test_the_estates_hashes_are_understood(gateway: RunningGateway, password: str, hashed: bytes) -> None:
    with account_in(gateway, "hashed", password_hash=hashed.decode()):
        assert "errors" not in _login(gateway, "hashed", password).json()
        assert errors(_login(gateway, "hashed", password + "x"))[0]["message"] == WRONG


@pytest.mark.parametrize(
    "stored",
    ["", "demo", "$2b$", "$2b$04$short", "$2x$04$" + "a" * 53, "$argon2id$v=19$x", "*" * 60, NOBODYS],
)
def test_a_stored_password_that_is_no_hash_lets_nobody_in(gateway: RunningGateway, stored: str) -> None:
    with account_in(gateway, "odd", password_hash=stored or " "):
        for password in ("", " ", "-", "demo", stored):
            assert errors(_login(gateway, "odd", password))[0]["message"] == WRONG


def test_each_failed_login_takes_the_time_of_a_hash(gateway: RunningGateway) -> None:
    # The estate's own cost: an account of the demo, and one that doesn't exist.
    attempts = (("admin", "wrong"), ("nobody", "wrong"), ("admin", "x" * 100))
    times: dict[tuple[str, str], list[float]] = {attempt: [] for attempt in attempts}
    # By turns, so that whatever else the machine does slows all of them down.
    for _ in range(7):
        for attempt in attempts:
            started = time.perf_counter()
            _login(gateway, *attempt)
            times[attempt].append(time.perf_counter() - started)
    known, unknown, long = map(statistics.median, times.values())
    assert max(known, unknown, long) < 3 * min(known, unknown, long)


# --- renewing -----------------------------------------------------------------------------------------------


def test_a_refresh_renews_both_tokens_and_the_row(account: Account) -> None:
    first = _session(account)
    second = _refresh(account.gateway, first["refreshToken"]).json()["data"]["refreshSession"]
    assert second["viewer"]["role"] == "SALESPERSON"
    assert (
        len({first["accessToken"], first["refreshToken"], second["accessToken"], second["refreshToken"]}) == 4
    )
    (row,) = account.rows(all_session)
    nonce = jwt.decode(second["refreshToken"], options={"verify_signature": False})["jti"]
    assert row.token == "sha256:" + hashlib.sha256(nonce.encode()).hexdigest()
    # Both access tokens are of the one session, and it lives.
    assert [_role(account.gateway, token["accessToken"]) for token in (first, second)] == ["SALESPERSON"] * 2
    assert len(account.rows(login_history)) == 1


def test_a_refresh_token_used_twice_ends_the_session(account: Account) -> None:
    first = _session(account)
    second = _refresh(account.gateway, first["refreshToken"]).json()["data"]["refreshSession"]
    (error,) = errors(_refresh(account.gateway, first["refreshToken"]))
    assert (error["extensions"]["code"], error["message"]) == ("UNAUTHENTICATED", GONE)
    assert _role(account.gateway, second["accessToken"]) is None
    assert errors(_refresh(account.gateway, second["refreshToken"]))[0]["message"] == GONE
    assert account.rows(all_session)[0].active is False
    assert account.rows(login_history)[0].logout_on is not None


def test_of_two_refreshes_at_once_at_most_one_is_good(account: Account) -> None:
    token = _session(account)["refreshToken"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: _refresh(account.gateway, token).json(), range(8)))
    assert len([answer for answer in answers if "errors" not in answer]) == 1
    assert account.rows(all_session)[0].active is False


def test_one_kind_of_token_does_not_stand_in_for_the_other(account: Account) -> None:
    session = _session(account)
    assert _role(account.gateway, session["refreshToken"]) is None
    assert errors(_refresh(account.gateway, session["accessToken"]))[0]["message"] == GONE
    assert _role(account.gateway, session["accessToken"]) == "SALESPERSON"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "\0", "x" * 100_000])
def test_rubbish_refreshes_nothing(gateway: RunningGateway, token: str) -> None:
    (error,) = errors(_refresh(gateway, token))
    assert (error["extensions"]["code"], error["message"]) == ("UNAUTHENTICATED", GONE)


# --- ending -------------------------------------------------------------------------------------------------


def test_logout_ends_the_session_at_once(account: Account) -> None:
    session, other = _session(account), _session(account)
    token = session["accessToken"]
    assert _role(account.gateway, token) == "SALESPERSON"
    assert ask(account.gateway, "mutation { logout }", token=token).json() == {"data": {"logout": True}}
    assert _role(account.gateway, token) is None
    assert errors(_refresh(account.gateway, session["refreshToken"]))[0]["message"] == GONE
    assert ask(account.gateway, "mutation { logout }", token=token).status_code == 401
    # Another session of the same account goes on.
    assert _role(account.gateway, other["accessToken"]) == "SALESPERSON"
    assert [row.active for row in account.rows(all_session)] == [False, True]
    assert [row.logout_on is None for row in account.rows(login_history)] == [False, True]


def test_logout_of_nobody_is_false(gateway: RunningGateway) -> None:
    assert ask(gateway, "mutation { logout }").json() == {"data": {"logout": False}}


def test_a_session_that_another_worker_ended_is_noticed(account: Account) -> None:
    token = _session(account)["accessToken"]
    assert _role(account.gateway, token) == "SALESPERSON"
    with account.engine.begin() as connection:
        connection.execute(
            all_session.update().where(all_session.c.user_id == account.id).values(active=False)
        )
    assert _wait_for(account.gateway, token, None) <= NOTICED


def test_a_session_past_its_end_is_noticed(account: Account) -> None:
    token = _session(account)["accessToken"]
    with account.engine.begin() as connection:
        ended = all_session.c.session_start
        connection.execute(
            all_session.update().where(all_session.c.user_id == account.id).values(session_end=ended)
        )
    assert _wait_for(account.gateway, token, None) <= NOTICED


def test_an_account_made_inactive_is_noticed(account: Account) -> None:
    session = _session(account)
    assert _role(account.gateway, session["accessToken"]) == "SALESPERSON"
    account.change(active=False)
    assert _wait_for(account.gateway, session["accessToken"], None) <= NOTICED
    assert errors(_refresh(account.gateway, session["refreshToken"]))[0]["message"] == GONE


def test_a_changed_role_is_noticed_and_so_is_its_schema(account: Account) -> None:
    token = _session(account)["accessToken"]
    assert _role(account.gateway, token) == "SALESPERSON"
    account.become("ADMIN")
    assert _wait_for(account.gateway, token, "ADMIN") <= NOTICED
    everything = ask(account.gateway, "{ leads { totalCount } }", token=token).json()["data"]["leads"][
        "totalCount"
    ]
    assert everything > 4_000
    account.become("WARRIOR")
    assert _wait_for(account.gateway, token, "WARRIOR") <= NOTICED
    assert ask(account.gateway, "{ leads { totalCount } }", token=token).json() == {
        "data": {"leads": {"totalCount": 0}}
    }


# --- nobody -------------------------------------------------------------------------------------------------


def test_nobody_asking_for_what_there_is_must_log_in(gateway: RunningGateway) -> None:
    for query in ("{ leads { totalCount } }", '{ node(id: "x") { id } }', "{ __typename eventCursor }"):
        answer = ask(gateway, query)
        (error,) = errors(answer)
        assert answer.status_code == 401
        assert (error["extensions"]["code"], error["message"]) == (
            "UNAUTHENTICATED",
            "Log in to ask for this.",
        )
        assert "data" not in answer.json()


def test_nobody_asking_for_nonsense_is_told_so_without_a_hint(gateway: RunningGateway) -> None:
    for query in (
        "{ lead5 }",
        "{ leads { totalCoun } }",
        "{ leadz { id } }",
        "{ viewer { user { passwort } } }",
    ):
        (error, *_) = errors(ask(gateway, query))
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert not re.search(r"Did you mean '(?!viewer|role|user)", error["message"])


def test_suggestions_name_nothing_that_a_role_does_not_have(gateway: RunningGateway) -> None:
    # `requestLogs` and `users` are there for ADMIN; the first is not for a salesperson.
    query = "{ requestLog5 { id } user5 { id } }"
    admin = json.dumps(errors(ask(gateway, query, token=gateway.login("admin"))))
    salesperson = json.dumps(errors(ask(gateway, query, token=gateway.login("salesperson"))))
    assert "requestLog'" in admin or "requestLogs'" in admin
    assert "requestLog'" not in salesperson
    assert "requestLogs'" not in salesperson


def test_who_has_just_logged_in_reads_as_themselves_and_no_further(account: Account) -> None:
    query = LOGIN.replace("viewer {", "viewer { scopes permissions allowedLeadStatuses")
    answer = ask(account.gateway, query, {"u": account.name, "p": PASSWORD}).json()
    assert answer["data"]["login"]["viewer"]["user"] == {"username": account.name}
    beyond = LOGIN.replace("user { username }", "user { username warrior { leads { totalCount } } }")
    (error, *_) = errors(ask(account.gateway, beyond, {"u": account.name, "p": PASSWORD}))
    assert error["extensions"]["code"] in {"UNAUTHENTICATED", "GRAPHQL_VALIDATION_FAILED"}
