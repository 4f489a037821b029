"""Viewer: who is asking, and what they may do."""

from __future__ import annotations

from typing import Any

from datasources.iperform.tables import partner_company, user
from gateway.auth.principal import Principal
from gateway.context import Request
from gateway.resolvers.declarations import EnumType, ObjectType, computed, reference
from gateway.resolvers.lead_statuses import allowed_lead_statuses

ROLE = EnumType(
    name="Role",
    description="What somebody is in the sales company, or for it.",
    values={
        "ADMIN": "Runs the estate: sees everything.",
        "USER": "Somebody at a client company: sees what is their company's.",
        "SALESPERSON": "Sees the leads of their warriors, and those shared with them.",
        "WARRIOR": "A follow-up specialist: sees their own leads.",
        "MANAGER": "Sees the leads of everybody below them.",
        "PARTNER": "A partner company's program, with a scoped token.",
    },
)


def viewer(_: object, request: Request) -> Principal | None:
    """The caller; None where nobody is known to be asking."""
    return request.principal if request.principal.known else None


def _user(principal: Principal, _: Request) -> int | None:
    return principal.user_id


def _partner(principal: Principal, _: Request) -> int | None:
    return principal.partner_company_id


def _role(principal: Principal, _: Request) -> str:
    return principal.caller.value


def _scopes(principal: Principal, _: Request) -> list[str]:
    return sorted(principal.scopes)


def _permissions(principal: Principal, _: Request) -> Any:
    return principal.permissions


def _allowed_lead_statuses(principal: Principal, _: Request) -> list[str]:
    return list(allowed_lead_statuses(principal))


VIEWER = ObjectType(
    name="Viewer",
    description="Who is asking, and what they may do.",
    fields=(
        reference("user", "User", user, "The caller's own account; null for a partner.", _user),
        computed("role", "Role!", "The caller's role, as the database has it now.", _role),
        computed(
            "scopes",
            "[String!]!",
            "What a partner's token allows; empty for staff.",
            _scopes,
        ),
        reference(
            "partner",
            "PartnerCompany",
            partner_company,
            "The partner company that the token was issued for; null for staff.",
            _partner,
        ),
        computed(
            "permissions",
            "JSON",
            "What the role's entry in the estate says besides.",
            _permissions,
        ),
        computed(
            "allowedLeadStatuses",
            "[String!]!",
            "The statuses that the caller may set on a lead.",
            _allowed_lead_statuses,
        ),
    ),
)
