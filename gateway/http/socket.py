"""`/graphql` over a WebSocket, by the protocol graphql-transport-ws.

Who is there is said by the token in `connection_init`'s payload alone, never by a cookie: a page of another site can
open a socket here, but not with somebody's login. A socket lasts as long as the access token with which it was opened
or renewed: a `ping` whose payload is {"authorization": "Bearer …"}, with a newer token of the same caller, is answered
by a `pong` whose payload says until when, {"expiresAt": "…"}, as `connection_ack`'s does. A token that is good no
longer closes the socket; where it can't be checked right now, the payload is {"errors": […]}, and nothing has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from starlette.types import Receive, Scope, Send

from gateway.auth.principal import same_rights
from gateway.errors import Code, GatewayError
from gateway.http import endings
from gateway.http.admission import Admission
from gateway.http.answers import of_error
from gateway.http.client import client_of
from gateway.http.connections import Connections
from gateway.http.endings import Ended, Ending, broken, forbidden, id_in_use, try_later
from gateway.http.execution import Operations, failure, new_request_id
from gateway.http.incoming import Incoming
from gateway.http.metrics import CLOSES, SOCKETS_OPEN
from gateway.http.server import abort
from gateway.http.socket_operation import SocketOperation
from gateway.http.socket_protocol import (
    PING,
    SUBPROTOCOL,
    Broken,
    Complete,
    Init,
    Message,
    Ping,
    Subscribe,
    ack,
    error,
    message_of,
    pong,
)
from gateway.http.view_as import HEADER, Asker, asker_named
from gateway.services import Services

log = structlog.get_logger(__name__)

INIT_SECONDS = 10.0
PING_SECONDS = 20.0
# Nothing could be written for so long: the client doesn't read.
WRITE_SECONDS = 10.0
# Whoever may not be let in any more, or isn't there; anything else that can go wrong may be over in a moment.
REFUSALS = frozenset({Code.UNAUTHENTICATED, Code.FORBIDDEN, Code.NOT_FOUND, Code.BAD_USER_INPUT})


class SocketEndpoint:
    """Takes sockets: an ASGI app."""

    def __init__(
        self, services: Services, operations: Operations, admission: Admission, connections: Connections
    ) -> None:
        self.services = services
        self.operations = operations
        self.admission = admission
        self.connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One socket, from its beginning to its end."""
        with SOCKETS_OPEN.track_inprogress():
            await Socket(self, Incoming(scope, receive), receive, send).run()


