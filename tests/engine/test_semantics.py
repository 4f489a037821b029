"""The traps of GraphQL's meaning, one small operation each, with the whole answer said by hand, on each executor.

The rows are those of `known_rows.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.engine.conftest import ENGINES, Estate
from tests.engine.faults import Fault
from tests.engine.known_rows import DELETED, FIRST, FOURTH, SECOND, THIRD, identifier
from tests.engine.sides import Asked
from tests.gateways import REQUEST_ID
from tests.servers.fixtures import count_use

UNEXPECTED = "Something went wrong on our side; quote the requestId when you report it."
BAD = "BAD_USER_INPUT"
NO_CURSOR = (
    "That cursor doesn't fit this list: use cursors of the same field, `where` and `orderBy`, unchanged."
)
NO_ID = "That is no id of this API: take ids from the `id` field of an object, unchanged."
BUSY = "The source “{}” can't be reached right now; ask again in a moment."

# Asks as ADMIN; gives the text of the body.
Ask = Callable[..., str]


@pytest.fixture(params=dict.fromkeys(ENGINES))
def ask(request: pytest.FixtureRequest, known_estate: Estate) -> Ask:
    """Asks each executor in turn."""
    count_use(request.node, "sqlite", "chdb")
    side = next(one for one in known_estate.sides.sides if one.engine == request.param)
    headers = known_estate.caller("admin").headers

    def asked(text: str, variables: Mapping[str, Any] | None = None, *faults: Fault) -> str:
        return known_estate.sides.answer_of(side, Asked(text, variables or {}), headers, faults).body.decode()

    return asked


def answer(data: Any, *errors: dict[str, Any]) -> str:
    """The whole body of an answer."""
    return json.dumps(
        {"data": data, **({"errors": errors} if errors else {})}, ensure_ascii=False, separators=(",", ":")
    )


def failed(
    text: str, field: str, *path: str | int, message: str = UNEXPECTED, code: str = "INTERNAL"
) -> dict[str, Any]:
    """The error of a field, which stands in the operation's one line where `field` does first."""
    return {
        "message": message,
        "locations": [{"line": 1, "column": text.index(field) + 1}],
        "path": list(path),
        "extensions": {
            "code": code,
            "requestId": REQUEST_ID,
            "retryable": code in {"SOURCE_UNAVAILABLE", "TIMEOUT"},
        },
    }


def row(field: str, key: int, selection: str) -> str:
    """A root field that gives one row by its key."""
    return f"{field}(databaseId: {key}) {{ {selection} }}"


def change(status: str, key: int = FIRST) -> str:
    """A root field that gives a lead another status."""
    given = f'id: "{identifier("Lead", key)}", status: "{status}"'
    return f"changeLeadStatus(input: {{ {given} }}) {{ lead {{ status }} }}"


# --- null propagation ---------------------------------------------------------------------------------------


def test_of_two_fields_that_must_not_be_null_the_first_in_the_answer_is_the_error(ask: Ask) -> None:
    text = f"{{ ticket(databaseId: {THIRD}) {{ companyId title }} }}"
    assert ask(text) == answer({"ticket": None}, failed(text, "companyId", "ticket", "companyId"))
    text = f"{{ ticket(databaseId: {THIRD}) {{ title companyId }} }}"
    assert ask(text) == answer({"ticket": None}, failed(text, "title", "ticket", "title"))


def test_order_of_the_answer_decides_though_the_fields_come_by_fragments(ask: Ask) -> None:
    text = (
        f"{{ ticket(databaseId: {THIRD}) {{ status ...Later a: title }} }} "
        "fragment Later on Ticket { b: companyId a: title }"
    )
    assert ask(text) == answer({"ticket": None}, failed(text, "b: companyId", "ticket", "b"))


def test_null_item_takes_its_list_and_whatever_must_not_be_null_around_it(ask: Ask) -> None:
    lead = row("lead", FIRST, "firmName tickets { totalCount nodes { title } }")
    text = f"{{ {lead} viewer {{ role }} }}"
    assert ask(text) == answer(
        {"lead": None, "viewer": {"role": "ADMIN"}},
        failed(text, "title", "lead", "tickets", "nodes", 0, "title"),
    )


