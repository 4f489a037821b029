"""Starts a server by its description: the one given by the environment, or a fresh one."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.servers import chromium, clickhouse, mariadb, mysql, mysql_like, redis, s3
from tests.servers.catalogue import CHROMIUM, CLICKHOUSE, MARIADB, MYSQL, REDIS, S3, ServerDescription
from tests.servers.install import given_address, install
from tests.servers.running import RunningServer

STARTERS: dict[str, Callable[..., RunningServer]] = {
    MARIADB.name: mariadb.start,
    MYSQL.name: mysql.start,
    CLICKHOUSE.name: clickhouse.start,
    REDIS.name: redis.start,
    S3.name: s3.start,
    CHROMIUM.name: chromium.start,
}
GIVEN: dict[str, Callable[[str], RunningServer]] = {
    MARIADB.name: lambda address: mysql_like.given_server(MARIADB, address),
    MYSQL.name: lambda address: mysql_like.given_server(MYSQL, address),
    CLICKHOUSE.name: clickhouse.given_server,
    REDIS.name: redis.given_server,
    S3.name: s3.given_server,
}


def start_server(description: ServerDescription) -> RunningServer:
    """A running server, with its data in a new temporary folder that `stop` removes.

    Raises ServerMissingError where it can't be had, and ServerFailedError where it doesn't start.
    """
    address = given_address(description)
    if address is not None:
        server = GIVEN[description.name](address)
        server.start()
        return server
    installation = install(description)
    folder = fresh_folder(description)
    try:
        return STARTERS[description.name](installation, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def fresh_folder(description: ServerDescription) -> Path:
    """A new temporary folder for a server's data.

    Its path is short, which pytest's is not: a Unix socket's path has at most 107 characters.
    """
    return Path(tempfile.mkdtemp(prefix=f"gateway-{description.name}-"))
