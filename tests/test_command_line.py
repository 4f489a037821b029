"""The command line as somebody meets it who does it wrong: a sentence that says what to do, and never a traceback."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pymysql
import pytest
from asynch.errors import NetworkError, ServerException
from botocore.exceptions import EndpointConnectionError
from sqlalchemy.exc import DBAPIError

import gateway as package
from datasources.iperform.tables import metadata as iperform
from datasources.migrate import migrate_sqlite
from gateway.demo import demo_settings
from gateway.failures import sentence_of
from gateway.http import health
from gateway.settings import Settings
from tests.gateways import SECRET, running
from tests.servers.fixtures import count_use
from tests.servers.mysql_like import MySQLLikeServer

PASSWORD = "pa55word-that-nobody-may-see"
NOWHERE = f"mysql+asyncmy://somebody:{PASSWORD}@127.0.0.1:1/iperform"
MIGRATE = "run `gateway migrate`"
SEED = "run `gateway seed`, which makes the tables of a SQLite estate and fills them"
UNREACHED = (
    "gateway: MySQL: Can't connect to MySQL server on '127.0.0.1' ([Errno 111] Connection refused); is the server up, "
    "are address and account right in GATEWAY_IPERFORM_DSN and GATEWAY_MAGENTA_DSN, and may the account do this?\n"
)
RELATIONAL = (
    "mysql+asyncmy://user:password@host:3306/database or mysql+aiomysql://user:password@host:3306/database "
    "or sqlite+aiosqlite:////absolute/path.db"
)


def _environment(folder: Path, **changed: str) -> dict[str, str]:
    """Settings of an estate on servers that aren't there."""
    return {
        "PATH": "/usr/bin:/bin",
        "GATEWAY_IPERFORM_DSN": NOWHERE,
        "GATEWAY_MAGENTA_DSN": NOWHERE,
        "GATEWAY_ANALYTICS_DSN": f"clickhouse://somebody:{PASSWORD}@127.0.0.1:1/",
        "GATEWAY_FILES_DSN": f"file://{folder}/files",
        "GATEWAY_JWT_SECRET": SECRET,
        **changed,
    }


def _ended(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        [sys.executable, "-m", "gateway.cli", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert PASSWORD not in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    return ended


def _refusal(environment: dict[str, str], *words: str) -> str:
    """The last line of what a refused command says; before it may be lines of the log."""
    ended = _ended(environment, *words)
    assert (ended.returncode, ended.stdout) == (1, "")
    *logged, said = ended.stderr.splitlines(keepends=True)
    assert all(line.startswith("{") for line in logged)
    return said


@contextmanager
def _taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def _sqlite(folder: Path) -> dict[str, str]:
    """SQLite files without a table in them."""
    for name in ("iperform", "magenta"):
        (folder / f"{name}.sqlite").touch()
    return _environment(
        folder,
        GATEWAY_IPERFORM_DSN=f"sqlite+aiosqlite:///{folder}/iperform.sqlite",
        GATEWAY_MAGENTA_DSN=f"sqlite+aiosqlite:///{folder}/magenta.sqlite",
    )


# --- settings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [("serve",), ("migrate",), ("seed",), ("repair-sharing",), ("token", "list")], ids=" ".join
)
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("GATEWAY_IPERFORM_DSN", PASSWORD, f"GATEWAY_IPERFORM_DSN must look like {RELATIONAL}"),
        (
            "GATEWAY_MAGENTA_DSN",
            f"mysql+asyncmy://u:{PASSWORD}@h:port/d",
            f"GATEWAY_MAGENTA_DSN must look like {RELATIONAL}",
        ),
        (
            "GATEWAY_EVENTS_DSN",
            "http://x",
            "GATEWAY_EVENTS_DSN must look like redis://:password@host:6379/0 or rediss://:password@host:6379/0 "
            "or memory:",
        ),
    ],
    ids=["no address", "no port", "no log of events"],
)
def test_a_malformed_address_is_a_sentence_with_every_command(
    tmp_path: Path, words: tuple[str, ...], name: str, value: str, said: str
) -> None:
    assert _refusal(_environment(tmp_path, **{name: value}), *words) == f"gateway: {said}\n"


