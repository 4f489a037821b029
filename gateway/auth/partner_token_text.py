"""What a partner's token looks like: made here, and told apart from rubbish here before any database is asked.

`ipgw_` says to secret scanners what it is, the ten characters after it are public and name its row, then come a secret
and a checksum. Scanners look for `ipgw_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}`.
"""

from __future__ import annotations

import re
import secrets
import string
import zlib
from dataclasses import dataclass, field

MARK = "ipgw_"
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_NAME_LENGTH = 10
# 190 random bits, so that nobody can try them all, also not against a stolen hash.
_SECRET_LENGTH = 32
# 62 ** 6 is more than 2 ** 32.
_CHECKSUM_LENGTH = 6
_SHAPE = re.compile(
    rf"({MARK}[0-9A-Za-z]{{{_NAME_LENGTH}}})_[0-9A-Za-z]{{{_SECRET_LENGTH + _CHECKSUM_LENGTH}}}"
)
_PREFIX = re.compile(rf"{MARK}[0-9A-Za-z]{{{_NAME_LENGTH}}}")


@dataclass(frozen=True, slots=True)
class TokenText:
    """A whole token, and the public part that it begins with: what lists show and a row is found by."""

    text: str = field(repr=False)
    prefix: str


def new_token() -> TokenText:
    """A token that nobody has had before."""
    prefix = MARK + _random(_NAME_LENGTH)
    body = f"{prefix}_{_random(_SECRET_LENGTH)}"
    return TokenText(body + checksum(body), prefix)


def is_marked(text: str) -> bool:
    """Whether a text claims to be a partner's token."""
    return text.startswith(MARK)


def read_token(text: str) -> TokenText | None:
    """The token that a text is; None for one that was never made here, or in which a character has changed."""
    shape = _SHAPE.fullmatch(text)
    body, end = text[:-_CHECKSUM_LENGTH], text[-_CHECKSUM_LENGTH:]
    return TokenText(text, shape[1]) if shape and checksum(body) == end else None


def prefix_in(text: str) -> str | None:
    """The prefix that a text is, or that a whole token begins with; None for any other text."""
    token = read_token(text)
    return token.prefix if token else text if _PREFIX.fullmatch(text) else None


def checksum(body: str) -> str:
    """CRC-32 in six digits to the base 62. It finds slips, not forgers: anybody can compute it."""
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECKSUM_LENGTH):
        number, place = divmod(number, len(_DIGITS))
        digits = _DIGITS[place] + digits
    return digits


def _random(length: int) -> str:
    return "".join(secrets.choice(_DIGITS) for _ in range(length))
