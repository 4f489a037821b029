"""A small storm: each fault at least once. `python -m tests.storm` runs a large one."""

from __future__ import annotations

from tests.storm.options import Options
from tests.storm.storm import run_storm

SMALL = Options(
    subscribers=40,
    changes=1_500,
    workers=2,
    leads=1_500,
    minutes=0.9,
    connected_seconds=8.0,
    patience_seconds=30.0,
)


def test_everybody_has_exactly_what_is_theirs_whatever_fails() -> None:
    report = run_storm(SMALL)
    said = "\n".join(report.lines())
    print(said)
    assert not report.problems, said
    # It was a storm.
    assert report.received > SMALL.changes, said
    assert report.changes > 0.8 * SMALL.changes, said
    assert len(report.faults) == 10, said
