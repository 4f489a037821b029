"""The operations that are measured: a document, its variables and its caller, from `operations/`; and the new texts."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from benchmarks.places import MADE, OPERATIONS

MIX = "mix"
CROWD = "crowd"
CROWD_LEADS = 20
MIX_TEXTS = 130_000
# To be raised when what `new_bodies` gives changes.
MIX_VERSION = 1
TITLES = {
    "mobile": "mobile screen",
    "joined": "joined list of 100",
    "flat": "1,000 flat rows",
    "dashboard": "dashboard",
    "team": "list of a team of 200",
    "crossing": "filter across databases",
    "errors": "partial answer with an error",
    **{f"depth-{levels}": f"depth {levels}" for levels in range(1, 7)},
    MIX: "only new texts",
    CROWD: "joined list of 20",
}


@dataclass(frozen=True)
class Operation:
    """What is asked, and as whom; the mix has no document of its own, but a file of bodies."""

    name: str
    caller: str
    query: str
    variables: dict[str, Any]
    bodies: Path | None = None

    @property
    def title(self) -> str:
        """What a reader calls it."""
        return TITLES[self.name]

    def body(self) -> bytes:
        """The request's JSON."""
        return orjson.dumps({"query": self.query, "variables": self.variables})


def read_operations() -> dict[str, Operation]:
    """All operations by name, in the order of the report."""
    found = [_read(name) for name in TITLES if name not in {MIX, CROWD}]
    return {operation.name: operation for operation in (*found, mix())}


def crowd_operation() -> Operation:
    """The joined list, of 20."""
    return replace(_read("joined"), name=CROWD, variables={"first": CROWD_LEADS})


def _read(name: str) -> Operation:
    asked = json.loads((OPERATIONS / f"{name}.json").read_text())
    query = (OPERATIONS / f"{name}.graphql").read_text()
    return Operation(name, asked["as"], query, asked["variables"])


# --- texts that nobody has seen before ----------------------------------------------------------------------

LEAD = ("firmName", "status", "industry", "source", "probability", "tentativeValue", "createdOn", "changedOn")
COMPANY = ("companyName", "industry", "city", "state", "active")
PERSON = ("id", "username", "email", "active", "createdOn")
TICKET = ("title", "ticketType", "priority", "status", "createdOn")


def mix() -> Operation:
    """Requests of a few sizes, each with a text of its own, from a file that `ensure_new_texts` makes."""
    return Operation(MIX, "admin", "", {}, MADE / f"new-texts-{MIX_VERSION}.jsonl")


def ensure_new_texts() -> None:
    """Makes the file of new texts, once."""
    path = MADE / f"new-texts-{MIX_VERSION}.jsonl"
    if path.exists():
        return
    MADE.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        file.writelines(body + b"\n" for body in new_bodies(MIX_TEXTS))
    unfinished.rename(path)


def new_bodies(count: int) -> Iterator[bytes]:
    """So many requests, no two with the same fields under the same names; always the same ones."""
    chance = random.Random(1)
    for number in range(count):
        yield orjson.dumps({"query": _text(chance, number), "variables": {}})


def _text(chance: random.Random, number: int) -> str:
    below = chance.randrange(50_000, 200_000)
    fields = [f"k{number}: id", *_some(chance, LEAD)]
    if chance.random() < 0.5:
        fields.append(f"company {{ {' '.join(_some(chance, COMPANY))} }}")
    if chance.random() < 0.4:
        fields.append(f"warrior {{ active user {{ {' '.join(_some(chance, PERSON))} }} }}")
    if chance.random() < 0.4:
        fields.append(f"tickets(first: 3) {{ nodes {{ {' '.join(_some(chance, TICKET))} }} }}")
    page = f"first: {chance.choice((5, 10, 20))}, where: {{databaseId: {{lt: {below}}}}}"
    return f"query New{number} {{ leads({page}) {{ nodes {{ {' '.join(fields)} }} }} }}"


def _some(chance: random.Random, names: tuple[str, ...]) -> list[str]:
    return chance.sample(names, chance.randint(2, len(names)))
