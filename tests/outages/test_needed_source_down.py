"""iperform is down, or everything is: nobody can be known, and nothing hangs."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace

import httpx
import pytest

from gateway.services import Services
from tests.gateways import running
from tests.live.stopwatch import Stopwatch
from tests.outages.estate import LIMITS, LONGEST_LIVEZ, OutageEstate
from tests.outages.joined import Timed, ask, assert_coded, seconds_to_recover, whole
from tests.outages.proxy import Proxy

LONGEST = LIMITS.connect + LIMITS.statement + 1.0
PROBE_SECONDS = 3.0


@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_without_iperform_requests_end_coded_and_in_time(estate: OutageEstate, fault: str) -> None:
    data = whole(estate.gateway)
    time.sleep(estate.gateway.settings.session_cache_seconds)
    getattr(estate.iperform, fault)()
    answer = ask(estate.gateway)
    ready = probe(estate, "/readyz")
    live = probe(estate, "/livez")
    estate.bring_back()
    assert answer.response.status_code == 503
    assert "data" not in answer.json
    assert_coded(answer.json["errors"])
    assert answer.seconds < LONGEST
    assert ready.response.status_code == 503
    states = {name: state["ready"] for name, state in ready.json["sources"].items()}
    assert states == {"iperform": False, "magenta": True, "analytics": True, "files": True, "events": True}
    assert ready.seconds < PROBE_SECONDS
    assert live.response.status_code == 200
    assert live.seconds < LONGEST_LIVEZ
    assert seconds_to_recover(estate.gateway, data) < 2
    assert probe(estate, "/readyz").response.status_code == 200


@pytest.mark.parametrize("fault", ["pause", "kill"])
def test_iperform_lost_under_a_known_session_is_coded_too(
    estate: OutageEstate, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = whole(estate.gateway)
    services: Services = estate.gateway.server.config.app.state.services  # type: ignore[union-attr]
    authenticator = services.authenticator
    with monkeypatch.context() as patched:
        # The session was checked just now, and is believed however long the fault takes: the executor is reached.
        believing = replace(authenticator._lifetimes, cache=600.0)
        patched.setattr(authenticator, "_lifetimes", believing)
        getattr(estate.iperform, fault)()
        answer = ask(estate.gateway)
        estate.bring_back()
    # `leads` can't be null.
    assert answer.response.status_code == 200
    assert answer.json["data"] is None
    assert_coded(answer.json["errors"])
    assert answer.seconds < LONGEST
    assert seconds_to_recover(estate.gateway, data) < 2


def test_gateway_starts_with_everything_down_and_answers_once_it_is_up(estate: OutageEstate) -> None:
    with ExitStack() as stack:
        settings = estate.gateway.settings
        proxies = []
        for server in estate.servers.values():
            proxy = Proxy(server.port)
            stack.callback(proxy.close)
            proxies.append(proxy)
            moved = {
                name: getattr(settings, name).replace(f":{server.port}/", f":{proxy.port}/")
                for name in ("iperform_dsn", "magenta_dsn", "analytics_dsn", "files_dsn", "events_dsn")
            }
            settings = replace(settings, **moved)
        data = whole(estate.gateway)
        with running(settings, "nothing up") as gateway:
            gateway._tokens.update(estate.gateway._tokens)
            live = httpx.get(f"{gateway.url}/livez")
            ready = httpx.get(f"{gateway.url}/readyz", timeout=20)
            sdl = httpx.get(f"{gateway.url}/schema.graphql")
            refused = ask(gateway)
            login = gateway.query('mutation { login(username: "admin", password: "demo") { accessToken } }')
            assert (live.status_code, ready.status_code, sdl.status_code) == (200, 503, 200)
            assert not any(state["ready"] for state in ready.json()["sources"].values())
            assert refused.response.status_code == 503
            assert_coded(refused.json["errors"])
            assert login["data"] is None
            assert_coded(login["errors"])
            for proxy in proxies:
                proxy.open()
            assert httpx.get(f"{gateway.url}/readyz", timeout=20).status_code == 200
            assert seconds_to_recover(gateway, data) < 2


def probe(estate: OutageEstate, path: str) -> Timed:
    """What a health check sees, and how long it takes."""
    with Stopwatch() as since:
        response = httpx.get(f"{estate.gateway.url}{path}", timeout=20)
        return Timed(response, since.seconds)