def test_list_that_may_be_null_ends_there_while_its_items_may_not_be(ask: Ask) -> None:
    text = "{ companies(first: 2) { nodes { databaseId companyName } edges { node { city } } } }"
    assert ask(text) == answer(
        {"companies": {"nodes": None, "edges": [{"node": {"city": "Goa"}}, {"node": {"city": "Pune"}}]}},
        failed(text, "companyName", "companies", "nodes", 0, "companyName"),
    )


def test_null_of_a_node_takes_its_edge_and_the_edges(ask: Ask) -> None:
    text = "{ companies(first: 2) { nodes { city } edges { node { companyName } } } }"
    assert ask(text) == answer(
        {"companies": {"nodes": [{"city": "Goa"}, {"city": "Pune"}], "edges": None}},
        failed(text, "companyName", "companies", "edges", 0, "node", "companyName"),
    )


def test_item_that_may_be_null_costs_itself_alone(ask: Ask) -> None:
    ids = [identifier("Ticket", FIRST), identifier("Ticket", SECOND), "rubbish", identifier("Lead", 999_999)]
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Ticket { title } } }"
    assert ask(text, {"ids": ids}) == answer(
        {"nodes": [{"id": ids[0], "title": "One"}, None, None, None]},
        failed(text, "title", "nodes", 1, "title"),
        failed(text, "nodes", "nodes", 2, message=NO_ID, code="BAD_USER_INPUT"),
    )


def test_error_below_a_position_that_is_null_already_is_not_told(ask: Ask) -> None:
    # userCount and createdBy.username fail too, but the lead is null for its ticket's title.
    text = (
        f"{{ lead(databaseId: {SECOND}) {{ userCount createdBy {{ username }} company {{ companyName }} "
        "tickets { nodes { title } } } }"
    )
    assert ask(text) == answer({"lead": None}, failed(text, "title", "lead", "tickets", "nodes", 0, "title"))


def test_null_at_the_root_takes_the_whole_answer(ask: Ask) -> None:
    text = "{ viewer { role } leads(first: 4) { nodes { databaseId companyId } } }"
    assert ask(text) == answer(None, failed(text, "companyId", "leads", "nodes", 1, "companyId"))


def test_paths_lead_through_nested_lists_in_the_order_of_the_answer(ask: Ask) -> None:
    text = (
        "{ leads(first: 4) { nodes { databaseId tickets(first: 1) { nodes { createdBy { username } "
        "comments { nodes { commentedBy { username } } } } } userCount } } }"
    )
    ada = {"username": "ada"}
    assert ask(text) == answer(
        {
            "leads": {
                "nodes": [
                    {
                        "databaseId": FOURTH,
                        "tickets": {
                            "nodes": [{"createdBy": None, "comments": {"nodes": [{"commentedBy": ada}]}}]
                        },
                        "userCount": None,
                    },
                    {"databaseId": THIRD, "tickets": {"nodes": []}, "userCount": None},
                    {
                        "databaseId": SECOND,
                        "tickets": {"nodes": [{"createdBy": ada, "comments": {"nodes": []}}]},
                        "userCount": None,
                    },
                    {
                        "databaseId": FIRST,
                        "tickets": {"nodes": [{"createdBy": {"username": "bob"}, "comments": {"nodes": []}}]},
                        "userCount": 7,
                    },
                ]
            }
        },
        failed(text, "username", "leads", "nodes", 0, "tickets", "nodes", 0, "createdBy", "username"),
        failed(text, "userCount", "leads", "nodes", 0, "userCount"),
        failed(text, "userCount", "leads", "nodes", 2, "userCount"),
    )


# --- @skip and @include -------------------------------------------------------------------------------------


def test_conditions_hold_for_each_place_of_a_field_apart(ask: Ask) -> None:
    text = (
        f"query($a: Boolean!) {{ lead(databaseId: {FIRST}) {{ firmName @skip(if: $a) "
        "... @include(if: $a) { status firmName } probability } }"
    )
    # The same text again and again: what is left out belongs to the request, not to the plan.
    for _ in range(3):
        without = answer({"lead": {"firmName": "First", "probability": 50}})
        assert ask(text, {"a": False}) == without
        with_status = answer({"lead": {"status": "New", "firmName": "First", "probability": 50}})
        assert ask(text, {"a": True}) == with_status


