"""Who sees which leads and tickets, worked out from the database's rows by the oracle, which knows no gateway.

Ownership doesn't change in a storm, so what somebody sees at its start is what they see at its end.
"""

from __future__ import annotations

import json
from typing import Any

from pymysql.cursors import DictCursor

from tests.oracle.data import TABLE_OF_TYPE, Data, Row
from tests.oracle.rules import Caller, PartnerViewer, Viewer
from tests.servers.mysql_like import MySQLLikeServer
from tests.storm.options import Subject

TYPES = ("Lead", "Ticket", "User", "Role", "Warrior", "Salesperson", "PartnerCompany", "ClientUser")
ROW_TYPES = {Subject.LEADS: "Lead", Subject.TICKETS: "Ticket"}


def read_data(database: MySQLLikeServer) -> Data:
    """The rows that decide who sees what."""
    tables = {TABLE_OF_TYPE[name]: _rows(database, TABLE_OF_TYPE[name]) for name in TYPES}
    return Data(tables)


def _rows(database: MySQLLikeServer, table: str) -> list[Row]:
    with database.connect() as connection, connection.cursor(DictCursor) as cursor:
        cursor.execute("select * from " + ".".join(f"`{part}`" for part in table.split(".")))
        return [_decoded(row) for row in cursor.fetchall()]


def _decoded(row: Row) -> Row:
    """As the oracle has it: BOOLEAN and JSON are no types of their own for this driver."""
    changed: dict[str, Any] = {}
    if row.get("active") is not None:
        changed["active"] = bool(row["active"])
    if isinstance(row.get("permissions"), str):
        changed["permissions"] = json.loads(row["permissions"])
    return {**row, **changed}


def staff(data: Data, user_id: int) -> Caller:
    """A staff user, as the oracle has them."""
    return Viewer(data, user_id)


def partner(data: Data, company_id: int) -> Caller:
    """A partner's token, as the oracle has it."""
    return PartnerViewer(data, company_id)


def seen(caller: Caller, subject: Subject) -> frozenset[int]:
    """The ids of the rows that somebody sees."""
    return frozenset(caller.ids(ROW_TYPES[subject]))
