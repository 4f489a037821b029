"""Makes a set of rules like the contract's but for one change, wherever other rules rest on the changed one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Column, ColumnElement, literal

from datasources.model import EVERYTHING
from gateway.auth.audience import Audience, Grant
from gateway.auth.policies import COLUMNS, FIELDS, OBJECTS, POLICIES, SECRETS
from gateway.auth.policy import Every, Follows, Ground, Mask, Policies, RowPolicy
from gateway.auth.roles import EVERYBODY, PARTNER_SCOPES, Caller
from gateway.auth.scope import Scope
from gateway.schema.audiences import Narrowing, all_fields
from gateway.schema.everything import CONNECTION_ITEMS, TYPES

KNOWN_CALLERS = tuple(caller for caller in Caller if caller is not Caller.ANONYMOUS)


@dataclass(frozen=True)
class Mutant:
    """Rules with one change; `caller` is whom it concerns, where it is one, and `policy` the changed row rule."""

    name: str
    policies: Policies
    caller: Caller | None = None
    policy: RowPolicy | None = None


# --- row rules --------------------------------------------------------------------------------------------


def row_policies() -> list[RowPolicy]:
    """Every row rule: those of the tables, and those that they rest on."""
    found: dict[int, RowPolicy] = {}
    waiting = list(POLICIES.rows)
    while waiting:
        policy = waiting.pop(0)
        if id(policy) not in found:
            found[id(policy)] = policy
            waiting += rests_on(policy)
    return list(found.values())


def rests_on(policy: RowPolicy) -> list[RowPolicy]:
    """The rules that the grounds of a rule lead to."""
    grounds = [ground for several in policy.rules.values() for ground in several]
    return [ground.policy for ground in grounds if isinstance(ground, Follows)]


def dependents(policy: RowPolicy) -> list[RowPolicy]:
    """The tables' rules that rest on a rule, the rule itself first."""
    found = [policy] if policy in POLICIES.rows else []
    return found + [one for one in POLICIES.rows if one is not policy and _leads_to(one, policy)]


def _leads_to(policy: RowPolicy, target: RowPolicy) -> bool:
    return any(one is target or _leads_to(one, target) for one in rests_on(policy))


def name_of(policy: RowPolicy) -> str:
    """What a rule is called here."""
    extra = "" if policy in POLICIES.rows else " (inner)"
    return f"{policy.table.metadata.info['source']}.{policy.table}{extra}"


def with_row_policy(target: RowPolicy, changed: RowPolicy) -> Policies:
    """The contract's rules with one row rule changed, also where other rules rest on it."""
    made: dict[int, RowPolicy] = {id(target): changed}

    def copied(policy: RowPolicy) -> RowPolicy:
        if id(policy) not in made:
            rules = {caller: tuple(map(ground_of, grounds)) for caller, grounds in policy.rules.items()}
            made[id(policy)] = replace(policy, rules=rules)
        return made[id(policy)]

    def ground_of(ground: Ground) -> Ground:
        return replace(ground, policy=copied(ground.policy)) if isinstance(ground, Follows) else ground

    return replace_policies(rows=[copied(policy) for policy in POLICIES.rows])


def replace_policies(**changed: Any) -> Policies:
    """The contract's rules with some of their parts changed."""
    parts: dict[str, Any] = {
        "rows": POLICIES.rows,
        "columns": COLUMNS,
        "secrets": SECRETS,
        "fields": FIELDS,
        "objects": OBJECTS,
        "unseen": POLICIES.unseen,
        "writes": POLICIES.writes,
    }
    return Policies(**{**parts, **changed})


