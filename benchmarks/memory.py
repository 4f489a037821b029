"""Whether 100,000 texts that nobody has seen before leave anything behind in the gateway's memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from benchmarks import cpu
from benchmarks.contestants import Running
from benchmarks.load import LoadFailedError, put_under_load
from benchmarks.operations import mix
from benchmarks.servers import Databases
from benchmarks.statistics import fit_line

TEXTS = 100_000
# By then all caches are full: the last was at 44,000.
WARM_TEXTS = 50_000
SECONDS = 4
MEBIBYTE = 2**20

Say = Callable[[str], None]


def measure_memory(
    one: Running, token: str, databases: Databases, say: Say, *, texts: int = TEXTS
) -> dict[str, Any]:
    """Resident memory after so many texts, and what a text adds once the caches are full. Raises LoadFailedError."""
    operation = mix()
    sent, points = 0, [(0, cpu.memory_of_tree(one.process.pid))]
    while sent < texts:
        sample = put_under_load(one, operation, token, databases=databases.pids(), seconds=SECONDS, skip=sent)
        if sample.failed:
            raise LoadFailedError(f"mix: {sample.failed} requests failed")
        # wrk makes a few requests ahead of those that it counts.
        sent += sample.requests + 100
        points.append((sent, cpu.memory_of_tree(one.process.pid)))
        say(f"  {sent:>7,} texts: {points[-1][1] / MEBIBYTE:.1f} MiB")
    warm = [point for point in points if point[0] >= min(WARM_TEXTS, texts // 2)]
    line = fit_line([float(count) for count, _ in warm], [float(held) for _, held in warm])
    return {
        "texts": sent,
        "points": [{"texts": count, "mib": held / MEBIBYTE} for count, held in points],
        "bytes_per_text": asdict(line),
    }
