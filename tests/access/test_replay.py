"""What one caller was given is of no use to another: every id, cursor and file link of a broad session, replayed.

An id gives what the oracle says that the caller sees, and else the bytes of a row that doesn't exist. A cursor gives
the caller's own rows that come after it. A link is good for whoever has it, until it ends, and for its file alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx
import pytest

from gateway.resolvers.ids import encode_id
from tests.access.asking import CALLERS, Asking, Partner
from tests.access.conftest import data_of
from tests.gateways import REQUEST_ID, RunningGateway
from tests.oracle.answer import whole_list
from tests.oracle.data import TABLE_OF_TYPE, Row
from tests.oracle.evaluate import Order, Where
from tests.oracle.reports import report_names, report_rows
from tests.oracle.rules import REPORTS, SCOPES, Caller

# A token of no scope can't be issued; of these two, one may read whatever a token can, and the other nothing.
ALL, NONE, NOBODY = Partner(1, (*SCOPES, "events:read")), Partner(1, ("tickets:write",)), None
Who = str | Partner | None
EVERYBODY: tuple[Who, ...] = (*CALLERS, ALL, NONE, NOBODY)
GIVERS: tuple[Who, ...] = (*CALLERS, ALL)
ABSENT = 2_000_000_000
MOST_IDS = 500

ROW = "__typename id databaseId"
# Links that last for longer than all that is asked between one test and the next.
FILES = "files(first: 2) { nodes { name url(expiresIn: 86400) } edges { cursor } }"
SESSIONS = (
    f"""{{ leads(first: 12) {{ edges {{ cursor }} nodes {{ {ROW} {FILES}
      statusHistory(first: 2) {{ edges {{ cursor }} nodes {{ {ROW} }} }} logs(first: 2) {{ nodes {{ {ROW} }} }}
      followUps(first: 2) {{ nodes {{ {ROW} }} }} mails(first: 2) {{ nodes {{ {ROW} }} }}
      whatsappMessages(first: 2) {{ nodes {{ {ROW} }} }} pricePlan {{ {ROW} }}
      company {{ {ROW} users(first: 3) {{ nodes {{ {ROW} }} }} subcompanySettings {{ nodes {{ {ROW} }} }} }}
      warrior {{ {ROW} user {{ {ROW} }} partnerCompany {{ {ROW} }}
        salesperson {{ {ROW} user {{ {ROW} }} }} }} }} }} }}""",
    f"{{ companies(first: 25) {{ edges {{ cursor }} nodes {{ {ROW} {FILES} }} }} }}",
    f"""{{ tickets(first: 25) {{ edges {{ cursor }} nodes {{ {ROW} {FILES}
      comments(first: 2) {{ nodes {{ {ROW} }} }} }} }} }}""",
    f"{{ users(first: 25) {{ edges {{ cursor }} nodes {{ {ROW} }} }} }}",
    "{ reportViews { __typename id name rows(first: 2) { edges { cursor } } exports { nodes { name url } } } }",
    "{ eventCursor }",
)  # fmt: skip


@dataclass(frozen=True)
class Id:
    """A global id that somebody was given, and what it is of."""

    text: str
    type_name: str
    key: int | str


@dataclass(frozen=True)
class Link:
    """A link to a file, and the row below which it was given."""

    url: str
    name: str
    type_name: str
    row_id: int


class Replaying(Asking):
    """Asks as anybody, and gives whole answers."""

    def raw(self, who: Who, query: str, variables: dict[str, Any] | None = None) -> httpx.Response:
        """The answer as it is."""
        headers = {"x-request-id": REQUEST_ID}
        if isinstance(who, Partner):
            if who not in self._tokens:
                self._tokens[who] = self.partner_token(who.company_id, who.scopes)
            headers["authorization"] = f"Bearer {self._tokens[who]}"
        body = {"query": query, "variables": variables or {}}
        answer: httpx.Response = self.gateway.post(  # type: ignore[call-arg]
            body, as_user=who if isinstance(who, str) else None, headers=headers
        )
        if isinstance(who, Partner) and answer.status_code == 429:
            del self._tokens[who]
            return self.raw(who, query, variables)
        return answer

    def bytes(self, who: Who, query: str, variables: dict[str, Any] | None = None) -> tuple[Any, ...]:
        """All of an answer but for the moment."""
        answer = self.raw(who, query, variables)
        headers = sorted((name, value) for name, value in answer.headers.items() if name != "date")
        return answer.status_code, headers, answer.content

    def session(self, who: Who) -> list[Any]:
        """A broad session's answers; what isn't in the caller's schema is left out."""
        answers = [self.raw(who, query).json() for query in SESSIONS]
        return [answer["data"] for answer in answers if "errors" not in answer]


