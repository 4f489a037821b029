"""What a request asks of its sources at the moment, so that it can be ended with it. Held by `access.py`."""

from __future__ import annotations

import asyncio
from typing import Any

from datasources.base import SourceError
from gateway.auth.sources import source_failed


class Asking:
    """The tasks of a request that wait for a source. A loader asks in a task of its own, which doesn't end with it."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[Any]] = []

    def now(self) -> AskedNow:
        """While a source is asked by the running task."""
        task = asyncio.current_task()
        assert task is not None
        return AskedNow(self._tasks, task)

    def end_all(self) -> None:
        """Cancels whoever waits."""
        for task in self._tasks:
            task.cancel()


class AskedNow:
    """One question to a source. Its failure is raised as one that a client may know of."""

    __slots__ = ("_task", "_tasks")

    def __init__(self, tasks: list[asyncio.Task[Any]], task: asyncio.Task[Any]) -> None:
        self._tasks = tasks
        self._task = task

    def __enter__(self) -> None:
        self._tasks.append(self._task)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self._tasks.remove(self._task)
        if isinstance(error, SourceError):
            raise source_failed(error) from error
