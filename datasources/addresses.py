"""What the DSNs of the estate look like, and what is wrong with one that doesn't. Pure: opens nothing.

Called by `estate.py`, which opens what they name, and by `gateway/settings.py`, which says which setting is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

RELATIONAL_FORMS = {
    "mysql+asyncmy": "mysql+asyncmy://user:password@host:3306/database",
    "mysql+aiomysql": "mysql+aiomysql://user:password@host:3306/database",
    "sqlite+aiosqlite": "sqlite+aiosqlite:////absolute/path.db",
}
ANALYTICS_FORMS = {
    "clickhouse": "clickhouse://user:password@host:9000/database",
    "chdb": "chdb:///absolute/path",
}
SOURCE_FORMS = RELATIONAL_FORMS | ANALYTICS_FORMS
FILES_FORMS = {
    "s3": "s3://key:secret@host:port/bucket?region=us-east-1&tls=false",
    "file": "file:///absolute/path?secret=…",
}
EVENTS_FORMS = {
    "redis": "redis://:password@host:6379/0",
    "rediss": "rediss://:password@host:6379/0",
    "memory": "memory:",
}
# The kinds of each part of the estate.
FORMS: Mapping[str, Mapping[str, str]] = {
    "iperform": RELATIONAL_FORMS,
    "magenta": RELATIONAL_FORMS,
    "analytics": ANALYTICS_FORMS,
    "files": FILES_FORMS,
    "events": EVENTS_FORMS,
}

# What may follow the `?` of a MySQL DSN; both drivers take these.
MYSQL_OPTIONS = frozenset({"charset", "unix_socket", "ssl", "ssl_ca", "ssl_cert", "ssl_key"})


def check_address(name: str, dsn: str) -> None:
    """Raises ValueError, which says without the DSN what the one of this part of the estate must look like."""
    forms = FORMS[name]
    parts = split(dsn, forms)
    match parts.scheme:
        case "mysql+asyncmy" | "mysql+aiomysql":
            mysql_url(dsn)
        case "clickhouse":
            require_host(parts)
        case "s3":
            require_bucket(parts)
        case "redis" | "rediss":
            pass
        case "memory":
            if dsn != forms["memory"]:
                raise malformed(forms.values())
        case _:
            absolute_path(parts, forms)


def split(dsn: str, forms: Mapping[str, str]) -> SplitResult:
    """The parts of a DSN that is of one of these kinds. Raises ValueError."""
    try:
        parts = urlsplit(dsn)
        _ = parts.port
    except ValueError:
        raise malformed(forms.values()) from None
    if parts.scheme not in forms:
        raise malformed(forms.values())
    return parts


def malformed(forms: Iterable[str]) -> ValueError:
    """What is said of a DSN that has none of these forms."""
    # Never with the DSN itself: it may hold a password, and a malformed one can't be cut out reliably.
    return ValueError(f"must look like {' or '.join(forms)}")


def mysql_url(dsn: str) -> URL:
    """A server's address and a database. Raises ValueError."""
    form = SOURCE_FORMS["mysql+asyncmy"]
    try:
        url = make_url(dsn)
    except (ArgumentError, ValueError):
        raise malformed([form]) from None
    if not url.host or not url.database or not set(url.query) <= MYSQL_OPTIONS:
        raise malformed([form])
    return url


def require_host(parts: SplitResult) -> None:
    """Refuses a ClickHouse DSN without a server, by ValueError."""
    if not parts.hostname:
        raise malformed([ANALYTICS_FORMS["clickhouse"]])


def require_bucket(parts: SplitResult) -> None:
    """Refuses an S3 DSN without a bucket, or with half of a pair of keys, by ValueError."""
    name = unquote(parts.path.strip("/"))
    if not name or "/" in name or bool(parts.username) != bool(parts.password):
        raise malformed([FILES_FORMS["s3"]])


def absolute_path(parts: SplitResult, forms: Mapping[str, str]) -> Path:
    """The path of a file or folder of this machine. Raises ValueError."""
    # SQLAlchemy's form has a slash more before an absolute path.
    path = Path("/" + unquote(parts.path).lstrip("/"))
    if parts.netloc or path == Path("/"):
        raise malformed([forms[parts.scheme]])
    return path
