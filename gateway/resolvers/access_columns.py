"""What somebody reads of one row: for each field that shows a column whether they have it, and if not, why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from gateway.auth.audience import Audience, Grant
from gateway.auth.explain import Explainer
from gateway.auth.policy import Policies
from gateway.auth.roles import Caller
from gateway.context import Request
from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.declarations import ColumnField, Field, RowType, ThroughField, columns_of_field


class ColumnState(Enum):
    """What becomes of a column: the values of the enum `ColumnAccess`."""

    READABLE = "READABLE"
    MASKED = "MASKED"
    ABSENT = "ABSENT"


@dataclass(frozen=True, slots=True)
class ExplainedColumn:
    """A field that shows a column. `why` is a sentence, None where it is readable."""

    field: str
    state: ColumnState
    why: str | None = None

    @property
    def access(self) -> str:
        """The state by its name."""
        return self.state.value


async def explained_columns(
    request: Request, row_type: RowType, key: int | None, subject: Catalogue, explainer: Explainer
) -> Sequence[ExplainedColumn]:
    """Every field that shows a column and that the ADMIN has; without a `key` there is no row to mask them on."""
    found: list[ExplainedColumn] = []
    for bound in request.catalogue.fields(row_type.name):
        if not isinstance(bound, ColumnField | ThroughField):
            continue
        if subject.field(row_type.name, bound.name) is None:
            why = _why_absent(request.services.rules.policies, subject, row_type, bound)
            found.append(ExplainedColumn(bound.name, ColumnState.ABSENT, why))
            continue
        masked = None if key is None else await _why_null(explainer, row_type, key, bound)
        state = ColumnState.READABLE if masked is None else ColumnState.MASKED
        found.append(ExplainedColumn(bound.name, state, masked))
    return found


async def _why_null(
    explainer: Explainer, row_type: RowType, key: int, bound: ColumnField | ThroughField
) -> str | None:
    if isinstance(bound, ColumnField):
        return await explainer.masked(bound.column, row_type.key, key)
    way = bound.direction
    named = await explainer.cell(row_type.key, key, way.source)
    if named is None:
        return None
    if await explainer.hidden_row(way.target, named):
        return "It is of another row, which isn't visible."
    return await explainer.masked(bound.column, way.target, named)


def absent(grant: Grant, audience: Audience) -> str | None:
    """Why an audience doesn't have what is granted so; None where it does."""
    if audience.caller not in grant.callers:
        return f"It is not for {audience.caller.value}."
    missing = grant.scopes - audience.scopes if audience.caller is Caller.PARTNER else frozenset()
    if missing:
        return f"It needs the scope {' and '.join(sorted(missing))}, which the token hasn't."
    return None


def absent_type(policies: Policies, audience: Audience, row_type: RowType) -> str:
    """Why a type isn't in an audience's schema."""
    why = absent(policies.table_grant(row_type.table), audience) or "Every field of it is denied."
    return f"The type {row_type.name} isn't in the caller's schema: {why[:1].lower()}{why[1:]}"


def _why_absent(policies: Policies, subject: Catalogue, row_type: RowType, bound: Field) -> str:
    audience = subject.audience
    if not subject.has_table(row_type.table):
        return absent_type(policies, audience, row_type)
    name = f"{row_type.name}.{bound.name}"
    for grant in _grants(policies, row_type, bound):
        why = absent(grant, audience)
        if why is not None:
            return why
    if name in audience.denials:
        return f"`role.permissions` deny {name} by name."
    return "`role.permissions` deny a field that shows the same column."


def _grants(policies: Policies, row_type: RowType, bound: Field) -> Iterator[Grant]:
    own = policies.field_grant(row_type.name, bound.name)
    if own is not None:
        yield own
    yield from map(policies.column_grant, columns_of_field(bound))
