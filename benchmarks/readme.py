"""The block of figures in the project's README: made from the results alone, between two markers."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from benchmarks.live_report import LIVE
from benchmarks.operations import TITLES
from benchmarks.places import README
from benchmarks.report import ratio_of
from benchmarks.results import WHOLE, read_results

BEGIN = "<!-- figures: begin (made by ./run bench readme) -->"
END = "<!-- figures: end -->"
COLUMNS = {
    "gateway": "gateway",
    "gateway-2": "2 workers",
    "gateway-reference": "engine off",
    "strawberry": "Strawberry",
    "mercurius": "Mercurius",
    "graphql-jit": "graphql-jit",
    "floor": "by hand (F3)",
}


class MarkersMissingError(Exception):
    """The README has no place for the figures."""


def block(results: dict[str, Any], live: dict[str, Any]) -> str:
    """What stands between the markers; `live` are the results of subscriptions."""
    lines: list[str] = []
    if "http" in results:
        lines += list(_http(results["http"]))
    if "in_process" in results:
        lines += ["", *_in_process(results["in_process"])]
    if "crowd" in results:
        lines += ["", *_crowd(results["crowd"])]
    if "fan_out" in live:
        lines += ["", *_fan_out(live["fan_out"])]
    return "\n".join(lines) + "\n"


def _http(section: dict[str, Any]) -> Iterator[str]:
    machine = section["machine"]
    yield (
        f"Requests per second over HTTP on {machine['cores']} cores that server, databases and client share; 200,000 "
        f"leads, MariaDB {machine['mariadb'].split('-')[0]}, {section['connections']} connections:"
    )
    yield ""
    yield f"| | {' | '.join(COLUMNS.values())} | gateway : Mercurius |"
    yield f"| --- |{' ---: |' * (len(COLUMNS) + 1)}"
    for name, entries in section["operations"].items():
        cells = [
            f"{median(sample['per_second'] for sample in entries[key]):,.0f}" if key in entries else ""
            for key in COLUMNS
        ]
        times = ""
        if {"gateway", "mercurius"} <= set(entries):
            found = ratio_of(entries, "gateway", "mercurius")
            times = f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f})"
        yield f"| {TITLES[name]} | {' | '.join(cells)} | {times} |"


def _in_process(section: dict[str, Any]) -> Iterator[str]:
    yield f"Processor time in process, milliseconds, one after the other and {section['at_once']} at once:"
    yield ""
    yield "| | gateway | the same statements and orjson by hand | plain Strawberry |"
    yield "| --- | ---: | ---: | ---: |"
    for name, alone in section["operations"].items():
        together = section["together"][name]
        cells = [
            f"{median(alone[kind]):.2f}, {median(together[kind]):.2f}"
            for kind in ("gateway", "f2", "strawberry")
        ]
        yield f"| {TITLES[name]} | {' | '.join(cells)} |"


def _crowd(section: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{section['clients']} clients at once on the joined list of 20: {section['failed']} errors, p95 "
        f"{section['p95']:,.0f} ms."
    )


def _fan_out(section: dict[str, Any]) -> Iterator[str]:
    yield (
        f"From the commit of a change by SQL until the last of {section['subscribers']:,} sockets on one worker has it "
        "([more](benchmarks/results/fan_out.md)):"
    )
    yield ""
    yield "| different scopes | subscribers who see the row | p50 | p99 |"
    yield "| ---: | ---: | ---: | ---: |"
    for crowd in section["crowds"]:
        yield (
            f"| {crowd['scopes']:,} | {crowd['reached']:,} | {crowd['p50']:,.0f} ms | {crowd['p99']:,.0f} ms |"
        )


def write_figures() -> None:
    """Puts the block into the README. Raises MarkersMissingError."""
    text = README.read_text()
    start, end = _place(text)
    README.write_text(text[:start] + block(read_results(WHOLE), read_results(LIVE)) + text[end:])


def figures_in_readme() -> str:
    """What stands between the markers now. Raises MarkersMissingError."""
    text = README.read_text()
    start, end = _place(text)
    return text[start:end]


def _place(text: str) -> tuple[int, int]:
    start, end = text.find(BEGIN), text.find(END)
    if start < 0 or end < start:
        raise MarkersMissingError(f"README.md needs the lines {BEGIN!r} and {END!r}")
    return start + len(BEGIN) + 1, end
