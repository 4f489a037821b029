"""What a caller can't see has no effect on what they get: rows come, change and go behind the gateway's back, and every
answer stays as it was, byte by byte, with its status, headers, errors and costs.

`INTERFERENCE_EXAMPLES` and `INTERFERENCE_SEED` in the environment try more, and others:

    INTERFERENCE_EXAMPLES=5000 INTERFERENCE_SEED=7 python -m pytest tests/access/test_non_interference.py
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from datasources.iperform.partner_tokens import gateway_partner_tokens
from tests.access.asking import CALLERS, Asking, Partner
from tests.access.backstage import Backstage
from tests.access.conftest import data_of
from tests.access.copies import PATIENCE, backstage_of, copy_of
from tests.access.hidden_changes import HiddenChanges
from tests.access.operations import operations
from tests.access.test_random_operations import check_operation
from tests.choice import Choice
from tests.gateways import REQUEST_ID, RunningGateway, running
from tests.oracle.answer import Strings
from tests.oracle.catalogue import table_of
from tests.oracle.rules import SCOPES

SEED = os.environ.get("INTERFERENCE_SEED")
EXAMPLES = os.environ.get("INTERFERENCE_EXAMPLES")
# Each example asks one operation or several, and two of those below: together more than 500 pairs.
EXAMPLES_ON = {"embedded": 170, "mariadb": 25}
LEAST_PAIRS = {"embedded": 440, "mariadb": 60}

PARTNERS = (Partner(1, SCOPES), Partner(2, SCOPES), Partner(4, (*SCOPES[:3],)))
WHO: tuple[str | Partner, ...] = (*CALLERS, *CALLERS[1:], *PARTNERS)

# What the random operations don't ask for: files, analytics, own rows, errors.
FURTHER = (
    "{ leads(first: 9) { nodes { files { totalCount nodes { name size } } } } }",
    "{ companies(first: 9) { nodes { databaseId files { nodes { name } } } } }",
    "{ tickets(first: 9) { totalCount nodes { files { nodes { name } } } } }",
    "{ leads(first: 30) { nodes { analytics { activities statusChanges daysInStatus } } } }",
    "{ companies(first: 4) { nodes { transactions { totalCount } invoices { nodes { total } } } } }",
    "{ companies(first: 20) { nodes { syncRuns { totalCount } subcompanySettings { nodes { subcompanyName } } } } }",
    "{ reportViews { name totals rows(first: 3) { totalCount nodes } exports { totalCount } } }",
    "{ leadStats(groupBy: [COMPANY, STATUS, WARRIOR]) { group count } }",
    "{ users(last: 20) { totalCount nodes { username email lastLogin noOfLogins } } }",
    "{ users(orderBy: [{field: EMAIL}], first: 30) { nodes { username email } } }",
    '{ users(where: {email: {contains: "hidden"}}) { totalCount nodes { username } } }',
    "{ leads(where: {company: {active: {eq: true}}}) { totalCount } }",
    "{ leads(where: {company: {users: {active: {eq: true}}}}, first: 3) { totalCount nodes { databaseId } } }",
    "{ leads(orderBy: [{field: COMPANY_COMPANY_NAME}], first: 20) { nodes { databaseId company { companyName } } } }",
    "{ companies(where: {leads: {status: {eq: \"Won\"}}}) { totalCount nodes { leads { totalCount } } } }",
    "{ lead(databaseId: 1500000001) { firmName } company(databaseId: 1500000001) { companyName } }",
    "{ leads(first: 2) { nodes { pricePlan { planName leads { totalCount } crmLeads { totalCount } } } } }",
    "{ viewer { role permissions user { username } partner { partnerName warriors { totalCount } } } nothing }",
    '{ leads(where: {nothing: {eq: 1}}, after: "x") { totalCount } }',
    '{ leads(after: "x") { nodes { databaseId } } nodes(ids: ["TGVhZDox", "x"]) { id } eventCursor }',
)  # fmt: skip

Shown = tuple[int, list[tuple[str, str]], bytes]


class Recorder:
    """Asks a gateway, and can ask one caller's requests again."""

    def __init__(self, gateway: RunningGateway) -> None:
        self._gateway = gateway
        self._who: str | Partner = ""
        self._asked: list[tuple[Any, Mapping[str, str], Shown]] = []

    def post(
        self, body: Any, *, headers: Mapping[str, str] | None = None, as_user: str | None = None
    ) -> httpx.Response:
        """The raw answer."""
        sent = {"x-request-id": REQUEST_ID, **(headers or {})}
        if as_user is not None:
            sent["authorization"] = f"Bearer {self._gateway.login(as_user)}"
        answer = self._gateway.post(body, headers=sent)
        # What ADMIN is asked for on the way, such as the ids of rows, is no business of the caller's.
        if as_user in (None, self._who):
            self._asked.append((body, sent, _shown(answer)))
        return answer

    def query(
        self, query: str, variables: Mapping[str, Any] | None = None, *, as_user: str | None = None
    ) -> dict[str, Any]:
        """The decoded answer."""
        answer: dict[str, Any] = self.post(
            {"query": query, "variables": variables or {}}, as_user=as_user
        ).json()
        return answer

    def listen_to(self, who: str | Partner) -> None:
        """From now on this caller's requests are to be asked again, and no earlier ones."""
        self._who = who
        self._asked.clear()

    def differences(self) -> tuple[int, list[str]]:
        """How many requests were asked again, and how the answers differ."""
        found = []
        for body, sent, before in self._asked:
            after = _shown(self._gateway.post(body, headers=sent))
            if after != before:
                found.append(f"{body}\n  before: {before}\n  after:  {after}")
        return len(self._asked), found


