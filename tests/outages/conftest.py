"""The estate that the tests of this folder stop, started once for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.outages.joined")

from tests.outages.estate import OutageEstate, outage_estate  # noqa: E402
from tests.servers.fixtures import INVENTORY, count_use  # noqa: E402
from tests.servers.install import ServerMissingError  # noqa: E402

USED = ("mariadb", "clickhouse", "redis", "s3")


@pytest.fixture(scope="package")
def whole_estate(request: pytest.FixtureRequest) -> Iterator[OutageEstate]:
    """Servers of these tests alone, and their gateway."""
    try:
        with outage_estate() as estate:
            inventory = request.config.stash[INVENTORY]
            for server in estate.servers.values():
                inventory.running.setdefault(server.description.name, server)
            yield estate
    except ServerMissingError as missing:
        if request.config.getoption("--allow-missing"):
            pytest.skip(str(missing))
        pytest.fail(str(missing), pytrace=False)


@pytest.fixture
def estate(whole_estate: OutageEstate, request: pytest.FixtureRequest) -> Iterator[OutageEstate]:
    """The estate with every server up, and up again afterwards whatever the test has done."""
    count_use(request.node, *USED)
    yield whole_estate
    whole_estate.bring_back()
