"""A MariaDB and a MySQL of these tests alone, as they are stopped, paused and their logs begun anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from datasources.migrate import migrate_mysql
from tests.events.capture.databases import Database, new_database
from tests.servers import catalogue, mariadb, mysql
from tests.servers.catalogue import ServerDescription
from tests.servers.fixtures import INVENTORY, count_use
from tests.servers.install import Installation, ServerMissingError, install
from tests.servers.mysql_like import MySQLLikeServer
from tests.servers.start import fresh_folder

_NUMBERS = count(1)


def _own_server(
    request: pytest.FixtureRequest,
    description: ServerDescription,
    start: Callable[[Installation, Path], MySQLLikeServer],
) -> Iterator[MySQLLikeServer]:
    try:
        installation = install(description)
    except ServerMissingError as missing:
        if request.config.getoption("--allow-missing"):
            pytest.skip(str(missing))
        pytest.fail(str(missing), pytrace=False)
    server = start(installation, fresh_folder(description))
    request.config.stash[INVENTORY].running.setdefault(description.name, server)
    migrate_mysql(server.dsn("iperform"), "iperform")
    yield server
    server.stop()


@pytest.fixture(scope="package")
def _own_mariadb(request: pytest.FixtureRequest) -> Iterator[MySQLLikeServer]:
    yield from _own_server(request, catalogue.MARIADB, mariadb.start)


@pytest.fixture(scope="package")
def _own_mysql(request: pytest.FixtureRequest) -> Iterator[MySQLLikeServer]:
    yield from _own_server(request, catalogue.MYSQL, mysql.start)


@pytest.fixture(params=["mariadb", "mysql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A database of this test alone, on each server in turn, that is up."""
    count_use(request.node, request.param)
    server: MySQLLikeServer = request.getfixturevalue(f"_own_{request.param}")
    try:
        server.resume()
    except RuntimeError:
        server.restart()
    return new_database(server, f"capture_{next(_NUMBERS)}")


@pytest.fixture(params=["nameless", "named"])
def told_database(database: Database, request: pytest.FixtureRequest) -> Iterator[Database]:
    """The same, where the log names no columns, and where it names them."""
    with database.server.connect() as connection, connection.cursor() as cursor:
        nameless = "NO_LOG" if database.is_mariadb else "MINIMAL"
        cursor.execute(f"set global binlog_row_metadata = {'FULL' if request.param == 'named' else nameless}")
        yield database
        cursor.execute(f"set global binlog_row_metadata = {nameless}")
