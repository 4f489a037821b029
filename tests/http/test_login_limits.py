"""Attempts to log in are limited by account and by address, by all workers together where there is a Redis; and nobody
locks somebody else out by guessing wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import bcrypt
import httpx
import pytest

from gateway.auth import throttle as module
from gateway.auth.throttle import LoginThrottle
from gateway.errors import GatewayError
from tests.gateways import RunningGateway, running
from tests.http.asking import errors
from tests.servers.redis import RedisServer

LOGIN = "mutation ($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken } }"
HOME, AWAY = "198.51.100.7", "203.0.113.9"
TOO_MANY = "Too many attempts to log in; try again in a few minutes."


@pytest.fixture
def limited(gateway: RunningGateway) -> Iterator[RunningGateway]:
    """A gateway that takes five attempts for an account from an address, twelve from strange addresses together, and
    forty from an address; it stands behind a proxy."""
    settings = replace(
        gateway.settings,
        login_attempts_per_account=5,
        login_attempts_per_account_elsewhere=12,
        login_attempts_per_address=40,
        trusted_proxies=1,
    )
    with running(settings, "limited") as started:
        yield started


def _login(
    gateway: RunningGateway, name: str, password: str = "wrong", *, address: str = HOME
) -> httpx.Response:
    body = {"query": LOGIN, "variables": {"u": name, "p": password}}
    return gateway.post(body, headers={"x-forwarded-for": address})


def _code(answer: httpx.Response) -> str | None:
    found = answer.json().get("errors")
    return None if found is None else str(found[0]["extensions"]["code"])


def test_an_account_is_locked_alike_whether_it_exists_or_not(limited: RunningGateway) -> None:
    answers = {name: [_login(limited, name).content for _ in range(8)] for name in ("admin", "nobody")}
    assert answers["admin"] == answers["nobody"]
    assert len(set(answers["admin"][:5])) == 1
    assert answers["admin"][4] != answers["admin"][5]
    last = _login(limited, "admin", "demo")
    (error,) = errors(last)
    assert (last.status_code, error["message"], error["path"]) == (200, TOO_MANY, ["login"])
    assert error["extensions"] == {"code": "THROTTLED", "requestId": "request-of-a-test", "retryable": True}
    # Another account isn't.
    assert "errors" not in _login(limited, "manager", "demo").json()


def test_spellings_of_a_name_that_a_database_may_take_for_one_count_together(limited: RunningGateway) -> None:
    for name in ("Admin", "ADMIN", "admin ", " admin", "aDmIn"):
        _login(limited, name)
    assert errors(_login(limited, "admin", "demo"))[0]["message"] == TOO_MANY


def test_a_hundred_logins_in_one_request_are_a_hundred_attempts(
    limited: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[bytes] = []
    check = bcrypt.checkpw

    def counted(password: bytes, stored: bytes) -> bool:
        hashed.append(password)
        return check(password, stored)

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    fields = " ".join(
        f'a{n}: login(username: "admin", password: "{n}") {{ accessToken }}' for n in range(100)
    )
    # `login` never gives null, so that the first failure is the end of the whole answer.
    answer = limited.post({"query": f"mutation {{ {fields} }}"}, headers={"x-forwarded-for": HOME})
    assert answer.json()["data"] is None
    assert {error["extensions"]["code"] for error in errors(answer)} <= {"UNAUTHENTICATED", "THROTTLED"}
    # However many of them were executed: no more than the limit were compared with the password, one after the other.
    tried = len(hashed)
    assert hashed == [str(n).encode() for n in range(tried)]
    assert 1 <= tried <= 5
    while _code(_login(limited, "admin")) != "THROTTLED":
        tried += 1
    assert tried == 5 == len(hashed)
    # Right ones count as well.
    good = " ".join(
        f'a{n}: login(username: "warrior", password: "demo") {{ accessToken }}' for n in range(100)
    )
    answer = limited.post({"query": f"mutation {{ {good} }}"}, headers={"x-forwarded-for": HOME})
    (error,) = errors(answer)
    assert (error["path"], error["extensions"]["code"]) == (["a5"], "THROTTLED")
    assert len(hashed) == 10


def test_an_address_is_locked_however_many_accounts_it_tries(limited: RunningGateway) -> None:
    codes = [errors(_login(limited, f"nobody{number}"))[0]["extensions"]["code"] for number in range(45)]
    assert codes == ["UNAUTHENTICATED"] * 40 + ["THROTTLED"] * 5
    assert errors(_login(limited, "admin", "demo"))[0]["message"] == TOO_MANY


# --- nobody is locked out by others ---------------------------------------------------------------------------


def test_wrong_passwords_lock_an_account_for_their_own_address_alone(limited: RunningGateway) -> None:
    codes = [_code(_login(limited, "manager2", address=AWAY)) for _ in range(7)]
    assert codes == ["UNAUTHENTICATED"] * 5 + ["THROTTLED"] * 2
    assert _code(_login(limited, "manager2", "demo", address=AWAY)) == "THROTTLED"
    # The owner has never been here before, and gets in all the same.
    assert _code(_login(limited, "manager2", "demo", address=HOME)) is None


def test_many_addresses_lock_an_account_except_where_it_is_used_from(limited: RunningGateway) -> None:
    assert _code(_login(limited, "client", "demo", address=HOME)) is None
    for name in ("client", "nobody"):
        # The good login from home was one of the account's, and took its place.
        taken = 11 if name == "client" else 12
        codes = [_code(_login(limited, name, address=f"203.0.113.{number}")) for number in range(15)]
        assert codes == ["UNAUTHENTICATED"] * taken + ["THROTTLED"] * (15 - taken)
    assert _code(_login(limited, "client", "demo", address=AWAY)) == "THROTTLED"
    # From home it still can't be guessed at more often than from anywhere.
    assert [_code(_login(limited, "client", "demo", address=HOME)) for _ in range(4)] == [None] * 4
    assert _code(_login(limited, "client", "demo", address=HOME)) == "THROTTLED"


def test_an_attempt_past_one_limit_does_not_count_towards_the_next(limited: RunningGateway) -> None:
    # One address alone can't use up what all addresses have together.
    for _ in range(30):
        _login(limited, "warrior2", address=AWAY)
    codes = [_code(_login(limited, "warrior2", address=f"203.0.113.{number}")) for number in range(100, 108)]
    assert codes == ["UNAUTHENTICATED"] * 7 + ["THROTTLED"]


def test_a_locked_account_looks_like_one_that_does_not_exist(limited: RunningGateway) -> None:
    answers = {
        name: [_login(limited, name, address=f"192.0.2.{number // 2}").content for number in range(20)]
        for name in ("salesperson2", "nobody at all")
    }
    assert answers["salesperson2"] == answers["nobody at all"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("2001:db8:1:2::1", "2001:0DB8:0001:0002:0:0:0:9"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
    ],
)
async def test_addresses_of_one_owner_count_as_one(first: str, second: str) -> None:
    throttle = _throttle("memory:", per_account=3)
    assert await _allowed(throttle, "somebody", 2, address=first) == 2
    assert await _allowed(throttle, "somebody", 2, address=second) == 1


@pytest.mark.parametrize(
    "other", ["2001:db8:1:3::1", "192.0.2.2", "::ffff:192.0.2.2", "", "unknown", "x" * 9_000]
)
async def test_addresses_of_others_count_for_themselves(other: str) -> None:
    throttle = _throttle("memory:", per_account=3)
    for address in ("2001:db8:1:2::1", "192.0.2.1"):
        assert await _allowed(throttle, "somebody", 4, address=address) == 3
    assert await _allowed(throttle, "somebody", 4, address=other) == 3


async def test_only_a_good_login_makes_an_address_known() -> None:
    throttle = _throttle("memory:", per_account=100, elsewhere=4)
    assert await _allowed(throttle, "somebody", 6) == 4
    await throttle.succeeded(account="somebody", address="192.0.2.1")
    assert await _allowed(throttle, "Somebody ", 6) == 6
    assert await _allowed(throttle, "somebody", 6, address="192.0.2.2") == 0
    await throttle.succeeded(account="else", address="192.0.2.2")
    assert await _allowed(throttle, "somebody", 6, address="192.0.2.2") == 0


# --- where it is counted ----------------------------------------------------------------------------------------


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is waited for however long it takes: for a test of what it counts, not of doing without it."""
    monkeypatch.setattr(module, "REDIS_SECONDS", 30.0)


