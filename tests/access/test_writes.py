"""What access makes sure of in every write, whatever the operation itself would do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, create_engine, select, update

from datasources.iperform.tables import lead_logs, lead_status, leads, tickets
from datasources.model import EVERYTHING
from gateway.auth.caller_rules import KeptRules
from gateway.auth.change import Added, Cells, Change, Effects
from gateway.auth.policies import POLICIES, WRITES
from gateway.auth.policy import Every, Policies, WritePolicy
from gateway.auth.principal import Principal
from gateway.auth.roles import PARTNER_SCOPES, Caller
from gateway.errors import GatewayError
from gateway.services import Services, open_services
from tests.access.asking import Asking, Partner
from tests.access.conftest import data_of
from tests.access.copies import copy_of
from tests.gateways import RunningGateway
from tests.http.accounts import blocking_url
from tests.oracle.rules import SCOPES

LEAD, TICKET = WRITES
TABLES = (leads, lead_status, lead_logs, tickets)


class Estate:
    """A copy of the embedded estate, asked through access with rules of the test's own."""

    def __init__(self, gateway: RunningGateway) -> None:
        self._engine = create_engine(blocking_url(gateway.settings))
        self._services = open_services(gateway.settings)
        self.asking = Asking(gateway, data_of(gateway))
        # The demo assigns nothing to somebody at a client.
        client = self.asking.viewer("client")
        self.given: dict[str, Any] = {**client.seen("Ticket")[0], "assigned_to": client.id}
        with self._engine.begin() as connection:
            this = tickets.c.id == self.given["id"]
            connection.execute(update(tickets).where(this).values(assigned_to=client.id))

    async def close(self) -> None:
        """Gives the connections back."""
        await self._services.close()
        self._engine.dispose()

    def rows(self) -> list[list[Any]]:
        """Every row of what is written."""
        with self._engine.begin() as connection:
            return [list(connection.execute(select(table).order_by(table.c.id))) for table in TABLES]

    async def change(
        self, who: Principal, change: Change, *, policies: Policies = POLICIES
    ) -> tuple[int, ...]:
        """Carries a change out as somebody."""
        rules = KeptRules(policies, self._services.rules.denied_columns)
        services: Services = replace(self._services, rules=rules)
        return await services.access_for(who).change(change)


@pytest.fixture(scope="module")
async def estate(
    embedded_gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Estate]:
    folder: Path = tmp_path_factory.mktemp("writes")
    with copy_of(embedded_gateway, folder) as gateway:
        made = Estate(gateway)
        yield made
        await made.close()


def principal(estate: Estate, username: str) -> Principal:
    viewer = estate.asking.viewer(username)
    caller = Caller[viewer.role]
    return Principal(caller=caller, user_id=viewer.id, client_user_id=viewer.client_user_id)


PARTNER = Principal(caller=Caller.PARTNER, partner_company_id=1, token_id=1, scopes=PARTNER_SCOPES)


def change(key: int, decide: Callable[[Cells], Effects | None], operation: str = LEAD) -> Change:
    column: Column[Any] = POLICIES.writes[operation].table.c.status
    return Change(operation=operation, key=key, where=EVERYTHING, columns=(column,), decide=decide)


def wider(operation: str, **changed: Any) -> Policies:
    parts: Mapping[str, Any] = {
        name: getattr(POLICIES, name)
        for name in ("rows", "columns", "secrets", "fields", "objects", "unseen")
    }
    writes: dict[str, WritePolicy] = {**WRITES, operation: replace(WRITES[operation], **changed)}
    return Policies(**parts, writes=writes)


BESIDE = {
    "another column of the row": lambda key: Effects({leads.c.status: "Demo", leads.c.warrior_id: "1"}),
    "another column of the history": lambda key: Effects(
        {leads.c.status: "Demo"}, (Added(lead_status, {lead_status.c.id: 1, lead_status.c.lead_id: key}),)
    ),
    "another table": lambda key: Effects(
        {leads.c.status: "Demo"}, (Added(tickets, {tickets.c.status: "x"}),)
    ),
    "a column of another table": lambda key: Effects({lead_status.c.status: "Demo"}),
}


@pytest.mark.parametrize("what", BESIDE)
async def test_no_column_is_written_that_the_rule_does_not_name(estate: Estate, what: str) -> None:
    before, key = estate.rows(), estate.asking.viewer("admin").seen("Lead")[0]["id"]
    with pytest.raises(PermissionError, match="may not write"):
        await estate.change(principal(estate, "admin"), change(key, lambda _: BESIDE[what](key)))
    assert estate.rows() == before


