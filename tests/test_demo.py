"""The demo's estate: made once, kept while it fits, made anew when the tables have changed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

ANEW = "The demo's estate is of another version: it is made anew."
# In a process of its own: chDB has one folder in each.
PREPARE = """
import pathlib, sys
from gateway.demo import prepare
prepare(pathlib.Path(sys.argv[1]), host="127.0.0.1", port=0, leads=200)
"""


def _prepared(folder: Path) -> str:
    """What the demo says while it prepares its estate."""
    command = [sys.executable, "-c", PREPARE, str(folder)]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def _leads(folder: Path) -> int:
    with sqlite3.connect(folder / "iperform.sqlite") as database:
        return int(database.execute("select count(*) from leads").fetchone()[0])


def _add_lead(folder: Path) -> None:
    with sqlite3.connect(folder / "iperform.sqlite") as database:
        database.execute("insert into leads (id, company_id) values (900001, 1)")


def test_an_estate_is_kept_while_it_fits(tmp_path: Path) -> None:
    _prepared(tmp_path)
    leads = _leads(tmp_path)
    _add_lead(tmp_path)
    assert _prepared(tmp_path) == ""
    assert _leads(tmp_path) == leads + 1


def test_an_estate_of_other_tables_is_made_anew(tmp_path: Path) -> None:
    _prepared(tmp_path)
    leads = _leads(tmp_path)
    _add_lead(tmp_path)
    with sqlite3.connect(tmp_path / "iperform.sqlite") as database:
        database.execute("update gateway_migrations set checksum = 'of earlier tables'")
    assert ANEW in _prepared(tmp_path)
    assert _leads(tmp_path) == leads
