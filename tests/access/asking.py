"""Asks a running gateway, and looks up in the oracle what the answer must be. Every test here goes through it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Protocol

from tests.oracle.answer import Strings
from tests.oracle.catalogue import ROOT_LISTS, ROOT_SINGLES, primary_key
from tests.oracle.data import Data, Row
from tests.oracle.evaluate import Order, Where
from tests.oracle.operation import GlobalId
from tests.oracle.rules import Caller, PartnerViewer, Viewer

# The demo's accounts: two owners of each kind, an administrator, somebody at a client company.
CALLERS = ("admin", "manager", "manager2", "salesperson", "salesperson2", "warrior", "warrior2", "client")
LARGEST_PAGE = 500
# Where the start of a long list is enough to tell; the total tells of the rest.
SHOWN = 250
ROOT_OF_TYPE = {type_name: root for root, type_name in ROOT_LISTS.items()}
SINGLE_OF_TYPE = {type_name: root for root, type_name in ROOT_SINGLES.items()}
# A token that has spent its budget for the minute.
SPENT = {"THROTTLED", "COST_LIMIT_EXCEEDED"}


@dataclass(frozen=True)
class Partner:
    """A caller with a token of a partner company."""

    company_id: int
    scopes: tuple[str, ...]


class Answering(Protocol):
    """What is asked of a gateway here."""

    def post(self, body: Any, *, headers: Mapping[str, str] | None = None) -> Any:
        """The raw answer, whose `json()` is the decoded one."""

    def query(
        self, query: str, variables: Mapping[str, Any] | None = None, *, as_user: str | None = None
    ) -> dict[str, Any]:
        """The decoded answer."""


class GatewayError(AssertionError):
    """An answer with errors; `codes` are those of the errors."""

    def __init__(self, username: str, query: str, variables: object, errors: list[dict[str, Any]]) -> None:
        self.codes = codes_of({"errors": errors})
        super().__init__(f"{username}: {query} {variables}\n{errors}")


class Asking:
    """A gateway and the data that it serves."""

    def __init__(self, gateway: Answering, data: Data) -> None:
        self.gateway = gateway
        self.data = data
        # The global ids that the gateway has told anybody.
        self.ids = Strings()
        self._tokens: dict[Partner, str] = {}

    def viewer(self, username: str) -> Viewer:
        """The oracle's view of a staff user."""
        return viewer_of(self.data, username)

    def caller(self, who: str | Partner) -> Caller:
        """The oracle's view of anybody."""
        return viewer_of(self.data, who) if isinstance(who, str) else partner_of(self.data, who)

    def ask(
        self, who: str | Partner, query: str, variables: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The decoded answer to anybody; a partner whose token is spent asks with a new one."""
        if isinstance(who, str):
            return self.gateway.query(query, variables, as_user=who)
        answer = self._ask_as_partner(who, query, variables)
        if codes_of(answer) & SPENT:
            del self._tokens[who]
            answer = self._ask_as_partner(who, query, variables)
        return answer

    def _ask_as_partner(
        self, partner: Partner, query: str, variables: Mapping[str, Any] | None
    ) -> dict[str, Any]:
        if partner not in self._tokens:
            self._tokens[partner] = self.partner_token(partner.company_id, partner.scopes)
        sent = {"authorization": f"Bearer {self._tokens[partner]}"}
        body = {"query": query, "variables": variables or {}}
        answer: dict[str, Any] = self.gateway.post(body, headers=sent).json()
        return answer

    def partner_token(self, company_id: int, scopes: Iterable[str]) -> str:
        """A new token of a partner company, as ADMIN issues it."""
        mutation = """mutation($input: CreatePartnerTokenInput!) {
            createPartnerToken(input: $input) { token } }"""
        (company,) = self.global_ids("partnerCompany", [company_id])
        given = {"partnerCompanyId": company, "name": "a token of the tests", "scopes": list(scopes)}
        token: str = self.data_for("admin", mutation, {"input": given})["createPartnerToken"]["token"]
        return token

    def learn_ids(self, type_name: str, keys: Iterable[int | str]) -> None:
        """Makes the global ids of rows, or of reports by name, known in `ids`."""
        left = [key for key in keys if GlobalId(type_name, key) not in self.ids.of]
        if not left:
            return
        if type_name == "ReportView":
            query = "query($name: String!) { reportView(name: $name) { id } }"
            found = [self.data_for("admin", query, {"name": key})["reportView"]["id"] for key in left]
        else:
            found = self.global_ids(SINGLE_OF_TYPE[type_name], left)
        for key, text in zip(left, found, strict=True):
            assert self.ids.learn(GlobalId(type_name, key), text), (type_name, key)

    def data_for(
        self, username: str, query: str, variables: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The answer's data. Raises GatewayError if there are errors too."""
        answer = self.gateway.query(query, variables, as_user=username)
        if "errors" in answer:
            raise GatewayError(username, query, variables, answer["errors"])
        data: dict[str, Any] = answer["data"]
        return data

    def connection(
        self,
        username: str,
        type_name: str,
        where: Where | None = None,
        order: Order | None = None,
        selection: str = "nodes { databaseId }",
        **page: int | str | None,
    ) -> dict[str, Any]:
        """A root list's connection, with this selection besides its page flags."""
        query = f"""
            query($where: {type_name}Where, $order: [{type_name}Order!], $first: Int, $after: String,
                  $last: Int, $before: String) {{
              {ROOT_OF_TYPE[type_name]}(where: $where, orderBy: $order, first: $first, after: $after,
                  last: $last, before: $before) {{
                pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
                {selection}
              }}
            }}"""
        answer = self.data_for(username, query, {"where": where, "order": order, **page})
        found: dict[str, Any] = answer[ROOT_OF_TYPE[type_name]]
        return found

    def all_ids(
        self, username: str, type_name: str, where: Where | None = None, order: Order | None = None
    ) -> list[int]:
        """The database ids of a whole root list, page after page."""
        found: list[int] = []
        after = None
        while True:
            got = self.connection(username, type_name, where, order, first=LARGEST_PAGE, after=after)
            found += [node["databaseId"] for node in got["nodes"]]
            if not got["pageInfo"]["hasNextPage"]:
                return found
            after = got["pageInfo"]["endCursor"]

    def start_of(
        self, username: str, type_name: str, where: Where | None = None, order: Order | None = None
    ) -> tuple[list[int], int]:
        """The database ids of a root list's first `SHOWN` rows, and the list's total."""
        selection = "totalCount nodes { databaseId }"
        got = self.connection(username, type_name, where, order, selection, first=SHOWN)
        return [node["databaseId"] for node in got["nodes"]], got["totalCount"]

    def count(self, username: str, type_name: str, where: Where | None = None) -> int:
        """The total of a root list."""
        return int(self.connection(username, type_name, where, selection="totalCount")["totalCount"])

    def by_database_id(
        self, username: str, field: str, ids: Iterable[int], selection: str = "databaseId"
    ) -> list[Any]:
        """What a root field of one row gives for each id, in one request."""
        asked = "\n".join(
            f"r{place}: {field}(databaseId: {row_id}) {{ {selection} }}" for place, row_id in enumerate(ids)
        )
        return list(self.data_for(username, f"{{ {asked} }}").values())

    def global_ids(self, field: str, ids: Iterable[int]) -> list[str]:
        """The global ids of rows by their database ids, as ADMIN is told them."""
        return [row["id"] for row in self.by_database_id("admin", field, ids, "id")]


@cache
def viewer_of(data: Data, username: str) -> Viewer:
    """Somebody by user name; worked out once."""
    user = next(row for row in data.rows("User") if row["username"] == username)
    return Viewer(data, user["id"])


@cache
def partner_of(data: Data, partner: Partner) -> PartnerViewer:
    """A partner's token; tokens of one company share what is worked out of its rows."""
    return _rows_of_partner(data, partner.company_id).with_scopes(partner.scopes)


@cache
def _rows_of_partner(data: Data, company_id: int) -> PartnerViewer:
    return PartnerViewer(data, company_id)


def codes_of(answer: Mapping[str, Any]) -> set[str]:
    """The codes of an answer's errors."""
    return {error["extensions"]["code"] for error in answer.get("errors", ())}


def row_ids(rows: Iterable[Row], type_name: str = "Lead") -> list[int]:
    """The database ids of rows."""
    return [row[primary_key(type_name)] for row in rows]


def some(rows: list[Row], most: int) -> list[Row]:
    """A few of the rows, the same ones each time, in their order."""
    chosen = Random(most).sample(range(len(rows)), min(most, len(rows)))
    return [rows[place] for place in sorted(chosen)]
