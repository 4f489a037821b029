"""One change to a thousand subscribers: how long from its commit to the last delivery, and what a message costs.

With one scope all of them are the same salesperson, with ten they are ten, with a thousand each is another, with other
leads besides the one that changes.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import uvloop

from benchmarks import cpu
from benchmarks.listeners import Arrivals, listen_all
from benchmarks.live_estate import LEAD, LiveEstate, open_live_estate

SUBSCRIBERS = 1_000
CHANGES = 200
SCOPES = (1, 10, 1_000)
# So that the statements are prepared and the shapes known.
WARMING = 10
LONGEST_SECONDS = 60.0
PAUSE_SECONDS = 0.05
STATUSES = ("New", "Demo")
CHANGE = "update leads set status = %s where id = %s"
P99 = 0.99

Say = Callable[[str], None]


def measure_fan_out(
    say: Say, *, changes: int = CHANGES, subscribers: int = SUBSCRIBERS, scopes: tuple[int, ...] = SCOPES
) -> dict[str, Any]:
    """The figures, by the number of scopes. Raises TimeoutError where a change doesn't arrive everywhere."""
    found = {}
    with open_live_estate() as live:
        for count in scopes:
            found[str(count)] = uvloop.run(_measure(live, count, subscribers, changes))
            say(describe(count, found[str(count)]))
        return {
            "subscribers": subscribers,
            "changes": changes,
            "scopes": found,
            "mariadb": live.estate.database.version,
            "redis": live.estate.redis.version,
        }


def describe(scopes: int, figures: dict[str, Any]) -> str:
    """One line of the report."""
    return (
        f"{scopes:>5} scopes: p50 {figures['p50']:.1f} ms, p99 {figures['p99']:.1f} ms, longest "
        f"{figures['longest']:.1f} ms; CPU per message: gateway {figures['gateway_cpu']:.4f} ms, databases "
        f"{figures['database_cpu']:.4f} ms, client {figures['client_cpu']:.4f} ms"
    )


async def _measure(live: LiveEstate, scopes: int, subscribers: int, changes: int) -> dict[str, Any]:
    people = await live.tokens(scopes)
    tokens = [people[number % scopes] for number in range(subscribers)]
    arrivals = Arrivals()
    listeners = await listen_all(arrivals, live.port, tokens, await live.subscription(people[0]))
    changer = _Changer(live, arrivals, subscribers)
    try:
        await changer.times(WARMING)
        before = _spent(live)
        times = await changer.times(changes)
        spent = [after - earlier for after, earlier in zip(_spent(live), before, strict=True)]
    finally:
        changer.close()
    await asyncio.gather(*[listener.leave() for listener in listeners])
    if arrivals.count != (changes + WARMING) * subscribers:
        raise ValueError(f"{arrivals.count} messages came for {changes + WARMING} changes")
    gateway, database, client = (1000 * seconds / (changes * subscribers) for seconds in spent)
    ordered = sorted(times)
    return {
        "p50": median(ordered),
        "p99": ordered[min(changes - 1, int(P99 * changes))],
        "longest": ordered[-1],
        "gateway_cpu": gateway,
        "database_cpu": database,
        "client_cpu": client,
    }


class _Changer:
    """Changes the lead, once everybody has the change before."""

    def __init__(self, live: LiveEstate, arrivals: Arrivals, subscribers: int) -> None:
        self._connection = live.estate.database.connect("iperform")
        self._arrivals = arrivals
        self._subscribers = subscribers
        with self._connection.cursor() as cursor:
            cursor.execute("select status from leads where id = %s", (LEAD,))
            self._status = str((cursor.fetchone() or ("New",))[0])

    async def times(self, changes: int) -> list[float]:
        """Milliseconds from the commit to the last arrival, of so many changes."""
        return [await self._change() for _ in range(changes)]

    async def _change(self) -> float:
        self._status = next(status for status in STATUSES if status != self._status)
        self._arrivals.expect(self._subscribers)
        with self._connection.cursor() as cursor:
            cursor.execute(CHANGE, (self._status, LEAD))
        started = time.perf_counter()
        self._connection.commit()
        last = await self._arrivals.all(within=LONGEST_SECONDS)
        # Nobody changes the same lead without a breath; and what is left to do is done.
        await asyncio.sleep(PAUSE_SECONDS)
        return 1000 * (last - started)

    def close(self) -> None:
        """Gives back the connection."""
        self._connection.close()


def _spent(live: LiveEstate) -> tuple[float, float, float]:
    """Processor seconds of the gateway, of the database with Redis, and of this process."""
    servers = (live.estate.database.process, live.estate.redis.process)
    pids = [process.pid for process in servers if process is not None]
    return (
        cpu.seconds_of_trees([live.gateway.pid]),
        cpu.seconds_of_trees(pids),
        sum(os.times()[:2]),
    )
