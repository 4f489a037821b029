"""The generated inputs: filters for each scalar, and `…Where`, `…Order` and `…Field` for each row type."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import JSON

from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.declarations import (
    Argument,
    ColumnField,
    EnumType,
    InputType,
    RowType,
    ToManyField,
    ToOneField,
    scalar_of,
)
from gateway.resolvers.order import sort_fields

_EQUAL = {
    "eq": "Exactly this value.",
    "ne": "Any other value; a null is not other.",
    "in": "One of these values; at most 1,000.",
    "notIn": "None of these values; a null is not matched.",
}
_SORTED = {
    "lt": "Less than this.",
    "lte": "Less than this, or this.",
    "gt": "Greater than this.",
    "gte": "Greater than this, or this.",
}
_TEXT = {
    "contains": "Text that has this somewhere; upper and lower case are the same.",
    "startsWith": "Text that begins with this; upper and lower case are the same.",
}
_OPERATORS = {
    "String": {**_EQUAL, **_SORTED, **_TEXT},
    "Boolean": {name: _EQUAL[name] for name in ("eq", "ne")},
    **{scalar: {**_EQUAL, **_SORTED} for scalar in ("Int", "Decimal", "DateTime", "Date")},
}

DIRECTION = EnumType(
    name="Direction",
    description="Which way a list is sorted. A null is smaller than every value.",
    values={"ASC": "Smallest first.", "DESC": "Largest first."},
)

REPORT_ORDER = InputType(
    name="ReportOrder",
    description="How the rows of a report are sorted.",
    fields=(
        Argument("column", "String!", "The column's name."),
        Argument("direction", "Direction!", "Which way.", "ASC"),
    ),
)


def filter_inputs() -> Iterable[InputType]:
    """One filter for each scalar."""
    for scalar, operators in _OPERATORS.items():
        text = " Text is compared exactly, by code point." if scalar == "String" else ""
        yield InputType(
            name=f"{scalar}Filter",
            description=f"What a {scalar} must be; all conditions hold together.{text}",
            fields=(
                *(Argument(name, _operand(name, scalar), meaning) for name, meaning in operators.items()),
                Argument("isNull", "Boolean", "Whether there is no value."),
            ),
        )


def _operand(operator: str, scalar: str) -> str:
    return f"[{scalar}!]" if operator in {"in", "notIn"} else scalar


def where_input(catalogue: Catalogue, row_type: RowType) -> InputType:
    """`…Where`: a condition for each column and relation, and the ways to put them together."""
    name = f"{row_type.name}Where"
    terms: list[Argument] = []
    for item in catalogue.fields(row_type.name):
        if isinstance(item, ColumnField) and not isinstance(item.column.type, JSON):
            terms.append(Argument(item.name, f"{scalar_of(item.column)}Filter", item.description))
        elif isinstance(item, ToOneField):
            target = catalogue.row_type(item.direction.table)
            terms.append(
                Argument(item.name, f"{target.name}Where", f"What it names must match. {item.description}")
            )
        elif isinstance(item, ToManyField):
            target = catalogue.row_type(item.direction.table)
            terms.append(
                Argument(item.name, f"{target.name}Where", f"At least one must match. {item.description}")
            )
    terms += [
        Argument("and", f"[{name}!]", "All of these hold."),
        Argument("or", f"[{name}!]", "At least one of these holds; an empty list matches nothing."),
        Argument("not", name, "This doesn't hold."),
    ]
    description = f"Which rows of {row_type.name} match; all conditions hold together."
    return InputType(name=name, description=description, fields=tuple(terms))


def order_types(catalogue: Catalogue, row_type: RowType) -> tuple[InputType, EnumType]:
    """`…Order` and `…Field`: what a list can be sorted by, its own columns and those at the end of a relation."""
    values = {name: chosen.description for name, chosen in sort_fields(catalogue, row_type).items()}
    enum = EnumType(
        name=f"{row_type.name}Field",
        description=f"What rows of {row_type.name} are sorted by.",
        values=values,
    )
    order = InputType(
        name=f"{row_type.name}Order",
        description=f"One term of how rows of {row_type.name} are sorted.",
        fields=(
            Argument("field", f"{enum.name}!", "What to sort by."),
            Argument("direction", "Direction!", "Which way.", "ASC"),
        ),
    )
    return order, enum
