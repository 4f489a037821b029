"""A gateway over a copy of the embedded estate, whose rows a test may change."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from tests.access.backstage import Backstage
from tests.gateways import RunningGateway, running

# What is asked is who sees what: a source that is slow on a busy machine is given its time.
PATIENCE: dict[str, Any] = {"connect_seconds": 30.0, "statement_seconds": 30.0, "request_seconds": 55.0}


@contextmanager
def copy_of(gateway: RunningGateway, folder: Path, **changed: Any) -> Iterator[RunningGateway]:
    """A gateway over copies of an embedded estate's databases and files, with other settings; one ClickHouse."""
    changed = {**PATIENCE, **changed}
    for name in ("iperform_dsn", "magenta_dsn"):
        url = make_url(getattr(gateway.settings, name))
        copy = folder / f"{name}.sqlite"
        _copy_database(str(url.database), copy)
        changed[name] = f"sqlite+aiosqlite:///{copy}"
    files = Path(gateway.settings.files_dsn.removeprefix("file://"))
    shutil.copytree(files, folder / "files", copy_function=os.link)
    changed["files_dsn"] = f"file://{folder / 'files'}"
    with running(replace(gateway.settings, **changed), "embedded") as own:
        yield own


def _copy_database(old: str, new: Path) -> None:
    with sqlite3.connect(old) as source, sqlite3.connect(new) as target:
        source.backup(target)


@contextmanager
def backstage_of(gateway: RunningGateway) -> Iterator[Backstage]:
    """The stores of a gateway's estate, to be written to behind its back."""
    found = Backstage(gateway.settings)
    try:
        with found.taken_back():
            yield found
    finally:
        found.close()
