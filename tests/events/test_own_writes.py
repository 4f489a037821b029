"""Changes that the gateway tells of itself, where nothing captures them."""

from __future__ import annotations

from prometheus_client import REGISTRY

from gateway.events.own_writes import OwnWrites
from tests.events.history import all_entries, event
from tests.events.logs import opened


def _appended(subject: str) -> float:
    return REGISTRY.get_sample_value("gateway_events_appended_total", {"subject": subject}) or 0.0


async def test_a_change_that_is_announced_is_in_the_log_and_counted() -> None:
    leads, tickets = _appended("leads"), _appended("tickets")
    async with opened("memory:") as log:
        own = OwnWrites(log.lease)
        announced = [event(1), event(2), event(3)]
        for one in announced:
            await own.announce(one)
        assert [entry.event for entry in await all_entries(log.bus)] == announced
    assert (_appended("leads"), _appended("tickets")) == (leads + 2, tickets + 1)
