"""What an operation costs: said by the operation and its page sizes, never by what the data holds."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import FragmentDefinitionNode, OperationDefinitionNode, parse

from gateway.engine.limits import Measure
from gateway.errors import Code, GatewayError

TICKETS = "tickets(first: 5) { totalCount nodes { id } }"


def _cost(query: str, variables: dict[str, Any] | None = None) -> int:
    document = parse(query)
    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return Measure(document, variables or {}).check(operation)


@pytest.mark.parametrize(
    ("query", "cost"),
    [
        ("{ __typename }", 1),
        ("{ viewer { role scopes } }", 1),
        ("{ lead(databaseId: 1) { id firmName status } }", 1),
        ("{ lead(databaseId: 1) { company { city } warrior { user { username } } } }", 4),
        # The list, and its items; 50 where nobody says how many.
        ("{ leads(first: 10) { nodes { id } } }", 11),
        ("{ leads(last: 10) { nodes { id firmName status } } }", 11),
        ("{ leads { nodes { id } } }", 51),
        ("{ leads(first: 10) { edges { cursor node { id } } pageInfo { hasNextPage } } }", 11),
        ("{ leads(first: 10) { nodes { company { city } } } }", 21),
        # A count reads all that there is, but it costs the same whatever that is.
        ("{ leads { totalCount } }", 11),
        ("{ leadStats(groupBy: [STATUS]) { count } }", 11),
        # 1 + 10 leads, each with a list of its own: 1 + 10 + 5.
        (f"{{ leads(first: 10) {{ nodes {{ {TICKETS} }} }} }}", 11 + 10 * 16),
        ('{ nodes(ids: ["a", "b", "c"]) { id } }', 3),
        ('{ node(id: "a") { id } }', 1),
        ("{ a: leads(first: 10) { nodes { id } } b: leads(first: 10) { nodes { id } } }", 22),
        ("{ ...F ...F } fragment F on Query { leads(first: 10) { nodes { id } } }", 22),
        ("{ ... on Query { leads(first: 10) { nodes { ... on Lead { company { id } } } } } }", 21),
        ("{ leads(first: 0) { nodes { company { id } } } }", 1),
    ],
)
def test_what_an_operation_costs(query: str, cost: int) -> None:
    assert _cost(query) == cost


def test_page_sizes_and_ids_in_variables_count_as_those_in_the_text() -> None:
    paged = "query ($n: Int) { leads(first: $n) { nodes { id } } }"
    assert [_cost(paged, {"n": size}) for size in (10, 500, 0)] == [11, 501, 1]
    named = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert _cost(named, {"ids": ["a"] * 40}) == 40


def test_a_cost_grows_with_each_page_that_is_asked_for_inside_another() -> None:
    nested = "{ companies(first: 20) { nodes { leads(first: 30) { nodes { logs(first: 5) { nodes { id } } } } } } }"
    assert _cost(nested) == 1 + 20 + 20 + 20 * 30 + 20 * 30 + 20 * 30 * 5


def test_ids_past_the_limit_of_items_are_refused_as_pages_are() -> None:
    many = "{ nodes(ids: $ids) { ... on Company { leads(first: 500) { nodes { id } } } } }"
    with pytest.raises(GatewayError) as refused:
        _cost(f"query ($ids: [ID!]!) {many}", {"ids": ["a"] * 2_500})
    assert refused.value.code is Code.COST_LIMIT_EXCEEDED


def test_a_fragment_that_is_not_spread_costs_nothing() -> None:
    document = parse("{ __typename } fragment F on Query { leads { nodes { id } } }")
    assert any(isinstance(node, FragmentDefinitionNode) for node in document.definitions)
    assert _cost("{ __typename } fragment F on Query { leads { nodes { id } } }") == 1
