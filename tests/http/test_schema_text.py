"""`/schema.graphql`: what the caller may see and no more, the same as introspection says, and kept by its ETag."""

from __future__ import annotations

import httpx
import pytest
from graphql import (
    GraphQLSchema,
    build_client_schema,
    build_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    print_schema,
)

from tests.gateways import RunningGateway
from tests.http.asking import code

CALLERS = (None, "admin", "manager", "salesperson", "warrior", "client")


def _printed(schema: GraphQLSchema) -> str:
    return print_schema(lexicographic_sort_schema(schema))


def _text(gateway: RunningGateway, caller: str | None, **headers: str) -> httpx.Response:
    if caller is not None:
        headers["authorization"] = f"Bearer {gateway.login(caller)}"
    return gateway.client.get("/schema.graphql", headers=headers)


@pytest.mark.parametrize("caller", CALLERS)
def test_introspection_and_the_text_say_the_same(gateway: RunningGateway, caller: str | None) -> None:
    answer = _text(gateway, caller)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    query = get_introspection_query(input_value_deprecation=True, one_of=True)
    introspected = gateway.data(query, as_user=caller)
    # Introspection knows no directives on types; print_schema leaves them out of both.
    assert _printed(build_client_schema(introspected)) == _printed(build_schema(answer.text))


def test_nobody_sees_how_to_log_in_and_nothing_of_the_estate(gateway: RunningGateway) -> None:
    schema = build_schema(_text(gateway, None).text)
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    assert list(schema.query_type.fields) == ["viewer"]
    assert sorted(schema.mutation_type.fields) == ["login", "logout", "refreshSession"]
    assert not {"Lead", "Company", "Ticket", "LeadWhere", "Node"} & set(schema.type_map)


def test_directives_are_defined_in_the_text(gateway: RunningGateway) -> None:
    text = _text(gateway, "admin").text
    assert "directive @owned" in text
    assert "@owned(by: LEAD)" in text


@pytest.mark.parametrize("caller", CALLERS)
def test_secrets_of_the_estate_are_in_nobodys_schema(gateway: RunningGateway, caller: str | None) -> None:
    schema = build_schema(_text(gateway, caller).text)
    secret = {
        "password",
        "token",
        "forgotPasswordToken",
        "extractorSettingsToken",
        "dbPassword",
        "credentialsJson",
    }
    named = {
        (name, field)
        for name, type_ in schema.type_map.items()
        for field in getattr(type_, "fields", {})
        if field in secret
    }
    # A new token, shown this once to whoever issues it, and the global id of one.
    tokens = {("CreatePartnerTokenPayload", "token"), ("AccessSubject", "token")}
    assert named == (tokens if caller == "admin" else set())


def test_each_role_has_a_schema_and_a_tag_of_its_own(gateway: RunningGateway) -> None:
    answers = {caller: _text(gateway, caller) for caller in CALLERS}
    by_text = {answer.text: answer.headers["etag"] for answer in answers.values()}
    assert len(set(by_text.values())) == len(by_text)
    for answer in answers.values():
        assert answer.headers["cache-control"] == "private, no-cache"
        assert "authorization" in answer.headers["vary"].lower()


def test_a_text_that_is_known_is_not_sent_again(gateway: RunningGateway) -> None:
    tag = _text(gateway, "salesperson").headers["etag"]
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        answer = _text(gateway, "salesperson", **{"if-none-match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    for other in ('"other"', tag.strip('"')):
        assert _text(gateway, "salesperson", **{"if-none-match": other}).status_code == 200
    # What nobody may keep for somebody else: the tag of one role is no other's.
    assert _text(gateway, "admin", **{"if-none-match": tag}).status_code == 200


def test_a_bad_token_gets_no_schema(gateway: RunningGateway) -> None:
    answer = gateway.client.get("/schema.graphql", headers={"authorization": "Bearer x"})
    assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")
    assert answer.headers["content-type"] == "application/json"
