"""Values that conditions and ids are made of: those of the estate, so that answers aren't empty, and odd ones."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from random import Random
from typing import Any

from gateway.resolvers.ids import encode_id
from tests.oracle.catalogue import ROOT_SINGLES, WITHOUT_ID, Field, Kind, fields_of, primary_key
from tests.oracle.data import TABLE_OF_TYPE, Data
from tests.oracle.evaluate import written
from tests.oracle.rules import REPORTS, is_deleted

MOST = 60
LONGEST = 80
LARGEST_INT = 2**31 - 1

# By scalar: what a field may be compared with where nothing of it is known.
DEFAULTS: dict[str, tuple[Any, ...]] = {
    "Int": (0, 1, 5, -1, LARGEST_INT, -LARGEST_INT - 1),
    "Float": (0.5, 1, -2.25, 1e100),
    "String": ("a", "", "Demo", "50%", "_", "é", "नमस्ते", "'; --", 'a "quoted" \\ text', "line\nbreak"),
    "Boolean": (True, False),
    "ID": ("1", "TGVhZDox"),
    "DateTime": ("2026-11-20T09:30:00+05:30", "2026-01-01T00:00:00Z", "2025-06-30T12:00:00.5+00:00"),
    "Date": ("2026-11-20", "2001-01-01"),
    "Decimal": ("1499.00", "0", "-1.5", 7),
    "JSON": ({}, [], None, 1, "text", {"leads": {"gte": 1}}),
}
# By scalar: what is refused, or coerced, when it comes in a variable or stands in the text.
ODD: dict[str, tuple[Any, ...]] = {
    "Int": (LARGEST_INT + 1, -LARGEST_INT - 2, 2**63, 1.0, 1.5, "1", True, [1], {}),
    "Float": ("1", True, [], 10**400),
    "String": (5, True, 1.5, ["a"], {}),
    "Boolean": ("true", 1, 0, [True]),
    "ID": (5, "5", True, 1.5, -3, [1]),
    "DateTime": (
        "2026-11-20",
        "2026-11-20T09:30:00",
        "never",
        5,
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ),
    "Date": ("2026-02-30", "20.11.2026", 5, "2026-11-20T00:00:00"),
    "Decimal": ("NaN", "1e999", "one", 1.5, True, "9" * 70),
}
RUBBISH_IDS = (
    "",
    "rubbish",
    "TGVhZDo",
    "TGVhZDox=",
    "TGVhZDoxLjU",
    "Tm90aGluZzox",
    "TGVhZDotMQ",
    "TGVhZDo5OTk5OTk5OTk5",
)
RUBBISH_CURSORS = ("", "rubbish", "AAAA", "AAAAAAAAAAAAAAAAWzFd", "é", "a" * 9000)


class Values:
    """What the estate holds, visible or not, in the form that the API takes."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._known: dict[tuple[str, str], tuple[Any, ...]] = {}

    def of(self, type_name: str, field_name: str) -> tuple[Any, ...]:
        """Some values of a field of a row type, early and late ones; none where nothing is known of it."""
        place = type_name, field_name
        if place not in self._known:
            self._known[place] = tuple(self._some(type_name, field_name))
        return self._known[place]

    def keys(self, type_name: str) -> tuple[int, ...]:
        """Primary keys of rows of a type, the newest first."""
        return self.of(type_name, "databaseId")

    @cached_property
    def deleted_leads(self) -> tuple[int, ...]:
        """Leads that are hidden unless somebody asks for them."""
        return tuple(row["id"] for row in self._data.rows("Lead") if is_deleted(row))[-MOST:]

    @cached_property
    def node_types(self) -> tuple[str, ...]:
        """The types whose rows have global ids."""
        return tuple(name for name in ROOT_SINGLES.values() if self.keys(name))

    @cached_property
    def reports(self) -> tuple[str, ...]:
        """Names of reports, of views that somebody saved, and of nothing."""
        saved = tuple(f"saved:{row['id']}" for row in self._data.rows("SavedView")[:6])
        return (*REPORTS, *saved, "nothing", "saved:x")

    def _some(self, type_name: str, field_name: str) -> Iterable[Any]:
        if type_name not in TABLE_OF_TYPE:
            return ()
        field = next((one for one in fields_of(type_name) if one.name == field_name), None)
        if field is None or (type_name in WITHOUT_ID and field.column == primary_key(type_name)):
            return ()
        rows = self._data.rows(type_name)
        chosen = [*rows[-MOST // 2 :][::-1], *Random(field.column).sample(rows, min(MOST, len(rows)))]
        cells = dict.fromkeys(row[field.column] for row in chosen if row[field.column] is not None)
        return (_sent(field, value) for value in list(cells)[:MOST])


def _sent(field: Field, value: Any) -> Any:
    return value[:LONGEST] if field.kind is Kind.STRING else written(field.kind, value)


def global_id(type_name: str, key: object) -> str:
    """The global id of a row or a report."""
    return encode_id(type_name, key)
