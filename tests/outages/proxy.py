"""A TCP proxy that misbehaves on demand, between a gateway and one server. Used by the tests of this folder.

It has an event loop and a thread of its own. What it does to bytes is decided by `fault`, which a test changes
at any time; the fault acts on what the server sends.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

CHUNK = 64 * 1024
FAITHFUL = 1 << 62
"""More bytes than any answer has."""


class End(Enum):
    """How a connection ends once the server has sent as many bytes as a fault lets through."""

    CLOSE = auto()
    RESET = auto()
    SILENCE = auto()


@dataclass(frozen=True, slots=True)
class Fault:
    """`through` bytes are passed on from when the fault begins, by `slice` bytes at once, each `delay` s late."""

    through: int = FAITHFUL
    end: End = End.CLOSE
    slice: int = CHUNK
    delay: float = 0.0


NONE = Fault()


class Proxy:
    """Listens on `port` once opened; until then a connection is refused."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._fault = NONE
        self._left = FAITHFUL
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def open(self) -> None:
        """Begins to listen."""
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()

    def close(self) -> None:
        """Ends every connection and the thread."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._listener.close()

    def misbehave(self, fault: Fault) -> None:
        """Does this from now on, to open connections too."""
        self._fault, self._left = fault, fault.through

    @property
    def passed(self) -> int:
        """How many bytes of the server's were passed on under this fault."""
        return self._fault.through - self._left

    async def _serve(self) -> None:
        await asyncio.start_server(self._accepted, sock=self._listener)

    async def _end(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        tasks = {
            asyncio.create_task(_copied(reader, to_server)),
            asyncio.create_task(self._answered(from_server, writer)),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # First of all: whoever ends the proxy cancels what is waited for here as well.
            to_server.close()
            writer.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _answered(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Passes on what the server sends, as the fault has it."""
        while data := await reader.read(CHUNK):
            fault = self._fault
            passed, cut = data[: self._left], len(data) > self._left
            self._left -= len(passed)
            for start in range(0, len(passed), fault.slice):
                await asyncio.sleep(fault.delay)
                writer.write(passed[start : start + fault.slice])
                await writer.drain()
            if cut:
                await _cut(writer, fault.end)
                return


async def _copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()


async def _cut(writer: asyncio.StreamWriter, end: End) -> None:
    if end is End.SILENCE:
        await asyncio.Event().wait()
    if end is End.RESET:
        connection: socket.socket = writer.get_extra_info("socket")
        # With no time to linger, closing sends a reset in place of a goodbye.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


@contextmanager
def proxied(target_port: int) -> Iterator[Proxy]:
    """A proxy that listens."""
    proxy = Proxy(target_port)
    proxy.open()
    try:
        yield proxy
    finally:
        proxy.close()
