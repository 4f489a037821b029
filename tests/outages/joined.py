"""The query that walks through every source, and what is left of its answer when one source is down.

Used by the tests of this folder.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import httpx

from tests.gateways import RunningGateway
from tests.live.stopwatch import Stopwatch

WHO = "salesperson"
JOINED = """
query Joined {
  leads(first: 20, orderBy: [{ field: CREATED_ON, direction: ASC }]) {
    totalCount
    nodes {
      databaseId
      firmName
      status
      companyId
      company { companyName city }
      warrior { databaseId user { username } }
      tickets(first: 2) { nodes { title comments(first: 2) { nodes { commentText } } } }
      statusHistory(first: 1) { nodes { status changedOn } }
      analytics { asOf statusChanges activities }
      files(first: 2) { nodes { name size } }
    }
  }
  eventCursor
}
"""
# The same for few leads, without what belongs to the leads' own source: quickly answered, where many ask at once.
SHORT = """
query Short {
  leads(first: 3) {
    nodes { databaseId companyId company { city } analytics { activities } files(first: 1) { nodes { name } } }
  }
}
"""
# All that a client is ever told: nothing of hosts, statements or exceptions.
SENTENCES = frozenset(
    sentence.format(name)
    for sentence in (
        "The source “{}” took too long; ask for less, or ask again.",
        "The source “{}” can't be reached right now; ask again in a moment.",
    )
    for name in ("iperform", "magenta", "analytics", "files")
) | {
    "The change log can't be reached right now; ask again in a moment.",
    "The change log hasn't begun yet: no change is seen so far; ask again in a moment.",
}

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Timed:
    """An answer, and how many seconds it took."""

    response: httpx.Response
    seconds: float

    @property
    def json(self) -> dict[str, Any]:
        """The decoded body."""
        decoded: dict[str, Any] = self.response.json()
        return decoded


def ask(gateway: RunningGateway, query: str = JOINED) -> Timed:
    """One request by the salesperson."""
    gateway.login(WHO)
    started = time.monotonic()
    response = gateway.post({"query": query}, as_user=WHO)
    return Timed(response, time.monotonic() - started)


def whole(gateway: RunningGateway) -> dict[str, Any]:
    """The data of the joined query while everything is up; each part of it holds something."""
    answer = ask(gateway).json
    assert "errors" not in answer, answer["errors"][:2]
    leads = answer["data"]["leads"]["nodes"]
    assert len(leads) == 20
    for name in ("company", "warrior", "analytics"):
        assert any(lead[name] for lead in leads), name
    for name in ("tickets", "statusHistory", "files"):
        assert any(lead[name]["nodes"] for lead in leads), name
    assert answer["data"]["eventCursor"]
    data: dict[str, Any] = answer["data"]
    return data


def without(data: dict[str, Any], source: str) -> tuple[dict[str, Any], set[Path]]:
    """What is left of the data without a source, and the paths of the errors that say so."""
    left = deepcopy(data)
    if source == "events":
        # The newest position that the gateway has seen is as good: who follows from there misses nothing.
        return left, set()
    paths: set[Path] = set()
    for place, lead in enumerate(left["leads"]["nodes"]):
        lost = _lost(lead, source)
        if lost is not None:
            lead[lost[0]] = None if len(lost) == 1 else {lost[1]: None}
            paths.add(("leads", "nodes", place, *lost))
    return left, paths


def _lost(lead: dict[str, Any], source: str) -> tuple[str, ...] | None:
    """The field of a lead that is lost with a source; None for a lead without a company, that asks no other source."""
    if source == "files":
        return ("files", "nodes")
    if source == "analytics":
        return ("analytics",)
    return None if lead["companyId"] is None else ("company",)


def assert_costs_its_fields_alone(answer: Timed, data: dict[str, Any], source: str) -> None:
    """The answer is all of the data but the source's fields, each of which has one coded error."""
    left, paths = without(data, source)
    assert answer.response.status_code == 200
    assert answer.json["data"] == left
    errors = answer.json.get("errors", [])
    assert sorted(map(str, (tuple(error["path"]) for error in errors))) == sorted(map(str, paths))
    assert_coded(errors)


def assert_coded(errors: Sequence[dict[str, Any]]) -> None:
    """Each error says SOURCE_UNAVAILABLE or TIMEOUT, may be asked again, and gives nothing away."""
    for error in errors:
        extensions = error["extensions"]
        assert extensions["code"] in {"SOURCE_UNAVAILABLE", "TIMEOUT"}
        assert extensions["retryable"] is True
        assert error["message"] in SENTENCES
        assert set(error) <= {"message", "path", "locations", "extensions"}
        assert set(extensions) == {"code", "requestId", "retryable"}


def seconds_to_recover(gateway: RunningGateway, data: dict[str, Any]) -> float:
    """Seconds until the answer is whole again: by the second request at the latest."""
    with Stopwatch() as since:
        first = ask(gateway).json
        if first != {"data": data}:
            second = ask(gateway).json
            assert second == {"data": data}
        return since.seconds
