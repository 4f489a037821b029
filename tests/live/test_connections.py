"""Bounds of sockets and streams: how many, how slow, and that nothing of them is left behind."""

from __future__ import annotations

import asyncio
import socket as plain_socket
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress

import pytest
from sqlalchemy import make_url

from gateway.http import event_stream, socket
from gateway.http.endings import RESTART
from gateway.http.metrics import CLOSES, MESSAGES_TO_SOCKETS, SOCKETS_OPEN, STREAMS_OPEN
from gateway.live.subscription import Order, Subscription
from tests.gateways import RunningGateway
from tests.live.clock import FOLLOW, Clock, connections_of, raw, until
from tests.live.conftest import OF_CALLER, SOCKETS
from tests.live.streams import stream

LOGIN = 'mutation { login(username: "admin", password: "demo") { viewer { role } } }'
FULL = "Too many sockets and streams are open; connect again in a moment."


async def test_more_sockets_than_a_worker_keeps_are_told_to_come_back(ticking: RunningGateway) -> None:
    async with AsyncExitStack() as kept:
        for _ in range(SOCKETS):
            # They count before anybody knows who they are.
            await kept.enter_async_context(raw(ticking))
        await until(lambda: connections_of(ticking).open == SOCKETS)
        async with raw(ticking) as refused:
            closed = await refused.closed()
        assert (closed.code, closed.reason) == (1013, FULL)
        async with stream(ticking, FOLLOW, as_user="admin") as answer:
            assert answer.status == 429
            assert (await answer.json())["errors"][0]["extensions"]["code"] == "THROTTLED"
    await until(lambda: connections_of(ticking).open == 0)
    async with raw(ticking, token=ticking.login("admin")):
        pass


