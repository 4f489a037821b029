"""An estate whose servers may be stopped: five servers that no other test asks, and a gateway with short limits.

Used by the tests of this folder. iperform and magenta have a server each, so that one can be stopped alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from datasources.base import TimeLimits
from tests.conftest import server_settings
from tests.gateways import RunningGateway, fill, running
from tests.servers import catalogue
from tests.servers.catalogue import ServerDescription
from tests.servers.clickhouse import ClickHouseServer
from tests.servers.install import install
from tests.servers.mysql_like import MySQLLikeServer
from tests.servers.redis import RedisServer
from tests.servers.running import RunningServer
from tests.servers.s3 import S3Server
from tests.servers.start import STARTERS, fresh_folder

LEADS = 500
# Short, so that the tests are; a connection may wait a little for its place when thirty clients ask on two cores.
LIMITS = TimeLimits(connect=2.0, statement=2.0)
REQUEST_SECONDS = 10.0
# Of `/livez` while a source is stopped: an event loop that waited for the source would be held up for its limit, and
# one that waits for a processor is not.
LONGEST_LIVEZ = 0.75 * LIMITS.statement


@dataclass(frozen=True)
class OutageEstate:
    """The servers, and a gateway that is served by them."""

    iperform: MySQLLikeServer
    magenta: MySQLLikeServer
    analytics: ClickHouseServer
    files: S3Server
    events: RedisServer
    gateway: RunningGateway
    others: frozenset[threading.Thread]
    """Threads of this process that were there before the gateway: those of other gateways idle meanwhile."""

    @property
    def servers(self) -> Mapping[str, RunningServer]:
        """The servers by the names of the gateway's sources."""
        return {
            "iperform": self.iperform,
            "magenta": self.magenta,
            "analytics": self.analytics,
            "files": self.files,
            "events": self.events,
        }

    def pause(self, source: str) -> None:
        """SIGSTOP to a source's server; it has taken effect on every thread when this returns."""
        process = self.servers[source].process
        assert process is not None
        process.pause()
        threads = Path(f"/proc/{process.pid}/task")
        while any(_state(thread) != "T" for thread in threads.iterdir()):
            time.sleep(0.005)

    def bring_back(self) -> None:
        """Resumes and restarts what a test has left stopped or dead."""
        for server in self.servers.values():
            try:
                server.resume()
            except RuntimeError:
                server.restart()


# As it is meant to be run: a log of events that is lost with its server is a new log, with other cursors.
KEPT = (("--appendonly", "yes", "--appendfsync", "always"),)


@contextmanager
def outage_estate() -> Iterator[OutageEstate]:
    """Five running servers with 500 leads, and their gateway. Raises ServerMissingError.

    A server that the environment gives is not ours to stop, and is left alone.
    """
    with ExitStack() as stack:
        iperform, magenta, analytics, files, events = (
            _started(stack, description)
            for description in (
                catalogue.MARIADB,
                catalogue.MARIADB,
                catalogue.CLICKHOUSE,
                catalogue.S3,
                catalogue.REDIS,
            )
        )
        assert isinstance(iperform, MySQLLikeServer)
        assert isinstance(magenta, MySQLLikeServer)
        assert isinstance(analytics, ClickHouseServer)
        assert isinstance(files, S3Server)
        assert isinstance(events, RedisServer)
        settings = server_settings(
            iperform,
            analytics,
            events,
            files,
            magenta_dsn=magenta.dsn("magenta"),
            connect_seconds=LIMITS.connect,
            statement_seconds=LIMITS.statement,
            request_seconds=REQUEST_SECONDS,
        )
        fill(settings, leads=LEADS)
        others = frozenset(threading.enumerate())
        gateway = stack.enter_context(running(settings, "outages"))
        yield OutageEstate(iperform, magenta, analytics, files, events, gateway, others)


def _state(thread: Path) -> str:
    """The letter that Linux gives a thread's state; the name before it may hold anything."""
    return (thread / "stat").read_text().rpartition(")")[2].split()[0]


def _started(stack: ExitStack, description: ServerDescription) -> RunningServer:
    installation, folder = install(description), fresh_folder(description)
    # A MariaDB that starts removes the temporary tables of every other one that uses the same folder.
    (folder / "tmp").mkdir()
    environment = {**installation.environment, "TMPDIR": str(folder / "tmp")}
    arguments = KEPT if description is catalogue.REDIS else ()
    server = STARTERS[description.name](replace(installation, environment=environment), folder, *arguments)
    # Killed first: an orderly end takes seconds, and nobody wants the data.
    stack.callback(server.stop)
    stack.callback(server.kill)
    return server
