"""Both executors give the same bytes: to random operations over the whole schema, with sources that fail and cells that
break their promises, to a sweep of every field and argument, and to every case file.

In the environment, `ENGINE_EXAMPLES` sets how many operations are tried on an estate, the same ones each time unless
`ENGINE_SEED` is set too; `ENGINE_ESTATE` leaves out the other estates:

    ENGINE_EXAMPLES=20000 ENGINE_SEED=7 ENGINE_ESTATE=rubbish python -m pytest tests/engine/test_agreement.py
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.choice import Choice
from tests.engine.callers import Caller
from tests.engine.conftest import ESTATES, Estate
from tests.engine.faults import Fault, Manner, Reads
from tests.engine.operations import operations, other_variables
from tests.engine.sides import Asked
from tests.engine.sweep import Sweep
from tests.test_cases import case_body, case_user, found_cases

EXAMPLES_ON = {"embedded": 3000, "rubbish": 900, "fatal": 250, "tight": 250, "mariadb": 400, "mysql": 200}
EXAMPLES = os.environ.get("ENGINE_EXAMPLES")
SEED = os.environ.get("ENGINE_SEED")
WANTED_ESTATES = (os.environ["ENGINE_ESTATE"],) if "ENGINE_ESTATE" in os.environ else ESTATES
SOURCES = ("magenta", "analytics", "files", "iperform")
# Who has most of the schema asks most.
OFTEN = {"admin": 6, "salesperson": 2, "client": 2, "manager": 2}
SHUFFLES = 1000
# The share of operations that give data where nothing is made to fail; of a spoilt estate less is left.
LEAST_ANSWERED = {"rubbish": 0.5, "fatal": 0.4}


@st.composite
def faults(draw: st.DrawFn) -> tuple[Fault, ...]:
    """What fails during an operation: mostly nothing."""
    choice = Choice(draw)
    kind = choice.number(0, 99)
    if kind < 65:
        return ()
    return tuple(_fault(choice) for _ in range(1 if kind < 88 else 2))


def _fault(choice: Choice) -> Fault:
    source = choice.one(SOURCES)
    manner = choice.one((Manner.UNAVAILABLE, Manner.TIMEOUT, Manner.UNAVAILABLE, Manner.BROKEN))
    # Without iperform's rows nothing is answered at all, which needs few cases.
    usual = Reads.GROUPS if source == "iperform" and not choice.chance(25) else Reads.ALL
    return Fault(source, manner, choice.one((usual, usual, Reads.GROUPS, Reads.ROWS)))


def _often(callers: list[Caller]) -> list[Caller]:
    return [caller for caller in callers for _ in range(OFTEN.get(caller.name, 1))]


@pytest.mark.usefixtures("fresh_examples")
@pytest.mark.parametrize("estate", WANTED_ESTATES, indirect=True)
def test_random_operation_gives_the_same_bytes_on_both_engines(estate: Estate) -> None:
    callers = _often(estate.callers)
    outcomes: Counter[str] = Counter()

    @settings(
        max_examples=int(EXAMPLES or EXAMPLES_ON[estate.sides.name]),
        derandomize=SEED is None,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(choice=st.data())
    def tried(choice: st.DataObject) -> None:
        caller = choice.draw(st.sampled_from(callers), label="caller")
        failing = choice.draw(faults(), label="failing")
        shuffled = choice.draw(st.none() | st.integers(0, SHUFFLES), label="shuffled")
        written = choice.draw(operations(caller, estate.values, set()), label="operation")
        asked: Asked | None = written.asked()
        while asked is not None:
            answer = estate.sides.same_answer(
                asked, caller.headers, failing, who=caller.name, shuffled=shuffled
            )
            outcomes[_outcome(answer.body, failing)] += 1
            again = written.declared and choice.draw(st.integers(0, 4), label="again") == 4
            asked = choice.draw(other_variables(written, answer.body), label="variables") if again else None

    (tried if SEED is None else seed(int(SEED))(tried))()
    check_outcomes(outcomes, estate.sides.name)


def _outcome(body: bytes, failing: tuple[Fault, ...]) -> str:
    answer = json.loads(body)
    if "data" not in answer:
        return (
            "refused"
            if answer["errors"][0]["extensions"]["code"] != "GRAPHQL_VALIDATION_FAILED"
            else "invalid"
        )
    if failing:
        return "with a fault"
    return "nothing" if answer["data"] is None else "whole" if "errors" not in answer else "partial"


def check_outcomes(outcomes: Counter[str], estate: str) -> None:
    """That the corpus is worth its time: so many operations were asked, all are valid, and most are answered."""
    assert outcomes.total() >= int(EXAMPLES or EXAMPLES_ON[estate])
    assert outcomes["invalid"] == 0
    asked = outcomes.total() - outcomes["with a fault"]
    assert outcomes["whole"] + outcomes["partial"] >= LEAST_ANSWERED.get(estate, 0.7) * asked, outcomes


@pytest.mark.parametrize("estate", ["embedded", "rubbish", "mariadb"], indirect=True)
@pytest.mark.parametrize("name", ["admin", "salesperson", "client"])
def test_each_field_of_the_schema_gives_the_same_bytes_on_both_engines(estate: Estate, name: str) -> None:
    caller = estate.caller(name)
    sweep = Sweep(caller, estate.values)
    for asked in (*sweep.objects(), *sweep.single_rows()):
        estate.sides.same_answer(asked, caller.headers, who=name)


@pytest.mark.parametrize("estate", ["embedded"], indirect=True)
def test_each_condition_and_order_gives_the_same_bytes_on_both_engines(estate: Estate) -> None:
    caller = estate.caller("admin")
    for asked in Sweep(caller, estate.values).conditions_and_orders():
        estate.sides.same_answer(asked, caller.headers, who=caller.name)


@pytest.mark.parametrize("estate", ["embedded", "mariadb", "mysql"], indirect=True)
@pytest.mark.parametrize("path", found_cases(), ids=lambda path: path.stem)
def test_case_gives_the_same_bytes_on_both_engines(estate: Estate, path: Path) -> None:
    caller = estate.caller(case_user(path) or "nobody")
    body = case_body(path)
    estate.sides.same_answer(Asked(body["query"], body.get("variables", {})), caller.headers, who=caller.name)
