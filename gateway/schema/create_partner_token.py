"""The mutations of partner tokens: what `createPartnerToken` takes and gives, and `revokePartnerToken`."""

from __future__ import annotations

from datetime import datetime

from gateway.auth.partner_tokens import IssuedToken
from gateway.context import Request
from gateway.resolvers.declarations import Argument, InputType, ObjectType, computed
from gateway.resolvers.ids import encode_id
from gateway.resolvers.mutations.partner_token_create import create_partner_token
from gateway.resolvers.mutations.partner_token_revoke import TYPE_NAME, revoke_partner_token


def _token(issued: IssuedToken, _: Request) -> str:
    return issued.text


def _id(issued: IssuedToken, _: Request) -> str:
    return encode_id(TYPE_NAME, issued.id)


def _prefix(issued: IssuedToken, _: Request) -> str:
    return issued.prefix


def _expires_at(issued: IssuedToken, _: Request) -> datetime:
    return issued.expires_at


CREATE_PARTNER_TOKEN_PAYLOAD = ObjectType(
    name="CreatePartnerTokenPayload",
    description="A new token, whole for the only time.",
    fields=(
        computed(
            "token", "String!", "The token. Keep it: it is not shown again, only its hash is kept.", _token
        ),
        computed("id", "ID!", "The global id, for `revokePartnerToken`.", _id),
        computed("prefix", "String!", "How the token begins: what lists show of it.", _prefix),
        computed("expiresAt", "DateTime", "When the token ends by itself.", _expires_at),
    ),
)

CREATE_PARTNER_TOKEN_INPUT = InputType(
    name="CreatePartnerTokenInput",
    description="A token to be issued.",
    fields=(
        Argument("partnerCompanyId", "ID!", "The global id of an active partner company."),
        Argument("name", "String!", "What the token is for: 1 to 128 characters."),
        Argument("scopes", "[String!]!", "What the token allows, such as `leads:read`; at least one."),
        Argument(
            "expiresAt",
            "DateTime",
            "When the token ends; after 90 days, or as the gateway is set, if absent.",
        ),
        Argument(
            "costPerMinute",
            "Int",
            "What the token's operations may cost together in a minute; as the gateway is set, if absent.",
        ),
    ),
)

PARTNER_TOKEN_MUTATIONS = (
    computed(
        "createPartnerToken",
        "CreatePartnerTokenPayload!",
        "Issues a token for a partner's program. The answer shows it, this once.",
        create_partner_token,
        arguments=(Argument("input", "CreatePartnerTokenInput!", "What to issue."),),
    ),
    computed(
        "revokePartnerToken",
        "Boolean!",
        "Ends a token within two seconds, on open connections too; false where it had been revoked before.",
        revoke_partner_token,
        arguments=(Argument("id", "ID!", "The global id of a PartnerToken."),),
    ),
)
