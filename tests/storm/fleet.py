"""The workers of a storm: each a `gateway serve` on a port of its own, so that each can be killed and replaced."""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass
from itertools import count
from random import Random

import httpx

from tests.servers.process import STOP_SECONDS, ServerProcess, free_port, log_tail
from tests.storm.estate import Estate

ASK_SECONDS = 2.0
HERE = re.compile(r"^gateway_capture_here 1(?:\.0)?$", re.MULTILINE)
OPEN = re.compile(r"^(gateway_(?:sockets|event_streams)_open) (\d+)", re.MULTILINE)
COMMAND = (sys.executable, "-m", "gateway.cli", "serve")


@dataclass(eq=False)
class Worker:
    """One process. `url` is where it answers."""

    name: str
    url: str
    process: ServerProcess

    def captures(self) -> bool:
        """Whether it says that it captures the changes; False where it says nothing."""
        try:
            return HERE.search(httpx.get(f"{self.url}/metrics", timeout=ASK_SECONDS).text) is not None
        except httpx.HTTPError:
            return False

    def open(self) -> dict[str, int]:
        """How many sockets and streams it says are open; none where it says nothing."""
        try:
            text = httpx.get(f"{self.url}/metrics", timeout=ASK_SECONDS).text
        except httpx.HTTPError:
            return {}
        return {name: int(count) for name, count in OPEN.findall(text) if int(count)}

    def answers(self) -> bool:
        """Whether it serves."""
        try:
            return httpx.get(f"{self.url}/livez", timeout=ASK_SECONDS).status_code == 200
        except httpx.HTTPError:
            return False


class Fleet:
    """The workers that clients may be sent to."""

    def __init__(self, estate: Estate, random: Random, **settings: str) -> None:
        self._estate = estate
        self._random = random
        self._settings = settings
        self._numbers = count(1)
        self.workers: list[Worker] = []
        self.stop_seconds: list[float] = []
        # Those that were told to end, and had to be killed.
        self.hung: list[str] = []

    def add(self) -> Worker:
        """Starts a worker, and waits until it serves."""
        name, port = f"worker {next(self._numbers)}", free_port()
        environment = self._estate.environment(port=str(port), workers="1", **self._settings)
        log = self._estate.folder / f"{name.replace(' ', '-')}.log"
        worker = Worker(name, f"http://127.0.0.1:{port}", ServerProcess(COMMAND, environment, log))
        worker.process.start(worker.answers)
        self.workers.append(worker)
        return worker

    def any(self) -> Worker:
        """One of those that should be serving."""
        return self._random.choice(self.workers)

    def capturing(self, *, within: float = 20.0) -> Worker:
        """The one that captures. Raises TimeoutError where there is none for so many seconds."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for worker in list(self.workers):
                if worker.captures():
                    return worker
            time.sleep(0.05)
        raise TimeoutError(f"no worker has captured changes for {within:.0f} s")

    def kill(self, worker: Worker) -> None:
        """kill -9."""
        self.workers.remove(worker)
        worker.process.kill()

    def end(self, worker: Worker) -> None:
        """SIGTERM."""
        self.workers.remove(worker)
        started = time.monotonic()
        worker.process.stop()
        self.stop_seconds.append(time.monotonic() - started)
        if self.stop_seconds[-1] >= STOP_SECONDS:
            said = log_tail(worker.process.log)
            self.hung.append(
                f"{worker.name} went on for {STOP_SECONDS:.0f} s after SIGTERM; it said last: {said}"
            )

    def left_open(self, *, within: float) -> list[str]:
        """Which workers still hold connections, though every client is gone, after so many seconds."""
        deadline = time.monotonic() + within
        while found := [
            f"{worker.name} still has {worker.open()}" for worker in self.workers if worker.open()
        ]:
            if time.monotonic() > deadline:
                return found
            time.sleep(0.5)
        return []

    def logged(self) -> Counter[str]:
        """How often the workers, also those that are gone, have said what to their logs."""
        found: Counter[str] = Counter()
        for log in self._estate.folder.glob("worker-*.log"):
            for line in log.read_text(errors="replace").splitlines():
                found[_said(line)] += 1
        return found

    def stop(self) -> None:
        """Ends all of them."""
        for worker in list(self.workers):
            self.end(worker)


def _said(line: str) -> str:
    try:
        entry = json.loads(line)
        # Why the history of changes couldn't be followed is worth all its words.
        why = f" ({entry['reason']})" if "new log" in entry["event"] else ""
        return f"{entry['level']}: {entry['event']}{why}"
    except (ValueError, KeyError, TypeError):
        return f"raw: {line[:60]}"
