"""Seconds in which this process could run: what a busy machine keeps it waiting for is nobody's slowness."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

BEAT_SECONDS = 0.01
# A thread that has only slept goes on a little late wherever others run; later than this, it was kept waiting.
LATE_SECONDS = 0.05


class Stopwatch:
    """Measures while it is open. A thread of it sleeps for a moment again and again: by how much it wakes too late is
    left out, as whatever else this process does was kept waiting as well."""

    def __init__(self) -> None:
        self._began = self._noted = time.monotonic()
        self._lost = 0.0
        self._noting = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stopwatch", daemon=True)

    def __enter__(self) -> Self:
        self._began = self._noted = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._thread.join()

    @property
    def seconds(self) -> float:
        """Since it was opened."""
        with self._noting:
            self._note()
            return self._noted - self._began - self._lost

    def _run(self) -> None:
        while not self._closed.wait(BEAT_SECONDS):
            with self._noting:
                self._note()

    def _note(self) -> None:
        now = time.monotonic()
        since = now - self._noted
        if since > LATE_SECONDS:
            self._lost += since - BEAT_SECONDS
        self._noted = now
