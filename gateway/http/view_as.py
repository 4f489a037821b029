"""Who asks, and as whom they read: `X-View-As: user:<id>` or `token:<id>` lets an ADMIN see what somebody else sees.

It only ever narrows. The ADMIN's own login is checked as for any request, and nothing can be changed by it.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.auth.principal import Principal
from gateway.auth.roles import Caller
from gateway.auth.subjects import Subjects, seen_by
from gateway.errors import Code, GatewayError, bad_input, unauthenticated
from gateway.http.client import authorization_of
from gateway.http.incoming import Incoming
from gateway.resolvers.ids import database_id
from gateway.services import Services

HEADER = b"x-view-as"


@dataclass(frozen=True, slots=True)
class Asker:
    """The caller of a request. `reads_as` decides the schema and the rows; it is somebody else only for an ADMIN."""

    principal: Principal
    reads_as: Principal

    @property
    def is_viewing(self) -> bool:
        """Whether they read as somebody else."""
        return self.reads_as is not self.principal


async def asker_of(incoming: Incoming, services: Services) -> Asker:
    """The caller of a request, and as whom they read.

    Raises UNAUTHENTICATED; with the header, FORBIDDEN for all but ADMIN, BAD_USER_INPUT for a value that is none, and
    NOT_FOUND for somebody who isn't there or isn't let in.
    """
    principal = await services.authenticator.authenticate(authorization_of(incoming))
    given = incoming.all(HEADER)
    if not given:
        return Asker(principal, principal)
    if not principal.known:
        raise unauthenticated("Log in to view as somebody else.")
    if principal.caller is not Caller.ADMIN:
        raise GatewayError(Code.FORBIDDEN, "Only ADMIN views as somebody else: send no `X-View-As`.")
    return Asker(principal, seen_by(principal, await _subject(given, services.subjects)))


async def _subject(given: list[str], subjects: Subjects) -> Principal:
    kind, _, text = given[0].partition(":")
    if len(given) > 1 or kind not in {"user", "token"}:
        raise bad_input(
            "`X-View-As` is `user:` and the global id of a User, or `token:` and that of a PartnerToken."
        )
    if kind == "user":
        found = await subjects.user(database_id(text, "User"))
    else:
        found = await subjects.token(database_id(text, "PartnerToken"))
    if found is None or found.principal is None:
        raise GatewayError(
            Code.NOT_FOUND, "`X-View-As` names no active user, and no partner token that is good now."
        )
    return found.principal


def read_only() -> GatewayError:
    """What a change is answered with while somebody views as somebody else."""
    return GatewayError(
        Code.FORBIDDEN, "While you view as somebody else you can only read: send changes without `X-View-As`."
    )