class Socket:
    """One client's socket."""

    def __init__(self, endpoint: SocketEndpoint, incoming: Incoming, receive: Receive, send: Send) -> None:
        self._endpoint = endpoint
        self._scope = incoming.scope
        self._receive = receive
        self._send = send
        self._clock = asyncio.get_running_loop().time
        # Those that the client may still end, and all: what changes something goes on when nobody wants its answer.
        self._operations: dict[str, SocketOperation] = {}
        self._running: set[SocketOperation] = set()
        self._chores: set[asyncio.Task[None]] = set()
        self._over = False
        self._draining = False
        self._blocked_since: float | None = None
        self._heard = True
        self._ping_due = 0.0
        self.client = client_of(incoming, endpoint.services.settings.trusted_proxies)
        self.view_as: Sequence[str] = incoming.all(HEADER)
        self.authorization: str | None = None
        self.asker: Asker
        self.expires_at: float | None = None

    async def run(self) -> None:
        """Serves the client until either side closes."""
        with ExitStack() as kept:
            try:
                await self._serve(kept)
            except Ended as ended:
                await self._close(ended.ending)
            except OSError:
                pass  # The client is gone.
            except Exception:
                log.exception("a socket failed")
                await self._close(endings.FAILED)
            finally:
                self._over = True
                await self._leave()

    async def _serve(self, kept: ExitStack) -> None:
        await self._receive()
        if SUBPROTOCOL not in self._scope["subprotocols"]:
            await self._send({"type": "websocket.accept"})
            raise Ended(endings.SUBPROTOCOL)
        await self._send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        try:
            kept.enter_context(self._endpoint.connections.place(self))
            await self._known()
            kept.enter_context(self._endpoint.connections.looked_after(self))
        except GatewayError as refusal:
            raise Ended(try_later(refusal)) from None
        self._ping_due = self._clock() + PING_SECONDS
        await self.say(ack(self._expiry()))
        while not self._over and (message := await self._message()) is not None:
            await self._take(message)

    async def _known(self) -> None:
        """Waits until the client has said who it is."""
        try:
            async with asyncio.timeout(INIT_SECONDS):
                while not isinstance(message := await self._message(), Init):
                    await self._take_early(message)
        except TimeoutError:
            raise Ended(endings.NO_INIT) from None
        if message.authorization is None:
            raise Ended(endings.NO_TOKEN)
        await self._believe(message.authorization)

    async def _take_early(self, message: Message | None) -> None:
        match message:
            case None:
                raise OSError("closed before it was known who is there")
            case Subscribe():
                raise Ended(endings.TOO_EARLY)
            case Ping(payload):
                await self.say(pong(payload))

    async def _take(self, message: Message) -> None:
        match message:
            case Init():
                raise Ended(endings.SECOND_INIT)
            case Subscribe():
                await self._begin(message)
            case Complete(id_):
                if (operation := self._operations.pop(id_, None)) is not None:
                    operation.stop()
            case Ping() if message.authorization is not None:
                await self.say(pong(await self._renewed(message.authorization)))
            case Ping(payload):
                await self.say(pong(payload))

    async def _begin(self, message: Subscribe) -> None:
        if self._draining:
            raise Ended(endings.RESTART)
        if message.id in self._operations:
            raise Ended(id_in_use(message.id))
        settings = self._endpoint.services.settings
        if len(self._running) >= settings.subscriptions_per_socket:
            refusal = GatewayError(
                Code.THROTTLED, "Too many operations are open on this socket; complete some, then ask again."
            )
            await self.say(error(message.id, of_error(refusal, new_request_id()).errors))
            return
        operation = SocketOperation(
            message,
            self,
            self._endpoint.operations,
            self._endpoint.admission,
            seconds=settings.request_seconds,
        )
        self._operations[message.id] = operation
        self._running.add(operation)
        operation.task.add_done_callback(lambda _: self._ended(operation))

    def _ended(self, operation: SocketOperation) -> None:
        self._running.discard(operation)
        if self._operations.get(operation.id) is operation:
            del self._operations[operation.id]

    # --- who is there ---------------------------------------------------------------------------------------

    async def ask(self) -> Asker:
        """Who is there, checked now. Raises `Ended` for one who is let in no longer, and SOURCE_UNAVAILABLE."""
        return await self._asker(self.authorization)

    async def _asker(self, authorization: str | None) -> Asker:
        try:
            return await asker_named(authorization, self.view_as, self._endpoint.services)
        except GatewayError as refusal:
            if refusal.code is Code.UNAUTHENTICATED:
                raise Ended(endings.BAD_TOKEN) from None
            if refusal.code in REFUSALS:
                raise Ended(forbidden(f"Forbidden: {refusal.message}")) from None
            raise

    async def _believe(self, authorization: str) -> None:
        asker = await self._asker(authorization)
        self.asker, self.authorization = asker, authorization
        self.expires_at = self._endpoint.services.authenticator.expiry_of(authorization)

    async def _renewed(self, authorization: str) -> Mapping[str, Any]:
        """What a pong says to a newer token."""
        before = self.asker
        try:
            asker = await self._asker(authorization)
        except GatewayError as error_:
            return orjson.loads(failure(error_, new_request_id()).body)  # type: ignore[no-any-return]
        if not same_rights(asker.principal, before.principal):
            raise Ended(endings.OTHERS_TOKEN)
        await self._believe(authorization)
        return self._expiry()

    def _expiry(self) -> Mapping[str, Any]:
        if self.expires_at is None:
            return {}
        zone = self._endpoint.services.zone
        return {"expiresAt": datetime.fromtimestamp(self.expires_at, tz=UTC).astimezone(zone).isoformat()}

    # --- reading and writing --------------------------------------------------------------------------------

    async def _message(self) -> Message | None:
        """What the client says next; None where it has closed. Raises `Ended` for what the protocol doesn't know."""
        event = await self._receive()
        if event["type"] == "websocket.disconnect":
            return None
        self._heard = True
        try:
            return message_of(event.get("text"))
        except Broken as error_:
            raise Ended(broken(str(error_))) from None

    async def say(self, text: str) -> None:
        """Sends a message. Raises `OSError` where nobody is there any more."""
        if self._over:
            raise ConnectionError("closed")
        first = self._blocked_since is None
        if first:
            self._blocked_since = self._clock()
        try:
            await self._send({"type": "websocket.send", "text": text})
        except RuntimeError:
            # It waited for the client to read, and meanwhile the socket was closed.
            raise ConnectionError("closed") from None
        finally:
            if first:
                self._blocked_since = None

    # --- as long as it is open ------------------------------------------------------------------------------

    def look(self, now: float) -> None:
        """Sends pings, and closes for a client that doesn't answer them or doesn't read."""
        if self._over:
            return
        if self._blocked_since is not None and now - self._blocked_since > WRITE_SECONDS:
            self.end(endings.SLOW)
        elif now >= self._ping_due and self._blocked_since is None:
            self._ping_due = now + PING_SECONDS
            if self._heard:
                self._heard = False
                self._soon(self._ping())
            else:
                self.end(endings.SILENT)

    async def _ping(self) -> None:
        with suppress(OSError):
            await self.say(PING)

    def end(self, ending: Ending) -> None:
        """Begins to close it: what `_receive` gives next is that it is closed."""
        if not self._over:
            self._soon(self._close(ending))

    async def drain(self) -> None:
        """Closes it, once its queries and mutations are done."""
        self._draining = True
        await asyncio.gather(*[operation.settled() for operation in self._running])
        self.end(endings.RESTART)

    async def _close(self, ending: Ending) -> None:
        if self._over:
            return
        self._over = True
        CLOSES.labels(str(ending.close_code)).inc()
        if self._blocked_since is not None and abort(self._scope):
            return
        # Or else the client was quicker.
        with suppress(OSError, RuntimeError):
            await self._send({"type": "websocket.close", "code": ending.close_code, "reason": ending.reason})

    async def _leave(self) -> None:
        """Leaves nothing behind."""
        for operation in self._running:
            operation.stop()
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(
            *[operation.task for operation in self._running], *self._chores, return_exceptions=True
        )

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        chore = asyncio.create_task(work)
        self._chores.add(chore)
        chore.add_done_callback(self._chores.discard)
