"""Made-up requests: no answer is a 5xx, every error has its code, and none of them is INTERNAL.

Documents come from the schema that the caller may see, bodies from nowhere. The same ones every time.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import httpx
import pytest
from graphql import OperationType, build_schema
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import Mode, from_schema, nodes

from gateway.errors import Code
from gateway.http.examples import EXAMPLES
from tests.gateways import RunningGateway
from tests.http.asking import bearer, send
from tests.http.test_bad_input import LEAKS
from tests.test_cases import kind_of

CODES = {code.value for code in Code} - {"INTERNAL", "SOURCE_UNAVAILABLE", "TIMEOUT"}
# Derandomized and not shrunk: a failure shows its request, and the time is the same every day.
bounded = settings(
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def _check(answer: httpx.Response, asked: Any) -> dict[str, Any]:
    """An answer is GraphQL's JSON with a status below 500, its errors coded and without a word from inside."""
    assert answer.status_code < 500, asked
    payload: dict[str, Any] = answer.json()
    assert set(payload) <= {"data", "errors"}, asked
    for error in payload.get("errors", []):
        assert set(error) <= {"message", "locations", "path", "extensions"}, asked
        assert set(error["extensions"]) == {"code", "requestId", "retryable"}, asked
        assert error["extensions"]["code"] in CODES, (asked, error)
        assert error["message"], asked
        # What a client has sent may be said back to it.
        assert [leak for leak in LEAKS.findall(error["message"]) if leak not in str(asked)] == [], (
            asked,
            error,
        )
    return payload


def _ask(gateway: RunningGateway, body: Any, caller: str | None) -> dict[str, Any]:
    headers = {} if caller is None else bearer(gateway.login(caller))
    return _check(send(gateway, body=json.dumps(body).encode(), headers=headers), body)


ODD_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = {
    "DateTime": st.one_of(
        st.datetimes(timezones=st.timezones()).map(lambda moment: nodes.String(moment.isoformat())),
        ODD_TEXT.map(nodes.String),
    ),
    "Date": st.one_of(st.dates().map(lambda day: nodes.String(day.isoformat())), ODD_TEXT.map(nodes.String)),
    "Decimal": st.one_of(st.decimals().map(str), ODD_TEXT).map(nodes.String),
    "JSON": st.one_of(
        st.just(nodes.Null),
        st.integers(-(2**40), 2**40).map(nodes.Int),
        ODD_TEXT.map(nodes.String),
    ),
}


def _documents(gateway: RunningGateway, caller: str | None, mode: Mode) -> st.SearchStrategy[Any]:
    headers = {} if caller is None else bearer(gateway.login(caller))
    schema = build_schema(gateway.client.get("/schema.graphql", headers=headers).text)
    assert schema.query_type is not None
    # A field at a time, as one document that holds many is mostly refused for its size.
    known = schema.query_type.fields
    fields = [name for name, field in known.items() if mode is Mode.POSITIVE or field.args]
    return st.sampled_from(fields).flatmap(
        lambda name: from_schema(schema, fields=[name], custom_scalars=SCALARS, mode=mode)
    )


@pytest.mark.parametrize("caller", ["admin", "salesperson"])
@pytest.mark.parametrize("mode", [Mode.POSITIVE, Mode.NEGATIVE])
def test_documents_of_the_schema_are_answered(gateway: RunningGateway, caller: str, mode: Mode) -> None:
    answered: Counter[bool] = Counter()

    @settings(bounded, max_examples=100)
    @given(_documents(gateway, caller, mode))
    def asked(document: str) -> None:
        answered["data" in _ask(gateway, {"query": document}, caller)] += 1

    asked()
    # Not all are refused before anything is read.
    assert mode is Mode.NEGATIVE or answered[True] >= 10


# The answer to a subscription has no end.
SEEDS = [item.query for item in EXAMPLES if kind_of(item.query) is not OperationType.SUBSCRIPTION]
PIECES = st.sampled_from(
    [
        *(
            "{",
            "}",
            "(",
            ")",
            "[",
            "]",
            "$x",
            "@skip(if: true)",
            "...",
            "...a",
            "null",
            "first: -1",
            '"',
            '"""',
            "#",
        ),
        *("\\", "9" * 30, "-", "1e400", "\0", "é", "😀", "query", "mutation", "subscription", "__typename"),
        "fragment a on Lead",
    ]
)
EDITS = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 8), st.one_of(PIECES, ODD_TEXT)), min_size=1, max_size=3
)


@settings(bounded, max_examples=250)
@given(document=st.sampled_from(SEEDS), edits=EDITS)
def test_edited_documents_are_answered(gateway: RunningGateway, document: str, edits: list[Any]) -> None:
    for where, cut, piece in edits:
        place = int(where * len(document))
        document = document[:place] + piece + document[place + cut :]
    _ask(gateway, {"query": document}, "salesperson")


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ODD_TEXT, inner, max_size=4),
    max_leaves=8,
)
ASKING = (
    "query ($w: LeadWhere, $o: [LeadOrder!], $n: Int, $c: String) "
    "{ leads(where: $w, orderBy: $o, first: $n, after: $c) { totalCount nodes { id } } }"
)
COLUMNS = st.sampled_from(
    ["firmName", "status", "databaseId", "createdOn", "isDeleted", "company", "and", "or", "not"]
)
OPERATORS = st.sampled_from(["eq", "ne", "in", "notIn", "lt", "gte", "contains", "startsWith", "isNull"])
WHERES = st.dictionaries(
    COLUMNS, st.dictionaries(OPERATORS | COLUMNS, ANY_JSON, max_size=2) | ANY_JSON, max_size=3
)


@settings(bounded, max_examples=150)
@given(where=WHERES | ANY_JSON, order=ANY_JSON, size=ANY_JSON | st.integers(0, 600), cursor=ANY_JSON)
def test_any_variables_are_answered(
    gateway: RunningGateway, where: Any, order: Any, size: Any, cursor: Any
) -> None:
    for variables in ({"w": where}, {"o": order}, {"n": size}, {"c": cursor}):
        _ask(gateway, {"query": ASKING, "variables": variables}, "admin")


@settings(bounded, max_examples=100)
@given(filter=WHERES | ANY_JSON, order=ANY_JSON)
def test_any_filter_of_a_report_is_answered(gateway: RunningGateway, filter: Any, order: Any) -> None:
    query = (
        'query ($f: JSON, $o: [ReportOrder!]) { reportView(name: "salesperson_report")'
        " { rows(filter: $f, orderBy: $o, first: 1) { totalCount } } }"
    )
    for variables in ({"f": filter}, {"f": {"leads": filter}}, {"o": order}):
        _ask(gateway, {"query": query, "variables": variables}, "admin")


@settings(bounded, max_examples=150)
@given(
    body=st.binary(max_size=60)
    | ANY_JSON.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("query", "variables", "operationName", "extensions"), ANY_JSON)
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_body_is_answered(gateway: RunningGateway, body: bytes) -> None:
    _check(send(gateway, body=body), body)


@settings(bounded, max_examples=150)
@given(accept=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40), token=ODD_TEXT)
def test_any_header_is_answered(gateway: RunningGateway, accept: str, token: str) -> None:
    text = accept.strip()
    headers = {"accept": text, "x-request-id": text, "content-type": f"application/json; {text}".strip()}
    _check(send(gateway, headers=headers), headers)
    login = "mutation ($t: String!) { refreshSession(refreshToken: $t) { accessToken } }"
    _ask(gateway, {"query": login, "variables": {"t": token}}, None)
