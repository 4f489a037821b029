"""The root types: where a query, a mutation or a subscription begins."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable

from gateway.context import Request
from gateway.resolvers.declarations import (
    PAGE,
    Argument,
    Field,
    NodeField,
    ObjectType,
    RootListField,
    RootOneField,
    RowType,
    choosing,
    computed,
)
from gateway.schema.access_explanation import EXPLAIN_ACCESS
from gateway.schema.change_lead_status import CHANGE_LEAD_STATUS
from gateway.schema.change_ticket_status import CHANGE_TICKET_STATUS
from gateway.schema.create_partner_token import PARTNER_TOKEN_MUTATIONS
from gateway.schema.lead_stats import LEAD_STATS_FIELD
from gateway.schema.lead_status_event import LEAD_STATUS_CHANGED
from gateway.schema.report_view import REPORT_FIELDS
from gateway.schema.session import SESSION_MUTATIONS
from gateway.schema.ticket_status_event import TICKET_STATUS_CHANGED
from gateway.schema.types import ROW_TYPES
from gateway.schema.viewer import viewer

NODE_FIELDS = (
    NodeField(
        name="node",
        type="Node",
        description="Anything that has a global id, by that id; null where it doesn't exist for the caller.",
        arguments=(Argument("id", "ID!", "The global id."),),
        many=False,
    ),
    NodeField(
        name="nodes",
        type="[Node]!",
        description="Several things by their global ids, in the order of the ids; at most 500.",
        arguments=(Argument("ids", "[ID!]!", "The global ids."),),
        many=True,
    ),
)


def one_and_list(row_type: RowType) -> Iterable[Field]:
    """The two root fields of a row type: one row by id, and the connection of all that the caller sees."""
    singular = row_type.name[0].lower() + row_type.name[1:]
    identified = (
        Argument("id", "ID", "The global id. Give either this or `databaseId`."),
        Argument("databaseId", "Int", "The primary key in the database."),
    )
    hidden = (
        Argument("includeDeleted", "Boolean", "Whether to give it though it is deleted; for ADMIN.", False),
    )
    if row_type.node:
        yield RootOneField(
            name=singular,
            type=row_type.name,
            description=f"One {row_type.name} by id; null where it doesn't exist for the caller.",
            arguments=identified + (hidden if row_type.hidden is not None else ()),
            table=row_type.table,
        )
    if row_type.plural:
        yield RootListField(
            name=row_type.plural,
            type=f"{row_type.name}Connection!",
            description=f"Every {row_type.name} that the caller sees.",
            arguments=PAGE + choosing(row_type.name),
            table=row_type.table,
        )


async def _note_position(request: Request) -> None:
    """Asks where the log stands before any row is read: what changes while the query runs comes after the cursor."""
    request.memo[_note_position] = position = asyncio.ensure_future(request.services.bus.position())
    await asyncio.wait([position])


def _event_cursor(_: object, request: Request) -> Awaitable[str]:
    return request.memo[_note_position]  # type: ignore[no-any-return]


QUERY = ObjectType(
    name="Query",
    description="Where reading begins.",
    fields=(
        computed("viewer", "Viewer", "Who is asking; null where nobody has logged in.", viewer),
        *NODE_FIELDS,
        *(field for row_type in ROW_TYPES for field in one_and_list(row_type)),
        LEAD_STATS_FIELD,
        *REPORT_FIELDS,
        EXPLAIN_ACCESS,
        computed(
            "eventCursor",
            "String!",
            "The change log's position now: read it together with a list, then subscribe with it as `after`; no gap.",
            _event_cursor,
            first=_note_position,
        ),
    ),
)

MUTATION = ObjectType(
    name="Mutation",
    description="Where changing begins.",
    fields=(*SESSION_MUTATIONS, CHANGE_LEAD_STATUS, CHANGE_TICKET_STATUS, *PARTNER_TOKEN_MUTATIONS),
)

SUBSCRIPTION = ObjectType(
    name="Subscription",
    description="Where following begins: over a WebSocket, or as a stream of server-sent events.",
    fields=(LEAD_STATUS_CHANGED, TICKET_STATUS_CHANGED),
)
