"""What the figures were measured on: the machine, and the versions of everything that took part."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.contestants import PEERS
from benchmarks.load import wrk_version
from benchmarks.servers import Databases

PACKAGES = (
    "asyncmy",
    "aiomysql",
    "asynch",
    "graphql-core",
    "strawberry-graphql",
    "sqlalchemy",
    "orjson",
    "uvicorn",
    "uvloop",
    "httptools",
    "starlette",
)


def describe_host() -> dict[str, Any]:
    """Cores, memory, processor, kernel, Python."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "processor": _processor(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def describe_machine(databases: Databases) -> dict[str, Any]:
    """The host, and the versions of what takes part."""
    return {
        **describe_host(),
        "node": _node(),
        "mariadb": databases.mariadb.version,
        "clickhouse": databases.clickhouse.version,
        "wrk": wrk_version(),
        "packages": {**{name: version(name) for name in PACKAGES}, **_node_packages()},
    }


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found.group(1) if found else platform.machine()


def _node() -> str:
    if shutil.which("node") is None:
        return "none"
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip(
        " v\n"
    )


def _node_packages() -> dict[str, str]:
    given: dict[str, str] = json.loads((PEERS / "package.json").read_text())["dependencies"]
    return given
