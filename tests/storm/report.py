"""What a storm was and what came of it, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

PROBLEMS_SHOWN = 40


@dataclass
class Report:
    """The figures of a storm. `problems` must be empty; delays are in seconds."""

    title: str
    seconds: float
    settling_seconds: float
    changes: int
    asked: int
    repeated: int
    transactions: int
    rolled_back: int
    expected: int
    received: int
    partial: int
    connects: int
    faults: Mapping[str, int]
    takeovers: Sequence[float]
    stop_seconds: Sequence[float]
    delays: Sequence[float]
    longest_by_fault: Mapping[str, float]
    ends: Counter[str]
    lost: Counter[str]
    direct_failures: Counter[str]
    logged: Counter[str]
    problems: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """For people."""
        yield self.title
        yield (
            f"  {self.seconds:.0f} s of storm, {self.settling_seconds:.1f} s until everybody had everything; "
            f"{self.changes:,} committed changes, {self.asked:,} mutations ({self.repeated:,} asked again), "
            f"{self.transactions:,} transactions in the database and {self.rolled_back:,} rolled back"
        )
        yield f"  {self.expected:,} events were due, {self.received:,} came, {self.partial:,} of them in part"
        yield f"  faults: {_counts(self.faults)}"
        yield f"  {self.connects:,} connections, ended by: {_counts(self.ends)}"
        yield f"  answers to mutations that were lost or put off: {_counts(self.lost)}"
        yield f"  direct writers were stopped by: {_counts(self.direct_failures)}"
        yield f"  workers logged: {_counts(self.logged)}"
        yield f"  takeovers of the capture, s: {_seconds(self.takeovers)}"
        yield f"  workers ended after SIGTERM within, s: {_seconds(self.stop_seconds)}"
        yield f"  from change to arrival, s: {self._delays()}"
        longest = sorted(self.longest_by_fault.items(), key=lambda item: -item[1])
        yield f"  longest after: {', '.join(f'{name} {delay:.1f}' for name, delay in longest)}"
        yield f"  problems: {len(self.problems)}"
        yield from (f"    {problem}" for problem in self.problems[:PROBLEMS_SHOWN])

    def _delays(self) -> str:
        found = sorted(self.delays)
        if not found:
            return "nothing came"
        return ", ".join(
            f"{name} {found[min(len(found) - 1, int(share * len(found)))]:.3f}"
            for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("longest", 1.0))
        )


def _counts(counted: Mapping[str, int]) -> str:
    found = sorted(counted.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {count:,}" for name, count in found) or "none"


def _seconds(found: Sequence[float]) -> str:
    return ", ".join(f"{one:.1f}" for one in found) or "none"
