"""A gateway whose logins aren't limited: the tests of this folder log in more often than the demo lets anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.gateways import RunningGateway, running


@pytest.fixture(scope="session")
def embedded_gateway(embedded_gateway: RunningGateway) -> Iterator[RunningGateway]:
    """A second gateway over the same embedded estate."""
    settings = replace(
        embedded_gateway.settings, login_attempts_per_account=10_000, login_attempts_per_address=10_000
    )
    with running(settings, "embedded") as gateway:
        yield gateway
