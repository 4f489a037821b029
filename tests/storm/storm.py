"""A whole storm: the estate and the workers, everybody who takes part, and what came of it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from random import Random
from typing import Any

import httpx

from tests.oracle.data import Data
from tests.storm.asking_writer import AskingWriter
from tests.storm.callers import Caller, find_callers
from tests.storm.direct_writer import DirectWriter, Rows, start_thread
from tests.storm.estate import Estate, open_estate
from tests.storm.faults import Faults
from tests.storm.fleet import Fleet
from tests.storm.history import Changes, count_history, keep_history, read_history
from tests.storm.options import Options
from tests.storm.play import read_ids, rows_in_play
from tests.storm.report import Report
from tests.storm.sight import read_data
from tests.storm.streams import over_events, over_socket
from tests.storm.subscriber import Subscriber
from tests.storm.topic import draw_topic
from tests.storm.verdict import Verdict, expected_of, is_complete, judge, longest_by_fault

ASKING, DIRECT = 12, 4
# Some set what is set already, and some are lost with their transaction: so many times as many are tried.
WITHOUT_EFFECT = 1.25
OVER_EVENTS = 0.12
LATE = 0.1
# Out of a hundred subscribers.
SHARES = {"ADMIN": 8, "MANAGER": 20, "SALESPERSON": 25, "WARRIOR": 25, "USER": 10, "PARTNER": 12}
# Short enough to be renewed in a long storm.
TOKEN_SECONDS = 240
QUIET_SECONDS = 2.0
# After so long a client that is gone must have been noticed.
GONE_SECONDS = 10.0
REPEATED_STEPS = (
    "select reason_for_change, count(*) from iperform.lead_status where reason_for_change like 'asking %-%' "
    "group by reason_for_change having count(*) > 1"
)

Say = Callable[[str], None]


def run_storm(options: Options, say: Say = print) -> Report:
    """Runs one. What isn't as it should be is in the report's `problems`."""
    with open_estate(leads=options.leads, seed=options.seed, database=options.database) as estate:
        data = read_data(estate.database)
        keep_history(estate.database)
        random = Random(options.seed)
        callers = find_callers(estate, data, random, good_for=TOKEN_SECONDS * 0.7)
        with _fleet(estate, options) as fleet:
            storm = _Storm(
                options, estate=estate, fleet=fleet, data=data, callers=callers, random=random, say=say
            )
            return asyncio.run(storm.run())


@contextmanager
def _fleet(estate: Estate, options: Options) -> Any:
    fleet = Fleet(estate, Random(options.seed), access_token_seconds=str(TOKEN_SECONDS))
    try:
        for _ in range(options.workers):
            fleet.add()
        yield fleet
    finally:
        fleet.stop()


class _Storm:
    """One run."""

    def __init__(
        self,
        options: Options,
        *,
        estate: Estate,
        fleet: Fleet,
        data: Data,
        callers: list[Caller],
        random: Random,
        say: Say,
    ) -> None:
        self._options = options
        self._estate = estate
        self._fleet = fleet
        self._callers = callers
        self._random = random
        self._say = say
        self._over = False
        self._left_open: list[str] = []
        self._rows: Rows = rows_in_play(data, callers, options, random)
        self._subscribers = [self._subscriber(number) for number in range(options.subscribers)]
        quota = round(options.changes / 2 * WITHOUT_EFFECT)
        pace = quota / (60 * options.minutes)
        self._direct = [
            DirectWriter(
                estate.database,
                self._rows,
                Random(f"{options.seed} direct {number}"),
                pace / DIRECT,
                quota // DIRECT,
                lambda: self._over,
            )
            for number in range(DIRECT)
        ]
        self._pace, self._quota = pace / ASKING, quota // ASKING
        self._asking: list[AskingWriter] = []
        gap = max(1.0, 60 * options.minutes / 9 - 5)
        self._faults = Faults(estate, fleet, self._subscribers, random, min(gap, 15.0))

    async def run(self) -> Report:
        """From the first subscriber to the verdict."""
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=60)
        async with httpx.AsyncClient(timeout=15, limits=limits) as client:
            await self._prepare(client)
            following = [self._follow(subscriber, client) for subscriber in self._subscribers]
            started = time.monotonic()
            await self._blow(client)
            seconds = time.monotonic() - started
            self._say(f"everything is written after {seconds:.0f} s; waiting for everybody to have it")
            changes = await asyncio.to_thread(read_history, self._estate.database)
            settling = await self._settle(changes)
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)
            self._left_open = await asyncio.to_thread(self._fleet.left_open, within=GONE_SECONDS)
            await asyncio.to_thread(self._fleet.stop)
            return self._report(changes, seconds, settling)

    def _follow(self, subscriber: Subscriber, client: httpx.AsyncClient) -> asyncio.Task[None]:
        async def follow() -> None:
            if subscriber.is_late:
                await asyncio.sleep(self._random.uniform(0.1, 0.8) * 60 * self._options.minutes)
                await subscriber.begin(client, self._fleet)
            await subscriber.follow(client, self._fleet)

        return asyncio.create_task(follow())

    async def _prepare(self, client: httpx.AsyncClient) -> None:
        await asyncio.to_thread(self._fleet.capturing, within=30)
        first = [subscriber for subscriber in self._subscribers if not subscriber.is_late]
        for subscriber in first:
            await subscriber.begin(client, self._fleet)
        admin = self._callers[0]
        ids = await read_ids(client, self._fleet.any().url, admin, self._rows)
        authors = [caller for caller in self._callers if caller.user_id and caller.role != "USER"]
        self._asking = [
            AskingWriter(
                f"asking {number}",
                [admin, *self._random.sample(authors, min(8, len(authors)))],
                ids,
                Random(f"{self._options.seed} asking {number}"),
                self._pace,
                self._quota,
                lambda: self._over,
            )
            for number in range(ASKING)
        ]
        count = sum(map(len, self._rows.values()))
        self._say(f"{len(first)} subscribers of {len(self._callers)} callers begin; {count} rows are in play")

    async def _blow(self, client: httpx.AsyncClient) -> None:
        threads = [start_thread(writer) for writer in self._direct]
        asking = [asyncio.create_task(writer.run(client, self._fleet)) for writer in self._asking]
        faults = asyncio.create_task(self._faults.run(self._has_all_been_written))
        telling = asyncio.create_task(self._tell())
        await faults
        while not self._has_all_been_written():  # noqa: ASYNC110 - threads write, too
            await asyncio.sleep(0.2)
        self._over = True
        telling.cancel()
        await asyncio.gather(*asking)
        for thread in threads:
            await asyncio.to_thread(thread.join)

    def _has_all_been_written(self) -> bool:
        direct = sum(writer.written - writer.quota for writer in self._direct)
        return direct >= 0 and sum(writer.written - writer.quota for writer in self._asking) >= 0

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(15)
            written = sum(writer.written for writer in self._direct)
            asked = sum(writer.written for writer in self._asking)
            events = sum(subscriber.events for subscriber in self._subscribers)
            self._say(
                f"  {asked:,} asked, {written:,} written, {events:,} events, {self._faults.injected.total()} faults"
            )

    async def _settle(self, changes: Changes) -> float:
        """Waits until everybody has everything, and then a moment for what should not come."""
        started = newest = time.monotonic()
        wanted = {subscriber: expected_of(subscriber, changes) for subscriber in self._subscribers}
        missing, events = list(self._subscribers), 0
        while missing and time.monotonic() - newest < self._options.patience_seconds:
            await asyncio.sleep(0.2)
            missing = [one for one in missing if not one.problems and not is_complete(one, wanted[one])]
            if events != (events := sum(subscriber.events for subscriber in self._subscribers)):
                newest = time.monotonic()
        settled = time.monotonic() - started
        await asyncio.sleep(QUIET_SECONDS)
        return settled

    # --- who takes part -------------------------------------------------------------------------------------

    def _subscriber(self, number: int) -> Subscriber:
        random = Random(f"{self._options.seed} subscriber {number}")
        role = random.choices(list(SHARES), list(SHARES.values()))[0]
        callers = [caller for caller in self._callers if caller.role == role] or self._callers
        caller = random.choice(callers)
        return Subscriber(
            number=number,
            caller=caller,
            topic=draw_topic(self._estate.database, caller, random),
            stream=over_events if random.random() < OVER_EVENTS else over_socket,
            random=random,
            connected_seconds=self._options.connected_seconds,
            is_late=random.random() < LATE,
        )

    # --- what came of it ------------------------------------------------------------------------------------

    def _report(self, changes: Changes, seconds: float, settling: float) -> Report:
        verdict = judge(self._subscribers, changes)
        options = self._options
        return Report(
            title=(
                f"{options.subscribers} subscribers, {options.workers} workers, {options.database} "
                f"{self._estate.database.version}, seed {options.seed}"
            ),
            seconds=seconds,
            settling_seconds=settling,
            changes=count_history(self._estate.database),
            asked=sum(writer.written for writer in self._asking),
            repeated=sum(writer.repeated for writer in self._asking),
            transactions=sum(writer.transactions for writer in self._direct),
            rolled_back=sum(writer.rolled_back for writer in self._direct),
            expected=verdict.expected,
            received=verdict.received,
            partial=sum(subscriber.partial for subscriber in self._subscribers),
            connects=sum(subscriber.connects for subscriber in self._subscribers),
            faults=self._faults.injected,
            takeovers=self._faults.takeovers,
            stop_seconds=self._fleet.stop_seconds,
            delays=[delay for delay, _ in verdict.delays],
            longest_by_fault=longest_by_fault(verdict, self._faults.begun),
            ends=sum((subscriber.ends for subscriber in self._subscribers), Counter()),
            lost=sum((writer.lost for writer in self._asking), Counter()),
            direct_failures=sum((Counter(writer.failures) for writer in self._direct), Counter()),
            logged=self._fleet.logged(),
            problems=self._problems(verdict),
        )

    def _problems(self, verdict: Verdict) -> list[str]:
        asked = [problem for writer in self._asking for problem in writer.problems]
        return [
            *self._faults.problems,
            *self._left_open,
            *self._fleet.hung,
            *asked,
            *self._repeated_steps(),
            *verdict.problems,
        ]

    def _repeated_steps(self) -> list[str]:
        with self._estate.database.connect() as connection, connection.cursor() as cursor:
            cursor.execute(REPEATED_STEPS)
            return [f"the mutation with key {key} was done {count} times" for key, count in cursor.fetchall()]
