"""ERP rows: each company's own tables in ClickHouse, read for many companies at once, and only of visible ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Numeric

from datasources.analytics.tables import ERP_TABLE_NAMES, erp_table
from datasources.clickhouse_client import clickhouse_client
from datasources.migrate import migrate_company_schema
from datasources.seed.clients import ERP_COMPANY_IDS
from datasources.seed.erp import build_erp
from gateway.auth import company_tables
from gateway.auth.company_tables import Newest
from gateway.auth.principal import Principal
from gateway.auth.roles import Caller
from gateway.resolvers.declarations import camel_case
from gateway.resolvers.ids import encode_id
from gateway.services import open_services
from tests.access.asking import viewer_of
from tests.access.conftest import data_of
from tests.gateways import RunningGateway, running

# The company of the demo's warrior is 1 alone, that of its client 3; both without an ERP company more.
CALLERS = ("admin", "manager", "salesperson", "warrior", "warrior2", "client")
FIELDS = {camel_case(name): name for name in ERP_TABLE_NAMES}
TYPES = ("ErpTransaction", "ErpCustomer", "ErpInvoice", "ErpPurchaseOrder", "ErpSalesVoucher")
NAMES_A_SCHEMA_THAT_IS_MISSING = 10
HAS_NO_SCHEMA = 4


def _columns(table: str) -> dict[str, Any]:
    """The columns of a table by the names of their fields."""
    columns = {camel_case(column.name): column for column in erp_table(table, 1).c}
    return {"erpId": columns.pop("id"), **columns}


def _expected(gateway: RunningGateway, table: str, company_id: int) -> list[dict[str, Any]]:
    """A company's rows as the generator makes them and the API writes them, newest first."""
    wanted = erp_table(table, company_id).fullname
    rows = [
        row
        for chunk in build_erp(gateway.seed, gateway.today)
        if chunk.table.fullname == wanted
        for row in chunk.rows
    ]
    columns = _columns(table)
    written = [
        {name: _written(gateway, row[column.name], column.type) for name, column in columns.items()}
        for row in rows
    ]
    return sorted(written, key=lambda row: row["erpId"], reverse=True)


def _written(gateway: RunningGateway, value: Any, kind: Any) -> Any:
    match value:
        case datetime():
            return value.replace(tzinfo=gateway.settings.zone).isoformat()
        case date():
            return value.isoformat()
        case Decimal() | int() if isinstance(kind, Numeric) and kind.scale:
            return str(Decimal(value).quantize(Decimal(1).scaleb(-kind.scale)))
        case _:
            return value


def _of_companies(selection: str, company_ids: tuple[int, ...] = ERP_COMPANY_IDS) -> str:
    listed = ", ".join(map(str, company_ids))
    where = f"{{databaseId: {{in: [{listed}]}}}}"
    return f"{{ companies(first: 500, where: {where}) {{ nodes {{ databaseId {selection} }} }} }}"


def _by_company(data: Any) -> dict[int, Any]:
    return {company["databaseId"]: company for company in data["companies"]["nodes"]}


def _seen(gateway: RunningGateway, username: str) -> set[int]:
    """The ERP companies that somebody sees, by the tests' own reading of the contract."""
    return viewer_of(data_of(gateway), username).ids("Company") & set(ERP_COMPANY_IDS)


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("user", CALLERS)
def test_each_visible_company_shows_exactly_its_rows(
    every_gateway: RunningGateway, user: str, field: str
) -> None:
    names = " ".join(_columns(FIELDS[field]))
    query = _of_companies(
        f"{field}(first: 500) {{ totalCount pageInfo {{ hasNextPage }} nodes {{ {names} }} }}"
    )
    found = _by_company(every_gateway.data(query, as_user=user))
    assert set(found) == _seen(every_gateway, user)
    for company_id, company in found.items():
        expected = _expected(every_gateway, FIELDS[field], company_id)
        assert len(expected) in {40, 150, 300}
        assert company[field] == {
            "totalCount": len(expected),
            "pageInfo": {"hasNextPage": False},
            "nodes": expected,
        }


