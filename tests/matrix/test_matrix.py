"""The access matrix: what the declarations give is what was last reviewed, and schemas name no more than it does.

After a change of access that is meant, write the file anew and read what changed:

    gateway matrix > tests/matrix/access.txt
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from difflib import unified_diff
from pathlib import Path

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from datasources.iperform.tables import leads
from gateway.cli import matrix as matrix_command
from gateway.engine.audience import AudienceSchema
from gateway.resolvers.declarations import RowType, column, snake_case
from gateway.schema.build import SCHEMAS
from gateway.schema.everything import CONNECTION_ITEMS, TYPES
from gateway.schema.lead_stats import LEAD_GROUP
from gateway.schema.matrix import AUDIENCES, DENIED, access_matrix

FILE = Path(__file__).with_name("access.txt")
WAYS = {"and", "or", "not"}
# Inputs and enums of ADMIN's own operations: in no other schema.
ADMINS = {"CreatePartnerTokenInput", "AccessSubject", "ColumnAccess"}
# What mutations take: of those who have the mutation.
TAKEN_BY = {
    "ChangeLeadStatusInput": "Mutation.changeLeadStatus",
    "ChangeTicketStatusInput": "Mutation.changeTicketStatus",
}
MADE = {"PageInfo", "ReportOrder", *ADMINS, *TAKEN_BY}

Cells = dict[str, str]


def rows_of(text: str) -> dict[str, Cells]:
    """The lines of a matrix by what they begin with; a rule's with its type before it."""
    head = next(line for line in text.splitlines() if line.strip().startswith("ADMIN"))
    starts = {name: head.index(name) for name in (*AUDIENCES, "scopes")}
    ends = [*list(starts.values())[1:], None]
    found: dict[str, Cells] = {}
    type_name = ""
    for line in text.split(head, 1)[1].split("\nColumns that nobody has", 1)[0].splitlines():
        name = line[: starts["ADMIN"]].strip()
        if name and not line.startswith(" "):
            type_name = name.split(",")[0].split(".")[0]
        key = f"{type_name} {name}" if line.startswith(" ") else name.split(",")[0]
        cells = {who: line[starts[who] : end].strip() for who, end in zip(starts, ends, strict=True)}
        if name:
            assert key not in found, f"{key} is there twice"
            found[key] = cells
    return found


REVIEWED = rows_of(FILE.read_text(encoding="utf-8"))


def test_matrix_is_what_was_reviewed() -> None:
    reviewed, made = FILE.read_text(encoding="utf-8"), access_matrix(SCHEMAS.narrowing)
    difference = "\n".join(unified_diff(reviewed.splitlines(), made.splitlines(), "reviewed", "made", n=0))
    assert difference == "", f"{difference}\nWas it meant? Then: gateway matrix > tests/matrix/access.txt"


def test_command_prints_the_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    matrix_command()
    assert capsys.readouterr().out == FILE.read_text(encoding="utf-8")


def test_new_field_is_missed_in_the_reviewed_matrix() -> None:
    lead = next(item for item in TYPES if item.name == "Lead")
    wider = replace(lead, fields=(*lead.fields, column(leads.c.warrior_id, "A new field.")))
    types = [wider if item is lead else item for item in TYPES]
    narrowing = type(SCHEMAS.narrowing)(types, SCHEMAS.narrowing.policies, CONNECTION_ITEMS)
    made = rows_of(access_matrix(narrowing, types))
    assert made.keys() - REVIEWED.keys() == {"Lead.warriorId"}


# --- the schemas that are served --------------------------------------------------------------------------


@pytest.mark.parametrize("who", AUDIENCES)
def test_schema_has_the_fields_of_the_matrix_and_no_others(who: str) -> None:
    reviewed = {name for name, cells in REVIEWED.items() if "." in name and cells[who] != DENIED}
    assert set(_fields(SCHEMAS.of(AUDIENCES[who]))) == reviewed


