"""The directives that the SDL shows, each made from the declaration that enforces it: no type or field names its own.

`@authenticated` and `@requiresScopes` mean what the Apollo router's specification says; an outer list is "or", an
inner one "and". Staff has no scopes: what it may do is its role's.
"""

from __future__ import annotations

from collections.abc import Iterator

import strawberry
from strawberry.schema_directive import Location

from gateway.auth.audience import Grant
from gateway.auth.policy import Owner
from gateway.auth.roles import EVERYBODY, KNOWN, Caller
from gateway.schema.enums import enum_class
from gateway.schema.viewer import ROLE

_MEANINGS = {
    Owner.LEAD: "Whoever sees the lead.",
    Owner.TICKET: "Whoever sees the ticket.",
    Owner.COMPANY: "Whoever sees the company.",
    Owner.USER: "Employees see all; a client and a partner see who works on their leads.",
    Owner.ONESELF: "Whose it is, and ADMIN.",
    Owner.ADMIN: "ADMIN.",
    Owner.ANYBODY: "Any caller that is known.",
}

OwnerEnum = strawberry.enum(Owner, name="Owner", description="Whose ownership decides who sees a row.")
for _value in OwnerEnum.__strawberry_definition__.values:  # type: ignore[attr-defined]
    _value.description = _MEANINGS[Owner[_value.name]]

# The one class of the enum, for the directive and for `Viewer.role`: a schema has each name once.
RoleEnum = enum_class(ROLE)


@strawberry.schema_directive(
    locations=[Location.OBJECT],
    name="owned",
    description="Rows of this type are visible to whoever owns them, or what they belong to, on every path.",
)
class Owned:
    """`@owned(by: LEAD)` on a row type."""

    by: OwnerEnum  # type: ignore[valid-type]


@strawberry.schema_directive(
    locations=[Location.OBJECT, Location.FIELD_DEFINITION],
    name="authenticated",
    description="Only for callers who are known: who have logged in, or have a partner's token.",
)
class Authenticated:
    """`@authenticated`."""


@strawberry.schema_directive(
    locations=[Location.OBJECT, Location.FIELD_DEFINITION],
    name="requiresRole",
    description="Only for callers with one of these roles.",
)
class RequiresRole:
    """`@requiresRole(roles: [ADMIN, MANAGER])`."""

    roles: list[RoleEnum]  # type: ignore[valid-type]


@strawberry.schema_directive(
    locations=[Location.OBJECT, Location.FIELD_DEFINITION],
    name="requiresScopes",
    description=(
        "A partner's token needs all scopes of one of the inner lists. Staff needs none: its role decides."
    ),
)
class RequiresScopes:
    """`@requiresScopes(scopes: [["leads:read"]])`."""

    scopes: list[list[str]]


EVERYTHING_GRANTED = Grant(EVERYBODY)


def directives_of(grant: Grant, within: Grant) -> Iterator[object]:
    """What is narrower about `grant` than about what it stands in."""
    if Caller.ANONYMOUS in within.callers and Caller.ANONYMOUS not in grant.callers:
        yield Authenticated()
    roles = grant.callers & KNOWN
    # What is also for those who aren't known yet asks for no role.
    if Caller.ANONYMOUS not in grant.callers and roles != within.callers & KNOWN:
        yield RequiresRole(roles=[RoleEnum[caller.name] for caller in Caller if caller in roles])
    # Only a partner has scopes to lack.
    if Caller.PARTNER in grant.callers and not grant.scopes <= within.scopes:
        yield RequiresScopes(scopes=[sorted(grant.scopes)])