def test_callers_of_these_tests_differ(gateway: RunningGateway) -> None:
    assert {user: _seen(gateway, user) for user in ("admin", "warrior", "warrior2", "client")} == {
        "admin": {1, 2, 3, 5, 8},
        "warrior": {1},
        "warrior2": {1, 8},
        "client": {3},
    }


@pytest.mark.parametrize("size", [1, 7, 40, 41])
def test_pages_are_the_list_cut_up(every_gateway: RunningGateway, size: int) -> None:
    for company_id in (2, 8):
        expected = [row["customerName"] for row in _expected(every_gateway, "customers", company_id)]
        walked: list[str] = []
        after = None
        while True:
            page = every_gateway.data(
                "query($id: Int!, $first: Int!, $after: String) { company(databaseId: $id) {"
                " customers(first: $first, after: $after) { totalCount edges { cursor node { customerName } }"
                " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }",
                {"id": company_id, "first": size, "after": after},
                as_user="admin",
            )["company"]["customers"]
            cursors = [edge["cursor"] for edge in page["edges"]]
            part = [edge["node"]["customerName"] for edge in page["edges"]]
            assert part == expected[len(walked) : len(walked) + size]
            assert page["totalCount"] == len(expected)
            assert page["pageInfo"] == {
                "hasNextPage": len(walked) + size < len(expected),
                "hasPreviousPage": bool(walked),
                "startCursor": cursors[0],
                "endCursor": cursors[-1],
            }
            walked += part
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert walked == expected


def test_fifty_rows_are_given_where_nobody_says_how_many(gateway: RunningGateway) -> None:
    found = gateway.data("{ company(databaseId: 1) { invoices { nodes { erpId } } } }", as_user="admin")
    assert [row["erpId"] for row in found["company"]["invoices"]["nodes"]] == list(range(150, 100, -1))


def test_no_row_is_a_page_as_well(gateway: RunningGateway) -> None:
    selection = "invoices(first: 0) { totalCount nodes { erpId } pageInfo { hasNextPage endCursor } }"
    found = gateway.data(f"{{ company(databaseId: 1) {{ {selection} }} }}", as_user="admin")
    assert found["company"]["invoices"] == {
        "totalCount": 150,
        "nodes": [],
        "pageInfo": {"hasNextPage": True, "endCursor": None},
    }


@pytest.mark.parametrize(
    "arguments",
    ['after: "nonsense"', "first: -1", "first: 501", "after: $invoice", "after: $lead"],
)
def test_what_fits_no_page_is_refused(gateway: RunningGateway, arguments: str) -> None:
    cursors = gateway.data(
        "{ company(databaseId: 1) { invoices(first: 1) { pageInfo { endCursor } } }"
        " leads(first: 1) { pageInfo { endCursor } } }",
        as_user="admin",
    )
    invoice = cursors["company"]["invoices"]["pageInfo"]["endCursor"]
    lead = cursors["leads"]["pageInfo"]["endCursor"]
    arguments = arguments.replace("$invoice", f'"{invoice}"').replace("$lead", f'"{lead}"')
    for company_id in (1, HAS_NO_SCHEMA):
        customers = f"customers({arguments}) {{ nodes {{ erpId }} }}"
        answer = gateway.query(f"{{ company(databaseId: {company_id}) {{ {customers} }} }}", as_user="admin")
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}


ALL_KINDS = " ".join(f"{field}(first: 3) {{ nodes {{ erpId syncedOn }} }}" for field in FIELDS)


@pytest.mark.parametrize("user", ["admin", "salesperson", "client"])
def test_rows_of_all_companies_cost_one_statement_for_each_kind(
    every_gateway: RunningGateway, user: str
) -> None:
    query = _of_companies(ALL_KINDS)
    assert every_gateway.data(query, as_user=user)
    with every_gateway.counted() as statements:
        companies = _by_company(every_gateway.data(query, as_user=user))
    assert set(companies) == _seen(every_gateway, user)
    sources = Counter(statement.source for statement in statements)
    assert sources["magenta"] <= 1 + (user == "client")
    assert sources["analytics"] == len(FIELDS)


