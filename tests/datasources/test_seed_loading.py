"""Generated rows arrive in every kind of store as they were generated, and never in one that holds others."""

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

import boto3
import pytest
from sqlalchemy import MetaData, Table, create_engine, select, text
from sqlalchemy.engine import URL, make_url

from datasources.engines.file_paths import key_of_path
from datasources.iperform import tables as iperform
from datasources.iperform.lead_sharing import gateway_lead_sharing, listed_salespeople
from datasources.magenta import tables as magenta
from datasources.mysql_client import blocking_mysql_url
from datasources.seed import FolderTarget, NotEmptyError, S3Target, generate, load_estate
from datasources.seed.rows import Row
from tests.datasources.clickhouse_rows import generated_texts, seeded_tables, stored_texts
from tests.servers.catalogue import CLICKHOUSE
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.fixtures import count_use
from tests.servers.mysql_like import MySQLLikeServer
from tests.servers.s3 import S3Server
from tests.servers.start import start_server

LEADS, SEED, TODAY = 300, 1, date(2026, 11, 20)
ESTATE = generate(LEADS, SEED, TODAY)
SOURCES = {"iperform": iperform.metadata, "magenta": magenta.metadata}


@cache
def generated() -> dict[tuple[str, str], list[Row]]:
    """All rows by source and table."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for chunk in ESTATE.chunks():
        found[chunk.source, chunk.table.fullname].extend(chunk.rows)
    return found


class Relational(TypedDict):
    """The addresses of the two databases."""

    iperform: str
    magenta: str


def dsns_of(folder: Path) -> Relational:
    iperform_dsn, magenta_dsn = (f"sqlite+aiosqlite:///{folder}/{source}.sqlite" for source in SOURCES)
    return Relational(iperform=iperform_dsn, magenta=magenta_dsn)


@pytest.fixture(params=["sqlite", "mariadb", "mysql"])
def relational(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Relational]:
    count_use(request.node, request.param)
    if request.param == "sqlite":
        yield dsns_of(tmp_path)
        return
    server: MySQLLikeServer = request.getfixturevalue(f"{request.param}_server")
    with closing(server.connect()) as connection, connection.cursor() as cursor:
        for source in SOURCES:
            cursor.execute(f"drop database if exists seed_{source}")
        yield Relational(iperform=server.dsn("seed_iperform"), magenta=server.dsn("seed_magenta"))
        for source in SOURCES:
            cursor.execute(f"drop database if exists seed_{source}")


def blocking(dsn: str) -> URL:
    url = make_url(dsn)
    return url.set(drivername="sqlite") if url.get_backend_name() == "sqlite" else blocking_mysql_url(dsn)


def stored_rows(dsn: str, metadata: MetaData) -> dict[str, list[dict[str, Any]]]:
    engine = create_engine(blocking(dsn))
    with engine.connect() as connection:
        found = {
            table.name: [
                dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in metadata.sorted_tables
        }
    engine.dispose()
    return found


@pytest.mark.filterwarnings("ignore:Dialect sqlite.* does .*not.* support Decimal")
def test_relational_databases_hold_exactly_the_generated_rows(relational: Relational) -> None:
    counts = load_estate(leads=LEADS, seed=SEED, today=TODAY, **relational)

    for source, dsn in (("iperform", relational["iperform"]), ("magenta", relational["magenta"])):
        metadata = SOURCES[source]
        stored = stored_rows(dsn, metadata)
        # Nothing is generated for it: triggers fill it as the leads arrive.
        sharing = stored.pop(gateway_lead_sharing.name, [])
        assert sharing == (shared_leads() if source == "iperform" else [])
        for table in metadata.sorted_tables:
            if table is gateway_lead_sharing:
                continue
            expected = sorted(
                generated()[source, table.fullname],
                key=lambda row: tuple(row[column.name] for column in table.primary_key),
            )
            assert stored[table.name] == expected, table.name
        assert counts[source] == sum(len(rows) for rows in stored.values())


def shared_leads() -> list[dict[str, int]]:
    """What the side table of sharing has to hold, by its primary key."""
    pairs = {
        (id_, lead["id"])
        for lead in generated()["iperform", "leads"]
        for id_ in listed_salespeople(lead["shared_salesperson_id"])
    }
    assert len(pairs) > LEADS / 10
    return [{"lead_id": lead_id, "salesperson_id": id_} for id_, lead_id in sorted(pairs)]


@pytest.mark.filterwarnings("ignore:Dialect sqlite.* does .*not.* support Decimal")
def test_sqlite_compares_moments_and_days_with_those_that_sqlalchemy_binds(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    count_use(request.node, "sqlite")
    dsns = dsns_of(tmp_path)
    load_estate(leads=20, seed=SEED, today=TODAY, **dsns)

    for source, table, columns in (
        ("iperform", iperform.leads, ("created_on", "plan_expiry_date")),
        ("magenta", magenta.pricing_plan, ("plan_price", "created_on")),
    ):
        engine = create_engine(blocking(dsns["iperform" if source == "iperform" else "magenta"]))
        for column in columns:
            value = next(row[column] for row in estate_of_twenty(table) if row[column] is not None)
            with engine.connect() as connection:
                query = select(table.c.id).where(table.c[column] == value)
                assert connection.execute(query).first() is not None, column
        engine.dispose()


def estate_of_twenty(table: Table) -> list[Row]:
    return list(generate(20, SEED, TODAY).rows(table))


def test_a_database_with_rows_is_refused_untouched_and_replaced_when_told(relational: Relational) -> None:
    load_estate(leads=20, seed=SEED, today=TODAY, **relational)
    engine = create_engine(blocking(relational["magenta"]))
    with engine.begin() as connection:
        connection.execute(text("update company set company_name = 'mine' where id = 1"))

    with pytest.raises(
        NotEmptyError, match=r"^iperform: the table \w+ already has rows, so nothing was written"
    ):
        load_estate(leads=LEADS, seed=SEED, today=TODAY, **relational)
    with pytest.raises(NotEmptyError, match=r"^magenta: the table \w+ already has rows"):
        load_estate(leads=LEADS, seed=SEED, today=TODAY, magenta=relational["magenta"])
    with engine.connect() as connection:
        assert connection.execute(text("select company_name from company where id = 1")).scalar() == "mine"
    engine.dispose()
    assert len(stored_rows(relational["iperform"], iperform.metadata)["leads"]) == 20

    load_estate(leads=30, seed=SEED, today=TODAY, replace=True, **relational)
    assert len(stored_rows(relational["iperform"], iperform.metadata)["leads"]) == 30


def test_one_filled_store_keeps_the_others_empty(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count_use(request.node, "sqlite")
    dsns = dsns_of(tmp_path)
    load_estate(leads=20, seed=SEED, today=TODAY, magenta=dsns["magenta"])

    with pytest.raises(NotEmptyError):
        load_estate(leads=20, seed=SEED, today=TODAY, **dsns)
    assert not any(stored_rows(dsns["iperform"], iperform.metadata).values())


@pytest.fixture
def own_clickhouse(clickhouse_server: ClickHouseServer) -> Iterator[ClickHouseServer]:
    """A server besides the shared one, whose mirrors other tests read: their databases have fixed names."""
    server = start_server(CLICKHOUSE)
    assert isinstance(server, ClickHouseServer)
    yield server
    if server is not clickhouse_server:
        server.stop()


def test_clickhouse_holds_exactly_the_generated_rows(own_clickhouse: ClickHouseServer) -> None:
    dsn = own_clickhouse.dsn()
    counts = load_estate(leads=LEADS, seed=SEED, today=TODAY, analytics=dsn)

    stored = stored_texts(dsn)
    assert stored == {
        table.fullname: generated_texts(table, generated()["analytics", table.fullname])
        for table in seeded_tables()
    }
    assert counts["analytics"] == sum(len(rows) for rows in stored.values())

    with pytest.raises(NotEmptyError, match=r"^analytics: the table \w+\.\w+ already has rows"):
        load_estate(leads=LEADS, seed=SEED, today=TODAY, analytics=dsn)
    load_estate(leads=LEADS, seed=SEED, today=TODAY, analytics=dsn, replace=True)
    assert stored_texts(dsn) == stored


def test_chdb_holds_exactly_the_generated_rows(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count_use(request.node, "chdb")
    command = [sys.executable, "-m", "tests.datasources.clickhouse_rows", f"chdb://{tmp_path}/clickhouse"]
    command += [str(LEADS), str(SEED), TODAY.isoformat()]

    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {
        table.fullname: generated_texts(table, generated()["analytics", table.fullname])
        for table in seeded_tables()
    }


def test_a_folder_holds_exactly_the_generated_files(tmp_path: Path) -> None:
    target = FolderTarget(tmp_path / "files")
    counts = load_estate(leads=LEADS, seed=SEED, today=TODAY, files=target)

    stored = {
        key_of_path(target.path, path): (path.read_bytes(), path.stat().st_mtime)
        for path in target.path.rglob("*")
        if path.is_file()
    }
    assert stored == {
        file.key: (file.body, file.modified.replace(tzinfo=UTC).timestamp()) for file in ESTATE.files()
    }
    assert counts == {"files": len(stored)}
    with pytest.raises(NotEmptyError, match=r"^files: the folder isn't empty"):
        load_estate(leads=LEADS, seed=SEED, today=TODAY, files=target)


def test_a_bucket_holds_exactly_the_generated_files(s3_server: S3Server) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=s3_server.endpoint,
        aws_access_key_id=s3_server.access_key,
        aws_secret_access_key=s3_server.secret_key,
        region_name=s3_server.region,
    )
    client.create_bucket(Bucket="seed-tests")
    target = S3Target("seed-tests", s3_server.endpoint, s3_server.access_key, s3_server.secret_key)
    load_estate(leads=LEADS, seed=SEED, today=TODAY, files=target)

    keys = [entry["Key"] for entry in client.list_objects_v2(Bucket="seed-tests")["Contents"]]
    stored = {key: client.get_object(Bucket="seed-tests", Key=key) for key in keys}
    assert {key: (found["Body"].read(), found["ContentType"]) for key, found in stored.items()} == {
        file.key: (file.body, file.content_type) for file in ESTATE.files()
    }
    with pytest.raises(NotEmptyError, match=r"^files: the bucket isn't empty"):
        load_estate(leads=LEADS, seed=SEED, today=TODAY, files=target)
    for key in keys:
        client.delete_object(Bucket="seed-tests", Key=key)
    client.delete_bucket(Bucket="seed-tests")


@pytest.mark.parametrize("dsn", ["sqlite://", "sqlite+aiosqlite://"])
def test_a_sqlite_estate_without_a_file_is_refused(dsn: str) -> None:
    with pytest.raises(ValueError, match="an estate in SQLite needs a file"):
        load_estate(leads=1, seed=SEED, today=TODAY, iperform=dsn)
