"""Cursors of lists: where in an order one stands, sealed against edits.

A cursor carries the values that its row has in the order, and a fingerprint of the list's filter and order; it fits
that list alone. It carries no authority: what comes after it is read under the caller's own rules.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from gateway.errors import GatewayError, bad_input

SEAL_BYTES = 12
Position = tuple[Any, ...]


class Cursors:
    """Makes and reads cursors; `secret` seals them."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(b"cursor:" + secret.encode()).digest()

    def encode(self, fingerprint: str, position: Sequence[Any]) -> str:
        """The cursor of a row whose values in the order are `position`."""
        body = json.dumps(
            [_plain(value) for value in position], ensure_ascii=False, separators=(",", ":")
        ).encode()
        return base64.urlsafe_b64encode(self._seal(fingerprint, body) + body).decode().rstrip("=")

    def decode(self, fingerprint: str, text: str, kinds: Sequence[type]) -> Position:
        """The position in a cursor, its values of these kinds. Raises BAD_USER_INPUT where it doesn't fit the list."""
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise misfit() from None
        # One text for each cursor: base64 would let the last letter differ, and padding follow.
        if base64.urlsafe_b64encode(raw).decode().rstrip("=") != text:
            raise misfit()
        seal, body = raw[:SEAL_BYTES], raw[SEAL_BYTES:]
        if not hmac.compare_digest(seal, self._seal(fingerprint, body)):
            raise misfit()
        return tuple(_typed(value, kind) for value, kind in zip(json.loads(body), kinds, strict=True))

    def _seal(self, fingerprint: str, body: bytes) -> bytes:
        return hmac.new(self._key, fingerprint.encode() + b"\0" + body, hashlib.sha256).digest()[:SEAL_BYTES]


def misfit() -> GatewayError:
    """A cursor that was edited, or that belongs to another list."""
    return bad_input(
        "That cursor doesn't fit this list: use cursors of the same field, `where` and `orderBy`, unchanged."
    )


def fingerprint_of(*parts: Any) -> str:
    """A short text that two lists share if they have the same parts (JSON-like values)."""
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _typed(value: Any, kind: type) -> Any:
    if value is None or kind in {int, str, bool, float}:
        return value
    return kind.fromisoformat(value) if issubclass(kind, date) else Decimal(value)
