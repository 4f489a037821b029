"""The servers that are measured against each other: how each is started, and where its answers are asked for."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from benchmarks.operations import MIX, Operation
from benchmarks.peer_settings import VARIABLE
from benchmarks.places import HERE, MADE, ROOT
from benchmarks.servers import Databases
from gateway.demo import DEMO_TODAY
from tests.servers.process import ServerProcess, free_port

SECRET = "a secret of the benchmark, long enough to sign with"
POOL = 10
PEERS = HERE / "peers"
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Contestant:
    """One way of answering: its name in the results, and what the report calls it."""

    name: str
    title: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    is_floor: bool = False
    workers: int = 1

    def can(self, operation: Operation) -> bool:
        """Whether it can be asked for an operation: a floor reads no documents."""
        return not (self.is_floor and operation.name == MIX)


def gateway(
    name: str,
    title: str,
    *,
    driver: str = "asyncmy",
    engine: str = "compiled",
    workers: int = 1,
) -> Contestant:
    """The gateway, by its own command, with every setting at its default but those that are named."""
    environment = {
        "driver": driver,
        "GATEWAY_ENGINE": engine,
        "GATEWAY_WORKERS": str(workers),
        "GATEWAY_EVENTS_DSN": "memory:",
        "GATEWAY_JWT_SECRET": SECRET,
        "GATEWAY_ACCESS_TOKEN_SECONDS": str(DAY_SECONDS),
    }
    return Contestant(
        name, title, (sys.executable, "-m", "gateway.cli", "serve"), environment, workers=workers
    )


OURS = gateway("gateway", "gateway")
AGAIN = gateway("gateway-again", "gateway, again (A/A)")
TWO = gateway("gateway-2", "gateway, 2 workers", workers=2)
OTHER_DRIVER = gateway("gateway-aiomysql", "gateway by aiomysql", driver="aiomysql")
REFERENCE = gateway("gateway-reference", "gateway, engine off", engine="reference")
STRAWBERRY = Contestant(
    "strawberry", "Strawberry + SQLAlchemy", (sys.executable, "-m", "benchmarks.peers.strawberry.app")
)
MERCURIUS = Contestant("mercurius", "Fastify + Mercurius", ("node", str(PEERS / "mercurius" / "server.mjs")))
GRAPHQL_JIT = Contestant(
    "graphql-jit", "bare graphql-jit", ("node", str(PEERS / "graphql_jit" / "server.mjs"))
)
FLOOR = Contestant(
    "floor", "F3: by hand, bare ASGI", (sys.executable, "-m", "benchmarks.floor_server"), is_floor=True
)
ALL = (OURS, AGAIN, TWO, OTHER_DRIVER, REFERENCE, STRAWBERRY, MERCURIUS, GRAPHQL_JIT, FLOOR)


@dataclass
class Running:
    """A contestant that answers on a port."""

    contestant: Contestant
    process: ServerProcess
    port: int

    @property
    def name(self) -> str:
        """The contestant's name."""
        return self.contestant.name

    def address(self, operation: Operation) -> str:
        """Where the operation is asked for."""
        path = operation.name.replace("crowd", "joined") if self.contestant.is_floor else "graphql"
        return f"http://127.0.0.1:{self.port}/{path}"


class Placement:
    """What contestants are told of the databases."""

    def __init__(self, databases: Databases, iperform: str = "iperform") -> None:
        self._databases = databases
        self._iperform = iperform
        (MADE / "files").mkdir(parents=True, exist_ok=True)

    def peer_settings(self, port: int = 0) -> dict[str, Any]:
        """The settings of a peer or a floor."""
        rows, columns = self._databases.mariadb, self._databases.clickhouse
        return {
            "port": port,
            "secret": SECRET,
            "pool": POOL,
            "now": datetime.combine(DEMO_TODAY, datetime.min.time()).isoformat(sep=" "),
            "mariadb": {
                "driver": "asyncmy",
                "host": rows.host,
                "port": rows.port,
                "user": rows.user,
                "password": rows.password,
            },
            "clickhouse": {"host": columns.host, "port": columns.port, "httpPort": columns.http_port},
        }

    def gateway_settings(self, driver: str, port: int = 0) -> dict[str, str]:
        """The environment of a gateway."""
        rows, columns = self._databases.mariadb, self._databases.clickhouse
        return {
            "GATEWAY_IPERFORM_DSN": rows.dsn(self._iperform, driver),
            "GATEWAY_MAGENTA_DSN": rows.dsn("magenta", driver),
            "GATEWAY_ANALYTICS_DSN": columns.dsn(),
            "GATEWAY_FILES_DSN": f"file://{MADE / 'files'}",
            "GATEWAY_PORT": str(port),
        }

    def environment(self, contestant: Contestant, port: int) -> dict[str, str]:
        """Everything that a contestant's process is given."""
        given = dict(contestant.environment)
        driver = given.pop("driver", None)
        if driver is not None:
            return {**given, **self.gateway_settings(driver, port)}
        return {**given, VARIABLE: json.dumps(self.peer_settings(port))}


@contextmanager
def running(placement: Placement, contestants: Sequence[Contestant]) -> Iterator[dict[str, Running]]:
    """Starts contestants, all idle; stops them in the end."""
    if any(contestant.command[0] == "node" for contestant in contestants):
        install_node_packages()
    started: dict[str, Running] = {}
    try:
        for contestant in contestants:
            started[contestant.name] = _start(placement, contestant)
        yield started
    finally:
        for one in started.values():
            one.process.stop()


def _start(placement: Placement, contestant: Contestant) -> Running:
    port = free_port()
    environment = {
        **placement.environment(contestant, port),
        "PYTHONPATH": str(ROOT),
        "NODE_ENV": "production",
    }
    process = ServerProcess(contestant.command, environment, MADE / f"{contestant.name}.log")
    process.start(lambda: _listens(port))
    return Running(contestant, process, port)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 0.2).close()
    except OSError:
        return False
    return True


def install_node_packages() -> None:
    """Installs what the Node peers need, as their lock file says. Raises SystemExit where there is no Node."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        raise SystemExit(
            "bench: Node 20 and npm are needed for two of the peers; --without-node leaves them out"
        )
    installed, lock = PEERS / "node_modules" / ".package-lock.json", PEERS / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    done = subprocess.run(
        ["npm", "ci", "--silent", "--ignore-scripts"], cwd=PEERS, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit(f"bench: npm could not install the peers' packages:\n{done.stderr}")


def log_in(gateway: Running, names: Sequence[str]) -> dict[str, str]:
    """An access token of each demo account, good for the whole run; every contestant takes the same."""
    return {name: _token(gateway, name) for name in names}


def _token(gateway: Running, name: str) -> str:
    query = 'mutation($name: String!) { login(username: $name, password: "demo") { accessToken } }'
    body = {"query": query, "variables": {"name": name}}
    deadline = time.monotonic() + 30
    while True:
        try:
            answer = httpx.post(f"http://127.0.0.1:{gateway.port}/graphql", json=body, timeout=30)
            return str(answer.json()["data"]["login"]["accessToken"])
        except httpx.TransportError:  # of several workers, one may not listen yet
            if time.monotonic() > deadline:
                raise
