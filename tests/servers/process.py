"""One operating-system process of a server: started, paused, resumed, killed and stopped.

The server modules use it. A process never outlives the one that started it.
"""

import errno
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom

START_SECONDS = 60.0
STOP_SECONDS = 15.0
LOG_LINES_SHOWN = 15
# Where Linux takes none from for whoever asks for just any.
PORTS = range(20_000, 32_768)


class ServerFailedError(Exception):
    """A server stopped at its start, or did not answer in time; the text ends with its log."""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nothing listens on."""
    [port] = free_ports(1)
    return port


def free_ports(count: int) -> list[int]:
    """So many different ones, which nobody is given by chance until a server listens on them, or does so again."""
    with ExitStack() as kept:
        found: list[int] = []
        while len(found) < count:
            port = SystemRandom().choice(PORTS)
            listener = kept.enter_context(socket.socket())
            try:
                listener.bind(("127.0.0.1", port))
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                continue
            found.append(port)
        return found


def run_to_end(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    given: bytes = b"",
    said: bytes | None = None,
    seconds: float = START_SECONDS,
) -> None:
    """Run a preparing step of a server with `given` on its standard input; ServerFailedError if it fails.

    After `seconds` it is killed. That is no failure where its log has `said` by then: some do their work
    and then hang.
    """
    with log.open("ab") as output:
        try:
            done = subprocess.run(
                command,
                env={**os.environ, **environment},
                input=given,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as late:
            if said is not None and said in log.read_bytes():
                return
            raise ServerFailedError(f"{command[0]} did not end in time:\n{log_tail(log)}") from late
    if done.returncode != 0:
        raise ServerFailedError(f"{command[0]} ended with {done.returncode}:\n{log_tail(log)}")


def log_tail(log: Path) -> str:
    """The last lines of a server's log, for an error message."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:])


class ServerProcess:
    """A server's process; `start` can be called again after `stop` or `kill`."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        self._command = list(command)
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._running().pid

    def start(self, answers: Callable[[], bool]) -> None:
        """Start, and wait until `answers` says true. Raises ServerFailedError."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env={**os.environ, **self._environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal is for the tests, which stop it in order
            )
        self._guard = _guard_process(self._process.pid)
        deadline = time.monotonic() + START_SECONDS
        while not answers():
            if self._process.poll() is not None:
                self._release_guard()
                raise ServerFailedError(f"{self._command[0]} stopped at its start:\n{log_tail(self.log)}")
            if time.monotonic() > deadline:
                self.kill()
                raise ServerFailedError(f"{self._command[0]} did not answer in time:\n{log_tail(self.log)}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it in order (SIGTERM), or by force after a while. Stopping twice is harmless."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()
        self._process = None
        self._release_guard()

    def pause(self) -> None:
        """SIGSTOP: connections stay open, and nothing answers once this returns."""
        process = self._running()
        process.send_signal(signal.SIGSTOP)
        # Each thread goes on until it notices: long enough to answer a fast client.
        while not _all_stopped(process.pid):
            time.sleep(0.001)

    def resume(self) -> None:
        """SIGCONT."""
        self._running().send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL: nothing is flushed, connections are reset."""
        process = self._running()
        process.kill()
        process.wait()
        self._process = None
        self._release_guard()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError(f"{self._command[0]} is not running")
        return self._process

    def _release_guard(self) -> None:
        if self._guard is not None:
            self._guard.communicate(b"ended\n")
            self._guard = None


def _guard_process(pid: int) -> subprocess.Popen[bytes]:
    """A process that kills `pid` once this one has died without a word: its standard input then closes."""
    return subprocess.Popen(
        ["/bin/sh", "-c", 'read -r word || kill -KILL "$0"', str(pid)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )


def _all_stopped(pid: int) -> bool:
    """Whether every thread of a process is stopped."""
    return all(_state(thread) in "Tt" for thread in Path(f"/proc/{pid}/task").iterdir())


def _state(thread: Path) -> str:
    try:
        # The name before it is in brackets, and may hold anything.
        return (thread / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
    except OSError:
        return "T"  # it has ended meanwhile