def test_conditions_on_merged_parents_choose_what_is_merged(ask: Ask) -> None:
    text = (
        f"query($a: Boolean!) {{ lead(databaseId: {FIRST}) @skip(if: $a) {{ status }} lead(databaseId: {FIRST}) {{ "
        "firmName company @include(if: $a) { city } company { active @skip(if: $a) companyName } } }"
    )
    for _ in range(2):
        assert ask(text, {"a": True}) == answer(
            {"lead": {"firmName": "First", "company": {"city": "Pune", "companyName": "Acme"}}}
        )
        assert ask(text, {"a": False}) == answer(
            {
                "lead": {
                    "status": "New",
                    "firmName": "First",
                    "company": {"active": True, "companyName": "Acme"},
                }
            }
        )


def test_object_of_which_nothing_is_left_is_empty(ask: Ask) -> None:
    text = (
        f"query($a: Boolean!) {{ lead(databaseId: {FIRST}) {{ ...Firm @skip(if: $a) }} "
        f"x: lead(databaseId: {FIRST}) @skip(if: $a) {{ ...Firm }} "
        "leads(first: 2) { nodes { id @skip(if: $a) } } } fragment Firm on Lead { firmName }"
    )
    assert ask(text, {"a": True}) == answer({"lead": {}, "leads": {"nodes": [{}, {}]}})
    ids = [{"id": identifier("Lead", FOURTH)}, {"id": identifier("Lead", THIRD)}]
    firm = {"firmName": "First"}
    assert ask(text, {"a": False}) == answer({"lead": firm, "x": firm, "leads": {"nodes": ids}})


def test_all_of_an_operation_may_be_skipped(ask: Ask) -> None:
    assert ask("query($a: Boolean!) { leads @skip(if: $a) { totalCount } }", {"a": True}) == answer({})


@pytest.mark.parametrize(
    ("skipped", "included", "kept"),
    [(False, True, True), (True, True, False), (False, False, False), (True, False, False)],
)
def test_both_conditions_must_let_a_field_through(
    ask: Ask, skipped: bool, included: bool, kept: bool
) -> None:
    text = (
        "query($s: Boolean!, $i: Boolean!) { viewer { __typename role @skip(if: $s) @include(if: $i) "
        "r: role @include(if: $i) @skip(if: $s) } }"
    )
    shown = {"role": "ADMIN", "r": "ADMIN"} if kept else {}
    assert ask(text, {"s": skipped, "i": included}) == answer({"viewer": {"__typename": "Viewer", **shown}})


# --- selections ---------------------------------------------------------------------------------------------


def test_fields_stand_where_they_are_asked_for_first(ask: Ask) -> None:
    text = (
        f"{{ lead(databaseId: {FIRST}) {{ status ...Firm firmName paid status }} }} "
        "fragment Firm on Lead { firmName industry ...Use } fragment Use on Lead { isUser status }"
    )
    lead = {"status": "New", "firmName": "First", "industry": None, "isUser": False, "paid": True}
    assert ask(text) == answer({"lead": lead})


def test_selections_under_one_key_are_merged_at_every_depth(ask: Ask) -> None:
    text = (
        "{ leads(first: 1) { nodes { firmName } } leads(first: 1) { totalCount @skip(if: true) "
        "nodes { status firmName company { city } } edges { node { status } } } "
        "leads(first: 1) { nodes { company { companyName city } } edges { node { firmName } } } }"
    )
    node = {"firmName": "Fourth", "status": None, "company": {"city": "Pune", "companyName": "Acme"}}
    edge = {"node": {"status": None, "firmName": "Fourth"}}
    assert ask(text) == answer({"leads": {"nodes": [node], "edges": [edge]}})


def test_one_field_under_several_keys_has_arguments_of_its_own_under_each(ask: Ask) -> None:
    text = (
        f"{{ lead(databaseId: {FIRST}) {{ status: firmName firmName: status "
        "a: tickets(first: 1) { nodes { databaseId } } b: tickets(last: 1) { nodes { databaseId } } "
        'c: tickets(where: { status: { eq: "Open" } }) { totalCount } } }'
    )
    lead = {
        "status": "First",
        "firmName": "New",
        "a": {"nodes": [{"databaseId": SECOND}]},
        "b": {"nodes": [{"databaseId": FIRST}]},
        "c": {"totalCount": 1},
    }
    assert ask(text) == answer({"lead": lead})


