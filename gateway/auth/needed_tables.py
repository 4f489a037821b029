"""Whether `iperform` has the tables without which nobody can be served. Asked by `/readyz`; no row is read."""

from __future__ import annotations

from sqlalchemy import false

from datasources.iperform.tables import all_session, metadata, role, user
from datasources.model import Match
from gateway.auth.policy import Policy
from gateway.auth.system_access import SystemAccess
from gateway.errors import GatewayError

BYPASS = Policy.unrestricted(reason="whether the tables are there is asked before anybody is; no row is read")
NO_ROW = Match(false())
# Who asks is found in the first three; the others are the gateway's own, which `gateway migrate` makes.
NEEDED = (user, role, all_session, *(t for name, t in metadata.tables.items() if name.startswith("gateway_")))


class TablesMissing(Exception):
    """A table isn't there, or can't be read. The message names it."""


async def require_tables(system: SystemAccess) -> None:
    """Raises TablesMissing, or a GatewayError where the database can't be asked."""
    for table in NEEDED:
        try:
            await system.rows((next(iter(table.c)),), where=NO_ROW, bypass=BYPASS)
        except GatewayError:
            raise
        except Exception as error:
            # Each driver has an error of its own for it.
            raise TablesMissing(f"the table `{table.name}` is missing or can't be read") from error
