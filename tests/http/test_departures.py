"""A client that goes away: a query ends with it, what changes something goes on to its end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx
import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message

from datasources.iperform.tables import all_session, login_history, session_info
from gateway.http.departure import SECONDS_UNWATCHED, UnlessGone
from gateway.http.incoming import Incoming
from tests.gateways import RunningGateway
from tests.http.accounts import PASSWORD, account_in
from tests.servers.mysql_like import MySQLLikeServer


def _incoming(gone: Callable[[], Awaitable[None]]) -> Incoming:
    async def receive() -> Message:
        await gone()
        return {"type": "http.disconnect"}

    return Incoming({"type": "http", "method": "POST", "headers": []}, receive)


async def _after(seconds: float) -> None:
    await asyncio.sleep(seconds)


async def _sleeping(incoming: Incoming, ended: list[float]) -> None:
    with UnlessGone(incoming):
        try:
            await asyncio.sleep(5)
        finally:
            ended.append(time.monotonic())


async def test_work_ends_soon_after_the_client_has_gone() -> None:
    ended: list[float] = []
    started = time.monotonic()
    with pytest.raises(ClientDisconnect):
        await _sleeping(_incoming(lambda: _after(0.1)), ended)
    assert 0.1 <= ended[0] - started < 0.5
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
    task = asyncio.create_task(_sleeping(_incoming(lambda: _after(0.1)), []))
    await asyncio.sleep(2 * SECONDS_UNWATCHED)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_limit_around_the_work_is_a_timeout_all_the_same() -> None:
    with pytest.raises(TimeoutError):
        await _limited()


async def _limited() -> None:
    async with asyncio.timeout(0.1):
        await _sleeping(_incoming(lambda: _after(5)), [])


def test_a_change_goes_on_without_its_client(
    mariadb_gateway: RunningGateway, mariadb_server: MySQLLikeServer
) -> None:
    query = "mutation ($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken } }"
    with account_in(mariadb_gateway, "who-went-away") as account:
        body = {"query": query, "variables": {"u": account.name, "p": PASSWORD}}
        with mariadb_server.connect("iperform") as connection, connection.cursor() as cursor:
            cursor.execute("lock tables login_history write")
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(f"{mariadb_gateway.url}/graphql", json=body, timeout=1.5)
            time.sleep(0.3)
            cursor.execute("unlock tables")
        deadline = time.monotonic() + 10
        # What a login writes last.
        while not account.rows(session_info):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert len(account.rows(login_history)) == len(account.rows(all_session)) == 1
