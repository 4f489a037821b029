"""graphql-transport-ws as a client sees it: who may come in, what is said when, and with which code it is closed."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from gateway.http import socket as socket_module
from tests.gateways import RunningGateway
from tests.live.clock import FOLLOW, TRANSPORT, Clock, raw, until
from tests.live.conftest import OPERATIONS

VIEWER = "{ viewer { role } }"
RENEW = "the token is no longer good; log in or renew it, then connect again."


async def test_a_query_has_one_next_with_the_answer_of_http_and_complete(ticking: RunningGateway) -> None:
    query = "{ viewer { role user { username } } leads(first: 2) { nodes { id status } } }"
    over_http = ticking.query(query, as_user="manager")
    async with raw(ticking, token=ticking.login("manager")) as socket:
        await socket.subscribe(query)
        assert await socket.hear() == {"id": "1", "type": "next", "payload": over_http}
        assert await socket.hear() == {"id": "1", "type": "complete"}


async def test_a_mutation_is_carried_out_over_a_socket(ticking: RunningGateway) -> None:
    mutation = 'mutation { login(username: "warrior", password: "demo") { viewer { role } } }'
    async with raw(ticking, token=ticking.login("admin")) as socket:
        await socket.subscribe(mutation)
        answer = {"data": {"login": {"viewer": {"role": "WARRIOR"}}}}
        assert await socket.hear() == {"id": "1", "type": "next", "payload": answer}
        assert await socket.hear() == {"id": "1", "type": "complete"}


async def test_answers_of_a_subscription_come_in_order_and_end_with_complete_from_the_client(
    ticking: RunningGateway, clock: Clock
) -> None:
    async with raw(ticking, token=ticking.login("admin")) as socket:
        await socket.subscribe(id_="a")
        await until(lambda: len(clock.open) == 1)
        put = [clock.tick("ॐ\n"), clock.tick("é" * 1000), clock.tick()]
        for answer in put:
            assert await socket.hear() == {"id": "a", "type": "next", "payload": answer}
        await socket.say({"id": "a", "type": "complete"})
        await until(lambda: not clock.open)
        await socket.subscribe(VIEWER, id_="a")
        assert (await socket.hear())["payload"] == {"data": {"viewer": {"role": "ADMIN"}}}


async def test_a_subscription_that_comes_to_its_end_says_complete(
    ticking: RunningGateway, clock: Clock
) -> None:
    async with raw(ticking, token=ticking.login("admin")) as socket:
        await socket.subscribe()
        await until(lambda: len(clock.open) == 1)
        clock.each(lambda item: item.end(StopAsyncIteration()))
        assert await socket.hear() == {"id": "1", "type": "complete"}


async def test_several_operations_share_a_socket(ticking: RunningGateway, clock: Clock) -> None:
    async with raw(ticking, token=ticking.login("admin")) as socket:
        await socket.subscribe(id_="1")
        await socket.subscribe("subscription { ticketStatusChanged { cursor } }", id_="2")
        await until(lambda: len(clock.open) == 2)
        answer = clock.tick()
        heard = [await socket.hear(), await socket.hear()]
        assert sorted(heard, key=lambda item: str(item["id"])) == [
            {"id": id_, "type": "next", "payload": answer} for id_ in ("1", "2")
        ]


@pytest.mark.parametrize("name", ["authorization", "Authorization"])
async def test_the_acknowledgement_says_until_when_the_token_is_good(
    ticking: RunningGateway, name: str
) -> None:
    token = ticking.login("warrior")
    async with raw(ticking) as socket:
        await socket.say({"type": "connection_init", "payload": {name: f"Bearer {token}"}})
        heard = await socket.hear()
        assert (heard["type"], list(heard["payload"])) == ("connection_ack", ["expiresAt"])
        assert heard["payload"]["expiresAt"].endswith("+05:30")


async def test_pings_are_answered_before_and_after_the_acknowledgement(ticking: RunningGateway) -> None:
    async with raw(ticking) as socket:
        await socket.say({"type": "ping"})
        assert await socket.hear() == {"type": "pong"}
        await socket.init(ticking.login("admin"))
        await socket.say({"type": "ping", "payload": {"a": [1]}})
        assert await socket.hear() == {"type": "pong", "payload": {"a": [1]}}
        await socket.say({"type": "pong"})
        await socket.say({"type": "complete", "id": "never begun"})
        await socket.say({"type": "ping"})
        assert await socket.hear() == {"type": "pong"}


@pytest.mark.parametrize("protocols", [("graphql-ws",), ("chat", "graphql")])
async def test_another_subprotocol_is_4406(ticking: RunningGateway, protocols: tuple[str, ...]) -> None:
    async with raw(ticking, *protocols) as socket:
        closed = await socket.closed()
    assert (closed.code, closed.reason) == (
        4406,
        "Subprotocol not acceptable: use graphql-transport-ws.",
    )


async def test_the_subprotocol_is_chosen_among_several(ticking: RunningGateway) -> None:
    async with raw(ticking, "graphql-ws", TRANSPORT, token=ticking.login("admin")) as socket:
        assert socket.connection.subprotocol == TRANSPORT


async def test_who_doesnt_say_who_they_are_in_time_is_sent_away_with_4408(
    ticking: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert socket_module.INIT_SECONDS == 10
    monkeypatch.setattr(socket_module, "INIT_SECONDS", 0.2)
    async with raw(ticking) as socket:
        closed = await socket.closed()
    assert (closed.code, closed.reason) == (4408, "Connection initialisation timeout")


@pytest.mark.parametrize(
    "payload",
    [
        None,
        {},
        {"authorization": ""},
        {"authorization": 1},
        {"authorization": "forged"},
        {"authorization": "Bearer forged"},
        {"authorization": "Bearer igt_none_none"},
        {"authorization": "Bearer " + "x" * 5000},
    ],
)
async def test_a_missing_or_bad_token_is_4403(ticking: RunningGateway, payload: Any) -> None:
    async with raw(ticking) as socket:
        await socket.say({"type": "connection_init", "payload": payload})
        closed = await socket.closed()
    assert closed.code == 4403
    assert closed.reason.startswith("Forbidden: ")


async def test_an_operation_before_the_acknowledgement_is_4401(ticking: RunningGateway) -> None:
    async with raw(ticking) as socket:
        await socket.subscribe(VIEWER)
        assert (await socket.closed()).code == 4401


async def test_a_second_init_is_4429(ticking: RunningGateway) -> None:
    async with raw(ticking, token=ticking.login("admin")) as socket:
        await socket.say({"type": "connection_init"})
        closed = await socket.closed()
    assert (closed.code, closed.reason) == (4429, "Too many initialisation requests")


async def test_an_id_that_is_still_in_use_is_4409(ticking: RunningGateway, clock: Clock) -> None:
    async with raw(ticking, token=ticking.login("admin")) as socket:
        await socket.subscribe(id_="é")
        await until(lambda: len(clock.open) == 1)
        await socket.subscribe(VIEWER, id_="é")
        closed = await socket.closed()
    assert (closed.code, closed.reason) == (4409, "Subscriber for é already exists")


@pytest.mark.parametrize(
    "message",
    [
        "",
        "nonsense",
        "[]",
        "null",
        "1",
        "{}",
        '{"type": 1}',
        '{"type": "start"}',
        '{"type": "connection_ack"}',
        '{"type": "next", "id": "1", "payload": {}}',
        '{"type": "ping", "payload": 1}',
        '{"type": "pong", "payload": []}',
        '{"type": "complete"}',
        '{"type": "complete", "id": 1}',
        '{"type": "subscribe", "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ __typename }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }", "operationName": 1}}',
        json.dumps({"type": "subscribe", "id": "i" * 256, "payload": {"query": "{ __typename }"}}),
        "[" * 5000,
        b'{"type": "ping"}',
    ],
)
async def test_what_the_protocol_doesnt_know_is_4400(ticking: RunningGateway, message: str | bytes) -> None:
    async with raw(ticking, token=ticking.login("admin")) as socket:
        await socket.say(message)
        assert (await socket.closed()).code == 4400
    async with raw(ticking) as socket:
        await socket.say(message)
        assert (await socket.closed()).code == 4400


async def test_a_message_that_is_too_large_ends_the_socket(ticking: RunningGateway) -> None:
    async with raw(ticking, token=ticking.login("admin")) as socket:
        await socket.say({"type": "ping", "payload": {"x": "x" * ticking.settings.max_body_bytes}})
        assert (await socket.closed()).code == 1009


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        (
            "subscription { a: leadStatusChanged { cursor } ticketStatusChanged { cursor } }",
            {},
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("query($id: ID!) { node(id: $id) { id } }", {}, "BAD_USER_INPUT"),
        ("query a { __typename } query b { __typename }", {}, "OPERATION_RESOLUTION_FAILURE"),
        ('subscription { leadStatusChanged(after: "x") { cursor } }', {}, "BAD_USER_INPUT"),
    ],
)
async def test_what_cant_be_executed_is_an_error_and_the_socket_stays(
    ticking: RunningGateway, query: str, variables: dict[str, Any], code: str
) -> None:
    async with raw(ticking, token=ticking.login("admin")) as socket:
        await socket.subscribe(query, id_="x", **variables)
        heard = await socket.hear()
        assert (heard["id"], heard["type"]) == ("x", "error")
        assert {error["extensions"]["code"] for error in heard["payload"]} == {code}
        assert all(error["extensions"]["requestId"] for error in heard["payload"])
        await socket.subscribe(VIEWER, id_="x")
        assert (await socket.hear())["payload"] == {"data": {"viewer": {"role": "ADMIN"}}}


async def test_too_many_operations_on_a_socket_are_refused_one_by_one(
    ticking: RunningGateway, clock: Clock
) -> None:
    async with raw(ticking, token=ticking.login("admin")) as socket:
        for number in range(OPERATIONS):
            await socket.subscribe(id_=str(number))
        await until(lambda: len(clock.open) == OPERATIONS)
        await socket.subscribe(id_="more")
        heard = await socket.hear()
        assert (heard["id"], heard["type"]) == ("more", "error")
        assert heard["payload"][0]["extensions"]["code"] == "THROTTLED"
        assert heard["payload"][0]["extensions"]["retryable"] is True
        await socket.say({"id": "0", "type": "complete"})
        await until(lambda: len(clock.open) == OPERATIONS - 1)
        await socket.subscribe(id_="more")
        await until(lambda: len(clock.open) == OPERATIONS)


async def test_the_gateway_pings_and_closes_for_who_doesnt_answer(
    ticking: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert socket_module.PING_SECONDS == 20
    # Long enough for a client to answer on a machine that keeps it waiting.
    monkeypatch.setattr(socket_module, "PING_SECONDS", 4.0)
    token = ticking.login("admin")
    async with raw(ticking, token=token) as answering, raw(ticking, token=token) as silent:
        task = asyncio.create_task(silent.closed(20))
        for _ in range(3):
            assert await answering.hear() == {"type": "ping"}
            await answering.say({"type": "pong"})
        closed = await task
    assert (closed.code, closed.reason) == (4410, "A ping wasn't answered in time; connect again.")


async def test_any_origin_may_connect_and_a_cookie_says_nothing(ticking: RunningGateway) -> None:
    token = ticking.login("admin")
    headers = {"origin": "https://elsewhere.example", "cookie": f"authorization=Bearer {token}"}
    async with raw(ticking, headers=headers) as socket:
        await socket.say({"type": "connection_init"})
        assert (await socket.closed()).code == 4403
    async with raw(ticking, headers=headers, token=token) as socket:
        await socket.subscribe(VIEWER)
        assert (await socket.hear())["type"] == "next"


async def test_who_reads_too_slowly_for_the_log_is_told_to_come_back(
    ticking: RunningGateway, clock: Clock
) -> None:
    from gateway.errors import Code, GatewayError

    slow = GatewayError(Code.SLOW_CONSUMER, "too slow")
    expired = GatewayError(Code.CURSOR_EXPIRED, "too old")
    async with raw(ticking, token=ticking.login("admin")) as socket:
        await socket.subscribe(FOLLOW)
        await until(lambda: len(clock.open) == 1)
        clock.each(lambda item: item.end(expired))
        heard = await socket.hear()
        assert (heard["type"], heard["payload"][0]["extensions"]["code"]) == ("error", "CURSOR_EXPIRED")
        await socket.subscribe(FOLLOW)
        await until(lambda: len(clock.open) == 1)
        clock.each(lambda item: item.end(slow))
        assert (await socket.closed()).code == 4410
