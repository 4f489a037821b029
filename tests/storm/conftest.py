"""Says which servers the storms use: each has its own, which are killed."""

from __future__ import annotations

import pytest

from tests.servers.fixtures import count_use


@pytest.fixture(autouse=True)
def _uses(request: pytest.FixtureRequest) -> None:
    count_use(request.node, "mariadb", "redis")
