"""GraphQL over HTTP: statuses and media types, for requests that are good, and for those that are none.

The cases marked with four characters are audits of https://www.npmjs.com/package/graphql-http.
"""

from __future__ import annotations

import gzip
import json
import re
import socket
from typing import Any
from urllib.parse import quote

import pytest

from tests.gateways import RunningGateway
from tests.http.asking import GRAPHQL, JSON, TYPENAME, code, errors, send

ANSWER = {"data": {"__typename": "Query"}}


def _body(query: Any, **others: Any) -> bytes:
    return json.dumps({"query": query, **others}).encode()


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("", JSON),  # 80D8: nothing said is anything taken
        ("*/*", JSON),  # 82A3
        ("application/*", JSON),
        ("application/json", JSON),  # 5DF2 of old clients
        ("APPLICATION/JSON", JSON),
        ("application/json; charset=utf-8", JSON),  # BF69
        ("application/graphql-response+json", GRAPHQL),  # 4655
        ("application/graphql-response+json; charset=utf-8", GRAPHQL),  # 47DE
        ("application/graphql-response+json, application/json;q=0.9", GRAPHQL),
        ("application/graphql-response+json;q=0.1, application/json;q=0.9", JSON),
        ("application/json;q=0, */*", GRAPHQL),
        ("*/*;q=0.1, application/graphql-response+json", GRAPHQL),
        ("text/html, application/json", JSON),
        ("text/event-stream, application/json;q=0.5", JSON),
        ("application/json;q=nan, application/graphql-response+json;q=0.001", GRAPHQL),
    ],
)
def test_answer_comes_in_the_media_type_that_is_welcome_most(
    gateway: RunningGateway, accept: str, media: str
) -> None:
    answer = send(gateway, headers={"accept": accept})
    assert (answer.status_code, answer.json()) == (200, ANSWER)
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert answer.headers["vary"] == "accept, authorization, x-view-as, x-plan"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "accept",
    [
        "text/xml",
        "text/html",
        "application/json; charset=utf-16",
        "*/*;q=0",
        ";;,",
        "json",
    ],
)
def test_media_types_that_are_not_served_are_406_in_json(gateway: RunningGateway, accept: str) -> None:
    answer = send(gateway, headers={"accept": accept})
    assert (answer.status_code, code(answer)) == (406, "BAD_REQUEST")
    assert answer.headers["content-type"] == f"{JSON}; charset=utf-8"


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/json5",
    ],
)
def test_a_body_that_says_to_be_no_json_is_415(gateway: RunningGateway, content_type: str) -> None:
    answer = send(gateway, headers={"content-type": content_type})
    assert (answer.status_code, code(answer)) == (415, "BAD_REQUEST")


@pytest.mark.parametrize("content_type", [JSON, "Application/JSON", 'application/json; charset="UTF-8"'])
def test_json_in_utf_8_is_taken(gateway: RunningGateway, content_type: str) -> None:
    assert send(gateway, headers={"content-type": content_type}).json() == ANSWER


def test_a_compressed_body_is_415(gateway: RunningGateway) -> None:
    answer = send(gateway, body=gzip.compress(TYPENAME), headers={"content-encoding": "gzip"})
    assert (answer.status_code, code(answer)) == (415, "BAD_REQUEST")


