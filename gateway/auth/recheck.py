"""What has become of a caller who was let in before: for whoever stays connected, asked again and again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from gateway.auth.principal import Principal

# Keys that one statement asks for: it takes some milliseconds, and the event loop as long to read its rows.
MOST_AT_ONCE = 500

SESSION_ENDED = "The session has ended: log in again."
ACCOUNT_ENDED = "The account isn't active any longer."
TOKEN_ENDED = "The token is revoked, has expired, or its company isn't active."  # noqa: S105


@dataclass(frozen=True, slots=True)
class Recheck:
    """`principal` is the caller as the database has them now; None where they are let in no longer, for a `reason`."""

    principal: Principal | None
    reason: str = ""


def chunks(keys: Collection[int]) -> Iterator[frozenset[int]]:
    """The keys, as many together as one statement asks for."""
    left = iter(keys)
    while some := frozenset(islice(left, MOST_AT_ONCE)):
        yield some
