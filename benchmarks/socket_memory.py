"""Whether sockets leave anything behind in a worker's memory: those of a crowd that idles, of clients that come and go,
and of one that doesn't read what comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from itertools import cycle
from typing import Any

import uvloop

from benchmarks import cpu
from benchmarks.fan_out import STATUSES
from benchmarks.listeners import Arrivals, Listener, listen, listen_all
from benchmarks.live_estate import LEAD, LiveEstate, open_live_estate
from benchmarks.statistics import fit_line

CROWD = 1_000
CONNECTS = 20_000
AT_ONCE = 20
POINTS = 20
MEBIBYTE = 2**20
CHANGE_SECONDS = 0.05
# So much that nothing between here and the gateway can hold it.
DEAF_SUBSCRIPTIONS = 60
DEAF_SECONDS = 20.0
PATIENCE_SECONDS = 60.0
MUCH = (
    "subscription($after: String) { leadStatusChanged(after: $after) { cursor lead { databaseId "
    + " ".join(f"a{number}: firmName" for number in range(100))
    + " } } }"
)

Say = Callable[[str], None]


def measure_socket_memory(
    say: Say, *, crowd: int = CROWD, connects: int = CONNECTS, people: int = 100, leads: int = 2_000
) -> dict[str, Any]:
    """Resident memory of a worker, and what each connect of the last third adds to it."""
    with open_live_estate(people=people, leads=leads) as live:
        return uvloop.run(_Measurement(live, say, crowd, connects).run(people))


class _Measurement:
    def __init__(self, live: LiveEstate, say: Say, crowd: int, connects: int) -> None:
        self._live = live
        self._say = say
        self._crowd = crowd
        self._connects = connects
        self._arrivals = Arrivals()
        self._changes = 0
        self._cut_off = 0
        self._has_been_cut_off = asyncio.Event()

    async def run(self, people: int) -> dict[str, Any]:
        tokens = await self._live.tokens(people)
        payload = await self._live.subscription(tokens[0])
        empty = self._held()
        everybody = [token for token, _ in zip(cycle(tokens), range(self._crowd), strict=False)]
        crowd = await listen_all(self._arrivals, self._live.port, everybody, payload)
        full = self._held()
        others = [asyncio.create_task(work) for work in (self._change(), self._be_deaf(tokens[0]))]
        try:
            points = await self._come_and_go(tokens)
            # A short run is over before it is noticed that somebody doesn't read.
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._has_been_cut_off.wait()
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
        await asyncio.gather(*[listener.leave() for listener in crowd])
        await asyncio.sleep(2)
        # Caches fill and the allocator's pools grow in the first thousands.
        warm = [point for point in points if point[0] >= self._connects * 2 // 3]
        line = fit_line([float(count) for count, _ in warm], [float(held) for _, held in warm])
        return {
            "crowd": self._crowd,
            "connects": self._connects,
            "changes": self._changes,
            "messages": self._arrivals.count,
            "deaf_cut_off": self._cut_off,
            "empty_mib": empty / MEBIBYTE,
            "crowd_mib": full / MEBIBYTE,
            "left_mib": self._held() / MEBIBYTE,
            "points": [{"connects": count, "mib": held / MEBIBYTE} for count, held in points],
            "bytes_per_connect": asdict(line),
            "closed": dict(self._arrivals.closed),
        }

    async def _come_and_go(self, tokens: list[str]) -> list[tuple[int, int]]:
        points = []
        step = max(AT_ONCE, self._connects // POINTS)
        for done in range(0, self._connects, step):
            payload = await self._live.subscription(tokens[0])
            await asyncio.gather(*[self._visit(tokens, payload, step // AT_ONCE) for _ in range(AT_ONCE)])
            points.append((done + step, self._held()))
            self._say(f"  {done + step:>6,} connects: {points[-1][1] / MEBIBYTE:.1f} MiB")
        return points

    async def _visit(self, tokens: list[str], payload: dict[str, Any], times: int) -> None:
        for number in range(times):
            token = tokens[number % len(tokens)]
            listener = await listen(self._arrivals, self._live.port, token, payload)
            await self._go(listener, orderly=number % 2 == 0)

    async def _go(self, listener: Listener, *, orderly: bool) -> None:
        if orderly:
            await listener.leave()
        else:
            listener.transport.abort()
            await listener.gone

    async def _be_deaf(self, token: str) -> None:
        """Asks for much, reads nothing of it, and comes again once it has been cut off."""
        unheard = Arrivals()
        while True:
            payload = {**await self._live.subscription(token), "query": MUCH}
            listener = await listen(unheard, self._live.port, token, payload)
            for number in range(DEAF_SUBSCRIPTIONS):
                listener.say({"id": f"deaf {number}", "type": "subscribe", "payload": payload})
            listener.transport.pause_reading()
            try:
                await asyncio.sleep(DEAF_SECONDS)
                # What is still on its way can be read, and then that it was cut off.
                listener.transport.resume_reading()
                await asyncio.wait([listener.gone], timeout=2)
                if listener.gone.done():
                    self._cut_off += 1
                    self._has_been_cut_off.set()
            finally:
                listener.transport.abort()

    async def _change(self) -> None:
        """Changes a lead again and again, so that there is always something to deliver."""
        with self._live.estate.database.connect("iperform") as connection, connection.cursor() as cursor:
            for status in cycle(STATUSES):
                cursor.execute("update leads set status = %s where id = %s", (status, LEAD))
                connection.commit()
                self._changes += 1
                await asyncio.sleep(CHANGE_SECONDS)

    def _held(self) -> int:
        return cpu.memory_of_tree(self._live.gateway.pid)
