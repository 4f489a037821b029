"""What both file stores share: prefixes and keys, and blocking calls in a few threads within a time limit.

A store derives from `ThreadedFileStore` and says how one listing, one link and one upload are done.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import TypeVar

from datasources.base import SourceError, SourceTimeout, Statement, StatementObserver, TimeLimits
from datasources.model import FilePage

_THREADS = 8
LONGEST_KEY = 1024  # bytes of UTF-8; S3's own limit

Answer = TypeVar("Answer")


class ThreadedFileStore(ABC):
    """A `FileStore` over a library that blocks."""

    def __init__(self, name: str, limits: TimeLimits, observers: Iterable[StatementObserver]) -> None:
        self.name = name
        self._limits = limits
        self._observers = tuple(observers)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"files-{name}")

    async def version(self) -> str:
        """What answers, asked now. Raises `SourceError`."""
        return await self._run(self._version)

    async def page(self, prefix: str, *, after: str | None, limit: int) -> FilePage:
        """At most `limit` files below `prefix`, after the name `after`, in order of their keys' code points.

        An object that is named like the prefix itself is a folder's mark and no file. Raises `SourceError`.
        """
        if not prefix.endswith("/"):
            raise ValueError("a prefix ends in a slash")
        started, count = perf_counter(), 0
        try:
            page = await self._run(lambda: self._page(prefix, prefix + (after or ""), limit))
            count = len(page.files)
            return page
        finally:
            self._report(Statement(self.name, "list files", count, perf_counter() - started))

    async def put(self, key: str, data: bytes, content_type: str | None = None) -> None:
        """Stores a file, in the place of one with the same key. Raises `SourceError`."""
        checked_key(key)
        await self._run(lambda: self._put(key, data, content_type))

    @abstractmethod
    async def link(self, key: str, *, seconds: int) -> str:
        """A signed link to one file that ends after `seconds`. Raises `SourceError`."""

    async def close(self) -> None:
        """Gives back the threads once they have ended."""
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    @abstractmethod
    def _version(self) -> str: ...

    @abstractmethod
    def _page(self, prefix: str, after: str, limit: int) -> FilePage: ...

    @abstractmethod
    def _put(self, key: str, data: bytes, content_type: str | None) -> None: ...

    @abstractmethod
    def _translated(self, error: Exception) -> SourceError | None:
        """What the library's error says of the store; None for an error of our own."""

    async def _run(self, work: Callable[[], Answer]) -> Answer:
        limit = self._limits.connect + self._limits.statement
        try:
            async with asyncio.timeout(limit):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except TimeoutError as error:
            raise SourceTimeout(self.name, f"no answer within {limit} s") from error
        except Exception as error:
            if (translated := self._translated(error)) is None:
                raise
            raise translated from error

    def _report(self, statement: Statement) -> None:
        for observer in self._observers:
            observer(statement)


def checked_key(key: str) -> str:
    """The key, if every store can hold it. Raises `ValueError`."""
    if not 0 < len(key.encode()) <= LONGEST_KEY:
        raise ValueError(f"a key has 1 to {LONGEST_KEY} bytes of UTF-8")
    return key
