"""The generated estate: the same everywhere, believable, in agreement with itself, and with all its dirt."""

import os
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import bcrypt
import pytest
from sqlalchemy import MetaData, Table

from datasources.analytics import tables as analytics
from datasources.iperform import tables as iperform
from datasources.magenta import tables as magenta
from datasources.seed import generate
from datasources.seed.clients import CLIENT_COMPANY_ID
from datasources.seed.identifiers import gst_check_character
from datasources.seed.mirror import mirrored_until
from datasources.seed.rows import Row
from datasources.seed.vocabulary import CITIES

LEADS, SEED, TODAY = 5_000, 1, date(2026, 11, 20)
MIDNIGHT = datetime.combine(TODAY, time.min)
PROCESS = ("New", "Qualified", "Demo", "Proposal", "Trial", "Won", "Lost")
# What the demo and the expected answers of other tests are made of: it changes on purpose only.
DIGEST = "6fa8aa3addbbabea9e4296a3b6f5fa27db1fef5afef17a83b960c67d80cbe7ab"

ROLES_ROW = {"ADMIN": 1, "USER": 2, "SALESPERSON": 3, "WARRIOR": 4, "MANAGER": 5}


@dataclass
class Rows:
    """All rows of the demo's estate, by the full name of the table; those of magenta by `magenta.<table>`."""

    by_table: dict[str, list[Row]]

    def __getitem__(self, name: str) -> list[Row]:
        return self.by_table[name]

    def by_id(self, name: str) -> dict[int, Row]:
        return {row["id"]: row for row in self.by_table[name]}

    def by(self, name: str, column: str) -> dict[Any, list[Row]]:
        found: dict[Any, list[Row]] = defaultdict(list)
        for row in self.by_table[name]:
            found[row[column]].append(row)
        return found


@pytest.fixture(scope="module")
def rows() -> Rows:
    found: dict[str, list[Row]] = defaultdict(list)
    for chunk in generate(LEADS, SEED, TODAY).chunks():
        prefix = "magenta." if chunk.source == "magenta" else ""
        found[prefix + chunk.table.fullname].extend(chunk.rows)
    return Rows(found)


def test_the_same_in_any_process_and_as_it_always_was() -> None:
    def run(hash_seed: str, zone: str, *arguments: str) -> str:
        command = [sys.executable, "-m", "tests.datasources.seed_digest", *arguments]
        environment = os.environ | {"PYTHONHASHSEED": hash_seed, "TZ": zone}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    here = run("1", "UTC", "300", "1", "2026-11-20")
    assert here == run("2", "America/New_York", "300", "1", "2026-11-20") == DIGEST
    assert run("1", "UTC", "300", "2", "2026-11-20") != DIGEST
    assert run("1", "UTC", "300", "1", "2026-11-21") != DIGEST


@pytest.mark.parametrize("leads", [1, 12, 40])
def test_small_estates_are_whole(leads: int) -> None:
    estate = generate(leads, SEED, TODAY)

    assert sum(1 for _ in estate.rows(iperform.leads)) == leads
    assert {chunk.source for chunk in estate.chunks()} == {"iperform", "magenta", "analytics"}
    with pytest.raises(ValueError, match="at least one lead"):
        generate(0, SEED, TODAY)


def test_rows_have_exactly_their_tables_columns_and_keys_are_unique(rows: Rows) -> None:
    for prefix, metadata in (
        ("", iperform.metadata),
        ("magenta.", magenta.metadata),
        ("", analytics.metadata),
    ):
        for table in of_the_estate(metadata):
            names = set(table.columns.keys())
            assert all(row.keys() == names for row in rows[prefix + table.fullname]), table.fullname
            keys = [
                tuple(row[column.name] for column in table.primary_key)
                for row in rows[prefix + table.fullname]
            ]
            assert len(set(keys)) == len(keys) > 0, table.fullname


