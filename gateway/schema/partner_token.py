"""PartnerToken: what a partner's program shows to be let in, from `gateway_partner_tokens`."""

from __future__ import annotations

from typing import Any

from datasources.iperform.partner_tokens import gateway_partner_tokens
from gateway.auth.partner_token_order import read_scopes
from gateway.context import Request
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, computed, to_one
from gateway.resolvers.mutations.partner_token_revoke import TYPE_NAME

_c = gateway_partner_tokens.c


def _scopes(cells: tuple[Any, ...], _: Request) -> list[str]:
    return sorted(read_scopes(cells[0]))


PARTNER_TOKEN = RowType(
    name=TYPE_NAME,
    table=gateway_partner_tokens,
    plural="partnerTokens",
    description="A token with which a partner's program asks this API; never the token itself, nor its hash.",
    fields=(
        column(_c.name, "What the token is for, as whoever issued it said."),
        column(_c.prefix, "How the token begins: what to recognise it by, and no secret."),
        computed(
            "scopes",
            "[String!]!",
            "What the token allows, such as `leads:read`.",
            _scopes,
            needs=(_c.scopes,),
        ),
        column(_c.cost_per_minute, "What the token's operations may cost together in a minute."),
        column(_c.created_on, "When the token was issued."),
        column(_c.expires_at, "When the token ends by itself."),
        column(_c.revoked_on, "When the token was revoked; null where it wasn't."),
        column(_c.last_used_on, "When the token was last used, to about a minute; null where it never was."),
        to_one(
            "partnerCompany",
            "PartnerCompany",
            relations.PARTNER_TOKEN_COMPANY.up,
            "The partner that the token was issued for.",
        ),
        to_one(
            "createdBy",
            "User",
            relations.PARTNER_TOKEN_CREATED_BY.up,
            "Who issued the token; null where it was issued at the command line.",
        ),
    ),
)
