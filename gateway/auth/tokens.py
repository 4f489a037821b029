"""Access and refresh tokens: made and checked here, meant by nobody else. The database has the last word on both."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from enum import Enum
from typing import Any

import jwt

from gateway.errors import unauthenticated

ALGORITHM = "HS256"
ISSUER = "iperform-gateway"
MOST_REMEMBERED = 10_000


class Audience(Enum):
    """What a token is for. Each has a key of its own, so that one can't stand in for another."""

    ACCESS = "iperform-access"
    REFRESH = "iperform-refresh"


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: the session and the user. Never a role: the database decides that."""

    session_id: int
    user_id: int
    login_id: int
    nonce: str
    expires_at: int


class Tokens:
    """Signs and checks tokens with keys derived from one secret."""

    def __init__(self, secret: str) -> None:
        self._keys = {
            audience: hashlib.sha256(f"{audience.value}:{secret}".encode()).digest() for audience in Audience
        }
        self._read: OrderedDict[str, Claims] = OrderedDict()

    def issue(
        self, audience: Audience, *, session_id: int, user_id: int, login_id: int, nonce: str, seconds: int
    ) -> tuple[str, int]:
        """A signed token, and when it expires (seconds since 1970)."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": audience.value,
            "sub": str(user_id),
            "sid": session_id,
            "lid": login_id,
            "jti": nonce,
            "iat": now,
            "nbf": now,
            "exp": now + seconds,
        }
        return jwt.encode(claims, self._keys[audience], algorithm=ALGORITHM), now + seconds

    def read_access(self, token: str) -> Claims:
        """What an access token says, as `read`; one that comes again is verified no second time before it ends.

        What it says doesn't change while it is good. Whether the session lives is another matter, and the database's.
        """
        claims = self._read.get(token)
        if claims is not None and time.time() < claims.expires_at:
            self._read.move_to_end(token)
            return claims
        claims = self._read[token] = self.read(Audience.ACCESS, token)
        if len(self._read) > MOST_REMEMBERED:
            self._read.popitem(last=False)
        return claims

    def read(self, audience: Audience, token: str) -> Claims:
        """What a token says, once its signature, times, audience and issuer hold. Raises UNAUTHENTICATED."""
        try:
            _require_one_spelling(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                self._keys[audience],
                algorithms=[ALGORITHM],
                audience=audience.value,
                issuer=ISSUER,
                options={"require": ["exp", "nbf", "iat", "aud", "iss", "sub", "jti"]},
            )
            return Claims(
                _key(claims["sid"]),
                _key(claims["sub"]),
                _key(claims["lid"]),
                str(claims["jti"]),
                int(claims["exp"]),
            )
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, UnicodeError):
            raise unauthenticated() from None


def _require_one_spelling(token: str) -> None:
    """Raises ValueError for a text that base64 would take for a token, though it isn't the one that was given out."""
    for part in token.split("."):
        content = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        if base64.urlsafe_b64encode(content).decode().rstrip("=") != part:
            raise ValueError("spelt otherwise")


def _key(claim: Any) -> int:
    """A claim that is the key of a row. Raises ValueError for a number that no row can have."""
    key = int(claim)
    if not 0 < key < 2**31:
        raise ValueError("out of range")
    return key


def new_nonce() -> str:
    """Something that nobody can guess."""
    return secrets.token_urlsafe(32)


def hashed(nonce: str) -> str:
    """What the database keeps of a token's nonce: enough to recognise it, useless to whoever reads it there."""
    return "sha256:" + hashlib.sha256(nonce.encode()).hexdigest()