def test_every_nullable_column_is_null_somewhere_and_filled_somewhere(rows: Rows) -> None:
    empty = set()
    for prefix, metadata in (
        ("", iperform.metadata),
        ("magenta.", magenta.metadata),
        ("", analytics.metadata),
    ):
        for table in of_the_estate(metadata):
            for column in table.columns:
                found = {row[column.name] is None for row in rows[prefix + table.fullname]}
                assert False in found, f"{table.fullname}.{column.name} is always null"
                assert column.nullable or True not in found, (
                    f"{table.fullname}.{column.name} must not be null"
                )
                if column.nullable and True not in found:
                    empty.add(f"{prefix}{table.fullname}.{column.name}")

    # The five roles are complete.
    assert empty == {
        "role.permissions",
        "role.created_on",
        "iperform_helper.demo_scheduled_data.scheduled_date",
    }


# The demo's accounts.


def test_demo_accounts_have_their_roles_and_the_password_demo(rows: Rows) -> None:
    users = {row["username"]: row for row in rows["user"]}
    roles = {row["role_name"]: row["id"] for row in rows["role"]}

    assert roles == ROLES_ROW
    expected = {"admin": 1, "manager": 5, "salesperson": 3, "warrior": 4, "client": 2}
    expected |= {"manager2": 5, "salesperson2": 3, "warrior2": 4}
    assert {name: users[name]["role_id"] for name in expected} == expected
    for name in expected:
        assert users[name]["active"] is True
        assert bcrypt.checkpw(b"demo", users[name]["password"].encode())
    prefixes = Counter(row["password"][:4] for row in rows["user"])
    assert set(prefixes) == {"$2b$", "$2y$"}


def test_roles_say_what_the_policy_says(rows: Rows) -> None:
    views = {row["role_name"]: row["view_list"] for row in rows["role"]}
    both = "salesperson_report,followup_activity_report"

    assert views == {
        "ADMIN": both,
        "USER": None,
        "SALESPERSON": both,
        "WARRIOR": "followup_activity_report",
        "MANAGER": both,
    }
    assert all(set((row["allowed_status_list"] or "New").split(",")) <= set(PROCESS) for row in rows["role"])
    assert all(row["permissions"] == {"deny": []} for row in rows["role"])


def test_the_demo_salesperson_has_a_view_worth_looking_at(rows: Rows) -> None:
    sales = sales_of(rows, "salesperson")
    warriors = warriors_of(rows, sales)
    own = [lead for lead in living(rows) if lead["warrior_id"] in warriors]
    shared = [
        lead for lead in living(rows) if sales & ids_in(lead["shared_salesperson_id"]) and lead not in own
    ]

    assert sales == {2}
    assert warriors == {"5", "9", "13", "81"}
    assert 100 <= len(own) + len(shared) <= 300
    others = warriors_of(rows, team_of(rows, "manager2"))
    assert sum(lead["warrior_id"] in others for lead in shared) >= 5


def test_the_demo_client_has_leads_tickets_users_and_sync_runs(rows: Rows) -> None:
    [account] = [row for row in rows["user"] if row["username"] == "client"]
    client = rows.by_id("magenta.user")[account["user_id"]]

    assert client["company_id"] == CLIENT_COMPANY_ID
    assert client["active"] is True
    assert len([lead for lead in living(rows) if lead["company_id"] == CLIENT_COMPANY_ID]) >= 50
    assert len(rows.by("tickets", "company_id")[CLIENT_COMPANY_ID]) >= 20
    assert len(rows.by("magenta.user", "company_id")[CLIENT_COMPANY_ID]) == 4
    assert len(rows.by("extractor.sync_history", "company_id")[CLIENT_COMPANY_ID]) == 150
    assert len(rows["h_003.invoices"]) == 150


def test_teams_are_disjoint_and_four_levels_deep(rows: Rows) -> None:
    first, second = team_of(rows, "manager"), team_of(rows, "manager2")

    assert first == {1, 2, 3, 4, 5, 6, 7, 8, 9}
    assert second == {10, 11, 12, 13, 14, 15, 16, 17, 18, 43}
    assert not warriors_of(rows, first) & warriors_of(rows, second)
    seats = rows.by_id("salesperson")
    assert [
        seats[9]["manager_id"],
        seats[5]["manager_id"],
        seats[2]["manager_id"],
        seats[1]["manager_id"],
    ] == [
        5,
        2,
        1,
        None,
    ]


