"""What goes wrong in a storm, one fault after the other, each at a moment that nobody has chosen."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.live.stopwatch import Stopwatch
from tests.storm.estate import Estate
from tests.storm.fleet import Fleet
from tests.storm.subscriber import Subscriber

PAUSE_SECONDS = 4.0
# Longer than the lease: another worker captures meanwhile, and the first one has to notice.
STOPPED_SECONDS = 6.0
TAKEOVER_SECONDS = 5.0


@dataclass
class Faults:
    """Injects faults until it is told that everything has been written, and each at least once."""

    estate: Estate
    fleet: Fleet
    subscribers: Sequence[Subscriber]
    random: Random
    gap_seconds: float
    injected: Counter[str] = field(default_factory=Counter)
    takeovers: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    # What began when, by the clock of the machine.
    begun: list[tuple[float, str]] = field(default_factory=list)
    rounds: int = 0

    def all(self) -> tuple[Callable[[], None], ...]:
        """Every kind of fault."""
        return (
            self.capturing_worker_killed,
            self.capturing_worker_stopped_for_a_while,
            self.worker_replaced,
            self.redis_restarted,
            self.redis_killed,
            self.redis_paused,
            self.redis_stopped_for_a_while,
            self.database_restarted,
            self.database_killed,
        )

    async def run(self, has_all_been_written: Callable[[], bool]) -> None:
        """Goes on for whole rounds, each in another order."""
        while self.rounds == 0 or not has_all_been_written():
            faults = list(self.all())
            self.random.shuffle(faults)
            for fault in faults:
                if self.rounds and has_all_been_written():
                    return
                await self._quiet()
                await asyncio.to_thread(self._inject, fault)
            self.rounds += 1

    async def _quiet(self) -> None:
        """A time without faults but for sockets that are cut."""
        await asyncio.sleep(self.gap_seconds * self.random.uniform(0.5, 1.5))
        if self.random.random() < 0.5:
            self.sockets_cut()

    def _inject(self, fault: Callable[[], None]) -> None:
        name = fault.__name__.replace("_", " ")
        self.injected[name] += 1
        self.begun.append((time.time(), name))
        try:
            fault()
        except Exception as error:
            self.problems.append(f"{fault.__name__}: {error!r}")

    def sockets_cut(self) -> None:
        """A third of the subscribers lose their connection at once."""
        self.injected["sockets cut"] += 1
        for subscriber in self.random.sample(list(self.subscribers), len(self.subscribers) // 3):
            subscriber.cut()

    def capturing_worker_killed(self) -> None:
        """kill -9; the time until another one captures is measured, and a new one is started."""
        self.fleet.kill(self.fleet.capturing())
        self._taken_over()
        self.fleet.add()

    def _taken_over(self) -> None:
        with Stopwatch() as since:
            self.fleet.capturing(within=3 * TAKEOVER_SECONDS)
            self.takeovers.append(since.seconds)
        if self.takeovers[-1] > TAKEOVER_SECONDS:
            self.problems.append(f"a takeover took {self.takeovers[-1]:.1f} s")

    def capturing_worker_stopped_for_a_while(self) -> None:
        """It sleeps through its lease and wakes up again, still believing that it holds it."""
        worker = self.fleet.capturing()
        worker.process.pause()
        time.sleep(STOPPED_SECONDS)
        worker.process.resume()

    def worker_replaced(self) -> None:
        """A new one is started, and an old one told to end, as a deployment does."""
        old = self.fleet.any()
        self.fleet.add()
        self.fleet.end(old)

    def redis_restarted(self) -> None:
        """In order, with its data."""
        self.estate.redis.restart()

    def redis_killed(self) -> None:
        """kill -9; its data is on the disk."""
        self.estate.redis.kill()
        time.sleep(self.random.random() * 2)
        self.estate.redis.restart()

    def redis_paused(self) -> None:
        """It takes commands, and carries them out later."""
        with self.estate.redis.client() as client:
            client.execute_command("CLIENT", "PAUSE", int(PAUSE_SECONDS * 1000), "ALL")
        time.sleep(PAUSE_SECONDS)

    def redis_stopped_for_a_while(self) -> None:
        """SIGSTOP: connections stay open, and nothing answers."""
        self.estate.redis.pause()
        time.sleep(PAUSE_SECONDS)
        self.estate.redis.resume()

    def database_restarted(self) -> None:
        """In order: a new file of the binary log begins."""
        self.estate.database.restart()

    def database_killed(self) -> None:
        """kill -9: what was about to be committed is, or isn't."""
        self.estate.database.kill()
        time.sleep(self.random.random() * 2)
        self.estate.database.restart()
