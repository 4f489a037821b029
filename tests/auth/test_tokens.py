"""Access tokens that come again: verified once, and good for no longer than they say."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from gateway.auth import tokens as module
from gateway.auth.tokens import Audience, Claims, Tokens
from gateway.errors import GatewayError

SECRET = "a secret of the tests, long enough to sign with"


def _token(
    tokens: Tokens, *, seconds: int = 60, session: int = 1, audience: Audience = Audience.ACCESS
) -> str:
    text, _ = tokens.issue(audience, session_id=session, user_id=2, login_id=3, nonce="n", seconds=seconds)
    return text


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose signatures were verified."""
    found: list[str] = []
    usual = jwt.decode

    def decode(token: str, *arguments: Any, **more: Any) -> Any:
        found.append(token)
        return usual(token, *arguments, **more)

    monkeypatch.setattr(jwt, "decode", decode)
    return found


def test_a_token_that_comes_again_is_verified_once(verified: list[str]) -> None:
    tokens = Tokens(SECRET)
    first, second = _token(tokens, session=1), _token(tokens, session=2)
    for _ in range(3):
        assert [tokens.read_access(text).session_id for text in (first, second)] == [1, 2]
    assert verified == [first, second]


def test_a_token_ends_when_it_says_though_it_was_verified_before() -> None:
    tokens = Tokens(SECRET)
    # In whole seconds: a token of one might end before it is read for the first time.
    token = _token(tokens, seconds=2)
    claims = tokens.read_access(token)
    while True:
        asked = time.time()
        try:
            read = tokens.read_access(token)
        except GatewayError:
            break
        assert read == claims
        assert asked < claims.expires_at
        time.sleep(0.02)
    assert time.time() >= claims.expires_at
    for _ in range(2):
        with pytest.raises(GatewayError):
            tokens.read_access(token)


def test_a_token_that_is_not_good_is_verified_each_time(verified: list[str]) -> None:
    tokens, others = Tokens(SECRET), Tokens(SECRET + "!")
    forged, refresh = _token(others), _token(tokens, audience=Audience.REFRESH)
    for token in (forged, refresh) * 2:
        with pytest.raises(GatewayError):
            tokens.read_access(token)
    assert verified == [forged, refresh] * 2


def test_so_many_tokens_are_remembered_those_that_were_used_last(
    monkeypatch: pytest.MonkeyPatch, verified: list[str]
) -> None:
    monkeypatch.setattr(module, "MOST_REMEMBERED", 3)
    tokens = Tokens(SECRET)
    a, b, c, d = (_token(tokens, session=number) for number in range(1, 5))
    read: list[Claims] = [tokens.read_access(text) for text in (a, b, c, a, d, a, c)]
    assert [claims.session_id for claims in read] == [1, 2, 3, 1, 4, 1, 3]
    assert verified == [a, b, c, d]
    # The one that wasn't used for longest.
    tokens.read_access(b)
    assert verified == [a, b, c, d, b]
