"""Subscriptions in this process, over an embedded estate and a log of events that the test itself adds to."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from datasources.base import Statement
from datasources.seed import load_estate
from gateway.auth.principal import Client, Principal
from gateway.auth.trace import note_statement
from gateway.demo import DEMO_SEED, DEMO_TODAY, demo_settings
from gateway.engine import reference
from gateway.engine.documents import Documents
from gateway.events.bounds import Bounds
from gateway.events.bus import Captured
from gateway.events.event import StatusEvent, Subject
from gateway.events.feed import Feed
from gateway.events.memory_bus import MemoryBus
from gateway.http.answers import answer_to_event
from gateway.live.following import Following
from gateway.live.subscription import Order, Subscription
from gateway.schema.build import SCHEMAS
from gateway.seeding import target_of
from gateway.services import Services, open_services
from gateway.settings import Settings
from tests.gateways import SECRET

NOW = datetime(2026, 5, 4, 3, 2, 1)
PATIENCE = 20.0
LIVE = "coalesce(is_deleted, 0) = 0"
LEADS = (
    "subscription($after: String) { leadStatusChanged(after: $after) { cursor status lead { databaseId } } }"
)
TICKETS = "subscription($after: String) { ticketStatusChanged(after: $after) { cursor status ticket { databaseId } } }"


@dataclass(repr=False)
class Followed:
    """A worker's subscriptions, and the log that they follow. `statements` are those of the sources, as they came."""

    settings: Settings
    services: Services
    bus: MemoryBus
    following: Following
    statements: list[Statement]
    documents: Documents = field(default_factory=Documents)

    async def principal(self, username: str) -> Principal:
        """A demo account, logged in."""
        session = await self.services.authenticator.login(username, "demo", Client("127.0.0.1", "tests"))
        return session.principal

    async def subscribe(
        self, who: str | Principal, text: str = LEADS, variables: Mapping[str, Any] | None = None
    ) -> Subscription:
        """A subscription of a demo account."""
        principal = await self.principal(who) if isinstance(who, str) else who
        schema = SCHEMAS.of(principal.audience)
        document = self.documents.get(text, schema)
        prepared = reference.prepare(schema, document, document.operation(None), variables or {})
        order = Order(principal=principal, schema=schema, prepared=prepared, request_id="of a test")
        return await self.following.subscribe(order)

    async def tell(self, *events: StatusEvent) -> None:
        """Adds one transaction to the log."""
        await self.bus.writer().append([Captured(events, "")])

    def ask(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Asks, or changes, iperform itself."""
        path = self.settings.iperform_dsn.partition("///")[2]
        with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
            return connection.execute(query, values).fetchall()

    def leads_of(self, warrior: int) -> list[int]:
        """The leads of a warrior that aren't deleted, the oldest first."""
        found = self.ask(
            f"select id from leads where warrior_id = ? and {LIVE} order by id",
            str(warrior),
        )
        return [row[0] for row in found]


def moved(row_id: int, status: str | None = "Demo", previous: str | None = "New", **more: Any) -> StatusEvent:
    """A lead's change of status."""
    given = {"subject": Subject.LEAD, "changed_on": NOW, **more}
    return StatusEvent(row_id=row_id, previous=previous, status=status, **given)


async def take(subscription: Subscription, count: int) -> list[dict[str, Any]]:
    """The next answers."""
    async with asyncio.timeout(PATIENCE):
        return [json.loads(await anext(subscription)) for _ in range(count)]


def ids(answers: Sequence[Mapping[str, Any]]) -> list[int]:
    """The leads that answers are about."""
    return [answer["data"]["leadStatusChanged"]["lead"]["databaseId"] for answer in answers]


def cursor(answer: Mapping[str, Any]) -> str:
    """An answer's cursor."""
    (event,) = answer["data"].values()
    return str(event["cursor"])


def _estate(folder: Path, engine: str) -> Settings:
    """An embedded estate without analytics: a process has one chDB, and another test's gateway may be using it."""
    settings = demo_settings(folder, host="127.0.0.1", port=0, secret=SECRET)
    settings = replace(settings, analytics_dsn="clickhouse://127.0.0.1:1/", engine=engine)
    if not (folder / "iperform.sqlite").exists():
        target = {**target_of(settings), "analytics": None}
        load_estate(leads=1_000, seed=DEMO_SEED, today=DEMO_TODAY, **target)
    return settings


@asynccontextmanager
async def followed(
    folder: Path, *, bounds: Bounds | None = None, engine: str = "compiled"
) -> AsyncIterator[Followed]:
    """A worker's subscriptions over the embedded estate in a folder, which is made if it isn't there."""
    statements: list[Statement] = []
    settings = _estate(folder, engine)
    services = open_services(
        settings,
        (note_statement, statements.append),
        policies=SCHEMAS.narrowing.policies,
        denied_columns=SCHEMAS.denied_columns,
        catalogue_of=SCHEMAS.catalogue_of,
    )
    bus = MemoryBus(bounds or Bounds(entries=10_000, seconds=3_600))
    services = replace(services, bus=bus)
    following = Following(services, Feed(bus), answer_to_event)
    following.start()
    try:
        yield Followed(settings, services, bus, following, statements)
    finally:
        await following.close()
        await services.close()
