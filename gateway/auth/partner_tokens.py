"""Partner tokens: issued for a partner company, checked on every request that brings one, and revoked.

A row of `gateway_partner_tokens` decides, never the token: it holds only the token's name and hash.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import true

from datasources.iperform.partner_tokens import gateway_partner_tokens as tokens
from datasources.iperform.tables import partner_company
from datasources.model import EVERYTHING, Among, Filter, Match, Row, all_of
from gateway.auth.partner_token_order import (
    TokenDefaults,
    TokenOrder,
    checked_cost,
    checked_expiry,
    checked_name,
    checked_scopes,
    kept_scopes,
    read_scopes,
)
from gateway.auth.partner_token_text import new_token, prefix_in, read_token
from gateway.auth.partner_token_use import LastUses
from gateway.auth.policy import Policy
from gateway.auth.principal import Principal
from gateway.auth.recheck import TOKEN_ENDED, Recheck, chunks
from gateway.auth.roles import Caller
from gateway.auth.system_access import SystemAccess
from gateway.auth.tokens import hashed
from gateway.errors import Code, GatewayError, unauthenticated

log = structlog.get_logger(__name__)

CHECKING = Policy.unrestricted(reason="who is asking must be known before a rule of theirs can apply")
ISSUING = Policy.unrestricted(reason="tokens are ADMIN's to issue and revoke: nobody else has the operation")
MOST_CACHED = 10_000
ENDED = Recheck(None, TOKEN_ENDED)

TOKEN_WITH_COMPANY = tokens.join(partner_company, partner_company.c.id == tokens.c.partner_company_id)
TOKEN_COLUMNS = (
    tokens.c.token_hash,
    tokens.c.expires_at,
    tokens.c.revoked_on,
    partner_company.c.active,
    tokens.c.id,
    tokens.c.partner_company_id,
    tokens.c.scopes,
    tokens.c.cost_per_minute,
    tokens.c.prefix,
)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token, its whole text for the only time. `expires_at` has the estate's offset."""

    text: str = field(repr=False)
    id: int
    prefix: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ListedToken:
    """What may be known of a token. The times are the estate's wall clock."""

    id: int
    prefix: str
    name: str
    partner_name: str
    scopes: str
    cost_per_minute: int
    expires_at: datetime
    revoked_on: datetime | None
    last_used_on: datetime | None


@dataclass(frozen=True, slots=True)
class _Checked:
    """A token that was found good, and until when that is believed, on the process's own clock."""

    principal: Principal
    until: float


