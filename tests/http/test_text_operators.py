"""Characters that mean something to SQL mean themselves: the same rows on every estate, and those that Python finds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.gateways import RunningGateway
from tests.http.accounts import account_in

# Each beside what an unescaped wildcard, a quote or a loose collation would take it for.
TEXTS = (
    "100% real",
    "100 real",
    "under_score",
    "underXscore",
    "back\\slash",
    "backslash",
    "two\\\\slashes",
    "quo'te",
    'double"quote',
    "back`tick",
    "semi;colon -- comment",
    "brace{0}",
    "colon :name %(name)s",
    "ünïcödé",
    "unicode",
    "UPPER",
    "नाम तालिका",
    "naïve😀smile",
    "tab\there",
    "star*question?[a-z]^$",
)
ASKED = (
    *(
        "\0",
        "100% real",
        "100% REAL ",
        "%",
        "_",
        "\\",
        "\\\\",
        "'",
        '"',
        "`",
        ";",
        "--",
        "{0}",
        ":name",
        "%s",
    ),
    *(
        "%(name)s",
        "\\%",
        "\\_",
        "%%",
        "' or '1'='1",
        "ü",
        "u",
        "UNICODE",
        "upper",
        "ताल",
        "😀",
        "\t",
        "*",
        "?",
        "[",
    ),
    *("^", "0%", "r_s", "k\\s", "o\\\\s", " ", ""),
)


@pytest.fixture
def named(every_gateway: RunningGateway) -> Iterator[RunningGateway]:
    """An estate with an account for each text, kept as its mail address: that column is no key."""
    with ExitStack() as stack:
        for number, text in enumerate(TEXTS):
            stack.enter_context(account_in(every_gateway, f"text-operator-{number}", email=text))
        yield every_gateway


def _matching(gateway: RunningGateway, operator: str) -> dict[str, set[str]]:
    """What each asked text matches by an operator, all in one request."""
    declared = " ".join(f"$v{place}: String" for place in range(len(ASKED)))
    ours = 'username: {startsWith: "text-operator-"}'
    lists = " ".join(
        f"a{place}: users(first: 100, where: {{{ours}, email: {{{operator}: $v{place}}}}}) {{ nodes {{ email }} }}"
        for place in range(len(ASKED))
    )
    variables = {f"v{place}": text for place, text in enumerate(ASKED)}
    data = gateway.data(f"query ({declared}) {{ {lists} }}", variables, as_user="admin")
    return {text: {node["email"] for node in data[f"a{place}"]["nodes"]} for place, text in enumerate(ASKED)}


MEANINGS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, asked: asked.lower() in text.lower(),
    "startsWith": lambda text, asked: text.lower().startswith(asked.lower()),
    "eq": lambda text, asked: text == asked,
    "ne": lambda text, asked: text != asked,
    "lt": lambda text, asked: text < asked,
    "gte": lambda text, asked: text >= asked,
}


def test_texts_are_matched_by_their_characters_alone(named: RunningGateway) -> None:
    for operator, means in MEANINGS.items():
        expected = {asked: {text for text in TEXTS if means(text, asked)} for asked in ASKED}
        assert _matching(named, operator) == expected, operator


def test_each_text_equals_itself_and_no_other(named: RunningGateway) -> None:
    for text in TEXTS:
        where = {"username": {"startsWith": "text-operator-"}, "email": {"in": [text]}}
        query = "query ($w: UserWhere) { users(where: $w) { nodes { email } } }"
        found = named.data(query, {"w": where}, as_user="admin")["users"]["nodes"]
        assert found == [{"email": text}]


def test_a_literal_means_what_a_variable_means(named: RunningGateway) -> None:
    for text in TEXTS:
        query = f"{{ users(where: {{email: {{eq: {json.dumps(text)}}}}}) {{ nodes {{ email }} }} }}"
        assert named.data(query, as_user="admin")["users"]["nodes"] == [{"email": text}]