NO_REQUESTS: list[tuple[bytes, str]] = [
    (b"", "The body must be JSON"),
    (b"{", "The body must be JSON"),
    (b"query={__typename}", "The body must be JSON"),
    (b'{"query":"{__typename}",}', "The body must be JSON"),
    (b'\xef\xbb\xbf{"query":"{__typename}"}', "The body must be JSON"),
    (b'{"query":"{__typename}"}\0', "The body must be JSON"),
    (b'{"query":"\xff\xfe"}', "The body must be JSON"),
    ('{"query":"{__typename}"}'.encode("utf-16"), "The body must be JSON"),
    (b'{"query":"\\ud800"}', "The body must be JSON"),
    (b'{"query":"{__typename}","variables":{"a":"\\udfff"}}', "The body must be JSON"),
    (b'{"query":"{__typename}","variables":{"a":NaN}}', "The body must be JSON"),
    (b'{"query":"{__typename}","variables":{"a":1e999}}', "The body must be JSON"),
    (b'{"query":"{__typename}","variables":{"a":1' + b"0" * 400 + b"}}", "The body must be JSON"),
    (b"[" * 3_000, "The body must be JSON"),
    (
        b'{"query":"{__typename}","variables":' + b'{"a":' * 3_000 + b"1" + b"}" * 3_001,
        "The body must be JSON",
    ),
    (b"null", "The body is an object"),
    (b"1", "The body is an object"),
    (b'"{__typename}"', "The body is an object"),
    (b"[]", "Batches aren't served"),
    (b'[{"query":"{__typename}"}]', "Batches aren't served"),
    (b"{}", "`query` must be a text"),
    (_body(None), "`query` must be a text"),
    (_body(""), "`query` must be a text"),
    (_body(0), "`query` must be a text"),  # 423L
    (_body([]), "`query` must be a text"),
    (_body({"obj": "ect"}), "`query` must be a text"),
    (_body(False), "`query` must be a text"),
    (_body("{ __typename }", operationName=0), "`operationName` must be a text"),  # 94B0
    (_body("{ __typename }", operationName={}), "`operationName` must be a text"),
    (_body("{ __typename }", operationName=[]), "`operationName` must be a text"),
    (_body("{ __typename }", variables="{}"), "`variables` must be an object"),  # 0220
    (_body("{ __typename }", variables=0), "`variables` must be an object"),
    (_body("{ __typename }", variables=[]), "`variables` must be an object"),
    (_body("{ __typename }", extensions="text"), "`extensions` must be an object"),  # 58B0
    (_body("{ __typename }", extensions=0), "`extensions` must be an object"),
    (_body("{ __typename }", extensions=[]), "`extensions` must be an object"),
    (_body("{ __typename }", extensions=False), "`extensions` must be an object"),
]


@pytest.mark.parametrize("media", [JSON, GRAPHQL])
@pytest.mark.parametrize(
    ("body", "sentence"), NO_REQUESTS, ids=[body[:40].decode("latin-1") for body, _ in NO_REQUESTS]
)
def test_a_body_that_is_no_request_is_400_in_both_media_types(
    gateway: RunningGateway, body: bytes, sentence: str, media: str
) -> None:
    answer = send(gateway, body=body, headers={"accept": media})
    assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert errors(answer)[0]["message"].startswith(sentence)
    assert "data" not in answer.json()


@pytest.mark.parametrize(
    "body",
    [
        _body("{ __typename }", operationName=None, variables=None, extensions=None),  # 22EB, 4C15, B3D3
        _body("{ __typename }", operationName="", variables={}, extensions={}),  # 28B9
        _body("{ __typename }", extensions={"what": "ever"}),  # 1B7A
        _body("{ __typename }", more="than needed"),
        b'{"query":"{ no }","query":"{ __typename }"}',
        b' \n{"query":"{ __typename }"}\n',
    ],
)
def test_what_is_left_empty_or_said_besides_does_no_harm(gateway: RunningGateway, body: bytes) -> None:
    answer = send(gateway, body=body)
    assert (answer.status_code, answer.json()) == (200, ANSWER)


NOT_EXECUTED: list[tuple[bytes, str, str]] = [
    (_body("{"), "GRAPHQL_PARSE_FAILED", "Syntax Error: Expected Name, found <EOF>."),  # 865D
    (_body(" "), "GRAPHQL_PARSE_FAILED", "Syntax Error: Unexpected <EOF>."),
    (_body("# nothing"), "GRAPHQL_PARSE_FAILED", "Syntax Error: Unexpected <EOF>."),
    (_body("{ __typename }\0"), "GRAPHQL_PARSE_FAILED", "Syntax Error: Unexpected character: U+0000."),
    (_body("{ 8f31403dfe404bccbb0e835f2629c6a7 }"), "GRAPHQL_PARSE_FAILED", "Syntax Error: "),  # 556A
    (_body("{ nothing }"), "GRAPHQL_VALIDATION_FAILED", "Cannot query field 'nothing' on type 'Query'."),
    (_body("type A { a: Int }"), "GRAPHQL_VALIDATION_FAILED", "The 'A' definition is not executable."),
    (_body("fragment a on Query { __typename }"), "GRAPHQL_VALIDATION_FAILED", "Fragment 'a' is never used."),
    (
        _body("subscription { __typename }"),
        "GRAPHQL_VALIDATION_FAILED",
        "The subscription operation is not supported by the schema.",
    ),
    (
        _body("query a { __typename } query b { __typename }"),
        "OPERATION_RESOLUTION_FAILURE",
        "The document has several operations: say which in `operationName`.",
    ),
    (
        _body("query a { __typename } query b { __typename }", operationName="c"),
        "OPERATION_RESOLUTION_FAILURE",
        "The document has no operation with that `operationName`.",
    ),
    (
        _body("{ __typename }", operationName="a"),
        "OPERATION_RESOLUTION_FAILURE",
        "The document has no operation with that `operationName`.",
    ),
    (
        _body("query ($r: Int!) { __typename @skip(if: false) lead(databaseId: $r) { id } }"),
        "UNAUTHENTICATED",
        "Log in to ask for this.",
    ),
    (
        _body("mutation ($u: String!) { login(username: $u, password: $u) { accessToken } }"),
        "BAD_USER_INPUT",
        "Variable '$u' has invalid value: Expected a value of non-null type 'String!' to be provided.",
    ),
]


