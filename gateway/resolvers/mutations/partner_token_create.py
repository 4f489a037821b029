"""`createPartnerToken`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.auth.partner_token_order import TokenOrder
from gateway.auth.partner_tokens import IssuedToken
from gateway.context import Request
from gateway.resolvers.ids import database_id


async def create_partner_token(_: object, request: Request, input: Mapping[str, Any]) -> IssuedToken:
    """Issues a token in the caller's name."""
    order = TokenOrder(
        partner_company_id=database_id(input["partnerCompanyId"], "PartnerCompany"),
        name=input["name"],
        scopes=tuple(input["scopes"]),
        expires_at=input.get("expiresAt"),
        cost_per_minute=input.get("costPerMinute"),
        created_by=request.principal.user_id,
    )
    return await request.services.partner_tokens.create(order)