@pytest.fixture
def replaying(every_gateway: RunningGateway) -> Replaying:
    """Asks the gateway of each estate in turn."""
    return Replaying(every_gateway, data_of(every_gateway))


@pytest.fixture
def sessions(replaying: Replaying) -> dict[Who, list[Any]]:
    """What everybody was given; asked for once on each estate."""
    name = replaying.gateway.name  # type: ignore[attr-defined]
    if name not in _given:
        _given[name] = {who: replaying.session(who) for who in GIVERS}
    return _given[name]


_given: dict[str, dict[Who, list[Any]]] = {}


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for below in value.values():
            yield from _objects(below)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)


def _ids(sessions: dict[Who, list[Any]]) -> list[Id]:
    found: dict[str, Id] = {}
    for session in sessions.values():
        for one in _objects(session):
            if "id" in one and "__typename" in one:
                known = Id(one["id"], one["__typename"], one.get("databaseId", one.get("name")))
                # An id is the same for everybody.
                assert found.setdefault(one["id"], known) == known
    return list(found.values())


# --- ids ------------------------------------------------------------------------------------------------------


def _sees(replaying: Replaying, who: Who, one: Id) -> bool:
    if who is None:
        return False
    caller = replaying.caller(who)
    if one.type_name == "ReportView":
        return not caller.lacks_type("ReportView") and one.key in report_names(caller)
    if one.type_name not in TABLE_OF_TYPE:
        return False
    row = replaying.data.one(one.type_name, one.key)
    assert row is not None, one
    return not caller.lacks_type(one.type_name) and caller.visible(one.type_name, row)


def _absent(one: Id, place: int) -> str:
    return encode_id(one.type_name, "nothing" if one.type_name == "ReportView" else ABSENT + place)


NODES = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
NODE = "query($id: ID!) { node(id: $id) { __typename id } }"


def test_every_id_gives_what_its_new_holder_sees(
    replaying: Replaying, sessions: dict[Who, list[Any]]
) -> None:
    ids = _ids(sessions)
    kinds = {one.type_name for one in ids}
    assert len(ids) > 400
    assert len(kinds) >= 17, kinds
    for who in EVERYBODY:
        hidden = 0
        for start in range(0, len(ids), MOST_IDS):
            some = ids[start : start + MOST_IDS]
            seen = [_sees(replaying, who, one) for one in some]
            hidden += seen.count(False)
            answer = replaying.bytes(who, NODES, {"ids": [one.text for one in some]})
            # The same with ids of rows that don't exist in the place of those that aren't the caller's.
            absent = [
                one.text if there else _absent(one, place)
                for place, (one, there) in enumerate(zip(some, seen, strict=True))
            ]
            assert replaying.bytes(who, NODES, {"ids": absent}) == answer, who
            if who is not None and answer[0] == 200 and b'"errors"' not in answer[2]:
                nodes = json.loads(answer[2])["data"]["nodes"]
                expected = [
                    {"__typename": one.type_name, "id": one.text} if there else None
                    for one, there in zip(some, seen, strict=True)
                ]
                assert nodes == expected, who
            else:
                assert who in (NONE, NOBODY), (who, answer)
        assert hidden > 0 or who == "admin"


