"""`python -m tests.servers install`, and `python -m tests.servers run mariadb redis …` for a developer."""

import argparse
import signal
import sys
import threading
import time
from contextlib import ExitStack

from tests.servers import catalogue
from tests.servers.install import ServerMissingError, given_address, install_all
from tests.servers.process import ServerFailedError


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("install", "install what is missing"), ("run", "start servers until Ctrl-C")):
        command = commands.add_parser(name, help=text)
        command.add_argument(
            "servers", nargs="*", metavar="server", help=f"some of: {', '.join(catalogue.BY_NAME)}"
        )
    arguments = parser.parse_args()
    unknown = set(arguments.servers) - set(catalogue.BY_NAME)
    if unknown:
        parser.error(f"unknown server: {', '.join(sorted(unknown))}")
    chosen = [catalogue.BY_NAME[name] for name in arguments.servers] or list(catalogue.ALL)
    return install_servers(chosen) if arguments.command == "install" else run_servers(chosen)


def install_servers(chosen: list[catalogue.ServerDescription]) -> int:
    """Install what is missing, and say what is where; 1 when something can't be had."""
    started = time.monotonic()
    wanted = [description for description in chosen if given_address(description) is None]
    for description in set(chosen) - set(wanted):
        _say(f"{description.title}: at the address in {description.variable}")
    outcomes = install_all(wanted, _say)
    for description, outcome in zip(wanted, outcomes, strict=True):
        if isinstance(outcome, ServerMissingError):
            _say(str(outcome))
        else:
            _say(f"{description.title}: {outcome.binary} ({outcome.origin.value})")
    _say(f"servers: looked for in {time.monotonic() - started:.1f} s")
    return int(any(isinstance(outcome, ServerMissingError) for outcome in outcomes))


def run_servers(chosen: list[catalogue.ServerDescription]) -> int:
    """Start servers, print their addresses as environment lines, stop them at Ctrl-C or SIGTERM."""
    # The clients of all servers are loaded only to start one: `install` answers at once.
    from tests.servers.start import start_server

    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with ExitStack() as running:
        for description in chosen:
            try:
                server = start_server(description)
            except (ServerMissingError, ServerFailedError) as problem:
                _say(str(problem))
                return 1
            running.callback(server.stop)
            _say(f"# {description.title} {server.version} ({server.origin.value})")
            _say(f"{description.variable or '# WebDriver'}={server.address}")
            if ended.is_set():
                return 0
        ended.wait()
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
