"""The client: wrk, one process and one thread, a closed loop over connections that stay open."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from benchmarks import cpu
from benchmarks.contestants import Running
from benchmarks.operations import Operation
from benchmarks.places import HERE
from tests.servers.catalogue import ServerDescription
from tests.servers.install import Installation, install

WRK = ServerDescription(
    name="wrk",
    title="wrk",
    binaries=("wrk",),
    version_pattern=re.compile(r"wrk (?:debian/)?(\d+\.\d+\.\d+)"),
    minimum_version=(4, 1),
    variable=None,
    variable_example="",
    packages=("wrk",),
    suite="bookworm",
    system_package="wrk",
)
CONNECTIONS = 8


class LoadFailedError(Exception):
    """Requests failed under load, or wrk itself did."""


@dataclass(frozen=True)
class Sample:
    """What one stretch of load gave: times in milliseconds, processor time in milliseconds per request."""

    requests: int
    per_second: float
    p50: float
    p95: float
    p99: float
    longest: float
    failed: int
    server_cpu: float
    database_cpu: float
    client_cpu: float
    elsewhere: float
    """Share of the machine's processor time that went to none of the three."""


@cache
def _wrk() -> Installation:
    return install(WRK)


def put_under_load(
    one: Running,
    operation: Operation,
    token: str,
    *,
    databases: Sequence[int],
    seconds: int,
    skip: int = 0,
    connections: int = CONNECTIONS,
) -> Sample:
    """Loads one contestant with one operation. Raises LoadFailedError where any request fails."""
    with tempfile.NamedTemporaryFile(suffix=".json") as whole:
        if operation.bodies is None:
            whole.write(operation.body())
            whole.flush()
        source = whole.name if operation.bodies is None else str(operation.bodies)
        mode = "whole" if operation.bodies is None else "line"
        command = [
            *_wrk().command(),
            "--threads=1",
            f"--connections={connections}",
            f"--duration={seconds}s",
            "--timeout=20s",
            f"--script={HERE / 'load.lua'}",
            one.address(operation),
            "--",
            token,
            source,
            str(skip),
            mode,
        ]
        return _measured(command, _wrk().environment, one.process.pid, databases)


def _measured(
    command: list[str], environment: dict[str, str], server: int, databases: Sequence[int]
) -> Sample:
    before = _spent(server, databases)
    started = time.monotonic()
    with subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as client:
        assert client.stdout is not None
        output = client.stdout.read().decode()
        _, status, usage = os.wait4(client.pid, 0)
        client.returncode = os.waitstatus_to_exitcode(status)
    passed = time.monotonic() - started
    after = _spent(server, databases)
    figures = _figures(output, client.returncode)
    used = [later - earlier for earlier, later in zip(before, after, strict=True)]
    client_seconds = usage.ru_utime + usage.ru_stime
    known = used[0] + used[1] + client_seconds
    per_request = 1000 / max(1, figures["requests"])
    return Sample(
        requests=figures["requests"],
        per_second=figures["requests"] / figures["seconds"],
        p50=figures["p50"],
        p95=figures["p95"],
        p99=figures["p99"],
        longest=figures["max"],
        failed=figures["failed"] + figures["timeouts"] + figures["statuses"],
        server_cpu=used[0] * per_request,
        database_cpu=used[1] * per_request,
        client_cpu=client_seconds * per_request,
        elsewhere=max(0.0, used[2] - known) / (passed * (os.cpu_count() or 1)),
    )


def _spent(server: int, databases: Sequence[int]) -> tuple[float, float, float]:
    return cpu.seconds_of_trees([server]), cpu.seconds_of_trees(databases), cpu.machine_busy_seconds()


def _figures(output: str, status: int) -> dict[str, int]:
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if status != 0 or not lines:
        raise LoadFailedError(f"wrk ended with {status}:\n{output[-2000:]}")
    figures: dict[str, int] = json.loads(lines[-1])
    return figures


def wrk_version() -> str:
    """The version of the client."""
    done = subprocess.run(
        [*_wrk().command(), "--version"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **_wrk().environment},
    )
    match = WRK.version_pattern.search(done.stdout)
    return match.group(1) if match else "?"
