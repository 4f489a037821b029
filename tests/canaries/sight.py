"""Which markers a caller may see, by the oracle; and finding markers in whatever comes out."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from tests.canaries.marks import MARK, Mark
from tests.oracle.catalogue import ELSEWHERE, NOT_FIELDS
from tests.oracle.data import TABLE_OF_TYPE
from tests.oracle.rules import Caller

TYPE_OF_TABLE = {table: type_name for type_name, table in TABLE_OF_TYPE.items()}
BASE64 = re.compile(r"[A-Za-z0-9_-]{14,}")
FILE = "(file)"


def marks_in(text: str) -> set[str]:
    """The markers in a text, also inside what is base64 in it, and once more inside that."""
    found = set(_plain(text))
    for once in _decoded(text):
        found.update(_plain(once))
        for twice in _decoded(once):
            found.update(_plain(twice))
    return found


def _plain(text: str) -> Iterator[str]:
    for match in MARK.finditer(text):
        yield match[2] or match[3] or match[0]


def _decoded(text: str) -> Iterator[str]:
    # A cursor's seal is of whole groups of base64, so that what stands behind it can be read.
    for part in set(BASE64.findall(text)):
        with suppress(binascii.Error, ValueError):
            yield base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8", "ignore")


@cache
def may_see(caller: Caller | None, mark: Mark) -> bool:
    """Whether a caller may be shown a cell; nobody is shown none."""
    type_name = TYPE_OF_TABLE.get(mark.table)
    if caller is None:
        return False
    if type_name is None:
        return _of_company_table(caller, mark)
    if type_name.startswith("Mirror"):
        # Reports show numbers, names of people, who are rows of their own, and what was done.
        seen = mark.row.get("lead_id") in caller.ids("Lead")
        return seen and type_name == "MirrorLog" and mark.column == "activity_type"
    if type_name in {"ClientUserInfo", "SessionInfo"}:
        return _elsewhere(caller, mark, type_name)
    return caller.visible(type_name, mark.row, deleted=True) and _has_column(caller, mark, type_name)


def _has_column(caller: Caller, mark: Mark, type_name: str) -> bool:
    if mark.column == FILE:
        return not caller.lacks_type("File")
    never = mark.column in NOT_FIELDS.get(type_name, ()) or caller.lacks(type_name, mark.column)
    return not never and not caller.is_masked(type_name, mark.row, mark.column)


def _elsewhere(caller: Caller, mark: Mark, type_name: str) -> bool:
    parent = {"ClientUserInfo": "ClientUser", "SessionInfo": "User"}[type_name]
    shown = {one.column for one in ELSEWHERE[parent] if one.table == type_name}
    seen = mark.row["user_id"] in caller.ids(parent)
    return seen and mark.column in shown and not caller.lacks(parent, mark.column)


def _of_company_table(caller: Caller, mark: Mark) -> bool:
    """A row of a company's own table, where the company is visible; of any other table, never."""
    match = re.fullmatch(r"analytics\.h_(\d+)\.\w+", mark.table)
    seen = match is not None and int(match[1]) in caller.ids("Company")
    return seen and not caller.lacks_type("Company")
