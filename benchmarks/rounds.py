"""Rounds of load: in each, every contestant has its turn with every operation, one at a time, in a changing order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from benchmarks.contestants import Running
from benchmarks.load import LoadFailedError, Sample, put_under_load
from benchmarks.operations import Operation

FEWEST = 10
SLOW = 4

Say = Callable[[str], None]
# By operation, then contestant: one sample a round.
Samples = dict[str, dict[str, list[dict[str, float]]]]


@dataclass
class Rounds:
    """Everything that was measured over HTTP, and how far into the file of new texts each contestant is."""

    databases: Sequence[int]
    tokens: Mapping[str, str]
    seconds: int
    say: Say
    samples: Samples = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    _sent: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def run(self, contestants: Sequence[Running], operations: Sequence[Operation], count: int) -> None:
        """So many rounds of all operations. Raises LoadFailedError where a request fails."""
        for operation in operations:
            able = [one for one in contestants if one.contestant.can(operation)]
            for one in able:
                self._load(one, operation, 1)
            for number in range(count):
                # The order turns, so that nobody always comes after the same neighbour.
                for one in (*able[number % len(able) :], *able[: number % len(able)]):
                    sample = self._taken(one, operation)
                    self.samples[operation.name][one.name].append(asdict(sample))
            self._report(operation)

    def _taken(self, one: Running, operation: Operation) -> Sample:
        """One round's sample, of a longer time where a server is so slow that a short one says nothing."""
        sample = self._load(one, operation, self.seconds)
        return sample if sample.requests >= FEWEST else self._load(one, operation, SLOW * self.seconds)

    def _load(self, one: Running, operation: Operation, seconds: int) -> Sample:
        sample = put_under_load(
            one,
            operation,
            self.tokens[operation.caller],
            databases=self.databases,
            seconds=seconds,
            skip=self._sent[one.name] if operation.bodies else 0,
        )
        if operation.bodies:
            # wrk makes a few requests ahead of those that it counts.
            self._sent[one.name] += sample.requests + 100
        if sample.failed:
            raise LoadFailedError(
                f"{operation.name}: {sample.failed} of {sample.requests} requests to {one.name} failed"
            )
        return sample

    def _report(self, operation: Operation) -> None:
        best = {
            name: max(sample["per_second"] for sample in samples)
            for name, samples in self.samples[operation.name].items()
        }
        figures = ", ".join(f"{name} {rate:,.0f}" for name, rate in best.items())
        self.say(f"{operation.title}: requests a second at best: {figures}")
