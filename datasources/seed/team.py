"""Generates the staff of `iperform`: roles, users, salespeople, warriors, partner companies.

Four disjoint teams of the same shape, each a tree four levels deep under a manager, and after them the rows
that no team should have: cycles, inactive people in the middle, lists with rubbish. Ids of users, salespeople
and warriors hardly ever agree for one person, so that confusing them shows.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from datasources.iperform import tables
from datasources.seed.chance import Chance
from datasources.seed.clients import CLIENT_COMPANY_ID, ClientAccount
from datasources.seed.identifiers import mobile_number
from datasources.seed.passwords import DEMO_HASHES, PHP_HASHES
from datasources.seed.people import person
from datasources.seed.rows import Chunk, Row
from datasources.seed.vocabulary import CITIES, TERRITORIES

ADMIN, USER, SALESPERSON, WARRIOR, MANAGER = 1, 2, 3, 4, 5

ALL_STATUSES = "New,Qualified,Demo,Proposal,Trial,Won,Lost"
BOTH_REPORTS = "salesperson_report,followup_activity_report"

# Accounts with fixed user ids; the rest of the staff follows.
ADMIN_USER, MANAGER_USER, SALESPERSON_USER, WARRIOR_USER, CLIENT_USER = 1, 2, 3, 4, 5
MANAGER2_USER, SALESPERSON2_USER, WARRIOR2_USER = 6, 7, 8
OLD_ADMIN_USER, LONE_MANAGER_USER = 9, 10
FIRST_STAFF_USER = 11

# A team's seats and whom each reports to, counted inside the team: manager, salespeople, two levels below.
TEAM_PARENTS = (None, 0, 0, 0, 1, 1, 2, 3, 4)
TEAM_SIZE = len(TEAM_PARENTS)
# The seat of each of a team's warriors.
WARRIOR_SEATS = (0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8)

DEMO_MANAGER_SALESPERSON_ID = 1
DEMO_SALESPERSON_ID = 2
SECOND_SALESPERSON_ID = 11
DEMO_WARRIOR_ID = 5
SECOND_WARRIOR_ID = 6
# Their ids contain the demo salesperson's 2, and they sit in other teams: no list may confuse them.
LOOKALIKE_SALESPERSON_IDS = (12, 22, 32)
SKIPPED_SALESPERSON_ID = 21  # inactive, with an active salesperson (25) and warriors below
CYCLE_TOP_ID = 28  # the East's manager reports to 36, four levels below


@dataclass(frozen=True, slots=True)
class Seat:
    """One `salesperson` row to be."""

    id: int
    user_id: int
    manager_id: int | None
    territory: str | None
    active: bool | None = True
    under: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """One `warrior` row to be."""

    id: int
    user_id: int
    salesperson_id: int | None
    active: bool | None = True
    partner_company_id: int | None = None
    data_visibility: str | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """A warrior whom leads belong to."""

    warrior_id: int
    user_id: int
    salesperson_id: int | None
    salesperson_user_id: int | None


@dataclass(frozen=True, slots=True)
class Team:
    """The staff's rows, and what leads and tickets need of them."""

    chunks: tuple[Chunk, ...]
    owners: tuple[Owner, ...]
    inactive_warrior_ids: tuple[int, ...]
    salesperson_ids: tuple[int, ...]
    staff_user_ids: tuple[int, ...]
    client_users: dict[int, tuple[int, ...]]
    users: tuple[Row, ...]


