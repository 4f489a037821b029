"""The servers of a storm and what is in them: a database with a binary log, and a Redis whose data survives a kill.

Analytics and files are left out: nothing here asks for them.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from datasources.seed import load_estate
from tests.servers import catalogue, mariadb, mysql, redis
from tests.servers.install import install
from tests.servers.mysql_like import MySQLLikeServer
from tests.servers.redis import RedisServer
from tests.servers.start import fresh_folder

SECRET = "a secret of the storm, long enough to sign with"
TODAY = date(2026, 11, 20)
KEPT = ("--appendonly", "yes", "--appendfsync", "always")
STARTERS = {"mariadb": mariadb.start, "mysql": mysql.start}
# Nothing listens there.
NOWHERE = "clickhouse://default:@127.0.0.1:9"
PLENTY = "1000000"


@dataclass(frozen=True)
class Estate:
    """The running servers, and a folder for logs."""

    database: MySQLLikeServer
    redis: RedisServer
    folder: Path

    def environment(self, **changed: str) -> dict[str, str]:
        """What a gateway's command is given; `changed` are settings by their names."""
        (self.folder / "files").mkdir(exist_ok=True)
        settings = {
            "iperform_dsn": self.database.dsn("iperform", "asyncmy"),
            "magenta_dsn": self.database.dsn("magenta", "asyncmy"),
            "analytics_dsn": NOWHERE,
            "files_dsn": f"file://{self.folder / 'files'}",
            "events_dsn": self.redis.dsn(),
            "jwt_secret": SECRET,
            "login_attempts_per_account": PLENTY,
            "login_attempts_per_account_elsewhere": PLENTY,
            "login_attempts_per_address": PLENTY,
            **changed,
        }
        return {f"GATEWAY_{name.upper()}": value for name, value in settings.items()}


@contextmanager
def open_estate(*, leads: int, seed: int = 1, database: str = "mariadb") -> Iterator[Estate]:
    """Starts the servers, seeds the database, and stops them in the end."""
    described = catalogue.BY_NAME[database]
    rows = STARTERS[database](install(described), fresh_folder(described), ("--max-connections=800",))
    try:
        log = redis.start(install(catalogue.REDIS), fresh_folder(catalogue.REDIS), KEPT)
        folder = Path(tempfile.mkdtemp(prefix="gateway-storm-"))
        try:
            load_estate(
                leads=leads,
                seed=seed,
                today=TODAY,
                replace=True,
                iperform=rows.dsn("iperform"),
                magenta=rows.dsn("magenta"),
            )
            yield Estate(rows, log, folder)
        finally:
            log.stop()
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        rows.stop()