async def test_more_sockets_than_one_caller_may_have_are_told_to_come_back(ticking: RunningGateway) -> None:
    token = ticking.login("admin")
    async with AsyncExitStack() as kept:
        for _ in range(OF_CALLER - 1):
            await kept.enter_async_context(raw(ticking, token=token))
        await kept.enter_async_context(stream(ticking, FOLLOW, as_user="admin"))
        async with raw(ticking) as refused:
            await refused.say({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
            closed = await refused.closed()
        assert closed.code == 1013
        assert closed.reason.startswith("You have too many sockets and streams open")
        async with raw(ticking, token=ticking.login("manager")):
            pass


async def test_a_client_that_doesnt_read_is_cut_off_and_memory_is_bounded(
    ticking: RunningGateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than the test itself may be kept from reading.
    monkeypatch.setattr(socket, "WRITE_SECONDS", 4.0)
    closes = CLOSES.labels("4410")._value.get()
    sent = MESSAGES_TO_SOCKETS._value.get()
    token = ticking.login("admin")
    async with raw(ticking, token=token) as reading, raw(ticking, token=token) as deaf:
        await reading.subscribe()
        await deaf.subscribe()
        await until(lambda: len(clock.open) == 2)
        deaf.connection.transport.pause_reading()
        text = "x" * 200_000
        for _ in range(60):
            answer = clock.tick(text)
            # Who reads isn't held up by who doesn't.
            assert (await reading.hear())["payload"] == answer
        await until(lambda: len(clock.open) == 1, 20)
        assert CLOSES.labels("4410")._value.get() == closes + 1
        assert MESSAGES_TO_SOCKETS._value.get() - sent < 120
        deaf.connection.transport.resume_reading()
        assert (await deaf.closed()).code == 1006


def _swallowing(clock: Clock) -> tuple[threading.Event, Callable[[Order], Awaitable[Subscription]]]:
    """A `subscribe` that goes on when it is cancelled, as drivers may; and what says that it has begun."""
    subscribe, begins = clock.subscribe, threading.Event()

    async def swallowing(order: Order) -> Subscription:
        begins.set()
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(10)
        return await subscribe(order)

    return begins, swallowing


async def test_a_subscription_that_begins_as_its_client_leaves_is_left_too(
    ticking: RunningGateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins, swallowing = _swallowing(clock)
    monkeypatch.setattr(clock, "subscribe", swallowing)
    async with raw(ticking, token=ticking.login("admin")) as socket_:
        await socket_.subscribe()
        await asyncio.to_thread(begins.wait, 10)
    await until(lambda: len(clock.ordered) == 1)
    await until(lambda: connections_of(ticking).open == 0 and not clock.open)


async def test_what_completes_as_it_begins_says_nothing_more(
    ticking: RunningGateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begins, swallowing = _swallowing(clock)
    async with raw(ticking, token=ticking.login("admin")) as socket_:
        with monkeypatch.context() as patched:
            patched.setattr(clock, "subscribe", swallowing)
            await socket_.subscribe()
            await asyncio.to_thread(begins.wait, 10)
            await socket_.say({"type": "complete", "id": "1"})
            await until(lambda: len(clock.ordered) == 1 and not clock.open)
        await socket_.subscribe()
        await until(lambda: len(clock.open) == 1)
        answer = clock.tick()
        assert await socket_.hear() == {"type": "next", "id": "1", "payload": answer}


async def test_a_stream_that_isnt_read_is_cut_off(
    ticking: RunningGateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_stream, "WRITE_SECONDS", 1.0)
    closes = CLOSES.labels("4410")._value.get()
    async with stream(ticking, FOLLOW, as_user="admin") as answer:
        await until(lambda: len(clock.open) == 1)
        answer.deafen()
        for _ in range(60):
            clock.tick("x" * 200_000)
        await until(lambda: not clock.open, 20)
        assert CLOSES.labels("4410")._value.get() == closes + 1


async def test_nothing_is_left_of_clients_that_go_away(ticking: RunningGateway, clock: Clock) -> None:
    token = ticking.login("admin")
    async with raw(ticking, token=token) as first:
        await first.subscribe()
        await until(lambda: len(clock.open) == 1)
    await until(lambda: not clock.open)
    assert clock.loop is not None
    await until(lambda: not ticking.server.server_state.connections - _kept_alive(ticking))
    before = len(asyncio.all_tasks(clock.loop))
    for number in range(60):
        async with raw(ticking, token=token) as client:
            await client.subscribe()
            await client.subscribe("{ leads(first: 100) { nodes { id } } }", id_="2")
            if number % 3 == 0:
                await until(lambda: len(clock.open) >= 1)
            if number % 2:
                client.connection.transport.abort()
    for _ in range(20):
        async with stream(ticking, FOLLOW, as_user="admin"):
            pass
    await until(lambda: connections_of(ticking).open == 0 and not clock.open)
    # The gateway, in a thread of its own, may be at this very moment between the one and the other.
    await until(lambda: (SOCKETS_OPEN._value.get(), STREAMS_OPEN._value.get()) == (0, 0))
    await until(lambda: len(asyncio.all_tasks(clock.loop)) <= before)
    await until(lambda: not ticking.server.server_state.connections - _kept_alive(ticking))
    await until(lambda: not ticking.server.server_state.tasks)


def _kept_alive(gateway: RunningGateway) -> set[object]:
    """The connections of the test's own HTTP client, which it keeps for its next request."""
    return {item for item in gateway.server.server_state.connections if hasattr(item, "cycle")}


async def test_a_mutation_goes_on_when_its_client_has_gone(ticking: RunningGateway) -> None:
    database = make_url(ticking.settings.iperform_dsn).database
    assert database is not None
    logins = "select count(*) from login_history"
    async with raw(ticking, token=ticking.login("admin")) as client:
        # SQLite has one writer at a time: what the gateway changes waits for this one.
        with sqlite3.connect(database, isolation_level=None) as holder:
            before = holder.execute(logins).fetchone()
            holder.execute("begin immediate")
            await client.subscribe(LOGIN)
            await client.subscribe(LOGIN, id_="2")
            await until(lambda: _changing(ticking) == 2)
            # By now they wait for the database, as a rule.
            await asyncio.sleep(0.5)
            await client.say({"id": "2", "type": "complete"})
            await asyncio.sleep(0.2)
            client.connection.transport.abort()
            await asyncio.sleep(0.2)
            holder.execute("rollback")
            await until(lambda: holder.execute(logins).fetchone()[0] == before[0] + 2)


def _changing(gateway: RunningGateway) -> int:
    """How many mutations of sockets have got so far that nobody stops them any more."""
    sockets = [one for one in list(connections_of(gateway)._open) if isinstance(one, socket.Socket)]
    return sum(operation._changes for one in sockets for operation in list(one._running))


async def test_a_vanished_client_is_given_up_by_the_kernel(ticking: RunningGateway) -> None:
    async with raw(ticking, token=ticking.login("admin")):
        for connection in list(ticking.server.server_state.connections):
            plain = connection.transport.get_extra_info("socket")
            level = plain_socket.IPPROTO_TCP
            assert plain.getsockopt(level, plain_socket.TCP_USER_TIMEOUT) == 30_000


async def test_a_subscription_is_in_the_audit_when_it_has_ended(
    ticking: RunningGateway, clock: Clock
) -> None:
    database = make_url(ticking.settings.iperform_dsn).database
    assert database is not None
    follow = "subscription Audited { leadStatusChanged { cursor } }"

    def entries() -> list[tuple[str, int, str | None]]:
        mine = "where request_body like '%Audited%' order by id"
        return looking.execute(f"select method, response_status, response_body from logs {mine}").fetchall()

    with sqlite3.connect(database) as looking:
        async with raw(ticking, token=ticking.login("admin")) as client:
            await client.subscribe(follow)
            await until(lambda: len(clock.open) == 1)
            await client.subscribe(
                'subscription Audited { leadStatusChanged(after: "x") { cursor } }', id_="2"
            )
            await client.hear()
            await until(entries)
            refused = ("SUBSCRIBE", 400, '{"errors":["BAD_USER_INPUT"]}')
            assert entries() == [refused]
        async with stream(ticking, follow, as_user="admin"):
            pass
        await until(lambda: len(entries()) == 3)
        assert entries() == [refused, ("SUBSCRIBE", 200, None), ("SUBSCRIBE", 200, None)]


async def test_a_socket_ends_with_the_process_though_a_subscription_is_just_beginning(
    ticking: RunningGateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, goes_on, subscribe = threading.Event(), threading.Event(), clock.subscribe

    async def subscribe_late(order: Order) -> Subscription:
        begun.set()
        await asyncio.to_thread(goes_on.wait)
        return await subscribe(order)

    monkeypatch.setattr(clock, "subscribe", subscribe_late)
    async with raw(ticking, token=ticking.login("admin")) as socket:
        await socket.subscribe()
        await until(begun.is_set)
        connections = connections_of(ticking)
        (connection,) = connections._open
        drained = asyncio.run_coroutine_threadsafe(connection.drain(), connections._tasks[0].get_loop())
        await asyncio.sleep(0.1)
        assert not drained.done()
        goes_on.set()
        closed = await socket.closed()
        assert (closed.code, closed.reason) == (RESTART.close_code, RESTART.reason)
        await asyncio.wrap_future(drained)
