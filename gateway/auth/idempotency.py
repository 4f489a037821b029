"""Makes a change happen once for each idempotency key, however often and however simultaneously it is asked for.

The key is written in the change's own transaction. Whoever sends the same key at the same time waits until that ends,
and then finds the change done, or may do it. Used by `change.py` alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from datasources.base import Transaction
from datasources.iperform.idempotency_keys import gateway_idempotency_keys as keys
from datasources.model import EVERYTHING, Among, Filter, Insert, Read, Update, all_of
from gateway.auth.principal import Principal
from gateway.errors import bad_input

LONGEST_KEY = 128


@dataclass(frozen=True, slots=True)
class Once:
    """A client's key, and the input that it stands for, by their digests; `asked_on` is the estate's wall clock."""

    key: str
    input: str
    asked_on: datetime


def once_of(key: str | None, given: Mapping[str, Any], asked_on: datetime) -> Once | None:
    """What a client's key makes of its input; None without a key. Raises BAD_USER_INPUT for a key that is none."""
    if key is None:
        return None
    if not 0 < len(key) <= LONGEST_KEY:
        raise bad_input(f"`idempotencyKey` has 1 to {LONGEST_KEY} characters.")
    # In one order, without nulls, and a moment as one number whatever its offset: the same input has the same digest.
    said = {name: value for name, value in given.items() if value is not None}
    text = json.dumps(said, sort_keys=True, default=_plain)
    return Once(_digest(key), _digest(text), asked_on.replace(microsecond=0))


async def claimed(
    once: Once, operation: str, principal: Principal, transaction: Transaction
) -> tuple[int, ...] | None:
    """Takes a key for this transaction; the outcome where it stands for a change that has been made, else None.

    Raises BAD_USER_INPUT where that was another change.
    """
    row = {
        "caller": _name(principal),
        "key_digest": once.key,
        "operation": operation,
        "input_digest": once.input,
        "created_on": once.asked_on,
    }
    await transaction.write(Insert(table=keys, values=row, policy=EVERYTHING, unless_there=True))
    read = Read(
        table=keys,
        columns=(keys.c.operation, keys.c.input_digest, keys.c.outcome),
        policy=_own(once, principal),
    )
    # With a lock: without one it would be read as it was before whoever had the key was waited for.
    ((before, digest, outcome),) = await transaction.rows(read, lock=True)
    if (before, digest) != (operation, once.input):
        raise bad_input(
            "This `idempotencyKey` stands for another change of yours: send a new key with a new change."
        )
    return None if outcome is None else tuple(outcome)


async def fulfilled(
    once: Once, principal: Principal, outcome: tuple[int, ...], transaction: Transaction
) -> None:
    """Notes what came of the change that a claimed key stands for."""
    values = {"outcome": list(outcome)}
    await transaction.write(Update(table=keys, values=values, policy=_own(once, principal), where=EVERYTHING))


def _own(once: Once, principal: Principal) -> Filter:
    """The row of the caller's own key."""
    return all_of(
        Among(keys.c.caller, frozenset({_name(principal)})), Among(keys.c.key_digest, frozenset({once.key}))
    )


def _name(principal: Principal) -> str:
    if principal.token_id is not None:
        return f"token:{principal.token_id}"
    assert principal.user_id is not None
    return f"user:{principal.user_id}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"an input holds {type(value).__name__}")
