"""The access matrix: every row rule and every field against every caller, as text that a person can read and compare.

`gateway matrix` prints it. The repository keeps a copy, so that a change of access shows in review.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from sqlalchemy import Column, FromClause, Table

from datasources.model import EVERYTHING
from gateway.auth.audience import Audience, Grant
from gateway.auth.policy import Policies, RowPolicy, WritePolicy
from gateway.auth.principal import Principal
from gateway.auth.roles import PARTNER_SCOPES, Caller
from gateway.auth.scope import Scope
from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.declarations import CompositeType, Field, RowType, columns_of_field
from gateway.schema.audiences import Narrowing, all_fields
from gateway.schema.everything import TYPES

# The columns. Partners have two: a token with all scopes, and one with none.
AUDIENCES: Mapping[str, Audience] = {
    "ADMIN": Audience(Caller.ADMIN),
    "MANAGER": Audience(Caller.MANAGER),
    "SALESPERSON": Audience(Caller.SALESPERSON),
    "WARRIOR": Audience(Caller.WARRIOR),
    "USER": Audience(Caller.USER),
    "PARTNER+": Audience(Caller.PARTNER, PARTNER_SCOPES),
    "PARTNER-": Audience(Caller.PARTNER),
    "ANONYMOUS": Audience(Caller.ANONYMOUS),
}
ALLOWED, MASKED, DENIED, SEES, GUARDED, MAY = "allowed", "masked", "-", "sees", "guarded", "may"
LEGEND = """\
Who may ever see what. `gateway matrix` writes this from the declarations that are enforced: edit those, not this.

A type's own line says who may have objects of it, and by whose ownership. Each `if` below it is a row rule: who has
`sees` there sees the rows for which it holds, and no others but those of further rules. Who is `guarded` sees of all
these only the rows that the rule's guard lets through (no deleted leads).
Below an operation that changes rows, an `if` is a write rule: who has `may` there may change the seen rows for which it
holds, and no others.
Then come the fields. `allowed` is on every row that is seen, `masked` is null on some of them, `-` is not in the
caller's schema at all. What may be filtered, sorted and grouped by are the fields, and nothing else.
PARTNER+ has a token with all scopes, PARTNER- one with none; the last column has the scopes that a token needs.
"""
_NAME, _CELL = 44, 13


def access_matrix(narrowing: Narrowing, types: Iterable[CompositeType] = TYPES) -> str:
    """The whole matrix as text; the same for the same rules and types."""
    catalogues = {who: narrowing.catalogue(audience) for who, audience in AUDIENCES.items()}
    lines = [LEGEND, _line("", AUDIENCES, "scopes")]
    for item in types:
        lines += ["", *_of_type(narrowing, catalogues, item)]
    lines += ["", "Columns that nobody has, by any path:", *_secrets(narrowing.policies)]
    lines += ["", "Columns that operations write, and no others:", *_written(narrowing.policies)]
    lines += [
        "",
        "Tables that nobody sees:",
        *sorted(f"  {_full(table)}" for table in narrowing.policies.unseen),
    ]
    return "\n".join(lines) + "\n"


def _of_type(narrowing: Narrowing, catalogues: Mapping[str, Catalogue], item: CompositeType) -> Iterator[str]:
    has = [_shown(catalogue.composite(item.name)) for catalogue in catalogues.values()]
    owner = narrowing.owner(item)
    title = item.name if owner is None else f"{item.name}, owned by {owner.value}"
    yield _line(title, has, _scopes(narrowing.grant_of_type(item)))
    if isinstance(item, RowType) and (policy := narrowing.policies.row_policy(item.table)) is not None:
        yield from _row_rules(policy, has)
    for bound in all_fields(item):
        cells = [
            _masked(narrowing.policies, AUDIENCES[who], bound, _shown(catalogue.field(item.name, bound.name)))
            for who, catalogue in catalogues.items()
        ]
        yield _line(f"{item.name}.{bound.name}", cells, _scopes(narrowing.grant_of(item, bound)))
        write = narrowing.policies.writes.get(f"{item.name}.{bound.name}")
        if write is not None:
            yield from _write_rules(write, bound.name, cells)


def _row_rules(policy: RowPolicy, has_type: Sequence[str]) -> Iterator[str]:
    for name, callers in _by_ground(policy).items():
        yield _line(f"  if {name}", _where(callers, has_type, SEES))
    guarded = {caller for caller in policy.rules if policy.guard_for(caller) != EVERYTHING}
    if guarded:
        yield _line("  but the guard holds", _where(guarded, has_type, GUARDED))


def _write_rules(policy: WritePolicy, operation: str, has: Sequence[str]) -> Iterator[str]:
    for name, callers in _by_ground(policy).items():
        yield _line(f"  {operation} if {name}", _where(callers, has, MAY))


def _by_ground(policy: RowPolicy | WritePolicy) -> dict[str, set[Caller]]:
    """Who has each ground, in the order of callers: that of a set is another one in each process."""
    found: dict[str, set[Caller]] = {}
    for caller in Caller:
        for ground in policy.rules.get(caller, ()):
            found.setdefault(ground.name, set()).add(caller)
    return found


def _where(callers: Set[Caller], has_type: Sequence[str], mark: str) -> list[str]:
    """A mark for each of the callers, where the schema has the type at all."""
    columns = zip(AUDIENCES.values(), has_type, strict=True)
    return [mark if who.caller in callers and has == ALLOWED else DENIED for who, has in columns]


def _secrets(policies: Policies) -> list[str]:
    return sorted(f"  {_full(column.table)}.{column.name}" for column in policies.secrets)


def _written(policies: Policies) -> list[str]:
    return [
        f"  {operation}: {_full(column.table)}.{column.name}"
        for operation, policy in policies.writes.items()
        for column in sorted(policy.columns, key=str)
    ]


def _full(table: FromClause) -> str:
    return f"{table.metadata.info['source']}.{table}" if isinstance(table, Table) else str(table)


def _shown(declared: object) -> str:
    return DENIED if declared is None else ALLOWED


def _masked(policies: Policies, audience: Audience, bound: Field, shown: str) -> str:
    somebody = Scope(principal=Principal(caller=audience.caller, user_id=0, scopes=audience.scopes))
    masks = any(_is_masked(policies, column, somebody) for column in columns_of_field(bound))
    return MASKED if shown == ALLOWED and masks else shown


def _is_masked(policies: Policies, column: Column[Any], scope: Scope) -> bool:
    policy = policies.columns.get(column)
    return policy is not None and policy.mask is not None and policy.mask.rows(scope) is not None


def _scopes(grant: Grant) -> str:
    return ", ".join(sorted(grant.scopes)) if Caller.PARTNER in grant.callers else ""


def _line(name: str, cells: Iterable[str], scopes: str = "") -> str:
    return (name.ljust(_NAME) + "".join(cell.ljust(_CELL) for cell in cells) + scopes).rstrip()
