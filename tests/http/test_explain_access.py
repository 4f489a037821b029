"""`explainAccess`: it says what the reader does, by which ground and through which rows, and to ADMIN alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select, update

from datasources.iperform.tables import leads, role, salesperson, tickets, user, warrior
from gateway.resolvers.ids import encode_id
from tests.access.asking import CALLERS, ROOT_OF_TYPE, SINGLE_OF_TYPE, Asking, viewer_of
from tests.access.asking import Partner as Token
from tests.access.conftest import data_of
from tests.gateways import RunningGateway
from tests.http.accounts import account_in, blocking_url
from tests.http.asking import ask, code, errors
from tests.http.partners import Partner, partner_in
from tests.oracle.catalogue import primary_key
from tests.oracle.data import Data, Row
from tests.oracle.rules import SCOPES, Caller

EXPLAIN = """
query ($type: String!, $id: Int!, $as: AccessSubject!) {
  explainAccess(type: $type, databaseId: $id, as: $as) {
    visible exists says rule obstacles
    through { type databaseId says }
    grounds { rule says holds whyNot through { type databaseId says } }
    columns { field access why }
  }
}
"""
VERDICTS = """explainAccess(type: "%s", databaseId: %d, as: {%s: "%s"}) {
  visible exists rule through { databaseId } grounds { holds } columns { field access } }"""
SECRET_WORDS = ("password", "tokenHash", "token_hash", "forgot", "credential", "extractorSettings")
PARTNER_COMPANIES = (1, 2, 4)
# Of each type; the oracle is slow.
LOOKED_AT = 150
SOME_SCOPES = ("leads:read", "companies:read")


@dataclass(frozen=True)
class Explaining:
    """An estate, asked by ADMIN for explanations."""

    gateway: RunningGateway
    engine: Engine

    def explain(self, type_name: str, database_id: int, **subject: str) -> dict[str, Any]:
        """One explanation."""
        variables = {"type": type_name, "id": database_id, "as": subject}
        found: dict[str, Any] = self.gateway.data(EXPLAIN, variables, as_user="admin")["explainAccess"]
        return found

    def for_user(self, type_name: str, database_id: int, name: str) -> dict[str, Any]:
        """One explanation for a user by user name."""
        return self.explain(type_name, database_id, user=self.user(name))

    def user(self, name: str) -> str:
        """The global id of a user."""
        return encode_id("User", self.value(select(user.c.id).where(user.c.username == name)))

    def value(self, statement: Any) -> Any:
        """What the database has."""
        with self.engine.begin() as connection:
            return connection.execute(statement).scalar()

    def change(self, statement: Any) -> None:
        """A change as another program would make it."""
        with self.engine.begin() as connection:
            connection.execute(statement)


@pytest.fixture
def explaining(gateway: RunningGateway) -> Iterator[Explaining]:
    """Explanations over the embedded estate."""
    engine = create_engine(blocking_url(gateway.settings))
    yield Explaining(gateway, engine)
    engine.dispose()


@pytest.fixture
def partner(gateway: RunningGateway) -> Iterator[Partner]:
    """A new partner company without warriors."""
    with partner_in(gateway) as found:
        yield found


# --- the verdict is that of the reader, and of the oracle ---------------------------------------------------


def _some(data: Data, type_name: str, who: Caller, random: Random) -> list[Row]:
    """A few rows of a type that a caller sees, and a few that it doesn't; deleted leads as if asked for."""
    seen: list[Row] = []
    hidden: list[Row] = []
    rows = data.rows(type_name)
    for row in random.sample(rows, min(LOOKED_AT, len(rows))):
        (seen if who.visible(type_name, row, deleted=True) else hidden).append(row)
    most = 6 if type_name == "Lead" else 2
    return [row for group in (seen, hidden) for row in random.sample(group, min(most, len(group)))]


def _subjects(asking: Asking) -> Iterator[tuple[str, str, str | Token, Caller]]:
    """Everybody who is asked about: the name in `AccessSubject`, the global id, who they are, and the oracle's view."""
    for name in CALLERS:
        viewer = viewer_of(asking.data, name)
        yield "user", encode_id("User", viewer.id), name, viewer
    for company in PARTNER_COMPANIES:
        for scopes in (SCOPES, SOME_SCOPES):
            token = Token(company, tuple(scopes))
            issued = asking.ask(token, "{ viewer { role } }")
            assert issued["data"] == {"viewer": {"role": "PARTNER"}}
            newest = asking.data_for("admin", "{ partnerTokens(first: 1) { nodes { id } } }")
            yield "token", newest["partnerTokens"]["nodes"][0]["id"], token, asking.caller(token)


