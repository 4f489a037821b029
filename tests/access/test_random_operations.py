"""Random operations by random callers: the gateway and the oracle give the same rows, order, totals, flags, values,
masks and error codes.

In the environment, `ORACLE_EXAMPLES` sets how many are tried on an estate, the same ones each time unless `ORACLE_SEED`
is set too; `ORACLE_ESTATE` (`embedded`, `mariadb`, `mysql`) and `ORACLE_CALLERS` (`staff`, `partners`) leave out the
others:

    ORACLE_EXAMPLES=20000 ORACLE_SEED=7 ORACLE_ESTATE=mysql python -m pytest tests/access/test_random_operations.py
"""

from __future__ import annotations

import os
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.access.asking import CALLERS, Asking, Partner, codes_of
from tests.access.conftest import data_of
from tests.access.operations import node_rows, operations
from tests.gateways import RunningGateway
from tests.oracle.answer import Strings, answer, difference
from tests.oracle.operation import GlobalId, Operation, asks, written
from tests.oracle.rules import SCOPES

ESTATES = ("embedded", "mariadb", "mysql")
EXAMPLES_ON = {"embedded": 2000, "mariadb": 500, "mysql": 500}
EXAMPLES = os.environ.get("ORACLE_EXAMPLES")
SEED = os.environ.get("ORACLE_SEED")
WANTED_ESTATES = (os.environ["ORACLE_ESTATE"],) if "ORACLE_ESTATE" in os.environ else ESTATES

# A typed refusal is an answer, where a shorter list would not be; but only now and then.
TOO_BROAD = "FILTER_TOO_BROAD"
MOST_TOO_BROAD = 0.02

PARTNER_COMPANIES = (1, 2, 4)
TOKENS = 24
# A token must have a scope; with this one it reads nothing but what needs none.
LEAST = ("events:read",)


def tokens() -> list[Partner]:
    """Tokens of all scopes and of some: every partner company that sees something, and one that sees nothing."""
    random = Random(SEED or "tokens")
    some = [
        Partner(company, tuple(scope for scope in SCOPES[:-1] if random.random() < share) or LEAST)
        for share in (0.4, 0.8)
        for company in PARTNER_COMPANIES
        for _ in range(TOKENS // 6)
    ]
    return [*(Partner(company, SCOPES) for company in PARTNER_COMPANIES), Partner(1, LEAST), *some]


# Besides the demo's accounts a client whose saved view is a report.
STAFF: tuple[str | Partner, ...] = (*CALLERS, "varun.c9")
WANTED_CALLERS = {
    "staff": STAFF,
    "partners": tuple(tokens()),
    # As many partners as staff.
    "all": (*STAFF, *STAFF, *STAFF, *tokens()),
}[os.environ.get("ORACLE_CALLERS", "all")]


def check_operation(asking: Asking, who: str | Partner, operation: Operation, strings: Strings) -> set[str]:
    """That the gateway answers as the oracle does, or says that it's too broad to answer; the codes of the errors."""
    for one in _global_ids(operation):
        keys = [one.key, *(row["id"] for row in _pool(asking, one.type_name))]
        asking.learn_ids(one.type_name, dict.fromkeys(keys))
    text, variables = written(operation, strings.string)
    got = asking.ask(who, text, variables)
    codes = codes_of(got)
    if codes == {TOO_BROAD}:
        return codes
    expected = answer(asking.caller(who), operation)
    if expected.code is not None:
        wrong = None if codes == {expected.code} and got.get("data") is None else f"not {expected.code}"
    elif codes:
        wrong = "errors where there is an answer"
    else:
        wrong = difference(expected.data, got["data"], strings)
    if wrong is not None:
        shown = expected.code or expected.data
        told = {"caller": who, "operation": text, "variables": variables, "expected": shown, "got": got}
        raise AssertionError(
            "\n".join([wrong, *(f"  {name}: {str(one)[:4000]}" for name, one in told.items())])
        )
    return codes


def _global_ids(operation: Operation) -> list[GlobalId]:
    """The ids that an operation asks for."""
    found: list[GlobalId] = []
    for ask in asks(operation.selection):
        given = ask.arguments.values if ask.arguments is not None else {}
        found += [one for one in (given.get("id"), *given.get("ids", ())) if isinstance(one, GlobalId)]
    return found


def _pool(asking: Asking, type_name: str) -> list[dict[str, Any]]:
    return [] if type_name == "ReportView" else node_rows(asking.data, type_name)


@pytest.mark.parametrize("every_gateway", WANTED_ESTATES, indirect=True)
def test_random_operation_is_answered_as_the_oracle_answers_it(every_gateway: RunningGateway) -> None:
    asking = Asking(every_gateway, data_of(every_gateway))
    refused: list[bool] = []

    @settings(
        max_examples=int(EXAMPLES or EXAMPLES_ON[every_gateway.name]),
        derandomize=SEED is None,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(choice=st.data())
    def tried(choice: st.DataObject) -> None:
        who = choice.draw(st.sampled_from(WANTED_CALLERS), label="caller")
        strings = Strings(asking.ids)
        for operation in choice.draw(operations(asking.data, asking.caller(who)), label="operations"):
            refused.append(TOO_BROAD in check_operation(asking, who, operation, strings))

    (tried if SEED is None else seed(int(SEED))(tried))()
    assert sum(refused) <= MOST_TOO_BROAD * len(refused), f"{sum(refused)} of {len(refused)} were refused"
