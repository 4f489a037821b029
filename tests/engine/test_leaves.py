"""Whole columns of leaves give what value by value would, and whatever a type doesn't promise is `Unexpected`."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.engine.leaves import SCALARS, Unexpected, check_present, one_of, wall_clock
from gateway.engine.shapes import MADE_AT_USE, MOST_KEPT, MOST_KEYS, Shape, dictionaries
from gateway.engine.shapes import _makers as kept_makers
from gateway.engine.shapes import _uses as kept_uses
from gateway.resolvers.ids import encode_id, encode_ids
from tests.examples import SAME

KOLKATA, BERLIN = ZoneInfo("Asia/Kolkata"), ZoneInfo("Europe/Berlin")
MOMENTS = st.lists(st.none() | st.datetimes(datetime(1000, 1, 1), datetime(2100, 12, 31)), max_size=6)


@SAME
@given(values=MOMENTS, zone=st.sampled_from([KOLKATA, BERLIN]))
def test_wall_clock_is_what_each_moment_would_say(values: list[datetime | None], zone: ZoneInfo) -> None:
    expected = [None if value is None else value.replace(tzinfo=zone).isoformat() for value in values]
    assert list(wall_clock(values, zone)) == expected


def test_wall_clock_of_one_known_moment() -> None:
    assert list(wall_clock([datetime(2026, 11, 20, 9, 30), None], KOLKATA)) == [
        "2026-11-20T09:30:00+05:30",
        None,
    ]
    assert list(wall_clock([datetime(1941, 1, 1)], KOLKATA)) == ["1941-01-01T00:00:00+05:30"]
    assert list(wall_clock([datetime(1900, 1, 1)], KOLKATA)) == ["1900-01-01T00:00:00+05:21:10"]


@SAME
@given(
    name=st.sampled_from(["Lead", "User", "StatusChange"]), keys=st.lists(st.integers(0, 2**31), max_size=9)
)
def test_ids_of_many_rows_are_those_of_each(name: str, keys: list[int]) -> None:
    assert encode_ids(name, keys) == [encode_id(name, key) for key in keys]


@pytest.mark.parametrize(
    ("scalar", "values"),
    [
        ("String", ["a", 1]),
        ("ID", [1]),
        ("Int", [1, True]),
        ("Int", [2**31]),
        ("Int", [None, -(2**31) - 1]),
        ("Int", [1.0]),
        ("Boolean", [1]),
        ("Float", [1]),
        ("Float", [math.inf]),
        ("Float", [1.5, math.nan]),
        ("Decimal", ["1.00"]),
        ("Date", [datetime(2026, 1, 1)]),
        ("DateTime", ["2026-01-01T00:00:00Z"]),
    ],
)
def test_what_a_scalar_does_not_promise_is_unexpected(scalar: str, values: Sequence[Any]) -> None:
    with pytest.raises(Unexpected):
        SCALARS[scalar](values, KOLKATA)


@pytest.mark.parametrize(
    ("scalar", "values", "written"),
    [
        ("String", ["a", None], ["a", None]),
        ("Int", [2**31 - 1, None, -(2**31)], [2**31 - 1, None, -(2**31)]),
        ("Float", [1.5, None, 0.0], [1.5, None, 0.0]),
        ("Decimal", [Decimal("1.50"), None], ["1.50", None]),
        ("Date", [date(2026, 1, 2), None], ["2026-01-02", None]),
        ("DateTime", [datetime(2026, 1, 2, tzinfo=UTC)], ["2026-01-02T00:00:00+00:00"]),
        ("JSON", [{"a": [1]}, None], [{"a": [1]}, None]),
    ],
)
def test_columns_are_written_as_json_has_them(scalar: str, values: list[Any], written: list[Any]) -> None:
    assert list(SCALARS[scalar](values, KOLKATA)) == written


def test_an_enum_takes_its_own_names_alone() -> None:
    colours: Callable[[Sequence[Any], ZoneInfo], Sequence[Any]] = one_of(frozenset({"RED", "BLUE"}))
    assert list(colours(["RED", None], KOLKATA)) == ["RED", None]
    with pytest.raises(Unexpected):
        colours(["GREEN"], KOLKATA)


def test_a_null_stands_only_where_there_is_no_object() -> None:
    check_present(["a", None], 1)
    with pytest.raises(Unexpected):
        check_present(["a", None], 0)


SHAPE: Shape = (("b", None), ("kind", "Lead"), ("a", None))


def test_a_shape_gives_the_same_objects_however_often_it_comes() -> None:
    expected = [{"b": 1, "kind": "Lead", "a": 2}, None]
    for _ in range(MADE_AT_USE + 2):
        made = dictionaries(SHAPE, [[1, 9], [2, 9]], 2, [7, None])
        assert made == expected
        assert list(made[0]) == ["b", "kind", "a"]
    assert (SHAPE, True) in kept_makers


def test_objects_without_columns_are_as_many_as_there_are() -> None:
    for _ in range(MADE_AT_USE + 1):
        assert dictionaries((("kind", "Lead"),), [], 3, None) == [{"kind": "Lead"}] * 3


def test_large_shapes_are_not_kept() -> None:
    shape: Shape = tuple((f"large{number}", None) for number in range(MOST_KEYS + 1))
    for _ in range(MADE_AT_USE + 1):
        (made,) = dictionaries(shape, [[1]] * len(shape), 1, None)
        assert made == {key: 1 for key, _ in shape}
    assert not {(shape, False)} & (kept_makers.keys() | kept_uses.keys())


def test_unique_shapes_are_forgotten() -> None:
    for number in range(MOST_KEPT + 10):
        for _ in range(MADE_AT_USE):
            dictionaries(((f"key{number}", None),), [[1]], 1, None)
    assert len(kept_makers) == MOST_KEPT