def test_typename_is_that_of_the_object_wherever_it_is_asked_for(ask: Ask) -> None:
    ticket = identifier("Ticket")
    text = (
        f'{{ __typename t: __typename node(id: "{ticket}") {{ __typename ... on Node {{ __typename id }} '
        "... on Ticket { x: __typename } ... on Lead { y: __typename } } "
        "tickets(first: 1) { __typename edges { __typename node { __typename } } pageInfo { __typename } } }"
    )
    assert ask(text) == answer(
        {
            "__typename": "Query",
            "t": "Query",
            "node": {"__typename": "Ticket", "id": ticket, "x": "Ticket"},
            "tickets": {
                "__typename": "TicketConnection",
                "edges": [{"__typename": "TicketEdge", "node": {"__typename": "Ticket"}}],
                "pageInfo": {"__typename": "PageInfo"},
            },
        }
    )


def test_fragment_on_another_type_by_way_of_the_interface_never_applies(ask: Ask) -> None:
    text = (
        f"{{ lead(databaseId: {FIRST}) {{ ... on Node {{ id ... on Ticket {{ title }} "
        "... on Lead { firmName ... on Node { __typename ... on Lead { status } } } } } }"
    )
    lead = {"id": identifier("Lead"), "firmName": "First", "__typename": "Lead", "status": "New"}
    assert ask(text) == answer({"lead": lead})


def test_one_key_may_stand_for_another_field_in_each_type(ask: Ask) -> None:
    ids = json.dumps(
        [identifier("Lead"), identifier("Ticket"), identifier("Company"), identifier("Lead", SECOND)]
    )
    text = (
        f"{{ nodes(ids: {ids}) {{ ... on Lead {{ name: firmName owner: createdBy {{ username: email }} }} "
        "... on Ticket { name: description owner: createdBy { username: email } } "
        "... on Company { name: city __typename } } }"
    )
    nodes = [
        {"name": "First", "owner": {"username": "ada@example.org"}},
        {"name": None, "owner": {"username": "ada@example.org"}},
        {"name": "Pune", "__typename": "Company"},
        {"name": "Second", "owner": {"username": "c@example.org"}},
    ]
    assert ask(text) == answer({"nodes": nodes})


# --- variables ----------------------------------------------------------------------------------------------


def test_default_stands_for_a_variable_that_is_absent_and_not_for_null(ask: Ask) -> None:
    text = "query($n: Int = 2) { companies(first: $n) { nodes { databaseId } } }"
    nodes = [{"databaseId": SECOND}, {"databaseId": FIRST}]
    for _ in range(2):
        assert ask(text) == answer({"companies": {"nodes": nodes}})
        assert ask(text, {"n": 1}) == answer({"companies": {"nodes": nodes[:1]}})
        # Null is as if `first` weren't there: a page of fifty.
        assert len(json.loads(ask(text, {"n": None}))["data"]["companies"]["nodes"]) == 50


def test_boolean_argument_with_a_default_is_false_where_it_is_absent_or_null(ask: Ask) -> None:
    lead = f"lead(databaseId: {DELETED}, includeDeleted: $d) {{ firmName }}"
    text = f"query($d: Boolean) {{ {lead} }}"
    for _ in range(2):
        assert ask(text) == answer({"lead": None})
        assert ask(text, {"d": True}) == answer({"lead": {"firmName": "Gone"}})
        assert ask(text, {"d": False}) == answer({"lead": None})
        assert ask(text, {"d": None}) == answer({"lead": None})


def test_condition_on_a_variable_that_is_absent_is_no_condition(ask: Ask) -> None:
    text = (
        "query($f: StringFilter, $e: String) "
        '{ leads(first: 1, where: { status: $f, firmName: { startsWith: "F", eq: $e } }) { nodes { firmName } } }'
    )
    assert ask(text) == answer({"leads": {"nodes": [{"firmName": "Fourth"}]}})
    assert ask(text, {"e": "First"}) == answer({"leads": {"nodes": [{"firmName": "First"}]}})
    assert ask(text, {"f": {"eq": "New"}, "e": "Fourth"}) == answer({"leads": {"nodes": []}})
    said = "`status: null` in `where` is ambiguous: leave it out, or say `isNull`."
    assert ask(text, {"f": None}) == answer(
        None, failed(text, "leads", "leads", message=said, code="BAD_USER_INPUT")
    )
    said = "`eq: null` never matches; say `isNull: true`."
    assert ask(text, {"e": None}) == answer(
        None, failed(text, "leads", "leads", message=said, code="BAD_USER_INPUT")
    )


