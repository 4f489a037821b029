"""Why a caller sees a row or doesn't: the grounds of its rule, each tried by the reader that enforces it.

Whether a ground holds is only ever asked of the subject's own access; what an ADMIN is told of the rows on the way is
read with the ADMIN's. `obstacles.py` has the words for what doesn't hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table

from datasources.model import EVERYTHING, Among, Filter, Keys, Match, Value
from gateway.auth import obstacles
from gateway.auth.access import Access
from gateway.auth.crossing import convert_key, table_of
from gateway.auth.policy import Follows, Ground, Held, Kind, Policies, RowPolicy
from gateway.auth.roles import Caller
from gateway.auth.scope import Scope, listed_ids
from gateway.auth.selection import Use
from gateway.auth.team_path import TABLE_OF_KIND, Step, way_to_caller


@dataclass(frozen=True, slots=True)
class TriedGround:
    """A ground on one row: `through` has the rows that decided where it holds, `why_not` says why it doesn't."""

    name: str
    says: str
    holds: bool
    why_not: str | None = None
    through: tuple[Step, ...] = ()


class Explainer:
    """Explains rows to an ADMIN, whose access is `asker`, as a `subject` has them."""

    def __init__(self, *, subject: Access, asker: Access, scope: Scope, policies: Policies) -> None:
        self._subject = subject
        self._asker = asker
        self._scope = scope
        self._policies = policies

    async def exists(self, key: Column[Any], value: int) -> bool:
        """Whether there is such a row at all."""
        return bool(await self._asker.rows(table_of(key), (key,), keys=Keys(key, (value,))))

    async def sees(self, key: Column[Any], value: int) -> bool:
        """Whether the subject is given the row: asked of the reader of its requests."""
        return bool(
            await self._subject.rows(table_of(key), (key,), keys=Keys(key, (value,)), use=Use.WORKING)
        )

    async def keeps_away(self, policy: RowPolicy, value: int) -> str | None:
        """What the guard of a rule says of a row that it keeps from the subject whatever else holds."""
        guard = policy.guard_for(self._scope.caller)
        return None if await self._lets(guard, policy.table, value) else policy.guard_says

    async def grounds(self, policy: RowPolicy, value: int) -> list[TriedGround]:
        """Every ground that there is for a caller of the subject's kind, tried on one row."""
        return [await self._tried(policy, ground, value) for ground in policy.grounds(self._scope.caller)]

    async def masked(self, column: Column[Any], by: Column[Any], value: Value) -> str | None:
        """What the mask of a column says where it hides the column on the row whose `by` is `value`."""
        rules = await self._subject.rules()
        rows = rules.mask(column)
        if rows is None or await self._subject.first_key(Match(rows), by, value) is not None:
            return None
        mask = self._policies.columns[column].mask
        return None if mask is None else mask.says

    async def cell(self, key: Column[Any], value: int, column: Column[Any]) -> Value:
        """A cell of a row, as the ADMIN may read it."""
        rows = await self._asker.rows(
            table_of(key), (column,), where=Among(key, frozenset({value})), use=Use.WORKING
        )
        return rows[0][0] if rows else None

    async def hidden_row(self, column: Column[Any], value: Value) -> bool:
        """Whether another row that lends a field is there, and isn't the subject's to see."""
        key = next(iter(table_of(column).primary_key.columns))
        rules = await self._subject.rules()
        there = await self._asker.rows(
            table_of(column), (key,), keys=Keys(column, (value,), 1), use=Use.WORKING
        )
        return (
            bool(there) and await self._subject.first_key(rules.rows(table_of(column)), column, value) is None
        )

    async def _lets(self, rule: Filter, table: Table, value: int) -> bool:
        if rule is EVERYTHING:
            return True
        return await self._subject.first_key(rule, _key(table), value) is not None

    async def _tried(self, policy: RowPolicy, ground: Ground, value: int) -> TriedGround:
        table = policy.table
        if await self._lets(ground.rows(self._scope), table, value):
            through = (Step(table, value, ground.says), *await self._way(table, ground, value))
            return TriedGround(ground.name, ground.says, True, through=through)
        why_not = obstacles.sentence(await self._why_not(table, ground, value))
        return TriedGround(ground.name, ground.says, False, why_not)

    # --- where a ground holds: through which rows ---

    async def _way(self, table: Table, ground: Ground, value: int) -> tuple[Step, ...]:
        """The rows after this one that a ground goes by."""
        if isinstance(ground, Held):
            return await self._way_of_held(table, ground, value)
        if isinstance(ground, Follows):
            return await self._way_of_followed(table, ground, value)
        return ()

    async def _way_of_held(self, table: Table, ground: Held, value: int) -> tuple[Step, ...]:
        named = await self._named(table, ground, value)
        granted = sorted(named & ground.ids(self._scope))
        if not granted:
            return ()
        way = way_to_caller(ground.kind, granted[0], self._scope)
        if ground.column.primary_key:
            return way
        says = obstacles.sentence(obstacles.what_it_names(ground, granted[:1]))
        return (Step(TABLE_OF_KIND[ground.kind], granted[0], says), *way)

    async def _way_of_followed(self, table: Table, ground: Follows, value: int) -> tuple[Step, ...]:
        """By one of the rows that carry it, the one with the lowest key, and on by that row's own rule."""
        policy = ground.policy
        named = convert_key(await self.cell(_key(table), value, ground.column), ground.target)
        carrier = await self._subject.first_key(policy.filter(self._scope), ground.target, named)
        if carrier is None:
            return ()
        for onward in policy.grounds(self._scope.caller):
            if await self._lets(onward.rows(self._scope), policy.table, carrier):
                says = obstacles.sentence(obstacles.carried_by(ground, named))
                return (Step(policy.table, carrier, says), *await self._way(policy.table, onward, carrier))
        return ()

    async def _named(self, table: Table, ground: Held, value: int) -> frozenset[int]:
        """The ids that a row holds in the column of a ground."""
        cell = await self.cell(_key(table), value, ground.column)
        if isinstance(cell, str):
            return listed_ids(cell)
        return frozenset() if cell is None else frozenset({cell})

    # --- where it doesn't ---

    async def _why_not(self, table: Table, ground: Ground, value: int) -> str:
        if isinstance(ground, Held):
            return await self._why_not_held(table, ground, value)
        if isinstance(ground, Follows):
            return await self._why_not_followed(table, ground, value)
        return "it is not there"

    async def _why_not_held(self, table: Table, ground: Held, value: int) -> str:
        named = sorted(await self._named(table, ground, value))
        if not named:
            return obstacles.names_nobody(ground)
        if set(named) & ground.ids(self._scope):
            return obstacles.not_enough(ground, named)
        if len(named) == 1 and not ground.column.primary_key:
            state = await self._state_of(ground, named[0])
            if state is not None:
                return state
        return obstacles.not_the_callers(ground, named, self._scope)

    async def _state_of(self, ground: Held, named: int) -> str | None:
        """What can be said of the one warrior or salesperson that is named, who isn't the subject's."""
        if ground.kind not in {Kind.WARRIOR, Kind.SALESPERSON}:
            return None
        table = TABLE_OF_KIND[ground.kind]
        above = table.c.salesperson_id if ground.kind is Kind.WARRIOR else table.c.manager_id
        rows = await self._asker.rows(
            table, (table.c.active, above), where=Among(_key(table), frozenset({named})), use=Use.WORKING
        )
        if not rows:
            return obstacles.not_there(ground, named)
        active, boss = rows[0]
        if not active:
            return obstacles.inactive(ground, named)
        of_team = self._scope.caller in {Caller.MANAGER, Caller.SALESPERSON}
        return obstacles.reports_elsewhere(ground, named, boss, self._scope) if of_team and boss else None

    async def _why_not_followed(self, table: Table, ground: Follows, value: int) -> str:
        policy = ground.policy
        named = convert_key(await self.cell(_key(table), value, ground.column), ground.target)
        if named is None:
            return obstacles.belongs_to_none(ground)
        key = _key(policy.table)
        there = await self._asker.rows(
            policy.table, (key,), keys=Keys(ground.target, (named,), 1), use=Use.WORKING
        )
        if not there:
            return obstacles.carrier_not_there(ground, named)
        if not ground.target.primary_key:
            return obstacles.no_visible_carrier(ground)
        return obstacles.carrier_not_visible(ground, there[0][0], await self._reasons(policy, there[0][0]))

    async def _reasons(self, policy: RowPolicy, value: int) -> list[str]:
        """Why the subject doesn't see a row that another one follows."""
        kept = await self.keeps_away(policy, value)
        if kept is not None:
            return [obstacles.phrase(kept)]
        return [
            await self._why_not(policy.table, ground, value) for ground in policy.grounds(self._scope.caller)
        ]


def _key(table: Table) -> Column[Any]:
    return next(iter(table.primary_key.columns))
