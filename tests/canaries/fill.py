"""Puts the marked estate into the stores that the environment names: `python -m tests.canaries.fill`.

A process of its own, because the embedded ClickHouse keeps one folder a process.
"""

from __future__ import annotations

from contextlib import ExitStack

from sqlalchemy import MetaData

from datasources.iperform.tables import metadata as iperform
from datasources.magenta.tables import metadata as magenta
from datasources.migrate import migrate_clickhouse, migrate_mysql, migrate_sqlite
from datasources.seed.sink_clickhouse import clickhouse_sink
from datasources.seed.sink_mysql import mysql_sink
from datasources.seed.sink_sqlite import sqlite_sink
from datasources.seed.sinks import Sink
from gateway.seeding import files_target
from gateway.settings import read_settings
from tests.canaries.marks import marked_estate


def fill() -> None:
    """Fills the empty stores."""
    settings, estate = read_settings(), marked_estate()
    with ExitStack() as stack:
        migrate_clickhouse(settings.analytics_dsn)
        sinks: dict[str, Sink] = {
            "iperform": _relational(stack, settings.iperform_dsn, iperform),
            "magenta": _relational(stack, settings.magenta_dsn, magenta),
            "analytics": stack.enter_context(clickhouse_sink(settings.analytics_dsn)),
        }
        for chunk in estate.chunks:
            sinks[chunk.source].write(chunk)
        for sink in sinks.values():
            sink.finish()
    files_target(settings.files_dsn).fill(iter(estate.files), replace=True)


def _relational(stack: ExitStack, dsn: str, metadata: MetaData) -> Sink:
    if dsn.startswith("sqlite"):
        path = dsn.split("///", 1)[1]
        migrate_sqlite(path, metadata)
        return stack.enter_context(sqlite_sink(path, metadata))
    migrate_mysql(dsn, str(metadata.info["source"]))
    return stack.enter_context(mysql_sink(dsn, metadata))


if __name__ == "__main__":
    fill()
