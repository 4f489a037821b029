"""An audience: everybody who has one and the same schema, because the same may ever be theirs.

For staff that is the role, less what `role.permissions` denies; for partners what their token's scopes allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.auth.roles import Caller


@dataclass(frozen=True, slots=True)
class Audience:
    """`scopes` are those of a partner's token; `denials` are names such as `Lead.tentativeValue`."""

    caller: Caller
    scopes: frozenset[str] = frozenset()
    denials: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grant:
    """Who may ever have something: these kinds of caller; a partner's token needs all of `scopes` besides."""

    callers: frozenset[Caller]
    scopes: frozenset[str] = frozenset()

    def covers(self, audience: Audience) -> bool:
        """Whether the audience has it."""
        if audience.caller is Caller.PARTNER and not self.scopes <= audience.scopes:
            return False
        return audience.caller in self.callers

    def and_(self, other: Grant) -> Grant:
        """Who has both."""
        return Grant(self.callers & other.callers, self.scopes | other.scopes)


def denials_of(permissions: Any) -> frozenset[str]:
    """The names that a role's `permissions` deny. What isn't a list of names denies nothing: doctor tells of it."""
    denied = permissions.get("deny") if isinstance(permissions, Mapping) else None
    names = [denied] if isinstance(denied, str) else denied
    return (
        frozenset(name for name in names if isinstance(name, str)) if isinstance(names, list) else frozenset()
    )
