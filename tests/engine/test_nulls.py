"""A null is as if an argument were left out, or is refused with a code: wherever it may be said, on both executors."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engine.conftest import Estate
from tests.engine.nulls import ABSENT, INSIDE, LITERAL, WHOLE, Nulls
from tests.engine.sides import Asked
from tests.engine.values import global_id

REFUSED = {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED"}


def _said(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(error["extensions"]["code"], error["message"]) for error in answer.get("errors", ())]


@pytest.mark.parametrize("estate", ["embedded"], indirect=True)
@pytest.mark.parametrize("name", ["admin", "client"])
def test_argument_that_is_null_is_as_if_it_were_left_out(estate: Estate, name: str) -> None:
    caller = estate.caller(name)
    fields = list(Nulls(caller, estate.values).arguments())
    assert {"Query.leads", "Query.lead", "File.url", "Company.tickets"} <= {field for field, *_ in fields}
    for field, usual, odd in fields:
        expected = estate.sides.same_answer(usual, caller.headers, who=name)
        assert "errors" not in json.loads(expected.body), field
        for asked in odd:
            answer = estate.sides.same_answer(asked, caller.headers, who=name)
            assert answer.body == expected.body, f"{field}: {asked}"


@pytest.mark.parametrize("estate", ["embedded"], indirect=True)
def test_null_in_an_input_is_refused_with_a_code_in_whatever_way_it_is_said(estate: Estate) -> None:
    caller = estate.caller("admin")
    inputs = list(Nulls(caller, estate.values).inputs())
    wanted = {
        "LeadWhere.company",
        "StringFilter.eq",
        "LeadOrder.direction",
        "AccessSubject.user",
        "ReportOrder.column",
    }
    assert wanted <= {one.name for one in inputs}
    for one in inputs:
        said = {
            way: _said(json.loads(estate.sides.same_answer(asked, caller.headers).body))
            for way, asked in one.asked.items()
        }
        assert {code for found in said.values() for code, _ in found} <= REFUSED, (one.name, said)
        assert said[LITERAL], one.name
        assert said[WHOLE], one.name
        if one.nullable and not one.name.startswith("AccessSubject."):
            assert said[LITERAL] == said[INSIDE] == said[WHOLE], one.name
            assert said[ABSENT] == [], one.name


CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "changeLeadStatus": ({"id": global_id("Lead", 999_999_999), "status": "Demo"}, "NOT_FOUND"),
    "changeTicketStatus": ({"id": global_id("Ticket", 999_999_999), "status": "Closed"}, "NOT_FOUND"),
    "createPartnerToken": (
        {
            "partnerCompanyId": global_id("PartnerCompany", 999_999_999),
            "name": "nulls",
            "scopes": ["leads:read"],
        },
        "NOT_FOUND",
    ),
}


@pytest.mark.parametrize("estate", ["embedded"], indirect=True)
@pytest.mark.parametrize("name", CHANGES)
def test_null_in_a_change_is_as_if_it_were_left_out(estate: Estate, name: str) -> None:
    caller = estate.caller("admin")
    given, code = CHANGES[name]
    mutation = caller.schema.mutation_type
    assert mutation is not None
    type_ = mutation.fields[name].args["input"].type
    optional = set(type_.of_type.fields) - set(given)
    assert optional
    text = f"mutation ($input: {type_}) {{ {name}(input: $input) {{ __typename }} }}"
    for more in ({}, dict.fromkeys(optional)):
        answer = estate.sides.same_answer(Asked(text, {"input": {**given, **more}}), caller.headers)
        assert [found for found, _ in _said(json.loads(answer.body))] == [code]
