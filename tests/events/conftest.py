"""Redis servers of these tests alone, as they are stopped and emptied."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import catalogue, redis
from tests.servers.fixtures import INVENTORY, count_use
from tests.servers.install import ServerMissingError, install
from tests.servers.redis import RedisServer
from tests.servers.start import fresh_folder


def _own_redis(request: pytest.FixtureRequest, *arguments: str) -> Iterator[RedisServer]:
    try:
        installation = install(catalogue.REDIS)
    except ServerMissingError as missing:
        if request.config.getoption("--allow-missing"):
            pytest.skip(str(missing))
        pytest.fail(str(missing), pytrace=False)
    server = redis.start(installation, fresh_folder(catalogue.REDIS), arguments)
    request.config.stash[INVENTORY].running.setdefault(catalogue.REDIS.name, server)
    yield server
    server.stop()


@pytest.fixture(scope="package")
def _forgetful(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    yield from _own_redis(request)


@pytest.fixture(scope="package")
def _lasting(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    yield from _own_redis(request, "--appendonly", "yes", "--appendfsync", "always")


@pytest.fixture
def forgetful(_forgetful: RedisServer, request: pytest.FixtureRequest) -> RedisServer:
    """An empty Redis that comes back with what it had when it was last told to save it."""
    return _emptied(_forgetful, request)


@pytest.fixture
def lasting(_lasting: RedisServer, request: pytest.FixtureRequest) -> RedisServer:
    """An empty Redis that comes back with all that it ever said yes to."""
    return _emptied(_lasting, request)


def _emptied(server: RedisServer, request: pytest.FixtureRequest) -> RedisServer:
    count_use(request.node, "redis")
    try:
        server.resume()
    except RuntimeError:
        server.restart()
    with server.client() as client:
        client.flushall()
    return server