def build_team(seed: int, today: date, accounts: tuple[ClientAccount, ...]) -> Team:
    """The same team for every number of leads; `accounts` are the clients' users who may log in here."""
    chance = Chance(seed, "team")
    start = datetime(today.year - 4, 4, 1, 10)
    users = _Users(chance, start)
    seats = _seats(users)
    slots = _slots(users)
    client_users = _add_clients(users, accounts)
    users.rows.sort(key=lambda row: row["id"])
    user_of_seat = {seat.id: seat.user_id for seat in seats}
    return Team(
        chunks=(
            Chunk(tables.role, _roles(start)),
            Chunk(tables.user, users.rows),
            Chunk(tables.partner_company, _partners(chance, start)),
            Chunk(tables.salesperson, [_salesperson_row(chance, seat, start) for seat in seats]),
            Chunk(tables.warrior, [_warrior_row(slot, start) for slot in slots]),
        ),
        owners=tuple(
            Owner(slot.id, slot.user_id, slot.salesperson_id, user_of_seat.get(slot.salesperson_id or 0))
            for slot in slots
            if slot.active
        ),
        inactive_warrior_ids=tuple(slot.id for slot in slots if not slot.active),
        salesperson_ids=tuple(user_of_seat),
        staff_user_ids=tuple(row["id"] for row in users.rows if row["role_id"] != USER and row["active"]),
        client_users=client_users,
        users=tuple(users.rows),
    )


class _Users:
    """`user` rows; the fixed ones first, then whoever is added."""

    def __init__(self, chance: Chance, start: datetime) -> None:
        self.rows: list[Row] = []
        self._chance = chance
        self._start = start
        self._next_id = FIRST_STAFF_USER
        for user_id, username, role in (
            (ADMIN_USER, "admin", ADMIN),
            (MANAGER_USER, "manager", MANAGER),
            (SALESPERSON_USER, "salesperson", SALESPERSON),
            (WARRIOR_USER, "warrior", WARRIOR),
            (MANAGER2_USER, "manager2", MANAGER),
            (SALESPERSON2_USER, "salesperson2", SALESPERSON),
            (WARRIOR2_USER, "warrior2", WARRIOR),
            # A manager without a salesperson row, hence without a team.
            (LONE_MANAGER_USER, "lone.manager", MANAGER),
        ):
            self._append(user_id, username, f"{username}@iperform.example.in", role, active=True)
        self._append(OLD_ADMIN_USER, "old.admin", "old.admin@iperform.example.in", ADMIN, active=False)

    def add(self, role: int, *, active: bool | None = True) -> int:
        """Somebody new with this role; returns the user's id."""
        user_id = self._take_id()
        who = person(self._chance)
        # User names are typed as people type them, accents and capitals included.
        written = who.first if self._chance.happens(0.4) else who.latin_first
        username = f"{written}.{who.latin_last}{user_id}"
        self._append(user_id, username, who.address(user_id, "iperform.example.in"), role, active=active)
        return user_id

    def add_client(self, account: ClientAccount, user_id: int | None, username: str) -> int:
        """The account of somebody at a client company; returns the user's id."""
        taken = self._take_id() if user_id is None else user_id
        self._append(
            taken, username, account.email, USER, active=True, magenta_user_id=account.magenta_user_id
        )
        return taken

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _append(
        self,
        user_id: int,
        username: str,
        email: str,
        role: int,
        *,
        active: bool | None,
        magenta_user_id: int | None = None,
    ) -> None:
        hashes = DEMO_HASHES if user_id < FIRST_STAFF_USER or user_id % 3 else PHP_HASHES
        changed = self._chance.happens(0.3)
        joined = self._start + timedelta(days=self._chance.below(900))
        self.rows.append(
            {
                "id": user_id,
                "username": username,
                "email": email,
                "password": hashes[user_id % len(hashes)],
                "role_id": role,
                "user_id": magenta_user_id,
                "active": active,
                "created_on": None if user_id == FIRST_STAFF_USER + 7 else joined,
                "changed_on": joined + timedelta(days=40) if changed else None,
                "created_by": None if user_id == ADMIN_USER else ADMIN_USER,
                "changed_by": ADMIN_USER if changed else None,
            }
        )