def _given(asking: Asking, who: str | Token, type_name: str, ids: list[int]) -> dict[int, bool]:
    """Whether somebody really gets a row by `node`, for each id."""
    asked = " ".join(f'n{key}: node(id: "{encode_id(type_name, key)}") {{ id }}' for key in ids)
    data = asking.ask(who, f"{{ {asked} }}")["data"]
    return {key: data[f"n{key}"] is not None for key in ids}


def _listed(asking: Asking, who: str | Token, type_name: str, ids: list[int]) -> set[int]:
    """Which of the ids a subject finds in the root list, if its type has one and it has the type."""
    asked = f"{ROOT_OF_TYPE[type_name]}(where: {{databaseId: {{in: {ids}}}}}, first: 500)"
    answer = asking.ask(who, f"{{ found: {asked} {{ nodes {{ databaseId }} }} }}")
    return {node["databaseId"] for node in answer["data"]["found"]["nodes"]} if "data" in answer else set()


def test_verdict_is_what_the_subject_gets_and_what_the_oracle_says(every_gateway: RunningGateway) -> None:
    asking = Asking(every_gateway, data_of(every_gateway))
    random = Random(5)
    checked = visible = 0
    for kind, text, who, caller in _subjects(asking):
        for type_name in SINGLE_OF_TYPE:
            rows = {row[primary_key(type_name)]: row for row in _some(asking.data, type_name, caller, random)}
            asked = " ".join(f"e{key}: {VERDICTS % (type_name, key, kind, text)}" for key in rows)
            told = asking.data_for("admin", f"{{ {asked} }}")
            really = _given(asking, who, type_name, list(rows))
            listed = _listed(asking, who, type_name, list(rows)) if type_name in ROOT_OF_TYPE else None
            for key, row in rows.items():
                place, explained = (who, type_name, key), told[f"e{key}"]
                shown = caller.visible(type_name, row, deleted=True) and not caller.lacks_type(type_name)
                assert (explained["visible"], explained["exists"]) == (shown, True), place
                assert bool(explained["through"]) == (explained["rule"] is not None) == shown, place
                assert any(ground["holds"] for ground in explained["grounds"]) or not shown, place
                if type_name != "Lead" or row["is_deleted"] != 1:
                    assert really[key] == shown, place
                    assert listed is None or (key in listed) == shown, place
                checked += 1
                visible += shown
    assert checked > 400
    assert checked / 4 < visible < checked * 3 / 4


def test_columns_are_what_the_subject_really_reads(gateway: RunningGateway) -> None:
    asking = Asking(gateway, data_of(gateway))
    random = Random(7)
    checked = masked = 0
    for kind, text, _, caller in _subjects(asking):
        ids = [row["id"] for row in _some(asking.data, "User", caller, random)]
        asked = " ".join(f"e{key}: {VERDICTS % ('User', key, kind, text)}" for key in ids)
        told = asking.data_for("admin", f"{{ {asked} }}")
        for key in ids:
            row = asking.data.one("User", key)
            assert row is not None
            found = {column["field"]: column["access"] for column in told[f"e{key}"]["columns"]}
            lacking = caller.lacks_type("User")
            hidden = caller.is_masked("User", row, "email")
            assert found["email"] == ("ABSENT" if lacking else "MASKED" if hidden else "READABLE")
            assert found["username"] == ("ABSENT" if lacking else "READABLE")
            checked += 1
            masked += hidden
        for key in [row["id"] for row in random.sample(asking.data.rows("Lead"), 2)]:
            told = asking.data_for("admin", f"{{ e: {VERDICTS % ('Lead', key, kind, text)} }}")
            found = {column["field"]: column["access"] for column in told["e"]["columns"]}
            for field, column in (
                ("clientEmailId", "client_email_id"),
                ("tentativeValue", "tentative_value"),
            ):
                assert (found[field] == "ABSENT") == caller.lacks("Lead", column)
    assert checked > 20
    assert masked > 5


# --- through which rows -------------------------------------------------------------------------------------


def _steps(through: list[Mapping[str, Any]]) -> list[tuple[str, int]]:
    return [(step["type"], step["databaseId"]) for step in through]


