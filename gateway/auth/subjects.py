"""Somebody whom an ADMIN asks about: a user or a partner's token as the database has it now, without a login of theirs.

`explainAccess` says what they see and why, and `X-View-As` lets an ADMIN read as they do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from datasources.iperform.partner_tokens import gateway_partner_tokens
from datasources.iperform.tables import user
from datasources.model import Among
from gateway.auth.audience import denials_of
from gateway.auth.authenticate import PERSON, USER_WITH_ROLE, principal_of_user
from gateway.auth.partner_tokens import TOKEN_COLUMNS, TOKEN_WITH_COMPANY, principal_of_token
from gateway.auth.policy import Policy
from gateway.auth.principal import Principal
from gateway.auth.system_access import SystemAccess

BYPASS = Policy.unrestricted(
    reason="an ADMIN asks about this caller; who it is must be known before its rules"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """`principal` is None for somebody whom the gateway lets in no longer; `ended` is then a sentence that says why."""

    principal: Principal | None
    ended: str | None = None


class Subjects:
    """Finds subjects. What it gives is read anew each time, so that nobody is shown rights that have ended."""

    def __init__(self, system: SystemAccess, *, zone: ZoneInfo) -> None:
        self._system = system
        self._zone = zone

    async def user(self, user_id: int) -> Subject | None:
        """The user with this `iperform.user.id`; None where there is none, or it has no role."""
        where = Among(user.c.id, frozenset({user_id}))
        rows = await self._system.rows(PERSON, table=USER_WITH_ROLE, where=where, bypass=BYPASS)
        if not rows:
            return None
        principal = principal_of_user(rows[0])
        if principal is not None:
            return Subject(principal)
        active, role = rows[0][PERSON.index(user.c.active)], rows[0][3]
        return Subject(
            None, f"The role “{role}” grants nothing." if active else "The user's account is inactive."
        )

    async def token(self, token_id: int) -> Subject | None:
        """The partner's token with this id; None where there is none."""
        where = Among(gateway_partner_tokens.c.id, frozenset({token_id}))
        rows = await self._system.rows(TOKEN_COLUMNS, table=TOKEN_WITH_COMPANY, where=where, bypass=BYPASS)
        if not rows:
            return None
        _, expires_at, revoked_on, active = rows[0][:4]
        ended = _ended(expires_at, revoked_on, active, now=datetime.now(self._zone).replace(tzinfo=None))
        return Subject(principal_of_token(rows[0])) if ended is None else Subject(None, ended)


def _ended(expires_at: datetime, revoked_on: datetime | None, active: bool, *, now: datetime) -> str | None:
    if revoked_on is not None:
        return "The token is revoked."
    if now >= expires_at:
        return "The token has expired."
    return None if active else "The partner company of the token is inactive."


def seen_by(admin: Principal, subject: Principal) -> Principal:
    """The subject as an ADMIN may read as it: without what the ADMIN's own role is denied, and at nobody's cost."""
    denials = subject.denials | admin.denials | denials_of(admin.permissions)
    return replace(subject, denials=denials, cost_per_minute=None)
