"""The caller of one request, as the database confirms it. Made by `authenticate.py`, read everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from gateway.auth.audience import Audience, denials_of
from gateway.auth.roles import Caller


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who is asking. `user_id` is `iperform.user.id`; `client_user_id` is the `magenta.user.id` it names.

    A partner has no user: `token_id` is its token, `token_prefix` how that begins, `partner_company_id` whose token it
    is, `cost_per_minute` what its operations may cost together. `denials` narrows what the role's own `permissions`
    leave.
    """

    caller: Caller
    user_id: int | None = None
    session_id: int | None = None
    client_user_id: int | None = None
    permissions: Mapping[str, Any] | None = None
    views: tuple[str, ...] = ()
    allowed_statuses: tuple[str, ...] = ()
    scopes: frozenset[str] = field(default_factory=frozenset)
    partner_company_id: int | None = None
    token_id: int | None = None
    token_prefix: str | None = None
    cost_per_minute: int | None = None
    denials: frozenset[str] = field(default_factory=frozenset)

    @property
    def known(self) -> bool:
        """Whether somebody has been authenticated."""
        return self.caller is not Caller.ANONYMOUS

    @cached_property
    def audience(self) -> Audience:
        """Whose schema the caller has."""
        return Audience(self.caller, self.scopes, denials_of(self.permissions) | self.denials)


def same_rights(one: Principal, other: Principal) -> bool:
    """Whether two are the same caller with the same rights, in whichever of their sessions."""
    return replace(one, session_id=None) == replace(other, session_id=None)


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from: for the session's row, and for limits."""

    address: str
    user_agent: str


ANONYMOUS = Principal(caller=Caller.ANONYMOUS)
