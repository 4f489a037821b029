"""The rule of passwords, case by case, against hashes in an estate; and that no failed login tells more than another.

bcrypt reads 72 bytes and stops at a NUL: a longer password, or one with a NUL, is never right, whatever was hashed.
"""

from __future__ import annotations

from dataclasses import dataclass

import bcrypt
import httpx
import jwt
import pytest

from datasources.iperform.tables import all_session, login_history, session_info
from gateway.auth.passwords import NOBODYS
from tests.gateways import RunningGateway
from tests.http.accounts import PASSWORD, account_in
from tests.http.asking import ask, errors

LOGIN = (
    "mutation ($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken refreshToken } }"
)
REFRESH = "mutation ($t: String!) { refreshSession(refreshToken: $t) { accessToken refreshToken } }"
WRONG = "The user name or the password is wrong."
NAME = "of the passwords' tests"
EDGE = "क" * 24  # three bytes each: 72
BEYOND = "x" * 71 + "é"  # 73, cut by bcrypt in the middle of a character


def _hash(password: bytes, prefix: str = "$2b$") -> str:
    # The library refuses what is longer, where others cut it off: the estate's hashes were made by others.
    made = bcrypt.hashpw(password[:72], bcrypt.gensalt(4)).decode()
    return made.replace("$2b$", prefix, 1)


def _login(gateway: RunningGateway, name: str, password: str) -> httpx.Response:
    return ask(gateway, LOGIN, {"u": name, "p": password})


def _lets_in(gateway: RunningGateway, name: str, password: str) -> bool:
    answer = _login(gateway, name, password).json()
    if "errors" not in answer:
        return True
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["message"]) == ("UNAUTHENTICATED", WRONG)
    return False


RIGHT = {
    "one byte": "x",
    "one space": " ",
    "72 bytes": "x" * 72,
    "72 bytes of 24 letters": EDGE,
    "72 bytes with the last letter at the edge": "x" * 70 + "é",
    "72 bytes of emoji": "🔑" * 18,
    "control characters": "\x01\t\n\x7f",
}


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
@pytest.mark.parametrize("case", RIGHT)
def test_a_password_of_up_to_72_bytes_is_right(gateway: RunningGateway, case: str, prefix: str) -> None:
    password = RIGHT[case]
    stored = _hash(password.encode(), prefix)
    with account_in(gateway, NAME, password_hash=stored) as account:
        assert _lets_in(gateway, NAME, password)
        for other in (password + "x", password + " ", password[:-1], password + "\0", "\0" + password, ""):
            assert not _lets_in(gateway, NAME, other), other
        # Nothing was rewritten: a hash is only read.
        assert account.password() == stored


@pytest.mark.parametrize("prefix", ["$2a$", "$2b$", "$2y$"])
@pytest.mark.parametrize("password", ["x" * 73, "x" * 1_000, BEYOND, EDGE + "क", "🔑" * 19])
def test_a_longer_password_is_never_right(gateway: RunningGateway, password: str, prefix: str) -> None:
    # Others have made this hash of the whole password, by its first 72 bytes.
    first = password.encode()[:72]
    with account_in(gateway, NAME, password_hash=_hash(first, prefix)):
        assert not _lets_in(gateway, NAME, password)
        # Its first 72 bytes are right themselves, where they are text.
        whole = first.decode(errors="ignore")
        assert _lets_in(gateway, NAME, whole) is (len(whole.encode()) == 72)


@pytest.mark.parametrize("password", ["\0", "demo\0", "\0demo", "demo\0more", "demo" + "\0" * 68])
def test_a_password_with_a_nul_is_never_right(gateway: RunningGateway, password: str) -> None:
    # C code has made this hash: of what stands before the NUL.
    with account_in(gateway, NAME, password_hash=_hash(password.encode().split(b"\0")[0])):
        assert not _lets_in(gateway, NAME, password)


NO_HASHES = {
    "empty": "",
    "a space": " ",
    "the password itself": "demo",
    "a prefix": "$2b$",
    "no digest": "$2b$04$" + "a" * 22,
    "cut short": _hash(b"demo")[:-1],
    "a letter too many": _hash(b"demo") + "x",
    "a space before": " " + _hash(b"demo"),
    "a line after": _hash(b"demo") + "\n",
    "a letter outside the alphabet": _hash(b"demo")[:-1] + "!",
    "no cost": "$2b$$" + "a" * 53,
    "a cost of no number": "$2b$xx$" + "a" * 53,
    "a cost too low": "$2b$03$" + "a" * 53,
    "a cost too high": "$2b$32$" + "a" * 53,
    "a negative cost": "$2b$-4$" + "a" * 53,
    "an older kind": _hash(b"demo", "$2$"),
    "a faulty kind": _hash(b"demo", "$2x$"),
    "a kind of capitals": _hash(b"demo", "$2B$"),
    "another algorithm": "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b7dWA",
    "MD5 of it": "fe01ce2a7fbac8fafaed7c982a04e229",
    "letters outside ASCII": "$2b$04$" + "é" * 53,
    "a number of stars": "*" * 60,
    "that of nobody": NOBODYS,
}


