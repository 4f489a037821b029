"""Whole answers of the oracle to small operations, against answers worked out by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.oracle.answer import INVALID, AtLeast, Json, Near, Strings, Unordered, answer, difference
from tests.oracle.data import Data, Row
from tests.oracle.operation import Arguments, Ask, Cursor, Fragment, GlobalId, Operation, Selection, written
from tests.oracle.rules import Viewer
from tests.oracle.test_rules import SALESPEOPLE, TEAM, estate

COMPANIES: list[Row] = [{"id": 3, "company_name": "Three", "active": True}, {"id": 4, "company_name": "Four"}]
LEADS: list[Row] = [
    {
        "id": 1,
        "company_id": 3,
        "warrior_id": "30",
        "created_on": datetime(2026, 3, 1, 9),
        "platform_id": {"a": [1]},
    },
    {"id": 2, "company_id": 4, "warrior_id": "30"},
    {"id": 3, "company_id": 3, "warrior_id": "31"},
]


def data() -> Data:
    people = [{**row, "target_value": Decimal("10.50")} for row in SALESPEOPLE]
    return estate(**{**TEAM, "leads": LEADS, "salesperson": people}, company=COMPANIES)


def found(number: int, *selection: Ask) -> Any:
    got = answer(Viewer(data(), number), Operation(selection))
    assert got.code is None
    return got.data


def given(**values: Any) -> Arguments:
    return Arguments(values)


def nodes(*below: Ask | Fragment, **values: Any) -> Ask:
    return Ask("leads", (Ask("nodes", below),), None, given(**values))


def test_values_are_written_as_the_api_writes_them() -> None:
    cells = (Ask("createdOn"), Ask("platformId"), Ask("isDeleted"), Ask("firmName"))
    assert found(1, nodes(*cells, last=1)) == {
        "leads": {
            "nodes": [
                {
                    "createdOn": "2026-03-01T09:00:00+05:30",
                    "platformId": Json({"a": [1]}),
                    "isDeleted": 0,
                    "firmName": None,
                }
            ]
        }
    }
    salesperson = Ask("salesperson", (Ask("targetValue"), Ask("active")), None, given(databaseId=2))
    assert found(1, salesperson) == {"salesperson": {"targetValue": "10.50", "active": True}}


def test_fragments_and_aliases_are_merged_in_the_order_of_first_sight() -> None:
    company = Ask("company", (Ask("companyName"),))
    parts: Selection = (
        Ask("databaseId", alias="number"),
        Fragment("Lead", (company, Ask("databaseId")), "part"),
        Fragment(
            None, (Ask("company", (Ask("databaseId"), Ask("companyName"))), Ask("databaseId", alias="number"))
        ),
        Fragment("Company", (Ask("companyName"),)),
    )
    got = found(3, nodes(*parts, first=1))["leads"]["nodes"]
    assert got == [{"number": 2, "company": {"companyName": "Four", "databaseId": 4}, "databaseId": 2}]
    assert list(got[0]) == ["number", "company", "databaseId"]


def test_row_of_another_is_null_by_every_id() -> None:
    by_id = Ask("lead", (Ask("databaseId"),), "a", given(id=GlobalId("Lead", 3)))
    by_number = Ask("lead", (Ask("databaseId"),), "b", given(databaseId=3))
    below = (Ask("__typename"), Ask("id"), Fragment("Lead", (Ask("databaseId"),)))
    by_node = Ask("node", below, "c", given(id=GlobalId("Lead", 3)))
    by_nodes = Ask(
        "nodes", below, "d", given(ids=[GlobalId("Lead", 3), GlobalId("Lead", 1), GlobalId("User", 3)])
    )
    lead = {"__typename": "Lead", "id": GlobalId("Lead", 1), "databaseId": 1}
    user = {"__typename": "User", "id": GlobalId("User", 3)}
    assert found(3, by_id, by_number, by_node, by_nodes) == {
        "a": None,
        "b": None,
        "c": None,
        "d": [None, lead, user],
    }
    wrong = Ask("company", (Ask("databaseId"),), None, given(id=GlobalId("Lead", 1)))
    assert found(3, wrong) == {"company": None}


def test_page_has_flags_and_cursors_of_its_list() -> None:
    flags = Ask("pageInfo", tuple(map(Ask, ("hasNextPage", "hasPreviousPage", "startCursor", "endCursor"))))
    edges = Ask("edges", (Ask("cursor"), Ask("node", (Ask("databaseId"),))))
    name = '["Lead", "leads", null, null]'
    ask = Ask("leads", (Ask("totalCount"), edges, flags), None, given(first=1, after=Cursor(name, 3)))
    assert found(1, ask)["leads"] == {
        "totalCount": 3,
        "edges": [{"cursor": Cursor(name, 2), "node": {"databaseId": 2}}],
        "pageInfo": {
            "hasNextPage": True,
            "hasPreviousPage": True,
            "startCursor": Cursor(name, 2),
            "endCursor": Cursor(name, 2),
        },
    }


def test_nested_list_holds_what_the_caller_sees() -> None:
    below = (Ask("totalCount"), Ask("nodes", (Ask("databaseId"),)))
    ask = Ask("company", (Ask("leads", below, None, given(first=1)),), None, given(databaseId=3))
    assert found(1, ask) == {"company": {"leads": {"totalCount": 2, "nodes": [{"databaseId": 3}]}}}
    assert found(3, ask) == {"company": {"leads": {"totalCount": 1, "nodes": [{"databaseId": 1}]}}}


def test_groups_name_only_visible_companies() -> None:
    below = (Ask("group"), Ask("count"), Ask("company", (Ask("companyName"),)))
    ask = Ask("leadStats", below, None, given(groupBy=["COMPANY"]))
    assert found(6, ask) == {
        "leadStats": [{"group": {"COMPANY": 3}, "count": 1, "company": {"companyName": "Three"}}]
    }


def test_masked_value_is_null_and_not_later() -> None:
    ask = Ask("users", (Ask("nodes", (Ask("email"), Ask("lastLogin"))),), None, given(last=2))
    assert found(4, ask) == {
        "users": {
            "nodes": [
                {"email": None, "lastLogin": AtLeast(None)},
                {"email": None, "lastLogin": AtLeast(None)},
            ]
        }
    }


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ((nodes(Ask("tentativeValue")),), INVALID),
        ((nodes(Fragment("Lead", (Ask("clientEmailId"),), "part")),), INVALID),
        ((nodes(Fragment("RequestLog", (Ask("method"),))),), INVALID),
        ((nodes(Fragment("RequestLog", (Ask("__typename"),))),), INVALID),
        ((Ask("leadStats", (Ask("probabilityAverage"),), None, given(groupBy=[])),), INVALID),
        ((Ask("dynamicDatabase", (Ask("dbHost"),), None, given(databaseId=1)),), INVALID),
        ((nodes(Ask("whatsappMessages", (Ask("nodes", (Ask("phoneNumber"),)),))),), INVALID),
        ((nodes(Ask("mails", (Ask("nodes", (Ask("recipientEmail"),)),))),), INVALID),
        ((nodes(Ask("clientFirstName"), Ask("status")),), None),
    ],
)
def test_client_is_refused_what_clients_lack(selection: Selection, expected: str | None) -> None:
    assert answer(Viewer(data(), 5), Operation(selection)).code == expected
    assert answer(Viewer(data(), 1), Operation(selection)).code is None


def test_text_holds_each_argument_and_fragment_once() -> None:
    arguments = Arguments({"where": {"firmName": {"eq": 'a "b"'}}, "first": 2}, {"where": "LeadWhere"})
    part = Fragment("Lead", (Ask("id"),), "part")
    lead = Ask("leads", (Ask("nodes", (part, part)),), "x", arguments)
    assert written(Operation((lead, lead)), str) == (
        "query($where1: LeadWhere) { x: leads(where: $where1, first: 2) { nodes { ...part ...part } } "
        "x: leads(where: $where1, first: 2) { nodes { ...part ...part } } }\nfragment part on Lead { id }",
        {"where1": {"firmName": {"eq": 'a "b"'}}},
    )
    literal = Arguments(arguments.values, arguments.types, literal=True)
    text, variables = written(Operation((Ask("leads", (Ask("totalCount"),), None, literal),)), str)
    assert text == 'query { leads(where: {firmName: {eq: "a \\"b\\""}}, first: 2) { totalCount } }'
    assert variables == {}


@pytest.mark.parametrize(
    ("expected", "got", "told"),
    [
        ({"a": 1}, {"a": 1}, None),
        ({"a": [1, 2]}, {"a": [1, 3]}, "data.a[1]: expected 2, got 3"),
        ({"a": [1, 2]}, {"a": [1]}, "data.a: expected 2 items, got 1"),
        ({"a": [1]}, {"a": [1, 2]}, "data.a: expected 1 items, got 2"),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "data: expected the fields ['a', 'b'], got ['b', 'a']"),
        ({"a": None}, {"a": {}}, "data.a: expected None, got {}"),
        ({"a": True}, {"a": 1}, "data.a: expected True, got 1"),
        ({"a": Near(1 / 3)}, {"a": 0.3333333333}, None),
        ({"a": Near(1 / 3)}, {"a": 0.333}, "data.a: expected Near(value=0.3333333333333333), got 0.333"),
        ({"a": AtLeast(3)}, {"a": 4}, None),
        ({"a": AtLeast(3)}, {"a": 2}, "data.a: expected AtLeast(value=3), got 2"),
        ({"a": AtLeast(3)}, {"a": None}, "data.a: expected AtLeast(value=3), got None"),
        ({"a": Json({"b": 1, "c": [2]})}, {"a": {"c": [2], "b": 1}}, None),
        (
            {"a": Json({"b": [1, 2]})},
            {"a": {"b": [2, 1]}},
            "data.a: expected Json(value={'b': [1, 2]}), got {'b': [2, 1]}",
        ),
        ({"a": Unordered([1, 2])}, {"a": [2, 1]}, None),
        ({"a": Unordered([1, 2])}, {"a": [2, 2]}, "data.a: expected 1 among [2, 2]"),
        ({"a": Unordered([1])}, {"a": [1, 2]}, "data.a: got [2] besides"),
        (
            {"a": GlobalId("Lead", 1)},
            {"a": None},
            "data.a: expected GlobalId(type_name='Lead', key=1), got None",
        ),
    ],
)
def test_first_difference_is_told(expected: Any, got: Any, told: str | None) -> None:
    assert difference(expected, got, Strings()) == told


def test_one_id_has_one_string_and_another_id_another() -> None:
    ids = Strings()
    one, other = GlobalId("Lead", 1), GlobalId("Lead", 2)
    assert Strings(ids).learn(one, "x")
    assert Strings(ids).learn(one, "x")
    assert not Strings(ids).learn(one, "y")
    assert not Strings(ids).learn(other, "x")
    strings = Strings(ids)
    assert strings.learn(Cursor("a", 1), "x")
    assert strings.learn(Cursor("b", 2), "x")
    assert not strings.learn(Cursor("a", 2), "x")
    assert (strings.string(one), strings.string(Cursor("a", 1))) == ("x", "x")
