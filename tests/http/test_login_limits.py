"""Attempts to log in are limited per account and per address, by all workers together where there is a Redis."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import httpx
import pytest

from gateway.auth.throttle import LoginThrottle
from gateway.errors import GatewayError
from tests.gateways import RunningGateway, running
from tests.http.asking import ask, errors
from tests.servers.redis import RedisServer

LOGIN = "mutation ($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken } }"
TOO_MANY = "Too many attempts to log in; try again in a few minutes."


@pytest.fixture
def limited(gateway: RunningGateway) -> Iterator[RunningGateway]:
    """A gateway that takes five attempts for an account, and forty from an address."""
    settings = replace(gateway.settings, login_attempts_per_account=5, login_attempts_per_address=40)
    with running(settings, "limited") as started:
        yield started


def _login(gateway: RunningGateway, name: str, password: str = "wrong") -> httpx.Response:
    return ask(gateway, LOGIN, {"u": name, "p": password})


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


def test_a_hundred_logins_in_one_request_are_a_hundred_attempts(limited: RunningGateway) -> None:
    fields = " ".join(
        f'a{n}: login(username: "admin", password: "{n}") {{ accessToken }}' for n in range(100)
    )
    # `login` never gives null, so that the first failure is the end of the whole answer.
    answer = ask(limited, f"mutation {{ {fields} }}")
    assert answer.json()["data"] is None
    codes = {error["extensions"]["code"] for error in errors(answer)}
    assert codes <= {"UNAUTHENTICATED", "THROTTLED"}
    tried = 0
    while errors(_login(limited, "admin"))[0]["extensions"]["code"] != "THROTTLED":
        tried += 1
        assert tried < 5
    good = " ".join(
        f'a{n}: login(username: "warrior", password: "demo") {{ accessToken }}' for n in range(100)
    )
    assert errors(ask(limited, f"mutation {{ {good} }}"))[0]["extensions"]["code"] == "THROTTLED"


def test_an_address_is_locked_however_many_accounts_it_tries(limited: RunningGateway) -> None:
    codes = [errors(_login(limited, f"nobody{number}"))[0]["extensions"]["code"] for number in range(45)]
    assert codes == ["UNAUTHENTICATED"] * 40 + ["THROTTLED"] * 5
    assert errors(_login(limited, "admin", "demo"))[0]["message"] == TOO_MANY


async def _allowed(throttle: LoginThrottle, name: str, attempts: int) -> int:
    allowed = 0
    for _ in range(attempts):
        with suppress(GatewayError):
            await throttle.count(account=name, address="192.0.2.1")
            allowed += 1
    return allowed


async def test_workers_count_together_by_redis(redis_server: RedisServer) -> None:
    workers = [LoginThrottle(redis_server.dsn(), per_account=5, per_address=1_000) for _ in range(2)]
    assert await _allowed(workers[0], "of two workers", 3) == 3
    assert await _allowed(workers[1], "of two workers", 5) == 2
    assert await _allowed(workers[0], "of two workers", 1) == 0


async def test_without_redis_each_process_counts_for_itself() -> None:
    throttle = LoginThrottle("redis://127.0.0.1:1/0", per_account=5, per_address=1_000)
    assert await _allowed(throttle, "somebody", 8) == 5


@pytest.mark.parametrize("name", ["", "\0", "\ud800", "x" * 1_000_000, "a/b/c", "नाम"])
async def test_any_name_can_be_counted(name: str) -> None:
    throttle = LoginThrottle("memory:", per_account=2, per_address=1_000)
    assert await _allowed(throttle, name, 3) == 2
