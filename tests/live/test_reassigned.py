"""A team of three: a lead is reassigned from one warrior to another while both, and their salesperson, follow it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from random import Random
from typing import Any

import httpx
import pytest

from tests.live.ws_client import open_socket
from tests.servers.fixtures import count_use
from tests.storm.estate import Estate, open_estate
from tests.storm.fleet import Fleet

LOGIN = 'mutation($name: String!) { login(username: $name, password: "demo") { accessToken } }'
CURSOR = "{ eventCursor }"
FOLLOW = (
    "subscription($after: String) { leadStatusChanged(after: $after) "
    "{ previousStatus status lead { databaseId warrior { databaseId } } } }"
)
MEMBERS = (
    "select warrior.id, user.username from iperform.warrior join iperform.user on user.id = warrior.user_id "
    "where warrior.salesperson_id = 2 and warrior.active and user.active order by warrior.id limit 2"
)
PREPARE = (
    "update iperform.leads set warrior_id = %s, shared_salesperson_id = null, is_deleted = 0, status = 'New' "
    "where id = %s"
)
REASSIGN = "update iperform.leads set warrior_id = %s where id = %s"
CHANGE = "update iperform.leads set status = %s where id = %s"
MARKED = "subscription($after: String) { leadStatusChanged(after: $after) { status lead { databaseId } } }"
LEAD, OF_FIRST, OF_SECOND, MARK = 10, 11, 12, 14
PATIENCE = 20.0


@dataclass(frozen=True)
class Team:
    """A salesperson's two warriors, by the ids of their rows and the names of their users; `url` is a gateway's."""

    estate: Estate
    url: str
    first: tuple[int, str]
    second: tuple[int, str]

    def execute(self, *statements: tuple[str, tuple[Any, ...]]) -> None:
        """Carries out statements in one transaction, as another program does."""
        with self.estate.database.connect() as connection, connection.cursor() as cursor:
            for text, values in statements:
                cursor.execute(text, values)
            connection.commit()

    def ask(self, query: str, variables: dict[str, Any] | None = None, *, token: str | None = None) -> Any:
        """The data of an answer."""
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        body = {"query": query, "variables": variables}
        return httpx.post(f"{self.url}/graphql", json=body, headers=headers, timeout=30).json()["data"]

    def token(self, username: str) -> str:
        """An access token."""
        return str(self.ask(LOGIN, {"name": username})["login"]["accessToken"])


@pytest.fixture(scope="module")
def _running() -> Iterator[tuple[Estate, str]]:
    with open_estate(leads=300) as estate:
        fleet = Fleet(estate, Random(1))
        try:
            worker = fleet.add()
            fleet.capturing(within=30)
            yield estate, worker.url
        finally:
            fleet.stop()


@pytest.fixture
async def team(_running: tuple[Estate, str], request: pytest.FixtureRequest) -> Team:
    """The team, each warrior with a lead that stays theirs, and the first one with one more."""
    count_use(request.node, "mariadb", "redis")
    estate, url = _running
    with estate.database.connect() as connection, connection.cursor() as cursor:
        cursor.execute(MEMBERS)
        first, second = cursor.fetchall()
    found = Team(estate, url, first, second)
    token = found.token("salesperson")
    before = found.ask(CURSOR, token=token)["eventCursor"]
    found.execute(
        (PREPARE, (first[0], LEAD)),
        (PREPARE, (first[0], OF_FIRST)),
        (PREPARE, (second[0], OF_SECOND)),
        (PREPARE, (first[0], MARK)),
    )
    found.execute((CHANGE, ("Prepared", MARK)))
    # These are changes, too, and captured a little later: whoever follows from now on must not be told of them.
    async with (
        asyncio.timeout(PATIENCE),
        open_socket(url, token) as socket,
        aclosing(socket.follow(MARKED, {"after": before})) as answers,
    ):
        async for answer in answers:
            event = answer["data"]["leadStatusChanged"]
            if (event["status"], event["lead"]["databaseId"]) == ("Prepared", MARK):
                return found
    raise AssertionError("the changes of the preparation weren't told")


class Followed:
    """What one of the team is told, in order, taken as it comes."""

    def __init__(self, answers: AsyncIterator[dict[str, Any]]) -> None:
        self._came: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.taking = asyncio.create_task(self._take(answers))

    async def _take(self, answers: AsyncIterator[dict[str, Any]]) -> None:
        async for answer in answers:
            self._came.put_nowait(answer)

    async def next(self) -> tuple[int, str, str, int]:
        """The next event: lead, status before and after, and the warrior that the lead has now."""
        async with asyncio.timeout(PATIENCE):
            answer = await self._came.get()
        event = answer["data"]["leadStatusChanged"]
        lead = event["lead"]
        return lead["databaseId"], event["previousStatus"], event["status"], lead["warrior"]["databaseId"]


async def _follow(stack: AsyncExitStack, team: Team, username: str, after: str) -> Followed:
    socket = await stack.enter_async_context(open_socket(team.url, team.token(username)))
    followed = Followed(socket.follow(FOLLOW, {"after": after}))
    stack.callback(followed.taking.cancel)
    return followed


async def test_reassigned_lead_is_followed_by_its_new_warrior_alone(team: Team) -> None:
    (first, first_name), (second, second_name) = team.first, team.second
    after = team.ask(CURSOR, token=team.token("salesperson"))["eventCursor"]
    async with AsyncExitStack() as stack:
        names = (first_name, second_name, "salesperson")
        one, other, above = [await _follow(stack, team, name, after) for name in names]
        # Once each has had an event, all are there.
        team.execute((CHANGE, ("Demo", LEAD)), (CHANGE, ("Demo", OF_SECOND)))
        assert await one.next() == await above.next() == (LEAD, "New", "Demo", first)
        assert await other.next() == await above.next() == (OF_SECOND, "New", "Demo", second)

        team.execute((REASSIGN, (second, LEAD)))
        team.execute((CHANGE, ("Trial", LEAD)))
        # The second one has seen nothing of the change before, and sees this one.
        assert await other.next() == await above.next() == (LEAD, "Demo", "Trial", second)

        # What comes next to each is of their own lead: the first one has seen nothing in between.
        team.execute((CHANGE, ("Won", OF_FIRST)))
        team.execute((CHANGE, ("Lost", OF_SECOND)))
        assert await one.next() == await above.next() == (OF_FIRST, "New", "Won", first)
        assert await other.next() == await above.next() == (OF_SECOND, "Demo", "Lost", second)


async def test_lead_that_is_changed_and_reassigned_at_once_is_the_new_warriors(team: Team) -> None:
    (first, first_name), (second, second_name) = team.first, team.second
    after = team.ask(CURSOR, token=team.token("salesperson"))["eventCursor"]
    async with AsyncExitStack() as stack:
        one, other = [await _follow(stack, team, name, after) for name in (first_name, second_name)]
        team.execute((CHANGE, ("Demo", LEAD)), (REASSIGN, (second, LEAD)))
        team.execute((CHANGE, ("Won", OF_FIRST)))
        assert await other.next() == (LEAD, "New", "Demo", second)
        assert await one.next() == (OF_FIRST, "New", "Won", first)


async def test_replay_shows_nothing_of_a_lead_that_was_reassigned_meanwhile(team: Team) -> None:
    (first, first_name), (second, second_name) = team.first, team.second
    after = team.ask(CURSOR, token=team.token("salesperson"))["eventCursor"]
    team.execute((CHANGE, ("Demo", LEAD)))
    team.execute((REASSIGN, (second, LEAD)))
    team.execute((CHANGE, ("Won", OF_FIRST)))
    async with AsyncExitStack() as stack:
        one, other = [await _follow(stack, team, name, after) for name in (first_name, second_name)]
        assert await one.next() == (OF_FIRST, "New", "Won", first)
        # A row's past goes with the row: whoever sees it now may read how it came there.
        assert await other.next() == (LEAD, "New", "Demo", second)