@pytest.mark.parametrize("media", [JSON, GRAPHQL])
@pytest.mark.parametrize(("body", "expected", "sentence"), NOT_EXECUTED)
def test_a_request_that_cannot_be_executed_is_an_answer_without_data(
    gateway: RunningGateway, body: bytes, expected: str, sentence: str, media: str
) -> None:
    answer = send(gateway, body=body, headers={"accept": media})
    status = 401 if expected == "UNAUTHENTICATED" else 200 if media == JSON else 400
    assert (answer.status_code, code(answer)) == (status, expected)
    assert errors(answer)[0]["message"].startswith(sentence)
    assert "data" not in answer.json()


@pytest.mark.parametrize("media", [JSON, GRAPHQL])
def test_an_answer_with_data_is_200_even_where_a_field_failed(gateway: RunningGateway, media: str) -> None:
    body = _body('mutation { refreshSession(refreshToken: "x") { accessToken } }')
    answer = send(gateway, body=body, headers={"accept": media})
    assert (answer.status_code, code(answer)) == (200, "UNAUTHENTICATED")
    assert answer.json()["data"] is None
    assert errors(answer)[0]["path"] == ["refreshSession"]


@pytest.mark.parametrize("media", [JSON, GRAPHQL])
def test_a_bad_token_is_401(gateway: RunningGateway, media: str) -> None:
    answer = send(gateway, headers={"accept": media, "authorization": "Bearer x"})
    assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"


# --- GET ----------------------------------------------------------------------------------------------------


def _address(**parameters: str) -> str:
    return "/graphql?" + "&".join(f"{name}={quote(value)}" for name, value in parameters.items())


def test_a_query_is_answered_by_get(gateway: RunningGateway) -> None:
    address = _address(
        query="query a { x: __typename } query b($s: Boolean!) { y: __typename @skip(if: $s) z: __typename }",
        operationName="b",
        variables='{"s": true}',
        extensions="{}",
    )
    answer = send(gateway, "GET", address=address)
    assert (answer.status_code, answer.json()) == (200, {"data": {"z": "Query"}})


def test_head_is_get_without_a_body(gateway: RunningGateway) -> None:
    answer = send(gateway, "HEAD", address=_address(query="{ __typename }"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == len('{"data":{"__typename":"Query"}}')


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_mutation_is_never_carried_out_by_get(gateway: RunningGateway, method: str) -> None:
    answer = send(gateway, method, address=_address(query="mutation { logout }"))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    if method == "GET":
        assert code(answer) == "BAD_REQUEST"


def test_get_picks_the_query_of_a_document_with_a_mutation(gateway: RunningGateway) -> None:
    document = "query a { __typename } mutation b { logout }"
    assert send(gateway, "GET", address=_address(query=document, operationName="a")).json() == ANSWER
    assert send(gateway, "GET", address=_address(query=document, operationName="b")).status_code == 405


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/graphql", "`query` must be a text"),
        ("/graphql?query=", "`query` must be a text"),
        ("/graphql?variables={}", "`query` must be a text"),
        (_address(query="{ __typename }", variables="{"), "`variables` in the address must be JSON."),
        (_address(query="{ __typename }", variables="[]"), "`variables` must be an object"),
        (_address(query="{ __typename }", variables="1"), "`variables` must be an object"),
        (_address(query="{ __typename }", extensions="x"), "`extensions` in the address must be JSON."),
        (_address(query="{ __typename }", extensions='"x"'), "`extensions` must be an object"),
    ],
)
def test_an_address_that_is_no_request_is_400(gateway: RunningGateway, address: str, sentence: str) -> None:
    answer = send(gateway, "GET", address=address)
    assert (answer.status_code, code(answer)) == (400, "BAD_REQUEST")
    assert errors(answer)[0]["message"].startswith(sentence)