def test_the_hierarchy_has_its_traps(rows: Rows) -> None:
    seats, warriors, users = rows.by_id("salesperson"), rows.by_id("warrior"), rows.by_id("user")

    # Cycles of one, of two, and through a team's top.
    assert seats[39]["manager_id"] == 39
    assert (seats[37]["manager_id"], seats[38]["manager_id"]) == (38, 37)
    assert (seats[28]["manager_id"], seats[36]["manager_id"], seats[32]["manager_id"]) == (36, 32, 29)
    assert seats[29]["manager_id"] == 28
    # An inactive one with an active one below, a manager who isn't there, an inactive user's active row.
    assert (seats[21]["active"], seats[25]["active"], seats[25]["manager_id"]) == (False, True, 21)
    assert seats[40]["manager_id"] not in seats
    assert (seats[43]["active"], users[seats[43]["user_id"]]["active"]) == (True, False)
    assert seats[2]["under_salesperson"] == "81, 82,,x ,99999, 94"
    assert (warriors[81]["salesperson_id"], warriors[82]["active"], warriors[94]["active"]) == (
        None,
        False,
        None,
    )
    assert 99999 not in warriors
    visibility = {row["data_visibility"] for row in warriors.values() if row["partner_company_id"]}
    assert visibility == {"All", "All ", "all", "3", " 3", "33", None}
    assert max(Counter(row["user_id"] for row in warriors.values()).values()) == 2


# Histories.


def test_the_last_status_change_is_the_leads_status(rows: Rows) -> None:
    changes = rows.by("lead_status", "lead_id")
    for lead in rows["leads"]:
        history = changes[lead["id"]]
        assert history[-1]["status"] == lead["status"]
        assert history[0]["status"] == "New" or len(history) == 1
        places = [PROCESS.index(change["status"].strip().title()) for change in history if change["status"]]
        assert places == sorted(set(places))
        moments = [change["changed_on"] for change in history if change["changed_on"] is not None]
        assert moments == sorted(set(moments))
        assert all(moment < MIDNIGHT for moment in moments)
        if lead["created_on"] is not None and moments:
            assert lead["created_on"] <= moments[0]
        assert lead["changed_on"] == (history[-1]["changed_on"] if len(history) > 1 else None)


def test_won_and_lost_leads_say_when_and_why(rows: Rows) -> None:
    for lead in rows["leads"]:
        status = (lead["status"] or "").strip().title()
        assert (lead["converted_to_customer_on"] is not None) == (status == "Won")
        assert (lead["reason_for_lost"] is not None) == (status == "Lost")
        if status in ("Won", "Lost"):
            assert lead["probability"] in {100 if status == "Won" else 0, None}


@pytest.mark.parametrize(
    ("table", "moment"),
    [
        ("lead_logs", "logged_on"),
        ("followup_activity", "created_on"),
        ("whatsapp_messages", "sent_on"),
        ("iperform_mail", "date"),
        ("tickets", "created_on"),
    ],
)
def test_what_happened_to_a_lead_happened_after_it_came_and_before_today(
    rows: Rows, table: str, moment: str
) -> None:
    leads = rows.by_id("leads")
    dated = [row for row in rows[table] if row[moment] is not None]

    assert len(dated) > LEADS // 5
    for row in dated:
        assert row[moment] < MIDNIGHT
        created = leads[row["lead_id"]]["created_on"] if row["lead_id"] is not None else None
        assert created is None or created < row[moment]