def _shown(answer: httpx.Response) -> Shown:
    """All that a client can see of an answer, but for the moment; the request id is the same one each time."""
    headers = sorted((name, value) for name, value in answer.headers.items() if name != "date")
    if b'"errors":[' not in answer.content:
        return answer.status_code, headers, answer.content
    return answer.status_code, [one for one in headers if one[0] != "content-length"], _of_errors(answer)


def _of_errors(answer: httpx.Response) -> bytes:
    """The body of an answer with errors, each once: of reads that fail side by side, the clock says which is the first,
    and the only one to be told of where it takes the others along."""
    payload = answer.json()
    told = {json.dumps([error["message"], error["extensions"]]) for error in payload["errors"]}
    return json.dumps([payload.get("data"), sorted(told)]).encode()


# Nothing is kept that a change could have passed by, and few keys are many enough to be too many. Time is no part of
# the question: a slow source is given its time, and one that doesn't answer then fails like any other difference.
STRICT = {
    **PATIENCE,
    "report_cache_seconds": 0.001,
    "filter_key_budget": 60,
    "partner_cost_per_minute": 2**31 - 1,
}


@pytest.fixture(scope="module")
def own_embedded(
    embedded_gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGateway]:
    """An embedded estate that only the tests here write to."""
    with copy_of(embedded_gateway, tmp_path_factory.mktemp("hidden"), **STRICT) as own:
        yield own


@pytest.fixture(scope="module")
def own_mariadb(mariadb_gateway: RunningGateway) -> Iterator[RunningGateway]:
    """A gateway of its own over MariaDB's estate, in which all that is written is taken back."""
    with running(replace(mariadb_gateway.settings, **STRICT), "mariadb") as own:
        yield own


