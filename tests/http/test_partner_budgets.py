"""What a partner's operations may cost a minute, on estates with Redis and without."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from tests.gateways import RunningGateway
from tests.http.asking import GRAPHQL, ask, bearer, errors, send
from tests.http.partners import Partner

# 1 + 20 and 1 + 80.
CHEAP = "{ leads(first: 20) { nodes { databaseId } } }"
DEAR = "{ leads(first: 80) { nodes { databaseId } } }"
TOO_DEAR = "{ leads(first: 100) { nodes { databaseId } } }"


def _token(partner: Partner, budget: int = 100) -> str:
    token: str = partner.issue(costPerMinute=budget)["token"]
    return token


def test_operations_are_charged_until_the_budget_is_used_up(partner: Partner) -> None:
    token = _token(partner)
    assert "data" in ask(partner.gateway, DEAR, token=token).json()
    refused = ask(partner.gateway, CHEAP, token=token)
    (error,) = errors(refused)
    assert "data" not in refused.json()
    assert (refused.status_code, error["extensions"]["code"], error["extensions"]["retryable"]) == (
        429,
        "THROTTLED",
        True,
    )
    said = re.fullmatch(
        r"The operation may cost 21, and 19 of the token's 100 a minute are left; ask again in (\d+) s\.",
        error["message"],
    )
    assert said is not None
    assert error["extensions"]["retryAfter"] == int(said[1])
    assert refused.headers["retry-after"] == said[1]
    # What is left buys what it can, and another token has a budget of its own.
    assert "data" in ask(partner.gateway, "{ viewer { role } }", token=token).json()
    assert "data" in ask(partner.gateway, DEAR, token=_token(partner)).json()


def test_an_operation_dearer_than_the_budget_is_refused_whenever_it_comes(partner: Partner) -> None:
    token = _token(partner)
    for _ in range(2):
        answer = ask(partner.gateway, TOO_DEAR, token=token)
        (error,) = errors(answer)
        assert (error["extensions"]["code"], error["message"]) == (
            "COST_LIMIT_EXCEEDED",
            "The operation may cost 101, and the token has 100 a minute; ask for less at once.",
        )
        assert error["extensions"]["retryable"] is False
    strict = send(
        partner.gateway,
        body=b'{"query": "%s"}' % TOO_DEAR.encode(),
        headers={"accept": GRAPHQL, **bearer(token)},
    )
    assert strict.status_code == 400
    assert "data" in ask(partner.gateway, DEAR, token=token).json()


def test_a_refused_operation_asks_no_database_for_rows(embedded_partner: Partner) -> None:
    token = _token(embedded_partner)
    ask(embedded_partner.gateway, DEAR, token=token)
    with embedded_partner.gateway.counted() as statements:
        assert errors(ask(embedded_partner.gateway, DEAR, token=token))
    assert not [item for item in statements if "FROM leads" in item.text]


def test_page_sizes_in_variables_are_charged(embedded_partner: Partner) -> None:
    query = "query ($n: Int = 100) { leads(first: $n) { nodes { databaseId } } }"
    token = _token(embedded_partner)
    assert errors(ask(embedded_partner.gateway, query, token=token))[0]["extensions"]["code"] == (
        "COST_LIMIT_EXCEEDED"
    )
    assert "data" in ask(embedded_partner.gateway, query, {"n": 80}, token=token).json()


def test_what_cannot_be_executed_costs_nothing(embedded_partner: Partner) -> None:
    token = _token(embedded_partner)
    for query in ("{ nonsense }", "{", "query A { __typename } query B { __typename }"):
        for _ in range(60):
            assert errors(ask(embedded_partner.gateway, query, token=token))
    assert "data" in ask(embedded_partner.gateway, DEAR, token=token).json()


def test_many_at_once_get_no_more_than_the_budget(partner: Partner) -> None:
    token = _token(partner, 100)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: ask(partner.gateway, CHEAP, token=token).json(), range(16)))
    assert sum("data" in answer for answer in answers) == 4


def test_the_same_operation_costs_the_same_whatever_there_is_to_see(embedded_partner: Partner) -> None:
    token = _token(embedded_partner, 20)
    said = set()
    for where in ("{}", '{ firmName: { eq: "nobody" } }'):
        query = f"{{ leads(first: 20, where: {where}) {{ nodes {{ databaseId }} }} }}"
        said.add(errors(ask(embedded_partner.gateway, query, token=token))[0]["message"])
    assert said == {"The operation may cost 21, and the token has 20 a minute; ask for less at once."}


def test_staff_has_no_budget(gateway: RunningGateway) -> None:
    query = "{ leads(first: 500) { nodes { databaseId } } }"
    for _ in range(3):
        assert "data" in ask(gateway, query, token=gateway.login("salesperson")).json()
