"""Where a request came from, behind as many proxies as the settings trust, and by what its sender wants to be known."""

from __future__ import annotations

from gateway.auth.principal import Client
from gateway.http.incoming import Incoming


def client_of(incoming: Incoming, trusted_proxies: int) -> Client:
    """The address and the program of a request's sender. Each trusted proxy has added one address at the end."""
    peer = incoming.scope.get("client")
    address = peer[0] if peer else ""
    if trusted_proxies:
        given = incoming.header(b"x-forwarded-for") or ""
        forwarded = [part.strip() for part in given.split(",") if part.strip()]
        if len(forwarded) >= trusted_proxies:
            address = forwarded[-trusted_proxies]
    return Client(address=address, user_agent=incoming.header(b"user-agent") or "")


def authorization_of(incoming: Incoming) -> str | None:
    """The `Authorization` header; several of them as one, as HTTP has it, and that names nobody."""
    return incoming.joined(b"authorization")
