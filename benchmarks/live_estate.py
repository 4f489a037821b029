"""What subscriptions are measured on: a small estate with a Redis, one worker, and a lead that a thousand scopes show.

A thousand salespeople have a warrior each, which makes their scopes different, and one warrior together, whose lead is
the one that changes for all. Another lead is the first one's alone.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import bcrypt
import httpx

from tests.servers.process import ServerProcess, free_port
from tests.storm.estate import Estate, open_estate

LEADS = 20_000
PEOPLE = 1_000
FIRST = 500_000
SHARED_WARRIOR = 600_000
LEAD = 7
LEAD_OF_ONE = 8
DAY_SECONDS = "86400"
# What is asked for again and again costs no hashing here.
CHEAP_ROUNDS = 4

STATEMENTS = (
    "insert into user (id, username, email, password, role_id, active) select {first} + seq, concat('fan', seq), "
    "concat('fan', seq, '@iperform.example.in'), %(hash)s, 3, 1 from seq_0_to_{last}",
    "insert into salesperson (id, user_id, under_salesperson, active) select {first} + seq, {first} + seq, "
    "'{shared}', 1 from seq_0_to_{last}",
    "insert into warrior (id, user_id, salesperson_id, active) select {first} + seq, {first} + seq, {first} + seq, 1 "
    "from seq_0_to_{last}",
    "insert into warrior (id, user_id, active) values ({shared}, 4, 1)",
    "update leads set warrior_id = '{shared}', is_deleted = 0, status = 'New' where id = {lead}",
    "update leads set warrior_id = '{first}', shared_salesperson_id = null, is_deleted = 0, status = 'New' "
    "where id = {lead_of_one}",
)
LOGIN = 'mutation($name: String!) { login(username: $name, password: "demo") { accessToken } }'
SUBSCRIBE = (
    "subscription($after: String) { leadStatusChanged(after: $after) "
    "{ cursor previousStatus status changedOn lead { databaseId firmName } } }"
)


@dataclass(frozen=True)
class LiveEstate:
    """The servers and one worker."""

    estate: Estate
    gateway: ServerProcess
    port: int

    @property
    def url(self) -> str:
        """Where the worker answers."""
        return f"http://127.0.0.1:{self.port}"

    async def tokens(self, people: int) -> list[str]:
        """An access token of each of so many salespeople."""
        places = asyncio.Semaphore(16)
        async with httpx.AsyncClient(timeout=60) as client:

            async def token(number: int) -> str:
                async with places:
                    body = {"query": LOGIN, "variables": {"name": f"fan{number}"}}
                    answer = (await client.post(f"{self.url}/graphql", json=body)).json()
                    return str(answer["data"]["login"]["accessToken"])

            return list(await asyncio.gather(*map(token, range(people))))

    async def subscription(self, token: str) -> dict[str, Any]:
        """What is sent to subscribe from now on."""
        headers = {"authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(timeout=60) as client:
            while True:
                body = {"query": "{ eventCursor }"}
                answer = (await client.post(f"{self.url}/graphql", json=body, headers=headers)).json()
                if answer.get("data"):
                    return {"query": SUBSCRIBE, "variables": {"after": answer["data"]["eventCursor"]}}
                await asyncio.sleep(0.2)


@contextmanager
def open_live_estate(*, people: int = PEOPLE, leads: int = LEADS) -> Iterator[LiveEstate]:
    """Starts everything, and stops it in the end."""
    with open_estate(leads=leads) as estate:
        _hire(estate, people)
        port = free_port()
        environment = estate.environment(port=str(port), workers="1", access_token_seconds=DAY_SECONDS)
        command = (sys.executable, "-m", "gateway.cli", "serve")
        process = ServerProcess(command, environment, estate.folder / "gateway.log")
        process.start(lambda: _answers(port))
        try:
            yield LiveEstate(estate, process, port)
        finally:
            process.stop()


def _hire(estate: Estate, people: int) -> None:
    password = bcrypt.hashpw(b"demo", bcrypt.gensalt(CHEAP_ROUNDS)).decode()
    with estate.database.connect("iperform") as connection, connection.cursor() as cursor:
        for statement in STATEMENTS:
            text = statement.format(
                first=FIRST, last=people - 1, shared=SHARED_WARRIOR, lead=LEAD, lead_of_one=LEAD_OF_ONE
            )
            cursor.execute(text, {"hash": password} if "%(" in text else None)
        connection.commit()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/livez", timeout=1).status_code == 200
    except httpx.HTTPError:
        return False
