"""Starts MariaDB on a fresh data folder, with its binary log in row format."""

from collections.abc import Sequence
from pathlib import Path

from tests.servers import mysql_like
from tests.servers.install import Installation
from tests.servers.mysql_like import MySQLLikeServer
from tests.servers.process import ServerProcess, free_port, run_to_end

SYSTEM_TABLE_FILES = (
    "mysql_system_tables.sql",
    "mysql_performance_tables.sql",
    "mysql_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
)


def start(installation: Installation, folder: Path, arguments: Sequence[str] = ()) -> MySQLLikeServer:
    """A running MariaDB whose data is in `folder`; `arguments` are added to mariadbd's command line.

    Data that an earlier start has left in the folder is served again.
    """
    (folder / "data").mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    common = [*installation.command(), "--no-defaults", *_message_arguments(installation)]
    if not (folder / "data" / "mysql").exists():
        _make_system_tables(installation, common, folder, log)
    port = free_port()
    command = [
        *common,
        *mysql_like.listening_arguments(folder, port),
        "--log-bin",
        "--binlog-format=ROW",
        "--binlog-row-image=FULL",
        *arguments,
    ]
    process = ServerProcess(command, installation.environment, log)
    server = MySQLLikeServer(
        installation.description, installation.origin, "127.0.0.1", port, process, folder
    )
    server.start()
    return server


def _make_system_tables(installation: Installation, common: list[str], folder: Path, log: Path) -> None:
    # What mariadb-install-db does: that script can't be used, as it starts mariadbd by a fixed path and
    # without the loader that unpacked packages need.
    share = _share_folder(installation)
    statements = [b"create database mysql;\n", b"use mysql;\n", b"set @auth_root_socket = null;\n"]
    statements += [(share / name).read_bytes() for name in SYSTEM_TABLE_FILES]
    command = [
        *common,
        "--bootstrap",
        *mysql_like.as_this_user(),
        f"--datadir={folder / 'data'}",
        # Not the machine's: a server that starts clears it of others' temporary tables.
        f"--tmpdir={folder}",
        "--enforce-storage-engine=",
        "--max-allowed-packet=8M",
    ]
    run_to_end(command, installation.environment, log, given=b"".join(statements))


def _share_folder(installation: Installation) -> Path:
    prefix = installation.binary.resolve().parent.parent
    candidates = [prefix / "share/mysql", prefix / "share/mariadb", prefix / "share"]
    return next(folder for folder in candidates if (folder / SYSTEM_TABLE_FILES[0]).exists())


def _message_arguments(installation: Installation) -> list[str]:
    if installation.root is None:
        return []
    share = _share_folder(installation)
    plugins = next(iter(installation.root.glob("usr/lib/mysql/plugin")), share)
    return [
        f"--basedir={installation.root / 'usr'}",
        f"--lc-messages-dir={share}",
        f"--character-sets-dir={share / 'charsets'}",
        f"--plugin-dir={plugins}",
    ]
