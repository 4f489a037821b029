"""Columns are decoded as wholes to what decoding each cell by itself would give."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON, Boolean, Date, DateTime, Float, Integer, Numeric, String

from datasources.engines.decoding import RowDecoder, decoder_of
from tests.examples import SAME

CELLS: dict[Any, list[Any]] = {
    Boolean(): [True, False, 0, 1, 2],
    Integer(): [5, 2**40, True, Decimal(7), 7.0, "x"],
    Float(): [1.5, float("nan"), Decimal("1.25"), 3],
    Numeric(15, 2): [Decimal("1.50"), Decimal("1.5"), Decimal(3), "2.25", 4, Decimal("1E+1")],
    Numeric(): [Decimal("1.50"), "2.25", 4],
    DateTime(): [
        datetime(2024, 1, 1),
        datetime(2024, 1, 1, tzinfo=UTC),
        "2024-01-01 00:00:00",
        "0000-00-00",
        date(1, 1, 1),
    ],
    Date(): [date(2024, 1, 1), datetime(2024, 1, 1, 5), "2024-01-01", "0000-00-00"],
    JSON(): [{"a": 1}, [1], '{"a": 1}', "{", b"[2]", 5],
    String(): ["x", "", b"y"],
}


def cell_by_cell(types: list[Any], rows: list[Any]) -> list[tuple[Any, ...]]:
    decoders = [decoder_of(type_) for type_ in types]
    return [
        tuple(
            cell if cell is None or decoder is None else decoder(cell)
            for cell, decoder in zip(row, decoders, strict=True)
        )
        for row in rows
    ]


@st.composite
def tables(draw: Any) -> tuple[list[Any], list[Any]]:
    """Types, and rows in which a column is of one kind, of several, or empty."""
    types = draw(st.lists(st.sampled_from(list(CELLS)), min_size=1, max_size=4))
    kinds = [
        draw(st.lists(st.sampled_from([None, *CELLS[type_]]), min_size=1, max_size=3)) for type_ in types
    ]
    row = st.tuples(*(st.sampled_from(cells) for cells in kinds))
    return types, draw(st.lists(draw(st.sampled_from([row, row.map(list)])), max_size=5))


@SAME
@given(tables())
def test_columns_hold_what_their_cells_would(table: tuple[list[Any], list[Any]]) -> None:
    types, rows = table
    found = RowDecoder(types).rows(rows)
    assert repr(found) == repr(cell_by_cell(types, rows))


def test_rows_that_need_nothing_are_handed_on() -> None:
    rows = [(5, "x", Decimal("1.50"), datetime(2024, 1, 1), True), (None,) * 5]
    types: list[Any] = [Integer(), String(), Numeric(15, 2), DateTime(), Boolean()]
    assert RowDecoder(types).rows(rows) is rows


def test_a_driver_that_gives_integers_and_moments_as_declared_is_believed() -> None:
    rows = [(Decimal(5), datetime(2024, 1, 1, tzinfo=UTC), 1), (None, None, None)]
    types: list[Any] = [Integer(), DateTime(), Boolean()]
    assert RowDecoder(types, [True, True, True]).rows(rows) == [(*rows[0][:2], True), rows[1]]
    assert RowDecoder(types, [False, True, True]).rows(rows) == [(5, rows[0][1], True), rows[1]]
    # What is no date of any calendar comes as text from the same driver.
    assert RowDecoder(types, [True, True, True]).rows([(5, "0000-00-00", 0)]) == [(5, None, False)]


def test_rows_of_any_kind_become_a_list_of_tuples() -> None:
    assert RowDecoder([Integer()]).rows(((1,), (2,))) == [(1,), (2,)]
    assert RowDecoder([String()]).rows([["a"]]) == [("a",)]
    assert RowDecoder([Integer()]).rows(()) == []
