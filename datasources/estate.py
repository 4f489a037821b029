"""Opens the sources of the estate by their DSNs. Called by the composition root, the seeder and the tests.

Opening never connects, so that the process starts with a source down. Which engine a DSN means is decided
here alone; what one looks like, in `addresses.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, parse_qs

from sqlalchemy import MetaData

from datasources.addresses import (
    FILES_FORMS,
    SOURCE_FORMS,
    absolute_path,
    mysql_url,
    require_bucket,
    require_host,
    split,
)
from datasources.base import FileStore, Source, StatementObserver, TimeLimits
from datasources.engines.chdb import ChdbSource
from datasources.engines.clickhouse import ClickHouseAddress, ClickHouseSource
from datasources.engines.localfs import LocalStore
from datasources.engines.mysql import MysqlSource
from datasources.engines.s3 import Bucket, S3Store
from datasources.engines.sql_source import SourceOptions
from datasources.engines.sqlite import SqliteSource

Observers = Iterable[StatementObserver]


def open_source(
    name: str,
    dsn: str,
    *,
    metadata: MetaData | None = None,
    limits: TimeLimits | None = None,
    observers: Observers = (),
) -> Source:
    """The source that a DSN names; with `metadata` it refuses tables of another source.

    Raises `ValueError`, without the password, for a DSN that names none.
    """
    options = SourceOptions(limits or TimeLimits(), tuple(observers), metadata)
    with _named(name):
        parts = split(dsn, SOURCE_FORMS)
        match parts.scheme:
            case "sqlite+aiosqlite":
                return SqliteSource(name, str(absolute_path(parts, SOURCE_FORMS)), options)
            case "clickhouse":
                require_host(parts)
                return ClickHouseSource(name, ClickHouseAddress.of(parts), options)
            case "chdb":
                return ChdbSource(name, absolute_path(parts, SOURCE_FORMS), options)
            case _:
                return MysqlSource(name, mysql_url(dsn), options)


def open_files(
    dsn: str,
    *,
    name: str = "files",
    secret: bytes | None = None,
    limits: TimeLimits | None = None,
    observers: Observers = (),
) -> FileStore:
    """The file store that a DSN names; `secret` signs the links to a local folder. Raises `ValueError`."""
    with _named(name):
        parts = split(dsn, FILES_FORMS)
        if parts.scheme == "s3":
            require_bucket(parts)
            bucket = Bucket.of(parts)
            return S3Store(name, bucket, limits=limits or TimeLimits(), observers=observers)
        folder = absolute_path(parts, FILES_FORMS)
    signing = secret or _secret(parts)
    if not signing:
        raise ValueError(f"{name}: a local folder needs a secret to sign links with: {FILES_FORMS['file']}")
    return LocalStore(name, folder, secret=signing, limits=limits or TimeLimits(), observers=observers)


@contextmanager
def _named(name: str) -> Iterator[None]:
    """What is said of a DSN says of which source."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{name}: the DSN {error}") from None


def _secret(parts: SplitResult) -> bytes:
    return "".join(parse_qs(parts.query).get("secret", [])).encode()
