"""Sockets while iperform is away: nobody is closed for it, nobody new let in, and what ended meanwhile is noticed."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from datasources.iperform.tables import all_session
from gateway.http import event_stream
from gateway.http import socket as socket_module
from tests.http.accounts import PASSWORD, account_in
from tests.http.asking import ask
from tests.live.clock import FOLLOW, connections_of, raw, until
from tests.live.streams import stream
from tests.outages.estate import LIMITS, OutageEstate

LOGIN = "mutation($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken } }"


@pytest.mark.parametrize("fault", ["pause", "kill"])
async def test_sockets_outlast_the_database_and_their_sessions_are_checked_again(
    estate: OutageEstate, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The outage may last longer than the gateway is silent otherwise: what it says here is due to the outage alone.
    monkeypatch.setattr(socket_module, "PING_SECONDS", 600.0)
    monkeypatch.setattr(event_stream, "COMMENT_SECONDS", 600.0)
    gateway = estate.gateway
    with account_in(gateway, "somebody in an outage") as account:
        session = ask(gateway, LOGIN, {"u": account.name, "p": PASSWORD}).json()["data"]["login"]
        token = gateway.login("admin")
        async with (
            raw(gateway, token=session["accessToken"]) as ended,
            raw(gateway, token=token) as kept,
            stream(gateway, FOLLOW, as_user="admin") as listening,
        ):
            await kept.subscribe()
            getattr(estate.iperform, fault)()
            try:
                for silent in (ended, kept):
                    with pytest.raises(TimeoutError):
                        await silent.hear(1.5 + LIMITS.connect)
                async with raw(gateway) as new:
                    await new.say(
                        {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
                    )
                    assert (await new.closed(LIMITS.connect + LIMITS.statement + 4)).code == 1013
                await kept.say({"type": "ping", "payload": {"authorization": f"Bearer {token}"}})
                (error,) = (await kept.hear(LIMITS.connect + LIMITS.statement + 4))["payload"]["errors"]
                assert error["extensions"]["retryable"] is True
            finally:
                await asyncio.to_thread(estate.bring_back)
            account.engine.dispose()
            mine = all_session.c.user_id == account.id
            with account.engine.begin() as connection:
                connection.execute(update(all_session).where(mine).values(active=False))
            closed = await ended.closed(LIMITS.connect + LIMITS.statement + 10)
            assert (closed.code, closed.reason) == (
                4403,
                "Forbidden: The session has ended: log in again.",
            )
            await kept.subscribe("{ viewer { role } }", id_="2")
            assert (await kept.hear())["payload"] == {"data": {"viewer": {"role": "ADMIN"}}}
            with pytest.raises(TimeoutError):
                await listening.event(0.1)
    await until(lambda: connections_of(gateway).open == 0)