def _give(explaining: Explaining, lead_id: int, warrior_id: int, **more: Any) -> None:
    """Makes a lead the warrior's, shared with nobody unless said."""
    values = {"warrior_id": str(warrior_id), "shared_salesperson_id": None, **more}
    explaining.change(update(leads).where(leads.c.id == lead_id).values(**values))


@pytest.fixture
def kept_lead(explaining: Explaining) -> Iterator[int]:
    """A lead that a test may change; it is put back."""
    with explaining.engine.begin() as connection:
        row = connection.execute(select(leads).where(leads.c.is_deleted != 1).limit(1)).mappings().one()
    yield int(row["id"])
    explaining.change(update(leads).where(leads.c.id == row["id"]).values(**dict(row)))


def _team(explaining: Explaining) -> tuple[int, int, int, int]:
    """Ids of `manager`: user, salesperson, a salesperson below them, and a warrior of that one."""
    boss = explaining.value(select(user.c.id).where(user.c.username == "manager"))
    own = explaining.value(select(salesperson.c.id).where(salesperson.c.user_id == boss))
    active = warrior.c.active.is_(True)
    of_below = (
        select(salesperson.c.id)
        .join(warrior, warrior.c.salesperson_id == salesperson.c.id)
        .where(salesperson.c.manager_id == own, salesperson.c.active.is_(True), active)
    )
    below = explaining.value(of_below.order_by(salesperson.c.id))
    theirs = select(warrior.c.id).where(warrior.c.salesperson_id == below, active).order_by(warrior.c.id)
    return boss, own, below, explaining.value(theirs)


def test_lead_of_a_warrior_below_is_led_up_the_team(explaining: Explaining, kept_lead: int) -> None:
    boss, own, below, theirs = _team(explaining)
    _give(explaining, kept_lead, theirs)

    told = explaining.for_user("Lead", kept_lead, "manager")

    assert told["rule"] == "ITS_WARRIOR"
    assert [(step["type"], step["databaseId"], step["says"]) for step in told["through"]] == [
        ("Lead", kept_lead, "Its warrior is in the caller's team."),
        ("Warrior", theirs, f"Its warrior {theirs}."),
        ("Salesperson", below, f"Whom warrior {theirs} reports to."),
        ("Salesperson", own, f"The manager of salesperson {below}."),
        ("User", boss, f"The caller, who is salesperson {own}."),
    ]
    assert {ground["rule"]: ground["whyNot"] for ground in told["grounds"]} == {
        "ITS_WARRIOR": None,
        "SHARED": "It is shared with nobody.",
    }


def test_sharing_names_the_listed_salesperson_and_the_team(explaining: Explaining, kept_lead: int) -> None:
    boss, own, below, _ = _team(explaining)
    _give(explaining, kept_lead, 987_654, shared_salesperson_id=f"x, {below} ,999999")

    told = explaining.for_user("Lead", kept_lead, "manager")

    assert told["rule"] == "SHARED"
    assert _steps(told["through"]) == [
        ("Lead", kept_lead),
        ("Salesperson", below),
        ("Salesperson", own),
        ("User", boss),
    ]
    assert told["through"][1]["says"] == f"It is shared with salesperson {below}."
    assert told["grounds"][0]["whyNot"] == "Its warrior 987654, and there is no warrior 987654."


def test_rows_that_follow_are_explained_by_what_they_follow(explaining: Explaining, kept_lead: int) -> None:
    boss, own, below, theirs = _team(explaining)
    _give(explaining, kept_lead, theirs)
    with explaining.engine.begin() as connection:
        kept = connection.execute(select(tickets).order_by(tickets.c.id).limit(1)).mappings().one()
    alone = {"lead_id": kept_lead, "assigned_to": None, "created_by": 1}
    explaining.change(update(tickets).where(tickets.c.id == kept["id"]).values(**alone))
    try:
        told = explaining.for_user("Ticket", kept["id"], "manager")
    finally:
        explaining.change(update(tickets).where(tickets.c.id == kept["id"]).values(**dict(kept)))

    assert told["rule"] == "ITS_LEAD"
    assert _steps(told["through"]) == [
        ("Ticket", kept["id"]),
        ("Lead", kept_lead),
        ("Warrior", theirs),
        ("Salesperson", below),
        ("Salesperson", own),
        ("User", boss),
    ]


