"""What MariaDB and MySQL share: the account, the two databases of the estate, the connection facts.

Used by `mariadb.py` and `mysql.py`.
"""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pymysql  # type: ignore[import-untyped]

from tests.servers.catalogue import ServerDescription
from tests.servers.install import Origin
from tests.servers.running import RunningServer

ROOT_PASSWORD = "gateway-test"
DATABASES = ("iperform", "magenta")
ANSWER_SECONDS = 10


@dataclass
class MySQLLikeServer(RunningServer):
    """A running MariaDB or MySQL with the empty databases `iperform` and `magenta` (utf8mb4)."""

    user: str = "root"
    password: str = ROOT_PASSWORD

    @property
    def address(self) -> str:
        return f"mysql://{quote(self.user)}:{quote(self.password, safe='')}@{self.host}:{self.port}"

    def dsn(self, database: str, driver: str = "aiomysql") -> str:
        """A SQLAlchemy address of one database, by aiomysql or asyncmy."""
        return f"{self.address.replace('mysql', f'mysql+{driver}', 1)}/{database}?charset=utf8mb4"

    def connect(self, database: str | None = None) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        """A blocking connection, for preparing and looking at data from outside the gateway."""
        return pymysql.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            password=self.password,
            database=database,
            charset="utf8mb4",
            connect_timeout=ANSWER_SECONDS,
        )

    def ask_version(self) -> str:
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("select version()")
            [version] = cursor.fetchone() or [""]
            return str(version)

    def prepare(self) -> None:
        with self.connect() as connection, connection.cursor() as cursor:
            for database in DATABASES:
                cursor.execute(f"create database if not exists {database} character set utf8mb4")


def given_server(description: ServerDescription, address: str) -> MySQLLikeServer:
    """The server at an address like mysql://root:password@127.0.0.1:3306."""
    parts = urlsplit(address)
    return MySQLLikeServer(
        description,
        Origin.ENVIRONMENT,
        parts.hostname or "127.0.0.1",
        parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
    )


def as_this_user() -> list[str]:
    """Both servers refuse to run as root unless told by name."""
    return [f"--user={pwd.getpwuid(os.geteuid()).pw_name}"]


def write_account_file(folder: Path) -> Path:
    """Statements that the server runs before it listens: the account by which tests connect."""
    path = folder / "account.sql"
    path.write_text(
        "create user if not exists 'root'@'127.0.0.1';\n"  # MariaDB's system tables bring one
        f"alter user 'root'@'127.0.0.1' identified by '{ROOT_PASSWORD}';\n"
        "grant all privileges on *.* to 'root'@'127.0.0.1' with grant option;\n"
    )
    return path


def listening_arguments(folder: Path, port: int) -> list[str]:
    """The arguments that both servers understand."""
    return [
        *as_this_user(),
        f"--datadir={folder / 'data'}",
        # Not the machine's: a server that starts clears it of others' temporary tables.
        f"--tmpdir={folder}",
        f"--socket={folder / 'server.sock'}",
        f"--pid-file={folder / 'server.pid'}",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        f"--init-file={write_account_file(folder)}",
        "--character-set-server=utf8mb4",
        "--default-time-zone=+00:00",
        "--max-allowed-packet=64M",
        # A test's data need not survive the machine.
        "--innodb-flush-log-at-trx-commit=2",
        "--sync-binlog=0",
    ]
