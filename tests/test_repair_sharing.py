"""`gateway doctor` names what is wrong with the index of shared leads, and `gateway repair-sharing` mends it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from datasources.iperform.tables import metadata as iperform
from datasources.migrate import migrate_sqlite
from gateway.doctor import examine
from tests.gateways import SECRET
from tests.servers.fixtures import count_use


def _environment(folder: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "GATEWAY_IPERFORM_DSN": f"sqlite+aiosqlite:///{folder}/iperform.sqlite",
        "GATEWAY_MAGENTA_DSN": f"sqlite+aiosqlite:///{folder}/magenta.sqlite",
        "GATEWAY_ANALYTICS_DSN": "clickhouse://127.0.0.1:1/",
        "GATEWAY_FILES_DSN": f"file://{folder}",
        "GATEWAY_JWT_SECRET": SECRET,
    }


def _repair(environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "gateway.cli", "repair-sharing"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


async def _doctor(environment: dict[str, str]) -> list[str]:
    report, _ = await examine(environment)
    found = report.partition("Shared leads\n")[2].partition("\n\n")[0]
    return [line.strip() for line in found.splitlines()]


async def test_what_doctor_finds_the_command_mends(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    count_use(request.node, "sqlite")
    environment = _environment(tmp_path)
    assert await _doctor(environment) == ["Not checked: iperform is down."]
    path = tmp_path / "iperform.sqlite"
    migrate_sqlite(path, iperform)
    assert await _doctor(environment) == ["The side table holds what the lists of the leads say."]

    with closing(sqlite3.connect(path)) as connection:
        connection.execute("drop trigger gateway_lead_sharing_insert")
        connection.execute(
            "insert into leads (company_id, shared_salesperson_id) values (1, '3, 4'), (1, '4')"
        )
        connection.execute("insert into gateway_lead_sharing (lead_id, salesperson_id) values (9, 9)")
        connection.commit()
    assert await _doctor(environment) == [
        "Triggers on `leads` that are absent or changed: gateway_lead_sharing_insert; run `gateway repair-sharing`.",
        "Shares that aren't found: 3, whose leads are hidden from somebody; run `gateway repair-sharing`.",
        "Rows of no list: 1, which show nobody anything but cost time; run `gateway repair-sharing`.",
    ]
    assert _repair(environment) == "Made anew: gateway_lead_sharing_insert. Rows added: 3; rows removed: 1.\n"
    assert await _doctor(environment) == ["The side table holds what the lists of the leads say."]
    assert _repair(environment) == "Every row was right already.\n"
