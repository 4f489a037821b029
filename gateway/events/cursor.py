"""Positions in the log of events, and the cursors that clients hold of them.

A cursor names the log that it is of, as a log can come to an end: what happened after its last event isn't known, and
whoever holds a cursor of it has to be told. It carries no authority: what an event shows is read anew for each caller.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from gateway.errors import Code, GatewayError, bad_input

_TEXT = re.compile(r"event:([0-9a-f]{16}):(\d{1,20})-(\d{1,20})")
_LARGEST = 2**64 - 1
LONGEST_CURSOR = 200


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Where an entry stands in its log. Both parts have 64 bits; those of later entries are greater."""

    major: int
    minor: int

    def __str__(self) -> str:
        """As Redis has it."""
        return f"{self.major}-{self.minor}"

    @staticmethod
    def of(text: str) -> Position:
        """The position that Redis spells so."""
        major, _, minor = text.partition("-")
        return Position(int(major), int(minor))


BEGINNING = Position(0, 0)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position in the log named `log`: sixteen hexadecimal digits."""

    log: str
    position: Position

    def encoded(self) -> str:
        """As clients hold it."""
        text = f"event:{self.log}:{self.position}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decoded_cursor(text: str) -> Cursor:
    """The cursor that a client sent. Raises BAD_USER_INPUT."""
    found = _TEXT.fullmatch(_plain(text))
    if found is None or any(int(part) > _LARGEST for part in found.groups()[1:]):
        raise _malformed()
    cursor = Cursor(found[1], Position(int(found[2]), int(found[3])))
    # One position has one spelling.
    if cursor.encoded() != text:
        raise _malformed()
    return cursor


def _plain(text: str) -> str:
    if len(text) > LONGEST_CURSOR or not text.isascii():
        raise _malformed()
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        raise _malformed() from None


def _malformed() -> GatewayError:
    return bad_input("`after` is no cursor of an event: send one as an event or `eventCursor` gave it.")


def expired() -> GatewayError:
    """What whoever asks for events that are no longer in the log is told."""
    return GatewayError(
        Code.CURSOR_EXPIRED,
        "The events after this cursor are no longer kept: read the rows anew together with `eventCursor`, and "
        "subscribe from there.",
    )
