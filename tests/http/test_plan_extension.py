"""`X-Plan`: what ADMIN is told of how an answer came about, and that nobody else is told anything."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest

from gateway.auth.roles import PARTNER_SCOPES
from gateway.auth.trace import MOST_NOTED, Noted, Purpose, Trace
from gateway.engine.tracing import LONGEST_STATEMENT, plan_of, shortened
from tests.gateways import RunningGateway, running
from tests.http.asking import bearer, code
from tests.http.partners import partner_in
from tests.http.test_view_as import OTHERS, as_user

LIST = """
  leads(first: 3) {
    totalCount
    nodes {
      firmName company { city } warrior { user { username } }
      statusHistory(first: 1) { nodes { status changedBy { username } } } analytics { activities }
    }
  }
"""
JOINED = f"{{ {LIST} }}"
ONE = "{ leads(first: 1) { nodes { company { city } } } }"
ASKED = {"x-plan": "1"}
SCOPE = "who is in the caller's team"
GROUPS = "counts and sums"
ANALYTICS = "analytics leads lead_logs"
LEADS = ["ITS_WARRIOR", "SHARED", "GUARD"]
OF_LEADS = ["ITS_LEAD"]
OF_CLIENT = ["ITS_LEAD", "ITS_TICKET", "ONES_OWN"]
Tree = list[tuple[Any, ...]]


def asked(gateway: RunningGateway, query: str, variables: Any = None, **headers: str) -> httpx.Response:
    """What ADMIN is answered with the header."""
    body = {"query": query, "variables": variables or {}}
    return gateway.post(body, as_user="admin", headers={**ASKED, **headers})


def planned(gateway: RunningGateway, query: str, variables: Any = None, **headers: str) -> Mapping[str, Any]:
    """The plan that ADMIN gets."""
    plan: Mapping[str, Any] = asked(gateway, query, variables, **headers).json()["extensions"]["plan"]
    return plan


def tree(reads: Any) -> Tree:
    """The reads sorted, without times and texts: path, purpose, where from, grounds, rows, and what is below."""
    return sorted(
        (
            ".".join(read["path"]),
            read["purpose"],
            " ".join(
                [read["source"], read["table"] or "", *(other["table"] for other in read["along"])]
            ).strip(),
            [reason["name"] for reason in read["policy"]],
            read["rows"],
            tree(read["children"]),
        )
        for read in reads
    )


def flattened(reads: Any) -> Iterator[Mapping[str, Any]]:
    """The reads of a plan without their tree."""
    for read in reads:
        yield read
        yield from flattened(read["children"])


def read_at(plan: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    """The only read at a path."""
    (found,) = [read for read in flattened(plan["reads"]) if ".".join(read["path"]) == path]
    return found


# --- what it says -------------------------------------------------------------------------------------------


def test_joined_list_of_a_salesperson_has_these_reads(gateway: RunningGateway) -> None:
    plan = planned(gateway, JOINED, **{"x-view-as": as_user(gateway, "salesperson")})
    assert plan["engine"] == "compiled"
    assert tree(plan["reads"]) == [
        ("", SCOPE, "iperform salesperson", ["UNRESTRICTED"], 42, []),
        ("", SCOPE, "iperform warrior", ["UNRESTRICTED"], 10, []),
        ("leads", GROUPS, "iperform leads", LEADS, 1, []),
        (
            "leads",
            "rows",
            "iperform leads warrior user",
            LEADS,
            4,
            [
                ("leads.nodes.analytics", GROUPS, ANALYTICS, OF_LEADS, 5, []),
                ("leads.nodes.company", "rows", "magenta company", ["ITS_LEAD", "ITS_TICKET"], 3, []),
                ("leads.nodes.statusHistory", "rows", "iperform lead_status user", OF_LEADS, 4, []),
            ],
        ),
    ]


def test_reference_says_the_same_with_a_read_for_each_relation(gateway: RunningGateway) -> None:
    value = as_user(gateway, "salesperson")
    query = JOINED.replace("changedBy { username }", "")
    with running(replace(gateway.settings, engine="reference"), "reference") as reference:
        plan = planned(reference, query, **{"x-view-as": value})
    assert plan["engine"] == "reference"
    users = ("leads.nodes.warrior.user", "rows", "iperform user", ["EVERY"], 2, [])
    assert tree(plan["reads"]) == [
        ("", SCOPE, "iperform salesperson", ["UNRESTRICTED"], 42, []),
        ("", SCOPE, "iperform warrior", ["UNRESTRICTED"], 10, []),
        (
            "leads.nodes",
            "rows",
            "iperform leads",
            LEADS,
            4,
            [
                ("leads.nodes.analytics", GROUPS, ANALYTICS, OF_LEADS, 5, []),
                ("leads.nodes.company", "rows", "magenta company", ["ITS_LEAD", "ITS_TICKET"], 3, []),
                ("leads.nodes.statusHistory.nodes", "rows", "iperform lead_status", OF_LEADS, 4, []),
                ("leads.nodes.warrior", "rows", "iperform warrior", ["EVERY"], 2, [users]),
            ],
        ),
        ("leads.totalCount", GROUPS, "iperform leads", LEADS, 1, []),
    ]


def test_read_has_its_statement_rules_and_times(gateway: RunningGateway) -> None:
    plan = planned(gateway, JOINED, **{"x-view-as": as_user(gateway, "salesperson")})
    (leads,) = [read for read in plan["reads"] if read["children"]]
    assert leads["policy"] == [
        {"name": "ITS_WARRIOR", "says": "Its warrior is the caller's."},
        {"name": "SHARED", "says": "It is shared with the caller."},
        {"name": "GUARD", "says": "It is deleted: only ADMIN sees it, and only when asking for it."},
    ]
    everybody = [{"name": "EVERY", "says": "Everybody who works for the company sees every row."}]
    assert leads["along"] == [
        {"table": "warrior", "policy": everybody},
        {"table": "user", "policy": everybody},
    ]
    assert leads["statement"].startswith("SELECT leads.firm_name, ")
    assert " FROM leads LEFT OUTER JOIN warrior " in leads["statement"]
    assert leads["statement"].endswith(" ORDER BY leads.id DESC LIMIT ? OFFSET ?")
    assert 0 < leads["begun"] < leads["begun"] + leads["milliseconds"] < plan["milliseconds"]
    assert (leads["proven"], leads["sharedWith"], leads["error"]) == (False, None, None)
    company = read_at(plan, "leads.nodes.company")
    assert company["proven"]
    assert company["statement"].endswith(" FROM company WHERE company.id IN (?, ?, ?)")
    assert company["begun"] > leads["begun"] + leads["milliseconds"]


def test_admin_reads_by_a_rule_without_a_guard(gateway: RunningGateway) -> None:
    leads = read_at(planned(gateway, "{ leads(first: 1) { nodes { firmName } } }"), "leads")
    assert leads["policy"] == [{"name": "EVERY", "says": "ADMIN sees every row."}]


def test_plan_is_cached_from_the_second_time_on(gateway: RunningGateway) -> None:
    query = "query Twice { users(first: 2) { nodes { userId roleId createdOn email } } }"
    first, second = (planned(gateway, query) for _ in range(2))
    assert [first["cached"], second["cached"]] == [False, True]
    assert [read_at(plan, "users")["cached"] for plan in (first, second)] == [False, True]


def test_keys_of_another_source_are_below_what_needs_them(gateway: RunningGateway) -> None:
    query = '{ leads(first: 2, where: {company: {city: {eq: "Pune"}}}) { nodes { firmName } } }'
    plan = planned(gateway, query, **{"x-view-as": as_user(gateway, "client")})
    (leads,) = [read for read in tree(plan["reads"]) if read[0] == "leads"]
    (keys,) = leads[-1]
    assert keys[:4] == ("leads", "keys for a filter in another source", "magenta company", OF_CLIENT)


def test_reads_that_are_spared_say_with_what(gateway: RunningGateway) -> None:
    query = """{ a: lead(databaseId: 1) { firmName } b: lead(databaseId: 2) { status }
      leads(first: 2) { nodes { company { city } } edges { node { company { companyName } } } } }"""
    plan = planned(gateway, query)
    assert [read["path"][0] for read in plan["reads"]] == ["leads", "a", "b"]
    spared = [read for read in flattened(plan["reads"]) if read["sharedWith"] is not None]
    served = {".".join(read["path"]): ".".join(read["sharedWith"]) for read in spared}
    assert served in (
        {"b": "a", "leads.edges.node.company": "leads.nodes.company"},
        {"b": "a", "leads.nodes.company": "leads.edges.node.company"},
    )
    assert {(read["statement"], read["cached"], read["rows"], read["begun"]) for read in spared} == {
        (None, True, 0, None)
    }


def test_files_of_each_row_are_read_by_themselves(gateway: RunningGateway) -> None:
    plan = planned(gateway, "{ leads(first: 2) { nodes { files { nodes { name } } } } }")
    (leads,) = plan["reads"]
    assert [
        (read["path"], read["purpose"], read["source"], read["table"], read["statement"])
        for read in leads["children"]
    ] == [(["leads", "nodes", "files"], "files", "files", None, "list files")] * 2


def test_report_that_was_kept_says_so(gateway: RunningGateway) -> None:
    query = '{ reportView(name: "salesperson_report") { rows(first: 1) { nodes } } }'
    planned(gateway, query)
    plan = planned(gateway, query)
    found = {read["purpose"]: read for read in flattened(plan["reads"])}
    assert set(found) == {"keys for a filter in another source", "a report"}
    report = found["a report"]
    assert (report["source"], report["statement"], report["cached"]) == ("analytics", None, True)


def test_objects_below_an_interface_have_their_place(gateway: RunningGateway) -> None:
    query = """{ nodes(ids: ["TGVhZDox", "TGVhZDoy", "Q29tcGFueTox"]) {
      ... on Lead { tickets { nodes { company { city } } } } ... on Company { leads(first: 1) { nodes { id } } } } }"""
    plan = planned(gateway, query)
    paths = {".".join(read["path"]) for read in flattened(plan["reads"])}
    assert paths >= {"nodes", "nodes.leads", "nodes.tickets"}
    # Both leads come by one statement at the one place: neither is spared by the other.
    assert {read["sharedWith"] for read in flattened(plan["reads"])} == {None}


def test_change_shows_every_statement_of_its_transaction(gateway: RunningGateway) -> None:
    query = """mutation { changeLeadStatus(input: {id: "TGVhZDox", status: "MARK", reason: "MARK",
      idempotencyKey: "MARK-0123456789abcdef"}) { lead { id } } }"""
    answer = asked(gateway, query)
    plan = answer.json()["extensions"]["plan"]
    assert code(answer) == "BAD_USER_INPUT"
    (change,) = plan["reads"]
    assert (change["purpose"], change["table"], change["error"]) == ("a change", "leads", "BAD_USER_INPUT")
    assert [read["statement"].split()[0] for read in change["children"]] == ["SELECT", "INSERT", "SELECT"]
    assert plan["engine"] == "reference"
    assert "MARK" not in json.dumps(plan)


def test_values_are_in_no_plan(every_gateway: RunningGateway) -> None:
    gateway = every_gateway
    query = """query ($text: String!, $id: ID!) {
      a: leads(where: {firmName: {contains: "MARK-literal"}, company: {city: {ne: $text}}}) { totalCount }
      b: leads(first: 7654321, where: {status: {in: ["MARK-listed", $text]}}) { totalCount }
      c: companies(where: {or: [{companyName: {startsWith: $text}}, {tickets: {title: {eq: $text}}}]}) { totalCount }
      d: leads(first: 2, where: {company: {companyName: {contains: ""}}}, orderBy: [{field: STATUS}])
        { nodes { company { city } analytics { activities } } }
      node(id: $id) { id }
    }"""
    for headers in ({}, {"x-view-as": as_user(gateway, "salesperson")}):
        plan = planned(gateway, query, {"text": "MARK-variable", "id": "TGVhZDo5ODc2NTQz"}, **headers)
        reads = list(flattened(plan["reads"]))
        assert len(reads) >= 8
        assert [read["error"] for read in reads if read["error"]] == []
        for value in ("MARK", "9876543", "7654321"):
            assert value not in json.dumps(plan)


def test_source_that_is_away_is_the_error_of_its_reads_alone(gateway: RunningGateway) -> None:
    settings = replace(gateway.settings, analytics_dsn="clickhouse://127.0.0.1:1/default")
    with running(settings, "without analytics") as without:
        answer = asked(without, JOINED).json()
    assert list(answer) == ["data", "errors", "extensions"]
    failed = {
        ".".join(read["path"]): read["error"] for read in flattened(answer["extensions"]["plan"]["reads"])
    }
    assert failed == {
        "leads": None,
        "leads.nodes.company": None,
        "leads.nodes.statusHistory": None,
        "leads.nodes.analytics": "SOURCE_UNAVAILABLE",
    }
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"SOURCE_UNAVAILABLE"}


def test_requests_at_once_have_their_own_plans(gateway: RunningGateway) -> None:
    def paths(number: int) -> set[str]:
        plan = planned(gateway, f"{{ a{number}: leads(first: 3) {{ nodes {{ company {{ city }} }} }} }}")
        return {read["path"][0] for read in flattened(plan["reads"])}

    gateway.login("admin")
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(paths, range(24))) == [{f"a{number}"} for number in range(24)]


# --- what it costs nobody else ------------------------------------------------------------------------------


def test_answer_is_the_same_but_for_the_plan_at_its_end(gateway: RunningGateway) -> None:
    gateway.login("admin")
    with gateway.counted() as without:
        plain = gateway.post({"query": JOINED}, as_user="admin")
    with gateway.counted() as with_plan:
        answer = asked(gateway, JOINED)
    assert answer.content.startswith(plain.content[:-1] + b',"extensions":{"plan":{"engine":')
    assert list(plain.json()) == ["data"]
    texts = [sorted(one.text for one in found if "session" not in one.text) for found in (without, with_plan)]
    assert texts[0] == texts[1]


def test_header_is_one_that_answers_vary_by(gateway: RunningGateway) -> None:
    assert "x-plan" in gateway.post({"query": ONE}, as_user="admin").headers["vary"]


def test_what_is_not_executed_has_no_plan(gateway: RunningGateway) -> None:
    answer = asked(gateway, "{ nonsense }")
    assert (list(answer.json()), code(answer)) == (["errors"], "GRAPHQL_VALIDATION_FAILED")


# --- for whom -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OTHERS)
def test_header_of_others_is_forbidden(gateway: RunningGateway, name: str) -> None:
    for value in ("1", "0", ""):
        answer = gateway.post({"query": ONE}, as_user=name, headers={"x-plan": value})
        assert (answer.status_code, code(answer)) == (403, "FORBIDDEN")
        assert list(answer.json()) == ["errors"]
    assert (
        answer.json()["errors"][0]["message"]
        == "Only ADMIN is shown the plan of an answer: send no `X-Plan`."
    )


def test_header_of_a_partner_is_forbidden(gateway: RunningGateway) -> None:
    with partner_in(gateway) as partner:
        issued = partner.issue(scopes=sorted(PARTNER_SCOPES))
        answer = gateway.post({"query": ONE}, headers={**bearer(issued["token"]), **ASKED})
    assert code(answer) == "FORBIDDEN"


@pytest.mark.parametrize("sent", [{}, {"authorization": "Bearer nonsense"}])
def test_header_of_nobody_is_unauthenticated(gateway: RunningGateway, sent: dict[str, str]) -> None:
    answer = gateway.post({"query": "{ __typename }"}, headers={**sent, **ASKED})
    assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize("value", ["", "0", "true", "1, 1", "11"])
def test_another_value_is_bad_input(gateway: RunningGateway, value: str) -> None:
    answer = gateway.post({"query": ONE}, as_user="admin", headers={"x-plan": value})
    assert (code(answer), list(answer.json())) == ("BAD_USER_INPUT", ["errors"])


def test_two_headers_are_bad_input(gateway: RunningGateway) -> None:
    sent = [*bearer(gateway.login("admin")).items(), ("x-plan", "1"), ("x-plan", "1")]
    assert code(gateway.client.post("/graphql", json={"query": ONE}, headers=sent)) == "BAD_USER_INPUT"


# --- its bounds ---------------------------------------------------------------------------------------------


def test_past_the_bound_reads_are_only_counted() -> None:
    trace = Trace()
    for _ in range(MOST_NOTED + 2):
        trace.note(Noted((), Purpose.FILES, "files"))
    plan = plan_of(trace, cached=True)
    assert (len(plan["reads"]), plan["leftOut"]) == (MOST_NOTED, 2)


def test_read_whose_need_is_past_the_bound_is_at_the_top() -> None:
    trace = Trace()
    trace.note(Noted(("a",), Purpose.FILTER, "magenta", within=Noted(("a",), Purpose.ROWS, "iperform")))
    (read,) = plan_of(trace, cached=False)["reads"]
    assert read["purpose"] == "keys for a filter in another source"


def test_long_statements_are_shortened() -> None:
    assert shortened("SELECT\n a  IN (?, ?, ?)") == "SELECT a IN (?, ?, ?)"
    assert shortened("a IN (%s, %s, %s, %s) LIMIT %s") == "a IN (%s, … 4 in all) LIMIT %s"
    assert shortened("?" * LONGEST_STATEMENT) == "?" * LONGEST_STATEMENT
    assert shortened("x" * (LONGEST_STATEMENT + 1)) == "x" * LONGEST_STATEMENT + " …"