def test_every_kind_of_id_alone_gives_what_its_new_holder_sees(
    replaying: Replaying, sessions: dict[Who, list[Any]]
) -> None:
    ids = _ids(sessions)
    for who in EVERYBODY:
        for kind in sorted({one.type_name for one in ids}):
            mine = [one for one in ids if one.type_name == kind]
            hidden = [one for one in mine if not _sees(replaying, who, one)][:2]
            for place, one in enumerate(hidden):
                answer = replaying.bytes(who, NODE, {"id": one.text})
                assert replaying.bytes(who, NODE, {"id": _absent(one, place)}) == answer, (who, one)
                assert b'"__typename"' not in answer[2]


# --- cursors of lists -----------------------------------------------------------------------------------------

LISTS: tuple[tuple[str, str, Where | None, Order | None], ...] = (
    ("leads", "Lead", None, None),
    ("leads", "Lead", {"status": {"in": ["Won", "Demo"]}}, [{"field": "FIRM_NAME", "direction": "ASC"}]),
    ("leads", "Lead", None, [{"field": "CREATED_ON", "direction": "DESC"}, {"field": "STATUS", "direction": "ASC"}]),
    ("companies", "Company", None, [{"field": "CITY", "direction": "DESC"}]),
    ("users", "User", None, [{"field": "USERNAME", "direction": "ASC"}]),
    ("tickets", "Ticket", {"resolvedOn": {"isNull": True}}, [{"field": "PRIORITY", "direction": "ASC"}]),
)  # fmt: skip
PAGE = 4


def _page(
    replaying: Replaying, who: Who, place: int, **given: Any
) -> tuple[dict[str, Any] | None, set[str], httpx.Response]:
    """A page of one of the lists, and the codes of errors."""
    field, type_name, where, order = LISTS[place]
    query = f"""query($where: {type_name}Where, $order: [{type_name}Order!], $first: Int, $after: String,
        $last: Int, $before: String) {{
      {field}(where: $where, orderBy: $order, first: $first, after: $after, last: $last, before: $before) {{
        edges {{ cursor node {{ databaseId }} }} pageInfo {{ startCursor endCursor }} }} }}"""
    answer = replaying.raw(who, query, {"where": where, "order": order, **given})
    found = answer.json()
    codes = {error["extensions"]["code"] for error in found.get("errors", ())}
    return (None if codes else found["data"][field]), codes, answer


def _rows_after(replaying: Replaying, caller: Caller, place: int, row_id: int) -> list[int]:
    """The caller's rows that come after a row in the order, whether they see that row or not."""
    _, type_name, where, order = LISTS[place]
    everything: list[Row] = whole_list(replaying.caller("admin"), type_name, where, order)
    ids = [row["id"] for row in everything]
    return [found for found in ids[ids.index(row_id) + 1 :] if found in caller.ids(type_name)]


@pytest.mark.parametrize("place", range(len(LISTS)))
def test_a_cursor_gives_its_new_holder_their_own_rows_after_it(replaying: Replaying, place: int) -> None:
    _, type_name, _, _ = LISTS[place]
    given = {}
    for who in GIVERS:
        page, _, _ = _page(replaying, who, place, first=30)
        assert page is not None
        edges = page["edges"]
        given.update({(edge["cursor"], edge["node"]["databaseId"]): who for edge in edges[-1:]})
    assert len(given) >= (2 if type_name == "User" else 5)
    for who in EVERYBODY:
        for cursor, row_id in given:
            after, codes, _ = _page(replaying, who, place, first=PAGE, after=cursor)
            before, _, _ = _page(replaying, who, place, last=PAGE, before=cursor)
            if after is None or before is None:
                expected = {NONE: "GRAPHQL_VALIDATION_FAILED", NOBODY: "UNAUTHENTICATED"}
                assert codes == {expected[who]}  # type: ignore[index]
                continue
            assert who is not None
            caller = replaying.caller(who)
            rows = _rows_after(replaying, caller, place, row_id)
            assert [edge["node"]["databaseId"] for edge in after["edges"]] == rows[:PAGE], (who, row_id)
            own = {edge["node"]["databaseId"] for edge in before["edges"]}
            assert own <= caller.ids(type_name) - set(rows)


