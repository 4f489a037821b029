"""Where a request came from, behind as many proxies as the settings trust, and by what its sender wants to be known."""

from __future__ import annotations

from starlette.requests import Request

from gateway.auth.principal import Client


def client_of(request: Request, trusted_proxies: int) -> Client:
    """The address and the program of a request's sender. Each trusted proxy has added one address at the end."""
    address = request.client.host if request.client is not None else ""
    if trusted_proxies:
        forwarded = [
            part.strip() for part in request.headers.get("x-forwarded-for", "").split(",") if part.strip()
        ]
        if len(forwarded) >= trusted_proxies:
            address = forwarded[-trusted_proxies]
    return Client(address=address, user_agent=request.headers.get("user-agent", ""))


def authorization_of(request: Request) -> str | None:
    """The `Authorization` header; several of them as one, as HTTP has it, and that names nobody."""
    given = request.headers.getlist("authorization")
    return ", ".join(given) if given else None
