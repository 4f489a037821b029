"""A gateway that is told to end: no new sockets, what is in flight comes to its end, clients are told to come back."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from sqlalchemy import make_url
from websockets.exceptions import ConnectionClosed

from gateway.settings import Settings
from tests.gateways import RunningGateway
from tests.live.clock import FOLLOW, Closed, raw
from tests.live.serving import served
from tests.live.streams import stream

LOGIN = 'mutation { login(username: "admin", password: "demo") { viewer { role } } }'
RESTARTS = (1012, "The gateway restarts; connect again, after the last cursor.")


@pytest.mark.parametrize("workers", [1, 2])
async def test_sigterm_tells_clients_to_come_back_and_ends_in_order(
    own_settings: Settings, tmp_path: Path, workers: int
) -> None:
    with served(own_settings, tmp_path, workers=workers) as process:
        token = process.gateway.login("admin")
        async with AsyncExitStack() as kept:
            sockets = [await kept.enter_async_context(raw(process.gateway, token=token)) for _ in range(8)]
            for socket in sockets:
                await socket.subscribe()
            unknown = await kept.enter_async_context(raw(process.gateway))
            streams = [
                await kept.enter_async_context(stream(process.gateway, FOLLOW, as_user="admin"))
                for _ in range(4)
            ]
            started = time.monotonic()
            process.process.send_signal(signal.SIGTERM)
            for socket in sockets:
                closed = await socket.closed()
                assert (closed.code, closed.reason) == RESTARTS
            assert (await unknown.closed()).code == 1012
            for answer in streams:
                # Without `complete`, which would mean that nothing more is to be had.
                assert await answer.event() is None
            await asyncio.to_thread(process.process.wait, 20)
        assert process.process.returncode == 0
        # Well within what a supervisor allows; it is a moment where the machine is idle.
        assert time.monotonic() - started < 20
        assert process.output.read_text() == ""


@pytest.mark.parametrize("workers", [1, 2])
async def test_what_is_being_changed_comes_to_its_end_first(
    own_settings: Settings, tmp_path: Path, workers: int
) -> None:
    database = make_url(own_settings.iperform_dsn).database
    assert database is not None
    with served(own_settings, tmp_path, workers=workers) as process:
        async with raw(process.gateway, token=process.gateway.login("admin")) as socket:
            with sqlite3.connect(database, isolation_level=None) as holder:
                # SQLite has one writer at a time: what the gateway changes waits for this one.
                holder.execute("begin immediate")
                await socket.subscribe(LOGIN)
                # What is said on a socket is taken in order: once this is answered, that has begun.
                await socket.say({"type": "ping"})
                assert await socket.hear() == {"type": "pong"}
                await asyncio.sleep(0.5)
                process.process.send_signal(signal.SIGTERM)
                closed = await _turned_away(process.gateway)
                assert (closed.code, closed.reason) == (
                    1013,
                    "The gateway restarts; connect again in a moment.",
                )
                assert process.process.poll() is None
                holder.execute("rollback")
                assert (await socket.hear())["payload"] == {"data": {"login": {"viewer": {"role": "ADMIN"}}}}
                assert (await socket.hear())["type"] == "complete"
                closed = await socket.closed()
                assert (closed.code, closed.reason) == RESTARTS
        await asyncio.to_thread(process.process.wait, 20)
        assert process.process.returncode == 0


async def _turned_away(gateway: RunningGateway) -> Closed:
    """How a new socket is closed, from when the signal has come to where new ones are let in."""
    async with asyncio.timeout(8):
        while True:
            async with raw(gateway) as late:
                try:
                    await late.say({"type": "ping"})
                    await late.hear()
                except (Closed, ConnectionClosed):
                    closed = await late.closed()
                    # One that was let in just before is closed as all others are.
                    if closed.code != RESTARTS[0]:
                        return closed
            await asyncio.sleep(0.05)