def test_company_is_explained_by_one_row_of_it(explaining: Explaining) -> None:
    first = explaining.gateway.data("{ companies(first: 1) { nodes { databaseId } } }", as_user="manager")
    company_id = first["companies"]["nodes"][0]["databaseId"]

    told = explaining.for_user("Company", company_id, "manager")

    types = [step["type"] for step in told["through"]]
    assert types[0] == "Company"
    assert types.count("Lead") + types.count("Ticket") >= 1
    assert len(types) == len(set(_steps(told["through"])))
    assert types[-1] == "User"


def test_client_sees_a_lead_through_their_account_and_users_through_its_warrior(
    explaining: Explaining,
) -> None:
    gateway = explaining.gateway
    lead_id = gateway.data("{ leads(first: 1) { nodes { databaseId } } }", as_user="client")
    told = explaining.for_user("Lead", lead_id["leads"]["nodes"][0]["databaseId"], "client")
    assert [step["type"] for step in told["through"]] == ["Lead", "Company", "ClientUser", "User"]

    people = gateway.data("{ users(first: 5) { nodes { databaseId username } } }", as_user="client")
    other = next(row for row in people["users"]["nodes"] if row["username"] != "client")
    told = explaining.for_user("User", other["databaseId"], "client")
    types = [step["type"] for step in told["through"]]
    assert told["rule"] in {"WARRIOR_OF_LEAD", "SALESPERSON_OF_LEAD"}
    assert types[-4:] == ["Lead", "Company", "ClientUser", "User"]


def test_partner_sees_a_lead_through_its_warrior_company_and_token(
    explaining: Explaining, partner: Partner
) -> None:
    issued = partner.issue(scopes=["leads:read"])
    warrior_id = explaining.value(select(warrior.c.id).where(warrior.c.active.is_(True)).limit(1))
    with explaining.engine.begin() as connection:
        kept = connection.execute(select(warrior).where(warrior.c.id == warrior_id)).mappings().one()
    named = leads.c.warrior_id == str(warrior_id)
    fit = (named, leads.c.is_deleted == 0, leads.c.company_id > 0)
    lead_id = explaining.value(select(leads.c.id).where(*fit).limit(1))
    company_id = explaining.value(select(leads.c.company_id).where(leads.c.id == lead_id))

    def explained(visibility: str) -> dict[str, Any]:
        changed = {"partner_company_id": partner.company_id, "data_visibility": visibility}
        explaining.change(update(warrior).where(warrior.c.id == warrior_id).values(**changed))
        return explaining.explain("Lead", lead_id, token=issued["id"])

    try:
        everything, by_company, another = explained("All"), explained(str(company_id)), explained("987654")
    finally:
        explaining.change(update(warrior).where(warrior.c.id == warrior_id).values(**dict(kept)))

    chain = [
        ("Lead", lead_id),
        ("Warrior", warrior_id),
        ("PartnerCompany", partner.company_id),
        ("PartnerToken", partner.row(issued).id),
    ]
    assert (everything["rule"], _steps(everything["through"])) == ("ITS_WARRIOR", chain)
    assert (by_company["rule"], _steps(by_company["through"])) == ("ITS_WARRIOR_AND_COMPANY", chain)
    assert (another["visible"], another["through"]) == (False, [])
    why_not = {ground["rule"]: ground["whyNot"] for ground in another["grounds"]}
    assert why_not["ITS_WARRIOR_AND_COMPANY"] == (
        f"Its warrior {warrior_id} would be the caller's, but this must hold: its warrior works for the partner, who "
        "sees what is of its company."
    )


# --- why not ------------------------------------------------------------------------------------------------


def test_row_of_another_says_whose_it_is(explaining: Explaining, kept_lead: int) -> None:
    _, own, below, _ = _team(explaining)
    stranger = explaining.value(
        select(warrior.c.id).where(warrior.c.active.is_(True), warrior.c.salesperson_id.not_in([own, below]))
    )
    _give(explaining, kept_lead, stranger)
    boss = explaining.value(select(warrior.c.salesperson_id).where(warrior.c.id == stranger))

    told = explaining.for_user("Lead", kept_lead, "salesperson")

    assert (told["visible"], told["exists"], told["says"]) == (False, True, "Not visible: no ground holds.")
    assert (told["rule"], told["through"], told["obstacles"]) == (None, [], [])
    assert {ground["rule"]: ground["whyNot"] for ground in told["grounds"]} == {
        "ITS_WARRIOR": f"Its warrior {stranger} reports to salesperson {boss} and isn't the caller's.",
        "SHARED": "It is shared with nobody.",
    }


