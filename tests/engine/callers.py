"""Who asks the gateways of an estate, what schema each has, and which rows each is known to see."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import GraphQLObjectType, GraphQLSchema, get_named_type

from gateway.auth.audience import Audience
from gateway.auth.principal import Client, Principal
from gateway.resolvers.ids import database_id, encode_id
from tests.access.asking import CALLERS
from tests.access.operations import CHANGING
from tests.engine.sides import Asked, Side, Sides
from tests.oracle.rules import SCOPES

# Besides the demo's accounts a client whose saved view is a report.
ACCOUNTS = (*CALLERS, "varun.c9")
PASSWORD = "demo"
PARTNER_COMPANIES = (1, 2, 4)
PARTNERS = 9
# More than the tests can use up in a minute.
BUDGET = 1_000_000
LEAST_SCOPE = ("events:read",)

Ids = dict[str, list[int]]


@dataclass(frozen=True, eq=False, repr=False)
class Caller:
    """Somebody who asks. `sees` are database ids of rows that they see, by type; `statuses` what those have now.

    Rows that come with each login are left out: how many there are would decide which operations are made up.
    """

    name: str
    headers: Mapping[str, str]
    schema: GraphQLSchema
    sees: Mapping[str, list[int]]
    statuses: Mapping[str, list[tuple[str, str]]]

    def __repr__(self) -> str:
        return self.name

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        # What Hypothesis asks for where it tells of a failure.
        printer.text(self.name)


def callers_of(sides: Sides) -> list[Caller]:
    """The demo's accounts, nobody, partners with all scopes or some, and an ADMIN who views as others."""
    staff = {name: _login(sides, name) for name in ACCOUNTS}
    found = [*staff.items(), ("nobody", {})]
    found += [(name, token) for name, token in _partners(sides, staff["admin"])]
    for name in ("salesperson", "client"):
        viewed = _user_id(sides, staff["admin"], name)
        found.append((f"admin as {name}", {**staff["admin"], "x-view-as": f"user:{viewed}"}))
    return [_caller(sides, name, headers) for name, headers in found]


def _login(sides: Sides, name: str) -> dict[str, str]:
    authenticator = sides.reference.services.authenticator
    session = sides.wait_for(authenticator.login(name, PASSWORD, Client("127.0.0.1", "a test")))
    return {"authorization": f"Bearer {session.access_token}"}


def _partners(sides: Sides, admin: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    random = Random("partners")
    for place in range(PARTNERS):
        company = PARTNER_COMPANIES[place % len(PARTNER_COMPANIES)]
        some = tuple(scope for scope in SCOPES if random.random() < 0.6)
        scopes = SCOPES if place < len(PARTNER_COMPANIES) else some or LEAST_SCOPE
        text = "mutation($input: CreatePartnerTokenInput!) { createPartnerToken(input: $input) { token } }"
        given = {
            "partnerCompanyId": encode_id("PartnerCompany", company),
            "name": f"engines {place}",
            "scopes": list(scopes),
            "costPerMinute": BUDGET,
        }
        token = _data(sides, admin, text, {"input": given})["createPartnerToken"]["token"]
        yield f"partner {company} with {' '.join(scopes)}", {"authorization": f"Bearer {token}"}


def _user_id(sides: Sides, admin: Mapping[str, str], name: str) -> str:
    text = "query($name: String!) { users(where: { username: { eq: $name } }) { nodes { id } } }"
    found: str = _data(sides, admin, text, {"name": name})["users"]["nodes"][0]["id"]
    return found


def _data(
    sides: Sides, headers: Mapping[str, str], text: str, variables: Mapping[str, Any]
) -> dict[str, Any]:
    answer = json.loads(sides.answer_of(sides.reference, Asked(text, variables), headers).body)
    assert "errors" not in answer, answer["errors"]
    data: dict[str, Any] = answer["data"]
    return data


def _caller(sides: Sides, name: str, headers: Mapping[str, str]) -> Caller:
    schema = sides.reference.app.state.schemas.of(_audience(sides, headers)).graphql
    return Caller(name, headers, schema, *_seen(sides, headers, schema))


def _audience(sides: Sides, headers: Mapping[str, str]) -> Audience:
    return sides.wait_for(_principal(sides.reference, headers)).audience


async def _principal(side: Side, headers: Mapping[str, str]) -> Principal:
    """As whom somebody reads."""
    principal = await side.services.authenticator.authenticate(headers.get("authorization"))
    _, viewing, subject = headers.get("x-view-as", "").partition("user:")
    if not viewing:
        return principal
    found = await side.services.subjects.user(database_id(subject, "User"))
    assert found is not None
    assert found.principal is not None
    return found.principal


def introduce(sides: Sides, callers: Iterable[Caller]) -> None:
    """Makes every gateway know the callers before anything fails."""
    for side in sides.sides:
        for caller in callers:
            sides.wait_for(_principal(side, caller.headers))
        # That a token was used is written in the background, once a minute: not between two answers.
        sides.wait_for(side.services.partner_tokens.close())


def _seen(
    sides: Sides, headers: Mapping[str, str], schema: GraphQLSchema
) -> tuple[Ids, dict[str, list[tuple[str, str]]]]:
    """Rows at the root and one step below it."""
    assert schema.query_type is not None
    ids: Ids = {}
    statuses: dict[str, list[tuple[str, str]]] = {}
    for name, root in schema.query_type.fields.items():
        connection = get_named_type(root.type)
        if not connection.name.endswith("Connection"):
            continue
        node = _node_type(connection)
        below = " ".join(_below(node))
        for item in _nodes(sides, headers, f"{{ {name}(first: 12) {{ nodes {{ {below} }} }} }}", name):
            _note(item, ids)
            if item.get("status") is not None:
                statuses.setdefault(item["__typename"], []).append((item["id"], item["status"]))
    return {name: list(dict.fromkeys(found)) for name, found in ids.items()}, statuses


def _nodes(sides: Sides, headers: Mapping[str, str], text: str, name: str) -> list[dict[str, Any]]:
    answer = json.loads(sides.answer_of(sides.reference, Asked(text), headers).body)
    return (answer["data"] or {name: {"nodes": []}})[name]["nodes"] or []


def _below(node: GraphQLObjectType) -> Iterator[str]:
    yield _own(node)
    for name, found in node.fields.items():
        below = get_named_type(found.type)
        if not isinstance(below, GraphQLObjectType):
            continue
        if below.name.endswith("Connection") and "last" in found.args:
            yield f"{name}(first: 2) {{ nodes {{ {_own(_node_type(below))} }} }}"
        elif "databaseId" in below.fields:
            yield f"{name} {{ {_own(below)} }}"


def _own(node: GraphQLObjectType) -> str:
    status = "status" if node.name in {"Lead", "Ticket"} and "status" in node.fields else ""
    return " ".join(("__typename", *(name for name in ("id", "databaseId", status) if name in node.fields)))


def _node_type(connection: Any) -> GraphQLObjectType:
    found = get_named_type(connection.fields["nodes"].type)
    assert isinstance(found, GraphQLObjectType)
    return found


def _note(item: Any, ids: Ids) -> None:
    if isinstance(item, list):
        for one in item:
            _note(one, ids)
    elif isinstance(item, dict):
        if "databaseId" in item and item["__typename"] not in CHANGING:
            ids.setdefault(item["__typename"], []).append(item["databaseId"])
        for value in item.values():
            _note(value, ids)