def test_totals_of_all_companies_cost_one_statement_and_only_when_asked_for(
    every_gateway: RunningGateway,
) -> None:
    every_gateway.data(_of_companies("invoices { totalCount }"), as_user="admin")
    with every_gateway.counted() as statements:
        every_gateway.data(_of_companies("invoices { totalCount }"), as_user="admin")
    (only,) = [statement.text for statement in statements if statement.source == "analytics"]
    assert only.count("count(") == len(ERP_COMPANY_IDS)
    with every_gateway.counted() as statements:
        every_gateway.data(_of_companies(ALL_KINDS), as_user="admin")
    assert not [statement for statement in statements if "count(" in statement.text]


def test_companies_below_leads_cost_no_more(gateway: RunningGateway) -> None:
    query = (
        "{ leads(first: 500) { nodes { company { databaseId invoices(first: 1) { nodes { total } } } } } }"
    )
    gateway.query(query, as_user="salesperson")
    with gateway.counted() as statements:
        answer = gateway.query(query, as_user="salesperson")
    companies = [lead["company"] for lead in answer["data"]["leads"]["nodes"] if lead["company"] is not None]
    assert len({company["databaseId"] for company in companies}) > 100
    assert Counter(statement.source for statement in statements)["analytics"] == 1


def test_only_selected_columns_are_read(gateway: RunningGateway) -> None:
    gateway.data(_of_companies(ALL_KINDS), as_user="admin")
    with gateway.counted() as statements:
        gateway.data(
            "{ company(databaseId: 1) { a: invoices(first: 2) { nodes { total } }"
            " b: invoices(first: 2) { nodes { status } } } }",
            as_user="admin",
        )
    (read,) = [statement.text for statement in statements if statement.source == "analytics"]
    columns = {
        word.strip(",").rpartition(".")[2] for word in read.split() if word.startswith("h_001.invoices.")
    }
    assert columns == {"id", "total", "status"}


# --- who sees them --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("user", ["warrior", "client"])
def test_no_path_leads_to_the_rows_of_an_invisible_company(every_gateway: RunningGateway, user: str) -> None:
    (hidden, *_) = sorted(set(ERP_COMPANY_IDS) - _seen(every_gateway, user) - {1, 3})
    rows = "invoices { totalCount nodes { erpId } }"
    answer = every_gateway.data(
        "query($id: Int!, $node: ID!) {"
        f" company(databaseId: $id) {{ {rows} }}"
        f" byId: company(id: $node) {{ {rows} }}"
        f" node(id: $node) {{ ... on Company {{ {rows} }} }}"
        f" companies(where: {{databaseId: {{eq: $id}}}}) {{ totalCount nodes {{ {rows} }} }}"
        f" leads(where: {{company: {{databaseId: {{eq: $id}}}}}}) {{ nodes {{ company {{ {rows} }} }} }}"
        f" tickets(where: {{company: {{databaseId: {{eq: $id}}}}}}) {{ nodes {{ company {{ {rows} }} }} }}"
        "}",
        {"id": hidden, "node": encode_id("Company", hidden)},
        as_user=user,
    )
    assert answer == {
        "company": None,
        "byId": None,
        "node": None,
        "companies": {"totalCount": 0, "nodes": []},
        "leads": {"nodes": []},
        "tickets": {"nodes": []},
    }


@pytest.mark.parametrize("type_name", TYPES)
def test_no_row_has_a_global_id(gateway: RunningGateway, type_name: str) -> None:
    for user in ("admin", "warrior"):
        answer = gateway.query(
            "query($id: ID!) { node(id: $id) { id } }", {"id": encode_id(type_name, 1)}, as_user=user
        )
        assert answer["data"] == {"node": None}
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]


async def test_access_itself_refuses_the_rows_of_an_invisible_company(
    mariadb_gateway: RunningGateway,
) -> None:
    users = {row["username"]: row["id"] for row in data_of(mariadb_gateway).rows("User")}
    services = open_services(mariadb_gateway.settings)
    try:
        access = services.access_for(Principal(caller=Caller.WARRIOR, user_id=users["warrior"]))
        invoices = company_tables.invoices
        columns = (invoices.c.id,)
        rows = await access.company_rows(invoices, columns, (1, 2, 3), Newest(limit=2))
        assert rows == {1: [(150,), (149,)], 2: [], 3: []}
        assert await access.company_counts(invoices, (1, 2, 3)) == {1: 150, 2: 0, 3: 0}
        assert await access.company_rows(invoices, columns, (2, 3), Newest(limit=2)) == {2: [], 3: []}
    finally:
        await services.close()


