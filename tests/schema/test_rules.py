"""What has no rule doesn't start, and a rule that is taken away takes what it rules with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, parse, validate
from sqlalchemy import Column, Integer, MetaData, Table

from datasources.iperform import tables as iperform
from datasources.model import NOTHING
from gateway.auth.audience import Audience, Grant
from gateway.auth.policies import LEADS, POLICIES
from gateway.auth.policy import Policies
from gateway.auth.principal import Principal
from gateway.auth.roles import EMPLOYEES, KNOWN, PARTNER_SCOPES, STAFF, Caller
from gateway.auth.scope import scope_of
from gateway.resolvers.declarations import ComputedField, ObjectType, computed
from gateway.schema.build import Schemas, schema_for
from gateway.schema.check import missing_rules, stale_rules
from gateway.schema.everything import TYPES

ADMIN = Audience(Caller.ADMIN)
TYPES_ASKED = {"Query", "Lead", "Company", "User", "Ticket", "PartnerCompany", "Viewer"}
AUDIENCES = [
    Audience(Caller.ANONYMOUS),
    *(Audience(caller) for caller in sorted(STAFF, key=str)),
    Audience(Caller.PARTNER),
    Audience(Caller.PARTNER, frozenset({"leads:read"})),
    Audience(Caller.PARTNER, frozenset({"tickets:read", "companies:read"})),
    Audience(Caller.PARTNER, PARTNER_SCOPES),
    Audience(Caller.MANAGER, denials=frozenset({"Lead.tentativeValue", "Company.leads"})),
]


def rules(**changed: object) -> Policies:
    """The rules of the contract, with a part exchanged."""
    parts = {
        name: getattr(POLICIES, name)
        for name in ("rows", "columns", "secrets", "fields", "objects", "unseen", "writes")
    }
    return Policies(**{**parts, **changed})  # type: ignore[arg-type]


def directives(audience: Audience, name: str) -> str:
    """The directives in the SDL of a type, or of a field."""
    type_name, _, field = name.partition(".")
    sdl = schema_for(audience).sdl
    head = re.search(rf"^type {type_name}\b(?: implements Node)?(.*?) \{{\n(.*?)^\}}", sdl, re.M | re.S)
    assert head is not None
    if not field:
        return head[1].strip()
    line = re.search(rf"^  {field}(?:: [^\n]*|\(.*?\): [^\n]*)$", head[2], re.M | re.S)
    assert line is not None
    return "".join(re.findall(r"@[^\n]*$", line[0]))


def test_a_table_without_a_rule_is_named() -> None:
    fewer = rules(rows=[policy for policy in POLICIES.rows if policy.table is not iperform.tickets])
    problems = list(missing_rules(fewer, TYPES, [iperform.metadata]))
    assert "the table tickets of iperform has no rule" in problems
    assert "Ticket: the table tickets has no rule" in problems
    assert "Ticket.title: nobody may read tickets.title" in problems


def test_a_new_table_that_nobody_thought_of_is_named() -> None:
    estate = MetaData(info={"source": "iperform"})
    Table("brand_new", estate, Column("id", Integer, primary_key=True))
    assert list(missing_rules(POLICIES, [], [estate])) == ["the table brand_new of iperform has no rule"]


def test_an_operation_a_computed_field_and_a_type_without_a_rule_are_named() -> None:
    without = {"Mutation.logout", "Lead.files", "Query.viewer"}
    fields = {name: grant for name, grant in POLICIES.fields.items() if name not in without}
    objects = {name: grant for name, grant in POLICIES.objects.items() if name != "LeadStats"}
    problems = set(missing_rules(rules(fields=fields, objects=objects), TYPES, []))
    assert problems == {
        "Mutation.logout: has no rule in FIELDS",
        "Lead.files: has no rule in FIELDS",
        "Query.viewer: has no rule in FIELDS",
        "LeadStats: the type has no rule",
    }


def test_a_new_mutation_without_a_rule_is_named() -> None:
    added: ComputedField = computed("dropEverything", "Boolean!", "Drops everything.", lambda *_: True)
    mutation = next(item for item in TYPES if isinstance(item, ObjectType) and item.name == "Mutation")
    types = [replace(mutation, fields=(*mutation.fields, added))]
    assert list(missing_rules(POLICIES, types, [])) == ["Mutation.dropEverything: has no rule in FIELDS"]


def test_a_write_without_a_rule_or_with_another_tables_is_named() -> None:
    lead, ticket = "Mutation.changeLeadStatus", "Mutation.changeTicketStatus"
    writes = {lead: POLICIES.writes[ticket]}
    assert set(missing_rules(rules(writes=writes), TYPES, [])) == {
        f"{lead}: changes leads, and its rule is about tickets",
        f"{lead}: FIELDS says otherwise than WRITES who has it",
        f"{ticket}: changes rows and has no rule in WRITES",
    }
    ghost = {**POLICIES.writes, "Mutation.logout": POLICIES.writes[lead]}
    assert list(stale_rules(rules(writes=ghost), TYPES)) == [
        "Mutation.logout: a rule of a write that isn't there"
    ]


def test_a_write_of_a_secret_or_with_a_scope_that_no_token_has_is_named() -> None:
    name = "Mutation.changeLeadStatus"
    odd = replace(
        POLICIES.writes[name],
        columns=frozenset({iperform.user.c.password}),
        scopes=frozenset({"leads:wriet"}),
    )
    changed = rules(writes={**POLICIES.writes, name: odd}, fields={**POLICIES.fields, name: odd.grant})
    assert list(missing_rules(changed, TYPES, [])) == [
        "a rule asks for the scope leads:wriet, which no token can have",
        f"{name}: writes the secret user.password",
    ]


def test_taking_a_write_rule_away_takes_the_mutation_away() -> None:
    fields = {name: grant for name, grant in POLICIES.fields.items() if name != "Mutation.changeLeadStatus"}
    nobody = {
        **fields,
        "Mutation.changeLeadStatus": replace(POLICIES.writes["Mutation.changeLeadStatus"], rules={}).grant,
    }
    schema = Schemas(rules(fields=nobody)).of(ADMIN)
    assert "changeLeadStatus" not in schema.graphql.type_map["Mutation"].fields  # type: ignore[union-attr]
    denied = Audience(Caller.MANAGER, denials=frozenset({"Lead.status"}))
    mutations = schema_for(denied).graphql.type_map["Mutation"].fields  # type: ignore[union-attr]
    assert "changeLeadStatus" not in mutations
    assert "changeTicketStatus" in mutations


def test_a_rule_of_what_is_not_there_and_a_scope_that_no_token_has_are_named() -> None:
    odd = Grant(KNOWN, frozenset({"leads:raed"}))
    changed = rules(fields={**POLICIES.fields, "Lead.fiels": odd}, objects={**POLICIES.objects, "Ghost": odd})
    assert set(stale_rules(changed, TYPES)) == {
        "Lead.fiels: a rule of a field that isn't there",
        "Ghost: a rule of a type that isn't there",
    }
    assert list(missing_rules(changed, TYPES, [])) == [
        "a rule asks for the scope leads:raed, which no token can have"
    ]


def test_taking_the_rule_away_takes_type_fields_and_rows_away() -> None:
    fewer = rules(rows=[policy for policy in POLICIES.rows if policy is not LEADS])
    schema = Schemas(fewer).of(ADMIN).graphql
    assert "Lead" not in schema.type_map
    assert "leads" not in _fields(schema, "Query")
    assert "lead" not in _fields(schema, "Ticket")
    scope = scope_of(Principal(caller=Caller.ADMIN, user_id=1))
    assert fewer.for_scope(scope).rows(iperform.leads) is NOTHING
    assert POLICIES.for_scope(scope).rows(iperform.leads) is not NOTHING


def test_taking_a_column_rule_away_takes_its_directive_away() -> None:
    free = {
        column: rule
        for column, rule in POLICIES.columns.items()
        if column is not iperform.leads.c.probability
    }
    changed = Schemas(rules(columns=free)).of(Audience(Caller.USER))
    assert "probability: Int\n" in changed.sdl
    assert "probability" not in schema_for(Audience(Caller.USER)).sdl


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Lead", '@owned(by: LEAD) @authenticated @requiresScopes(scopes: [["leads:read"]])'),
        ("StatusChange", '@owned(by: LEAD) @authenticated @requiresScopes(scopes: [["leads:read"]])'),
        ("Ticket", '@owned(by: TICKET) @authenticated @requiresScopes(scopes: [["tickets:read"]])'),
        ("TicketComment", '@owned(by: TICKET) @authenticated @requiresScopes(scopes: [["tickets:read"]])'),
        ("Company", '@owned(by: COMPANY) @authenticated @requiresScopes(scopes: [["companies:read"]])'),
        ("SyncRun", '@owned(by: COMPANY) @authenticated @requiresScopes(scopes: [["companies:read"]])'),
        ("User", '@owned(by: USER) @authenticated @requiresScopes(scopes: [["users:read"]])'),
        ("PricingPlan", "@owned(by: ANYBODY) @authenticated"),
        ("RequestLog", "@owned(by: ADMIN) @authenticated @requiresRole(roles: [ADMIN])"),
        (
            "SavedView",
            "@owned(by: ONESELF) @authenticated @requiresRole(roles: [ADMIN, USER, SALESPERSON, WARRIOR, MANAGER])",
        ),
        ("Lead.status", ""),
        (
            "Lead.clientMobileNo",
            "@requiresRole(roles: [ADMIN, SALESPERSON, WARRIOR, MANAGER, PARTNER]) "
            '@requiresScopes(scopes: [["leads:contact", "leads:read"]])',
        ),
        (
            "LeadStats.probabilityAverage",
            "@requiresRole(roles: [ADMIN, SALESPERSON, WARRIOR, MANAGER, PARTNER]) "
            '@requiresScopes(scopes: [["leads:read", "leads:value"]])',
        ),
        ("Lead.company", '@requiresScopes(scopes: [["companies:read", "leads:read"]])'),
        ("Lead.files", '@requiresScopes(scopes: [["files:read", "leads:read"]])'),
        ("Query.leads", '@authenticated @requiresScopes(scopes: [["leads:read"]])'),
        ("Query.viewer", ""),
        ("Mutation.login", ""),
        ("Mutation.createPartnerToken", "@authenticated @requiresRole(roles: [ADMIN])"),
    ],
)
def test_sdl_shows_the_rule(name: str, shown: str) -> None:
    assert directives(ADMIN, name) == shown


@pytest.mark.parametrize("audience", AUDIENCES, ids=str)
def test_no_message_names_anything_that_the_audience_does_not_have(audience: Audience) -> None:
    ours, whole = schema_for(audience).graphql, schema_for(ADMIN).graphql
    known = set(_names(ours))
    hidden = sorted(set(_names(whole)) - known)
    assert hidden or audience == ADMIN
    chosen = Random(7).sample(hidden, min(15, len(hidden)))
    for type_name in sorted(TYPES_ASKED & set(ours.type_map)):
        for field in [*chosen, *(f"{name}s" for name in chosen), *(name[:-1] for name in chosen)]:
            for message in _messages(ours, type_name, field):
                quoted = " ".join(re.findall(r"'([^']+)'", message))
                assert set(re.findall(r"\w+", quoted)) - {field} <= known, message


def _messages(schema: GraphQLSchema, type_name: str, field: str) -> Iterator[str]:
    if isinstance(schema.type_map[type_name], GraphQLObjectType | GraphQLInterfaceType):
        document = parse(f"fragment f on {type_name} {{ {field} }}")
        yield from (
            error.message for error in validate(schema, document) if "never used" not in error.message
        )


def _names(schema: GraphQLSchema) -> Iterator[str]:
    for name, type_ in schema.type_map.items():
        yield name
        yield from getattr(type_, "fields", {})
        yield from getattr(type_, "values", {})


def _fields(schema: GraphQLSchema, name: str) -> set[str]:
    found = schema.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return set(found.fields)


# --- denials ------------------------------------------------------------------------------------------------


def _denied(*names: str) -> GraphQLSchema:
    return schema_for(Audience(Caller.MANAGER, denials=frozenset(names))).graphql


def test_a_denied_column_is_gone_from_fields_conditions_orders_sums_and_groups() -> None:
    schema = _denied("Lead.tentativeValue", "Lead.status")
    assert not {"tentativeValue", "status"} & _fields(schema, "Lead")
    assert not {"tentativeValue", "status"} & set(schema.type_map["LeadWhere"].fields)  # type: ignore[union-attr]
    assert not {"TENTATIVE_VALUE", "STATUS"} & set(schema.type_map["LeadField"].values)  # type: ignore[union-attr]
    assert "LEAD_TENTATIVE_VALUE" not in schema.type_map["TicketField"].values  # type: ignore[union-attr]
    assert set(schema.type_map["LeadGroup"].values) == {  # type: ignore[union-attr]
        "INDUSTRY",
        "SOURCE",
        "COMPANY",
        "WARRIOR",
        "MONTH",
    }
    assert {"tentativeValueSum", "tentativeValueTotal"} & _fields(schema, "LeadStats") == set()
    assert "probabilityAverage" in _fields(schema, "LeadStats")


def test_a_denied_key_takes_its_relations_in_both_directions() -> None:
    schema = _denied("Lead.companyId")
    assert not {"companyId", "company"} & _fields(schema, "Lead")
    assert "leads" not in _fields(schema, "Company")
    assert "company" in _fields(schema, "Ticket")


def test_a_denied_relation_takes_its_conditions_and_orders_alone() -> None:
    schema = _denied("Lead.company")
    assert "company" not in _fields(schema, "Lead")
    assert "companyId" in _fields(schema, "Lead")
    assert "company" not in schema.type_map["LeadWhere"].fields  # type: ignore[union-attr]
    assert "leads" in _fields(schema, "Company")


def test_what_can_not_be_denied_and_what_is_not_there_changes_nothing() -> None:
    odd = frozenset({"Lead.id", "Lead.nothing", "", "Lead", "lead.status"})
    assert schema_for(Audience(Caller.MANAGER, denials=odd)).sdl == schema_for(Audience(Caller.MANAGER)).sdl


def test_a_denial_never_widens() -> None:
    clients = schema_for(Audience(Caller.USER)).graphql
    narrowed = schema_for(
        Audience(Caller.USER, denials=frozenset({"Lead.tentativeValue", "Lead.firmName"}))
    ).graphql
    assert set(_names(narrowed)) < set(_names(clients))


def test_scopes_of_staff_and_denials_of_nobody_make_no_schema_of_their_own() -> None:
    scoped = Audience(Caller.ADMIN, scopes=frozenset({"leads:read"}))
    assert schema_for(scoped) is schema_for(ADMIN)


def test_every_employee_has_the_same_fields() -> None:
    ours = {
        caller: set(_names(schema_for(Audience(caller)).graphql)) for caller in EMPLOYEES - {Caller.ADMIN}
    }
    assert len({frozenset(names) for names in ours.values()}) == 1
