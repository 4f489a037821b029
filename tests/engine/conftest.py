"""Gateways in pairs for the tests of this folder: the reference and the compiled engine, over one estate each."""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
import structlog
from hypothesis.internal.conjecture.engine import ConjectureRunner
from sqlalchemy import MetaData, make_url

from datasources.iperform.tables import metadata as iperform
from datasources.magenta.tables import metadata as magenta
from gateway.settings import Settings
from tests.access.conftest import data_of
from tests.engine.callers import BUDGET, Caller, callers_of, introduce
from tests.engine.known_rows import add_known_rows
from tests.engine.rubbish import add_unknown_role, spoil
from tests.engine.sides import COMPILED, REFERENCE, Sides, opened
from tests.engine.values import Values
from tests.gateways import RunningGateway
from tests.oracle.data import Data
from tests.servers.fixtures import count_use

# `ENGINE_SIDES=reference,reference` asks whether the reference alone gives the same bytes each time.
ENGINES = tuple(os.environ.get("ENGINE_SIDES", f"{REFERENCE},{COMPILED}").split(","))
# So long that a busy machine changes no answer.
PATIENCE = {"connect_seconds": 60.0, "statement_seconds": 60.0, "request_seconds": 240.0}
DATABASES = {"iperform_dsn": iperform, "magenta_dsn": magenta}
# So few keys that many a filter or order across databases is refused.
FEW_KEYS = 25
ESTATES = ("embedded", "rubbish", "fatal", "tight", "mariadb", "mysql")
USES = {
    "mariadb": ("mariadb", "clickhouse", "redis", "s3"),
    "mysql": ("mysql", "clickhouse", "redis", "s3"),
}


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keeps thousands of failures that are meant out of the log: what differs is told by the tests themselves."""
    silent = structlog.wrap_logger(
        None, wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL)
    )
    for name, module in list(sys.modules.items()):
        if name.startswith("gateway.") and hasattr(module, "log"):
            monkeypatch.setattr(module, "log", silent)


@pytest.fixture
def fresh_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes each example of Hypothesis a new one: by itself it varies what it has tried, and repeats most of it."""
    monkeypatch.setattr(ConjectureRunner, "generate_mutations_from", lambda *_: None)


@dataclass(frozen=True)
class Estate:
    """Gateways over one estate, who asks them, and what conditions are made of."""

    sides: Sides
    callers: list[Caller]
    values: Values

    def caller(self, name: str) -> Caller:
        """A caller by name."""
        return next(one for one in self.callers if one.name == name)


@cache
def _values(data: Data) -> Values:
    return Values(data)


def _settings(gateway: RunningGateway, **changed: object) -> Settings:
    # Longer than any run: both gateways keep the same reports, and whoever was logged in at its start stays so.
    kept = {
        "report_cache_seconds": 1_000_000,
        "access_token_seconds": 1_000_000,
        "partner_cost_per_minute": BUDGET,
    }
    return replace(gateway.settings, **{**PATIENCE, **kept, **changed})  # type: ignore[arg-type]


def _copied(settings: Settings, folder: Path) -> dict[str, str]:
    """Copies of embedded databases; analytics and files are only read."""
    found = {}
    for name in DATABASES:
        copy = folder / f"{name}.sqlite"
        path = str(make_url(getattr(settings, name)).database)
        with closing(sqlite3.connect(path)) as old, closing(sqlite3.connect(copy)) as new:
            old.backup(new)
        found[name] = f"sqlite+aiosqlite:///{copy}"
    return found


@contextmanager
def _estate(
    name: str, gateway: RunningGateway, settings: Settings, known: list[Caller] | None
) -> Iterator[Estate]:
    with opened(name, settings, ENGINES) as sides:
        callers = callers_of(sides) if known is None else known
        introduce(sides, callers)
        yield Estate(sides, callers, _values(data_of(gateway)))


