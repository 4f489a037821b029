"""What a statement in the binary log means for its reader: the frame of a transaction, a definition, a change.

In row format the log has statements for what changes no rows. Used by `mysql_binlog_transactions.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto


class Meaning(Enum):
    """What a statement does."""

    BEGIN = auto()
    COMMIT = auto()
    ROLLBACK = auto()
    SAVEPOINT = auto()
    ROLLBACK_TO = auto()
    XA_COMMIT = auto()
    XA_ROLLBACK = auto()
    XA_END = auto()
    CHANGE = auto()  # of rows, by a session that logs statements
    DEFINITION = auto()  # of what may be a table
    HARMLESS = auto()  # leaves the columns of every table as they are


@dataclass(frozen=True, slots=True)
class Meant:
    """A statement's meaning; `name` is that of a savepoint or an XA transaction."""

    meaning: Meaning
    name: str = ""


_PLAIN = {
    "BEGIN": Meaning.BEGIN,
    "START TRANSACTION": Meaning.BEGIN,
    "COMMIT": Meaning.COMMIT,
    "ROLLBACK": Meaning.ROLLBACK,
}
_LEADING = re.compile(r"(?:\s|/\*(?!!).*?\*/|--[^\n]*\n|#[^\n]*\n)*", re.DOTALL)
_SAVEPOINT = re.compile(r"SAVEPOINT\s+(.+)", re.IGNORECASE | re.DOTALL)
_ROLLBACK_TO = re.compile(r"ROLLBACK\s+(?:WORK\s+)?TO\s+(?:SAVEPOINT\s+)?(.+)", re.IGNORECASE | re.DOTALL)
_XA = re.compile(r"XA\s+(START|BEGIN|END|COMMIT|ROLLBACK)\s+(.+)", re.IGNORECASE | re.DOTALL)
_CHANGE = re.compile(r"(?:INSERT|REPLACE|UPDATE|DELETE|LOAD|WITH)\b", re.IGNORECASE)
_HARMLESS = re.compile(
    r"(?:ANALYZE|OPTIMIZE|REPAIR|CHECK|FLUSH|GRANT|REVOKE|SET|TRUNCATE)\b"
    r"|(?:CREATE|ALTER|DROP)\s+(?:OR\s+REPLACE\s+)?(?:UNIQUE\s+|FULLTEXT\s+|SPATIAL\s+)?(?:DEFINER\s*=\s*\S+\s+)?"
    r"(?:INDEX|TRIGGER|FUNCTION|PROCEDURE|EVENT|USER|ROLE)\b",
    re.IGNORECASE,
)
_XA_PARTS = re.compile(r"X'([0-9a-f]*)'", re.IGNORECASE)
_XA_MEANINGS = {
    "START": Meaning.BEGIN,
    "BEGIN": Meaning.BEGIN,
    "END": Meaning.XA_END,
    "COMMIT": Meaning.XA_COMMIT,
    "ROLLBACK": Meaning.XA_ROLLBACK,
}


def meant(statement: str) -> Meant:
    """What a statement of the log means."""
    text = statement[_LEADING.match(statement).end() :].rstrip().rstrip(";")  # type: ignore[union-attr]
    plain = _PLAIN.get(text.upper())
    if plain is not None:
        return Meant(plain)
    if found := _ROLLBACK_TO.fullmatch(text):
        return Meant(Meaning.ROLLBACK_TO, _unquoted(found[1]))
    if found := _SAVEPOINT.fullmatch(text):
        return Meant(Meaning.SAVEPOINT, _unquoted(found[1]))
    if found := _XA.fullmatch(text):
        return Meant(_XA_MEANINGS[found[1].upper()], xa_name(*_XA_PARTS.findall(found[2])[:2]))
    if _CHANGE.match(text):
        return Meant(Meaning.CHANGE)
    return Meant(Meaning.HARMLESS if _HARMLESS.match(text) else Meaning.DEFINITION)


def _unquoted(name: str) -> str:
    return name.strip().strip("`").lower()


def xa_name(transaction: str = "", branch: str = "") -> str:
    """An XA transaction by its two identifiers, in hexadecimal digits."""
    return f"{transaction.lower()},{branch.lower()}"


def mentions(tables: Iterable[str]) -> re.Pattern[str]:
    """Finds the names of tables, as words in a statement."""
    names = "|".join(re.escape(name) for name in tables)
    return re.compile(rf"(?<![\w$])(?:{names})(?![\w$])", re.IGNORECASE)
