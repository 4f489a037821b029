"""The oracle's view of the estate that the gateway serves.

`ORACLE_ESTATE` in the environment (`mariadb`, `mysql`) runs the tests over another estate than the embedded one.
"""

from __future__ import annotations

import os
from datetime import date
from functools import cache

import pytest

from gateway.app import collect_only_what_comes
from tests.access.asking import Asking
from tests.gateways import RunningGateway
from tests.oracle.data import Data, generated

ESTATE = os.environ.get("ORACLE_ESTATE", "embedded")


@cache
def generated_once(leads: int, seed: int, today: date) -> Data:
    """The rows of a seed, which stay in this process."""
    data = generated(leads, seed, today)
    collect_only_what_comes()
    return data


def data_of(gateway: RunningGateway) -> Data:
    """What the gateway's estate holds."""
    return generated_once(gateway.leads, gateway.seed, gateway.today)


@pytest.fixture
def gateway(gateway: RunningGateway, request: pytest.FixtureRequest) -> RunningGateway:
    """The gateway that is asked: over the embedded estate unless `ORACLE_ESTATE` says otherwise."""
    if ESTATE == "embedded":
        return gateway
    other: RunningGateway = request.getfixturevalue(f"{ESTATE}_gateway")
    return other


@pytest.fixture
def asking(gateway: RunningGateway) -> Asking:
    """Asks the gateway."""
    return Asking(gateway, data_of(gateway))


@pytest.fixture
def asking_each(every_gateway: RunningGateway) -> Asking:
    """Asks the gateway over each estate in turn."""
    return Asking(every_gateway, data_of(every_gateway))