@pytest.fixture(scope="session")
def embedded_estate(
    embedded_gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Estate]:
    """A copy of the embedded estate."""
    changed = _copied(embedded_gateway.settings, tmp_path_factory.mktemp("pair"))
    with _estate("embedded", embedded_gateway, _settings(embedded_gateway, **changed), None) as estate:
        yield estate


@pytest.fixture(scope="session")
def tight_estate(embedded_gateway: RunningGateway, embedded_estate: Estate) -> Iterator[Estate]:
    """The same, with a small budget of keys for filters and orders."""
    settings = replace(_settings_of(embedded_estate), filter_key_budget=FEW_KEYS)
    with _estate("tight", embedded_gateway, settings, embedded_estate.callers) as estate:
        yield estate


@pytest.fixture(scope="session")
def rubbish_estate(
    embedded_gateway: RunningGateway, embedded_estate: Estate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Estate]:
    """A copy with cells that break what their columns promise."""
    with _spoilt("rubbish", embedded_gateway, embedded_estate, tmp_path_factory.mktemp("rubbish")) as estate:
        yield estate


@pytest.fixture(scope="session")
def fatal_estate(
    embedded_gateway: RunningGateway, embedded_estate: Estate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Estate]:
    """The same, and cells that no statement which reads them can answer."""
    with _spoilt("fatal", embedded_gateway, embedded_estate, tmp_path_factory.mktemp("fatal")) as estate:
        yield estate


@contextmanager
def _spoilt(name: str, gateway: RunningGateway, like: Estate, folder: Path) -> Iterator[Estate]:
    settings = _settings_of(like)
    changed = _copied(settings, folder)
    for dsn, metadata in DATABASES.items():
        _spoil(Path(str(make_url(changed[dsn]).database)), metadata, fatal=name == "fatal")
    settings = replace(settings, **changed)  # type: ignore[arg-type]
    with _estate(name, gateway, settings, like.callers) as estate:
        yield estate


def _spoil(path: Path, metadata: MetaData, *, fatal: bool) -> None:
    assert spoil(path, metadata, fatal=fatal) > 100
    if metadata is iperform:
        with closing(sqlite3.connect(path)) as connection:
            users = [row[0] for row in connection.execute("select id from user order by id desc limit 6")]
        add_unknown_role(path, users[::2])


@pytest.fixture(scope="session")
def known_estate(
    embedded_gateway: RunningGateway, embedded_estate: Estate, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Estate]:
    """A copy with the rows of `known_rows.py`."""
    settings = _settings_of(embedded_estate)
    changed = _copied(settings, tmp_path_factory.mktemp("known"))
    for dsn, metadata in DATABASES.items():
        add_known_rows(Path(str(make_url(changed[dsn]).database)), str(metadata.info["source"]))
    settings = replace(settings, **changed)  # type: ignore[arg-type]
    with _estate("known", embedded_gateway, settings, embedded_estate.callers) as estate:
        yield estate


def _settings_of(estate: Estate) -> Settings:
    return estate.sides.reference.services.settings


@pytest.fixture(scope="session")
def mariadb_estate(mariadb_gateway: RunningGateway) -> Iterator[Estate]:
    """MariaDB, ClickHouse's server, S3 and Redis."""
    with _estate("mariadb", mariadb_gateway, _settings(mariadb_gateway), None) as estate:
        yield estate


@pytest.fixture(scope="session")
def mysql_estate(mysql_gateway: RunningGateway) -> Iterator[Estate]:
    """MySQL, ClickHouse's server, S3 and Redis."""
    with _estate("mysql", mysql_gateway, _settings(mysql_gateway), None) as estate:
        yield estate


@pytest.fixture
def estate(request: pytest.FixtureRequest) -> Estate:
    """The estate that the test's parameter names."""
    count_use(request.node, *USES.get(request.param, ("sqlite", "chdb")))
    found: Estate = request.getfixturevalue(f"{request.param}_estate")
    return found
