"""What somebody asks for who issues a partner's token, and what may be asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.auth.roles import PARTNER_SCOPES
from gateway.errors import bad_input
from gateway.settings import LONGEST_TOKEN_DAYS

LONGEST_NAME = 128
LONGEST_LIFE = timedelta(days=LONGEST_TOKEN_DAYS)
HIGHEST_COST = 2**31 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenOrder:
    """A token to be issued. `expires_at` has an offset; `created_by` is `iperform.user.id`, None for the command line.

    What is None is as the settings have it.
    """

    partner_company_id: int
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    cost_per_minute: int | None = None
    created_by: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenDefaults:
    """How many days a token lives, and what it may cost a minute, where nobody says otherwise."""

    days: int
    cost_per_minute: int


def checked_name(name: str) -> str:
    """The name without blanks around it. Raises BAD_USER_INPUT."""
    kept = name.strip()
    if not kept or len(kept) > LONGEST_NAME or not kept.isprintable():
        raise bad_input(f"`name` says what the token is for, in 1 to {LONGEST_NAME} printable characters.")
    return kept


def checked_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """The scopes, each once. Raises BAD_USER_INPUT, naming all there are."""
    asked = frozenset(scopes)
    if not asked or not asked <= PARTNER_SCOPES:
        raise bad_input(f"`scopes` must be some of: {', '.join(sorted(PARTNER_SCOPES))}.")
    return tuple(sorted(asked))


def checked_expiry(asked: datetime | None, *, now: datetime, days: int, zone: ZoneInfo) -> datetime:
    """When the token ends, as the estate writes it: naive, in whole seconds. Raises BAD_USER_INPUT."""
    if asked is None:
        return now + timedelta(days=days)
    ends = asked.astimezone(zone).replace(tzinfo=None, microsecond=0)
    if not now < ends <= now + LONGEST_LIFE:
        raise bad_input(
            f"`expiresAt` must be later than now, and no more than {LONGEST_LIFE.days} days from now."
        )
    return ends


def checked_cost(asked: int | None, *, default: int) -> int:
    """What the token may cost a minute. Raises BAD_USER_INPUT."""
    cost = default if asked is None else asked
    if not 1 <= cost <= HIGHEST_COST:
        raise bad_input(f"`costPerMinute` must be a number from 1 to {HIGHEST_COST}.")
    return cost


def kept_scopes(scopes: tuple[str, ...]) -> str:
    """Scopes as the database keeps them."""
    return ",".join(scopes)


def read_scopes(kept: str) -> frozenset[str]:
    """The scopes that a row grants; a name that means nothing today grants nothing."""
    return frozenset(name.strip() for name in kept.split(",")) & PARTNER_SCOPES
