"""The schema keeps what clients rely on, is written down in the repository, and differs by audience as it should."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import GraphQLObjectType, build_ast_schema, parse

from gateway.auth.audience import Audience
from gateway.auth.policies import POLICIES, SECRETS
from gateway.auth.roles import STAFF, Caller
from gateway.resolvers.declarations import ColumnField, ThroughField
from gateway.schema.build import schema_for
from gateway.schema.check import check_schema
from gateway.schema.types import ROW_TYPES

ROOT = Path(__file__).parents[2]
CORE = Path(__file__).with_name("core.graphql")

# The core leaves out what is generated: its inputs and enums name samples of it.
GENERATED = {"LeadField"}


def _core() -> dict[str, object]:
    text = CORE.read_text(encoding="utf-8")
    for name in ("LeadLog", "FollowUp", "WhatsappMessage", "Mail", "TicketComment"):
        text += f"\ntype {name} implements Node {{ id: ID! }}"
    for name in (
        "StatusChange",
        "LeadLog",
        "FollowUp",
        "Ticket",
        "WhatsappMessage",
        "Mail",
        "File",
        "Company",
        "User",
        "ClientUser",
        "SyncRun",
        "TicketComment",
    ):
        text += f"\ntype {name}Connection {{ isNull: Boolean }}"
    for name in ("Company", "User", "Ticket", "Warrior", "FollowUp"):
        text += f"\ninput {name}Where {{ isNull: Boolean }}"
    for name in ("Company", "User", "Ticket"):
        text += f"\ninput {name}Order {{ direction: Direction! = ASC }}"
    text += (
        "\nenum LeadField { DATABASE_ID } input IntFilter { eq: Int } input DateTimeFilter { eq: DateTime }"
    )
    text += "\ndirective @owned(by: Owner!) on OBJECT enum Owner { LEAD COMPANY USER TICKET }"
    return dict(build_ast_schema(parse(text), assume_valid=True).type_map)


@pytest.mark.parametrize("name", sorted(set(_core()) - GENERATED))
def test_every_name_of_the_core_is_there_as_written(name: str) -> None:
    ours = schema_for(Audience(Caller.ADMIN)).graphql.type_map
    assert name in ours
    core_fields = getattr(_core()[name], "fields", {})
    for field_name, core_field in core_fields.items():
        if field_name == "isNull":
            continue
        field = ours[name].fields[field_name]  # type: ignore[union-attr]
        assert str(field.type) == str(core_field.type), f"{name}.{field_name}"
        for argument, core_argument in getattr(core_field, "args", {}).items():
            assert str(field.args[argument].type) == str(core_argument.type), (
                f"{name}.{field_name}({argument})"
            )
    if hasattr(_core()[name], "values"):
        assert set(_core()[name].values) <= set(ours[name].values)  # type: ignore[attr-defined,union-attr]


def test_schema_in_the_repository_is_the_one_that_is_served() -> None:
    written = (ROOT / "schema.graphql").read_text(encoding="utf-8")
    assert written == schema_for(Audience(Caller.ADMIN)).sdl, (
        "run: .venv/bin/python -m gateway.cli schema > schema.graphql"
    )


def test_declarations_hold() -> None:
    check_schema()


def test_no_secret_column_is_a_field() -> None:
    shown = {
        bound.column
        for row_type in ROW_TYPES
        for bound in row_type.fields
        if isinstance(bound, ColumnField | ThroughField)
    }
    assert not shown & set(SECRETS)


@pytest.mark.parametrize("audience", sorted(STAFF, key=str))
def test_an_audience_has_no_field_of_a_column_that_it_may_never_read(audience: Caller) -> None:
    schema = schema_for(Audience(audience))
    for row_type in ROW_TYPES:
        found = schema.graphql.type_map.get(row_type.name)
        names = set(found.fields) if isinstance(found, GraphQLObjectType) else set()
        for bound in row_type.fields:
            if isinstance(bound, ColumnField) and not POLICIES.column_grant(bound.column).covers(
                Audience(audience)
            ):
                assert bound.name not in names, f"{row_type.name}.{bound.name}"


def test_a_client_has_neither_contact_nor_value_of_a_lead() -> None:
    fields = schema_for(Audience(Caller.USER)).graphql.type_map["Lead"].fields  # type: ignore[union-attr]
    hidden = {
        "clientEmailId",
        "clientMobileNo",
        "whatsappNumber",
        "integrationFirstName",
        "integrationLastName",
        "integrationMobileNo",
        "integrationEmailId",
        "tentativeValue",
        "probability",
    }
    assert not hidden & set(fields)
    sortable = schema_for(Audience(Caller.USER)).graphql.type_map["LeadField"].values  # type: ignore[union-attr]
    assert not {"TENTATIVE_VALUE", "PROBABILITY", "CLIENT_EMAIL_ID"} & set(sortable)


def test_the_anonymous_have_the_session_and_nothing_else() -> None:
    types = schema_for(Audience(Caller.ANONYMOUS)).graphql.type_map
    assert set(types["Query"].fields) == {"viewer"}  # type: ignore[union-attr]
    assert set(types["Mutation"].fields) == {"login", "refreshSession", "logout"}  # type: ignore[union-attr]
    assert "Lead" not in types
    assert "warrior" not in types["User"].fields  # type: ignore[union-attr]