def test_variables_that_do_not_fit_are_refused_before_anything_is_executed(ask: Ask) -> None:
    text = "query($n: Int, $o: [LeadOrder!]) { leads(first: $n, orderBy: $o) { totalCount } }"
    messages = [
        "Variable '$n' has invalid value: Int cannot represent non 32-bit signed integer value: 2147483648",
        "Variable '$o' has invalid value at [0].field: Value 'NOPE' does not exist in 'LeadField' enum.",
    ]
    got = json.loads(ask(text, {"n": 2**31, "o": [{"field": "NOPE"}]}))
    assert list(got) == ["errors"]
    assert [error["message"] for error in got["errors"]] == messages
    assert {error["extensions"]["code"] for error in got["errors"]} == {"BAD_USER_INPUT"}


def test_variable_that_is_null_where_null_may_not_be_is_the_callers_mistake(ask: Ask) -> None:
    text = 'query($i: ID = "x") { viewer { role } node(id: $i) { id } }'
    said = "Argument 'id' has invalid value: Expected variable '$i' provided to non-null type 'ID!' not to be null."
    bad: dict[str, Any] = {"message": said, "code": "BAD_USER_INPUT"}
    for _ in range(2):
        assert ask(text, {"i": None}) == answer(
            {"viewer": {"role": "ADMIN"}, "node": None}, failed(text, "node", "node", **bad)
        )
    assert "no id of this API" in ask(text)


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("{}", "OneOf Input Object 'AccessSubject' must specify exactly one key."),
        (
            '{user: "VXNlcjoz", token: "x"}',
            "OneOf Input Object 'AccessSubject' must specify exactly one key.",
        ),
        ("{user: null}", "Value for member field 'user' must be non-null"),
    ],
)
def test_not_one_of_what_takes_exactly_one_is_the_callers_mistake(ask: Ask, subject: str, said: str) -> None:
    text = f'{{ explainAccess(type: "Lead", databaseId: {FIRST}, as: {subject}) {{ visible }} }}'
    bad = failed(text, "explainAccess", "explainAccess", message=said, code="BAD_USER_INPUT")
    assert ask(text) == answer(None, bad)


def test_cursor_that_fits_nothing_is_refused_though_only_a_count_is_asked_for(ask: Ask) -> None:
    for page in ('after: "abc"', 'before: "abc"', 'first: 0, after: "abc"', 'last: 1, before: "abc"'):
        text = f"{{ viewer {{ role }} leads({page}) {{ totalCount }} }}"
        assert ask(text) == answer(None, failed(text, "leads", "leads", message=NO_CURSOR, code=BAD))
    inner = 'tickets(after: "abc") { totalCount }'
    text = f"{{ lead(databaseId: {FIRST}) {{ firmName {inner} }} viewer {{ role }} }}"
    assert ask(text) == answer(
        {"lead": None, "viewer": {"role": "ADMIN"}},
        failed(text, "tickets", "lead", "tickets", message=NO_CURSOR, code=BAD),
    )


def test_cursor_of_another_order_is_refused_though_only_a_count_is_asked_for(ask: Ask) -> None:
    inner = "statusHistory(first: 1, orderBy: [{field: STATUS}]) { edges { cursor } }"
    nodes = json.loads(ask(f"{{ leads {{ nodes {{ databaseId {inner} }} }} }}"))["data"]["leads"]["nodes"]
    key, (edge, *_) = next(
        (node["databaseId"], node["statusHistory"]["edges"])
        for node in nodes
        if node["statusHistory"]["edges"]
    )
    text = "query($c: String) { lead(databaseId: %d) { statusHistory(%s) { totalCount } } }"
    fits, misfits = text % (key, "after: $c, orderBy: [{field: STATUS}]"), text % (key, "after: $c")
    assert json.loads(ask(fits, {"c": edge["cursor"]}))["data"]["lead"]["statusHistory"]["totalCount"] > 0
    bad = failed(misfits, "statusHistory", "lead", "statusHistory", message=NO_CURSOR, code=BAD)
    assert ask(misfits, {"c": edge["cursor"]}) == answer({"lead": None}, bad)


