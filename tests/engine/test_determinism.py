"""An operation of which much fails side by side has one answer, whichever source is faster: asked twenty times while
sources answer in another order each time.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.conftest import ENGINES, Estate
from tests.engine.faults import Fault, Manner, Reads
from tests.engine.operations import operations
from tests.engine.sides import CANCELLED, Asked, difference

TIMES = 20
GENERATED, TIMES_OF_GENERATED = 30, 6
EVERYTHING_ELSEWHERE = (
    Fault("magenta"),
    Fault("analytics", Manner.TIMEOUT),
    Fault("files", Manner.BROKEN),
)
NO_TOTALS = (
    Fault("iperform", Manner.TIMEOUT, Reads.GROUPS),
    Fault("magenta", Manner.UNAVAILABLE, Reads.GROUPS),
)
OPERATIONS = {
    "sources of siblings": (
        "{ leads(first: 5) { nodes { company { city } analytics { activities } files { totalCount nodes { name } } "
        "tickets(first: 2) { nodes { company { city } files { nodes { name } } } } } } companies { nodes { city } } }",
        EVERYTHING_ELSEWHERE,
    ),
    "totals that must not be null": (
        "{ viewer { role } tickets(first: 2) { nodes { databaseId lead { databaseId statusHistory { totalCount } "
        "logs { totalCount } followUps { totalCount } } } totalCount } leads(first: 2) { totalCount nodes { mails "
        "{ totalCount } tickets { totalCount } } } users(first: 2) { totalCount } }",
        NO_TOTALS,
    ),
    # One branch is given up for an argument; another waits for the very rows that the first had asked for.
    "a branch that is given up": (
        "{ a: lead(databaseId: 1) "
        '{ createdBy { username } tickets(after: "x") { totalCount } warrior { user { email } } } '
        "b: lead(databaseId: 1) { createdBy { username } warrior { user { email } } } "
        'leads(first: 3) { nodes { createdBy { username } logs(after: "x") { totalCount } } } }',
        (),
    ),
    "reports": (
        "{ reportViews { name rows(first: 2, filter: []) { nodes } totals } "
        'a: reportViews { rows(after: "x") { nodes } } '
        "leadStats(groupBy: [STATUS, WARRIOR]) { group tentativeValueSum company { city } } }",
        (Fault("magenta"), Fault("analytics", Manner.TIMEOUT, Reads.GROUPS)),
    ),
    "nothing at all": (
        "{ leads(first: 2) { nodes { company { city } } totalCount } companies { nodes { city } } users { totalCount } "
        "leadStats(groupBy: []) { count } nodes(ids: []) { id } viewer { user { username } } }",
        (Fault("iperform", Manner.BROKEN), Fault("magenta", Manner.TIMEOUT)),
    ),
}


def check_one_answer(
    estate: Estate, engine: str, asked: Asked, who: str, faults: tuple[Fault, ...], *, times: int = TIMES
) -> None:
    """Asks again and again. Raises AssertionError where an answer isn't the first one."""
    side = next(one for one in estate.sides.sides if one.engine == engine)
    headers = estate.caller(who).headers
    first = estate.sides.answer_of(side, asked, headers, faults)
    assert first.status != CANCELLED, asked
    for time in range(1, times):
        again = estate.sides.answer_of(side, asked, headers, faults, shuffled=time)
        assert again == first, f"the answer {difference(first, again)}\n{who}: {asked}\n{faults}"


@pytest.mark.parametrize("estate", ["embedded"], indirect=True)
@pytest.mark.parametrize("engine", dict.fromkeys(ENGINES))
@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_that_fails_in_many_places_has_one_answer(estate: Estate, engine: str, name: str) -> None:
    text, faults = OPERATIONS[name]
    for who in ("admin", "salesperson"):
        check_one_answer(estate, engine, Asked(text), who, faults)


@pytest.mark.usefixtures("fresh_examples")
@pytest.mark.parametrize("estate", ["embedded", "rubbish"], indirect=True)
@pytest.mark.parametrize("engine", dict.fromkeys(ENGINES))
def test_random_operation_that_fails_has_one_answer(estate: Estate, engine: str) -> None:
    @settings(
        max_examples=GENERATED,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(choice=st.data())
    def tried(choice: st.DataObject) -> None:
        faults = choice.draw(st.sampled_from([EVERYTHING_ELSEWHERE, NO_TOTALS, ()]), label="failing")
        caller = estate.caller("admin")
        written = choice.draw(operations(caller, estate.values, set()), label="operation")
        asked = written.asked()
        check_one_answer(estate, engine, asked, caller.name, faults, times=TIMES_OF_GENERATED)

    tried()