def _seats(users: _Users) -> list[Seat]:
    fixed = {DEMO_MANAGER_SALESPERSON_ID: MANAGER_USER, DEMO_SALESPERSON_ID: SALESPERSON_USER}
    fixed |= {TEAM_SIZE + 1: MANAGER2_USER, SECOND_SALESPERSON_ID: SALESPERSON2_USER}
    # Warriors who are listed by hand; what isn't a whole id of an active warrior counts for nothing.
    under = {DEMO_SALESPERSON_ID: "81, 82,,x ,99999, 94", SECOND_SALESPERSON_ID: "5x,6", 20: "7,7, 07", 4: ""}
    seats = []
    for team, territory in enumerate(TERRITORIES):
        for place, parent in enumerate(TEAM_PARENTS):
            seat_id = team * TEAM_SIZE + place + 1
            manager = None if parent is None else team * TEAM_SIZE + parent + 1
            active = seat_id != SKIPPED_SALESPERSON_ID
            user_id = fixed.get(seat_id) or users.add(MANAGER if parent is None else SALESPERSON)
            manager = team * TEAM_SIZE + TEAM_SIZE if seat_id == CYCLE_TOP_ID else manager
            seats.append(Seat(seat_id, user_id, manager, territory, active, under.get(seat_id)))
    north_manager = seats[2 * TEAM_SIZE].user_id
    return [
        *seats,
        Seat(37, users.add(SALESPERSON), 38, "Loop"),
        Seat(38, users.add(SALESPERSON), 37, "loop "),
        Seat(39, users.add(SALESPERSON), 39, None),
        Seat(40, users.add(SALESPERSON), 9999, "Nagpur – नागपुर"),
        # The North's manager has a second row of their own, with one more salesperson below it.
        Seat(41, north_manager, None, "North-East"),
        Seat(42, users.add(SALESPERSON), 41, "North-East"),
        Seat(43, users.add(SALESPERSON, active=False), TEAM_SIZE + 1, "South"),
        Seat(44, users.add(SALESPERSON, active=None), TEAM_SIZE + 1, "South", None),
    ]


def _slots(users: _Users) -> list[Slot]:
    fixed = {DEMO_WARRIOR_ID: WARRIOR_USER, SECOND_WARRIOR_ID: WARRIOR2_USER}
    teams = len(TERRITORIES)
    slots = []
    for place, seat in enumerate(WARRIOR_SEATS):
        for team in range(teams):
            slot_id = place * teams + team + 1
            user_id = fixed.get(slot_id) or users.add(WARRIOR)
            slots.append(Slot(slot_id, user_id, team * TEAM_SIZE + seat + 1))
    twice = slots[8].user_id
    return [
        *slots,
        Slot(81, users.add(WARRIOR), None),  # only listed in a salesperson's under_salesperson
        Slot(82, users.add(WARRIOR), DEMO_SALESPERSON_ID, active=False),
        Slot(83, users.add(WARRIOR), SECOND_SALESPERSON_ID, True, 1, "All"),
        Slot(84, users.add(WARRIOR), 12, True, 1, str(CLIENT_COMPANY_ID)),
        Slot(85, users.add(WARRIOR), 13, True, 2, "All "),
        Slot(86, users.add(WARRIOR), SECOND_SALESPERSON_ID, True, 2, f" {CLIENT_COMPANY_ID}"),
        Slot(87, users.add(WARRIOR), 20, True, 3, "All"),
        Slot(88, users.add(WARRIOR), 14, True, 1, None),
        Slot(89, users.add(WARRIOR), SECOND_SALESPERSON_ID, False, 1, "All"),
        Slot(90, users.add(WARRIOR, active=False), 3),
        Slot(91, twice, 12),  # one user, two warrior rows in two teams
        Slot(92, users.add(WARRIOR), 777),
        Slot(93, users.add(WARRIOR), SKIPPED_SALESPERSON_ID),
        Slot(94, users.add(WARRIOR), DEMO_SALESPERSON_ID, None),
        Slot(95, users.add(WARRIOR), 15, True, 1, f"{CLIENT_COMPANY_ID}{CLIENT_COMPANY_ID}"),
        Slot(96, users.add(WARRIOR), 15, True, 4, "all"),
        Slot(97, users.add(WARRIOR), 37),
        Slot(98, users.add(WARRIOR), 38),
        Slot(99, users.add(WARRIOR), 39),
        Slot(100, users.add(WARRIOR), 41),
        Slot(101, users.add(WARRIOR), 42),
    ]


