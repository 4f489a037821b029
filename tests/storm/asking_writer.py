"""Programs that change statuses through the gateway, and ask again with the same key where an answer was lost."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx

from tests.storm.callers import Caller, NoToken
from tests.storm.fleet import Fleet
from tests.storm.options import Subject
from tests.storm.topic import STATUSES

CHANGE = {
    Subject.LEADS: "mutation($input: ChangeLeadStatusInput!) { changeLeadStatus(input: $input) "
    "{ lead { status } statusChange { databaseId } } }",
    Subject.TICKETS: "mutation($input: ChangeTicketStatusInput!) { changeTicketStatus(input: $input) "
    "{ ticket { status } } }",
}
ANSWER_SECONDS = 8.0
PAUSE_SECONDS = 0.2

# The global id of each row in play, as the gateway gave it.
Ids = Mapping[Subject, Mapping[int, str]]


@dataclass(eq=False)
class AskingWriter:
    """One program. `authors` are those for whom it works; each changes what they see."""

    name: str
    authors: list[Caller]
    ids: Ids
    random: Random
    pace: float
    quota: int
    is_over: Callable[[], bool]
    written: int = 0
    repeated: int = 0
    lost: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    _number: int = 0

    async def run(self, client: httpx.AsyncClient, fleet: Fleet) -> None:
        """Writes until it is over."""
        started = time.monotonic()
        while not self.is_over():
            ahead = self.written / self.pace - (time.monotonic() - started)
            if ahead > 0 or self.written > 1.3 * self.quota:
                await asyncio.sleep(min(max(ahead, 0.02), 0.5))
                continue
            await self._change(client, fleet)

    async def _change(self, client: httpx.AsyncClient, fleet: Fleet) -> None:
        subject = Subject.TICKETS if self.random.random() < 0.25 else Subject.LEADS
        author = self._author(subject)
        rows = [row for row in author.sees[subject] if row in self.ids[subject]]
        if not rows:
            return
        given = self._input(subject, author, self.random.choice(rows))
        while not await self._sent(client, fleet, subject, author, given):
            # The same key: if it was done, nothing more is.
            self.repeated += 1
            await asyncio.sleep(PAUSE_SECONDS)
        self.written += 1

    def _author(self, subject: Subject) -> Caller:
        # A ticket's status is for ADMIN, MANAGER and the assignee.
        able = [who for who in self.authors if subject is Subject.LEADS or who.role == "ADMIN"]
        return self.random.choice(able)

    def _input(self, subject: Subject, author: Caller, row: int) -> dict[str, Any]:
        self._number += 1
        key = f"{self.name}-{self._number}"
        statuses = author.statuses if subject is Subject.LEADS else STATUSES[subject]
        given = {
            "id": self.ids[subject][row],
            "status": self.random.choice(statuses),
            "idempotencyKey": key,
        }
        # By its reason a step can be told to be written once.
        return {**given, "reason": key} if subject is Subject.LEADS else given

    async def _sent(
        self,
        client: httpx.AsyncClient,
        fleet: Fleet,
        subject: Subject,
        author: Caller,
        given: Mapping[str, Any],
    ) -> bool:
        """Whether it is known what came of it."""
        url = fleet.any().url
        try:
            token = await author.token(client, url)
            answer = await client.post(
                f"{url}/graphql",
                json={"query": CHANGE[subject], "variables": {"input": given}},
                headers={"authorization": f"Bearer {token}"},
                timeout=ANSWER_SECONDS,
            )
            errors = answer.json().get("errors", [])
        except (httpx.HTTPError, NoToken, ValueError) as error:
            self.lost[type(error).__name__] += 1
            return False
        settled = [self._settled(error, author, token) for error in errors]
        return all(settled)

    def _settled(self, error: Mapping[str, Any], author: Caller, token: str) -> bool:
        extensions = error.get("extensions", {})
        code = extensions.get("code")
        if code == "UNAUTHENTICATED":
            author.forget(token)
        elif not extensions.get("retryable"):
            self.problems.append(f"{self.name}: {error}")
            return True
        self.lost[str(code)] += 1
        return False
