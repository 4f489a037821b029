"""Generates an estate and puts it into real stores, in one pass over the rows. Called by `gateway seed` and
`gateway demo`, the tests and the benchmarks."""

from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import date

from sqlalchemy import MetaData, make_url

from datasources.iperform.tables import metadata as iperform_metadata
from datasources.magenta.tables import metadata as magenta_metadata
from datasources.migrate import migrate_clickhouse, migrate_mysql, migrate_sqlite
from datasources.seed.estate import Estate, generate
from datasources.seed.object_targets import FolderTarget, S3Target
from datasources.seed.sink_clickhouse import clickhouse_sink
from datasources.seed.sink_mysql import mysql_sink
from datasources.seed.sink_sqlite import sqlite_sink
from datasources.seed.sinks import Sink, make_ready

SQLITE = "sqlite"


def load_estate(
    *,
    leads: int,
    seed: int,
    today: date,
    iperform: str | None = None,
    magenta: str | None = None,
    analytics: str | None = None,
    files: FolderTarget | S3Target | None = None,
    replace: bool = False,
) -> Counter[str]:
    """Migrates the stores that are given, and fills them. Returns the number of rows by source, and of files.

    `iperform` and `magenta` are SQLAlchemy URLs (`mysql+asyncmy://…`, `sqlite+aiosqlite:///path`; the driver
    doesn't matter), `analytics` is `clickhouse://…` or `chdb:///path`. `replace` deletes the estate's rows
    first; without it a store with rows raises NotEmptyError before anything is written to a database. A load
    that breaks off leaves part of the rows in MySQL and ClickHouse: load again with `replace`.
    """
    estate = generate(leads, seed, today)
    counts: Counter[str] = Counter()
    with ExitStack() as stack:
        sinks = [stack.enter_context(sink) for sink in _sinks(iperform, magenta, analytics)]
        for sink in sinks:
            make_ready(sink, replace=replace)
        if files is not None:
            counts["files"] = files.fill(estate.files(), replace=replace)
        _fill(estate, {sink.source: sink for sink in sinks}, counts)
    return counts


def _fill(estate: Estate, sinks: dict[str, Sink], counts: Counter[str]) -> None:
    if not sinks:
        return
    for chunk in estate.chunks():
        if sink := sinks.get(chunk.source):
            sink.write(chunk)
            counts[chunk.source] += len(chunk.rows)
    for sink in sinks.values():
        sink.finish()


def _sinks(
    iperform: str | None, magenta: str | None, analytics: str | None
) -> Iterator[AbstractContextManager[Sink]]:
    for dsn, metadata in ((iperform, iperform_metadata), (magenta, magenta_metadata)):
        if dsn is not None:
            yield _relational_sink(dsn, metadata)
    if analytics is not None:
        migrate_clickhouse(analytics)
        yield clickhouse_sink(analytics)


def _relational_sink(dsn: str, metadata: MetaData) -> AbstractContextManager[Sink]:
    url = make_url(dsn)
    if url.get_backend_name() != SQLITE:
        migrate_mysql(dsn, str(metadata.info["source"]))
        return mysql_sink(dsn, metadata)
    if not url.database:
        raise ValueError("an estate in SQLite needs a file: sqlite:///path")
    migrate_sqlite(url.database, metadata)
    return sqlite_sink(url.database, metadata)