async def test_an_operation_without_a_rule_writes_nothing(estate: Estate) -> None:
    before, key = estate.rows(), estate.asking.viewer("admin").seen("Lead")[0]["id"]
    without = replace(change(key, lambda _: Effects({leads.c.status: "Demo"})), operation="Mutation.logout")
    with pytest.raises(LookupError):
        await estate.change(principal(estate, "admin"), without)
    assert estate.rows() == before


async def test_a_row_that_its_author_would_lose_stays_as_it_was(estate: Estate) -> None:
    before, who = estate.rows(), principal(estate, "warrior")
    key = estate.asking.viewer("warrior").seen("Lead")[0]["id"]
    policies = wider(LEAD, columns=WRITES[LEAD].columns | {leads.c.warrior_id, leads.c.is_deleted})
    for cells in ({leads.c.warrior_id: "999999"}, {leads.c.is_deleted: 1}):
        with pytest.raises(GatewayError, match="no longer") as failure:
            await estate.change(who, change(key, lambda _, cells=cells: Effects(cells)), policies=policies)
        assert failure.value.code.value == "FORBIDDEN"
        assert estate.rows() == before


# --- each rule, by the rows that it lets a caller change --------------------------------------------------------


class Reached(Exception):
    """The rule let the operation have the row."""


def reach(_: Cells) -> Effects | None:
    raise Reached


async def outcome(estate: Estate, who: Principal, operation: str, key: int, policies: Policies) -> str:
    try:
        await estate.change(who, change(key, reach, operation), policies=policies)
    except Reached:
        return "may"
    except GatewayError as error:
        return error.code.value
    raise AssertionError("neither")


async def outcomes(estate: Estate, username: str, operation: str, policies: Policies) -> dict[int, str]:
    """What comes of some rows: hidden ones, and of the visible ones some that are the caller's to deal with."""
    who = PARTNER if username == "partner" else principal(estate, username)
    return {
        row["id"]: await outcome(estate, who, operation, row["id"], policies)
        for row in sample(estate, username, operation)
    }


def sample(estate: Estate, username: str, operation: str) -> list[dict[str, Any]]:
    type_name = "Lead" if operation == LEAD else "Ticket"
    rows, seen = estate.asking.data.rows(type_name), oracle(estate, username).seen(type_name)
    if operation == TICKET:
        rows, seen = (
            [row if row["id"] != estate.given["id"] else estate.given for row in some]
            for some in (rows, seen)
        )
    own = _id(estate, username) or -1
    mine = [row for row in seen if row.get("assigned_to") == own]
    others = [row for row in seen if row.get("assigned_to") != own]
    return [*mine[:3], *others[:3], *rows[:: len(rows) // 9]]


def oracle(estate: Estate, username: str) -> Any:
    """The oracle's view of a caller."""
    return estate.asking.caller(Partner(1, SCOPES) if username == "partner" else username)


def _id(estate: Estate, username: str) -> int | None:
    return None if username == "partner" else estate.asking.viewer(username).id


def expected(estate: Estate, username: str, operation: str) -> dict[int, str]:
    """By hand, from the contract."""
    caller = oracle(estate, username)
    type_name = "Lead" if operation == LEAD else "Ticket"
    found = {}
    for row in sample(estate, username, operation):
        if not caller.visible(type_name, row, deleted=True):
            found[row["id"]] = "NOT_FOUND"
        elif operation == LEAD:
            found[row["id"]] = "FORBIDDEN" if username == "client" else "may"
        elif username in {"admin", "manager"}:
            found[row["id"]] = "may"
        else:
            own = username != "partner" and row["assigned_to"] == _id(estate, username)
            found[row["id"]] = "may" if own else "FORBIDDEN"
    return found


WHO = ("admin", "manager", "salesperson", "warrior", "client", "partner")
KIND = dict(zip(WHO, ("ADMIN", "MANAGER", "SALESPERSON", "WARRIOR", "USER", "PARTNER"), strict=True))


@pytest.mark.parametrize("operation", WRITES)
@pytest.mark.parametrize("who", WHO)
async def test_a_rule_is_the_contracts_and_every_change_of_it_is_noticed(
    estate: Estate, who: str, operation: str
) -> None:
    right, caller = expected(estate, who, operation), Caller[KIND[who]]
    assert await outcomes(estate, who, operation, POLICIES) == right
    grounds = WRITES[operation].rules.get(caller, ())
    narrower = {"none": ()} if grounds else {}
    mutants = {**narrower, "all": (Every("A mutant."),)}
    for name, changed in mutants.items():
        policies = wider(operation, rules={**WRITES[operation].rules, caller: changed})
        got = await outcomes(estate, who, operation, policies)
        same = name == "all" and any(isinstance(ground, Every) for ground in grounds)
        assert (got == right) is same, name
