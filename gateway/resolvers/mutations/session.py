"""`login`, `refreshSession` and `logout`."""

from __future__ import annotations

from gateway.auth.authenticate import Session
from gateway.context import Request


async def log_in(_: object, request: Request, username: str, password: str) -> Session:
    """Starts a session; what is selected below it is read as the user who has just logged in."""
    session = await request.services.authenticator.login(username, password, request.client)
    request.become(session.principal)
    return session


async def refresh_session(_: object, request: Request, refreshToken: str) -> Session:  # noqa: N803
    """Renews a session."""
    session = await request.services.authenticator.refresh(refreshToken, request.client)
    request.become(session.principal)
    return session


async def log_out(_: object, request: Request) -> bool:
    """Ends the session of the caller."""
    return await request.services.authenticator.logout(request.principal, request.authorization)
