"""What a partner's token has: a schema of its scopes, and the rows of its company's warriors."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import GraphQLObjectType, build_schema
from sqlalchemy import select

from datasources.iperform.tables import leads, warrior
from tests.http.asking import ask, bearer, errors
from tests.http.partners import Partner, partner_in

VIEWER = """
{ viewer { role scopes partner { databaseId partnerName } permissions allowedLeadStatuses } }
"""
CONTACT = {"clientEmailId", "clientMobileNo", "whatsappNumber"}
VALUE = {"tentativeValue", "probability"}


def _token(partner: Partner, *scopes: str) -> str:
    token: str = partner.issue(scopes=list(scopes))["token"]
    return token


def _sdl(partner: Partner, token: str) -> str:
    return partner.gateway.client.get("/schema.graphql", headers=bearer(token)).text


def _fields(sdl: str, type_name: str) -> set[str]:
    found = build_schema(sdl).type_map.get(type_name)
    return set(found.fields) if isinstance(found, GraphQLObjectType) else set()


def test_viewer_says_what_a_partner_is(partner: Partner) -> None:
    token = _token(partner, "users:read", "leads:read")
    assert ask(partner.gateway, VIEWER, token=token).json() == {
        "data": {
            "viewer": {
                "role": "PARTNER",
                "scopes": ["leads:read", "users:read"],
                "partner": {"databaseId": partner.company_id, "partnerName": "Sāthī & Söhne"},
                "permissions": None,
                "allowedLeadStatuses": [],
            }
        }
    }


def test_scopes_decide_what_the_schema_holds(embedded_partner: Partner) -> None:
    plain = _sdl(embedded_partner, _token(embedded_partner, "leads:read"))
    assert "firmName" in _fields(plain, "Lead")
    assert not (CONTACT | VALUE | {"company", "tickets", "files"}) & _fields(plain, "Lead")
    assert not {"companies", "tickets", "users", "reportViews", "partnerTokens"} & _fields(plain, "Query")
    wide = _fields(
        _sdl(
            embedded_partner,
            _token(embedded_partner, "leads:read", "leads:contact", "companies:read", "tickets:read"),
        ),
        "Lead",
    )
    assert CONTACT | {"company", "tickets"} <= wide
    assert not VALUE & wide
    assert (
        _fields(_sdl(embedded_partner, _token(embedded_partner, "leads:read", "leads:value")), "Lead")
        >= VALUE
    )
    without = _sdl(embedded_partner, _token(embedded_partner, "tickets:read"))
    assert "type Lead " not in without
    assert "tickets" in _fields(without, "Query")


def test_introspection_is_that_of_the_schemas_text(embedded_partner: Partner) -> None:
    token = _token(embedded_partner, "leads:read")
    query = '{ __type(name: "Lead") { fields { name } } __schema { types { name } } }'
    answer = ask(embedded_partner.gateway, query, token=token).json()["data"]
    sdl = _sdl(embedded_partner, token)
    assert {field["name"] for field in answer["__type"]["fields"]} == _fields(sdl, "Lead")
    own = {item["name"] for item in answer["__schema"]["types"] if not item["name"].startswith("__")}
    assert own == {name for name in build_schema(sdl).type_map if not name.startswith("__")}


def test_tokens_of_the_same_scopes_have_the_same_etag_and_others_another(embedded_partner: Partner) -> None:
    def etag(*scopes: str) -> str:
        headers = bearer(_token(embedded_partner, *scopes))
        found: str = embedded_partner.gateway.client.get("/schema.graphql", headers=headers).headers["etag"]
        return found

    assert etag("leads:read", "users:read") == etag("users:read", "leads:read")
    assert etag("leads:read") != etag("leads:read", "leads:value")


@pytest.mark.parametrize(
    "query",
    [
        "{ leads { nodes { tentativeValue } } }",
        "{ leads { nodes { clientEmailId } } }",
        "{ leads(where: { tentativeValue: { gt: 1 } }) { totalCount } }",
        "{ leads(orderBy: [{ field: TENTATIVE_VALUE }]) { totalCount } }",
        "{ leads { nodes { company { city } } } }",
        "{ companies { totalCount } }",
        "{ leadStats(groupBy: [STATUS]) { tentativeValueSum } }",
        "{ eventCursor }",
        '{ node(id: "x") { ... on Company { city } } }',
    ],
)
def test_a_field_outside_the_scopes_is_an_ordinary_validation_error(
    embedded_partner: Partner, query: str
) -> None:
    answer = ask(embedded_partner.gateway, query, token=_token(embedded_partner, "leads:read"))
    assert "data" not in answer.json()
    for error in errors(answer):
        assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert "scope" not in error["message"].lower()


def test_a_token_sees_the_leads_of_its_companys_warriors(partner: Partner) -> None:
    token = _token(partner, "leads:read")
    listed = "{ leads(first: 500) { totalCount nodes { databaseId } } }"
    assert ask(partner.gateway, listed, token=token).json()["data"]["leads"] == {"totalCount": 0, "nodes": []}
    with partner.engine.begin() as connection:
        owned = [
            row
            for row in connection.execute(
                select(leads.c.id, leads.c.warrior_id, leads.c.company_id, leads.c.is_deleted).order_by(
                    leads.c.id.desc()
                )
            )
            if row.is_deleted != 1 and (row.warrior_id or "").isdigit()
        ]
        by_warrior: dict[str, list[Any]] = {}
        for row in owned:
            by_warrior.setdefault(row.warrior_id, []).append(row)
        _all, _some, _inactive = sorted(by_warrior, key=lambda id_: (len(by_warrior[id_]), id_))[-3:]
        companies = sorted({row.company_id for row in by_warrior[_some]})[:2]
        before = {
            row.id: row
            for row in connection.execute(
                select(warrior).where(warrior.c.id.in_([int(_all), int(_some), int(_inactive)]))
            )
        }

        def lend(id_: str, **values: Any) -> None:
            connection.execute(
                warrior.update()
                .where(warrior.c.id == int(id_))
                .values(partner_company_id=partner.company_id, **values)
            )

        lend(_all, active=True, data_visibility="All")
        lend(_some, active=True, data_visibility=f"{companies[0]}, {companies[-1]} ,x")
        lend(_inactive, active=False, data_visibility="All")
    expected = [
        row.id
        for row in owned
        if row.warrior_id == _all or (row.warrior_id == _some and row.company_id in companies)
    ]
    try:
        answer = ask(partner.gateway, listed, token=token).json()
    finally:
        with partner.engine.begin() as connection:
            for id_, row in before.items():
                connection.execute(warrior.update().where(warrior.c.id == id_).values(**row._mapping))
    assert answer["data"]["leads"]["totalCount"] == len(expected) > 0
    assert [node["databaseId"] for node in answer["data"]["leads"]["nodes"]] == expected[:500]


def test_a_partner_sees_its_own_company_and_no_other(partner: Partner) -> None:
    query = "query ($id: Int!) { partnerCompany(databaseId: $id) { databaseId } }"
    with partner_in(partner.gateway, partner_name="Second") as second:
        for mine, other in ((partner, second), (second, partner)):
            token = _token(mine, "leads:read")
            found = [
                ask(partner.gateway, query, {"id": one.company_id}, token=token).json()["data"]
                for one in (mine, other)
            ]
            assert found == [
                {"partnerCompany": {"databaseId": mine.company_id}},
                {"partnerCompany": None},
            ]
