"""Whether each subscriber has exactly what is theirs: the database's history against what came, row by row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.storm.history import Change, Changes
from tests.storm.subscriber import Received, Subscriber

SHOWN = 6


@dataclass
class Verdict:
    """What was found. `delays` are seconds from each change (not its commit) to its arrival at each subscriber."""

    expected: int = 0
    received: int = 0
    problems: list[str] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)


def expected_of(subscriber: Subscriber, changes: Changes) -> dict[int, list[Change]]:
    """Every committed change that a subscriber asks for and may see, by row, in the order of commits."""
    topic = subscriber.topic
    visible = subscriber.caller.sees[topic.subject]
    found: dict[int, list[Change]] = {}
    for row_id, history in changes[topic.subject].items():
        if row_id in visible:
            wanted = [change for change in history if topic.matches(row_id, change)]
            if wanted:
                found[row_id] = wanted
    return found


def is_complete(subscriber: Subscriber, changes: Changes) -> bool:
    """Whether as much has come as should; of one who began later, the newest of each row."""
    return all(
        subscriber.received.get(row_id) and _same(subscriber.received[row_id][-1], wanted[-1])
        for row_id, wanted in expected_of(subscriber, changes).items()
        if wanted[-1].at > subscriber.since
    ) and (
        subscriber.is_late or subscriber.events >= sum(map(len, expected_of(subscriber, changes).values()))
    )


def judge(subscribers: Sequence[Subscriber], changes: Changes) -> Verdict:
    """Compares all."""
    verdict = Verdict()
    for subscriber in subscribers:
        wanted = expected_of(subscriber, changes)
        problems = [*subscriber.problems, *_differences(subscriber, wanted)]
        verdict.problems += [f"{subscriber.name} {problem}" for problem in problems[:SHOWN]]
        verdict.expected += sum(map(len, wanted.values()))
        verdict.received += subscriber.events
        verdict.delays += _delays(subscriber.received, wanted)
    return verdict


def _differences(subscriber: Subscriber, wanted: Mapping[int, Sequence[Change]]) -> Iterator[str]:
    for row_id in sorted(wanted.keys() | subscriber.received.keys()):
        came, due = subscriber.received.get(row_id, []), wanted.get(row_id, [])
        left_out = due[: len(due) - len(came)] if subscriber.is_late else []
        # Who began later may be without what was committed before their first cursor, and nothing else.
        if all(change.at <= subscriber.since for change in left_out):
            due = due[len(left_out) :]
        if len(came) == len(due) and all(map(_same, came, due)):
            continue
        yield f"row {row_id}: {_difference(came, due)}"


def _difference(came: Sequence[Received], due: Sequence[Change]) -> str:
    place = next((place for place, pair in enumerate(zip(came, due, strict=False)) if not _same(*pair)), None)
    place = min(len(came), len(due)) if place is None else place
    return (
        f"{len(came)} events came, {len(due)} are due; from number {place} on came {_text(came[place:])}, "
        f"due were {_text(due[place:])}"
    )


def _text(events: Sequence[Received] | Sequence[Change]) -> str:
    return (
        ", ".join(f"{event.previous}→{event.status} at {event.at:.3f}" for event in events[:3]) or "nothing"
    )


def _same(came: Received, due: Change) -> bool:
    return (came.previous, came.status) == (due.previous, due.status)


def _delays(
    received: Mapping[int, Sequence[Received]], wanted: Mapping[int, Sequence[Change]]
) -> Iterator[float]:
    for row_id, came in received.items():
        # From the newest on: whoever began later has no older ones.
        for one, due in zip(reversed(came), reversed(wanted.get(row_id, ())), strict=False):
            yield one.at - due.at
