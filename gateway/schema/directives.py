"""The directives that the SDL shows. Each is produced from the declaration that it tells of."""

from __future__ import annotations

import strawberry
from strawberry.schema_directive import Location

from gateway.resolvers.declarations import Owner

_MEANINGS = {
    Owner.LEAD: "Whoever sees the lead.",
    Owner.TICKET: "Whoever sees the ticket.",
    Owner.COMPANY: "Whoever sees the company.",
    Owner.USER: "Employees see all; a client sees who works on their leads.",
    Owner.ONESELF: "Whose it is, and ADMIN.",
    Owner.ADMIN: "ADMIN.",
    Owner.ANYBODY: "Any caller that is known.",
}

OwnerEnum = strawberry.enum(Owner, name="Owner", description="Whose ownership decides who sees a row.")
for _value in OwnerEnum.__strawberry_definition__.values:  # type: ignore[attr-defined]
    _value.description = _MEANINGS[Owner[_value.name]]


@strawberry.schema_directive(
    locations=[Location.OBJECT],
    name="owned",
    description="Rows of this type are visible to whoever owns them, or what they belong to, on every path.",
)
class Owned:
    """`@owned(by: LEAD)` on a row type."""

    by: OwnerEnum  # type: ignore[valid-type]
