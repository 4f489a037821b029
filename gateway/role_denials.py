"""What `gateway doctor` says of the roles: names that `role.permissions` denies and that nothing is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from datasources.iperform.tables import role
from datasources.model import EVERYTHING
from gateway.auth.audience import denials_of
from gateway.auth.policy import Policy
from gateway.auth.roles import caller_of_role
from gateway.auth.system_access import SystemAccess
from gateway.schema.build import SCHEMAS

BYPASS = Policy.unrestricted(reason="an operator checks what the roles are denied; nobody's rows are read")


async def examine_roles(system: SystemAccess, *, table_advice: str) -> tuple[list[str], bool]:
    """What is odd about the roles, in lines, and whether all is well. `table_advice` is for a missing table."""
    try:
        rows = await system.rows((role.c.role_name, role.c.permissions), where=EVERYTHING, bypass=BYPASS)
    except Exception:
        return [f"The table `role` can't be read: {table_advice}."], False
    lines = [line for name, permissions in rows for line in oddities(name, permissions)]
    return lines or ["What the roles are denied is all there."], not lines


def oddities(name: str, permissions: Any) -> list[str]:
    """What a role's entry says that has no effect."""
    if caller_of_role(name) is None:
        return [f"The role “{name}” is none that the gateway knows: nobody with it can log in."]
    denied = permissions.get("deny") if isinstance(permissions, Mapping) else None
    lines = []
    if denied is not None and not isinstance(denied, str | list):
        lines.append(
            f"“{name}”: `deny` is no list of names such as `Lead.tentativeValue`: nothing is denied."
        )
    if isinstance(denied, list) and not all(isinstance(item, str) for item in denied):
        lines.append(f"“{name}”: `deny` holds something that is no text, which denies nothing.")
    unknown = sorted(SCHEMAS.narrowing.unknown_names(denials_of(permissions)))
    if unknown:
        lines.append(f"“{name}”: denied names that the schema doesn't have: {', '.join(unknown)}.")
    return lines
