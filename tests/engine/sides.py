"""Two gateways over one estate in this process, one for each executor, which must give the same bytes.

What depends on the clock is asked for under a response key that begins with `clock_`, and is all that is made alike
before comparing: access tokens, signed links to files, and when a report was computed.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, TypeVar

import uvloop
from starlette.applications import Starlette

from gateway.app import make_app
from gateway.services import Services
from gateway.settings import Settings
from tests.engine.faults import Fault, Faults
from tests.engine.in_process import HttpAnswer, post
from tests.gateways import REQUEST_ID

REFERENCE, COMPILED = "reference", "compiled"
CLOCK = "clock_"
_CLOCKED = re.compile(rb'"(clock_\w*)":"(?:[^"\\]|\\.)*"')
JSON_MEDIA = "application/json"
GRAPHQL_MEDIA = "application/graphql-response+json"
# What ends one field must never end the request.
CANCELLED = 499
# Bytes shown on either side of the first that differs.
SHOWN = 160

Found = TypeVar("Found")


@dataclass(frozen=True)
class Asked:
    """An operation as it is sent."""

    text: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    media: str = JSON_MEDIA

    def body(self) -> bytes:
        """The request's body."""
        sent: dict[str, Any] = {"query": self.text}
        if self.variables:
            sent["variables"] = self.variables
        if self.operation_name is not None:
            sent["operationName"] = self.operation_name
        return json.dumps(sent, ensure_ascii=False).encode()


@dataclass(frozen=True)
class Side:
    """One gateway: its application, the executor that it has, and what goes wrong at its sources."""

    engine: str
    app: Starlette
    faults: Faults

    @property
    def services(self) -> Services:
        """The parts of the gateway."""
        services: Services = self.app.state.services
        return services

    def forget(self) -> None:
        """Drops what is kept between requests and hides a failure, or remembers one."""
        self.services.reports._answers.clear()
        self.services.estate.company_schemas._tables.clear()
        self.services.estate.company_schemas._looked.clear()

    async def answer(self, asked: Asked, headers: Mapping[str, str]) -> HttpAnswer:
        """What this gateway answers."""
        sent = {
            "content-type": "application/json",
            "accept": asked.media,
            "accept-encoding": "identity",
            "x-request-id": REQUEST_ID,
            **headers,
        }
        return await post(self.app, "/graphql", asked.body(), sent)


class Sides:
    """The gateways of one estate, the reference first."""

    def __init__(self, name: str, sides: Sequence[Side], run: asyncio.Runner) -> None:
        self.name = name
        self.sides = tuple(sides)
        self._run = run

    @property
    def reference(self) -> Side:
        """The gateway that is right by definition."""
        return self.sides[0]

    def wait_for(self, work: Awaitable[Found]) -> Found:
        """The outcome of something that these gateways do."""

        async def waiting() -> Found:
            return await work

        return self._run.run(waiting())

    def answers(
        self,
        asked: Asked,
        headers: Mapping[str, str],
        faults: tuple[Fault, ...] = (),
        *,
        shuffled: int | None = None,
    ) -> list[HttpAnswer]:
        """What each gateway answers, one after the other; `shuffled` makes sources answer in another order on each."""
        return [
            self.answer_of(
                side, asked, headers, faults, shuffled=None if shuffled is None else shuffled + place
            )
            for place, side in enumerate(self.sides)
        ]

    def answer_of(
        self,
        side: Side,
        asked: Asked,
        headers: Mapping[str, str],
        faults: tuple[Fault, ...] = (),
        *,
        shuffled: int | None = None,
    ) -> HttpAnswer:
        """What one gateway answers while these faults last, made independent of the clock."""
        side.faults.delays = None if shuffled is None else Random(shuffled)
        if faults:
            side.forget()
            side.faults.now = faults
        try:
            return _timeless(self.wait_for(side.answer(asked, headers)))
        except asyncio.CancelledError:
            return HttpAnswer(CANCELLED, (), b"the request was cancelled from within")
        finally:
            if faults:
                side.faults.now = ()
                side.forget()

    def same_answer(
        self,
        asked: Asked,
        headers: Mapping[str, str],
        faults: tuple[Fault, ...] = (),
        *,
        who: str = "",
        shuffled: int | None = None,
    ) -> HttpAnswer:
        """The answer that all gateways give. Raises AssertionError, with all that tells the case, where they differ."""
        first, *others = self.answers(asked, headers, faults, shuffled=shuffled)
        assert first.status != CANCELLED, f"{first.body!r}\n{self._told(asked, who, faults, shuffled)}"
        for side, other in zip(self.sides[1:], others, strict=True):
            if other != first:
                told = self._told(asked, who, faults, shuffled)
                raise AssertionError(f"{side.engine} {difference(first, other)}\n{told}")
        return first

    def _told(self, asked: Asked, who: str, faults: tuple[Fault, ...], shuffled: int | None) -> str:
        failing = "; ".join(f"{one.reads.value} of {one.source} {one.manner.value}" for one in faults)
        lines = {
            "estate": self.name,
            "caller": who,
            "operation": asked.text,
            "variables": json.dumps(asked.variables, ensure_ascii=False),
            "operation name": asked.operation_name,
            "accept": asked.media,
            "failing": failing or None,
            "shuffled": shuffled,
        }
        return "\n".join(f"  {name}: {value}" for name, value in lines.items() if value is not None)


def difference(first: HttpAnswer, other: HttpAnswer) -> str:
    """Where two answers differ first."""
    if first.status != other.status:
        return f"answers {other.status} rather than {first.status}\n  {first.body[:400]!r}\n  {other.body[:400]!r}"
    if first.body != other.body:
        pairs = enumerate(zip(first.body, other.body, strict=False))
        place = next((at for at, (one, two) in pairs if one != two), min(len(first.body), len(other.body)))
        near = slice(max(0, place - SHOWN), place + SHOWN)
        return (
            f"differs at byte {place}\n  reference: …{first.body[near].decode(errors='replace')}…"
            f"\n  the other: …{other.body[near].decode(errors='replace')}…"
        )
    return f"has other headers\n  reference: {first.headers}\n  the other: {other.headers}"


def _timeless(answer: HttpAnswer) -> HttpAnswer:
    """The answer without what depends on the clock, its length included."""
    body = _CLOCKED.sub(rb'"\1":""', answer.body)
    headers = tuple(
        (name, str(len(body)) if name == "content-length" else value) for name, value in answer.headers
    )
    return HttpAnswer(answer.status, headers, body)


@contextmanager
def opened(name: str, settings: Settings, engines: Sequence[str]) -> Iterator[Sides]:
    """Gateways over the estate that the settings describe, one for each executor, in a loop of their own."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sides = [runner.run(_open_side(settings, engine)) for engine in engines]
        try:
            yield Sides(name, sides, runner)
        finally:
            for side in sides:
                runner.run(side.services.close())


async def _open_side(settings: Settings, engine: str) -> Side:
    app = make_app(replace(settings, engine=engine))
    side = Side(engine, app, Faults())
    side.services.start()
    side.faults.reach(side.services.estate)
    # Who asks is found out before an operation is executed: once here, so that iperform may fail for the rest.
    for asked, method in (
        (side.services.authenticator, "authenticate"),
        (side.services.subjects, "user"),
    ):
        setattr(asked, method, _remembered(getattr(asked, method)))
    return side


def _remembered(find: Callable[[Any], Awaitable[Found]]) -> Callable[[Any], Awaitable[Found]]:
    known: dict[Any, Found] = {}

    async def remembering(key: Any) -> Found:
        if key not in known:
            known[key] = await find(key)
        return known[key]

    return remembering