def test_one_value_stands_for_a_list_of_it_and_an_enum_is_named_by_a_text(ask: Ask) -> None:
    text = "query($o: [CompanyOrder!]) { companies(first: 2, orderBy: $o) { nodes { databaseId } } }"
    ascending = {"field": "DATABASE_ID"}
    assert ask(text, {"o": ascending}) == answer(
        {"companies": {"nodes": [{"databaseId": 1}, {"databaseId": 2}]}}
    )
    descending = [{"field": "DATABASE_ID", "direction": "DESC"}]
    assert ask(text, {"o": descending}) == answer(
        {"companies": {"nodes": [{"databaseId": SECOND}, {"databaseId": FIRST}]}}
    )


def test_number_is_an_id_of_its_digits(ask: Ask) -> None:
    text = "query($i: ID!) { node(id: $i) { id } }"
    no_id = failed(text, "node", "node", message=NO_ID, code="BAD_USER_INPUT")
    assert ask(text, {"i": 5}) == answer({"node": None}, no_id)
    text = f'{{ lead(id: 5) {{ id }} x: lead(id: "{identifier("Lead")}") {{ id }} }}'
    no_id = failed(text, "lead", "lead", message=NO_ID, code="BAD_USER_INPUT")
    assert ask(text) == answer({"lead": None, "x": {"id": identifier("Lead")}}, no_id)


@pytest.mark.parametrize("depth", [7, 8, 90])
def test_deep_input_is_judged_and_not_feared(ask: Ask, depth: int) -> None:
    text = "query($w: LeadWhere) { leads(first: 1, where: $w) { nodes { databaseId } } }"
    where: dict[str, Any] = {"status": {"eq": "New"}}
    for _ in range(depth):
        where = {"not": where}
    if depth < 8:
        assert ask(text, {"w": where}) == answer({"leads": {"nodes": [{"databaseId": FOURTH}]}})
    else:
        said = "`where` is nested more than 8 deep; write it flatter."
        assert ask(text, {"w": where}) == answer(
            None, failed(text, "leads", "leads", message=said, code="BAD_USER_INPUT")
        )


# --- values -------------------------------------------------------------------------------------------------


def test_number_beyond_int_is_an_error_of_its_field(ask: Ask) -> None:
    text = (
        f"{{ a: lead(databaseId: {SECOND}) {{ userCount probability }} "
        f"b: lead(databaseId: {FOURTH}) {{ n: userCount firmName }} "
        f"c: pricingPlan(databaseId: {SECOND}) {{ noOfUsers planName }} }}"
    )
    assert ask(text) == answer(
        {
            "a": {"userCount": None, "probability": None},
            "b": {"n": None, "firmName": "Fourth"},
            "c": {"noOfUsers": None, "planName": "Free"},
        },
        failed(text, "userCount", "a", "userCount"),
        failed(text, "n: userCount", "b", "n"),
        failed(text, "noOfUsers", "c", "noOfUsers"),
    )


def test_small_numbers_are_booleans_where_the_column_says_so_and_numbers_elsewhere(ask: Ask) -> None:
    fields = (
        f"a: {row('lead', FIRST, 'paid favourite isUser isDeleted')}",
        f"b: {row('lead', SECOND, 'paid')}",
        f"c: {row('salesperson', FIRST, 'active')}",
        f"d: {row('user', THIRD, 'active')}",
    )
    text = f"{{ {' '.join(fields)} }}"
    assert ask(text) == answer(
        {
            "a": {"paid": True, "favourite": 2, "isUser": False, "isDeleted": 0},
            "b": {"paid": None},
            "c": {"active": True},
            "d": {"active": True},
        }
    )


def test_decimals_are_exact_texts_of_their_scale(ask: Ask) -> None:
    fields = (
        f"a: {row('salesperson', FIRST, 'targetValue')}",
        f"b: {row('salesperson', SECOND, 'targetValue')}",
        f"c: {row('pricingPlan', FIRST, 'planPrice')}",
        f"d: {row('pricingPlan', SECOND, 'planPrice')}",
    )
    text = f"{{ {' '.join(fields)} }}"
    assert ask(text) == answer(
        {
            "a": {"targetValue": "1.00"},
            "b": {"targetValue": "12345678901.20"},
            "c": {"planPrice": "2.68"},
            "d": {"planPrice": "0.00"},
        }
    )


