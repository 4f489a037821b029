"""Starts MySQL on a fresh data folder; its binary log is on, in row format, by default."""

from collections.abc import Sequence
from pathlib import Path

from tests.servers import mysql_like
from tests.servers.install import Installation
from tests.servers.mysql_like import MySQLLikeServer
from tests.servers.process import ServerProcess, free_port, run_to_end


def start(installation: Installation, folder: Path, arguments: Sequence[str] = ()) -> MySQLLikeServer:
    """A running MySQL whose data is in `folder`; `arguments` are added to mysqld's command line."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "server.log"
    common = [*installation.command(), "--no-defaults", *_place_arguments(installation)]
    initialize = ["--initialize-insecure", *mysql_like.as_this_user(), f"--datadir={folder / 'data'}"]
    run_to_end([*common, *initialize], installation.environment, log)
    port = free_port()
    command = [
        *common,
        *mysql_like.listening_arguments(folder, port),
        "--mysqlx=OFF",
        # Half of MySQL's memory would go to measuring itself.
        "--performance-schema=OFF",
        *arguments,
    ]
    process = ServerProcess(command, installation.environment, log)
    server = MySQLLikeServer(
        installation.description, installation.origin, "127.0.0.1", port, process, folder
    )
    server.start()
    return server


def _place_arguments(installation: Installation) -> list[str]:
    # The folder that the package names for imports and exports of files is not there.
    arguments = ["--secure-file-priv="]
    if installation.root is not None:
        share = installation.root / "usr/share/mysql"
        arguments += [f"--basedir={installation.root / 'usr'}", f"--lc-messages-dir={share}"]
        arguments.append(f"--character-sets-dir={share / 'charsets'}")
    return arguments
