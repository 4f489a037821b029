"""The suite that mutants must not survive: small reads in this process, compared with what the oracle says.

A look at a table is one operation or one read by each caller of a kind. What a look can't tell, the next may: the
tables that rest on the changed rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Any

from graphql import ExecutionResult
from sqlalchemy import Table

from datasources.seed.clients import ERP_COMPANY_IDS
from gateway.auth.caller_rules import KeptRules
from gateway.auth.company_tables import COMPANY_TABLES, Newest
from gateway.auth.policy import Policies
from gateway.auth.principal import Client, Principal
from gateway.auth.roles import PARTNER_SCOPES
from gateway.auth.roles import Caller as Kind
from gateway.context import Request
from gateway.engine import reference
from gateway.engine.documents import Documents
from gateway.loaders.batch import Loaders
from gateway.resolvers.ids import encode_id
from gateway.schema.build import SCHEMAS
from gateway.schema.types import ROW_TYPES
from gateway.services import Services
from tests.mutants import rows as ours
from tests.oracle.catalogue import primary_key
from tests.oracle.data import TABLE_OF_TYPE, Data
from tests.oracle.evaluate import readable
from tests.oracle.rules import Caller, PartnerViewer, Viewer

TYPE_OF_TABLE = {table: type_name for type_name, table in TABLE_OF_TYPE.items()}
NODE_TYPES = {row_type.table: row_type.name for row_type in ROW_TYPES if row_type.node}
SOME = 40

NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
MASKED = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on User { id email lastLogin } } }"
DELETED = "{ leads(where: {isDeleted: {eq: 1}}) { totalCount } }"

# Somebody of the demo of each kind, who sees rows of the analytics, and those of the mutants' own organisation.
ASKERS: Mapping[Kind, tuple[int, ...]] = {
    Kind.ADMIN: (1,),
    Kind.MANAGER: (ours.BOSS, 2, ours.LONE, ours.RING, ours.LESSER_BOSS),
    Kind.SALESPERSON: (ours.SELLER, 3),
    Kind.WARRIOR: (ours.FIGHTER, 4),
    Kind.USER: (ours.CLIENT, ours.CLIENT2, 5, ours.GONE_CLIENT, ours.UNSURE_CLIENT),
    Kind.PARTNER: (ours.PARTNER, ours.PARTNER2, 1),
}


@dataclass(frozen=True, eq=False)
class Asker:
    """Somebody who asks, as the gateway and as the oracle know them."""

    principal: Principal
    caller: Caller


class Suite:
    """The reads, over one estate; `services` are under the contract's rules."""

    def __init__(self, services: Services, data: Data) -> None:
        self.data = data
        self._services = services
        self._documents = Documents()
        self._askers = {kind: [self._asker(kind, one) for one in ones] for kind, ones in ASKERS.items()}
        self._samples: dict[str, list[Any]] = {}

    def _asker(self, kind: Kind, number: int) -> Asker:
        if kind is Kind.PARTNER:
            principal = Principal(caller=kind, partner_company_id=number, scopes=PARTNER_SCOPES, token_id=1)
            return Asker(principal, PartnerViewer(self.data, number))
        viewer = Viewer(self.data, number)
        assert viewer.role == kind.value
        principal = Principal(caller=kind, user_id=number, client_user_id=viewer.client_user_id)
        return Asker(principal, viewer)

    async def complaint(self, policies: Policies, kind: Kind, tables: Iterable[Table]) -> str | None:
        """What is wrong for callers of a kind with these tables; None where nothing is."""
        for table in tables:
            for asker in self._askers[kind]:
                found = await self._look(policies, asker, table)
                if found is not None:
                    return f"{table} for {asker.principal.user_id or asker.principal.partner_company_id}: {found}"
        return None

    async def _look(self, policies: Policies, asker: Asker, table: Table) -> str | None:
        if table in COMPANY_TABLES:
            return await self._company_rows(policies, asker, table)
        if table in NODE_TYPES:
            return await self._nodes(policies, asker, table) or await self._deleted(policies, asker, table)
        return await self._rows(policies, asker, table)

    # --- by the API ---------------------------------------------------------------------------------------

    async def _nodes(self, policies: Policies, asker: Asker, table: Table) -> str | None:
        type_name = NODE_TYPES[table]
        keys = self._sample(type_name)
        ids = {encode_id(type_name, key): key for key in keys}
        data = await self._data(policies, asker.principal, NODES, {"ids": list(ids)})
        got = {ids[node["id"]] for node in data["nodes"] if node is not None}
        return _difference(self._visible(asker.caller, type_name) & set(keys), got)

    async def _deleted(self, policies: Policies, asker: Asker, table: Table) -> str | None:
        if NODE_TYPES[table] != "Lead":
            return None
        data = await self._data(policies, asker.principal, DELETED, {})
        rows = self.data.rows("Lead")
        expected = sum(row["is_deleted"] == 1 and asker.caller.role == "ADMIN" for row in rows)
        got = data["leads"]["totalCount"]
        return None if got == expected else f"{got} deleted leads, not {expected}"

    async def masked(self, policies: Policies, kind: Kind) -> str | None:
        """What is wrong with the masked columns of users, for callers of a kind."""
        for asker in self._askers[kind]:
            keys = self._sample("User")
            ids = {encode_id("User", key): key for key in keys}
            data = await self._data(policies, asker.principal, MASKED, {"ids": list(ids)})
            for node in filter(None, data["nodes"]):
                user = self.data.one("User", ids[node["id"]])
                assert user is not None
                info = next(iter(self.data.where("SessionInfo", "user_id", user["id"])), None)
                shown = node["email"], node["lastLogin"] is not None
                email = readable(asker.caller, "User", user, "email")
                login = None if info is None else readable(asker.caller, "SessionInfo", info, "last_login")
                if shown != (email, login is not None):
                    return f"user {user['id']} for {asker.principal.user_id}: {shown}"
        return None

    async def _data(
        self, policies: Policies, principal: Principal, query: str, variables: Mapping[str, Any]
    ) -> Any:
        result = await self._result(policies, principal, query, variables)
        if result.errors:
            raise result.errors[0].original_error or result.errors[0]
        return result.data

    async def _result(
        self, policies: Policies, principal: Principal, query: str, variables: Mapping[str, Any]
    ) -> ExecutionResult:
        schema = SCHEMAS.of(principal.audience)
        document = self._documents.get(query, schema)
        prepared = reference.prepare(schema, document, document.operation(None), variables)
        services = self._under(policies)
        access = services.access_for(principal)
        request = Request(
            request_id="a mutant",
            authorization=None,
            principal=principal,
            client=Client("127.0.0.1", "mutants"),
            access=access,
            loaders=Loaders(access),
            services=services,
            catalogue=schema.catalogue,
        )
        return await reference.run(schema, prepared, request)

    def _under(self, policies: Policies) -> Services:
        """The services under other rules, which nobody has kept anything of."""
        return replace(self._services, rules=KeptRules(policies, self._services.rules.denied_columns))

    # --- by the door to the data ----------------------------------------------------------------------------

    async def _rows(self, policies: Policies, asker: Asker, table: Table) -> str | None:
        """A table whose rows have no ids of the API's: all of them, as resolvers are given them."""
        keys = [column for column in table.columns if column.primary_key] or [*table.columns][:2]
        access = self._under(policies).access_for(asker.principal)
        rows = await access.rows(table, keys)
        names = [column.name for column in keys]
        expected = [tuple(row[name] for name in names) for row in self._expected(asker.caller, table)]
        return _difference(set(expected), set(rows))

    def _expected(self, caller: Caller, table: Table) -> list[dict[str, Any]]:
        """The rows of a table without ids that a caller sees: by what they belong to."""
        type_name = TYPE_OF_TABLE[f"{table.metadata.info['source']}.{table.fullname}"]
        rows = self.data.rows(type_name)
        if type_name in BELONGS:
            column, parent = BELONGS[type_name]
            seen = caller.ids(parent)
            return [row for row in rows if caller.role == "ADMIN" or row[column] in seen]
        if type_name == "Role":
            return rows
        return caller.seen(type_name)

    async def _company_rows(self, policies: Policies, asker: Asker, table: Table) -> str | None:
        """The companies whose own tables have rows for a caller."""
        access = self._under(policies).access_for(asker.principal)
        found = await access.company_rows(table, [table.c.id], sorted(self._companies_with_tables), Newest(1))
        expected = self._companies_with_tables & (
            {row["id"] for row in self.data.rows("Company")}
            if asker.caller.role == "ADMIN"
            else asker.caller.ids("Company")
        )
        return _difference(expected, {company for company, rows in found.items() if rows})

    @cached_property
    def _companies_with_tables(self) -> frozenset[int]:
        return frozenset(ERP_COMPANY_IDS)

    # --- what is expected -----------------------------------------------------------------------------------

    def _sample(self, type_name: str) -> list[Any]:
        """Keys of a type: all of the mutants' own, some of the demo's, and some that each asker sees."""
        if type_name == "PartnerToken":
            return [900001, 900002]
        if type_name not in self._samples:
            keys = [row[primary_key(type_name)] for row in self.data.rows(type_name)]
            least = OWN_FROM.get(type_name, 900_000)
            others = sorted(key for key in keys if key < least)
            chosen = Random(type_name).sample(others, min(SOME, len(others)))
            seen = [key for asker in self._everybody() for key in sorted(asker.caller.ids(type_name))[:2]]
            self._samples[type_name] = [
                *dict.fromkeys([*(key for key in keys if key >= least), *chosen, *seen])
            ]
        return self._samples[type_name]

    def _everybody(self) -> Iterable[Asker]:
        return [asker for askers in self._askers.values() for asker in askers]

    def _visible(self, caller: Caller, type_name: str) -> set[Any]:
        if type_name == "PartnerToken":
            return {900001, 900002} if caller.role == "ADMIN" else set()
        return caller.ids(type_name)


OWN_FROM = dict.fromkeys(("User", "Salesperson", "Warrior", "PartnerCompany"), 9_000)
BELONGS = {
    "SessionInfo": ("user_id", "User"),
    "ClientUserInfo": ("user_id", "ClientUser"),
    "MirrorLead": ("id", "Lead"),
    "MirrorLog": ("lead_id", "Lead"),
    "MirrorStatus": ("lead_id", "Lead"),
    "MirrorDemo": ("lead_id", "Lead"),
}


def _difference(expected: set[Any], got: set[Any]) -> str | None:
    if expected == got:
        return None
    return f"too much: {_some(got - expected)}, too little: {_some(expected - got)}"


def _some(keys: set[Any]) -> str:
    return f"{len(keys)} as {sorted(keys, key=str)[:3]}"
