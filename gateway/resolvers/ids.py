"""Global ids: opaque to clients, the same for every caller, unique over the whole estate."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from gateway.errors import bad_input

MAXIMUM_INT = 2**31 - 1
# Of each type: a megabyte where all are used.
IDS_KEPT = 4_096
_TEN_DIGITS = re.compile(r"0|[1-9][0-9]{0,9}")


class GlobalId(NamedTuple):
    """The type of a node, and its key within the type as text."""

    type: str
    key: str


def encode_id(type_name: str, key: object) -> str:
    """The global id of a node."""
    return base64.urlsafe_b64encode(f"{type_name}:{key}".encode()).decode().rstrip("=")


def encode_ids(type_name: str, keys: Iterable[int]) -> list[str]:
    """The global ids of rows of one type. The newest rows are asked for again and again, so that most are known."""
    return list(map(_encoder(type_name), keys))


@lru_cache(maxsize=64)
def _encoder(type_name: str) -> Callable[[int], str]:
    return lru_cache(maxsize=IDS_KEPT)(partial(encode_id, type_name))


@dataclass(frozen=True)
class GlobalIdOf:
    """The function behind `id`: of a row's key, the global id among those of its type."""

    type_name: str

    def __call__(self, cells: Sequence[Any], _: object) -> str:
        """The global id."""
        return encode_id(self.type_name, cells[0])


def decode_id(text: str) -> GlobalId:
    """What a global id says. Raises BAD_USER_INPUT for anything that `encode_id` didn't make."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        type_name, separator, key = raw.decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        type_name, separator, key = "", "", ""
    if not separator or not type_name.isidentifier() or not key or encode_id(type_name, key) != text:
        raise bad_input("That is no id of this API: take ids from the `id` field of an object, unchanged.")
    return GlobalId(type_name, key)


def database_id(text: str, type_name: str) -> int:
    """The database id in a global id of one type. Raises BAD_USER_INPUT for an id of another type."""
    found = decode_id(text)
    if found.type != type_name:
        raise bad_input(f"That is the id of a {found.type}, not of a {type_name}.")
    return integer_key(found)


def integer_key(found: GlobalId) -> int:
    """The key of a row. Raises BAD_USER_INPUT where it can't be one."""
    # Of at most ten digits, so that a made-up key of thousands is never turned into a number.
    key = int(found.key) if _TEN_DIGITS.fullmatch(found.key) else MAXIMUM_INT + 1
    if key > MAXIMUM_INT:
        raise bad_input("That is no id of this API: take ids from the `id` field of an object, unchanged.")
    return key
