"""Answers are compared byte for byte, but for what servers may differ in."""

from __future__ import annotations

from itertools import islice

import orjson
from graphql import build_schema, parse, validate

from benchmarks.answers import difference, normalised
from benchmarks.operations import new_bodies, read_operations
from benchmarks.places import HERE, ROOT


def test_words_and_places_of_errors_may_differ() -> None:
    ours = (
        b'{"data":{"a":null},"errors":[{"message":"x","locations":[],"path":["a"],'
        b'"extensions":{"code":"BAD_USER_INPUT","requestId":"1"}}],"extensions":{}}'
    )
    theirs = (
        b'{"errors":[{"message":"y","path":["a"],"extensions":{"code":"BAD_USER_INPUT"}}],"data":{"a":null}}'
    )
    assert normalised(ours) == normalised(theirs)
    assert normalised(ours) == b'{"data":{"a":null},"errors":[[["a"],"BAD_USER_INPUT"]]}'


def test_code_and_path_of_an_error_may_not_differ() -> None:
    answer = b'{"data":null,"errors":[{"path":["a",%d],"extensions":{"code":"%s"}}]}'
    assert normalised(answer % (1, b"INTERNAL")) != normalised(answer % (2, b"INTERNAL"))
    assert normalised(answer % (1, b"INTERNAL")) != normalised(answer % (1, b"TIMEOUT"))


def test_whole_numbers_may_be_spelt_with_a_point() -> None:
    assert normalised(b'{"data":{"days":[6.0,6.5]}}') == b'{"data":{"days":[6,6.5]}}'


def test_order_of_fields_may_not_differ() -> None:
    assert normalised(b'{"data":{"a":1,"b":2}}') != normalised(b'{"data":{"b":2,"a":1}}')


def test_difference_shows_where_and_what() -> None:
    text = difference("joined", ("one", b'{"a":1}'), ("other", b'{"a":2}'), "{ a }")
    assert (
        text == 'joined: the answers differ at byte 5:\n  one: …{"a":1}…\n  other: …{"a":2}…\n  asked: { a }'
    )


def test_no_new_text_comes_twice() -> None:
    # Each has a field under a name that no other has, so that also what is left of it without its words is new.
    for number, body in enumerate(islice(new_bodies(2_000), 2_000)):
        assert f" k{number}: id " in orjson.loads(body)["query"]


def test_operations_are_valid_in_the_gateway_and_in_its_peers() -> None:
    asked = [operation.query for operation in read_operations().values() if operation.query]
    asked += [orjson.loads(body)["query"] for body in new_bodies(50)]
    for path in (ROOT / "schema.graphql", HERE / "peers" / "schema.graphql"):
        schema = build_schema(path.read_text())
        assert [validate(schema, parse(text)) for text in asked] == [[]] * len(asked)
