"""Automatic persisted queries over sockets and event streams, and by the clients that frontends use for them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from asyncio.subprocess import PIPE
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.gateways import RunningGateway
from tests.live.clock import FOLLOW, Clock, raw, until
from tests.live.conftest import CLIENTS
from tests.live.streams import stream

# What each sends for the same operation, asked twice: the hash, the text with it when it wasn't found, the hash alone.
SENT = {
    "apollo_persisted": ["GET hash", "POST text", "GET hash"],
    "urql_persisted": ["GET hash", "GET text", "GET hash"],
}


def _extensions(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}


async def test_a_subscription_is_asked_for_by_its_hash_over_a_socket(
    ticking: RunningGateway, clock: Clock
) -> None:
    text = f"{FOLLOW} # over a socket"
    by_hash = {"id": "a", "type": "subscribe", "payload": {"extensions": _extensions(text)}}
    async with raw(ticking, token=ticking.login("admin")) as socket:
        await socket.say(by_hash)
        refused = await socket.hear()
        assert (refused["id"], refused["type"]) == ("a", "error")
        assert [error["message"] for error in refused["payload"]] == ["PersistedQueryNotFound"]
        assert refused["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        await socket.say({**by_hash, "payload": {"query": text, "extensions": _extensions(text)}})
        await until(lambda: len(clock.open) == 1)
        await socket.say({**by_hash, "id": "b"})
        await until(lambda: len(clock.open) == 2)
        clock.each(lambda item: item.end(StopAsyncIteration()))
        ended = [await socket.hear(), await socket.hear()]
        assert sorted(message["id"] for message in ended) == ["a", "b"]
        assert {message["type"] for message in ended} == {"complete"}


async def test_a_subscription_is_asked_for_by_its_hash_as_an_event_stream(
    ticking: RunningGateway, clock: Clock
) -> None:
    text = f"{FOLLOW} # as a stream"
    given = {"extensions": json.dumps(_extensions(text))}
    by_hash, by_text = (f"/graphql?{urlencode(item)}" for item in (given, {**given, "query": text}))
    async with stream(ticking, "", as_user="admin", method="GET", target=by_hash) as answer:
        assert (answer.status, answer.headers["content-type"].split(";")[0]) == (
            400,
            "application/graphql-response+json",
        )
        (error,) = (await answer.json())["errors"]
        assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    for target in (by_text, by_hash):
        async with stream(ticking, "", as_user="admin", method="GET", target=target) as answer:
            assert answer.status == 200
            await until(lambda: len(clock.open) == 1)
            put = clock.tick()
            assert await answer.answer() == put
        await until(lambda: not clock.open)


@pytest.mark.usefixtures("javascript_packages")
@pytest.mark.parametrize("client", SENT)
async def test_a_client_sends_its_text_once(ticking: RunningGateway, client: str) -> None:
    given = {"URL": ticking.url, "TOKEN": ticking.login("salesperson"), "NAME": client}
    process = await asyncio.create_subprocess_exec(
        "node", str(CLIENTS / f"{client}.js"), env={**os.environ, **given}, stdout=PIPE, stderr=PIPE
    )
    output, problems = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, problems) == (0, b"")
    assert json.loads(output) == {"sent": SENT[client], "roles": ["SALESPERSON", "SALESPERSON"]}