NESTED = "query($id: Int!, $after: String) { company(databaseId: $id) { leads(first: 3, after: $after) { edges { cursor node { databaseId } } } } }"  # noqa: E501


def test_a_cursor_below_a_row_gives_nothing_to_whoever_lacks_the_row(replaying: Replaying) -> None:
    companies = [row["id"] for row in replaying.caller("salesperson").seen("Company")][:12]
    answers = 0
    for company in companies:
        found = replaying.raw("salesperson", NESTED, {"id": company}).json()["data"]["company"]
        for edge in found["leads"]["edges"]:
            for who in CALLERS:
                caller = replaying.caller(who)
                got = replaying.raw(who, NESTED, {"id": company, "after": edge["cursor"]}).json()
                if company not in caller.ids("Company"):
                    assert got == {"data": {"company": None}}
                    continue
                mine = [row["id"] for row in caller.seen("Lead") if row["company_id"] == company]
                expected = sorted((one for one in mine if one < edge["node"]["databaseId"]), reverse=True)
                below = got["data"]["company"]["leads"]["edges"]
                assert [one["node"]["databaseId"] for one in below] == expected[:3]
                answers += 1
    assert answers > 20


def test_the_position_in_the_log_is_the_same_for_everybody(
    sessions: dict[Who, list[Any]],
) -> None:
    positions = {
        one["eventCursor"] for session in sessions.values() for one in session if "eventCursor" in one
    }
    assert len(positions) == 1


# --- cursors of reports ---------------------------------------------------------------------------------------

REPORT = """query($name: String!, $after: String) { reportView(name: $name) {
    rows(first: 500, after: $after) { edges { cursor node } } } }"""


@pytest.mark.parametrize("name", REPORTS)
def test_a_reports_cursor_gives_its_new_holder_rows_of_their_own_report(
    replaying: Replaying, name: str
) -> None:
    cursors: dict[str, None] = {}
    for who in GIVERS:
        view = replaying.raw(who, REPORT, {"name": name}).json()["data"]["reportView"]
        edges = [] if view is None else view["rows"]["edges"]
        cursors.update(dict.fromkeys(edge["cursor"] for edge in edges[:2] + edges[-1:]))
    assert len(cursors) > 3
    for who in (*CALLERS, ALL):
        caller = replaying.caller(who)
        own = [json.dumps(row, sort_keys=True, default=str) for row in report_rows(caller, name) or ()]
        for cursor in cursors:
            got = replaying.raw(who, REPORT, {"name": name, "after": cursor}).json()
            if "errors" in got:
                assert [error["extensions"]["code"] for error in got["errors"]] == ["CURSOR_EXPIRED"]
                continue
            view = got["data"]["reportView"]
            if not caller.sees_report(name):
                assert view is None
                continue
            shown = [json.dumps(edge["node"], sort_keys=True, default=str) for edge in view["rows"]["edges"]]
            assert len(shown) < max(1, len(own))
            assert set(shown) <= set(own), (who, set(shown) - set(own))


# --- links to files -------------------------------------------------------------------------------------------


def _links(session: list[Any]) -> list[Link]:
    return [
        Link(file["url"], file["name"], one["__typename"], one["databaseId"])
        for one in _objects(session)
        if "files" in one
        for file in one["files"]["nodes"]
    ]


def _fetched(gateway: RunningGateway, url: str, **headers: str) -> httpx.Response:
    return httpx.get(url if url.startswith("http") else gateway.url + url, headers=headers, timeout=20)