def test_messages_and_follow_ups_agree_with_their_states(rows: Rows) -> None:
    for message in rows["whatsapp_messages"]:
        assert message["read_on"] is None or message["delivered_on"] < message["read_on"]
        if message["status"] is not None:
            assert (message["delivered_on"] is not None) == (message["status"] in ("Delivered", "Read"))
            assert (message["read_on"] is not None) == (message["status"] == "Read")
    for follow_up in rows["followup_activity"]:
        done = follow_up["followup_status"] == "Completed"
        assert (follow_up["actual_followup_date"] is not None) == done
        assert not done or follow_up["actual_followup_date"] < MIDNIGHT
    for mail in rows["iperform_mail"]:
        assert (mail["opened_on"] is not None) == bool(mail["opened_count"])


def test_tickets_are_resolved_after_they_were_created_and_discussed_by_their_people(rows: Rows) -> None:
    tickets = rows.by_id("tickets")
    users = rows.by_id("user")
    created = [row["created_on"] for row in rows["tickets"] if row["created_on"] is not None]
    assert created == sorted(created)
    for ticket in tickets.values():
        done = ticket["status"] in ("Resolved", "Closed")
        assert (ticket["resolved_on"] is not None) == (ticket["resolution_notes"] is not None) == done
        if done:
            assert ticket["created_on"] is None or ticket["created_on"] < ticket["resolved_on"] < MIDNIGHT
        assert ticket["created_by"] in users
    for comment in rows["ticket_communication"]:
        ticket = tickets[comment["ticket_id"]]
        assert comment["commented_by"] in {ticket["assigned_to"], ticket["created_by"], None}
        if comment["commented_on"] is not None:
            assert comment["commented_on"] < (ticket["resolved_on"] or MIDNIGHT)
            assert ticket["created_on"] is None or ticket["created_on"] < comment["commented_on"]


def test_login_counts_are_those_of_the_history(rows: Rows) -> None:
    history = rows.by("login_history", "user_id")

    assert {row["user_id"] for row in rows["session_info"]} == {row["id"] for row in rows["user"]}
    for info in rows["session_info"]:
        logins = history[info["user_id"]]
        seen = [login["login_on"] for login in logins if login["login_on"] is not None]
        assert (info["no_of_logins"] or 0) == len(logins)
        assert info["last_login"] == (max(seen) if seen else None)


# Identifiers and dirt.


def test_the_check_character_is_that_of_a_known_number() -> None:
    assert gst_check_character("27AAPFU0939F1Z") == "V"


def test_gst_numbers_have_their_structure_and_check_character(rows: Rows) -> None:
    numbers = [row["gstno"] for row in rows["leads"]] + [row["gst_number"] for row in rows["magenta.company"]]
    real = [number for number in numbers if number not in (None, "URP")]
    states = {city.gst_state for city in CITIES}

    assert len(real) > LEADS // 2
    for number in real:
        assert len(number) == 15
        assert number[:2] in states
        assert number[2:7].isalpha()
        assert number[7:11].isdigit()
        assert number[13] == "Z"
        assert number[14] == gst_check_character(number[:14])
    by_name = {city.state: city.gst_state for city in CITIES}
    for company in rows["magenta.company"]:
        if company["gst_number"] and company["state"]:
            assert company["gst_number"].startswith(by_name[company["state"]])


def test_names_are_written_in_several_scripts(rows: Rows) -> None:
    text = "".join(f"{row['client_first_name']}{row['firm_name']}" for row in rows["leads"])

    for first, last in (("ऀ", "ॿ"), ("஀", "௿"), ("઀", "૿"), ("ঀ", "৿"), ("؀", "ۿ")):
        assert any(first <= letter <= last for letter in text)
    assert "José" in text
    assert {"Shree Ganesh Traders", "SHREE GANESH TRADERS", "shree ganesh traders "} <= {
        row["firm_name"] for row in rows["leads"]
    }