# --- migrating ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["iperform", "magenta"])
def test_migrating_refuses_a_sqlite_file_before_it_connects_to_anything(tmp_path: Path, name: str) -> None:
    setting = f"GATEWAY_{name.upper()}_DSN"
    path = tmp_path / f"{name}.sqlite"
    environment = _environment(tmp_path, **{setting: f"sqlite+aiosqlite:///{path}"})
    assert _refusal(environment, "migrate") == (
        "gateway: `gateway migrate` brings MySQL and MariaDB up to date, and doesn't touch the SQLite file of "
        f"{setting}: {SEED}\n"
    )
    assert not path.exists()


@pytest.mark.parametrize("words", [("migrate",), ("repair-sharing",), ("seed",)], ids=" ".join)
def test_a_database_out_of_reach_is_a_sentence(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert _refusal(_environment(tmp_path), *words) == UNREACHED


def test_a_database_out_of_reach_is_a_sentence_for_tokens_too(tmp_path: Path) -> None:
    assert _refusal(_environment(tmp_path), "token", "list") == (
        "gateway: The source “iperform” can't be reached right now; ask again in a moment.\n"
    )


def test_without_tables_the_command_says_what_makes_them(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    count_use(request.node, "sqlite")
    environment = _sqlite(tmp_path)
    assert (
        _refusal(environment, "token", "list") == f"gateway: no such table: gateway_partner_tokens: {SEED}\n"
    )
    assert _refusal(environment, "repair-sharing") == f"gateway: no such table: main.leads: {SEED}\n"


@contextmanager
def _empty_database(server: MySQLLikeServer, name: str) -> Iterator[str]:
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        cursor.execute(f"drop database if exists {name}")
        cursor.execute(f"create database {name}")
        yield server.dsn(name)
        cursor.execute(f"drop database {name}")


@pytest.mark.parametrize("driver", ["asyncmy", "aiomysql"])
def test_without_tables_in_mysql_the_command_says_what_makes_them(
    mariadb_server: MySQLLikeServer, tmp_path: Path, driver: str
) -> None:
    with _empty_database(mariadb_server, "unmigrated_command"):
        dsn = mariadb_server.dsn("unmigrated_command", driver=driver)
        environment = _environment(tmp_path, GATEWAY_IPERFORM_DSN=dsn, GATEWAY_MAGENTA_DSN=dsn)
        absent = "gateway: Table 'unmigrated_command.{}' doesn't exist: " + MIGRATE + "\n"
        assert _refusal(environment, "token", "list") == absent.format("gateway_partner_tokens")
        assert _refusal(environment, "repair-sharing") == absent.format("leads")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            NetworkError("All hosts are unreachable: h:9000"),
            "ClickHouse: All hosts are unreachable: h:9000; is the server up, are address and account right in "
            "GATEWAY_ANALYTICS_DSN, and may the account do this?",
        ),
        (
            ServerException("Code: 516. somebody: Authentication failed.\nStack trace", 516),
            "ClickHouse: Code: 516. somebody: Authentication failed; is the server up, are address and account right "
            "in GATEWAY_ANALYTICS_DSN, and may the account do this?",
        ),
        (
            EndpointConnectionError(endpoint_url="http://h:1/b"),
            'the file store: Could not connect to the endpoint URL: "http://h:1/b"; is the server up, are address '
            "and account right in GATEWAY_FILES_DSN, and may the account do this?",
        ),
        (
            ModuleNotFoundError("No module named 'chdb'", name="chdb"),
            "a DSN of chdb:// needs the package chdb: install lock/chdb.txt, or name a ClickHouse server",
        ),
        (PermissionError(13, "Permission denied", "/etc/estate"), "/etc/estate: permission denied"),
        (TimeoutError(), "timeouterror"),
        (
            DBAPIError(f"select '{PASSWORD}'", {}, sqlite3.DatabaseError("file is not a database")),
            "SQLite: file is not a database; is there a database in the file, and may it be written to?",
        ),
    ],
    ids=lambda given: type(given).__name__,
)
def test_what_somebody_can_mend_is_said_in_one_sentence(error: Exception, said: str) -> None:
    assert sentence_of(error) == said