def test_links_are_given_only_to_whoever_sees_the_file(
    replaying: Replaying, sessions: dict[Who, list[Any]]
) -> None:
    by_giver = {who: _links(session) for who, session in sessions.items()}
    everything = {(link.type_name, link.row_id): link for links in by_giver.values() for link in links}
    assert len(everything) > 12
    for who in GIVERS:
        assert who is not None
        caller = replaying.caller(who)
        assert {
            link.row_id for link in by_giver[who] if link.row_id not in caller.ids(link.type_name)
        } == set()
        for (type_name, row_id), link in everything.items():
            field = type_name.lower()
            query = f"query($id: Int!) {{ {field}(databaseId: $id) {{ {FILES} }} }}"
            got = replaying.raw(who, query, {"id": row_id}).json()["data"][field]
            if row_id in caller.ids(type_name):
                assert link.name in {file["name"] for file in got["files"]["nodes"]}
            else:
                assert got is None


def test_a_link_is_a_grant_of_its_own_and_of_its_file_alone(
    every_gateway: RunningGateway, sessions: dict[Who, list[Any]]
) -> None:
    links = _links(sessions["salesperson"])[:6]
    assert len(links) == 6
    contents = {}
    for link in links:
        # Whoever has the link has the file: no header says who asks, or one says something else.
        answer = _fetched(every_gateway, link.url)
        assert answer.status_code == 200
        contents[link.url] = answer.content
        if not link.url.startswith("http"):
            assert _fetched(every_gateway, link.url, authorization="Bearer forged").content == answer.content
    for link, other in pairwise(links):
        for edited in _edits(link.url, other.url):
            answer = _fetched(every_gateway, edited)
            assert answer.status_code in (400, 403, 404), edited
            assert answer.content not in contents.values()


def _edits(url: str, other: str) -> list[str]:
    """One link made to look like another, or to last for longer."""
    if not url.startswith("http"):
        start, _, token = url.rpartition("/")
        content, _, seal = token.partition(".")
        other_content, _, other_seal = other.rpartition("/")[2].partition(".")
        flipped = chr(ord(content[3]) + 1) if content[3].isalnum() and content[3] not in "zZ9" else "A"
        return [
            f"{start}/{other_content}.{seal}",
            f"{start}/{content}.{other_seal}",
            f"{start}/{content[:3]}{flipped}{content[4:]}.{seal}",
            f"{start}/{content}.{seal[:-2]}",
            f"{start}/{content}",
            f"{start}/{content}.",
            f"{start}/../{content}.{seal}x",
        ]
    parts, elsewhere = urlsplit(url), urlsplit(other)
    signed = dict(parse_qsl(parts.query))
    longer = {name: "604800" if "expires" in name.lower() else value for name, value in signed.items()}
    forged = {
        name: value[:-1] + ("1" if value[-1] == "0" else "0") if "signature" in name.lower() else value
        for name, value in signed.items()
    }
    return [
        urlunsplit(parts._replace(path=elsewhere.path)),
        urlunsplit(parts._replace(query=elsewhere.query)),
        urlunsplit(parts._replace(query=urlencode(longer))),
        urlunsplit(parts._replace(query=urlencode(forged))),
        urlunsplit(parts._replace(query="")),
        urlunsplit(parts._replace(path=parts.path.rpartition("/")[0] + "/")),
    ]


def test_a_link_ends(replaying: Replaying, every_gateway: RunningGateway) -> None:
    query = (
        "query($s: Int!) { leads(first: 25) { nodes { files(first: 1) { nodes { url(expiresIn: $s) } } } } }"
    )
    for seconds in (4, 40):
        asked = time.monotonic()
        nodes = replaying.raw("salesperson", query, {"s": seconds}).json()["data"]["leads"]["nodes"]
        url = next(file["url"] for lead in nodes for file in lead["files"]["nodes"])
        status = _fetched(every_gateway, url).status_code
        # What a link that may have ended meanwhile gives tells nothing; an end is a whole second.
        if time.monotonic() - asked < seconds - 1:
            break
    assert status == 200
    time.sleep(seconds + 1)
    assert _fetched(every_gateway, url).status_code in (403, 404)
