"""What the operations of this folder are worth: they are valid, ask for the whole schema, and the same ones each time;
and a difference between two gateways is told so that it can be asked again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import pytest
from graphql import (
    EnumValueNode,
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    parse,
    validate,
    visit,
)
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.conftest import Estate
from tests.engine.faults import Fault
from tests.engine.in_process import HttpAnswer
from tests.engine.operations import operations
from tests.engine.schema_parts import FOLLOWED, fields_of_schema
from tests.engine.sides import Asked, difference
from tests.engine.sweep import Sweep

EXAMPLES = 1500
# What only mutations give; they are among the random operations.
ONLY_OF_MUTATIONS = {
    "Mutation",
    "Session",
    "ChangeLeadStatusPayload",
    "ChangeTicketStatusPayload",
    "CreatePartnerTokenPayload",
}


@pytest.fixture
def estate(embedded_estate: Estate) -> Estate:
    """The embedded estate."""
    return embedded_estate


def _generated(estate: Estate, count: int) -> tuple[list[tuple[str, str]], set[str]]:
    """Texts with the names of their callers, and what of the schema they ask for."""
    touched: set[str] = set()
    found: list[tuple[str, str]] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(choice=st.data())
    def made(choice: st.DataObject) -> None:
        caller = choice.draw(st.sampled_from([estate.caller("admin"), *estate.callers]))
        written = choice.draw(operations(caller, estate.values, touched))
        found.append((caller.name, written.text))

    made()
    return found, touched


@pytest.mark.usefixtures("fresh_examples")
def test_generated_operations_are_valid_varied_and_the_same_each_time(estate: Estate) -> None:
    found, touched = _generated(estate, EXAMPLES)
    schemas = {caller.name: caller.schema for caller in estate.callers}
    for who, text in found[::10]:
        assert validate(schemas[who], parse(text)) == [], text
    assert len(set(found)) > 0.95 * len(found)
    assert found[:200] == _generated(estate, EXAMPLES)[0][:200]
    for kind in (
        "merged fields",
        "inline fragment",
        "inline fragment without a type",
        "fragment on an interface within an object",
        "fragment spread",
        "directives",
        "odd variables",
        "several operations",
        "introspection",
    ):
        assert kind in touched, kind


@pytest.mark.usefixtures("fresh_examples")
def test_generated_operations_ask_for_most_of_the_schema(estate: Estate) -> None:
    wanted = set(fields_of_schema(estate.caller("admin").schema))
    _, touched = _generated(estate, EXAMPLES)
    fields = {name for name in wanted if "(" not in name}
    assert len(fields & touched) > 0.75 * len(fields), sorted(fields - touched)


class _Names(Visitor):
    """Gathers the fields, conditions and enum values that a document names."""

    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.found: set[str] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Notes a field of an object."""
        self.found.add(f"{self._info.get_parent_type()}.{node.name.value}")

    def enter_object_field(self, node: ObjectFieldNode, *_: object) -> None:
        """Notes a field of an input."""
        self.found.add(f"{self._info.get_parent_input_type()}.{node.name.value}")

    def enter_enum_value(self, node: EnumValueNode, *_: object) -> None:
        """Notes a value of an enum."""
        self.found.add(f"{self._info.get_input_type()}.{node.value}".replace("!", ""))


def _names_in(schema: GraphQLSchema, asked: Iterable[Asked]) -> set[str]:
    found: set[str] = set()
    for one in asked:
        document = parse(one.text)
        assert validate(schema, document) == [], one.text
        info = TypeInfo(schema)
        names = _Names(info)
        visit(document, TypeInfoVisitor(info, names))
        found |= names.found
    return found


def _wanted(schema: GraphQLSchema) -> Iterator[str]:
    """The fields below the root of queries, and the conditions and orders of all lists."""
    for type_ in schema.type_map.values():
        if type_.name.startswith("__") or type_.name in ONLY_OF_MUTATIONS:
            continue
        if isinstance(type_, GraphQLObjectType):
            yield from (f"{type_.name}.{name}" for name in type_.fields)
        elif isinstance(type_, GraphQLInputObjectType) and type_.name.endswith("Where"):
            yield from (f"{type_.name}.{name}" for name in type_.fields if name != "and")
        elif isinstance(type_, GraphQLEnumType) and type_.name.endswith("Field"):
            yield from (f"{type_.name}.{name}" for name in type_.values)


@pytest.mark.parametrize("name", ["admin", "salesperson", "client"])
def test_sweep_asks_for_every_field_condition_and_order(estate: Estate, name: str) -> None:
    caller = estate.caller(name)
    sweep = Sweep(caller, estate.values)
    asked = (*sweep.objects(), *sweep.single_rows(), *sweep.conditions_and_orders())
    wanted = {name for name in _wanted(caller.schema) if name.partition(".")[0] not in FOLLOWED}
    assert wanted - _names_in(caller.schema, asked) == set()


# --- telling of a difference ----------------------------------------------------------------------------------


def test_difference_is_shown_by_its_bytes() -> None:
    first = HttpAnswer(200, (("a", "b"),), b'{"data":{"lead":{"status":"New"}}}')
    other = HttpAnswer(200, (("a", "b"),), b'{"data":{"lead":{"status":"Won"}}}')
    assert "differs at byte 27" in difference(first, other)
    assert '"status":"Won"' in difference(first, other)
    assert "answers 400 rather than 200" in difference(first, HttpAnswer(400, (), b"{}"))
    assert "has other headers" in difference(first, HttpAnswer(200, (), first.body))


def test_difference_is_told_with_all_that_it_takes_to_ask_again(estate: Estate) -> None:
    sides, caller = estate.sides, estate.caller("admin")
    asked = Asked("query A($n: Int) { companies(first: $n) { nodes { city } } }", {"n": 1}, "A")
    faults = (Fault("magenta"),)
    other = sides.sides[1]
    with pytest.MonkeyPatch.context() as patch:
        # One of the gateways has its sources, the other not.
        patch.setattr(other.faults, "heeded", False)
        with pytest.raises(AssertionError) as told:
            sides.same_answer(asked, caller.headers, faults, who="admin", shuffled=3)
    for part in (
        asked.text,
        '{"n": 1}',
        "admin",
        "every read of magenta can't be reached",
        "embedded",
        "A",
        "3",
    ):
        assert part in str(told.value)


def test_what_depends_on_the_clock_is_all_that_is_made_alike(estate: Estate) -> None:
    text = (
        "{ leads(first: 500) { nodes { files(first: 1) { nodes { clock_url: url again: url name size } } } } "
        "reportViews { clock_generatedAt: generatedAt clock_a: name } }"
    )
    sides, caller = estate.sides, estate.caller("admin")
    found = json.loads(sides.answer_of(sides.reference, Asked(text), caller.headers).body)["data"]
    files = [one for node in found["leads"]["nodes"] for one in node["files"]["nodes"]]
    assert files
    assert {one["clock_url"] for one in files} == {""}
    assert all(one["again"].startswith("/files/") and one["name"] for one in files)
    assert {(one["clock_generatedAt"], one["clock_a"]) for one in found["reportViews"]} == {("", "")}