class PartnerTokens:
    """The tokens of all partners. `cache_seconds` is how long a token that was found good is believed."""

    def __init__(
        self, system: SystemAccess, *, zone: ZoneInfo, cache_seconds: float, defaults: TokenDefaults
    ) -> None:
        self._system = system
        self._zone = zone
        self._cache_seconds = cache_seconds
        self._defaults = defaults
        self._uses = LastUses(system)
        self._checked: dict[str, _Checked] = {}

    async def authenticate(self, text: str) -> Principal:
        """The partner that a token stands for. Raises UNAUTHENTICATED, the same whatever is wrong with it."""
        # A plain SHA-256 is enough, and quick: unlike a password the secret is random and has 190 bits.
        hash_ = hashed(text)
        known = self._checked.get(hash_)
        if known is None or time.monotonic() >= known.until:
            token = read_token(text)
            if token is None:
                raise unauthenticated()
            known = await self._check(token.prefix, hash_)
        assert known.principal.token_id is not None
        self._uses.note(known.principal.token_id, self._now().replace(microsecond=0))
        return known.principal

    async def check_all(self, token_ids: Collection[int]) -> Mapping[int, Recheck]:
        """What has become of callers with these tokens, which are good no longer where they aren't there."""
        now = self._now()
        found: dict[int, Recheck] = {}
        for some in chunks(token_ids):
            where = Among(tokens.c.id, some)
            rows = await self._system.rows(
                TOKEN_COLUMNS, table=TOKEN_WITH_COMPANY, where=where, bypass=CHECKING
            )
            found |= {row[4]: Recheck(principal_of_token(row)) for row in rows if _is_live(row, now)}
        for token_id in found:
            # Who listens uses it.
            self._uses.note(token_id, now.replace(microsecond=0))
        return {token_id: found.get(token_id, ENDED) for token_id in token_ids}

    async def create(self, order: TokenOrder) -> IssuedToken:
        """Issues a token. Raises BAD_USER_INPUT, or NOT_FOUND for a company that isn't there or isn't active."""
        now = self._now().replace(microsecond=0)
        ends = checked_expiry(order.expires_at, now=now, days=self._defaults.days, zone=self._zone)
        values = {
            "partner_company_id": order.partner_company_id,
            "name": checked_name(order.name),
            "scopes": kept_scopes(checked_scopes(order.scopes)),
            "cost_per_minute": checked_cost(order.cost_per_minute, default=self._defaults.cost_per_minute),
            "created_by": order.created_by,
            "created_on": now,
            "expires_at": ends,
        }
        await self._require_company(order.partner_company_id)
        token = new_token()
        named = {"prefix": token.prefix, "token_hash": hashed(token.text)}
        token_id = await self._system.insert(tokens, {**values, **named}, bypass=ISSUING)
        log.info("a partner token was issued", prefix=token.prefix, user_id=order.created_by)
        return IssuedToken(token.text, token_id, token.prefix, ends.replace(tzinfo=self._zone))

    async def revoke(self, token_id: int) -> bool:
        """Ends a token; False where it had been revoked before. Raises NOT_FOUND."""
        return await self._revoke(Among(tokens.c.id, frozenset({token_id})))

    async def revoke_named(self, text: str) -> bool:
        """Ends the token with this prefix, or with this whole text; False where it had been revoked before.

        Raises NOT_FOUND.
        """
        prefix = prefix_in(text)
        if prefix is None:
            raise _unknown()
        return await self._revoke(Among(tokens.c.prefix, frozenset({prefix})))

    async def listed(self) -> list[ListedToken]:
        """Every token, the newest first."""
        columns = (
            tokens.c.id,
            tokens.c.prefix,
            tokens.c.name,
            partner_company.c.partner_name,
            tokens.c.scopes,
            tokens.c.cost_per_minute,
            tokens.c.expires_at,
            tokens.c.revoked_on,
            tokens.c.last_used_on,
        )
        rows = await self._system.rows(columns, table=TOKEN_WITH_COMPANY, where=EVERYTHING, bypass=ISSUING)
        return sorted((ListedToken(*row) for row in rows), key=lambda token: token.id, reverse=True)

    async def close(self) -> None:
        """Waits for what is still being written of uses."""
        await self._uses.close()

    async def _check(self, prefix: str, hash_: str) -> _Checked:
        where = Among(tokens.c.prefix, frozenset({prefix}))
        asked = time.monotonic()
        rows = await self._system.rows(TOKEN_COLUMNS, table=TOKEN_WITH_COMPANY, where=where, bypass=CHECKING)
        now = self._now()
        if not rows or not _is_good(rows[0], hash_, now):
            self._checked.pop(hash_, None)
            raise unauthenticated()
        believed = min(self._cache_seconds, (rows[0][1] - now).total_seconds())
        if len(self._checked) >= MOST_CACHED:
            self._checked.clear()
        known, principal = self._checked.get(hash_), principal_of_token(rows[0])
        if known is not None and known.principal == principal:
            # The same object as long as nothing has changed: what is kept of a caller is found by it.
            principal = known.principal
        checked = self._checked[hash_] = _Checked(principal, asked + believed)
        return checked

    async def _revoke(self, which: Filter) -> bool:
        known = await self._system.rows((tokens.c.id,), where=which, bypass=ISSUING)
        if not known:
            raise _unknown()
        token_id = known[0][0]
        revoked = await self._system.update(
            tokens,
            {"revoked_on": self._now().replace(microsecond=0)},
            where=all_of(which, Match(tokens.c.revoked_on.is_(None))),
            bypass=ISSUING,
        )
        self._forget(token_id)
        log.info("a partner token was revoked", token_id=token_id, before=not revoked)
        return bool(revoked)

    def _forget(self, token_id: int) -> None:
        kept = {key: known for key, known in self._checked.items() if known.principal.token_id != token_id}
        self._checked = kept

    async def _require_company(self, company_id: int) -> None:
        active = all_of(
            Among(partner_company.c.id, frozenset({company_id})), Match(partner_company.c.active.is_(true()))
        )
        if not await self._system.rows((partner_company.c.id,), where=active, bypass=ISSUING):
            raise GatewayError(Code.NOT_FOUND, "There is no active partner company with that id.")

    def _now(self) -> datetime:
        """The estate's wall clock."""
        return datetime.now(self._zone).replace(tzinfo=None)


def _is_good(row: Row, hash_: str, now: datetime) -> bool:
    return hmac.compare_digest(row[0].encode(), hash_.encode()) and _is_live(row, now)


def _is_live(row: Row, now: datetime) -> bool:
    _, expires_at, revoked_on, active = row[:4]
    return bool(active and revoked_on is None and now < expires_at)


def principal_of_token(row: Row) -> Principal:
    """The partner that a token stands for; `row` has `TOKEN_COLUMNS`."""
    token_id, company_id, scopes, cost_per_minute, prefix = row[4:]
    return Principal(
        caller=Caller.PARTNER,
        token_id=token_id,
        token_prefix=prefix,
        partner_company_id=company_id,
        scopes=read_scopes(scopes),
        cost_per_minute=cost_per_minute,
    )


def _unknown() -> GatewayError:
    return GatewayError(Code.NOT_FOUND, "There is no partner token with that id.")