def test_sums_beyond_int_are_an_error_as_int_and_whole_as_decimal(ask: Ask) -> None:
    text = (
        f"{{ leadStats(groupBy: STATUS, where: {{ databaseId: {{ in: [{FIRST}, {SECOND}] }} }}) "
        "{ group count tentativeValueSum tentativeValueTotal probabilityAverage } }"
    )
    said = "The sum is too large for `Int`: ask for `tentativeValueTotal`."
    groups = [
        {
            "group": {"STATUS": None},
            "count": 1,
            "tentativeValueSum": 0,
            "tentativeValueTotal": "0",
            "probabilityAverage": None,
        },
        {
            "group": {"STATUS": "New"},
            "count": 1,
            "tentativeValueSum": None,
            "tentativeValueTotal": "3000000000",
            "probabilityAverage": 50.0,
        },
    ]
    error = failed(
        text, "tentativeValueSum", "leadStats", 1, "tentativeValueSum", message=said, code="BAD_USER_INPUT"
    )
    assert ask(text) == answer({"leadStats": groups}, error)


def test_texts_are_escaped_as_json_wants_it_and_numbers_in_them_are_texts(ask: Ask) -> None:
    fields = [f"{key}: {row('salesperson', of, 'territory')}" for key, of in (("a", FIRST), ("b", SECOND))]
    text = f"{{ {' '.join(fields)} }}"
    assert ask(text) == answer({"a": {"territory": "5"}, "b": {"territory": '\x01\u2028"\\/é'}})


def test_json_is_given_as_it_is_kept_and_what_is_none_is_null(ask: Ask) -> None:
    text = (
        f"{{ a: lead(databaseId: {SECOND}) {{ platformId }} c: pricingPlan(databaseId: {FIRST}) {{ features }} "
        f"d: pricingPlan(databaseId: {SECOND}) {{ features }} }}"
    )
    assert ask(text) == answer(
        {"a": {"platformId": None}, "c": {"features": {"é": [True, None, 1.5]}}, "d": {"features": 5}}
    )


def test_numbers_that_json_has_no_word_for_are_null(ask: Ask) -> None:
    text = f"{{ a: lead(databaseId: {THIRD}) {{ platformId }} }}"
    assert ask(text) == '{"data":{"a":{"platformId":{"a":null,"b":[1.0,1e+16,-0.0,null]}}}}'


