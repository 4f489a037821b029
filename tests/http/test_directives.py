"""`@skip` and `@include`: the answer is that of the document without what they leave out, and nothing more is read."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.gateways import RunningGateway
from tests.http.asking import ask, errors

# Fields twice, parents twice, fragments twice, each under a condition of its own; what the plan must never bake in.
DOCUMENT = """
query ($a: Boolean!, $b: Boolean!) {
  leads(first: 3) {
    totalCount @skip(if: $a)
    nodes {
      firmName @include(if: $a)
      firmName @include(if: $b)
      status @skip(if: $a) @include(if: $b)
      company @include(if: $a) { companyName }
      company @include(if: $b) { city }
      tickets(first: 1) @skip(if: $b) { nodes { ...titled @include(if: $a) status } }
      ... on Lead @include(if: $b) { source ... @skip(if: $a) { industry } }
      ...named @skip(if: $a)
      ...named
    }
  }
  leads(first: 3) @include(if: $b) { nodes { city: industry } pageInfo @skip(if: $a) { hasNextPage } }
}
fragment titled on Ticket { title }
fragment named on Lead { databaseId warrior @include(if: $b) { databaseId } }
"""


def _plain(a: bool, b: bool) -> str:
    """The same document without directives."""
    lead = ["firmName"] * (a or b) + ["status"] * (not a and b)
    company = ["companyName"] * a + ["city"] * b
    lead += [f"company {{ {' '.join(company)} }}"] * bool(company)
    lead += [f"tickets(first: 1) {{ nodes {{ {'title ' * a} status }} }}"] * (not b)
    lead += ["source"] * b + ["industry"] * (b and not a)
    lead += ["databaseId"] + ["warrior { databaseId }"] * b + ["city: industry"] * b
    page = "pageInfo { hasNextPage }" if b and not a else ""
    total = "" if a else "totalCount"
    return f"{{ leads(first: 3) {{ {total} nodes {{ {' '.join(lead)} }} {page} }} }}"


@pytest.mark.parametrize(("a", "b"), list(itertools.product([False, True], repeat=2)))
def test_conditions_give_what_the_plain_document_gives(gateway: RunningGateway, a: bool, b: bool) -> None:
    expected = gateway.post({"query": _plain(a, b)}, as_user="salesperson").content
    assert b'"errors"' not in expected
    # Twice, and the other way round between: one document, and nothing of an earlier answer.
    for variables in ({"a": a, "b": b}, {"a": not a, "b": not b}, {"a": a, "b": b}):
        answer = gateway.post({"query": DOCUMENT, "variables": variables}, as_user="salesperson").content
    assert answer == expected


@pytest.mark.parametrize(
    ("query", "data"),
    [
        ("{ leads(first: 3) @skip(if: true) { nodes { id } } }", {}),
        ("{ leads(first: 3) { nodes @skip(if: true) { id } } }", {"leads": {}}),
        (
            "{ leads(first: 1) { ...x @skip(if: true) } } fragment x on LeadConnection { nodes { id } }",
            {"leads": {}},
        ),
        (
            "{ viewer { role @skip(if: true) } a: viewer { role @include(if: false) } }",
            {"viewer": {}, "a": {}},
        ),
        ("{ viewer { role @skip(if: true) role } }", {"viewer": {"role": "ADMIN"}}),
        ("{ viewer { role @skip(if: false) @include(if: false) } }", {"viewer": {}}),
        ("query ($x: Boolean = true) { viewer { role @skip(if: $x) } }", {"viewer": {}}),
    ],
)
def test_what_is_left_out_leaves_its_parent(gateway: RunningGateway, query: str, data: Any) -> None:
    assert gateway.data(query, as_user="admin") == data


def test_what_is_left_out_is_not_read(gateway: RunningGateway) -> None:
    gateway.data("{ viewer { role } }", as_user="admin")
    query = "query ($x: Boolean!) { leads { nodes { id firmName @skip(if: $x) company @skip(if: $x) { city } } } }"
    with gateway.counted() as statements:
        gateway.data(query, {"x": True}, as_user="admin")
    (read,) = [statement.text for statement in statements if "all_session" not in statement.text]
    assert read.split()[:2] == ["SELECT", "leads.id"]
    assert "firm_name" not in read


def test_a_null_for_a_condition_with_a_default_is_bad_input(gateway: RunningGateway) -> None:
    query = "query ($x: Boolean = true) { leads(first: 1) @skip(if: $x) { nodes { id } } }"
    (error,) = errors(ask(gateway, query, {"x": None}, token=gateway.login("admin")))
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "'$x'" in error["message"]


def test_conditions_below_an_interface_are_checked_too(gateway: RunningGateway) -> None:
    document = (
        "query ($x: Boolean = true, $i: ID!) { node(id: $i) { id ... on Lead { firmName @skip(if: $x) } } }"
    )
    answer = ask(gateway, document, {"x": None, "i": "TGVhZDo1MDA2"}, token=gateway.login("admin"))
    (error,) = errors(answer)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
