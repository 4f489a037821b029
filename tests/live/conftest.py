"""A gateway whose subscriptions say what a test puts into them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from tests.gateways import RunningGateway, running
from tests.live.clock import Clock, connections_of, until
from tests.servers.fixtures import count_use

# How few a test can reach.
SOCKETS, OF_CALLER, OPERATIONS = 12, 6, 3


@pytest.fixture(scope="session")
def clock() -> Clock:
    """Where tests put answers."""
    return Clock()


@pytest.fixture(scope="session")
def _ticking(embedded_gateway: RunningGateway, clock: Clock) -> Iterator[RunningGateway]:
    settings = replace(
        embedded_gateway.settings,
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
    """A gateway over the embedded estate with few places; nothing may be left open by a test."""
    count_use(request.node, "sqlite")
    clock.ordered.clear()
    yield _ticking
    await until(lambda: connections_of(_ticking).open == 0 and not clock.open, 15)