def test_numbers_that_json_has_no_word_for_are_null_beside_a_number_past_64_bits(ask: Ask) -> None:
    text = f"{{ lead(databaseId: {FIRST}) {{ platformId }} }}"
    platform = json.loads(ask(text), parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    assert platform["data"]["lead"]["platformId"] == {"a": None, "b": [1.0, 1e16, 0.0, None], "c": 2**65}


def test_half_a_surrogate_pair_is_escaped(ask: Ask) -> None:
    text = f"{{ lead(databaseId: {FOURTH}) {{ firmName platformId }} }}"
    assert ask(text) == '{"data":{"lead":{"firmName":"Fourth","platformId":["\\ud800"]}}}'


def test_moments_have_the_offset_of_their_day_and_what_is_no_moment_is_null(ask: Ask) -> None:
    text = (
        f"{{ a: lead(databaseId: {FIRST}) {{ createdOn changedOn excelCreatedOn planExpiryDate crmPlanExpiryDate }} "
        f"b: lead(databaseId: {SECOND}) {{ createdOn }} c: lead(databaseId: {FOURTH}) {{ createdOn }} }}"
    )
    assert ask(text) == answer(
        {
            "a": {
                "createdOn": "2026-11-20T10:00:00+05:30",
                "changedOn": None,
                "excelCreatedOn": "1900-01-01T00:00:00+05:21:10",
                "planExpiryDate": None,
                "crmPlanExpiryDate": "2027-01-31",
            },
            # India's clocks were an hour ahead in the war.
            "b": {"createdOn": "1943-06-01T00:00:00+06:30"},
            "c": {"createdOn": "0001-01-01T00:00:00+05:53:28"},
        }
    )


def test_role_is_the_name_of_an_enum_and_null_where_the_api_has_no_name_for_it(ask: Ask) -> None:
    fields = (f"a: {row('user', FIRST, 'role')}", f"b: {row('user', SECOND, 'role roleId')}")
    text = f"{{ {' '.join(fields)} viewer {{ role }} }}"
    assert ask(text) == answer(
        {"a": {"role": "SALESPERSON"}, "b": {"role": None, "roleId": 77}, "viewer": {"role": "ADMIN"}}
    )


# --- partial data -------------------------------------------------------------------------------------------


def test_source_that_fails_costs_its_fields_alone(ask: Ask) -> None:
    text = (
        "{ leads(first: 2) { nodes { databaseId company { city } analytics { activities } files { nodes { name } } } } "
        "companies(first: 1) { totalCount nodes { city } } }"
    )
    said = BUSY.format("magenta")
    unavailable: dict[str, Any] = {"message": said, "code": "SOURCE_UNAVAILABLE"}
    lead = {"company": None, "analytics": None, "files": {"nodes": []}}
    assert ask(text, {}, Fault("magenta")) == answer(
        {
            "leads": {
                "nodes": [
                    {"databaseId": FOURTH, **lead},
                    {"databaseId": THIRD, **lead},
                ]
            },
            "companies": {"totalCount": None, "nodes": None},
        },
        failed(text, "nodes { city", "companies", "nodes", **unavailable),
        failed(text, "totalCount", "companies", "totalCount", **unavailable),
        failed(text, "company {", "leads", "nodes", 0, "company", **unavailable),
    )


def test_json_of_a_source_that_fails_is_null_with_an_error_for_each(ask: Ask) -> None:
    got = json.loads(ask("{ reportViews { totals } }", {}, Fault("analytics")))
    views = got["data"]["reportViews"]
    assert len(views) > 1
    assert views == [{"totals": None}] * len(views)
    assert [(error["path"], error["extensions"]["code"]) for error in got["errors"]] == [
        (["reportViews", place, "totals"], "SOURCE_UNAVAILABLE") for place in range(len(views))
    ]


def test_two_sources_that_fail_have_an_error_for_each_field_in_the_order_of_paths(ask: Ask) -> None:
    text = (
        "{ leads(first: 1) { nodes { files { nodes { name } totalCount } "
        "analytics { activities } company { city } } } }"
    )
    assert ask(text, {}, Fault("files"), Fault("analytics")) == answer(
        {
            "leads": {
                "nodes": [
                    {
                        "files": {"nodes": None, "totalCount": None},
                        "analytics": None,
                        "company": {"city": "Pune"},
                    }
                ]
            }
        },
        failed(
            text,
            "analytics",
            *("leads", "nodes", 0, "analytics"),
            message=BUSY.format("analytics"),
            code="SOURCE_UNAVAILABLE",
        ),
        failed(
            text,
            "nodes { name",
            *("leads", "nodes", 0, "files", "nodes"),
            message=BUSY.format("files"),
            code="SOURCE_UNAVAILABLE",
        ),
        failed(
            text,
            "totalCount",
            *("leads", "nodes", 0, "files", "totalCount"),
            message=BUSY.format("files"),
            code="SOURCE_UNAVAILABLE",
        ),
    )


# --- mutations ----------------------------------------------------------------------------------------------


def test_mutations_follow_each_other_in_the_order_of_the_answer_through_fragments(ask: Ask) -> None:
    demo, trial, new = map(change, ("Demo", "Trial", "New"))
    text = (
        f"mutation {{ a: {demo} ...More c: {new} ... on Mutation {{ a: {demo} }} }} "
        f"fragment More on Mutation {{ b: {trial} a: {demo} }}"
    )
    changed = [{"lead": {"status": status}} for status in ("Demo", "Trial", "New")]
    assert ask(text) == answer(dict(zip("abc", changed, strict=True)))


def test_mutation_that_fails_leaves_what_was_done_before_it(ask: Ask) -> None:
    text = f"mutation {{ a: {change('Qualified')} b: {change('Demo', 999_999)} }}"
    said = "There is nothing with that id."
    assert ask(text) == answer(None, failed(text, "b:", "b", message=said, code="NOT_FOUND"))
    read = f"{{ {row('lead', FIRST, 'status')} }}"
    assert ask(read) == answer({"lead": {"status": "Qualified"}})
    assert ask(f"mutation {{ {change('New')} }}") == answer({"changeLeadStatus": {"lead": {"status": "New"}}})


def test_mutation_after_one_that_failed_is_not_carried_out(ask: Ask) -> None:
    text = f"mutation {{ b: {change('Demo', 999_999)} c: {change('Trial')} }}"
    said = "There is nothing with that id."
    assert ask(text) == answer(None, failed(text, "b:", "b", message=said, code="NOT_FOUND"))
    assert ask(f"{{ {row('lead', FIRST, 'status')} }}") == answer({"lead": {"status": "New"}})
