"""The results as text: the tables of `results/bench.md`, and the block of figures in the README."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any

from benchmarks.contestants import ALL
from benchmarks.operations import TITLES
from benchmarks.statistics import Ratio, ratio

CONTESTANTS = {contestant.name: contestant.title for contestant in ALL}
KINDS = {
    "f1": "F1: statements alone",
    "f2": "F2: statements, dicts and orjson by hand",
    "gateway": "gateway",
    "gateway-reference": "gateway, engine off",
    "strawberry": "Strawberry + SQLAlchemy",
}
# One against another; the first pair is the same server twice and says how much is noise.
PAIRS = (
    ("gateway", "gateway-again"),
    ("gateway", "mercurius"),
    ("gateway", "graphql-jit"),
    ("gateway", "strawberry"),
    ("gateway", "floor"),
    ("gateway", "gateway-reference"),
    ("gateway", "gateway-aiomysql"),
    ("gateway-2", "gateway"),
)
Results = dict[str, Any]
Samples = Sequence[dict[str, float]]


def report(results: Results) -> str:
    """Everything that was measured, as Markdown."""
    lines = [
        "# Results",
        "",
        "Made by `./run bench` from `bench.json` beside it; `../README.md` says how to read it.",
    ]
    if "http" in results:
        lines += ["", *_machine(results["http"]), *_http(results["http"])]
    if "in_process" in results:
        lines += ["", *_in_process(results["in_process"])]
    for name, section in (("slopes", _slopes), ("crowd", _crowd), ("memory", _memory)):
        if name in results:
            lines += ["", *section(results[name])]
    return "\n".join(lines) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _machine(section: Results) -> Iterator[str]:
    machine = section["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    yield (
        f"Measured {section['measured'][:10]}: {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory_gib']} GiB, Linux {machine['kernel']}; Python {machine['python']}, Node {machine['node']}, "
        f"MariaDB {machine['mariadb']}, ClickHouse {machine['clickhouse']}, wrk {machine['wrk']}; {packages}."
    )


# --- over HTTP ----------------------------------------------------------------------------------------------


def _http(section: Results) -> Iterator[str]:
    yield ""
    yield (
        f"Over HTTP, {section['connections']} connections, {section['rounds']} rounds of {section['seconds']} s in "
        "turn. Times are medians over rounds; processor time (CPU) is in milliseconds per request."
    )
    for name, entries in section["operations"].items():
        yield ""
        yield f"## {TITLES[name].capitalize()}"
        yield ""
        yield f"{section['bytes'][name]:,} bytes."
        yield ""
        head = (
            "server", "requests/s", "p50 ms", "p99 ms", "CPU server", "CPU databases", "CPU client",
            "CPU elsewhere, % of the machine",
        )  # fmt: skip
        yield from _table(head, [_entry(key, samples) for key, samples in entries.items()])
        yield ""
        pairs = ("", "times the requests/s", "95 % interval", "times the CPU of the server", "95 % interval")
        yield from _table(pairs, list(_ratios(entries)))


def _entry(name: str, samples: Samples) -> list[str]:
    def middle(figure: str) -> float:
        return median(sample[figure] for sample in samples)

    return [
        CONTESTANTS[name],
        f"{middle('per_second'):,.0f}",
        f"{middle('p50'):.2f}",
        f"{middle('p99'):.2f}",
        f"{middle('server_cpu'):.3f}",
        f"{middle('database_cpu'):.3f}",
        f"{middle('client_cpu'):.3f}",
        f"{100 * middle('elsewhere'):.0f}",
    ]


def _ratios(entries: dict[str, Samples]) -> Iterator[list[str]]:
    for one, other in PAIRS:
        if one in entries and other in entries:
            rate, spent = (ratio_of(entries, one, other, figure) for figure in ("per_second", "server_cpu"))
            yield [f"{CONTESTANTS[one]} : {CONTESTANTS[other]}", *_cells(rate), *_cells(spent)]


def _cells(found: Ratio) -> list[str]:
    return [f"{found.value:.2f}", f"{found.low:.2f} to {found.high:.2f}"]


def ratio_of(entries: dict[str, Samples], one: str, other: str, figure: str = "per_second") -> Ratio:
    """How many times as much one has of a figure, round by round."""
    return ratio([sample[figure] for sample in entries[one]], [sample[figure] for sample in entries[other]])


# --- the rest -----------------------------------------------------------------------------------------------


def _in_process(section: Results) -> Iterator[str]:
    yield "## In process"
    yield ""
    yield "Milliseconds of processor time per execution, without HTTP; medians over rounds in turn."
    ways = {
        "one after the other": section["operations"],
        f"{section['at_once']} at once": section["together"],
    }
    for way, operations in ways.items():
        for name, kinds in operations.items():
            yield ""
            yield f"### {TITLES[name].capitalize()}, {way}"
            yield ""
            rows = []
            for kind, figures in kinds.items():
                found = ratio(figures, kinds["f2"])
                rows.append([KINDS[kind], f"{median(figures):.3f}", *_cells(found)])
            yield from _table(("", "ms", "times F2", "95 % interval"), rows)


def _slopes(section: Results) -> Iterator[str]:
    yield "## Slopes"
    titles = {
        "rows": "rows of eight fields",
        "joined_rows": "rows of the joined list",
        "fields": "fields of 100 rows",
    }
    for name, title in titles.items():
        found = section[name]
        yield ""
        yield f"### {title.capitalize()}"
        yield ""
        yield from _table(
            (title, "CPU gateway, ms", "CPU databases, ms"),
            [[f"{p['size']:,}", f"{p['gateway']:.3f}", f"{p['database']:.3f}"] for p in found["points"]],
        )
        yield ""
        yield from (
            f"- {side}: {1000 * line['slope']:.3f} ± {1000 * line['slope_error']:.3f} µs for each one more, "
            f"{1000 * line['intercept']:.0f} µs for none; the line explains {100 * line['explained']:.2f} %."
            for side, line in (("gateway", found["gateway"]), ("databases", found["database"]))
        )
    yield ""
    yield "### Leads in the table, a page of 100 in the middle of the list"
    yield ""
    yield from _table(
        ("leads", "CPU gateway, ms", "CPU databases, ms"),
        [
            [f"{p['size']:,}", f"{p['gateway']:.3f}", f"{p['database']:.3f}"]
            for p in section["table"]["points"]
        ],
    )


def _crowd(section: Results) -> Iterator[str]:
    yield "## A crowd"
    yield ""
    yield (
        f"{section['clients']} clients at once on the joined list of 20, for {section['seconds']:.0f} s: "
        f"{section['requests']:,} answers, {section['failed']} errors, {section['per_second']:,.0f} a second; "
        f"p50 {section['p50']:,.0f} ms, p95 {section['p95']:,.0f} ms, p99 {section['p99']:,.0f} ms; at most "
        f"{section['longest_queue']} requests waited to be read."
    )


def _memory(section: Results) -> Iterator[str]:
    line = section["bytes_per_text"]
    points = section["points"]
    yield "## Memory"
    yield ""
    yield (
        f"{section['texts']:,} texts, none of them twice: {points[0]['mib']:.0f} MiB at the start, "
        f"{points[-1]['mib']:.0f} MiB at the end; once the caches are full, {line['slope']:.1f} ± "
        f"{line['slope_error']:.1f} bytes for each further text."
    )
