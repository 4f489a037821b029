"""`gateway serve` as a process of its own, over an estate that a gateway of the tests serves, too."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from gateway.settings import Settings, environment_name
from tests.gateways import RunningGateway
from tests.servers.process import free_port


@dataclass
class Served:
    """The process, and a client's view of it, which can be used as a gateway of the tests is."""

    process: subprocess.Popen[bytes]
    gateway: RunningGateway
    output: Path


@contextmanager
def served(settings: Settings, folder: Path, **changed: Any) -> Iterator[Served]:
    """Serves until the block ends, or the test ends the process."""
    settings = replace(settings, port=changed.pop("port", None) or free_port(), **changed)
    given = {
        environment_name(item): str(getattr(settings, item.name))
        for item in settings.__dataclass_fields__.values()
        if item.name != "demo"
    }
    output = folder / f"served-{settings.port}.txt"
    with output.open("ab") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "serve"],
            env={**os.environ, **given},
            stdout=written,
            stderr=written,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{settings.port}", timeout=20) as client:
                _wait(client, process, output)
                # It is as one of this process, but for the server, which isn't at hand.
                yield Served(process, RunningGateway("served", settings, None, client), output)  # type: ignore[arg-type]
        finally:
            process.terminate()
            process.wait(40)


def _wait(client: httpx.Client, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        try:
            if client.get("/livez").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
