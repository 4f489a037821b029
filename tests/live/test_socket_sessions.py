"""A socket lasts as long as whoever opened it is let in: sessions, accounts, roles, tokens, viewing as others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from datasources.iperform.tables import all_session, role
from gateway.auth.tokens import Audience, Tokens
from gateway.http import connections as connections_module
from gateway.http.connections import Connections
from gateway.resolvers.ids import encode_id
from tests.gateways import SECRET, RunningGateway
from tests.http.accounts import PASSWORD, Account, account_in
from tests.http.asking import ask
from tests.http.partners import partner_in
from tests.live.clock import FOLLOW, Clock, Raw, connections_of, raw, until
from tests.live.stopwatch import Stopwatch

LOGIN = (
    "mutation($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken refreshToken } }"
)
REFRESH = "mutation($t: String!) { refreshSession(refreshToken: $t) { accessToken expiresAt } }"
NOTICED = 2.0


@pytest.fixture
def account(ticking: RunningGateway) -> Iterator[Account]:
    with account_in(ticking, "somebody at a socket") as made:
        yield made


def _login(account: Account) -> dict[str, str]:
    answer = ask(account.gateway, LOGIN, {"u": account.name, "p": PASSWORD}).json()
    found: dict[str, str] = answer["data"]["login"]
    return found


def _in_database(account: Account, statement: Any) -> None:
    with account.engine.begin() as connection:
        connection.execute(statement)


def _end_session(account: Account) -> None:
    _in_database(account, update(all_session).where(all_session.c.user_id == account.id).values(active=False))


def _let_session_expire(account: Account) -> None:
    past = datetime(2020, 1, 1)
    mine = all_session.c.user_id == account.id
    _in_database(account, update(all_session).where(mine).values(session_end=past))


def _delete_session(account: Account) -> None:
    _in_database(account, delete(all_session).where(all_session.c.user_id == account.id))


async def _closed_in_time(socket: Raw, do: Callable[[], object]) -> tuple[int, str]:
    do()
    with Stopwatch() as since:
        closed = await socket.closed()
        assert since.seconds <= NOTICED
    return closed.code, closed.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_end_session, "Forbidden: The session has ended: log in again."),
        (_let_session_expire, "Forbidden: The session has ended: log in again."),
        (_delete_session, "Forbidden: The session has ended: log in again."),
        (lambda account: account.change(active=False), "Forbidden: The account isn't active any longer."),
        (
            lambda account: account.become("MANAGER"),
            "Forbidden: your role or its permissions have changed; connect again.",
        ),
        (
            lambda account: account.change(user_id=1),
            "Forbidden: your role or its permissions have changed; connect again.",
        ),
    ],
)
async def test_a_socket_is_closed_soon_after_its_caller_is_somebody_else_or_nobody(
    ticking: RunningGateway, account: Account, clock: Clock, change: Callable[[Account], None], reason: str
) -> None:
    async with raw(ticking, token=_login(account)["accessToken"]) as socket:
        await socket.subscribe()
        await until(lambda: len(clock.open) == 1)
        assert await _closed_in_time(socket, lambda: change(account)) == (4403, reason)
    await until(lambda: not clock.open)


async def test_logging_out_over_the_socket_itself_closes_it(
    ticking: RunningGateway, account: Account
) -> None:
    async with raw(ticking, token=_login(account)["accessToken"]) as socket:
        await socket.subscribe("mutation { logout }")
        assert (await socket.hear())["payload"] == {"data": {"logout": True}}
        assert (await socket.closed()).code == 4403


async def test_what_a_role_is_denied_from_now_on_ends_its_sockets(
    ticking: RunningGateway, account: Account
) -> None:
    salesperson = role.c.role_name == "SALESPERSON"
    with account.engine.begin() as connection:
        before = connection.execute(select(role.c.permissions).where(salesperson)).scalar_one()
    denied = update(role).where(salesperson).values(permissions={"deny": ["Lead.tentativeValue"]})
    try:
        async with raw(ticking, token=_login(account)["accessToken"]) as socket:
            closed = await _closed_in_time(socket, lambda: _in_database(account, denied))
    finally:
        _in_database(account, update(role).where(salesperson).values(permissions=before))
    assert closed == (4403, "Forbidden: your role or its permissions have changed; connect again.")


async def test_a_revoked_or_expired_partner_token_closes_its_sockets(ticking: RunningGateway) -> None:
    with partner_in(ticking) as partner:
        scopes = ["leads:read", "events:read"]
        gone = (4403, "Forbidden: The token is revoked, has expired, or its company isn't active.")
        for end in (
            lambda issued: partner.revoke(issued["id"]),
            lambda issued: partner.change(issued, expires_at=datetime(2020, 1, 1)),
            lambda _: partner.change_company(active=False),
        ):
            issued = partner.issue(scopes=scopes)
            async with raw(ticking) as socket:
                assert await socket.init(issued["token"]) == {"type": "connection_ack", "payload": {}}
                assert await _closed_in_time(socket, lambda end=end, issued=issued: end(issued)) == gone
        partner.change_company(active=True)
        issued = partner.issue(scopes=scopes)
        async with raw(ticking, token=issued["token"]) as socket:
            closed = await _closed_in_time(socket, lambda: partner.change(issued, scopes="leads:read"))
        assert closed == (4403, "Forbidden: your role or its permissions have changed; connect again.")


def _token(account: Account, *, seconds: int) -> tuple[str, int]:
    """An access token of the account's session that ends before others, and when that is."""
    _login(account)
    session = account.rows(all_session)[-1]
    return Tokens(SECRET).issue(
        Audience.ACCESS,
        session_id=session.id_session,
        user_id=account.id,
        login_id=1,
        nonce="nonce",
        seconds=seconds,
    )


