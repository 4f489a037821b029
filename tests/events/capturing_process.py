"""A worker that only captures: run as a process of its own, so that it can be killed or stand still.

`python -m tests.events.capturing_process <dsn> <start> <interval> <length> <ordered> <ending>`
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from gateway.events.capturing import Capturing
from tests.events.history import History
from tests.events.logs import opened


async def main(dsn: str, history: History) -> None:
    """Captures until SIGTERM."""
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with opened(dsn) as log:
        capturing = Capturing(log.lease, history, zone=ZoneInfo("Asia/Kolkata"))
        capturing.start()
        print("started", flush=True)
        await stopped.wait()
        await capturing.close()


@contextmanager
def worker(dsn: str, history: History) -> Iterator[subprocess.Popen[str]]:
    """A running worker, ended afterwards however it is left."""
    ending = "" if history.ending is None else history.ending
    described = (dsn, history.start, history.interval, history.length, int(history.ordered), ending)
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, *map(str, described)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "started\n"
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


if __name__ == "__main__":
    DSN, START, INTERVAL, LENGTH, ORDERED, ENDING = sys.argv[1:]
    HISTORY = History(
        float(START),
        float(INTERVAL),
        int(LENGTH),
        ordered=ORDERED == "1",
        ending=Path(ENDING) if ENDING else None,
    )
    asyncio.run(main(DSN, HISTORY))