def test_inactive_warrior_grants_nothing(explaining: Explaining, kept_lead: int) -> None:
    *_, theirs = _team(explaining)
    _give(explaining, kept_lead, theirs)
    assert explaining.for_user("Lead", kept_lead, "manager")["visible"] is True
    explaining.change(update(warrior).where(warrior.c.id == theirs).values(active=False))
    try:
        told = explaining.for_user("Lead", kept_lead, "manager")
    finally:
        explaining.change(update(warrior).where(warrior.c.id == theirs).values(active=True))

    assert told["visible"] is False
    assert told["grounds"][0]["whyNot"] == f"Its warrior {theirs} is inactive, which grants nothing."


def test_deleted_lead_is_admins_when_asked_for(explaining: Explaining, kept_lead: int) -> None:
    *_, theirs = _team(explaining)
    _give(explaining, kept_lead, theirs, is_deleted=1)

    told = explaining.for_user("Lead", kept_lead, "manager")
    by_admin = explaining.for_user("Lead", kept_lead, "admin")

    assert told["visible"] is False
    assert told["obstacles"] == ["It is deleted: only ADMIN sees it, and only when asking for it."]
    assert told["grounds"][0]["holds"] is True
    assert (by_admin["visible"], by_admin["says"]) == (
        True,
        "Visible, where it is asked for: it is deleted.",
    )


def test_row_that_is_not_there(explaining: Explaining) -> None:
    told = explaining.for_user("Lead", 987_654_321, "manager")
    assert (told["visible"], told["exists"], told["grounds"]) == (False, False, [])
    assert told["says"] == "Not visible: there is no Lead 987654321."
    for key in (0, -1, -(2**31)):
        assert explaining.for_user("Lead", key, "manager")["exists"] is False


def test_missing_scope_is_named_for_type_and_column(explaining: Explaining, partner: Partner) -> None:
    issued = partner.issue(scopes=["leads:read"])

    ticket = explaining.explain("Ticket", 1, token=issued["id"])
    lead = explaining.explain("Lead", 1, token=issued["id"])

    said = "The type Ticket isn't in the caller's schema: it needs the scope tickets:read, which the token hasn't."
    assert (ticket["visible"], ticket["obstacles"]) == (False, [said])
    assert {(column["access"], column["why"]) for column in ticket["columns"]} == {("ABSENT", said)}
    columns = {column["field"]: (column["access"], column["why"]) for column in lead["columns"]}
    assert columns["clientEmailId"] == ("ABSENT", "It needs the scope leads:contact, which the token hasn't.")
    assert columns["tentativeValue"] == ("ABSENT", "It needs the scope leads:value, which the token hasn't.")
    assert columns["firmName"] == ("READABLE", None)


def test_role_denials_are_told_by_name(explaining: Explaining) -> None:
    role_id = explaining.value(select(role.c.id).where(role.c.role_name == "WARRIOR"))
    kept = explaining.value(select(role.c.permissions).where(role.c.id == role_id))
    denied = {"deny": ["Lead.tentativeValue"]}
    explaining.change(update(role).where(role.c.id == role_id).values(permissions=denied))
    try:
        told = explaining.for_user("Lead", 1, "warrior")
    finally:
        explaining.change(update(role).where(role.c.id == role_id).values(permissions=kept))

    columns = {column["field"]: (column["access"], column["why"]) for column in told["columns"]}
    assert columns["tentativeValue"] == ("ABSENT", "`role.permissions` deny Lead.tentativeValue by name.")
    assert columns["probability"] == ("READABLE", None)


def test_role_and_mask_are_told_for_columns(explaining: Explaining) -> None:
    columns = {
        column["field"]: (column["access"], column["why"])
        for column in explaining.for_user("Lead", 1, "client")["columns"]
    }
    assert columns["clientEmailId"] == ("ABSENT", "It is not for USER.")
    stranger = explaining.value(select(user.c.id).where(user.c.username == "admin"))
    masked = explaining.for_user("User", stranger, "warrior")
    columns = {column["field"]: (column["access"], column["why"]) for column in masked["columns"]}
    assert masked["visible"] is True
    assert columns["email"] == ("MASKED", "Only oneself, those above, and ADMIN read it; else it is null.")
    assert columns["username"] == ("READABLE", None)


