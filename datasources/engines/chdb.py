"""ClickHouse's engine inside this process, by the optional package chDB. Opened by `datasources/estate.py`.

Its calls block, so they run in a few threads with a connection each. chDB keeps one data folder a process.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from threading import Lock, local
from typing import Any, TypeVar

from datasources.base import Capability, SourceTimeout, SourceUnavailable
from datasources.engines.clickhouse import server_settings
from datasources.engines.clickhouse_sql import ClickHouseDialect, full_text
from datasources.engines.compiled import Prepared
from datasources.engines.sql_source import RawRows, SourceOptions, SqlSource

_THREADS = 4
_FORMAT = "JSONCompactEachRow"
# Exact numbers as text, whole ones as numbers, NaN as text that `float` reads: what JSON alone would lose.
_OUTPUT_SETTINGS = {
    "output_format_json_quote_decimals": 1,
    "output_format_json_quote_64bit_integers": 0,
    "output_format_json_quote_denormals": 1,
}
_TIME_LIMIT_CODE = "Code: 159."

Answer = TypeVar("Answer")


class ChdbSource(SqlSource):
    """A `Source` over the ClickHouse tables in one folder of this machine."""

    capabilities = frozenset({Capability.LIMIT_BY, Capability.INDEX_UNION})

    def __init__(self, name: str, folder: Path, options: SourceOptions) -> None:
        super().__init__(name, ClickHouseDialect(), options)
        self._folder = folder
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=f"chdb-{name}")
        self._own = local()
        self._opened: list[Any] = []
        self._opening = Lock()

    async def version(self) -> str:
        """`ClickHouse 26.9… (chDB)`. Raises `SourceError`."""
        rows = await self._fetch(Prepared("select version()", ()))
        return f"ClickHouse {rows[0][0]} (chDB)"

    async def close(self) -> None:
        """Waits for running statements and gives the folder back."""
        await asyncio.to_thread(self._threads.shutdown)
        while self._opened:
            self._opened.pop().close()

    async def _fetch(self, prepared: Prepared) -> RawRows:
        text = full_text(prepared)
        answer = await self._limited(lambda: self._connection().query(text, _FORMAT).data())
        return [json.loads(line) for line in answer.split("\n") if line]

    async def _limited(self, work: Callable[[], Answer]) -> Answer:
        # The engine stops a late statement by itself, and then its thread is free; nobody waits for it here.
        try:
            async with asyncio.timeout(self._limits.statement):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except TimeoutError as error:
            raise SourceTimeout(self.name, f"no answer within {self._limits.statement} s") from error
        except RuntimeError as error:
            if _TIME_LIMIT_CODE in str(error):
                raise SourceTimeout(self.name, str(error)) from error
            raise

    def _connection(self) -> Any:
        """This thread's connection."""
        if not hasattr(self._own, "connection"):
            self._own.connection = self._open()
        return self._own.connection

    def _open(self) -> Any:
        settings = server_settings(self._limits) | _OUTPUT_SETTINGS
        try:
            with self._opening:
                connection = import_module("chdb").connect(str(self._folder))
                self._opened.append(connection)
        except ImportError as error:
            raise SourceUnavailable(self.name, "the package chdb is not installed") from error
        except RuntimeError as error:
            raise SourceUnavailable(self.name, str(error)) from error
        connection.query("SET " + ", ".join(f"{name} = {value}" for name, value in settings.items()))
        return connection