def _fields(schema: AudienceSchema) -> Iterator[str]:
    """The fields of the declared types; those of pages and edges come with their nodes."""
    declared = {item.name for item in TYPES}
    pages = {f"{item}{part}" for item in CONNECTION_ITEMS for part in ("Connection", "Edge")}
    for name, type_ in schema.graphql.type_map.items():
        if name.startswith("__") or not isinstance(type_, GraphQLObjectType):
            assert isinstance(type_, GraphQLInterfaceType) <= (name == "Node")
            continue
        assert name in declared | pages | MADE
        if name in declared:
            yield from (f"{name}.{field}" for field in type_.fields)


@pytest.mark.parametrize("who", AUDIENCES)
def test_conditions_name_only_fields_of_the_caller(who: str) -> None:
    schema = SCHEMAS.of(AUDIENCES[who])
    for row_type in _row_types(schema):
        given = schema.graphql.type_map.get(f"{row_type.name}Where")
        if given is None:
            continue
        assert isinstance(given, GraphQLInputObjectType)
        assert set(given.fields) - WAYS <= _names(schema, row_type.name)


@pytest.mark.parametrize("who", AUDIENCES)
def test_orders_name_only_fields_of_the_caller(who: str) -> None:
    schema = SCHEMAS.of(AUDIENCES[who])
    for row_type in _row_types(schema):
        enum = schema.graphql.type_map.get(f"{row_type.name}Field")
        if enum is None:
            continue
        assert isinstance(enum, GraphQLEnumType)
        assert set(enum.values) <= set(_order_names(schema, row_type.name))


def _order_names(schema: AudienceSchema, type_name: str) -> Iterator[str]:
    for name, field in _object(schema, type_name).fields.items():
        yield _upper(name)
        target = str(field.type).strip("[]!")
        if isinstance(schema.graphql.type_map[target], GraphQLObjectType):
            yield from (f"{_upper(name)}_{_upper(inner)}" for inner in _names(schema, target))


@pytest.mark.parametrize("who", AUDIENCES)
def test_groups_stand_for_fields_of_the_caller(who: str) -> None:
    schema = SCHEMAS.of(AUDIENCES[who])
    groups = schema.graphql.type_map.get(LEAD_GROUP.name)
    if groups is None:
        assert AUDIENCES[who].caller.name in {"PARTNER", "ANONYMOUS"}
        return
    assert isinstance(groups, GraphQLEnumType)
    shown_by = {
        "STATUS": "status",
        "INDUSTRY": "industry",
        "SOURCE": "source",
        "COMPANY": "companyId",
        "WARRIOR": None,
        "MONTH": "createdOn",
    }
    assert groups.values.keys() == shown_by.keys()
    assert {field for field in shown_by.values() if field} <= _names(schema, "Lead")


@pytest.mark.parametrize("who", AUDIENCES)
def test_inputs_and_enums_are_of_types_that_the_caller_has(who: str) -> None:
    schema = SCHEMAS.of(AUDIENCES[who])
    known = {row_type.name for row_type in _row_types(schema)}
    scalars = ("String", "Boolean", "Int", "Decimal", "DateTime", "Date")
    fixed = {*MADE, *(f"{scalar}Filter" for scalar in scalars), "Direction", "Role", "Owner", LEAD_GROUP.name}
    for name, type_ in schema.graphql.type_map.items():
        if name.startswith("__") or name in fixed:
            continue
        if isinstance(type_, GraphQLInputObjectType | GraphQLEnumType):
            ending = next(ending for ending in ("Where", "Order", "Field") if name.endswith(ending))
            assert name.removesuffix(ending) in known
    assert ADMINS & schema.graphql.type_map.keys() == (ADMINS if who == "ADMIN" else set())
    assert {name for name in TAKEN_BY if name in schema.graphql.type_map} == {
        name for name, mutation in TAKEN_BY.items() if REVIEWED[mutation][who] != DENIED
    }


def _row_types(schema: AudienceSchema) -> Iterable[RowType]:
    return [item for item in schema.catalogue.types() if isinstance(item, RowType)]


def _object(schema: AudienceSchema, name: str) -> GraphQLObjectType:
    found = schema.graphql.type_map[name]
    assert isinstance(found, GraphQLObjectType)
    return found


def _names(schema: AudienceSchema, type_name: str) -> set[str]:
    return set(_object(schema, type_name).fields)


def _upper(name: str) -> str:
    return snake_case(name).upper()
