"""The pytest plugin of the real servers: one fixture each, `--allow-missing`, and the table at the end.

Loaded by `tests/conftest.py`. A server is started when the first test asks for it, and stops with the run.
"""

import importlib.metadata
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.servers import catalogue
from tests.servers.catalogue import ServerDescription
from tests.servers.chromium import ChromiumDriver
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.install import ServerMissingError
from tests.servers.mysql_like import MySQLLikeServer
from tests.servers.redis import RedisServer
from tests.servers.running import RunningServer
from tests.servers.s3 import S3Server
from tests.servers.start import start_server

FIXTURE_NAMES = {
    "mariadb_server": catalogue.MARIADB.name,
    "mysql_server": catalogue.MYSQL.name,
    "clickhouse_server": catalogue.CLICKHOUSE.name,
    "redis_server": catalogue.REDIS.name,
    "s3_server": catalogue.S3.name,
    "chromium": catalogue.CHROMIUM.name,
}
TITLES = {description.name: description.title for description in catalogue.ALL} | {
    "sqlite": "SQLite",
    "chdb": "chDB",
}


@dataclass
class Inventory:
    """What this run of the tests used."""

    running: dict[str, RunningServer] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    uses: Counter[str] = field(default_factory=Counter)
    counted: set[tuple[str, str]] = field(default_factory=set)

    def count(self, test: str, name: str) -> None:
        """Note that a test used a server; once for each pair."""
        if (test, name) not in self.counted:
            self.counted.add((test, name))
            self.uses[name] += 1


INVENTORY = pytest.StashKey[Inventory]()


def count_use(node: pytest.Item, *names: str) -> None:
    """Note that a test runs against servers (or `sqlite`, `chdb`) that it does not name as its fixtures.

    For fixtures that choose a server by a parameter; fixtures named by a test are counted without it.
    """
    for name in names:
        node.config.stash[INVENTORY].count(node.nodeid, name)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--allow-missing",
        action="store_true",
        help="leave out the tests whose server is missing here, instead of failing them",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[INVENTORY] = Inventory()


def pytest_runtest_setup(item: pytest.Item) -> None:
    names = getattr(item, "fixturenames", ())
    count_use(item, *(FIXTURE_NAMES[name] for name in names if name in FIXTURE_NAMES))


def _started(request: pytest.FixtureRequest, description: ServerDescription) -> Iterator[RunningServer]:
    inventory = request.config.stash[INVENTORY]
    try:
        server = start_server(description)
    except ServerMissingError as missing:
        inventory.missing[description.name] = str(missing)
        if request.config.getoption("--allow-missing"):
            pytest.skip(f"{description.title} is missing")
        pytest.fail(str(missing), pytrace=False)
    inventory.running[description.name] = server
    yield server
    server.stop()


@pytest.fixture(scope="session")
def mariadb_server(request: pytest.FixtureRequest) -> Iterator[MySQLLikeServer]:
    """MariaDB, with the empty databases `iperform` and `magenta`."""
    yield from _started(request, catalogue.MARIADB)  # type: ignore[misc]


@pytest.fixture(scope="session")
def mysql_server(request: pytest.FixtureRequest) -> Iterator[MySQLLikeServer]:
    """MySQL, with the empty databases `iperform` and `magenta`."""
    yield from _started(request, catalogue.MYSQL)  # type: ignore[misc]


@pytest.fixture(scope="session")
def clickhouse_server(request: pytest.FixtureRequest) -> Iterator[ClickHouseServer]:
    """ClickHouse's server, empty."""
    yield from _started(request, catalogue.CLICKHOUSE)  # type: ignore[misc]


@pytest.fixture(scope="session")
def redis_server(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    """Redis, empty."""
    yield from _started(request, catalogue.REDIS)  # type: ignore[misc]


@pytest.fixture(scope="session")
def s3_server(request: pytest.FixtureRequest) -> Iterator[S3Server]:
    """An S3 server that checks signatures, with an empty bucket."""
    yield from _started(request, catalogue.S3)  # type: ignore[misc]


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest) -> Iterator[ChromiumDriver]:
    """ChromeDriver, which starts a headless Chromium for each WebDriver session."""
    yield from _started(request, catalogue.CHROMIUM)  # type: ignore[misc]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = _table(config.stash[INVENTORY])
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    terminalreporter.section("servers")
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line("  ".join(cells).rstrip())


def _table(inventory: Inventory) -> list[tuple[str, str, str, str]]:
    rows = [("server", "version", "from", "tests")]
    for description in catalogue.ALL:
        name = description.name
        server = inventory.running.get(name)
        if server is not None:
            version, origin = server.version, server.origin.value
        else:
            version, origin = ("missing" if name in inventory.missing else "not used"), "-"
        rows.append((description.title, version, origin, str(inventory.uses[name])))
    for name, version in (("sqlite", sqlite3.sqlite_version), ("chdb", _chdb_version())):
        rows.append((TITLES[name], version, "in process", str(inventory.uses[name] or "-")))
    return rows


def _chdb_version() -> str:
    for distribution in ("chdb-core", "chdb"):  # the engine's own version is that of its core package
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "missing"