@pytest.mark.parametrize("case", NO_HASHES)
def test_what_is_no_hash_lets_nobody_in(every_gateway: RunningGateway, case: str) -> None:
    expected = _login(every_gateway, "nobody of that name", "demo").content
    with account_in(every_gateway, NAME) as account:
        account.change(password=NO_HASHES[case])
        for password in ("demo", "", " ", "-", "\0", NO_HASHES[case]):
            answer = _login(every_gateway, NAME, password)
            assert (answer.status_code, answer.content) == (200, expected), password
        for table in (all_session, login_history, session_info):
            assert account.rows(table) == []


# --- every failure does the same work ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Work:
    """What a login made the gateway do: how often it hashed and by which cost, and how many statements it sent."""

    costs: tuple[int, ...]
    statements: int


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The cost of every hash that was computed."""
    costs: list[int] = []
    check = bcrypt.checkpw

    def counted(password: bytes, stored: bytes) -> bool:
        right = check(password, stored)
        costs.append(int(stored[4:6]))
        return right

    monkeypatch.setattr(bcrypt, "checkpw", counted)
    return costs


def _work(gateway: RunningGateway, hashed: list[int], name: str, password: str) -> Work:
    hashed.clear()
    with gateway.counted() as statements:
        assert errors(_login(gateway, name, password))[0]["message"] == WRONG
    return Work(tuple(hashed), len(statements))


def test_every_failed_login_does_the_work_of_one_hash(gateway: RunningGateway, hashed: list[int]) -> None:
    stored = bcrypt.hashpw(b"demo", bcrypt.gensalt(int(NOBODYS[4:6]))).decode()
    with account_in(gateway, NAME, password_hash=stored) as account:
        expected = _work(gateway, hashed, NAME, "wrong")
        assert expected == Work((10,), 1)
        attempts = [
            ("nobody of that name", "demo"),
            ("", ""),
            ("x" * 300, "demo"),
            (NAME.upper(), "demo"),
            (NAME, ""),
            (NAME, "x" * 73),
            (NAME, "x" * 100_000),
            (NAME, "demo\0"),
            (NAME, BEYOND),
        ]
        for attempt in attempts:
            assert _work(gateway, hashed, *attempt) == expected, attempt
        for rubbish in NO_HASHES.values():
            account.change(password=rubbish)
            # What looks like a hash to the end is computed by the cost that it names.
            work = _work(gateway, hashed, NAME, "demo")
            assert work in (expected, Work((4,), 1)), rubbish
        # Also where the password is right, and the account isn't to be used.
        account.change(password=stored, active=False)
        assert _work(gateway, hashed, NAME, "demo") == expected
        account.change(active=True)
        assert _lets_in(gateway, NAME, "demo")


# --- refresh tokens can't be guessed ------------------------------------------------------------------------------


def test_a_hundred_guesses_at_a_refresh_token_ask_the_database_nothing(gateway: RunningGateway) -> None:
    with account_in(gateway, NAME) as account:
        session = _login(gateway, NAME, PASSWORD).json()["data"]["login"]
        claims = jwt.decode(session["refreshToken"], options={"verify_signature": False})
        guesses = [
            jwt.encode(
                {**claims, "jti": f"guess {n}"}, f"a key that is guessed, number {n:09}", algorithm="HS256"
            )
            for n in range(100)
        ]
        fields = " ".join(
            f'a{n}: refreshSession(refreshToken: "{guess}") {{ accessToken }}'
            for n, guess in enumerate(guesses)
        )
        with gateway.counted() as statements:
            answer = ask(gateway, f"mutation {{ {fields} }}")
        assert answer.json()["data"] is None
        assert {error["extensions"]["code"] for error in errors(answer)} == {"UNAUTHENTICATED"}
        assert statements == []
        # The session goes on, and its own token is still good.
        assert account.rows(all_session)[0].active is True
        assert "errors" not in ask(gateway, REFRESH, {"t": session["refreshToken"]}).json()
