"""Whether the address to listen on can be had: asked by `gateway serve | demo` before they promise anything of it."""

from __future__ import annotations

import errno
import socket

from gateway.settings import SettingsError


def require_address(host: str, port: int, *, host_name: str, port_name: str) -> None:
    """Raises SettingsError, with the names of what to change, where nobody could listen there now."""
    try:
        # Every address of a name, as the server itself listens on each.
        for family, kind, protocol, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            with socket.socket(family, kind, protocol) as probe:
                # As the server does: connections that have just ended don't keep it from starting again.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
    except OSError as error:
        raise SettingsError(_sentence(error, host, port, host_name, port_name)) from error


def _sentence(error: OSError, host: str, port: int, host_name: str, port_name: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is taken: end what listens there, or choose another with {port_name}"
    if error.errno in {errno.EACCES, errno.EPERM}:
        return f"port {port} isn't allowed to this account: choose one above 1023 with {port_name}"
    reason = (error.strerror or str(error)).lower()
    return f"{host} is no address that this machine can listen on ({reason}): choose another with {host_name}"
