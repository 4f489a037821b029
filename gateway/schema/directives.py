"""The directives that the SDL shows. Each is produced from the declaration that it tells of."""

from __future__ import annotations

import strawberry
from strawberry.schema_directive import Location

from gateway.resolvers.declarations import Owner

OwnerEnum = strawberry.enum(Owner, name="Owner", description="Whose ownership decides who sees a row.")


@strawberry.schema_directive(
    locations=[Location.OBJECT],
    name="owned",
    description="Rows of this type are visible to whoever owns them, or what they belong to, on every path.",
)
class Owned:
    """`@owned(by: LEAD)` on a row type."""

    by: OwnerEnum  # type: ignore[valid-type]