def test_owners_of_leads_have_their_dirt(rows: Rows) -> None:
    warriors = rows.by_id("warrior")
    owners = Counter(row["warrior_id"] for row in rows["leads"])
    whole = {owner for owner in owners if owner is not None and owner.isascii() and owner.isdigit()}

    assert {None, "", " ", "5abc", "5.0", "05", "٥", "５", "99999", "4294967301"} <= set(owners)
    assert any(owner and owner != owner.strip() and owner.strip().isdigit() for owner in owners)
    assert any(not warriors[int(owner)]["active"] for owner in whole if int(owner) in warriors)
    assert {"5", "15", "25", "55"} <= whole


def test_lists_of_salespeople_have_their_dirt(rows: Rows) -> None:
    lists = {row["shared_salesperson_id"] for row in rows["leads"]}

    assert {None, "", "12,22,32", "2x, x2", "12;2", "２"} <= lists
    assert any(found and ", " in found for found in lists)
    assert any(found and ",,x" in found for found in lists)


def test_addresses_have_their_dirt_and_stay_unique_with_the_company(rows: Rows) -> None:
    addresses = [row["client_email_id"] for row in rows["leads"]]
    # As the unique index compares them: without case and trailing spaces.
    pairs = [
        (row["client_email_id"].strip().casefold(), row["company_id"])
        for row in rows["leads"]
        if row["client_email_id"] is not None
    ]

    assert len(pairs) == len(set(pairs))
    assert {None, ""} <= set(addresses)
    assert any(address and address.startswith("@") for address in addresses)
    assert any(address and "उदाहरण" in address for address in addresses)
    assert {None, "", "0000000000", "९८७६५४३२१०"} <= {row["client_mobile_no"] for row in rows["leads"]}


def test_rows_that_point_nowhere_and_rows_nobody_points_to(rows: Rows) -> None:
    companies = rows.by_id("magenta.company")
    used = {row["company_id"] for row in rows["leads"]}

    assert {0, 7, 990001} <= used - companies.keys()
    assert len(companies.keys() - used) >= 10
    assert any(row["lead_id"] is None for row in rows["tickets"])
    assert any(row["lead_id"] is None for row in rows["iperform_mail"])
    assert any(row["lead_id"] is None for row in rows["whatsapp_messages"])
    assert {99} <= {row["price_plan_id"] for row in rows["leads"]} - rows.by_id("magenta.pricing_plan").keys()
    assert {row["is_deleted"] for row in rows["leads"]} == {0, 1, None}


def test_statuses_and_texts_have_their_dirt(rows: Rows) -> None:
    assert {None, "", "Won ", "DEMO", "qualified", "lost"} <= {row["status"] for row in rows["leads"]}
    remarks = [row["remarks"] or "" for row in rows["leads"]]
    assert 50_000 < max(len(text.encode()) for text in remarks) <= 65_535
    assert any("<script>" in text for text in remarks)
    assert any("👨‍👩‍👧‍👦" in text for text in remarks)
    assert any('"' in text and "\\" in text and "\t" in text for text in remarks)
    assert any("\r\n" in text for text in remarks)
    assert {"../companies/3", "", "/leads/1/", None} <= {row["drive_location"] for row in rows["leads"]}
    assert any(isinstance(row["platform_id"], dict) for row in rows["leads"])
    assert any(isinstance(row["metadata"], dict) for row in rows["lead_logs"])


# The mirror.


def test_the_mirror_lags_and_keeps_every_version(rows: Rows) -> None:
    until = mirrored_until(TODAY)
    leads = rows.by_id("leads")
    versions = rows.by("iperform_helper.leads", "id")
    changes = rows.by("lead_status", "lead_id")

    assert until == MIDNIGHT - timedelta(hours=36)
    assert max(row["version"] for row in rows["iperform_helper.leads"]) <= until + timedelta(hours=1)
    assert sum(len(found) >= 3 for found in versions.values()) > LEADS // 3
    behind = 0
    for lead_id, found in versions.items():
        stamps = [row["version"] for row in found]
        assert stamps == sorted(set(stamps))
        if lead_id in leads:
            history = [change["status"] for change in changes[lead_id]]
            assert found[-1]["status"] in history
            behind += found[-1]["status"] != leads[lead_id]["status"]
    assert behind >= 10
    assert versions.keys() - leads.keys() == {13, 1010, 2007, 3004, 4001}
    assert 1 <= len(leads.keys() - versions.keys()) < 100


