"""What every running server offers to a test, whether started here or given by the environment."""

import shutil
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.catalogue import ServerDescription
from tests.servers.install import Origin
from tests.servers.process import ServerProcess


class NotStartedHereError(Exception):
    """A server given by the environment was asked to stop, pause or die: it is not ours to touch."""


@dataclass
class RunningServer(ABC):
    """A server that answers on `host`:`port`; `version` is what the server itself says it is."""

    description: ServerDescription
    origin: Origin
    host: str
    port: int
    process: ServerProcess | None = None
    """None for a server given by the environment."""
    folder: Path | None = None
    """Its data, removed by `stop`; None for a server given by the environment."""
    version: str = field(default="", init=False)

    @abstractmethod
    def ask_version(self) -> str:
        """The version that the server answers with; any exception means that it does not answer."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Its address in the form of the description's environment variable."""

    def prepare(self) -> None:  # noqa: B027 (most servers need nothing)
        """Make what tests expect to find, such as a bucket. Called once, when the server answers."""

    def start(self) -> None:
        """Start the process where there is one, and wait until the server answers."""
        if self.process is not None:
            self.process.start(self._answers)
        self.version = self.ask_version()
        self.prepare()

    def stop(self) -> None:
        """End the process and remove its data. Does nothing to a server given by the environment."""
        if self.process is not None:
            self.process.stop()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def pause(self) -> None:
        """SIGSTOP: connections stay open, and nothing answers until `resume`."""
        self._own_process().pause()

    def resume(self) -> None:
        """SIGCONT."""
        self._own_process().resume()

    def kill(self) -> None:
        """SIGKILL. `restart` brings it back."""
        self._own_process().kill()

    def restart(self) -> None:
        """End it in order, unless it was killed, and start it on the same port and data."""
        process = self._own_process()
        process.stop()
        process.start(self._answers)

    def _own_process(self) -> ServerProcess:
        if self.process is None:
            raise NotStartedHereError(
                f"{self.description.title} is given by {self.description.variable}: it can't be stopped or "
                "paused from here; unset the variable to run this test"
            )
        return self.process

    def _answers(self) -> bool:
        try:
            self.ask_version()
        except Exception:  # while it starts, it refuses in whatever way its client reports
            return False
        return True