def test_secret_columns_are_never_named(explaining: Explaining) -> None:
    for type_name in ("User", "UserSession", "ClientUser", "Company", "PartnerToken", "DynamicDatabase"):
        told = explaining.for_user(type_name, 1, "admin")
        named = {column["field"] for column in told["columns"]}
        assert [name for name in named if any(word in name for word in SECRET_WORDS)] == [], type_name
        assert "token" not in named


# --- who can't be asked in as -------------------------------------------------------------------------------


def test_inactive_account_sees_nothing_and_says_why(explaining: Explaining) -> None:
    with account_in(explaining.gateway, "gone", role_name="ADMIN", active=False) as gone:
        told = explaining.explain("Lead", 1, user=encode_id("User", gone.id))
    assert (told["visible"], told["exists"]) == (False, True)
    assert told["obstacles"] == ["The user's account is inactive."]
    assert told["says"] == "Not visible: the user's account is inactive."


def test_token_that_ended_says_how(explaining: Explaining, partner: Partner) -> None:
    revoked, expired = partner.issue(), partner.issue()
    assert explaining.explain("Lead", 1, token=revoked["id"])["obstacles"] == []
    partner.revoke(revoked["id"])
    partner.change(expired, expires_at=partner.row(expired).created_on)
    assert explaining.explain("Lead", 1, token=revoked["id"])["obstacles"] == ["The token is revoked."]
    assert explaining.explain("Lead", 1, token=expired["id"])["obstacles"] == ["The token has expired."]
    other = partner.issue()
    partner.change_company(active=False)
    assert explaining.explain("Lead", 1, token=other["id"])["obstacles"] == [
        "The partner company of the token is inactive."
    ]


# --- input --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "type_name", ["Nonsense", "Viewer", "Query", "leads", "String", "", "SyncRun", "ErpInvoice"]
)
def test_type_that_has_no_rows_with_ids_is_refused(explaining: Explaining, type_name: str) -> None:
    variables = {"type": type_name, "id": 1, "as": {"user": explaining.user("admin")}}
    answer = ask(explaining.gateway, EXPLAIN, variables, token=explaining.gateway.login("admin"))
    assert code(answer) == "BAD_USER_INPUT"
    assert errors(answer)[0]["message"].startswith(("`type` is no type of rows", "Rows of "))


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ({}, "BAD_USER_INPUT"),
        ({"user": None}, "BAD_USER_INPUT"),
        ({"user": encode_id("User", 1), "token": encode_id("PartnerToken", 1)}, "BAD_USER_INPUT"),
        ({"user": encode_id("Lead", 1)}, "BAD_USER_INPUT"),
        ({"user": "nonsense"}, "BAD_USER_INPUT"),
        ({"token": encode_id("User", 1)}, "BAD_USER_INPUT"),
        ({"user": encode_id("User", 987_654_321)}, "NOT_FOUND"),
        ({"token": encode_id("PartnerToken", 987_654_321)}, "NOT_FOUND"),
    ],
)
def test_subject_is_exactly_one_who_exists(
    explaining: Explaining, subject: dict[str, Any], expected: str
) -> None:
    variables = {"type": "Lead", "id": 1, "as": subject}
    answer = ask(explaining.gateway, EXPLAIN, variables, token=explaining.gateway.login("admin"))
    assert code(answer) == expected


@pytest.mark.parametrize("name", ["manager", "salesperson", "warrior", "client"])
def test_only_admin_has_it(explaining: Explaining, name: str) -> None:
    variables = {"type": "Lead", "id": 1, "as": {"user": explaining.user(name)}}
    answer = explaining.gateway.query(EXPLAIN, variables, as_user=name)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    assert "data" not in answer
    sdl = explaining.gateway.client.get(
        "/schema.graphql", headers={"authorization": f"Bearer {explaining.gateway.login(name)}"}
    ).text
    assert "explainAccess" not in sdl
    assert "AccessSubject" not in sdl


def test_partner_does_not_have_it(explaining: Explaining, partner: Partner) -> None:
    token = partner.issue(scopes=list(SCOPES))["token"]
    variables = {"type": "Lead", "id": 1, "as": {"user": explaining.user("admin")}}
    answer = ask(explaining.gateway, EXPLAIN, variables, token=token)
    assert {error["extensions"]["code"] for error in errors(answer)} == {"GRAPHQL_VALIDATION_FAILED"}