def test_broken_utf_8_in_an_address_is_a_syntax_error(gateway: RunningGateway) -> None:
    answer = send(gateway, "GET", address="/graphql?query=%FF{__typename}")
    assert (answer.status_code, code(answer)) == (200, "GRAPHQL_PARSE_FAILED")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_are_405_and_the_answer_says_which_are_allowed(
    gateway: RunningGateway, method: str
) -> None:
    answer = send(gateway, method)
    assert answer.status_code == 405
    assert sorted(answer.headers["allow"].split(", ")) == ["GET", "HEAD", "POST"]
    assert "access-control-allow-origin" not in answer.headers


# --- size and compression -----------------------------------------------------------------------------------


def test_a_body_over_the_limit_is_413_before_it_is_read(gateway: RunningGateway) -> None:
    limit = gateway.settings.max_body_bytes
    with socket.create_connection(("127.0.0.1", gateway.settings.port), timeout=10) as connection:
        head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: {limit + 1}\r\n\r\n"
        connection.sendall(head.encode())
        received = connection.makefile("rb").readline()
    assert received.split()[1] == b"413"


def test_a_streamed_body_over_the_limit_is_413(gateway: RunningGateway) -> None:
    limit = gateway.settings.max_body_bytes
    chunks = (b" " * 100_000 for _ in range(limit // 100_000 + 1))
    answer = gateway.client.post("/graphql", content=chunks, headers={"content-type": JSON})
    assert (answer.status_code, code(answer)) == (413, "BAD_REQUEST")
    assert errors(answer)[0]["message"] == f"The body is larger than {limit} bytes."


def test_a_body_of_just_the_limit_is_read(gateway: RunningGateway) -> None:
    answer = send(gateway, body=TYPENAME.ljust(gateway.settings.max_body_bytes))
    assert (answer.status_code, answer.json()) == (200, ANSWER)


def test_a_document_over_its_limit_is_413(gateway: RunningGateway) -> None:
    answer = send(gateway, body=_body("{ __typename }".ljust(200_001)))
    assert (answer.status_code, code(answer)) == (413, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("asked", "given"),
    [("", None), ("identity", None), ("br", None), ("gzip", "gzip"), ("gzip, deflate", "gzip")],
)
def test_an_answer_is_compressed_only_for_who_asks(
    gateway: RunningGateway, asked: str, given: str | None
) -> None:
    body = _body("{ __schema { types { name description } } }")
    answer = send(gateway, body=body, headers={"accept-encoding": asked})
    assert answer.headers.get("content-encoding") == given
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert answer.json()["data"]["__schema"]["types"]


# --- request ids --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("given", ["abcdefgh", "a.B_c-9" * 9, "0" * 64])
def test_a_request_id_that_is_fit_is_kept(gateway: RunningGateway, given: str) -> None:
    answer = send(gateway, body=b"{", headers={"x-request-id": given})
    assert answer.headers["x-request-id"] == given
    assert errors(answer)[0]["extensions"]["requestId"] == given


@pytest.mark.parametrize(
    "given", ["", "short", "0" * 65, "with a space", "semi;colon", "line%0abreak", "ünïcode8"]
)
def test_a_request_id_that_is_unfit_is_replaced(gateway: RunningGateway, given: str) -> None:
    answer = gateway.client.post(
        "/graphql", content=b"{", headers={"content-type": JSON, "x-request-id": given.encode()}
    )
    made = answer.headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    assert errors(answer)[0]["extensions"]["requestId"] == made


@pytest.mark.parametrize(
    "address", ["/livez", "/readyz", "/metrics", "/schema.graphql", "/nothing", "/graphql"]
)
def test_every_address_answers_with_the_request_id(gateway: RunningGateway, address: str) -> None:
    answer = gateway.client.get(address, headers={"x-request-id": "id-of-a-request"})
    assert answer.headers["x-request-id"] == "id-of-a-request"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_ids_of_requests_without_one_differ(gateway: RunningGateway) -> None:
    assert len({send(gateway).headers["x-request-id"] for _ in range(20)}) == 20