def row_mutants() -> Iterator[Mutant]:
    """Each ground of each caller removed, and widened to every row; each guard removed."""
    for policy in row_policies():
        for caller, grounds in policy.rules.items():
            for place, ground in enumerate(grounds):
                without = (*grounds[:place], *grounds[place + 1 :])
                yield _changed(policy, caller, without, f"without {ground.name}")
                if not isinstance(ground, Every):
                    wider = (*without, Every("A mutant."))
                    yield _changed(policy, caller, wider, f"{ground.name} for every row")
        if policy.guard != EVERYTHING:
            for caller in policy.rules:
                if caller is not Caller.ADMIN:
                    changed = replace(policy, guard=EVERYTHING)
                    name = f"{name_of(policy)}: no guard, asked by {caller.name}"
                    yield Mutant(name, with_row_policy(policy, changed), caller, policy)


def _changed(policy: RowPolicy, caller: Caller, grounds: tuple[Ground, ...], what: str) -> Mutant:
    changed = replace(policy, rules={**policy.rules, caller: grounds})
    name = f"{name_of(policy)} for {caller.name}: {what}"
    return Mutant(name, with_row_policy(policy, changed), caller, policy)


def opened_mutants() -> Iterator[Mutant]:
    """Each table that a kind of caller never sees, opened to it."""
    for policy in POLICIES.rows:
        for caller in KNOWN_CALLERS:
            if caller not in policy.rules:
                changed = replace(policy, rules={**policy.rules, caller: (Every("A mutant."),)})
                name = f"{name_of(policy)}: open to {caller.name}"
                yield Mutant(name, with_row_policy(policy, changed), caller, policy)


# --- columns ----------------------------------------------------------------------------------------------


def column_mutants() -> Iterator[Mutant]:
    """Each column's rule removed; of its grant each caller and scope left out; each secret taken off the list."""
    for column, policy in COLUMNS.items():
        others = {one: rule for one, rule in COLUMNS.items() if one is not column}
        yield Mutant(f"{column_name(column)}: no rule", replace_policies(columns=others))
        for what, grant in grants_near(policy.grant):
            columns = {**COLUMNS, column: replace(policy, grant=grant)}
            yield Mutant(f"{column_name(column)}: {what}", replace_policies(columns=columns))
    for secret in SECRETS:
        yield Mutant(f"{column_name(secret)}: no secret", replace_policies(secrets=set(SECRETS) - {secret}))


def mask_mutants() -> Iterator[Mutant]:
    """Each mask taken off, laid over every row, and with each of its reasons left out."""
    for column, policy in COLUMNS.items():
        if policy.mask is not None:
            for what, rows in MASKS.items():
                mask = None if rows is None else Mask("A mutant.", _bound(rows, column, policy.mask))
                columns = {**COLUMNS, column: replace(policy, mask=mask)}
                yield Mutant(f"{column_name(column)}: {what}", replace_policies(columns=columns))


Rows = Callable[[Scope], ColumnElement[bool] | None]


def _bound(change: Callable[[Scope], Scope | None], column: Column[Any], mask: Mask) -> Rows:
    del column

    def rows(scope: Scope) -> ColumnElement[bool] | None:
        # Of a caller by themselves it can't be said: the rules are asked again with their place in the organisation.
        _ = scope.team_users
        changed = change(scope)
        return literal(False) if changed is None else mask.rows(changed)

    return rows


def _not_oneself(scope: Scope) -> Scope:
    return replace(
        scope, principal=replace(scope.principal, user_id=-1), team_users=scope.team_users - scope.user
    )


def _team_alone(scope: Scope) -> Scope:
    return replace(scope, team_users=frozenset())


def _warriors_for_all(scope: Scope) -> Scope:
    # A scope holds the warriors of the caller's own team alone: the others are among these.
    return replace(scope, team_users=scope.team_users | ALL_USERS) if scope.team_users else scope


def _nobody(_: Scope) -> None:
    return None


ALL_USERS = frozenset(range(1, 10_000))

MASKS: Mapping[str, Callable[[Scope], Scope | None] | None] = {
    "no mask": None,
    "masked for everybody": _nobody,
    "masked for oneself": _not_oneself,
    "masked for those above": _team_alone,
    "not masked for those above anybody": _warriors_for_all,
}


