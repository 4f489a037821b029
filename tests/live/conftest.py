"""Gateways over an estate that the tests of this folder may change, as no others read it."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

from gateway.settings import Settings
from tests.gateways import RunningGateway, running
from tests.live.clock import Clock, connections_of, until
from tests.servers.fixtures import count_use

CLIENTS = Path(__file__).parent / "clients"
# How few a test can reach.
SOCKETS, OF_CALLER, OPERATIONS = 12, 6, 3


@pytest.fixture(scope="session")
def javascript_packages() -> None:
    """The packages of `package-lock.json`, installed by whoever runs the clients first."""
    if not (CLIENTS / "node_modules").exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=CLIENTS, check=True)


@pytest.fixture(scope="session")
def own_settings(embedded_gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The embedded estate with an `iperform` of its own."""
    given = make_url(embedded_gateway.settings.iperform_dsn)
    copy = tmp_path_factory.mktemp("live") / "iperform.sqlite"
    with sqlite3.connect(str(given.database)) as source, sqlite3.connect(copy) as target:
        source.backup(target)
    dsn = given.set(database=str(copy)).render_as_string(hide_password=False)
    return replace(embedded_gateway.settings, iperform_dsn=dsn)


@pytest.fixture(scope="session")
def clock() -> Clock:
    """Where tests put answers."""
    return Clock()


@pytest.fixture(scope="session")
def _ticking(own_settings: Settings, clock: Clock) -> Iterator[RunningGateway]:
    settings = replace(
        own_settings,
        sockets=SOCKETS,
        sockets_per_caller=OF_CALLER,
        subscriptions_per_socket=OPERATIONS,
        audit_reads=True,
    )
    with running(settings, "clock", live=clock) as gateway:
        yield gateway


@pytest.fixture
async def ticking(
    _ticking: RunningGateway, clock: Clock, request: pytest.FixtureRequest
) -> AsyncIterator[RunningGateway]:
    """A gateway with few places, whose subscriptions say what a test puts; nothing may be left open by a test."""
    count_use(request.node, "sqlite")
    clock.ordered.clear()
    yield _ticking
    await until(lambda: connections_of(_ticking).open == 0 and not clock.open, 15)


@pytest.fixture(scope="session")
def _telling(own_settings: Settings) -> Iterator[RunningGateway]:
    with running(own_settings, "live") as gateway:
        yield gateway


@pytest.fixture
async def telling(_telling: RunningGateway, request: pytest.FixtureRequest) -> AsyncIterator[RunningGateway]:
    """A gateway whose subscriptions tell of what is changed through it; nothing may be left open by a test."""
    count_use(request.node, "sqlite")
    yield _telling
    await until(lambda: connections_of(_telling).open == 0, 15)
