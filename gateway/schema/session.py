"""Session: what somebody gets for logging in, and the mutations around it."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.auth.authenticate import Session
from gateway.auth.principal import Principal
from gateway.context import Request
from gateway.resolvers.declarations import Argument, ObjectType, computed
from gateway.resolvers.mutations.session import log_in, log_out, refresh_session


def _access_token(session: Session, _: Request) -> str:
    return session.access_token


def _refresh_token(session: Session, _: Request) -> str:
    return session.refresh_token


def _expires_at(session: Session, request: Request) -> datetime:
    return datetime.fromtimestamp(session.expires_at, tz=UTC).astimezone(request.zone)


def _viewer(session: Session, _: Request) -> Principal:
    return session.principal


SESSION = ObjectType(
    name="Session",
    description="What somebody gets for logging in.",
    fields=(
        computed(
            "accessToken",
            "String!",
            "Goes into each request as `Authorization: Bearer …`; good for some minutes.",
            _access_token,
        ),
        computed(
            "refreshToken",
            "String!",
            "Buys a new pair of tokens by `refreshSession`, once. Used twice, it ends the session.",
            _refresh_token,
        ),
        computed("expiresAt", "DateTime!", "When the access token ends.", _expires_at),
        computed("viewer", "Viewer!", "Who has logged in.", _viewer),
    ),
)

SESSION_MUTATIONS = (
    computed(
        "login",
        "Session!",
        "Starts a session. An unknown user and a wrong password give the same answer; attempts are limited.",
        log_in,
        arguments=(
            Argument("username", "String!", "The user name, exactly as it is kept."),
            Argument("password", "String!", "The password; of more than 72 bytes it is never right."),
        ),
    ),
    computed(
        "refreshSession",
        "Session!",
        "Renews a session: both tokens are new, the old refresh token is spent.",
        refresh_session,
        arguments=(Argument("refreshToken", "String!", "The newest refresh token of the session."),),
    ),
    computed(
        "logout",
        "Boolean!",
        "Ends the session of the caller; false where there is none.",
        log_out,
    ),
)
