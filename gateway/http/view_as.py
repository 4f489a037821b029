"""Who asks, and as whom they read: `X-View-As: user:<id>` or `token:<id>` lets an ADMIN see what somebody else sees.

It only ever narrows. The ADMIN's own login is checked as for any request, and nothing can be changed by it.
"""

from __future__ import annotations

from collections.abc import Sequence
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
    return await asker_named(authorization_of(incoming), incoming.all(HEADER), services)


async def asker_named(authorization: str | None, given: Sequence[str], services: Services) -> Asker:
    """As `asker_of`, for whoever says elsewhere what the headers would say."""
    principal = await services.authenticator.authenticate(authorization)
    if not given:
        return Asker(principal, principal)
    if not principal.known:
        raise unauthenticated("Log in to view as somebody else.")
    if principal.caller is not Caller.ADMIN:
        raise GatewayError(Code.FORBIDDEN, "Only ADMIN views as somebody else: send no `X-View-As`.")
    return Asker(principal, await viewed(principal, given, services))


async def viewed(admin: Principal, given: Sequence[str], services: Services) -> Principal:
    """As whom an ADMIN reads with these headers, by the database as it is now. Raises BAD_USER_INPUT and NOT_FOUND."""
    return seen_by(admin, await _subject(given, services.subjects))


async def _subject(given: Sequence[str], subjects: Subjects) -> Principal:
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
