"""The estate of the mutants: the embedded demo's databases, copied, with the mutants' own rows added."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import MetaData

from datasources.iperform.tables import metadata as iperform
from datasources.magenta.tables import metadata as magenta
from datasources.seed import Chunk, load_estate
from datasources.seed.sink_sqlite import sqlite_sink
from gateway.services import open_services
from tests.access.copies import PATIENCE
from tests.gateways import RunningGateway
from tests.mutants.rows import iperform_chunks, magenta_chunks
from tests.mutants.suite import Suite
from tests.oracle.data import TABLE_OF_TYPE, Data, generated


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def suite(
    embedded_gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Suite]:
    """The suite over the estate of the mutants; analytics and files are the embedded demo's own."""
    folder = tmp_path_factory.mktemp("mutants")
    settings = replace(
        embedded_gateway.settings,
        **PATIENCE,
        iperform_dsn=f"sqlite+aiosqlite:///{folder}/iperform.sqlite",
        magenta_dsn=f"sqlite+aiosqlite:///{folder}/magenta.sqlite",
    )
    load_estate(
        leads=embedded_gateway.leads,
        seed=embedded_gateway.seed,
        today=embedded_gateway.today,
        iperform=settings.iperform_dsn,
        magenta=settings.magenta_dsn,
    )
    _add(folder / "iperform.sqlite", iperform, iperform_chunks())
    _add(folder / "magenta.sqlite", magenta, magenta_chunks())
    services = open_services(settings)
    demo = generated(embedded_gateway.leads, embedded_gateway.seed, embedded_gateway.today)
    yield Suite(services, _with_ours(demo))
    await services.close()


def _add(path: Path, metadata: MetaData, chunks: list[Chunk]) -> None:
    with sqlite_sink(path, metadata) as sink:
        for chunk in chunks:
            sink.write(chunk)
        sink.finish()


def _with_ours(demo: Data) -> Data:
    tables = {table: list(demo.rows(type_name)) for type_name, table in TABLE_OF_TYPE.items()}
    for chunk in (*iperform_chunks(), *magenta_chunks()):
        name = f"{chunk.source}.{chunk.table.fullname}"
        if name in tables:
            tables[name] += chunk.rows
    return Data(tables)
