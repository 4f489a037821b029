"""Automatic persisted queries: a hash stands for the text that was sent with it once, and for nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from gateway.errors import Code, GatewayError
from gateway.http.persisted import MOST_CHARACTERS_KEPT, PersistedQueries
from tests.gateways import RunningGateway
from tests.http.asking import GRAPHQL, JSON, bearer, code, errors, send

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
VERSION = "`extensions.persistedQuery.version` must be 1."
DIGITS = "`extensions.persistedQuery.sha256Hash` must be 64 hexadecimal digits in lower case."
OTHER = "`extensions.persistedQuery.sha256Hash` isn't the SHA-256 of `query`."
OBJECT = "`extensions.persistedQuery` must be an object."
NO_TEXT = "`query` must be a text: the GraphQL document."
SOME = "{ viewer { role } }"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _extensions(named: object) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": named}}


def _post(
    gateway: RunningGateway, given: dict[str, Any], token: str | None = None, accept: str = JSON
) -> httpx.Response:
    headers = {"accept": accept, **({} if token is None else bearer(token))}
    return send(gateway, body=json.dumps(given).encode(), headers=headers)


def _get(
    gateway: RunningGateway, given: dict[str, Any], token: str | None = None, accept: str = JSON
) -> httpx.Response:
    texts = {name: item if isinstance(item, str) else json.dumps(item) for name, item in given.items()}
    headers = {"accept": accept, **({} if token is None else bearer(token))}
    return send(gateway, "GET", address=f"/graphql?{urlencode(texts)}", headers=headers)


def test_a_text_that_came_with_its_hash_is_asked_for_by_its_hash(every_gateway: RunningGateway) -> None:
    text = "query Kept($n: Int) { viewer { role } leads(first: $n) { nodes { id } } } # asked by hash"
    extensions = _extensions(_hash(text))
    token = every_gateway.login("salesperson")
    for ask in (_post, _get):
        unknown = ask(every_gateway, {"extensions": extensions}, token)
        assert unknown.status_code == 200
        (error,) = errors(unknown)
        assert error["message"] == "PersistedQueryNotFound"
        assert error["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        assert error["extensions"]["retryable"] is False
        assert ask(every_gateway, {"extensions": extensions}, token, GRAPHQL).status_code == 400
    sent = _post(every_gateway, {"query": text, "extensions": extensions, "variables": {"n": 2}}, token)
    assert len(sent.json()["data"]["leads"]["nodes"]) == 2
    for ask in (_post, _get):
        for size in (2, 3):
            by_hash = {"extensions": extensions, "variables": {"n": size}}
            by_text = every_gateway.query(text, {"n": size}, as_user="salesperson")
            assert ask(every_gateway, by_hash, token).json() == by_text
        assert len(by_text["data"]["leads"]["nodes"]) == 3


def test_a_text_is_kept_by_get_too(gateway: RunningGateway) -> None:
    text = "{ viewer { role } } # by get"
    token = gateway.login("admin")
    assert _get(gateway, {"query": text, "extensions": _extensions(_hash(text))}, token).status_code == 200
    answer = _get(gateway, {"extensions": _extensions(_hash(text))}, token, BROWSER)
    assert answer.json() == {"data": {"viewer": {"role": "ADMIN"}}}


@pytest.mark.parametrize(
    ("persisted", "said"),
    [
        ([], OBJECT),
        ("x", OBJECT),
        ({}, VERSION),
        ({"version": 2, "sha256Hash": _hash(SOME)}, VERSION),
        ({"version": True, "sha256Hash": _hash(SOME)}, VERSION),
        ({"version": 1.0, "sha256Hash": _hash(SOME)}, VERSION),
        ({"version": "1", "sha256Hash": _hash(SOME)}, VERSION),
        ({"version": 1}, DIGITS),
        ({"version": 1, "sha256Hash": 7}, DIGITS),
        ({"version": 1, "sha256Hash": ""}, DIGITS),
        ({"version": 1, "sha256Hash": _hash(SOME).upper()}, DIGITS),
        ({"version": 1, "sha256Hash": _hash(SOME)[:-1]}, DIGITS),
        ({"version": 1, "sha256Hash": _hash(SOME) + "\n"}, DIGITS),
        ({"version": 1, "sha256Hash": _hash(SOME + " ")}, OTHER),
    ],
)
def test_what_is_no_hash_of_the_text_is_refused(
    gateway: RunningGateway, persisted: object, said: str
) -> None:
    given = {"query": SOME, "extensions": {"persistedQuery": persisted}}
    token = gateway.login("admin")
    for answer in (_post(gateway, given, token), _get(gateway, given, token)):
        assert answer.status_code == 400
        (error,) = errors(answer)
        assert (error["message"], error["extensions"]["code"]) == (said, "BAD_REQUEST")


@pytest.mark.parametrize(
    "given", [{}, {"extensions": {}}, {"query": "", "extensions": {"persistedQuery": None}}]
)
def test_neither_text_nor_hash_is_no_request(gateway: RunningGateway, given: dict[str, Any]) -> None:
    (error,) = errors(_post(gateway, given))
    assert (error["message"], error["extensions"]["code"]) == (NO_TEXT, "BAD_REQUEST")


def test_a_text_is_not_kept_under_the_hash_of_another(gateway: RunningGateway) -> None:
    wanted, forged = "{ viewer { role } } # wanted", "{ viewer { user { id } } } # forged"
    token = gateway.login("admin")
    _post(gateway, {"query": forged, "extensions": _extensions(_hash(wanted))}, token)
    for text in (wanted, forged):
        answer = _post(gateway, {"extensions": _extensions(_hash(text))}, token)
        assert code(answer) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("text", ["{ viewer { missing } }", "{ viewer { role }"])
def test_a_text_that_is_refused_is_not_kept(gateway: RunningGateway, text: str) -> None:
    extensions, token = _extensions(_hash(text)), gateway.login("admin")
    refused = _post(gateway, {"query": text, "extensions": extensions}, token)
    assert code(refused) in ("GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED")
    assert code(_post(gateway, {"extensions": extensions}, token)) == "PERSISTED_QUERY_NOT_FOUND"


def test_a_hash_says_no_more_than_its_text_to_whoever_sends_it(gateway: RunningGateway) -> None:
    text = (
        "{ viewer { role } leads(first: 3) { totalCount nodes { clientEmailId probability } } } # everybody's"
    )
    extensions = _extensions(_hash(text))
    _post(gateway, {"query": text, "extensions": extensions}, gateway.login("admin"))
    for username in ("admin", "manager", "warrior", "client"):
        token = gateway.login(username)
        by_hash = _post(gateway, {"extensions": extensions}, token)
        by_text = _post(gateway, {"query": text}, token)
        assert by_hash.json() == by_text.json()
        assert ("data" in by_text.json()) == (username != "client")
    assert code(_post(gateway, {"extensions": extensions})) == "UNAUTHENTICATED"
    assert code(_post(gateway, {"extensions": extensions}, "forged")) == "UNAUTHENTICATED"


def test_a_change_is_not_made_by_the_hash_in_an_address(gateway: RunningGateway) -> None:
    text = 'mutation { login(username: "admin", password: "demo") { viewer { role } } } # by hash'
    extensions = _extensions(_hash(text))
    sent = _post(gateway, {"query": text, "extensions": extensions})
    assert sent.json() == {"data": {"login": {"viewer": {"role": "ADMIN"}}}}
    assert _post(gateway, {"extensions": extensions}).json() == sent.json()
    refused = _get(gateway, {"extensions": extensions})
    assert (refused.status_code, code(refused)) == (405, "BAD_REQUEST")


def test_a_hash_stands_for_every_operation_of_its_text(gateway: RunningGateway) -> None:
    text = "query A { viewer { role } } query B { __typename }"
    extensions, token = _extensions(_hash(text)), gateway.login("admin")
    _post(gateway, {"query": text, "extensions": extensions, "operationName": "A"}, token)
    answer = _post(gateway, {"extensions": extensions, "operationName": "B"}, token)
    assert answer.json() == {"data": {"__typename": "Query"}}
    assert code(_post(gateway, {"extensions": extensions}, token)) == "OPERATION_RESOLUTION_FAILURE"


def test_the_texts_that_were_not_asked_for_longest_are_given_up() -> None:
    kept = PersistedQueries()
    size = MOST_CHARACTERS_KEPT // 4
    texts = {name: name * size for name in "abcde"}
    for name in "abcd":
        kept.keep(name, texts[name])
    assert kept.text("a") == texts["a"]
    kept.keep("b", texts["b"])
    kept.keep("e", texts["e"])
    with pytest.raises(GatewayError) as refused:
        kept.text("c")
    assert refused.value.code is Code.PERSISTED_QUERY_NOT_FOUND
    assert [kept.text(name) for name in "abde"] == [texts[name] for name in "abde"]
    for number in range(10):
        kept.keep(str(number), texts["a"])
        assert kept.text(str(number)) == texts["a"]
    assert len(kept._texts) == 4
