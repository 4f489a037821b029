"""Reports: two callers get different rows and totals from one view, each computed from the leads that they see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from datasources.analytics.tables import mirror_lead_logs
from datasources.iperform.tables import role, user
from datasources.seed import generate
from tests.access.asking import CALLERS, LARGEST_PAGE, Asking
from tests.access.copies import backstage_of, copy_of
from tests.gateways import RunningGateway
from tests.oracle.reports import ReportRow, followup_activity_report, report_names, salesperson_report
from tests.oracle.rules import Viewer

REPORTS: dict[str, Callable[[Viewer], list[ReportRow]]] = {
    "salesperson_report": salesperson_report,
    "followup_activity_report": followup_activity_report,
}
QUERY = """query($name: String!, $first: Int, $after: String, $filter: JSON, $order: [ReportOrder!]) {
  reportView(name: $name) {
    name totals
    rows(first: $first, after: $after, filter: $filter, orderBy: $order) {
      totalCount nodes pageInfo { hasNextPage hasPreviousPage endCursor }
    }
  }
}"""


def report(asking: Asking, username: str, name: str, **variables: Any) -> dict[str, Any] | None:
    """The report as the caller gets it; None where they don't."""
    found: dict[str, Any] | None = asking.data_for(username, QUERY, {"name": name, **variables})["reportView"]
    return found


def rows_of(asking: Asking, username: str, name: str, **variables: Any) -> list[ReportRow]:
    """All rows of a report, page after page."""
    rows: list[ReportRow] = []
    after = None
    while True:
        got = report(asking, username, name, first=LARGEST_PAGE, after=after, **variables)
        assert got is not None
        rows += got["rows"]["nodes"]
        if not got["rows"]["pageInfo"]["hasNextPage"]:
            assert got["rows"]["totalCount"] == len(rows)
            return rows
        after = got["rows"]["pageInfo"]["endCursor"]


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("username", CALLERS)
def test_report_is_computed_from_the_visible_leads(asking: Asking, username: str, name: str) -> None:
    viewer = asking.viewer(username)
    if not viewer.sees_report(name):
        assert report(asking, username, name) is None
        return
    expected = REPORTS[name](viewer)
    assert expected
    assert rows_of(asking, username, name) == expected
    got = report(asking, username, name, first=1)
    assert got is not None
    for column, total in got["totals"].items():
        assert total == sum(row[column] for row in expected), column


@pytest.mark.parametrize("username", CALLERS)
def test_reports_are_those_of_the_roles_view_list_and_ones_own(asking: Asking, username: str) -> None:
    viewer = asking.viewer(username)
    views = asking.data_for(username, "{ reportViews { name } }")["reportViews"]
    assert {view["name"] for view in views} == report_names(viewer)


@pytest.mark.parametrize("name", REPORTS)
def test_report_by_node_is_there_only_for_roles_that_have_it(asking: Asking, name: str) -> None:
    query = "query($name: String!) { reportView(name: $name) { id } }"
    global_id = asking.data_for("admin", query, {"name": name})["reportView"]["id"]
    for username in CALLERS:
        viewer = asking.viewer(username)
        query = (
            "query($id: ID!) { node(id: $id) { ... on ReportView { name rows(first: 500) { totalCount } } } }"
        )
        expected = None
        if viewer.sees_report(name):
            expected = {"name": name, "rows": {"totalCount": len(REPORTS[name](viewer))}}
        assert asking.data_for(username, query, {"id": global_id})["node"] == expected


@pytest.mark.parametrize("username", ["admin", "manager", "manager2", "salesperson", "salesperson2"])
def test_report_rows_are_filtered_sorted_and_paged(asking: Asking, username: str) -> None:
    viewer = asking.viewer(username)
    expected = [row for row in salesperson_report(viewer) if row["leads"] >= 5]
    expected.sort(key=lambda row: (row["salespersonId"] is not None, row["salespersonId"] or 0))
    expected.sort(key=lambda row: row["leads"], reverse=True)
    leads = [row["leads"] for row in expected]
    order = [{"column": "leads", "direction": "DESC"}, {"column": "salespersonId", "direction": "ASC"}]
    got: list[ReportRow] = []
    after = None
    for _ in range(20):
        one = report(
            asking,
            username,
            "salesperson_report",
            first=7,
            after=after,
            filter={"leads": {"gte": 5}},
            order=order,
        )
        assert one is not None
        rows = one["rows"]
        assert rows["totalCount"] == len(expected)
        got += rows["nodes"]
        assert rows["pageInfo"]["hasNextPage"] is (len(got) < len(expected))
        if len(got) >= len(expected):
            break
        after = rows["pageInfo"]["endCursor"]
    assert [row["leads"] for row in got] == leads
    assert got == expected


@pytest.mark.parametrize("username", ["admin", "manager", "manager2", "salesperson", "salesperson2"])
def test_export_of_a_report_is_for_who_made_it_and_admin(
    asking: Asking, gateway: RunningGateway, username: str
) -> None:
    viewer = asking.viewer(username)
    keys = [file.key.split("/") for file in generate(gateway.leads, gateway.seed, gateway.today).files()]
    made = [key for key in keys if key[0] == "reports" and key[2] == "salesperson_report"]
    assert len(made) == 2
    expected = sorted(key[-1] for key in made if username == "admin" or key[1] == str(viewer.id))
    query = '{ reportView(name: "salesperson_report") { exports { totalCount nodes { name } } } }'
    exports = asking.data_for(username, query)["reportView"]["exports"]
    assert sorted(node["name"].rpartition("/")[2] for node in exports["nodes"]) == expected
    assert exports["totalCount"] == len(expected)


def test_report_kept_for_one_client_is_not_shown_to_another_who_does_not_see_the_same_people(
    embedded_gateway: RunningGateway, tmp_path: Path
) -> None:
    query = '{ reportView(name: "followup_activity_report") { rows(first: 500) { nodes } } }'
    with (
        copy_of(embedded_gateway, tmp_path, session_cache_seconds=0.0) as own,
        backstage_of(own) as backstage,
    ):
        lead = own.data("{ leads(first: 1) { nodes { databaseId } } }", as_user="client")["leads"]["nodes"][0]
        backstage.update(role, 2, {"view_list": "followup_activity_report"})
        client = backstage.row(user, 5)
        assert client is not None
        backstage.insert(user, {**client, "id": 90001, "username": "colleague", "email": "c@example.in"})
        logged = {
            "id": 1,
            "lead_id": lead["databaseId"],
            "company_id": 1,
            "activity_type": "of the colleague",
        }
        logged |= {"logged_by": 90001, "logged_on": datetime(2026, 1, 1)}
        backstage.insert_analytics(mirror_lead_logs, logged, mark="activity_type")

        def named(who: str) -> list[str | None]:
            rows = own.data(query, as_user=who)["reportView"]["rows"]["nodes"]
            return [row["user"] for row in rows if row["activityType"] == "of the colleague"]

        assert [named("colleague"), named("client"), named("colleague")] == [
            ["colleague"],
            [None],
            ["colleague"],
        ]
