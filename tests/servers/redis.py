"""Starts Redis on a fresh folder, without persistence, with its fault-injection commands allowed."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from redis import Redis

from tests.servers.catalogue import REDIS
from tests.servers.install import Installation, Origin
from tests.servers.process import ServerProcess, free_port
from tests.servers.running import RunningServer

ANSWER_SECONDS = 10


@dataclass
class RedisServer(RunningServer):
    """A running Redis."""

    password: str = ""

    @property
    def address(self) -> str:
        account = f":{quote(self.password, safe='')}@" if self.password else ""
        return f"redis://{account}{self.host}:{self.port}"

    def dsn(self, database: int = 0) -> str:
        """The address of one numbered database."""
        return f"{self.address}/{database}"

    def ask_version(self) -> str:
        with self.client() as client:
            # It tells its version before it has loaded its data, and answers nothing else until then.
            client.ping()
            information: dict[str, str] = client.info("server")
            return information["redis_version"]

    def client(self) -> Redis:
        """A client of its own for a test, to look into it and to make it fail."""
        return Redis(
            host=self.host,
            port=self.port,
            password=self.password or None,
            socket_timeout=ANSWER_SECONDS,
            decode_responses=True,
        )


def start(installation: Installation, folder: Path, arguments: Sequence[str] = ()) -> RedisServer:
    """A running Redis in `folder`; `arguments` are added to its command line.

    Nothing is persisted: a restarted server is empty, unless arguments say otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The program looks at its name: under the one that Debian's package has, it would check a dump.
    program = folder / "redis-server"
    program.symlink_to(installation.binary.resolve())
    port = free_port()
    command = [
        *installation.command(program),
        *("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
        *("--save", "", "--appendonly", "no", "--enable-debug-command", "yes"),
        *arguments,
    ]
    process = ServerProcess(command, installation.environment, folder / "server.log")
    server = RedisServer(installation.description, installation.origin, "127.0.0.1", port, process, folder)
    server.start()
    return server


def given_server(address: str) -> RedisServer:
    """The server at an address like redis://:password@127.0.0.1:6379."""
    parts = urlsplit(address)
    return RedisServer(
        REDIS,
        Origin.ENVIRONMENT,
        parts.hostname or "127.0.0.1",
        parts.port or 6379,
        password=unquote(parts.password or ""),
    )
