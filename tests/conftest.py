"""Gateways over the three estates that every answer must be the same on, each started when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.app import collect_only_what_comes
from gateway.demo import demo_settings
from gateway.settings import Settings
from tests.gateways import SECRET, RunningGateway, fill, running
from tests.http.partners import Partner, partner_in
from tests.servers import catalogue
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.fixtures import count_use
from tests.servers.mysql_like import MySQLLikeServer
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server

pytest_plugins = ["tests.servers.fixtures"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts the tests of the sources first: they open chDB folders of their own, and a process has one at a time."""
    items.sort(key=lambda item: "tests/datasources/" not in item.path.as_posix())


def pytest_collection_finish() -> None:
    """Collects garbage as a worker process does: these gateways share their process with thousands of tests."""
    collect_only_what_comes()


ESTATES = ("embedded", "mariadb", "mysql")
USES = {
    "embedded": ("sqlite", "chdb"),
    "mariadb": ("mariadb", "clickhouse", "redis", "s3"),
    "mysql": ("mysql", "clickhouse", "redis", "s3"),
}


def server_settings(
    database: MySQLLikeServer,
    clickhouse: ClickHouseServer,
    redis: RedisServer,
    s3: S3Server,
    **changed: object,
) -> Settings:
    """The settings of an estate on real servers."""
    described: dict[str, object] = {
        "iperform_dsn": database.dsn("iperform"),
        "magenta_dsn": database.dsn("magenta"),
        "analytics_dsn": clickhouse.dsn("default"),
        "files_dsn": s3.dsn(),
        # Each estate has a log of its own.
        "events_dsn": redis.dsn(1 if database.description is catalogue.MYSQL else 0),
        "jwt_secret": SECRET,
        # What is written in the background would be counted with a test's own statements.
        "audit_reads": False,
        "login_attempts_per_account": 10_000,
        "login_attempts_per_account_elsewhere": 10_000,
        "login_attempts_per_address": 10_000,
    }
    return Settings(**{**described, **changed})  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def embedded_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """SQLite, chDB, a local folder and an in-process log."""
    folder = tmp_path_factory.mktemp("embedded")
    settings = replace(
        demo_settings(folder, host="127.0.0.1", port=0, secret=SECRET),
        audit_reads=False,
        login_attempts_per_account=10_000,
        login_attempts_per_account_elsewhere=10_000,
        login_attempts_per_address=10_000,
    )
    fill(settings)
    with running(settings, "embedded") as gateway:
        collect_only_what_comes()
        yield gateway


@pytest.fixture(scope="session")
def mariadb_gateway(
    mariadb_server: MySQLLikeServer,
    clickhouse_server: ClickHouseServer,
    redis_server: RedisServer,
    s3_server: S3Server,
) -> Iterator[RunningGateway]:
    """MariaDB, ClickHouse's server, an S3 server and Redis."""
    settings = server_settings(mariadb_server, clickhouse_server, redis_server, s3_server)
    fill(settings)
    with running(settings, "mariadb") as gateway:
        collect_only_what_comes()
        yield gateway


@pytest.fixture(scope="session")
def mysql_gateway(
    mysql_server: MySQLLikeServer,
    clickhouse_server: ClickHouseServer,
    redis_server: RedisServer,
    s3_server: S3Server,
    mariadb_gateway: RunningGateway,
) -> Iterator[RunningGateway]:
    """MySQL, with the ClickHouse, S3 and Redis that MariaDB's gateway has: they hold the same data."""
    settings = server_settings(mysql_server, clickhouse_server, redis_server, s3_server)
    fill(settings)
    with running(settings, "mysql") as gateway:
        collect_only_what_comes()
        yield gateway


@pytest.fixture
def gateway(embedded_gateway: RunningGateway, request: pytest.FixtureRequest) -> RunningGateway:
    """A gateway over the embedded estate."""
    count_use(request.node, *USES["embedded"])
    return embedded_gateway


@pytest.fixture(params=ESTATES)
def every_gateway(request: pytest.FixtureRequest) -> RunningGateway:
    """A gateway over each estate in turn."""
    count_use(request.node, *USES[request.param])
    found: RunningGateway = request.getfixturevalue(f"{request.param}_gateway")
    return found


@pytest.fixture
def partner(every_gateway: RunningGateway) -> Iterator[Partner]:
    """A partner company of the test's own, in each estate in turn."""
    with partner_in(every_gateway) as made:
        yield made


@pytest.fixture
def embedded_partner(gateway: RunningGateway) -> Iterator[Partner]:
    """The same, in the embedded estate alone."""
    with partner_in(gateway) as made:
        yield made


@pytest.fixture(scope="session")
def demo_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """What a person sees who runs the demo: a process of its own, over an estate of its own."""
    from tests.demo_process import demo_process

    folder: Path = tmp_path_factory.mktemp("demo")
    with demo_process(folder) as demo:
        yield demo  # type: ignore[misc]
