"""The figures of subscriptions as text: `results/fan_out.md`, from `fan_out.json` beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.places import RESULTS

LIVE = RESULTS / "fan_out.json"
Results = dict[str, Any]


def live_report(results: Results) -> str:
    """Everything that was measured, as Markdown."""
    lines = [
        "# Subscriptions",
        "",
        "Made by `./run bench fan-out` and `./run bench socket-memory` from `fan_out.json` beside it.",
    ]
    for name, section in (("fan_out", _fan_out), ("socket_memory", _socket_memory)):
        if name in results:
            lines += ["", *section(results[name])]
    return "\n".join(lines) + "\n"


def _measured(section: Results) -> str:
    machine = section["machine"]
    return (
        f"Measured {section['measured'][:10]}: {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory_gib']} GiB, Linux {machine['kernel']}; Python {machine['python']}."
    )


def _fan_out(section: Results) -> Iterator[str]:
    yield "## One change to many subscribers"
    yield ""
    yield _measured(section)
    yield ""
    yield (
        f"{section['subscribers']:,} WebSockets on one worker, MariaDB {section['mariadb']}, Redis {section['redis']}; "
        f"{section['changes']} changes, each made by SQL once everybody has the one before. Times are milliseconds "
        "from the commit to the arrival at the last subscriber; the clients share the machine's cores. Processor time "
        "(CPU) is in milliseconds per message, the capture and the reading included."
    )
    yield ""
    head = (
        "scopes",
        "who see it",
        "p50 ms",
        "p99 ms",
        "longest ms",
        "CPU gateway",
        "CPU databases",
        "CPU client",
    )
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for found in section["crowds"]:
        yield (
            f"| {found['scopes']:,} | {found['reached']:,} | "
            f"{found['p50']:.1f} | {found['p99']:.1f} | {found['longest']:.1f} | "
            f"{found['gateway_cpu']:.4f} | {found['database_cpu']:.4f} | {found['client_cpu']:.4f} |"
        )


def _socket_memory(section: Results) -> Iterator[str]:
    line = section["bytes_per_connect"]
    points = section["points"]
    yield "## Memory of a worker"
    yield ""
    yield _measured(section)
    yield ""
    yield (
        f"{section['empty_mib']:.0f} MiB before the first socket, {section['crowd_mib']:.0f} MiB with "
        f"{section['crowd']:,} subscribers. While these stay and get {section['changes']:,} changes, others connect, "
        f"subscribe and leave {section['connects']:,} times, half of them without a word, and one reads nothing of "
        f"what it has asked for ({section['deaf_cut_off']} times it was cut off, and came again): "
        f"{points[len(points) // 2]['mib']:.0f} MiB after half of them, {points[-1]['mib']:.0f} MiB at the end, "
        f"{section['left_mib']:.0f} MiB when all have left. In the last third each connect adds {line['slope']:.0f} ± "
        f"{line['slope_error']:.0f} bytes."
    )
