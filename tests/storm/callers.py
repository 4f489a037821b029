"""Who subscribes and who writes: accounts that log in when they need a token, and partners with a token each."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

import httpx

from tests.oracle.data import Data
from tests.storm import sight
from tests.storm.estate import Estate
from tests.storm.options import Subject

LOGIN = 'mutation($name: String!) { login(username: $name, password: "demo") { accessToken } }'
SCOPES = ("events:read", "leads:read", "tickets:read")
PARTNER_COST = "1000000000"
# How many of each there are at most; warriors and salespeople see little, so many are taken.
MOST = {"ADMIN": 1, "MANAGER": 5, "SALESPERSON": 14, "WARRIOR": 24, "USER": 5}


class NoToken(Exception):
    """Nobody could be logged in now."""


@dataclass(eq=False)
class Caller:
    """Somebody with a role; `sees` is what the database says they see."""

    name: str
    role: str
    sees: dict[Subject, frozenset[int]]
    # When a login is too old to be taken, in seconds; a partner's token is kept.
    good_for: float
    statuses: tuple[str, ...] = ()
    user_id: int | None = None
    _token: str | None = None
    _made: float = 0.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def token(self, client: httpx.AsyncClient, url: str) -> str:
        """A token that should be good. Raises `NoToken`, and what `httpx` raises."""
        async with self._lock:
            if self._token is None or time.monotonic() - self._made > self.good_for:
                body = {"query": LOGIN, "variables": {"name": self.name}}
                answer = (await client.post(f"{url}/graphql", json=body)).json()
                if not answer.get("data"):
                    raise NoToken(str(answer))
                self._token, self._made = answer["data"]["login"]["accessToken"], time.monotonic()
            return self._token

    def forget(self, token: str) -> None:
        """The gateway has refused it; a partner has no other."""
        if self._token == token and self.role != "PARTNER":
            self._token = None


def find_callers(estate: Estate, data: Data, random: Random, *, good_for: float) -> list[Caller]:
    """Accounts of every role, and partners. Those who see nothing are left out, but for one of each role."""
    roles = {row["id"]: row for row in data.rows("Role")}
    found: list[Caller] = []
    for role, most in MOST.items():
        users = [
            row for row in data.rows("User") if row["active"] and roles[row["role_id"]]["role_name"] == role
        ]
        # The fixed accounts of the demo come first.
        users = sorted(users, key=lambda row: (row["id"] > 10, random.random()))
        made = (_staff(data, row, roles[row["role_id"]], good_for) for row in users)
        found += _chosen(made, most)
    return [*found, *_partners(estate, data)]


def _chosen(callers: Iterable[Caller], most: int) -> list[Caller]:
    seeing: list[Caller] = []
    blind: list[Caller] = []
    for caller in callers:
        (seeing if caller.sees[Subject.LEADS] else blind).append(caller)
        if len(seeing) >= most:
            break
    return [*seeing, *blind[:1]]


def _staff(data: Data, user: dict[str, object], role: dict[str, object], good_for: float) -> Caller:
    viewer = sight.staff(data, int(str(user["id"])))
    return Caller(
        name=str(user["username"]),
        role=viewer.role,
        sees={subject: sight.seen(viewer, subject) for subject in Subject},
        good_for=good_for,
        statuses=tuple(str(role["allowed_status_list"] or "").split(",")),
        user_id=viewer.id,
    )


def _partners(estate: Estate, data: Data) -> list[Caller]:
    companies = {row["partner_company_id"] for row in data.rows("Warrior") if row["active"]} - {None}
    # A token is for a company that is there and active.
    good = [row["id"] for row in data.rows("PartnerCompany") if row["active"] and row["id"] in companies]
    return [_partner(estate, data, company_id) for company_id in sorted(good)[:3]]


def _partner(estate: Estate, data: Data, company_id: int) -> Caller:
    viewer = sight.partner(data, company_id)
    scopes = [argument for scope in SCOPES for argument in ("--scope", scope)]
    command = [sys.executable, "-m", "gateway.cli", "token", "create", "--company", str(company_id)]
    done = subprocess.run(
        [*command, "--name", "storm", *scopes, "--cost-per-minute", PARTNER_COST],
        env={**os.environ, **estate.environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    return Caller(
        name=f"partner {company_id}",
        role="PARTNER",
        sees={subject: sight.seen(viewer, subject) for subject in Subject},
        good_for=float("inf"),
        _token=done.stdout.strip(),
        _made=time.monotonic(),
    )
