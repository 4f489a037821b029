"""graphql-sse, distinct connections mode: when an answer is a stream, what it holds, and how it ends."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from gateway.errors import Code, GatewayError
from gateway.http import event_stream
from tests.gateways import REQUEST_ID, RunningGateway
from tests.http.accounts import PASSWORD, account_in
from tests.http.asking import ask, bearer, send
from tests.live.clock import FOLLOW, Clock, until
from tests.live.stopwatch import Stopwatch
from tests.live.streams import stream

VIEWER = "{ viewer { role } }"
COMPLETE = "event: complete\ndata:"
NOTICED = 2.0
LOGIN = "mutation($u: String!, $p: String!) { login(username: $u, password: $p) { accessToken } }"


async def test_a_subscription_is_a_stream_of_its_answers(ticking: RunningGateway, clock: Clock) -> None:
    async with stream(ticking, FOLLOW, as_user="admin", headers={"accept-encoding": "gzip"}) as answer:
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in answer.headers
        await until(lambda: len(clock.open) == 1)
        put = [clock.tick("ॐ\n\r\n"), clock.tick("x" * 100_000)]
        assert [await answer.answer(), await answer.answer()] == put
        clock.each(lambda item: item.end(StopAsyncIteration()))
        assert await answer.event() == COMPLETE
        assert await answer.event() is None


@pytest.mark.parametrize("accept", ["application/json, text/event-stream", "*/*", "text/*", None])
async def test_a_subscription_is_a_stream_wherever_one_is_accepted(
    ticking: RunningGateway, accept: str | None
) -> None:
    async with stream(ticking, FOLLOW, as_user="admin", accept=accept) as answer:
        assert (answer.status, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")


@pytest.mark.parametrize("accept", ["application/json, text/event-stream", "*/*"])
async def test_a_query_is_a_stream_only_where_nothing_else_is_accepted(
    ticking: RunningGateway, accept: str
) -> None:
    async with stream(ticking, VIEWER, as_user="admin", accept=accept) as answer:
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        assert await answer.json() == {"data": {"viewer": {"role": "ADMIN"}}}
    async with stream(ticking, VIEWER, as_user="admin") as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert await answer.answer() == {"data": {"viewer": {"role": "ADMIN"}}}
        assert await answer.event() == COMPLETE
        assert await answer.event() is None


async def test_a_mutation_has_one_answer_and_complete(ticking: RunningGateway) -> None:
    login = 'mutation { login(username: "admin", password: "demo") { viewer { role } } }'
    async with stream(ticking, login) as answer:
        assert await answer.answer() == {"data": {"login": {"viewer": {"role": "ADMIN"}}}}
        assert await answer.event() == COMPLETE


@pytest.mark.parametrize(
    "accept", ["application/json", "application/graphql-response+json", "*/*, text/event-stream;q=0"]
)
async def test_a_subscription_without_a_stream_accepted_is_406(ticking: RunningGateway, accept: str) -> None:
    async with stream(ticking, FOLLOW, as_user="admin", accept=accept) as answer:
        assert answer.status == 406
        (error,) = (await answer.json())["errors"]
    assert error["message"] == (
        "A subscription's answers are a stream: accept text/event-stream, or open a WebSocket with the subprotocol "
        "graphql-transport-ws."
    )
    assert error["extensions"]["code"] == "BAD_REQUEST"


@pytest.mark.parametrize(
    ("query", "token", "status", "code"),
    [
        (FOLLOW, "Bearer forged", 401, "UNAUTHENTICATED"),
        (FOLLOW, None, 401, "UNAUTHENTICATED"),
        ("subscription {", None, 400, "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", None, 400, "GRAPHQL_VALIDATION_FAILED"),
        ("{ viewer { nothing } }", "Bearer forged", 401, "UNAUTHENTICATED"),
    ],
)
async def test_what_goes_wrong_before_a_stream_is_json_with_its_status(
    ticking: RunningGateway, query: str, token: str | None, status: int, code: str
) -> None:
    headers = {"x-request-id": REQUEST_ID} | ({"authorization": token} if token else {})
    async with stream(ticking, query, headers=headers) as answer:
        assert (answer.status, answer.headers["content-type"]) == (
            status,
            "application/graphql-response+json; charset=utf-8",
        )
        (error,) = (await answer.json())["errors"]
    assert (error["extensions"]["code"], error["extensions"]["requestId"]) == (code, REQUEST_ID)


async def test_a_cursor_that_is_none_is_json_too(ticking: RunningGateway) -> None:
    query = 'subscription { leadStatusChanged(after: "x") { cursor } }'
    async with stream(ticking, query, as_user="admin") as answer:
        assert answer.status == 400
        assert (await answer.json())["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_subscription_by_get_needs_the_header_that_says_who_asks(
    ticking: RunningGateway, clock: Clock
) -> None:
    target = f"/graphql?query={quote(FOLLOW)}"
    async with stream(ticking, "", method="GET", target=target) as answer:
        assert answer.status == 401
    async with stream(ticking, "", method="GET", target=target, as_user="admin") as answer:
        assert answer.status == 200
        await until(lambda: len(clock.open) == 1)
        put = clock.tick()
        assert await answer.answer() == put
    async with stream(
        ticking, "", method="GET", target=f"/graphql?query={quote('mutation { logout }')}", as_user="admin"
    ) as answer:
        assert answer.status == 405


async def test_a_comment_keeps_a_quiet_stream_alive(
    ticking: RunningGateway, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert event_stream.COMMENT_SECONDS == 12
    monkeypatch.setattr(event_stream, "COMMENT_SECONDS", 0.1)
    async with stream(ticking, FOLLOW, as_user="admin") as answer:
        assert [await answer.event(), await answer.event()] == [":", ":"]
        put = clock.tick()
        # One more may have come before it.
        while (event := await answer.event()) == ":":
            pass
        assert event is not None
        assert json.loads(event.removeprefix("event: next\ndata: ")) == put


def _fail(clock: Clock, code: Code) -> None:
    clock.each(lambda item: item.end(GatewayError(code, "for a reason")))


def _break(clock: Clock) -> None:
    clock.each(lambda item: item.end(ValueError("not for clients")))


@pytest.mark.parametrize(
    ("end", "code"),
    [
        (lambda clock: _fail(clock, Code.CURSOR_EXPIRED), "CURSOR_EXPIRED"),
        (lambda clock: _fail(clock, Code.SLOW_CONSUMER), "SLOW_CONSUMER"),
        (_break, "INTERNAL"),
    ],
)
async def test_a_subscription_that_fails_says_why_and_completes(
    ticking: RunningGateway, clock: Clock, end: Callable[[Clock], None], code: str
) -> None:
    async with stream(ticking, FOLLOW, as_user="admin") as answer:
        await until(lambda: len(clock.open) == 1)
        end(clock)
        (error,) = (await answer.answer())["errors"]
        assert error["extensions"]["code"] == code
        assert await answer.event() == COMPLETE


async def test_a_stream_ends_soon_after_its_session(ticking: RunningGateway, clock: Clock) -> None:
    with account_in(ticking, "somebody at a stream") as account:
        session: Any = ask(ticking, LOGIN, {"u": account.name, "p": PASSWORD}).json()
        headers = {"authorization": f"Bearer {session['data']['login']['accessToken']}"}
        async with stream(ticking, FOLLOW, headers=headers) as answer:
            await until(lambda: len(clock.open) == 1)
            account.change(active=False)
            with Stopwatch() as since:
                (error,) = (await answer.answer())["errors"]
                assert since.seconds <= NOTICED
            assert error["extensions"]["code"] == "UNAUTHENTICATED"
            assert error["message"] == "Forbidden: The account isn't active any longer."
            assert await answer.event() == COMPLETE
            assert await answer.event() is None


async def test_a_null_where_null_may_not_be_is_bad_input(ticking: RunningGateway) -> None:
    text = 'subscription($s: String = "Won") { leadStatusChanged(to: [$s]) { status } }'
    body = json.dumps({"query": text, "variables": {"s": None}}).encode()
    headers = {"accept": "text/event-stream", **bearer(ticking.login("admin"))}
    answer = await asyncio.to_thread(send, ticking, body=body, headers=headers)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (
        400,
        "application/graphql-response+json",
    )
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "to be null" in error["message"]
