"""`./run bench`: everything, or one of its parts."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cyclopts

from benchmarks import contestants, in_process
from benchmarks.answers import DifferentAnswersError, check_answers
from benchmarks.contestants import ALL, OURS, Contestant, Placement, log_in, running
from benchmarks.crowd import measure_crowd
from benchmarks.estate import ensure_estate
from benchmarks.fan_out import measure_fan_out
from benchmarks.live_report import LIVE, live_report
from benchmarks.load import CONNECTIONS, LoadFailedError
from benchmarks.machine import describe_host, describe_machine
from benchmarks.memory import TEXTS, measure_memory
from benchmarks.operations import Operation, ensure_new_texts, read_operations
from benchmarks.plot import draw
from benchmarks.readme import MarkersMissingError, write_figures
from benchmarks.report import report
from benchmarks.results import QUICK, WHOLE, Results, write_section
from benchmarks.rounds import Rounds
from benchmarks.servers import Databases, open_databases
from benchmarks.slopes import measure_slopes
from benchmarks.socket_memory import measure_socket_memory
from tests.servers.install import ServerMissingError
from tests.servers.process import ServerFailedError

CALLERS = ("admin", "salesperson")
QUICK_OPERATIONS = ("mobile", "joined", "team")
QUICK_CONTESTANTS = (
    contestants.OURS,
    contestants.AGAIN,
    contestants.STRAWBERRY,
    contestants.MERCURIUS,
    contestants.FLOOR,
)
IN_PROCESS = ("joined", "flat", "mobile")

app = cyclopts.App(name="./run bench", help=__doc__)


def say(line: str) -> None:
    """Prints at once, also into a file."""
    print(line, flush=True)


@app.default
def bench(
    *,
    quick: bool = False,
    rounds: int | None = None,
    seconds: int = 1,
    operation: tuple[str, ...] = (),
    contestant: tuple[str, ...] = (),
    without_node: bool = False,
) -> None:
    """Measures the gateway beside its peers and the floors, over HTTP and in process.

    Parameters
    ----------
    quick: Few operations, peers and rounds; the results go to .gateway/bench, not into the checkout.
    rounds: How many rounds; 6, or 3 where it has to be quick.
    seconds: How long a contestant is loaded in a round.
    operation: Only this operation; can be given several times. The results are kept as those of --quick.
    contestant: Only this server; can be given several times. The results are kept as those of --quick.
    without_node: Leave out the peers that need Node.
    """
    partial = quick or bool(operation or contestant or without_node)
    path = QUICK if partial else WHOLE
    chosen = _operations(operation or (QUICK_OPERATIONS if quick else ()))
    servers = _contestants(contestant, QUICK_CONTESTANTS if quick else ALL, without_node=without_node)
    count = rounds or (3 if quick else 6)
    started = time.monotonic()
    with open_databases() as databases:
        ensure_estate(databases, say)
        ensure_new_texts()
        machine = describe_machine(databases)
        section = _over_http(databases, chosen, servers, rounds=count, seconds=seconds)
        write_section(path, "http", section, machine)
        section = _in_process(databases, chosen, rounds=count)
        results = write_section(path, "in_process", section, machine)
    _write_report(path, results)
    say(f"Measured in {time.monotonic() - started:.0f} s: {path.with_suffix('.md')}")


def _operations(names: Sequence[str]) -> list[Operation]:
    found = read_operations()
    unknown = set(names) - set(found)
    if unknown:
        raise SystemExit(f"bench: there is no operation {', '.join(unknown)}; there are {', '.join(found)}")
    return [found[name] for name in names or found]


def _contestants(
    names: Sequence[str], usual: Sequence[Contestant], *, without_node: bool
) -> list[Contestant]:
    known = {one.name: one for one in ALL}
    unknown = set(names) - set(known)
    if unknown:
        raise SystemExit(f"bench: there is no server {', '.join(unknown)}; there are {', '.join(known)}")
    found = [known[name] for name in dict.fromkeys((OURS.name, *names))] if names else list(usual)
    return [one for one in found if not (without_node and one.command[0] == "node")]


def _over_http(
    databases: Databases,
    operations: Sequence[Operation],
    servers: Sequence[Contestant],
    *,
    rounds: int,
    seconds: int,
) -> dict[str, Any]:
    with running(Placement(databases), servers) as started:
        tokens = log_in(started[OURS.name], CALLERS)
        say("Comparing answers ...")
        sizes = check_answers(started.values(), operations, tokens)
        taking = Rounds(databases.pids(), tokens, seconds, say)
        taking.run(list(started.values()), operations, rounds)
        say("Comparing answers once more ...")
        check_answers(started.values(), operations, tokens)
        return {
            "rounds": rounds,
            "seconds": seconds,
            "connections": CONNECTIONS,
            "audit_reads": True,
            "bytes": sizes,
            "operations": taking.samples,
        }


def _in_process(databases: Databases, operations: Sequence[Operation], *, rounds: int) -> dict[str, Any]:
    placement = Placement(databases)
    with running(placement, (OURS,)) as started:
        tokens = log_in(started[OURS.name], CALLERS)
    alone, together = (
        {
            operation.name: in_process.measure_in_process(
                placement, operation, tokens[operation.caller], rounds=rounds, at_once=at_once
            )
            for operation in operations
            if operation.name in IN_PROCESS
        }
        for at_once in (1, in_process.AT_ONCE)
    )
    return {"rounds": rounds, "operations": alone, "at_once": in_process.AT_ONCE, "together": together}


@app.command
def slopes(*, rounds: int = 5, seconds: int = 2) -> None:
    """What more rows, more fields and more leads in the table cost."""
    with open_databases() as databases:
        ensure_estate(databases, say)
        section = measure_slopes(databases, rounds=rounds, seconds=seconds, say=say)
        _finish("slopes", section, databases)


@app.command
def crowd(*, seconds: int = 20) -> None:
    """500 clients at once."""
    with open_databases() as databases:
        ensure_estate(databases, say)
        with running(Placement(databases), (OURS,)) as started:
            one = started[OURS.name]
            section = measure_crowd(one, log_in(one, CALLERS)["admin"], databases, seconds=seconds)
        _finish("crowd", section, databases)
    if section["failed"]:
        raise SystemExit(f"bench: {section['failed']} requests failed")


@app.command
def memory(*, texts: int = TEXTS) -> None:
    """100,000 texts that nobody has seen before."""
    with open_databases() as databases:
        ensure_estate(databases, say)
        ensure_new_texts()
        with running(Placement(databases), (OURS,)) as started:
            one = started[OURS.name]
            section = measure_memory(one, log_in(one, CALLERS)["admin"], databases, say, texts=texts)
        _finish("memory", section, databases)


@app.command
def fan_out(*, changes: int = 200, subscribers: int = 1_000, scope: tuple[int, ...] = (1, 10, 1_000)) -> None:
    """One change to a thousand subscribers: until the last of them has it."""
    _finish_live(
        "fan_out", measure_fan_out(say, changes=changes, subscribers=subscribers, scopes=scope or (1,))
    )


@app.command
def socket_memory(*, crowd: int = 1_000, connects: int = 20_000) -> None:
    """A worker's memory while sockets idle, come and go, and one isn't read."""
    _finish_live("socket_memory", measure_socket_memory(say, crowd=crowd, connects=connects))


@app.command
def readme() -> None:
    """Writes the figures of the results into the README."""
    write_figures()


def _finish(name: str, section: dict[str, Any], databases: Databases) -> None:
    results = write_section(WHOLE, name, section, describe_machine(databases))
    _write_report(WHOLE, results)
    heading = {"slopes": "## Slopes", "crowd": "## A crowd", "memory": "## Memory"}[name]
    say(report(results).partition(heading)[2].partition("\n## ")[0].strip())


def _finish_live(name: str, section: dict[str, Any]) -> None:
    results = write_section(LIVE, name, section, describe_host())
    LIVE.with_suffix(".md").write_text(live_report(results))
    say(f"Written to {LIVE.with_suffix('.md')}")


def _write_report(path: Path, results: Results) -> None:
    text = report(results)
    path.with_suffix(".md").write_text(text)
    if "http" in results:
        path.with_suffix(".svg").write_text(draw(results["http"]))


def main() -> None:
    """Runs a command; what goes wrong is said in words."""
    try:
        app()
    except (
        DifferentAnswersError,
        LoadFailedError,
        MarkersMissingError,
        ServerMissingError,
        ServerFailedError,
    ) as error:
        sys.exit(f"bench: {error}")


if __name__ == "__main__":
    main()
