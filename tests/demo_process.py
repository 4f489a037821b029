"""`gateway demo` as a process of its own, for tests that look at it from outside."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.servers.process import free_port


@dataclass(frozen=True)
class DemoProcess:
    """A demo that answers at `url`; `output` is where what it prints goes."""

    url: str
    process: subprocess.Popen[bytes]
    output: Path


@contextmanager
def demo_process(folder: Path, *, leads: int = 5_000) -> Iterator[DemoProcess]:
    """Runs a demo over an estate in `folder` until the block ends."""
    port = free_port()
    output = folder / "output.txt"
    command = [sys.executable, "-m", "gateway.cli", "demo", "--port", str(port), "--leads", str(leads)]
    with output.open("wb") as written:
        process = subprocess.Popen(
            [*command, "--folder", str(folder / "estate")], stdout=written, stderr=subprocess.STDOUT
        )
        try:
            _wait(f"http://127.0.0.1:{port}/readyz", process, output)
            yield DemoProcess(f"http://127.0.0.1:{port}", process, output)
        finally:
            process.terminate()
            process.wait(60)


def _wait(address: str, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + 90
    while True:
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.05)
