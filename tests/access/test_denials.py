"""What `role.permissions` denies is gone on every path, from one request to the next, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from datasources.iperform.tables import role
from tests.access.asking import Asking
from tests.access.copies import backstage_of, copy_of
from tests.access.operations import operations
from tests.access.test_random_operations import check_operation
from tests.gateways import RunningGateway
from tests.oracle.answer import Strings
from tests.oracle.data import Data, generated

EXAMPLES = 250
ROLES = {"ADMIN": 1, "USER": 2, "SALESPERSON": 3, "WARRIOR": 4, "MANAGER": 5}
DENIED = {
    "ADMIN": ["User.email"],
    "USER": ["Lead.firmName", "Ticket.lead", "Company.tickets"],
    "SALESPERSON": ["Lead.tentativeValue", "Lead.companyId", "Company.city", "Query.leadStats"],
    "WARRIOR": ["Lead.status", "Lead.createdOn", "Lead.databaseId", "LeadLog.activityType", "Nothing.atAll"],
    "MANAGER": ["Lead.company", "Ticket.title", "Warrior.salesperson", "User.roleId", "LeadStats.count"],
}
WHO = ("admin", "client", "salesperson", "warrior", "manager", "manager2")


@pytest.fixture(scope="module")
def own(
    embedded_gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGateway]:
    """A gateway over an estate of its own, which believes a session for no longer than a request."""
    folder = tmp_path_factory.mktemp("denials")
    with copy_of(embedded_gateway, folder, session_cache_seconds=0.0) as gateway:
        yield gateway


@pytest.fixture
def denied(own: RunningGateway) -> Iterator[Asking]:
    """The estate with denials for every role, and the oracle's view of it."""
    data: Data = generated(own.leads, own.seed, own.today)
    with backstage_of(own) as backstage:
        for name, names in DENIED.items():
            backstage.update(role, ROLES[name], {"permissions": json.dumps({"deny": names})})
        for row in data.rows("Role"):
            row["permissions"] = {"deny": DENIED[row["role_name"]]}
        yield Asking(own, data)


def test_random_operation_under_denials_is_answered_as_the_oracle_answers_it(denied: Asking) -> None:
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(choice=st.data())
    def tried(choice: st.DataObject) -> None:
        who = choice.draw(st.sampled_from(WHO), label="caller")
        strings = Strings(denied.ids)
        for operation in choice.draw(operations(denied.data, denied.caller(who)), label="operations"):
            check_operation(denied, who, operation, strings)

    tried()


@pytest.mark.parametrize(
    ("who", "query"),
    [
        ("salesperson", "{ leads { nodes { tentativeValue } } }"),
        ("salesperson", "{ leads(where: {tentativeValue: {gt: 0}}) { totalCount } }"),
        ("salesperson", "{ leads(orderBy: [{field: TENTATIVE_VALUE}]) { totalCount } }"),
        ("salesperson", "{ tickets(orderBy: [{field: LEAD_TENTATIVE_VALUE}]) { totalCount } }"),
        ("salesperson", "{ leads { nodes { company { companyName } } } }"),
        ("salesperson", "{ companies { nodes { leads { totalCount } } } }"),
        ("salesperson", "{ leadStats(groupBy: [STATUS]) { count } }"),
        ("manager", "{ leads(where: {company: {active: {eq: true}}}) { totalCount } }"),
        ("manager", "{ leads(orderBy: [{field: COMPANY_CITY}]) { totalCount } }"),
        ("manager", "{ users { nodes { role } } }"),
        ("warrior", "{ leadStats(groupBy: [STATUS]) { count } }"),
        ("warrior", "{ leads { nodes { databaseId } } }"),
        ("client", "{ tickets { nodes { lead { databaseId } } } }"),
        ("admin", "{ users { nodes { email } } }"),
    ],
)
def test_denied_name_is_an_ordinary_validation_error(denied: Asking, who: str, query: str) -> None:
    answer = denied.gateway.query(query, as_user=who)
    assert answer.get("data") is None
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}


def test_report_of_a_denied_column_is_gone(denied: Asking) -> None:
    answer = denied.data_for(
        "warrior", '{ reportViews { name } reportView(name: "followup_activity_report") { name } }'
    )
    assert answer == {"reportViews": [], "reportView": None}


def test_login_tells_nothing_that_the_role_is_denied(denied: Asking) -> None:
    query = """mutation { login(username: "admin", password: "demo") {
        viewer { permissions user { username email } } } }"""
    answer = denied.gateway.query(query)["data"]["login"]["viewer"]
    assert answer == {"permissions": {"deny": ["User.email"]}, "user": {"username": "admin", "email": None}}


def test_denial_holds_from_the_next_request_and_ends_with_it(own: RunningGateway) -> None:
    query = "{ leads(first: 1) { nodes { firmName } } }"
    assert "errors" not in own.query(query, as_user="manager")
    with backstage_of(own) as backstage:
        backstage.update(role, ROLES["MANAGER"], {"permissions": json.dumps({"deny": ["Lead.firmName"]})})
        assert own.query(query, as_user="manager")["errors"]
    assert "errors" not in own.query(query, as_user="manager")


@pytest.mark.parametrize(
    "permissions", [None, '{"deny": null}', '{"deny": [7, null, {}]}', '{"deny": {}}', "[]", '"x"', "{}", "7"]
)
def test_permissions_that_deny_nothing_change_nothing(own: RunningGateway, permissions: str | None) -> None:
    before = own.query("{ leads(first: 2) { nodes { firmName status } } }", as_user="warrior")
    with backstage_of(own) as backstage:
        backstage.update(role, ROLES["WARRIOR"], {"permissions": permissions})
        assert own.query("{ leads(first: 2) { nodes { firmName status } } }", as_user="warrior") == before
