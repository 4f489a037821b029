"""A gateway over the marked estate, as a process of its own, so that all it writes can be read."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.canaries.marks import HASHES, MarkedEstate
from tests.canaries.operations import sent_text
from tests.canaries.sight import marks_in, may_see
from tests.gateways import SECRET
from tests.oracle.rules import Caller
from tests.servers.process import free_port


@dataclass
class Watched:
    """A gateway that is asked, and what was wrong with its answers."""

    client: httpx.Client
    estate: MarkedEstate
    output: Path
    environment: Mapping[str, str]
    leaks: list[str] = field(default_factory=list)
    asked: int = 0
    seen: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)

    def ask(self, caller: Caller | None, body: Any, token: str | None, who: str) -> dict[str, Any]:
        """The decoded answer, looked through for what the caller mayn't see."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        answer = self.client.post("/graphql", json=body, headers=headers)
        self.look(caller, answer, sent_text(body), who)
        decoded: dict[str, Any] = answer.json()
        self.codes |= {error["extensions"]["code"] for error in decoded.get("errors", ())}
        return decoded

    def look(self, caller: Caller | None, answer: httpx.Response, sent: str, who: str) -> None:
        """Notes every marker of an answer that isn't the caller's to see and that they haven't said themselves."""
        self.asked += 1
        text = "\n".join([answer.text, *(f"{name}: {value}" for name, value in answer.headers.items())])
        found = marks_in(text) & self.estate.marks.keys()
        self.seen |= found
        for text_of in found - marks_in(sent):
            mark = self.estate.marks[text_of]
            if not may_see(caller, mark):
                self.leaks.append(f"{who} was shown {mark}: {sent[:300]}")
        if HASHES.search(text):
            self.leaks.append(f"{who} was shown a password's hash: {sent[:300]}")


@contextmanager
def watched(estate: MarkedEstate, folder: Path, **changed: str) -> Iterator[Watched]:
    """Fills the estate, and serves it until the block ends. `changed` are settings, such as `iperform_dsn`."""
    port = free_port()
    described = {
        "iperform_dsn": f"sqlite+aiosqlite:///{folder}/iperform.sqlite",
        "magenta_dsn": f"sqlite+aiosqlite:///{folder}/magenta.sqlite",
        "analytics_dsn": f"chdb://{folder}/clickhouse",
        "files_dsn": f"file://{folder}/files",
        "events_dsn": "memory:",
        "jwt_secret": SECRET,
        "port": str(port),
        "login_attempts_per_account": "10000",
        "login_attempts_per_address": "10000",
        "partner_cost_per_minute": "100000000",
        **changed,
    }
    environment = {**os.environ, **{f"GATEWAY_{name.upper()}": value for name, value in described.items()}}
    subprocess.run([sys.executable, "-m", "tests.canaries.fill"], env=environment, check=True, timeout=120)
    output = folder / "output.txt"
    with output.open("wb") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway.cli", "serve"], env=environment, stdout=written, stderr=written
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                _wait(client, process, output)
                yield Watched(client, estate, output, described)
        finally:
            process.terminate()
            process.wait(30)


def _wait(client: httpx.Client, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + 90
    while True:
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
