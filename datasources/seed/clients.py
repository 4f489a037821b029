"""Generates the `magenta` database: companies, their users, plans, databases, templates and settings."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from datasources.analytics.tables import erp_schema_name
from datasources.magenta import tables
from datasources.seed.chance import Chance, moment_of
from datasources.seed.identifiers import gst_number, mobile_number, pan_number
from datasources.seed.people import Person, firm_name, person
from datasources.seed.rows import Chunk, Row
from datasources.seed.vocabulary import CITIES, INDUSTRIES, City

OWN_COMPANY_ID = 1
CLIENT_COMPANY_ID = 3
# Referred to by leads, absent from `company`: a deleted one, and one that never was.
MISSING_COMPANY_IDS = (7, 990001)
ERP_COMPANY_IDS = (1, 2, 3, 5, 8)
# Names a schema of its own that ClickHouse doesn't have.
LOST_SCHEMA_COMPANY_ID = 10

MONTHLY_DAYS = 30
HISTORY_DAYS = 1100


@dataclass(frozen=True, slots=True)
class Company:
    """What the other parts of the estate know of a company."""

    id: int
    name: str
    city: City
    synced: bool


@dataclass(frozen=True, slots=True)
class ClientAccount:
    """A client's user who also has an account in iPerform."""

    magenta_user_id: int
    company_id: int
    person: Person
    email: str


@dataclass(frozen=True, slots=True)
class Clients:
    """The rows of `magenta`, and what leads, tickets and users need of them."""

    chunks: tuple[Chunk, ...]
    companies: tuple[Company, ...]
    accounts: tuple[ClientAccount, ...]
    plan_ids: tuple[int, ...]


