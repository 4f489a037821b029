"""A client that goes away: a query ends with it, what changes something goes on to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from datasources.iperform.tables import all_session, login_history, session_info
from gateway.http.departure import SECONDS_UNWATCHED, UnlessGone
from gateway.http.incoming import Incoming
from tests.gateways import RunningGateway
from tests.http.accounts import PASSWORD, account_in
from tests.http.asking import ask_and_leave, somebody_waits
from tests.servers.mysql_like import MySQLLikeServer

PATIENCE = 20.0


def _incoming(gone: Callable[[], Awaitable[None]]) -> Incoming:
    async def receive() -> Message:
        await gone()
        return {"type": "http.disconnect"}

    return Incoming({"type": "http", "method": "POST", "headers": []}, receive)


async def _after(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def _sleeping(incoming: Incoming, ended: list[int], turns: list[int]) -> None:
    with UnlessGone(incoming):
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(len(turns))


async def _turning(turns: list[int]) -> None:
    """Adds a number for each turn of the event loop."""
    while True:
        await asyncio.sleep(0)
        turns.append(len(turns))


async def test_work_ends_soon_after_the_client_has_gone() -> None:
    left: list[int] = []
    ended: list[int] = []
    turns: list[int] = []

    async def gone() -> None:
        await asyncio.sleep(0.1)
        left.append(len(turns))

    # By the turns of the event loop: how long the machine takes for one is nobody's fault here.
    turning = asyncio.create_task(_turning(turns))
    try:
        with pytest.raises(ClientDisconnect):
            await _sleeping(_incoming(gone), ended, turns)
    finally:
        turning.cancel()
    assert 0 <= ended[0] - left[0] <= 5
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_work_that_is_done_first_is_watched_no_longer() -> None:
    asked = []

    async def gone() -> None:
        asked.append(True)
        await asyncio.sleep(0.05)

    with UnlessGone(_incoming(gone)):
        pass
    with UnlessGone(_incoming(gone)):
        await asyncio.sleep(2 * SECONDS_UNWATCHED)
    await asyncio.sleep(0.2)
    assert asked == [True]


async def test_work_that_is_not_to_end_goes_on() -> None:
    with UnlessGone(_incoming(lambda: _after(0.1))) as unless_gone:
        await asyncio.sleep(2 * SECONDS_UNWATCHED)
        unless_gone.ignore()
        await asyncio.sleep(0.3)


async def test_who_cancels_the_work_besides_is_obeyed() -> None:
    task = asyncio.create_task(_sleeping(_incoming(lambda: _after(0.1)), [], []))
    await asyncio.sleep(2 * SECONDS_UNWATCHED)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_limit_around_the_work_is_a_timeout_all_the_same() -> None:
    with pytest.raises(TimeoutError):
        await _limited()


async def _limited() -> None:
    async with asyncio.timeout(0.1):
        await _sleeping(_incoming(lambda: _after(60)), [], [])


def test_a_change_goes_on_without_its_client(
    mariadb_gateway: RunningGateway, mariadb_server: MySQLLikeServer
) -> None:
    query = "mutation ($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken } }"
    with account_in(mariadb_gateway, "who-went-away") as account:
        variables = {"u": account.name, "p": PASSWORD}
        with mariadb_server.connect("iperform") as connection, connection.cursor() as cursor:
            cursor.execute("lock tables login_history write")
            ask_and_leave(mariadb_gateway, query, variables, once=lambda: somebody_waits(mariadb_server))
            time.sleep(0.3)
            cursor.execute("unlock tables")
        deadline = time.monotonic() + PATIENCE
        # What a login writes last.
        while not account.rows(session_info):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert len(account.rows(login_history)) == len(account.rows(all_session)) == 1
