"""One operation of a socket, of whatever kind: from its `subscribe` to its `complete` or `error`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Protocol

from graphql import OperationType

from gateway.auth.principal import Client
from gateway.auth.reads import Kind
from gateway.errors import Code
from gateway.http.admission import Admission
from gateway.http.answers import CLIENT_GONE, Answer, status_of
from gateway.http.endings import SLOW, Ended, Ending
from gateway.http.execution import Begun, Operations, Origin, failure, new_request_id
from gateway.http.metrics import MESSAGES_TO_SOCKETS
from gateway.http.negotiate import Media
from gateway.http.socket_protocol import NEXT_TAIL, Subscribe, complete, error, next_head
from gateway.http.view_as import Asker
from gateway.live.subscription import Subscription


class Speaker(Protocol):
    """The socket, as its operations need it."""

    client: Client
    authorization: str | None

    async def ask(self) -> Asker:
        """Who is there, checked now. Raises `Ended` for one who is let in no longer, and SOURCE_UNAVAILABLE."""
        ...

    async def say(self, text: str) -> None:
        """Sends a message. Raises `OSError` where nobody is there any more."""
        ...

    def end(self, ending: Ending) -> None:
        """Begins to close it."""
        ...


class SocketOperation:
    """Carried out by a task of its own, `run`. `seconds` is the time limit up to the answer, or to the first one."""

    def __init__(
        self,
        asked: Subscribe,
        socket: Speaker,
        operations: Operations,
        admission: Admission,
        *,
        seconds: float,
    ) -> None:
        self.id = asked.id
        self._asked = asked.asked
        self._socket = socket
        self._operations = operations
        self._admission = admission
        self._seconds = seconds
        self._request_id = new_request_id()
        self._begun: Begun | None = None
        self._subscription: Subscription | None = None
        self._changes = False
        self._is_wanted = True
        self._settled = asyncio.Event()
        self.task = asyncio.create_task(self._run())
        self.task.add_done_callback(lambda _: self._settled.set())

    async def settled(self) -> None:
        """Waits until it has ended, or is a subscription, which goes on until somebody ends it."""
        await self._settled.wait()

    def stop(self) -> None:
        """Ends it: nobody wants its answer. What has begun to change something goes on to its end."""
        self._is_wanted = False
        if not self._changes:
            self.task.cancel()

    async def _run(self) -> None:
        answer: Answer | None = None
        try:
            answer = await self._outcome()
            if answer is None and not self._is_wanted:
                # A cancelling can be swallowed on its way: `wait_for`, which drivers use, does that until Python 3.12.
                return
            if answer is None:
                assert self._subscription is not None
                await self._deliver(self._subscription)
                await self._socket.say(complete(self.id))
            else:
                await self._say(answer)
        except Ended as ended:
            self._socket.end(ended.ending)
        except OSError:
            pass  # Nobody is there to be told.
        except Exception as failed:
            answer = failure(failed, self._request_id)
            await self._end_with(answer)
        finally:
            self._leave(answer)

    async def _outcome(self) -> Answer | None:
        """The answer, of whatever went wrong, too; None for a subscription that has begun."""
        try:
            async with asyncio.timeout(self._seconds):
                place = await self._admission.enter()
                try:
                    return await self._carried_out()
                finally:
                    place.leave()
        except Ended:
            raise
        except Exception as raised:
            return failure(raised, self._request_id)

    async def _carried_out(self) -> Answer | None:
        socket, operations = self._socket, self._operations
        found = operations.find(self._asked, await socket.ask())
        prepared = await operations.prepare(found)
        self._changes = found.kind is OperationType.MUTATION
        origin = Origin(self._request_id, socket.authorization, socket.client)
        begun = self._begun = operations.begin(found, prepared, origin)
        if found.kind is not OperationType.SUBSCRIPTION:
            return await operations.execute(begun)
        self._subscription = await operations.subscribe(begun)
        self._settled.set()
        return None

    async def _deliver(self, subscription: Subscription) -> None:
        head, say = next_head(self.id), self._socket.say
        async for answer in subscription:
            await say(f"{head}{answer.decode()}{NEXT_TAIL}")
            MESSAGES_TO_SOCKETS.inc()

    async def _say(self, answer: Answer) -> None:
        if not answer.executed:
            await self._socket.say(error(self.id, answer.errors))
            return
        await self._socket.say(f"{next_head(self.id)}{answer.body.decode()}{NEXT_TAIL}")
        MESSAGES_TO_SOCKETS.inc()
        await self._socket.say(complete(self.id))

    async def _end_with(self, answer: Answer) -> None:
        """Says that a subscription goes on no longer. Who reads too slowly is sent away, to come back for the rest."""
        if answer.code is Code.SLOW_CONSUMER:
            self._socket.end(SLOW)
            return
        with suppress(OSError):
            await self._say(answer)

    def _leave(self, answer: Answer | None) -> None:
        rows: Mapping[Kind, int] | None = None
        if self._subscription is not None:
            self._subscription.close()
            rows = self._subscription.rows
        if self._begun is None:
            return
        gone = CLIENT_GONE if rows is None else 200
        status = gone if answer is None else status_of(answer, Media.GRAPHQL)
        self._operations.audit.end(self._begun.audited, status, answer, rows)
