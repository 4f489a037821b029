"""Whether sockets leave anything behind in a worker's memory: a crowd that idles, clients that come and go, and one that
doesn't read what comes.
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

Say = Callable[[str], None]


def measure_socket_memory(
    say: Say, *, crowd: int = CROWD, connects: int = CONNECTS, people: int = 100, leads: int = 2_000
) -> dict[str, Any]:
    """Resident memory of a worker after so many connects, and what each further one adds once the first fifth is over."""
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

    async def run(self, people: int) -> dict[str, Any]:
        tokens = await self._live.tokens(people)
        payload = await self._live.subscription(tokens[0])
        empty = self._held()
        everybody = [token for token, _ in zip(cycle(tokens), range(self._crowd), strict=False)]
        crowd = await listen_all(self._arrivals, self._live.port, everybody, payload)
        full = self._held()
        deaf = await listen(self._arrivals, self._live.port, tokens[0], payload)
        deaf.transport.pause_reading()
        changing = asyncio.create_task(self._change())
        try:
            points = await self._come_and_go(tokens)
        finally:
            changing.cancel()
        deaf.transport.abort()
        await asyncio.gather(*[listener.leave() for listener in crowd])
        await asyncio.sleep(2)
        warm = [point for point in points if point[0] >= self._connects // 5]
        line = fit_line([float(count) for count, _ in warm], [float(held) for _, held in warm])
        return {
            "crowd": self._crowd,
            "connects": self._connects,
            "changes": self._changes,
            "messages": self._arrivals.count,
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