# --- grants -----------------------------------------------------------------------------------------------


def column_name(column: Column[Any]) -> str:
    """What a column is called here."""
    return f"{column.table.metadata.info['source']}.{column}"


def grants_near(grant: Grant) -> Iterator[tuple[str, Grant]]:
    """A grant without each of its callers and scopes, and open to everybody."""
    for caller in sorted(grant.callers, key=lambda one: one.name):
        yield f"not for {caller.name}", Grant(grant.callers - {caller}, grant.scopes)
    for scope in sorted(grant.scopes):
        yield f"without {scope}", Grant(grant.callers, grant.scopes - {scope})
    for caller in sorted(EVERYBODY - grant.callers, key=lambda one: one.name):
        yield f"for {caller.name} too", Grant(grant.callers | {caller}, grant.scopes)


def grant_mutants() -> Iterator[Mutant]:
    """Each rule of a field and of a type removed, and with each caller and scope more or less."""
    for part, rules in (("fields", FIELDS), ("objects", OBJECTS)):
        for name, grant in rules.items():
            others = {one: rule for one, rule in rules.items() if one != name}
            yield Mutant(f"{name}: no rule", replace_policies(**{part: others}))
            for what, near in grants_near(grant):
                yield Mutant(f"{name}: {what}", replace_policies(**{part: {**rules, name: near}}))


def scope_mutants() -> Iterator[Mutant]:
    """Each scope that a table asks of a partner's token, no longer asked for."""
    for policy in POLICIES.rows:
        for scope in sorted(policy.scopes):
            changed = replace(policy, scopes=policy.scopes - {scope})
            yield Mutant(f"{name_of(policy)}: without {scope}", with_row_policy(policy, changed))


def all_named(mutants: Iterable[Mutant]) -> list[Mutant]:
    """The mutants, each with a name of its own."""
    found = list(mutants)
    assert len({one.name for one in found}) == len(found)
    return found


# --- what rules come to -------------------------------------------------------------------------------------


def outcome(policies: Policies) -> dict[str, tuple[bool, ...]]:
    """What the rules of schemas come to: for each type, field, ruled column and table, which audiences have it.

    The access matrix shows the same of types and fields, and the columns of the audiences are its own.
    """
    narrowing = Narrowing(TYPES, policies, CONNECTION_ITEMS)
    found: dict[str, Grant] = {}
    for item in TYPES:
        found[item.name] = narrowing.grant_of_type(item)
        for bound in all_fields(item):
            found[f"{item.name}.{bound.name}"] = narrowing.grant_of(item, bound)
    for column in (*COLUMNS, *SECRETS):
        found[column_name(column)] = policies.column_grant(column)
    for policy in POLICIES.rows:
        found[name_of(policy)] = policies.table_grant(policy.table)
    judged = {name: tuple(grant.covers(one) for one in JUDGED) for name, grant in found.items()}
    masked = {column_name(column) for column, policy in policies.columns.items() if policy.mask is not None}
    return {name: (*covers, name in masked) for name, covers in judged.items()}


# Every kind of caller, and tokens that lack one scope each.
JUDGED = (
    *(Audience(caller, PARTNER_SCOPES) for caller in Caller),
    *(Audience(Caller.PARTNER, PARTNER_SCOPES - {scope}) for scope in sorted(PARTNER_SCOPES)),
)


def same_for_both(name: str, other: str) -> Iterator[Mutant]:
    """Changes of a field's rule and of a type's that says the same, made together."""
    for (what, field), (_, of_type) in zip(
        grants_near(FIELDS[name]), grants_near(OBJECTS[other]), strict=True
    ):
        changed = {"fields": {**FIELDS, name: field}, "objects": {**OBJECTS, other: of_type}}
        yield Mutant(f"{name} and {other}: {what}", replace_policies(**changed))
