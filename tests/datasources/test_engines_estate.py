"""DSNs: which engine each means, and what is said of a malformed one."""

from pathlib import Path

import pytest

from datasources.engines.chdb import ChdbSource
from datasources.engines.clickhouse import ClickHouseAddress, ClickHouseSource
from datasources.engines.localfs import LocalStore
from datasources.engines.mysql import MysqlSource
from datasources.engines.s3 import Bucket, S3Store
from datasources.engines.sqlite import SqliteSource
from datasources.estate import open_files, open_source


@pytest.mark.parametrize(
    ("dsn", "engine"),
    [
        ("mysql+aiomysql://u:p@127.0.0.1:1/iperform", MysqlSource),
        ("mysql+asyncmy://u:p@127.0.0.1/iperform?charset=utf8mb4", MysqlSource),
        ("sqlite+aiosqlite:////no/such/file.db", SqliteSource),
        ("clickhouse://u:p@127.0.0.1:1/default", ClickHouseSource),
        ("clickhouse://127.0.0.1", ClickHouseSource),
        ("chdb:///no/such/folder", ChdbSource),
    ],
)
async def test_opening_chooses_the_engine_and_does_not_connect(dsn: str, engine: type) -> None:
    source = open_source("iperform", dsn)
    assert type(source) is engine
    assert source.name == "iperform"
    await source.close()


@pytest.mark.parametrize(
    ("dsn", "engine"),
    [
        ("s3://key:secret@127.0.0.1:1/bucket?tls=false", S3Store),
        ("s3:///bucket", S3Store),
        ("file:///no/such/folder?secret=x", LocalStore),
    ],
)
async def test_opening_files_chooses_the_store_and_does_not_connect(dsn: str, engine: type) -> None:
    store = open_files(dsn)
    assert type(store) is engine
    await store.close()


@pytest.mark.parametrize(
    "dsn",
    [
        "",
        "pa55word",
        "mysql://u:pa55word@h/d",
        "mysql+aiomysql://u:pa55word@h:port/d",
        "mysql+aiomysql://u:pa55word@h",
        "mysql+aiomysql:///d?password=pa55word",
        "clickhouse://u:pa55word@h:99999999/d",
        "clickhouse:///pa55word",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite://pa55word/path",
        "chdb://",
        "s3://key:pa55word@h/b",
    ],
)
def test_malformed_dsn_is_refused_without_its_password(dsn: str) -> None:
    with pytest.raises(ValueError, match=r"^iperform: the DSN must look like") as caught:
        open_source("iperform", dsn)
    assert "pa55word" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "dsn",
    [
        "",
        "s3://key:pa55word@h:port/b",
        "s3://key:pa55word@h",
        "s3://key@h/bucket",
        "s3://key:pa55word@h/bucket/inner",
        "file:///path",
        "file://?secret=pa55word",
        "file://host/path?secret=pa55word",
        "mysql+aiomysql://u:pa55word@h/d",
    ],
)
def test_malformed_dsn_of_files_is_refused_without_its_secret(dsn: str) -> None:
    with pytest.raises(ValueError, match=r"^files: ") as caught:
        open_files(dsn)
    assert "pa55word" not in str(caught.value)


def test_parts_of_a_dsn_may_be_percent_encoded() -> None:
    from urllib.parse import urlsplit

    address = ClickHouseAddress.of(urlsplit("clickhouse://g%40w:p%40ss%2Fw%3Ard@h:1/d%20b"))
    assert address == ClickHouseAddress("h", 1, "g@w", "p@ss/w:rd", "d b")
    bucket = Bucket.of(urlsplit("s3://k%2Fy:s%2Bcret@h:1/b?region=r&tls=false"))
    assert bucket == Bucket("b", "r", "http://h:1", "k/y", "s+cret")
    assert "cret" not in repr(bucket)
    assert "rd" not in repr(address)


def test_path_of_sqlite_is_absolute_and_may_have_spaces(tmp_path: Path) -> None:
    source = open_source("iperform", f"sqlite+aiosqlite:///{tmp_path}/a%20b.db")
    assert isinstance(source, SqliteSource)
