"""One change to a thousand subscribers: how long from its commit to the last delivery, and what a message costs.

With one scope all of them are the same salesperson, with ten they are ten, with a thousand each is another, with other
leads besides the one that changes. Last, a thousand of whom a single one sees it, which is what most changes are like.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import uvloop

from benchmarks import cpu
from benchmarks.listeners import Arrivals, listen_all
from benchmarks.live_estate import LEAD, LEAD_OF_ONE, LiveEstate, open_live_estate

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


@dataclass(frozen=True)
class Crowd:
    """Subscribers of so many scopes, and the lead that changes, which so many of them see."""

    scopes: int
    lead: int
    reached: int


def measure_fan_out(
    say: Say, *, changes: int = CHANGES, subscribers: int = SUBSCRIBERS, scopes: tuple[int, ...] = SCOPES
) -> dict[str, Any]:
    """The figures of each crowd. Raises TimeoutError where a change doesn't arrive everywhere."""
    crowds = [Crowd(count, LEAD, subscribers) for count in scopes]
    crowds.append(Crowd(subscribers, LEAD_OF_ONE, 1))
    found = []
    with open_live_estate() as live:
        for crowd in crowds:
            found.append(uvloop.run(_measure(live, crowd, subscribers, changes)))
            say(describe(found[-1]))
        return {
            "subscribers": subscribers,
            "changes": changes,
            "crowds": found,
            "mariadb": live.estate.database.version,
            "redis": live.estate.redis.version,
        }


def describe(figures: dict[str, Any]) -> str:
    """One line of the report."""
    return (
        f"{figures['scopes']:>5} scopes, {figures['reached']:>5} see it: "
        f"p50 {figures['p50']:.1f} ms, p99 {figures['p99']:.1f} ms, longest "
        f"{figures['longest']:.1f} ms; CPU per message: gateway {figures['gateway_cpu']:.4f} ms, databases "
        f"{figures['database_cpu']:.4f} ms, client {figures['client_cpu']:.4f} ms"
    )


async def _measure(live: LiveEstate, crowd: Crowd, subscribers: int, changes: int) -> dict[str, Any]:
    people = await live.tokens(crowd.scopes)
    tokens = [people[number % crowd.scopes] for number in range(subscribers)]
    arrivals = Arrivals()
    listeners = await listen_all(arrivals, live.port, tokens, await live.subscription(people[0]))
    changer = _Changer(live, arrivals, crowd)
    try:
        await changer.times(WARMING)
        before = _spent(live)
        times = await changer.times(changes)
        spent = [after - earlier for after, earlier in zip(_spent(live), before, strict=True)]
    finally:
        changer.close()
    await asyncio.gather(*[listener.leave() for listener in listeners])
    if arrivals.count != (changes + WARMING) * crowd.reached:
        raise ValueError(f"{arrivals.count} messages came for {changes + WARMING} changes")
    gateway, database, client = (1000 * seconds / (changes * crowd.reached) for seconds in spent)
    ordered = sorted(times)
    return {
        "scopes": crowd.scopes,
        "reached": crowd.reached,
        "p50": median(ordered),
        "p99": ordered[min(changes - 1, int(P99 * changes))],
        "longest": ordered[-1],
        "gateway_cpu": gateway,
        "database_cpu": database,
        "client_cpu": client,
    }


class _Changer:
    """Changes the lead, once everybody has the change before."""

    def __init__(self, live: LiveEstate, arrivals: Arrivals, crowd: Crowd) -> None:
        self._connection = live.estate.database.connect("iperform")
        self._arrivals = arrivals
        self._crowd = crowd
        with self._connection.cursor() as cursor:
            cursor.execute("select status from leads where id = %s", (crowd.lead,))
            self._status = str((cursor.fetchone() or ("New",))[0])

    async def times(self, changes: int) -> list[float]:
        """Milliseconds from the commit to the last arrival, of so many changes."""
        return [await self._change() for _ in range(changes)]

    async def _change(self) -> float:
        self._status = next(status for status in STATUSES if status != self._status)
        self._arrivals.expect(self._crowd.reached)
        with self._connection.cursor() as cursor:
            cursor.execute(CHANGE, (self._status, self._crowd.lead))
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
