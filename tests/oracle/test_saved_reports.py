"""Saved views as reports, worked out by hand from the policy."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.oracle.catalogue import Kind
from tests.oracle.data import Data, Row
from tests.oracle.reports import fits, report_names, report_rows, row_filter, saved_report
from tests.oracle.rules import SCOPES, PartnerViewer, Viewer
from tests.oracle.test_partners import BESIDES
from tests.oracle.test_rules import TEAM, estate

BASE = "salesperson_report"


def saved(filter: Any, base: Any = BASE, name: Any = "mine") -> dict[str, Any]:
    return {"saved_view": {"name": name, "base": base, "filter": filter}}


VIEWS: list[Row] = [
    # Of user 5, whose client user is 100.
    {"id": 1, "user_id": 100, "setting": saved({"leads": {"gte": 2}})},
    {"id": 2, "user_id": 100, "setting": saved({"status": "Won"})},
    {"id": 3, "user_id": 100, "setting": {"theme": "dark"}},
    {"id": 4, "user_id": 100, "setting": None},
    # Of nobody here; 5 is the id of a staff user, and no client user's.
    {"id": 5, "user_id": 5, "setting": saved({})},
]


def mirror(lead: int, status: str, warrior: str, version: int = 1) -> Row:
    return {"id": lead, "status": status, "warrior_id": warrior, "version": datetime(2026, 1, version)}


# The team's leads 1, 2, 6 and 10, one of them seen twice by the mirror.
MIRROR = [
    mirror(1, "New", "30"),
    mirror(1, "Won", "30", version=2),
    mirror(2, "Lost", "31"),
    mirror(6, "Odd", "none"),
    mirror(10, "Demo", "30"),
]


def data(**tables: list[Row]) -> Data:
    made = estate(**{**TEAM, **tables}, view_setting=VIEWS)
    made.rows("MirrorLead").extend(MIRROR)
    return made


def test_saved_view_is_a_report_of_its_owner_and_of_admin() -> None:
    made = data()
    named = {"salesperson_report", "followup_activity_report"}
    assert report_names(Viewer(made, 5)) == {"saved:1"}
    assert report_names(Viewer(made, 4)) == set()
    assert report_names(Viewer(made, 1)) == named | {"saved:1", "saved:5"}


def test_rows_are_the_bases_by_the_callers_own_leads_and_filtered() -> None:
    made = data()
    # The client sees leads 1 and 6; the salesperson of lead 1 is theirs to see.
    assert report_rows(Viewer(made, 5), BASE) is None
    assert report_rows(Viewer(made, 5), "saved:1") == []
    shown = report_rows(Viewer(made, 1), "saved:1") or []
    assert [(one["salespersonId"], one["leads"], one["won"], one["demo"]) for one in shown] == [(2, 2, 1, 1)]
    everything = report_rows(Viewer(made, 1), "saved:5") or []
    assert [(one["salespersonId"], one["leads"]) for one in everything] == [(2, 2), (12, 1), (None, 1)]


def test_saved_view_shows_its_base_where_the_view_list_does_not() -> None:
    made = data()
    made.rows("SavedView")[0]["setting"] = saved({"leads": {"gte": 1}})
    shown = report_rows(Viewer(made, 5), "saved:1") or []
    assert [(one["salespersonId"], one["salesperson"], one["leads"]) for one in shown] == [
        (2, "u3", 1),
        (None, None, 1),
    ]
    assert report_rows(Viewer(made, 4), "saved:1") is None


def test_filter_of_the_asker_holds_besides_that_of_the_view() -> None:
    made = data()
    assert report_rows(Viewer(made, 1), "saved:1", {"won": {"eq": 0}}) == []


def test_partner_has_no_saved_views_and_sees_names_of_their_own_people_only() -> None:
    made = estate(**BESIDES, view_setting=VIEWS)
    made.rows("MirrorLead").extend([mirror(1, "Won", "40"), mirror(7, "Won", "45")])
    made.rows("MirrorLog").extend(
        {"id": number, "lead_id": 1, "logged_by": user, "activity_type": "call", "logged_on": None}
        for number, user in ((1, 4), (2, 5))
    )
    caller = PartnerViewer(made, 1, SCOPES)
    assert report_names(caller) == {"salesperson_report", "followup_activity_report"}
    leads = report_rows(caller, BASE) or []
    assert [(one["salespersonId"], one["salesperson"], one["leads"]) for one in leads] == [(2, "u3", 1)]
    logs = report_rows(caller, "followup_activity_report") or []
    assert [(one["userId"], one["user"], one["activities"]) for one in logs] == [(4, "u4", 1), (5, None, 1)]


def test_salesperson_whom_the_partner_does_not_see_is_as_one_who_is_not_there() -> None:
    away = [{**one, "active": False} if one["id"] == 2 else one for one in BESIDES["salesperson"]]
    made = estate(**{**BESIDES, "salesperson": away})
    made.rows("MirrorLead").extend([mirror(1, "Won", "40"), mirror(2, "New", "41")])
    shown = report_rows(PartnerViewer(made, 1, SCOPES), BASE) or []
    assert [(one["salespersonId"], one["leads"], one["won"]) for one in shown] == [(12, 1, 0), (None, 1, 1)]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (saved({}), True),
        (saved({"leads": 3}), True),
        (saved({"leads": {}}), True),
        (saved({"leads": {"gte": 1, "lt": 5}, "territory": {"contains": "W"}}), True),
        (saved({"conversionRate": {"gt": 0.5}, "won": {"in": [1, 2]}}), True),
        (saved({"lastActivityOn": {"gte": "2026-01-01T00:00:00Z"}}, "followup_activity_report"), True),
        (saved({"lastActivityOn": {"gte": "2026-01-01"}}, "followup_activity_report"), False),
        (saved({"lastActivityOn": {"gte": "2026-01-01T00:00:00Z"}}), False),
        (saved({"status": "Won"}), False),
        (saved({"leads": "3"}), False),
        (saved({"leads": None}), False),
        (saved({"leads": {"gte": True}}), False),
        (saved({"leads": {"contains": "3"}}), False),
        (saved({"leads": {"in": 3}}), False),
        (saved({"leads": {"near": 3}}), False),
        (saved({"leads": {"isNull": 1}}), False),
        (saved(None), True),
        (saved(["leads"]), False),
        (saved({}, "another_report"), False),
        (saved({}, None), False),
        (saved({}, ["salesperson_report"]), False),
        (saved({}, name=None), False),
        ({"saved_view": "x"}, False),
        (None, False),
        ([1], False),
    ],
)
def test_saved_view_that_does_not_fit_is_no_report(setting: Any, expected: bool) -> None:
    assert (saved_report(setting) is not None) is expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({"salesperson": "a"}, [1]),
        ({"salesperson": {"ne": "a"}}, [2]),
        ({"salesperson": {"contains": "A"}}, [1, 2]),
        ({"salesperson": {"startsWith": "B"}}, [2]),
        ({"salesperson": {"isNull": True}}, [3]),
        ({"leads": {"gte": 2, "lt": 3}}, [2]),
        ({"leads": {"notIn": [1]}}, [2, 3]),
        ({"leads": {"in": []}}, []),
    ],
)
def test_filter_compares_as_conditions_do(wanted: dict[str, Any], expected: list[int]) -> None:
    rows: list[Row] = [
        {"leads": 1, "salesperson": "a"},
        {"leads": 2, "salesperson": "ba"},
        {"leads": 3, "salesperson": None},
    ]
    keep = row_filter(BASE, wanted)
    assert keep is not None
    assert [row["leads"] for row in rows if keep(row)] == expected


def test_moments_in_a_filter_are_instants() -> None:
    keep = row_filter("followup_activity_report", {"lastActivityOn": {"eq": "2026-01-01T00:00:00Z"}})
    assert keep is not None
    assert keep({"lastActivityOn": "2026-01-01T05:30:00+05:30"})
    assert not fits(Kind.DATETIME, "eq", "yesterday")