@pytest.mark.parametrize(
    "error",
    [
        KeyError("leads"),
        AssertionError(),
        ModuleNotFoundError("No module named 'gateway.x'", name="gateway.x"),
        DBAPIError("selekt", {}, pymysql.err.ProgrammingError(1064, "You have an error in your SQL syntax")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_mistake_of_the_gateways_own_keeps_its_traceback(error: Exception) -> None:
    assert sentence_of(error) is None


# --- readiness ----------------------------------------------------------------------------------------------


class _Log:
    """Keeps why a source isn't ready."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def warning(self, _: str, *, source: str, reason: str) -> None:
        self.reasons[source] = reason


def _settings(folder: Path) -> Settings:
    """Two SQLite files in a folder; ClickHouse is away, as a process has one folder of chDB's."""
    embedded = demo_settings(folder, host="127.0.0.1", port=0, secret=SECRET)
    return replace(embedded, analytics_dsn="clickhouse://127.0.0.1:1/")


def test_without_its_tables_the_gateway_is_not_ready_until_they_are_there(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_use(request.node, "sqlite")
    _sqlite(tmp_path)
    log = _Log()
    monkeypatch.setattr(health, "log", log)
    with running(_settings(tmp_path), "unmigrated") as gateway:
        answer = gateway.client.get("/readyz")
        reason = f"tables are missing or can't be read: {SEED}"
        assert answer.status_code == 503
        assert answer.json()["ready"] is False
        assert answer.json()["sources"]["iperform"] == {"ready": False, "reason": reason}
        absent = f"the table `user` is missing or can't be read: {SEED}"
        assert log.reasons["iperform"] == absent

        migrate_sqlite(tmp_path / "iperform.sqlite", iperform)
        gateway.statements.clear()
        assert gateway.client.get("/readyz").status_code == 200
        looked = [statement.text for statement in gateway.statements if statement.source == "iperform"]
        assert len(looked) == 7

        # What has been seen once isn't looked for at each probe.
        gateway.statements.clear()
        answer = gateway.client.get("/readyz")
        assert (answer.status_code, answer.json()["ready"]) == (200, True)
        assert [s for s in gateway.statements if s.source == "iperform"] == []


def test_one_table_of_the_gateways_own_that_is_missing_is_enough(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    count_use(request.node, "sqlite")
    migrate_sqlite(tmp_path / "iperform.sqlite", iperform)
    with closing(sqlite3.connect(tmp_path / "iperform.sqlite")) as connection:
        connection.execute("drop table gateway_idempotency_keys")
    with running(_settings(tmp_path), "half migrated") as gateway:
        assert gateway.client.get("/readyz").status_code == 503


def test_an_unmigrated_mysql_is_not_ready(mariadb_server: MySQLLikeServer, tmp_path: Path) -> None:
    with (
        _empty_database(mariadb_server, "unmigrated_ready") as dsn,
        running(replace(_settings(tmp_path), iperform_dsn=dsn), "unmigrated") as gateway,
    ):
        answer = gateway.client.get("/readyz")
        assert (answer.status_code, answer.json()["sources"]["iperform"]) == (
            503,
            {"ready": False, "reason": f"tables are missing or can't be read: {MIGRATE}"},
        )


# --- arguments ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("seed", "--leads", "-1"), "--leads"),
        (("seed", "--leads", "0"), "--leads"),
        (("seed", "--today", "tomorrow"), "--today"),
        (("seed", "--today", "0001-01-01"), "--today"),
        (("demo", "--port", "70000"), "--port"),
        (("demo", "--leads", "-1"), "--leads"),
    ],
)
def test_a_wrong_argument_is_named(tmp_path: Path, words: tuple[str, ...], option: str) -> None:
    ended = _ended(_environment(tmp_path), *words)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert re.search(rf"Invalid value .*for {option}", ended.stderr)


def test_seeding_what_is_not_empty_names_the_option_that_empties_it(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    count_use(request.node, "sqlite")
    environment = _sqlite(tmp_path)
    migrate_sqlite(tmp_path / "iperform.sqlite", iperform)
    with closing(sqlite3.connect(tmp_path / "iperform.sqlite")) as connection:
        connection.execute("insert into leads (id, company_id) values (1, 1)")
        connection.commit()
    environment["GATEWAY_ANALYTICS_DSN"] = f"chdb://{tmp_path}/clickhouse"
    assert _refusal(environment, "seed", "--leads", "5") == (
        "gateway: iperform: the table leads already has rows, so nothing was written; "
        "to delete all rows of the estate and seed it anew, seed with `--replace`\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("--audience", "user", "--scope", "leads:read"),
            "`--scope` is of a partner's token: give it with `--audience partner`.",
        ),
        (("--audience", "partner", "--scope", "foo"), "`--scope` must be some of: companies:read, "),
    ],
)
def test_a_schema_of_scopes_that_nobody_has_is_refused(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    assert _refusal({"PATH": "/usr/bin:/bin"}, "schema", *words).startswith(f"gateway: {said}")


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (("seed",), ("--leads", "--seed", "--today", "--replace")),
        (("demo",), ("--port", "--leads", "--folder", "--host")),
        (("schema",), ("--audience", "--scope")),
        (("token", "create"), ("--company", "--name", "--scope", "--expires-at", "--cost-per-minute")),
    ],
    ids=["seed", "demo", "schema", "token create"],
)
def test_help_says_what_each_option_means(words: tuple[str, ...], options: tuple[str, ...]) -> None:
    shown = _ended({"PATH": "/usr/bin:/bin", "COLUMNS": "200"}, *words, "--help").stdout
    for option in options:
        # After the option and its kind, words of ours.
        assert re.search(rf"{option} [A-Z-][^ ]*( --[a-z-]+)? +[A-Z][a-z]* [a-z]", shown), option


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
    assert package.__version__ == project["version"]
    assert _ended({"PATH": "/usr/bin:/bin"}, "--version").stdout == f"{project['version']}\n"


# --- serving ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parent", ["file", "/proc"])
def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path, parent: str) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / parent / "estate"  # an absolute `parent` stands for itself
    said = _refusal(dict(os.environ), "demo", "--port", "0", "--folder", str(folder))
    reason = "not a directory" if parent == "file" else "no such file or directory"
    assert said == (
        f"gateway: `--folder` must be a folder that can be made and written to; {folder}: {reason}\n"
    )


def test_a_file_is_no_folder_for_a_demo(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    said = _refusal(dict(os.environ), "demo", "--port", "0", "--folder", str(file))
    assert said == (
        f"gateway: `--folder` must be a folder that can be made and written to; {file}: file exists\n"
    )


def test_a_port_that_is_taken_is_said_before_anything_else(tmp_path: Path) -> None:
    taken = "gateway: port {} of 127.0.0.1 is taken: end what listens there, or choose another with {}\n"
    with _taken() as port:
        folder = tmp_path / "estate"
        said = _refusal(dict(os.environ), "demo", "--port", str(port), "--folder", str(folder))
        assert said == taken.format(port, "`--port`")
        assert not folder.exists()
        said = _refusal(_environment(tmp_path, GATEWAY_PORT=str(port)), "serve")
        assert said == taken.format(port, "GATEWAY_PORT")


def test_an_address_of_another_machine_is_refused_by_the_name_of_its_setting(tmp_path: Path) -> None:
    said = _refusal(_environment(tmp_path, GATEWAY_HOST="192.0.2.1"), "serve")
    assert said == (
        "gateway: 192.0.2.1 is no address that this machine can listen on (cannot assign requested address): "
        "choose another with GATEWAY_HOST\n"
    )
