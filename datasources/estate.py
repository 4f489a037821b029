"""Opens the sources of the estate by their DSNs. Called by the composition root, the seeder and the tests.

Opening never connects, so that the process starts with a source down. Which engine a DSN means is decided
here alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from sqlalchemy import URL, MetaData, make_url
from sqlalchemy.exc import ArgumentError

from datasources.base import FileStore, Source, StatementObserver, TimeLimits
from datasources.engines.chdb import ChdbSource
from datasources.engines.clickhouse import ClickHouseAddress, ClickHouseSource
from datasources.engines.localfs import LocalStore
from datasources.engines.mysql import MysqlSource
from datasources.engines.s3 import Bucket, S3Store
from datasources.engines.sql_source import SourceOptions
from datasources.engines.sqlite import SqliteSource

SOURCE_FORMS = {
    "mysql+asyncmy": "mysql+asyncmy://user:password@host:3306/database",
    "mysql+aiomysql": "mysql+aiomysql://user:password@host:3306/database",
    "sqlite+aiosqlite": "sqlite+aiosqlite:////absolute/path.db",
    "clickhouse": "clickhouse://user:password@host:9000/database",
    "chdb": "chdb:///absolute/path",
}
FILES_FORMS = {
    "s3": "s3://key:secret@host:port/bucket?region=us-east-1&tls=false",
    "file": "file:///absolute/path?secret=…",
}

# What may follow the `?` of a MySQL DSN; both drivers take these.
MYSQL_OPTIONS = frozenset({"charset", "unix_socket", "ssl", "ssl_ca", "ssl_cert", "ssl_key"})

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
    parts = _split(name, dsn, SOURCE_FORMS)
    options = SourceOptions(limits or TimeLimits(), tuple(observers), metadata)
    match parts.scheme:
        case "sqlite+aiosqlite":
            return SqliteSource(name, str(_path(name, parts, SOURCE_FORMS)), options)
        case "clickhouse":
            return ClickHouseSource(name, _clickhouse(name, parts), options)
        case "chdb":
            return ChdbSource(name, _path(name, parts, SOURCE_FORMS), options)
        case _:
            return MysqlSource(name, _mysql(name, dsn), options)


def open_files(
    dsn: str,
    *,
    name: str = "files",
    secret: bytes | None = None,
    limits: TimeLimits | None = None,
    observers: Observers = (),
) -> FileStore:
    """The file store that a DSN names; `secret` signs the links to a local folder. Raises `ValueError`."""
    parts = _split(name, dsn, FILES_FORMS)
    if parts.scheme == "s3":
        return S3Store(name, _bucket(name, parts), limits=limits or TimeLimits(), observers=observers)
    signing = secret or _secret(parts)
    if not signing:
        raise ValueError(f"{name}: a local folder needs a secret to sign links with: {FILES_FORMS['file']}")
    folder = _path(name, parts, FILES_FORMS)
    return LocalStore(name, folder, secret=signing, limits=limits or TimeLimits(), observers=observers)


def _split(name: str, dsn: str, forms: dict[str, str]) -> SplitResult:
    try:
        parts = urlsplit(dsn)
        _ = parts.port
    except ValueError:
        raise _malformed(name, forms.values()) from None
    if parts.scheme not in forms:
        raise _malformed(name, forms.values())
    return parts


def _malformed(name: str, forms: Iterable[str]) -> ValueError:
    # Never with the DSN itself: it may hold a password, and a malformed one can't be cut out reliably.
    return ValueError(f"{name}: the DSN must look like {' or '.join(forms)}")


def _mysql(name: str, dsn: str) -> URL:
    form = SOURCE_FORMS["mysql+asyncmy"]
    try:
        url = make_url(dsn)
    except (ArgumentError, ValueError):
        raise _malformed(name, [form]) from None
    if not url.host or not url.database or not set(url.query) <= MYSQL_OPTIONS:
        raise _malformed(name, [form])
    return url


def _clickhouse(name: str, parts: SplitResult) -> ClickHouseAddress:
    if not parts.hostname:
        raise _malformed(name, [SOURCE_FORMS["clickhouse"]])
    return ClickHouseAddress.of(parts)


def _bucket(name: str, parts: SplitResult) -> Bucket:
    bucket = Bucket.of(parts)
    if not bucket.name or "/" in bucket.name or (bucket.access_key is None) != (bucket.secret_key is None):
        raise _malformed(name, [FILES_FORMS["s3"]])
    return bucket


def _path(name: str, parts: SplitResult, forms: dict[str, str]) -> Path:
    # SQLAlchemy's form has a slash more before an absolute path.
    path = Path("/" + unquote(parts.path).lstrip("/"))
    if parts.netloc or path == Path("/"):
        raise _malformed(name, [forms[parts.scheme]])
    return path


def _secret(parts: SplitResult) -> bytes:
    return "".join(parse_qs(parts.query).get("secret", [])).encode()
