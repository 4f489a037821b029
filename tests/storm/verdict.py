"""Whether each subscriber has exactly what is theirs: the database's history against what came, row by row."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tests.storm.history import Change, Changes
from tests.storm.subscriber import Received, Subscriber

SHOWN = 6


@dataclass
class Verdict:
    """What was found. `delays` are seconds from each change (not its commit) to an arrival, with the latter's time."""

    expected: int = 0
    received: int = 0
    problems: list[str] = field(default_factory=list)
    delays: list[tuple[float, float]] = field(default_factory=list)


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


def is_complete(subscriber: Subscriber, wanted: Mapping[int, Sequence[Change]]) -> bool:
    """Whether as much has come as should; of one who began later, the newest of each row."""
    if not subscriber.is_late:
        return subscriber.events >= sum(map(len, wanted.values()))
    newest = {row_id: due[-1] for row_id, due in wanted.items() if due[-1].at > subscriber.since}
    return all(_has_come(subscriber, row_id, change) for row_id, change in newest.items())


def _has_come(subscriber: Subscriber, row_id: int, newest: Change) -> bool:
    came = subscriber.received.get(row_id)
    return came is not None and _same(came[-1], newest)


def judge(subscribers: Sequence[Subscriber], changes: Changes) -> Verdict:
    """Compares all."""
    verdict = Verdict()
    for subscriber in subscribers:
        wanted = expected_of(subscriber, changes)
        problems = [*subscriber.problems, *_differences(subscriber, wanted)]
        verdict.problems += [f"{subscriber.name} {problem}" for problem in problems[:SHOWN]]
        verdict.expected += sum(len(_due(subscriber, row_id, wanted)) for row_id in _rows(subscriber, wanted))
        verdict.received += subscriber.events
        verdict.delays += _delays(subscriber.received, wanted)
    return verdict


def _differences(subscriber: Subscriber, wanted: Mapping[int, Sequence[Change]]) -> Iterator[str]:
    for row_id in _rows(subscriber, wanted):
        came, due = subscriber.received.get(row_id, []), _due(subscriber, row_id, wanted)
        if len(came) != len(due) or not all(map(_same, came, due)):
            yield f"row {row_id}: {_difference(came, due)}"


def _rows(subscriber: Subscriber, wanted: Mapping[int, Sequence[Change]]) -> list[int]:
    return sorted(wanted.keys() | subscriber.received.keys())


def _due(subscriber: Subscriber, row_id: int, wanted: Mapping[int, Sequence[Change]]) -> Sequence[Change]:
    """What has to come of a row: of one who began later, at least what was changed after their first cursor."""
    due = wanted.get(row_id, [])
    if not subscriber.is_late:
        return due
    left_out = due[: max(0, len(due) - len(subscriber.received.get(row_id, [])))]
    return due[len(left_out) :] if all(change.at <= subscriber.since for change in left_out) else due


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
) -> Iterator[tuple[float, float]]:
    for row_id, came in received.items():
        # From the newest on: whoever began later has no older ones.
        for one, due in zip(reversed(came), reversed(wanted.get(row_id, ())), strict=False):
            yield one.at - due.at, one.at


def longest_by_fault(verdict: Verdict, begun: Sequence[tuple[float, str]]) -> dict[str, float]:
    """The longest delay of what came after each kind of fault, and before the next one."""
    found: dict[str, float] = {}
    for delay, at in verdict.delays:
        place = bisect(begun, (at, ""))
        name = begun[place - 1][1] if place else "no fault"
        found[name] = max(delay, found.get(name, 0.0))
    return found