def _throttle(dsn: str, *, per_account: int, elsewhere: int = 1_000) -> LoginThrottle:
    return LoginThrottle(dsn, per_account=per_account, per_account_elsewhere=elsewhere, per_address=1_000)


async def _allowed(throttle: LoginThrottle, name: str, attempts: int, *, address: str = "192.0.2.1") -> int:
    allowed = 0
    for _ in range(attempts):
        with suppress(GatewayError):
            await throttle.count(account=name, address=address)
            allowed += 1
    return allowed


@pytest.mark.usefixtures("patient")
async def test_workers_know_by_redis_where_an_account_is_used_from(redis_server: RedisServer) -> None:
    workers = [_throttle(redis_server.dsn(), per_account=100, elsewhere=2) for _ in range(2)]
    assert await _allowed(workers[0], "known to two workers", 4) == 2
    await workers[0].succeeded(account="known to two workers", address="192.0.2.1")
    assert await _allowed(workers[1], "known to two workers", 4) == 4
    assert await _allowed(workers[1], "known to two workers", 4, address="192.0.2.2") == 0


@pytest.mark.usefixtures("patient")
async def test_workers_count_together_by_redis(redis_server: RedisServer) -> None:
    workers = [_throttle(redis_server.dsn(), per_account=5) for _ in range(2)]
    assert await _allowed(workers[0], "of two workers", 3) == 3
    assert await _allowed(workers[1], "of two workers", 5) == 2
    assert await _allowed(workers[0], "of two workers", 1) == 0


async def test_without_redis_each_process_counts_for_itself() -> None:
    throttle = _throttle("redis://127.0.0.1:1/0", per_account=5)
    assert await _allowed(throttle, "somebody", 8) == 5
    await throttle.succeeded(account="somebody", address="192.0.2.1")


@pytest.mark.parametrize("name", ["", "\0", "\ud800", "x" * 1_000_000, "a/b/c", "नाम"])
async def test_any_name_can_be_counted(name: str) -> None:
    throttle = _throttle("memory:", per_account=2)
    assert await _allowed(throttle, name, 3) == 2
