"""The two databases of the benchmark: servers whose data stays in the folder from one run to the next."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.places import MADE
from tests.servers import clickhouse, mariadb
from tests.servers.catalogue import CLICKHOUSE, MARIADB
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.install import install
from tests.servers.mysql_like import MySQLLikeServer

MARIADB_ARGUMENTS = (
    # All of the data fits, so that what is measured is work and not the machine's disk.
    "--innodb-buffer-pool-size=3G",
    "--innodb-log-file-size=512M",
    "--max-connections=800",
    # The log is there as in production, and doesn't fill the disk.
    "--max-binlog-size=64M",
    "--expire-logs-days=0.02",
)


@dataclass(frozen=True)
class Databases:
    """MariaDB and ClickHouse, both running."""

    mariadb: MySQLLikeServer
    clickhouse: ClickHouseServer

    def pids(self) -> tuple[int, ...]:
        """The processes of both."""
        found = (self.mariadb.process, self.clickhouse.process)
        return tuple(process.pid for process in found if process is not None)


@contextmanager
def open_databases() -> Iterator[Databases]:
    """Starts both servers on the benchmark's data, and stops them in the end; the data stays."""
    # A socket's path has at most 107 characters, which the folder of a checkout may exceed.
    short = Path(tempfile.mkdtemp(prefix="gateway-bench-"))
    arguments = (*MARIADB_ARGUMENTS, f"--socket={short / 'server.sock'}")
    stopping = []
    try:
        rows = mariadb.start(install(MARIADB), MADE / "mariadb", arguments)
        stopping.append(rows.process)
        columns = clickhouse.start(install(CLICKHOUSE), MADE / "clickhouse")
        stopping.append(columns.process)
        yield Databases(rows, columns)
    finally:
        for process in stopping:
            if process is not None:
                process.stop()
        shutil.rmtree(short, ignore_errors=True)