# --- schemas that aren't there --------------------------------------------------------------------------------


def test_a_company_without_a_schema_has_an_empty_connection(every_gateway: RunningGateway) -> None:
    query = _of_companies(
        "dbSchemaName invoices { totalCount nodes { erpId } edges { cursor }"
        " pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }",
        (HAS_NO_SCHEMA,),
    )
    assert every_gateway.data(query, as_user="admin")["companies"]["nodes"] == [
        {
            "databaseId": HAS_NO_SCHEMA,
            "dbSchemaName": None,
            "invoices": {
                "totalCount": 0,
                "nodes": [],
                "edges": [],
                "pageInfo": {
                    "hasNextPage": False,
                    "hasPreviousPage": False,
                    "startCursor": None,
                    "endCursor": None,
                },
            },
        }
    ]


def test_a_schema_that_is_missing_costs_its_own_fields(every_gateway: RunningGateway) -> None:
    query = _of_companies(
        "invoices(first: 1) { totalCount nodes { erpId } }", (3, NAMES_A_SCHEMA_THAT_IS_MISSING)
    )
    answer = every_gateway.query(query, as_user="admin")
    assert answer["data"]["companies"]["nodes"] == [
        {"databaseId": 10, "invoices": {"totalCount": None, "nodes": None}},
        {"databaseId": 3, "invoices": {"totalCount": 150, "nodes": [{"erpId": 150}]}},
    ]
    assert sorted((error["path"], error["extensions"]["code"]) for error in answer["errors"]) == [
        (["companies", "nodes", 0, "invoices", "nodes"], "SOURCE_UNAVAILABLE"),
        (["companies", "nodes", 0, "invoices", "totalCount"], "SOURCE_UNAVAILABLE"),
    ]


def test_a_schema_that_goes_away_costs_its_own_fields_at_once(mariadb_gateway: RunningGateway) -> None:
    query = _of_companies(
        "purchaseOrders(first: 1) { totalCount nodes { total } }", (3, NAMES_A_SCHEMA_THAT_IS_MISSING)
    )
    new, old = 0, 1
    with (
        clickhouse_client(mariadb_gateway.settings.analytics_dsn) as client,
        running(mariadb_gateway.settings, "a schema that goes away") as gateway,
    ):
        migrate_company_schema(client, NAMES_A_SCHEMA_THAT_IS_MISSING)
        try:
            gateway.login("admin")
            with gateway.counted() as first:
                before = gateway.data(query, as_user="admin")["companies"]["nodes"]
            with gateway.counted() as second:
                gateway.data(query, as_user="admin")
        finally:
            client.execute("drop database h_010")
        assert before[new]["purchaseOrders"] == {"totalCount": 0, "nodes": []}
        assert before[old]["purchaseOrders"]["totalCount"] == 40
        # What schemas there are is asked once; after that nothing but the rows and the totals.
        assert Counter(statement.source for statement in first)["analytics"] == 3
        assert Counter(statement.source for statement in second)["analytics"] == 2
        answer = gateway.query(query, as_user="admin")
        after = answer["data"]["companies"]["nodes"]
        assert after[new]["purchaseOrders"] == {"totalCount": None, "nodes": None}
        assert after[old] == before[old]
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["SOURCE_UNAVAILABLE"] * 2


def test_without_clickhouse_the_companies_are_still_there(mariadb_gateway: RunningGateway) -> None:
    settings = replace(mariadb_gateway.settings, analytics_dsn="clickhouse://127.0.0.1:1/default")
    with running(settings, "no ClickHouse") as gateway:
        answer = gateway.query(
            _of_companies("companyName invoices { nodes { total } totalCount }", (3, HAS_NO_SCHEMA)),
            as_user="admin",
        )
    without_schema, with_schema = answer["data"]["companies"]["nodes"]
    assert with_schema["companyName"] == "Śrī Krishna Textiles"
    assert with_schema["invoices"] == {"nodes": None, "totalCount": None}
    assert without_schema["invoices"] == {"nodes": [], "totalCount": 0}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["SOURCE_UNAVAILABLE"] * 2
