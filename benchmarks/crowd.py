"""500 clients at once on the joined list of 20: whether anybody gets an error, how long they wait, how many queue."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.contestants import Running
from benchmarks.load import put_under_load
from benchmarks.operations import crowd_operation
from benchmarks.servers import Databases

CLIENTS = 500
EVERY_SECONDS = 0.1


class Queue(threading.Thread):
    """Watches how many requests have arrived at a port that its server hasn't read yet."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.lengths: list[int] = []
        self._port = port
        self._ended = threading.Event()

    def run(self) -> None:
        """Counts until `end` is called."""
        while not self._ended.wait(EVERY_SECONDS):
            with suppress(OSError):
                self.lengths.append(unread_requests(self._port))

    def end(self) -> int:
        """Stops, and gives the longest queue that was seen."""
        self._ended.set()
        self.join()
        return max(self.lengths, default=0)


def unread_requests(port: int) -> int:
    """Connections to a local port with bytes that the server hasn't taken."""
    here = f":{port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = (line.split() for line in lines)
    return sum(1 for field in fields if field[1].endswith(here) and int(field[4].split(":")[1], 16) > 0)


def measure_crowd(one: Running, token: str, databases: Databases, *, seconds: int) -> dict[str, Any]:
    """The figures; `failed` must be 0."""
    operation = crowd_operation()
    put_under_load(one, operation, token, databases=databases.pids(), seconds=2)
    queue = Queue(one.port)
    queue.start()
    started = time.monotonic()
    sample = put_under_load(
        one, operation, token, databases=databases.pids(), seconds=seconds, connections=CLIENTS
    )
    return {
        "clients": CLIENTS,
        "seconds": time.monotonic() - started,
        "longest_queue": queue.end(),
        **asdict(sample),
    }