def _add_clients(users: _Users, accounts: tuple[ClientAccount, ...]) -> dict[int, tuple[int, ...]]:
    found: dict[int, tuple[int, ...]] = {}
    for account in accounts:
        demo = account.company_id == CLIENT_COMPANY_ID and CLIENT_COMPANY_ID not in found
        username = "client" if demo else f"{account.person.latin_first}.c{account.magenta_user_id}"
        user_id = users.add_client(account, CLIENT_USER if demo else None, username)
        found[account.company_id] = (*found.get(account.company_id, ()), user_id)
    return found


def _roles(start: datetime) -> list[Row]:
    roles: tuple[tuple[int, str, str | None, str | None], ...] = (
        (ADMIN, "ADMIN", BOTH_REPORTS, ALL_STATUSES),
        (USER, "USER", None, None),
        (SALESPERSON, "SALESPERSON", BOTH_REPORTS, ALL_STATUSES),
        (WARRIOR, "WARRIOR", "followup_activity_report", "New,Qualified,Demo,Proposal,Trial,Lost"),
        (MANAGER, "MANAGER", BOTH_REPORTS, ALL_STATUSES),
    )
    return [
        {
            "id": role_id,
            "role_name": name,
            "permissions": {"deny": []},
            "view_list": views,
            "allowed_status_list": statuses,
            "created_on": start,
        }
        for role_id, name, views, statuses in roles
    ]


def _salesperson_row(chance: Chance, seat: Seat, start: datetime) -> Row:
    lakhs = chance.between(5, 90)
    return {
        "id": seat.id,
        "user_id": seat.user_id,
        "manager_id": seat.manager_id,
        "under_salesperson": seat.under,
        "territory": seat.territory,
        "target_value": None if seat.id == 39 else Decimal(f"{lakhs}00000.{chance.between(0, 99):02d}"),
        "active": seat.active,
        "created_on": None if seat.id == 40 else start + timedelta(days=seat.id),
    }


def _warrior_row(slot: Slot, start: datetime) -> Row:
    return {
        "id": slot.id,
        "user_id": slot.user_id,
        "salesperson_id": slot.salesperson_id,
        "partner_company_id": slot.partner_company_id,
        "data_visibility": slot.data_visibility,
        "active": slot.active,
        "created_on": None if slot.id == 99 else start + timedelta(days=slot.id),
    }


def _partners(chance: Chance, start: datetime) -> list[Row]:
    partners = (
        (1, "Tally Guru Services", True),
        (2, "दक्षिण डिजिटल", True),
        (3, "Old Partner & Co", False),
        (4, "Café Solutions ", True),
        (5, 'Partner "Five" LLP', None),
        (6, "ERP Dost", True),
    )
    return [
        {
            "id": partner_id,
            "company_id": 1 if partner_id < 6 else 990001,
            "partner_name": name,
            "contact_person": None if partner_id == 5 else person(chance).first,
            "email": None if partner_id == 5 else f"hello@partner{partner_id}.example.in",
            "phone": None if partner_id == 5 else mobile_number(chance)[:20],
            "address": None if partner_id == 5 else f'{partner_id}, M.G. Road\nOpp. "City Mall"',
            "city": None if partner_id == 5 else chance.pick(CITIES).name,
            "active": active,
            "created_on": None if partner_id == 5 else start + timedelta(days=partner_id),
        }
        for partner_id, name, active in partners
    ]