def company_count(leads: int) -> int:
    """One company for 20 leads, within reason."""
    return max(12, min(leads // 20, 3000))


def build_clients(seed: int, leads: int, today: date) -> Clients:
    """The whole client database; its size follows from the number of leads."""
    chance = Chance(seed, "clients")
    count = company_count(leads)
    ids = [company_id for company_id in range(1, count + 1) if company_id not in MISSING_COMPANY_IDS]
    companies: list[Company] = []
    company_rows: list[Row] = []
    users = _Users(chance, today)
    for company_id in ids:
        created = moment_of(company_id, count + 1, today - timedelta(days=HISTORY_DAYS), HISTORY_DAYS)
        city = chance.pick(CITIES)
        row = _company_row(chance, company_id, city, created)
        company_rows.append(row)
        companies.append(
            Company(company_id, row["company_name"], city, row["extractor_settings_token"] is not None)
        )
        users.add_company(company_id, created)
    return Clients(
        chunks=(
            Chunk(tables.pricing_plan, _plans(today)),
            Chunk(tables.company, company_rows),
            Chunk(tables.user, users.rows),
            Chunk(tables.user_info, users.info_rows),
            Chunk(tables.dynamic_db, _databases(chance, companies, today)),
            Chunk(tables.email_template, _templates(chance, ids, today)),
            Chunk(tables.view_setting, _view_settings(chance, users.rows, today)),
            Chunk(tables.user_setting, _user_settings(chance, users.rows)),
            Chunk(tables.company_setting, _company_settings(chance, ids)),
        ),
        companies=tuple(companies),
        accounts=tuple(users.accounts),
        plan_ids=tuple(row["id"] for row in _plans(today)),
    )


def _company_row(chance: Chance, company_id: int, city: City, created: datetime) -> Row:
    name = firm_name(chance)
    pan = pan_number(chance)
    client = company_id in (OWN_COMPANY_ID, CLIENT_COMPANY_ID)
    name = {OWN_COMPANY_ID: "iPerform Solutions Pvt Ltd", CLIENT_COMPANY_ID: "Śrī Krishna Textiles"}.get(
        company_id, name
    )
    synced = company_id in ERP_COMPANY_IDS or (not client and chance.happens(0.3))
    return {
        "id": company_id,
        "company_name": name,
        "gst_number": None if chance.happens(0.1) else gst_number(city.gst_state, pan),
        "pan_number": None if chance.happens(0.1) else pan,
        "website": chance.pick_or_none((f"www.company{company_id}.example.in", "n/a", "http://"), 0.3),
        "industry": chance.pick_or_none(INDUSTRIES, 0.06),
        "city": chance.pick_or_none((city.name, city.name, city.name.upper(), f"{city.name} "), 0.04),
        "state": chance.pick_or_none((city.state,), 0.05),
        "country": chance.pick_or_none(("India", "India", "INDIA"), 0.05),
        "phone": None if chance.happens(0.1) else mobile_number(chance),
        "email": chance.pick_or_none((f"accounts@company{company_id}.example.in", "accounts@", ""), 0.1),
        "extractor_settings_token": chance.letters("0123456789abcdef", 40) if synced else None,
        "db_schema_name": erp_schema_name(company_id)
        if company_id in (*ERP_COMPANY_IDS, LOST_SCHEMA_COMPANY_ID)
        else None,
        "active": True if client else chance.pick((True, True, True, True, True, True, False, None)),
        "created_on": None if not client and chance.happens(0.02) else created,
    }


class _Users:
    """Client users, company by company; ids run on."""

    def __init__(self, chance: Chance, today: date) -> None:
        self.rows: list[Row] = []
        self.info_rows: list[Row] = []
        self.accounts: list[ClientAccount] = []
        self._chance = chance
        self._today = today

    def add_company(self, company_id: int, created: datetime) -> None:
        wanted = 4 if company_id == CLIENT_COMPANY_ID else self._chance.below(4)
        for place in range(wanted):
            self._add(company_id, created, place)

    def _add(self, company_id: int, created: datetime, place: int) -> None:
        chance, user_id = self._chance, len(self.rows) + 1
        who = person(chance)
        demo_client = company_id == CLIENT_COMPANY_ID and place == 0
        email = who.address(user_id, "client.example.in")
        active = demo_client or chance.pick((True, True, True, True, False, None))
        self.rows.append(
            {
                "id": user_id,
                "username": f"{who.latin_first}.{who.latin_last}{user_id}",
                "email": email,
                "company_id": company_id,
                "role_id": chance.pick_or_none((1, 2, 3), 0.3),
                "is_iperform_user": chance.pick_or_none((company_id == OWN_COMPANY_ID,), 0.2),
                "active": active,
                "validity": chance.pick_or_none(("full", "full", "limited"), 0.1),
                "forgot_password_token": chance.letters("0123456789abcdef", 32)
                if chance.happens(0.05)
                else None,
                "created_by": chance.pick_or_none((1, 2, 3), 0.3),
                "created_on": None if chance.happens(0.02) else created + timedelta(days=place),
            }
        )
        if demo_client or chance.happens(0.85):
            self.info_rows.append(self._info(user_id, who, created))
        # Some accounts are of inactive client users: those grant nothing.
        if demo_client or (company_id != OWN_COMPANY_ID and len(self.accounts) < 60 and chance.happens(0.4)):
            self.accounts.append(ClientAccount(user_id, company_id, who, email))

    def _info(self, user_id: int, who: Person, created: datetime) -> Row:
        chance = self._chance
        birthday = self._today - timedelta(days=chance.between(8000, 22000))
        return {
            "id": len(self.info_rows) + 1,
            "user_id": user_id,
            "first_name": None if chance.happens(0.03) else who.first,
            "last_name": None if chance.happens(0.05) else who.last,
            "mobile_1": None if chance.happens(0.05) else mobile_number(chance),
            "mobile_2": mobile_number(chance) if chance.happens(0.2) else None,
            "user_birthdate": birthday if chance.happens(0.5) else None,
            "user_anniversary_date": birthday + timedelta(days=9500) if chance.happens(0.2) else None,
            "created_on": None if chance.happens(0.02) else created,
        }


def _plans(today: date) -> list[Row]:
    created = datetime(today.year - 3, 4, 1, 10)
    plans: tuple[tuple[str, int | None, str | None, int | None, Any, bool | None], ...] = (
        ("Trial", 15, "0.00", 2, {"reports": 5, "whatsapp": False}, True),
        ("Starter", 365, "11999.00", 3, {"reports": 20, "whatsapp": False}, True),
        ("Business", 365, "24999.50", 10, {"reports": 60, "whatsapp": True, "branches": 5}, True),
        ("Enterprise", 365, "89999.99", 50, {"reports": "all", "whatsapp": True, "sso": True}, True),
        ("Business (2022)", 365, "19999.00", 10, ["legacy", "₹"], False),
        ("Custom – हिंदी", None, None, None, None, None),
    )
    return [
        {
            "id": place,
            "plan_name": name,
            "plan_duration": days,
            "plan_price": None if price is None else Decimal(price),
            "no_of_users": users,
            "features": features,
            "active": active,
            "created_on": None if active is None else created,
        }
        for place, (name, days, price, users, features, active) in enumerate(plans, 1)
    ]


def _databases(chance: Chance, companies: list[Company], today: date) -> list[Row]:
    return [
        {
            "id": place,
            "company_id": company.id,
            "db_type": chance.pick_or_none(("clickhouse", "clickhouse", "mysql", "postgresql"), 0.05),
            "db_host": chance.pick_or_none((f"ch{1 + company.id % 4}.internal.example.in",), 0.05),
            "db_port": chance.pick_or_none((9000, 8123, 3306), 0.05),
            "db_user": chance.pick_or_none((f"u_{company.id}",), 0.05),
            "db_password": chance.pick_or_none((f"enc:{chance.letters('0123456789abcdef', 48)}",), 0.05),
            "db_schema_name": chance.pick_or_none((erp_schema_name(company.id),), 0.05),
            "db_name": chance.pick_or_none((erp_schema_name(company.id),), 0.05),
            "clickhouse_type": chance.pick_or_none((1, 2), 0.3),
            "created_on": None
            if place == 4
            else chance.during(today - timedelta(days=chance.between(20, 900))),
        }
        for place, company in enumerate((company for company in companies if company.synced), 1)
    ]


def _templates(chance: Chance, company_ids: list[int], today: date) -> list[Row]:
    body = "<html><body><h1>{{title}}</h1><p>Dear {{name}}, नमस्ते 🙏</p></body></html>"
    return [
        {
            "id": place,
            "company_id": None if place <= 3 else chance.pick(company_ids),
            "template_name": chance.pick_or_none(("Reminder", "Invoice", "Festival", "फॉलो-अप"), 0.1),
            "template_subject": chance.pick_or_none(
                ("Reminder: {{title}}", 'Invoice "{{no}}"', "शुभ दीपावली"), 0.1
            ),
            # One is far longer than a TEXT column could hold.
            "template_body": None if place == 5 else body * (2000 if place == 6 else 1),
            "created_by": chance.pick_or_none((1, 2, 3), 0.2),
            "created_on": None
            if place == 7
            else chance.during(today - timedelta(days=chance.between(5, 800))),
        }
        for place in range(1, 31)
    ]


def _view_settings(chance: Chance, users: list[Row], today: date) -> list[Row]:
    settings: tuple[dict[str, Any], ...] = (
        {"dashboard": ["sales", "outstanding"], "columns": {"ledger": ["name", "balance"]}},
        {"saved_view": {"name": "my_won_leads", "base": "salesperson_report", "filter": {"won": {"gte": 1}}}},
        {"theme": "dark", "labels": {"hi": "बिक्री"}},
        {},
    )
    return [
        {
            "id": place,
            "user_id": user["id"],
            "setting": None if place == 3 else settings[place % len(settings)],
            "updated_on": None
            if place == 5
            else chance.during(today - timedelta(days=chance.between(1, 300))),
        }
        for place, user in enumerate(users[::2], 1)
    ]


def _user_settings(chance: Chance, users: list[Row]) -> list[Row]:
    languages = ("en", "hi", "ta", "gu", "bn")
    return [
        {
            "id": place,
            "user_id": user["id"],
            "app_setting": None
            if place == 4
            else {"language": chance.pick(languages), "timezone": "Asia/Kolkata", "emoji": "🙂"},
        }
        for place, user in enumerate(users, 1)
    ]


def _company_settings(chance: Chance, company_ids: list[int]) -> list[Row]:
    return [
        {
            "id": place,
            "company_id": company_id,
            "user_id": chance.pick_or_none((1, 2, 3), 0.5),
            "setting": None
            if place == 2
            else {"fiscal_year_start": "04-01", "currency": "INR", "branches": place % 9},
        }
        for place, company_id in enumerate(company_ids, 1)
    ]