@pytest.mark.parametrize("estate", ["embedded", "mariadb"])
def test_hidden_changes_change_no_byte(estate: str, request: pytest.FixtureRequest) -> None:
    gateway: RunningGateway = request.getfixturevalue(f"own_{estate}")
    recorder = Recorder(gateway)
    asking = Asking(recorder, data_of(gateway))
    pairs: list[int] = []

    @settings(
        max_examples=int(EXAMPLES or EXAMPLES_ON[estate]),
        derandomize=SEED is None,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(choice=st.data())
    def tried(choice: st.DataObject) -> None:
        who, chosen = choice.draw(st.sampled_from(WHO)), Choice(choice.draw)
        asked = choice.draw(operations(asking.data, asking.caller(who)))
        further = choice.draw(st.lists(st.sampled_from(FURTHER), min_size=2, max_size=2, unique=True))
        recorder.listen_to(who)
        strings = Strings(asking.ids)
        for operation in asked:
            check_operation(asking, who, operation, strings)
        for query in further:
            asking.ask(who, query)
        with backstage_of(gateway) as backstage:
            changes = HiddenChanges(chosen, asking.caller(who), backstage)
            made = [changes.make(with_stores=estate == "embedded") for _ in range(chosen.number(1, 4))]
            number, different = recorder.differences()
        assert not different, "\n".join([str(who), *made, *different])
        pairs.append(number)

    (tried if SEED is None else seed(int(SEED))(tried))()
    assert sum(pairs) >= LEAST_PAIRS[estate] or EXAMPLES is not None


# --- budgets ------------------------------------------------------------------------------------------------------


def _clone(backstage: Backstage, asking: Asking, who: str, type_name: str, number: int) -> None:
    """Adds rows that a caller doesn't see, like one that they don't see."""
    hidden = next(
        row for row in asking.data.rows(type_name) if not asking.caller(who).visible(type_name, row)
    )
    table = table_of(type_name)
    cells = backstage.row(table, hidden["id"])
    assert cells is not None
    own = {"client_email_id": None} if type_name == "Lead" else {}
    for place in range(number):
        company = {} if type_name == "Company" else {"company_id": 900_000 + place}
        backstage.insert(table, {**cells, **own, **company, "id": 1_600_000_000 + place})


@pytest.mark.parametrize("who", ["salesperson", "warrior", "client"])
def test_a_budget_counts_what_the_caller_sees(own_embedded: RunningGateway, who: str) -> None:
    data = data_of(own_embedded)
    seen = len(Asking(own_embedded, data).caller(who).seen("Company"))
    query = '{ leads(where: {company: {companyName: {contains: ""}}}) { totalCount } }'
    for budget, code in ((seen, None), (seen - 1, "FILTER_TOO_BROAD")):
        if budget == 0:
            continue
        with running(replace(own_embedded.settings, filter_key_budget=budget), "budget") as gateway:
            before = gateway.post({"query": query}, as_user=who)
            codes = [error["extensions"]["code"] for error in before.json().get("errors", ())]
            assert codes == ([code] if code else [])
            with backstage_of(gateway) as backstage:
                _clone(backstage, Asking(gateway, data), who, "Company", 30)
                assert _shown(gateway.post({"query": query}, as_user=who)) == _shown(before)


@pytest.mark.parametrize("who", ["manager", "salesperson", "warrior"])
def test_the_budget_of_ownership_counts_what_the_caller_sees(own_embedded: RunningGateway, who: str) -> None:
    caller = Asking(own_embedded, data_of(own_embedded)).caller(who)
    companies = [{row["company_id"] for row in caller.seen(name)} for name in ("Lead", "Ticket")]
    seen = max(map(len, companies))
    query = "{ companies { totalCount } }"
    for budget, codes in ((seen, []), (seen - 1, ["FILTER_TOO_BROAD"])):
        with running(replace(own_embedded.settings, scope_key_budget=budget), "budget") as gateway:
            before = gateway.post({"query": query}, as_user=who)
            assert [error["extensions"]["code"] for error in before.json().get("errors", ())] == codes
            with backstage_of(gateway) as backstage:
                for type_name in ("Lead", "Ticket"):
                    _clone(backstage, Asking(gateway, data_of(own_embedded)), who, type_name, 9)
                assert _shown(gateway.post({"query": query}, as_user=who)) == _shown(before)


def test_a_cost_is_that_of_the_operation_alone(own_embedded: RunningGateway) -> None:
    """A token with next to no budget is told what an operation costs."""
    asking = Asking(own_embedded, data_of(own_embedded))
    poor = Partner(1, SCOPES)
    with backstage_of(own_embedded) as backstage:
        token = asking.partner_token(poor.company_id, poor.scopes)
        backstage.update(
            gateway_partner_tokens, backstage.newest(gateway_partner_tokens), {"cost_per_minute": 1}
        )
        queries = [
            "{ leads(first: 100) { totalCount nodes { company { companyName } tickets { totalCount } } } }",
            "{ leadStats(groupBy: [STATUS, COMPANY]) { count } users(first: 500) { nodes { username } } }",
            "{ reportViews { name totals } companies { nodes { databaseId leads(first: 9) { nodes { id } } } } }",
        ]
        sent = {"authorization": f"Bearer {token}"}
        before = [own_embedded.post({"query": query}, headers=sent) for query in queries]
        for answer in before:
            assert [error["extensions"]["code"] for error in answer.json()["errors"]] == [
                "COST_LIMIT_EXCEEDED"
            ]
            assert "may cost" in answer.json()["errors"][0]["message"]
        changes = HiddenChanges(_Random(7), asking.caller(poor), backstage)
        for _ in range(30):
            changes.make(with_stores=True)
        after = [own_embedded.post({"query": query}, headers=sent) for query in queries]
        assert list(map(_shown, after)) == list(map(_shown, before))


class _Random(Random):
    """Choices by chance."""

    def number(self, low: int, high: int) -> int:
        return self.randint(low, high)

    def one(self, options: Any) -> Any:
        return self.choice(options)
