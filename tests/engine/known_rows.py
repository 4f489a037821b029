"""A few rows, some of which break what their columns promise, for tests that say the whole answer by hand.

Written into a copy of the embedded estate whose columns may all be null; ids are above all others, so that they come
first in a list.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from gateway.resolvers.ids import encode_id
from tests.engine.rubbish import relax

FIRST, SECOND, THIRD, FOURTH, DELETED = 900_001, 900_002, 900_003, 900_004, 900_005
MORNING = "2026-11-20 10:00:00.000000"
UNKNOWN_ROLE = 77

Cells = Mapping[str, Any]
ROWS: Mapping[str, Mapping[str, tuple[Cells, ...]]] = {
    "iperform": {
        "role": ({"id": UNKNOWN_ROLE, "role_name": "JANITOR"},),
        "user": (
            {
                "id": FIRST,
                "username": "ada",
                "email": "ada@example.org",
                "password": "",
                "role_id": 3,
                "active": 1,
            },
            {
                "id": SECOND,
                "username": "bob",
                "email": None,
                "password": "",
                "role_id": UNKNOWN_ROLE,
                "active": 0,
            },
            {
                "id": THIRD,
                "username": None,
                "email": "c@example.org",
                "password": "",
                "role_id": 1,
                "active": "yes",
            },
        ),
        "salesperson": (
            {"id": FIRST, "user_id": FIRST, "target_value": 1.005, "active": -1, "territory": 5},
            {
                "id": SECOND,
                "user_id": SECOND,
                "target_value": 12345678901.2,
                "active": 0,
                "territory": '\x01\u2028"\\/é',
            },
        ),
        "leads": (
            {
                "id": FIRST,
                "firm_name": "First",
                "company_id": FIRST,
                "status": "New",
                "user_count": 7,
                "probability": 50,
                "tentative_value": 3_000_000_000,
                "paid": 2,
                "favourite": 2,
                "is_user": 0,
                "is_deleted": 0,
                "platform_id": '{"a": NaN, "b": [1.0, 1e16, -0.0, 1e400], "c": 36893488147419103232}',
                "excel_created_on": "1900-01-01 00:00:00.000000",
                "plan_expiry_date": "2026-02-30",
                "crm_plan_expiry_date": "2027-01-31",
                "created_on": MORNING,
                "changed_on": "never",
                "created_by": FIRST,
                "changed_by": SECOND,
            },
            {
                "id": SECOND,
                "firm_name": "Second",
                "company_id": SECOND,
                "status": None,
                "user_count": 3_000_000_000,
                "probability": None,
                "paid": None,
                "is_deleted": 0,
                "platform_id": "{",
                "created_on": "1943-06-01 00:00:00.000000",
                "created_by": THIRD,
            },
            {
                "id": THIRD,
                "firm_name": "Third",
                "company_id": None,
                "status": "Won",
                "is_deleted": 0,
                "platform_id": '{"a": NaN, "b": [1.0, 1e16, -0.0, Infinity]}',
            },
            {
                "id": FOURTH,
                "firm_name": "Fourth",
                "company_id": FIRST,
                "user_count": "many",
                "is_deleted": 0,
                "platform_id": '["\\ud800"]',
                "created_on": "0001-01-01 00:00:00.000000",
            },
            {"id": DELETED, "firm_name": "Gone", "company_id": FIRST, "status": "Lost", "is_deleted": 1},
        ),
        "tickets": (
            {
                "id": FIRST,
                "lead_id": FIRST,
                "company_id": FIRST,
                "title": "One",
                "created_by": FIRST,
                "status": "Open",
            },
            {"id": SECOND, "lead_id": FIRST, "company_id": FIRST, "title": None, "created_by": SECOND},
            {"id": THIRD, "lead_id": SECOND, "company_id": None, "title": None, "created_by": FIRST},
            {"id": FOURTH, "lead_id": FOURTH, "company_id": SECOND, "title": "Four", "created_by": THIRD},
        ),
        "ticket_communication": (
            {"id": FIRST, "ticket_id": FIRST, "comment_text": "a", "commented_by": SECOND},
            {"id": SECOND, "ticket_id": FIRST, "comment_text": "b", "commented_by": THIRD},
            {"id": THIRD, "ticket_id": FOURTH, "comment_text": "c", "commented_by": FIRST},
        ),
    },
    "magenta": {
        "company": (
            {"id": FIRST, "company_name": "Acme", "city": "Pune", "active": 1},
            {"id": SECOND, "company_name": None, "city": "Goa", "active": 1},
        ),
        "pricing_plan": (
            {"id": FIRST, "plan_name": "Odd", "plan_price": 2.675, "features": '{"é": [true, null, 1.50]}'},
            {
                "id": SECOND,
                "plan_name": "Free",
                "plan_price": 0,
                "no_of_users": 2_147_483_648,
                "features": "5",
            },
        ),
    },
}


def identifier(type_name: str, key: int = FIRST) -> str:
    """The global id of one of the rows."""
    return encode_id(type_name, key)


def add_known_rows(path: Path, source: str) -> None:
    """Adds the rows to one of the databases."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        relax(connection)
        for table, rows in ROWS[source].items():
            for cells in rows:
                places = ", ".join("?" * len(cells))
                connection.execute(
                    f"insert into {table} ({', '.join(cells)}) values ({places})", tuple(cells.values())
                )
