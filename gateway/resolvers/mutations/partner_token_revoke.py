"""`revokePartnerToken`."""

from __future__ import annotations

from gateway.context import Request
from gateway.resolvers.ids import database_id

TYPE_NAME = "PartnerToken"


async def revoke_partner_token(_: object, request: Request, id: str) -> bool:
    """Ends a token."""
    return await request.services.partner_tokens.revoke(database_id(id, TYPE_NAME))
