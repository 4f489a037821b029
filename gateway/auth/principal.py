"""The caller of one request, as the database confirms it. Made by `authenticate.py`, read everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.auth.roles import Caller


@dataclass(frozen=True, kw_only=True)
class Principal:
    """Who is asking. `user_id` is `iperform.user.id`; `client_user_id` is the `magenta.user.id` it names."""

    caller: Caller
    user_id: int | None = None
    session_id: int | None = None
    client_user_id: int | None = None
    permissions: Mapping[str, Any] | None = None
    views: tuple[str, ...] = ()
    allowed_statuses: tuple[str, ...] = ()
    scopes: frozenset[str] = field(default_factory=frozenset)
    partner_company_id: int | None = None

    @property
    def known(self) -> bool:
        """Whether somebody has been authenticated."""
        return self.caller is not Caller.ANONYMOUS


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from: for the session's row, and for limits."""

    address: str
    user_agent: str


ANONYMOUS = Principal(caller=Caller.ANONYMOUS)