@dataclass
class Now:
    """The time of day by which one gateway looks at its open sockets: the test says it. `looks` are those so far."""

    loop: asyncio.AbstractEventLoop
    told: float | None = None
    looks: int = 0

    def time(self) -> float:
        """In place of the machine's."""
        if self.told is None or asyncio.get_running_loop() is not self.loop:
            return time.time()
        self.looks += 1
        return self.told

    async def looked_at_again(self) -> None:
        """Returns when a look has ended that began from now on."""
        before = self.looks
        # What comes after it has begun once it has ended.
        await until(lambda: self.looks >= before + 2, 20)


@pytest.fixture
def now(ticking: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> Now:
    """Moves on by as much as a test needs, so that no token has to end while the test still connects by it."""
    made = Now(connections_of(ticking)._tasks[0].get_loop())
    monkeypatch.setattr(connections_module, "time", made)
    return made


async def test_an_access_token_that_expires_closes_the_socket(
    ticking: RunningGateway, account: Account, now: Now
) -> None:
    token, ends = _token(account, seconds=120)
    async with raw(ticking, token=token) as socket:
        now.told = ends - 0.01
        await now.looked_at_again()
        await socket.say({"type": "ping"})
        assert await socket.hear() == {"type": "pong"}
        now.told = ends
        closed = await socket.closed()
    assert (closed.code, closed.reason) == (
        4403,
        "Forbidden: the access token has expired; renew it, then connect again.",
    )


async def test_a_ping_with_a_newer_token_renews_the_sockets(
    ticking: RunningGateway, account: Account, clock: Clock, now: Now
) -> None:
    token, first_ends = _token(account, seconds=120)
    async with raw(ticking, token=token) as socket:
        await socket.subscribe()
        newer = _login(account)
        await socket.say({"type": "ping", "payload": {"authorization": f"Bearer {newer['accessToken']}"}})
        heard = await socket.hear()
        ends = datetime.fromisoformat(heard["payload"]["expiresAt"])
        seconds = timedelta(seconds=ticking.settings.access_token_seconds).total_seconds()
        assert abs(ends.timestamp() - time.time() - seconds) < 60
        assert first_ends < ends.timestamp()
        now.told = first_ends + 1
        await now.looked_at_again()
        # What it says next is no goodbye.
        answer = clock.tick()
        assert (await socket.hear())["payload"] == answer
        refreshed = ask(ticking, REFRESH, {"t": newer["refreshToken"]}).json()["data"]["refreshSession"]
        await socket.say({"type": "ping", "payload": {"authorization": f"Bearer {refreshed['accessToken']}"}})
        assert await socket.hear() == {"type": "pong", "payload": {"expiresAt": refreshed["expiresAt"]}}
        # The session that opened it is another one now, and no longer the socket's.
        await socket.subscribe("mutation { logout }", id_="2")
        assert (await socket.hear())["payload"] == {"data": {"logout": True}}
        assert (await socket.closed()).code == 4403


@pytest.mark.parametrize(
    ("which", "reason"),
    [
        ("forged", "Forbidden: the token is no longer good; log in or renew it, then connect again."),
        (
            "another user's",
            "Forbidden: the token is somebody else's, or has other rights; connect again with it.",
        ),
    ],
)
async def test_a_ping_with_a_bad_token_or_somebody_elses_closes(
    ticking: RunningGateway, account: Account, which: str, reason: str
) -> None:
    other = "forged" if which == "forged" else ticking.login("admin")
    async with raw(ticking, token=_login(account)["accessToken"]) as socket:
        await socket.say({"type": "ping", "payload": {"authorization": f"Bearer {other}"}})
        closed = await socket.closed()
    assert (closed.code, closed.reason) == (4403, reason)


async def test_an_admin_views_as_somebody_else_and_only_reads(
    ticking: RunningGateway, account: Account, clock: Clock
) -> None:
    viewed = {"x-view-as": f"user:{encode_id('User', account.id)}"}
    async with raw(ticking, headers=viewed, token=ticking.login("admin")) as socket:
        await socket.subscribe("{ viewer { role } }")
        assert (await socket.hear())["payload"] == {"data": {"viewer": {"role": "SALESPERSON"}}}
        assert (await socket.hear())["type"] == "complete"
        await socket.subscribe("mutation { logout }")
        heard = await socket.hear()
        assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
        await socket.subscribe(FOLLOW)
        await until(lambda: len(clock.open) == 1)
        assert clock.ordered[-1].principal.user_id == account.id
        closed = await _closed_in_time(socket, lambda: account.change(active=False))
    assert closed == (4403, "Forbidden: whom you view as isn't let in any longer, or has other rights now.")


async def test_who_may_not_view_as_somebody_else_gets_no_socket(
    ticking: RunningGateway, account: Account
) -> None:
    async with raw(ticking, headers={"x-view-as": "user:1"}) as socket:
        await socket.say(
            {
                "type": "connection_init",
                "payload": {"authorization": f"Bearer {_login(account)['accessToken']}"},
            }
        )
        closed = await socket.closed()
    assert closed.code == 4403
    assert closed.reason == "Forbidden: Only ADMIN views as somebody else: send no `X-View-As`."


async def test_all_sessions_of_a_worker_are_checked_in_one_statement(
    ticking: RunningGateway, account: Account
) -> None:
    tokens = [_login(account)["accessToken"] for _ in range(5)]
    connections: Connections = connections_of(ticking)
    async with (
        raw(ticking, token=tokens[0]),
        raw(ticking, token=tokens[1]),
        raw(ticking, token=tokens[2]),
        raw(ticking, token=tokens[3]),
        raw(ticking, token=tokens[4]),
    ):
        assert connections.open == 5
        before = len(ticking.statements)

        def checks() -> int:
            return sum("FROM all_session" in item.text for item in ticking.statements[before:])

        assert await until(lambda: checks() >= 3, 20) > 1.5
