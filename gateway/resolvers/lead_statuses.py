"""Which statuses a caller may set on the leads that they may change at all."""

from __future__ import annotations

from datasources.iperform.statuses import LEAD_STATUSES
from gateway.auth.principal import Principal
from gateway.auth.roles import LEADS_WRITE, Caller


def allowed_lead_statuses(principal: Principal) -> tuple[str, ...]:
    """Those that the role allows, as the database has them; a partner has no role, and needs the scope for any."""
    if principal.caller is Caller.PARTNER:
        return LEAD_STATUSES if LEADS_WRITE in principal.scopes else ()
    return principal.allowed_statuses
