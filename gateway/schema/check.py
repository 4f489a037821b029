"""What must hold of the declarations before the gateway starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import MetaData

from datasources.analytics.tables import metadata as analytics
from datasources.iperform.tables import metadata as iperform
from datasources.magenta.tables import metadata as magenta
from gateway.auth.audience import Audience
from gateway.auth.policies import POLICIES
from gateway.auth.policy import Policies
from gateway.auth.roles import PARTNER_SCOPES, Caller
from gateway.resolvers.declarations import (
    CompositeType,
    ComputedField,
    NodeField,
    ObjectType,
    RowType,
    columns_of_field,
)
from gateway.schema.audiences import all_fields
from gateway.schema.build import PYTHON_TYPES, schema_for
from gateway.schema.everything import TYPES

ROOTS = frozenset({"Query", "Mutation", "Subscription"})


class SchemaError(Exception):
    """A declaration that doesn't hold; the gateway doesn't start with one."""


def check_schema() -> None:
    """Raises `SchemaError` where a table, type, operation or field has no rule, or something isn't described."""
    estate = (iperform, magenta, analytics)
    problems = [*missing_rules(POLICIES, TYPES, estate), *stale_rules(POLICIES, TYPES), *_undescribed()]
    if problems:
        raise SchemaError("\n".join(problems))


def missing_rules(
    policies: Policies, types: Iterable[CompositeType], estate: Iterable[MetaData]
) -> Iterator[str]:
    """What has no rule, or a rule that nobody can meet; one sentence for each."""
    yield from _unruled_tables(policies, estate)
    yield from _unknown_scopes(policies)
    for item in types:
        if isinstance(item, ObjectType) and item.name not in policies.objects:
            yield f"{item.name}: the type has no rule"
        if isinstance(item, RowType):
            yield from _row_type(policies, item)
        for bound in item.fields:
            yield from _field(policies, item, bound)


def _unruled_tables(policies: Policies, estate: Iterable[MetaData]) -> Iterator[str]:
    known = policies.tables() | set(policies.unseen)
    for metadata in estate:
        for table in metadata.tables.values():
            if table not in known:
                yield f"the table {table} of {metadata.info['source']} has no rule"
    for table in policies.tables() & set(policies.unseen):
        yield f"the table {table} has a rule, and is said to be seen by nobody"


def _unknown_scopes(policies: Policies) -> Iterator[str]:
    grants = [*policies.fields.values(), *policies.objects.values()]
    grants += [policy.grant for policy in policies.rows]
    grants += [policy.grant for policy in policies.columns.values()]
    grants += [policy.grant for policy in policies.writes.values()]
    for scope in sorted({scope for grant in grants for scope in grant.scopes} - PARTNER_SCOPES):
        yield f"a rule asks for the scope {scope}, which no token can have"


def _row_type(policies: Policies, item: RowType) -> Iterator[str]:
    if item.table not in policies.tables():
        yield f"{item.name}: the table {item.table} has no rule"
    if not item.node and not item.order:
        yield f"{item.name}: says neither how it is sorted nor what its key is"


def _field(policies: Policies, item: CompositeType, bound: Any) -> Iterator[str]:
    name = f"{item.name}.{bound.name}"
    ruled_by_name = isinstance(bound, NodeField) or (
        isinstance(bound, ComputedField) and (isinstance(item, RowType) or item.name in ROOTS)
    )
    if ruled_by_name and name not in policies.fields:
        yield f"{name}: has no rule in FIELDS"
    if isinstance(bound, ComputedField) and bound.writes is not None:
        yield from _write(policies, name, bound)
    for column in columns_of_field(bound):
        if not policies.column_grant(column).callers:
            yield f"{name}: nobody may read {column}"


def _write(policies: Policies, name: str, bound: ComputedField) -> Iterator[str]:
    policy = policies.writes.get(name)
    if policy is None:
        yield f"{name}: changes rows and has no rule in WRITES"
        return
    if policy.table is not bound.writes:
        yield f"{name}: changes {bound.writes}, and its rule is about {policy.table}"
    if policies.fields.get(name) != policy.grant:
        yield f"{name}: FIELDS says otherwise than WRITES who has it"
    for column in sorted(policy.columns & set(policies.secrets), key=str):
        yield f"{name}: writes the secret {column}"


def stale_rules(policies: Policies, types: Iterable[CompositeType]) -> Iterator[str]:
    """Rules of what no declaration has: left behind by something that went away, or misspelt."""
    types = tuple(types)
    known = {item.name: {bound.name for bound in all_fields(item)} for item in types}
    for name in policies.fields:
        type_name, _, field = name.partition(".")
        if field not in known.get(type_name, ()):
            yield f"{name}: a rule of a field that isn't there"
    changing = {
        f"{item.name}.{bound.name}"
        for item in types
        for bound in item.fields
        if isinstance(bound, ComputedField) and bound.writes is not None
    }
    for name in policies.writes.keys() - changing:
        yield f"{name}: a rule of a write that isn't there"
    for name in policies.objects.keys() - known.keys():
        yield f"{name}: a rule of a type that isn't there"


def _undescribed() -> Iterator[str]:
    schema = schema_for(Audience(Caller.ADMIN)).graphql
    for name, type_ in schema.type_map.items():
        if not name.startswith("__") and name not in PYTHON_TYPES and not type_.description:
            yield f"{name} has no description"
        if not name.startswith("__"):
            for place, part in _parts(type_):
                if not part.description:
                    yield f"{name}.{place} has no description"


def _parts(type_: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a type with their arguments, and the values of an enum."""
    for name, field in getattr(type_, "fields", {}).items():
        yield name, field
        for argument_name, argument in getattr(field, "args", {}).items():
            yield f"{name}({argument_name})", argument
    yield from getattr(type_, "values", {}).items()
