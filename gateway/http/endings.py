"""Why the gateway ends a socket or an event stream, with the code that tells a client whether to come back.

`graphql-ws` and those that do as it does never come back after 4400, 4401, 4406, 4409 and 4429: something is wrong with
the client. After all others here they connect again, with the token that they have by then.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.errors import Code, GatewayError, unauthenticated

# What a close frame has room for, in bytes (RFC 6455, 5.5).
LONGEST_REASON = 123


@dataclass(frozen=True, slots=True)
class Ending:
    """`close_code` is for sockets; a stream's last answer holds `error`."""

    close_code: int
    error: GatewayError

    @property
    def reason(self) -> str:
        """The sentence as a close frame has room for it."""
        return self.error.message.encode()[:LONGEST_REASON].decode(errors="ignore")


class Ended(Exception):
    """The gateway ends a socket or a stream."""

    def __init__(self, ending: Ending) -> None:
        super().__init__(ending.error.message)
        self.ending = ending


def broken(message: str) -> Ending:
    """The client doesn't speak the protocol."""
    return Ending(4400, GatewayError(Code.BAD_REQUEST, message))


def forbidden(message: str) -> Ending:
    """The caller isn't known, or no longer."""
    return Ending(4403, unauthenticated(message))


def id_in_use(id_: str) -> Ending:
    """The client has begun an operation with an id that another one still has."""
    return Ending(4409, GatewayError(Code.BAD_REQUEST, f"Subscriber for {id_} already exists"))


def try_later(error: GatewayError) -> Ending:
    """The gateway can't serve one more, or can't find out right now who is asking."""
    return Ending(1013, error)


TOO_EARLY = Ending(
    4401, unauthenticated("Unauthorized: send connection_init first, and wait for connection_ack.")
)
NO_TOKEN = forbidden('Forbidden: connection_init needs the payload {"authorization": "Bearer …"}.')
BAD_TOKEN = forbidden("Forbidden: the token is no longer good; log in or renew it, then connect again.")
OTHERS_TOKEN = forbidden(
    "Forbidden: the token is somebody else's, or has other rights; connect again with it."
)
EXPIRED = forbidden("Forbidden: the access token has expired; renew it, then connect again.")
CHANGED = forbidden("Forbidden: your role or its permissions have changed; connect again.")
NO_LONGER_VIEWED = forbidden("Forbidden: whom you view as isn't let in any longer, or has other rights now.")
SUBPROTOCOL = Ending(
    4406, GatewayError(Code.BAD_REQUEST, "Subprotocol not acceptable: use graphql-transport-ws.")
)
NO_INIT = Ending(4408, GatewayError(Code.TIMEOUT, "Connection initialisation timeout"))
SECOND_INIT = Ending(4429, GatewayError(Code.BAD_REQUEST, "Too many initialisation requests"))
SLOW = Ending(
    4410,
    GatewayError(Code.SLOW_CONSUMER, "Messages weren't read in time; connect again, after the last cursor."),
)
SILENT = Ending(4410, GatewayError(Code.SLOW_CONSUMER, "A ping wasn't answered in time; connect again."))
RESTART = Ending(
    1012, GatewayError(Code.SOURCE_UNAVAILABLE, "The gateway restarts; connect again, after the last cursor.")
)
FAILED = Ending(4500, GatewayError(Code.INTERNAL, "Something went wrong on our side."))
