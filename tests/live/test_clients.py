"""The clients that frontends use: each subscribes, is cut off, and goes on after the last event that it had."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.http.endings import RESTART
from gateway.settings import Settings
from tests.gateways import RunningGateway
from tests.live.clock import connections_of, until
from tests.live.conftest import CLIENTS
from tests.live.serving import served
from tests.outages.proxy import NONE, End, Fault, Proxy, proxied
from tests.servers.process import free_port
from tests.servers.redis import RedisServer

CHANGE = "mutation($input: ChangeLeadStatusInput!) { changeLeadStatus(input: $input) { lead { status } } }"
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "graphql_ws.js": ("node",),
    "graphql_sse.js": ("node",),
    "apollo.js": ("node",),
    "urql.js": ("node",),
    "gql_client.py": (sys.executable,),
}


pytestmark = pytest.mark.usefixtures("javascript_packages")


@dataclass
class Following:
    """A client in a process of its own, which follows all leads as an ADMIN."""

    process: asyncio.subprocess.Process

    async def hears(self, seconds: float = 30) -> str:
        """The status that the next event tells of."""
        assert self.process.stdout is not None
        async with asyncio.timeout(seconds):
            line = await self.process.stdout.readline()
        if not line:
            assert self.process.stderr is not None
            raise AssertionError((await self.process.stderr.read()).decode())
        status: str = json.loads(line)
        return status


@asynccontextmanager
async def following(client: str, *, port: int, token: str, after: str) -> AsyncIterator[Following]:
    """Runs a client until the block ends."""
    given = {"URL": f"http://127.0.0.1:{port}", "TOKEN": token, "AFTER": after}
    process = await asyncio.create_subprocess_exec(
        *COMMANDS[client], str(CLIENTS / client), env={**os.environ, **given}, stdout=PIPE, stderr=PIPE
    )
    try:
        yield Following(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


def _change(gateway: RunningGateway, lead: str, status: str) -> str:
    gateway.data(CHANGE, {"input": {"id": lead, "status": status}}, as_user="admin")
    return status


def _cut(proxy: Proxy) -> None:
    """What the gateway sends next breaks the connection, and each one after it."""
    proxy.misbehave(Fault(through=0, end=End.RESET))


@pytest.mark.parametrize("client", COMMANDS)
async def test_a_client_that_was_cut_off_resumes_after_its_last_event(
    telling: RunningGateway, client: str
) -> None:
    found = telling.data(
        '{ eventCursor leads(first: 1, where: {status: {eq: "New"}}) { nodes { id } } }', as_user="admin"
    )
    lead, after = found["leads"]["nodes"][0]["id"], found["eventCursor"]
    token = telling.login("admin")
    with proxied(telling.settings.port) as proxy:
        # Before anybody listens: it is told all the same.
        early = _change(telling, lead, "Qualified")
        async with following(client, port=proxy.port, token=token, after=after) as follower:
            assert await follower.hears() == early
            late = _change(telling, lead, "Demo")
            assert await follower.hears() == late
            _cut(proxy)
            missed = [_change(telling, lead, "Proposal"), _change(telling, lead, "Trial")]
            await until(lambda: connections_of(telling).open == 0)
            missed.append(_change(telling, lead, "Won"))
            proxy.misbehave(NONE)
            assert [await follower.hears() for _ in missed] == missed
            _restart(telling)
            last = _change(telling, lead, "New")
            assert await follower.hears() == last
            assert follower.process.returncode is None


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
async def test_clients_go_on_with_the_gateways_next_process(
    own_settings: Settings, redis_server: RedisServer, tmp_path: Path, end: signal.Signals
) -> None:
    # A database of its own: the log outlives the process, and is nobody else's.
    settings = replace(own_settings, events_dsn=redis_server.dsn(9))
    port = free_port()
    async with AsyncExitStack() as kept:
        with served(settings, tmp_path, port=port) as first:
            gateway = first.gateway
            leads = gateway.data("{ leads(first: 1) { nodes { id } } }", as_user="admin")["leads"]
            lead, token = leads["nodes"][0]["id"], gateway.login("admin")
            after = gateway.data("{ eventCursor }", as_user="admin")["eventCursor"]
            followers = [
                await kept.enter_async_context(following(client, port=port, token=token, after=after))
                for client in COMMANDS
            ]
            heard = _change(gateway, lead, "Qualified")
            assert [await follower.hears() for follower in followers] == [heard] * len(followers)
            first.process.send_signal(end)
            await asyncio.to_thread(first.process.wait, 20)
        with served(settings, tmp_path, port=port) as second:
            missed = [_change(second.gateway, lead, status) for status in ("Demo", "Proposal", "New")]
            for follower in followers:
                assert [await follower.hears() for _ in missed] == missed


def _restart(gateway: RunningGateway) -> None:
    """Ends every connection as a gateway does that is told to end."""
    connections = connections_of(gateway)
    loop = connections._tasks[0].get_loop()
    for connection in list(connections._open):
        loop.call_soon_threadsafe(connection.end, RESTART)