def test_the_mirrors_of_changes_and_logs_are_copies(rows: Rows) -> None:
    for name, moment in (("lead_logs", "logged_on"), ("lead_status", "changed_on")):
        original = rows.by_id(name)
        copies = rows.by_id(f"iperform_helper.{name}")
        assert all(copies[row_id] == original[row_id] for row_id in copies)
        missing = [original[row_id][moment] for row_id in original.keys() - copies.keys()]
        assert 0 < len(missing) < 500
        assert all(found is None or found > mirrored_until(TODAY) for found in missing)


def test_sync_runs_are_in_order_and_failures_say_why(rows: Rows) -> None:
    runs = rows["extractor.sync_history"]

    assert {row["status"] for row in runs} == {"Success", "Partial", "Failed"}
    assert all((row["errors"] is None) == (row["status"] == "Success") for row in runs)
    assert all((row["records_processed"] == 0) == (row["status"] == "Failed") for row in runs)
    assert all(row["sync_date"] < MIDNIGHT for row in runs)


def test_erp_books_balance(rows: Rows) -> None:
    entries = rows["h_003.transactions"]

    assert sum(row["debit"] for row in entries) == sum(row["credit"] for row in entries) > 0
    for invoice in rows["h_003.invoices"]:
        assert invoice["taxable_value"] + invoice["gst_amount"] == invoice["total"]


# Files.


def test_files_lie_under_the_prefixes_of_rows_that_exist(rows: Rows) -> None:
    files = list(generate(LEADS, SEED, TODAY).files())
    leads, tickets, companies = rows.by_id("leads"), rows.by_id("tickets"), rows.by_id("magenta.company")
    owned = {"leads": leads, "tickets": tickets, "companies": companies}
    located = {row["drive_location"] for row in leads.values()}

    assert 280 <= len(files) <= 360
    assert len({file.key for file in files}) == len(files)
    assert all(file.modified < MIDNIGHT and 0 < len(file.body) < 10_000 for file in files)
    for file in files:
        kind, owner, *rest = file.key.split("/")
        assert rest
        if kind != "reports" and owner != "drive":
            assert int(owner) in owned[kind], file.key
        assert owner != "drive" or f"{owner}/{rest[0]}" in located
    assert any(not file.key.isascii() for file in files)


# As `policy.md` defines them, written down a second time and on plain rows.


def of_the_estate(metadata: MetaData) -> list[Table]:
    """The estate's own tables: nothing is generated for those that the gateway keeps beside them."""
    return [table for table in metadata.sorted_tables if table.info.get("owner") != "gateway"]


def ids_in(text: str | None) -> set[int]:
    parts = (part.strip() for part in (text or "").split(","))
    return {int(part) for part in parts if part.isascii() and part.isdigit() and str(int(part)) == part}


def living(rows: Rows) -> list[Row]:
    return [row for row in rows["leads"] if row["is_deleted"] != 1]


def sales_of(rows: Rows, username: str) -> set[int]:
    [user_id] = [row["id"] for row in rows["user"] if row["username"] == username]
    return {row["id"] for row in rows["salesperson"] if row["active"] and row["user_id"] == user_id}


def team_of(rows: Rows, username: str) -> set[int]:
    found = set[int]()
    level = sales_of(rows, username)
    while level:
        found |= level
        level = {
            row["id"] for row in rows["salesperson"] if row["active"] and row["manager_id"] in level
        } - found
    return found


def warriors_of(rows: Rows, sales: set[int]) -> set[str]:
    seats = rows.by_id("salesperson")
    listed = set[int]().union(*(ids_in(seats[seat]["under_salesperson"]) for seat in sales))
    return {
        str(row["id"])
        for row in rows["warrior"]
        if row["active"] and (row["salesperson_id"] in sales or row["id"] in listed)
    }
