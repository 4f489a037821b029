"""The network between the gateway and a database cuts, resets, slices and delays: the answer is right, or coded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.gateways import RunningGateway, running
from tests.outages.estate import LIMITS, OutageEstate
from tests.outages.joined import SHORT, Timed, ask, assert_costs_its_fields_alone
from tests.outages.proxy import NONE, End, Fault, Proxy, proxied

SOURCES = ("magenta", "analytics")
CUTS = 11
"""In how many places an answer is cut: from before its first byte to near its end."""


@dataclass(frozen=True)
class Network:
    """A gateway that reaches magenta and ClickHouse through proxies, and its whole answer to the short query."""

    gateway: RunningGateway
    proxies: dict[str, Proxy]
    data: dict[str, Any]

    def ask(self) -> Timed:
        """The short query, once."""
        return ask(self.gateway, SHORT)


@pytest.fixture(scope="module")
def network(whole_estate: OutageEstate) -> Iterator[Network]:
    servers, settings = whole_estate.servers, whole_estate.gateway.settings
    with ExitStack() as stack:
        proxies = {name: stack.enter_context(proxied(servers[name].port)) for name in SOURCES}
        moved = replace(
            settings,
            magenta_dsn=_moved(settings.magenta_dsn, servers["magenta"].port, proxies["magenta"].port),
            analytics_dsn=_moved(
                settings.analytics_dsn, servers["analytics"].port, proxies["analytics"].port
            ),
        )
        gateway = stack.enter_context(running(moved, "bad network"))
        yield Network(gateway, proxies, ask(gateway, SHORT).json["data"])


def _moved(dsn: str, port: int, to: int) -> str:
    assert f":{port}/" in dsn
    return dsn.replace(f":{port}/", f":{to}/")


@pytest.mark.parametrize("end", [End.CLOSE, End.RESET])
@pytest.mark.parametrize("source", SOURCES)
def test_answer_cut_anywhere_is_coded_and_the_next_is_right(
    network: Network, estate: OutageEstate, source: str, end: End
) -> None:
    proxy = network.proxies[source]
    proxy.misbehave(NONE)
    assert network.ask().json == {"data": network.data}
    length = proxy.passed
    for part in range(CUTS):
        proxy.misbehave(Fault(length * part // (CUTS + 1), end))
        assert_costs_its_fields_alone(network.ask(), network.data, source)
        # There is no connection now: this one is cut as it is made.
        proxy.misbehave(Fault(length * part // (CUTS + 1), end))
        assert_right_or_coded(network.ask(), network.data, source)
        proxy.misbehave(NONE)
        assert network.ask().json == {"data": network.data}


@pytest.mark.parametrize("through", [0, 5, 60])
@pytest.mark.parametrize("source", SOURCES)
def test_answer_that_stays_away_in_the_middle_is_a_timeout(
    network: Network, estate: OutageEstate, source: str, through: int
) -> None:
    proxy = network.proxies[source]
    proxy.misbehave(Fault(through, End.SILENCE))
    answer = network.ask()
    proxy.misbehave(NONE)
    assert_costs_its_fields_alone(answer, network.data, source)
    assert answer.seconds < LIMITS.connect + LIMITS.statement + 1
    assert network.ask().json == {"data": network.data}


@pytest.mark.parametrize("source", SOURCES)
def test_answer_byte_by_byte_is_right(network: Network, estate: OutageEstate, source: str) -> None:
    proxy = network.proxies[source]
    proxy.misbehave(Fault(slice=1))
    answer = network.ask()
    proxy.misbehave(NONE)
    assert answer.json == {"data": network.data}


@pytest.mark.parametrize("source", SOURCES)
def test_slow_network_is_right_within_the_limit_and_coded_past_it(
    network: Network, estate: OutageEstate, source: str
) -> None:
    proxy = network.proxies[source]
    proxy.misbehave(Fault(delay=0.2))
    slow = network.ask()
    proxy.misbehave(Fault(delay=LIMITS.statement + 0.5))
    late = network.ask()
    proxy.misbehave(NONE)
    assert slow.json == {"data": network.data}
    assert_costs_its_fields_alone(late, network.data, source)
    assert network.ask().json == {"data": network.data}


def assert_right_or_coded(answer: Timed, data: dict[str, Any], source: str) -> None:
    """All of the data, or all but the source's fields: never a part of the rows, nor another's."""
    if "errors" in answer.json:
        assert_costs_its_fields_alone(answer, data, source)
    else:
        assert answer.json == {"data": data}
