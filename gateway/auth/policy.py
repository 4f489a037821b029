"""The algebra of access rules: what a rule is, and how rules of a table and of a column are put together.

A rule is data, not code: the grounds on which a row is visible, each with a name and a sentence. So one declaration
makes the filter of every read, the directives of the SDL, and the answer to "why do I see this row?".
The rules themselves are in `policies.py`; `access.py` is the only one that applies them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

from sqlalchemy import Column, ColumnElement, String, Table

from datasources.model import EVERYTHING, NOTHING, Among, Filter, Keys, Related, Value, all_of, any_of
from gateway.auth.audience import Audience, Grant
from gateway.auth.roles import Caller
from gateway.auth.scope import Scope


class Owner(Enum):
    """Whose ownership decides who sees a row: `@owned(by: …)`."""

    LEAD = "LEAD"
    TICKET = "TICKET"
    COMPANY = "COMPANY"
    USER = "USER"
    ONESELF = "ONESELF"
    ADMIN = "ADMIN"
    ANYBODY = "ANYBODY"


class Kind(Enum):
    """What an id that the caller has is the id of."""

    USER = "User"
    WARRIOR = "Warrior"
    SALESPERSON = "Salesperson"
    COMPANY = "Company"
    CLIENT_USER = "ClientUser"
    PARTNER_COMPANY = "PartnerCompany"


# --- rows ---------------------------------------------------------------------------------------------------


class Ground(Protocol):
    """One reason for which a row is visible. `name` is unique within its rule; `says` is a sentence about the row."""

    @property
    def name(self) -> str:
        """What the reason is called."""
        ...

    @property
    def says(self) -> str:
        """The reason as a sentence about the row and the caller."""
        ...

    def rows(self, scope: Scope) -> Filter:
        """The rows that a caller sees for this reason."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """Every row."""

    says: str
    name: str = "EVERY"

    def rows(self, scope: Scope) -> Filter:
        """Every row."""
        del scope
        return EVERYTHING


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Rows whose `column` holds the id of something of the caller's.

    `kind` says of what the ids are, `ids` which ones the caller has, and `make` the filter, where it isn't plainly
    "the column is among the ids".
    """

    name: str
    says: str
    column: Column[Any]
    kind: Kind
    ids: Callable[[Scope], frozenset[int]]
    make: Callable[[Scope], Filter] | None = None

    def rows(self, scope: Scope) -> Filter:
        """The rows that hold one; none where the caller has none."""
        ids = self.ids(scope)
        if not ids:
            return NOTHING
        return Among(self.column, self._bound(ids)) if self.make is None else self.make(scope)

    def _bound(self, ids: frozenset[int]) -> frozenset[Value]:
        # leads.warrior_id is text: ids are bound as text, or the database converts each row and loses the index.
        return frozenset(map(str, ids)) if isinstance(self.column.type, String) else ids


@dataclass(frozen=True, slots=True, eq=False)
class Follows:
    """Rows whose `column` names, by `target`, a row that `policy` lets the caller see."""

    name: str
    says: str
    column: Column[Any]
    target: Column[Any]
    policy: RowPolicy

    def rows(self, scope: Scope) -> Filter:
        """The rows that name a visible one."""
        return Related(self.column, self.target, self.policy.filter(scope), EVERYTHING)


@dataclass(frozen=True, kw_only=True, eq=False)
class RowPolicy:
    """Which rows of a table each kind of caller sees: those for which at least one ground holds.

    A caller without a rule sees none. `guard` holds for all but ADMIN; `guard_says` is a sentence about a row that it
    keeps away. A partner's token needs `scopes` to have the table's type at all; they don't change which rows are the
    partner's.
    """

    table: Table
    owner: Owner
    rules: Mapping[Caller, tuple[Ground, ...]]
    guard: Filter = EVERYTHING
    guard_says: str = ""
    scopes: frozenset[str] = frozenset()

    @property
    def grant(self) -> Grant:
        """Who may ever see a row of the table."""
        return Grant(frozenset(self.rules), self.scopes)

    def grounds(self, caller: Caller) -> tuple[Ground, ...]:
        """The reasons for which a caller of this kind sees a row."""
        return self.rules.get(caller, ())

    def guard_for(self, caller: Caller) -> Filter:
        """What must hold of every row besides."""
        return EVERYTHING if caller is Caller.ADMIN else self.guard

    def filter(self, scope: Scope) -> Filter:
        """The rows that this caller sees: one and the same object for one scope, so that it can be recognised."""
        known = scope.filters.get(self)
        if known is None:
            grounds = any_of(*[ground.rows(scope) for ground in self.grounds(scope.caller)])
            known = scope.filters[self] = all_of(self.guard_for(scope.caller), grounds)
        return known


# --- writes -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, eq=False)
class WritePolicy:
    """Who may change which columns of a table's rows by one operation.

    A row must be visible, before and after, and one of the caller's `rules` must hold of it as it was before; a kind
    of caller without a rule doesn't have the operation. A partner's token needs `scopes` besides. `columns` are all
    that the operation may write: of the table, and of the rows that it adds to others.
    """

    table: Table
    rules: Mapping[Caller, tuple[Ground, ...]]
    columns: frozenset[Column[Any]]
    scopes: frozenset[str] = frozenset()

    @property
    def grant(self) -> Grant:
        """Who may ever have the operation."""
        return Grant(frozenset(self.rules), self.scopes)

    def filter(self, scope: Scope) -> Filter:
        """The rows that this caller may change, of those that they see."""
        return any_of(*[ground.rows(scope) for ground in self.rules.get(scope.caller, ())])


# --- columns ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Mask:
    """The rows on which a column may be read. `rows` gives None where it is every row; `says` is for people.

    On rows whose column `own` names the caller's own user it may always be read.
    """

    says: str
    rows: Callable[[Scope], ColumnElement[bool] | None]
    own: Column[Any] | None = None


@dataclass(frozen=True, slots=True)
class ColumnPolicy:
    """Who may ever read a column, and on which rows; on the others it is null."""

    grant: Grant
    mask: Mask | None = None


# --- what the gateway does itself ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Unrestricted:
    """A deliberate bypass, to be found by its name. `reason` says why no rule of a caller applies."""

    reason: str


class Policy:
    """The way to a filter that doesn't go through a table's rules."""

    @staticmethod
    def unrestricted(*, reason: str) -> Unrestricted:
        """A read or write on the gateway's own behalf."""
        if not reason:
            raise ValueError("say why no rule applies")
        return Unrestricted(reason)


# --- all of them --------------------------------------------------------------------------------------------

NOBODY = Grant(frozenset())
# What is kept of what others derive from the rules of one caller.
MOST_DERIVED = 200


@dataclass(frozen=True, eq=False)
class Policies:
    """Every rule of the estate: by table, by column, and by field where it isn't the row's or column's alone.

    `fields` has the fields that are no column and no relation, as `Lead.files`, among them the operations, as
    `Mutation.login`; `objects` the types that are no rows. `unseen` are tables that nobody sees, by why. `writes` has
    the operations that change rows of the estate.
    """

    rows: Iterable[RowPolicy]
    columns: Mapping[Column[Any], ColumnPolicy]
    secrets: Iterable[Column[Any]]
    fields: Mapping[str, Grant]
    objects: Mapping[str, Grant]
    unseen: Mapping[Table, str] = field(default_factory=dict)
    writes: Mapping[str, WritePolicy] = field(default_factory=dict)
    _rows: Mapping[Table, RowPolicy] = field(init=False)
    # A few callers, and as many sets of scopes as partners were given: 4,096 at most.
    _covered: dict[tuple[Caller, frozenset[str]], dict[Column[Any], bool]] = field(
        default_factory=dict, init=False, repr=False
    )
    _plain: dict[tuple[Caller, frozenset[str]], dict[Column[Any], bool]] = field(
        default_factory=dict, init=False, repr=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(self.rows))
        object.__setattr__(self, "secrets", frozenset(self.secrets))
        object.__setattr__(self, "_rows", {policy.table: policy for policy in self.rows})

    def row_policy(self, table: Table) -> RowPolicy | None:
        """The rule of a table."""
        return self._rows.get(table)

    def tables(self) -> frozenset[Table]:
        """The tables that have a rule."""
        return frozenset(self._rows)

    def table_grant(self, table: Table) -> Grant:
        """Who may ever see a row of the table."""
        policy = self._rows.get(table)
        return NOBODY if policy is None else policy.grant

    def column_grant(self, column: Column[Any]) -> Grant:
        """Who may ever read the column."""
        if column in self.secrets or not isinstance(column.table, Table):
            return NOBODY
        of_table = self.table_grant(column.table)
        policy = self.columns.get(column)
        return of_table if policy is None else of_table.and_(policy.grant)

    def covers(self, audience: Audience, column: Column[Any]) -> bool:
        """Whether an audience may ever read the column; its role's denials left aside."""
        known = self._covered.setdefault((audience.caller, audience.scopes), {})
        found = known.get(column)
        if found is None:
            found = known[column] = self.column_grant(column).covers(audience)
        return found

    def is_plain(self, audience: Audience, column: Column[Any]) -> bool:
        """Whether an audience may read the column, and no rule says on which rows."""
        known = self._plain.setdefault((audience.caller, audience.scopes), {})
        found = known.get(column)
        if found is None:
            policy = self.columns.get(column)
            is_masked = policy is not None and policy.mask is not None
            found = known[column] = not is_masked and self.covers(audience, column)
        return found

    def field_grant(self, type_name: str, name: str) -> Grant | None:
        """The rule of a field that has one of its own."""
        return self.fields.get(f"{type_name}.{name}")

    def write_policy(self, operation: str) -> WritePolicy:
        """The rule of an operation that changes rows, such as `Mutation.changeLeadStatus`. Raises LookupError."""
        return self.writes[operation]

    def object_grant(self, type_name: str) -> Grant:
        """Who may ever have a type whose objects are no rows."""
        return self.objects.get(type_name, NOBODY)

    def for_scope(self, scope: Scope, denied: frozenset[Column[Any]] = frozenset()) -> Rules:
        """The rules as they are for one caller; `denied` are columns that the caller's role is denied."""
        return Rules(self, scope, denied)

    def row_filter(self, table: Table, scope: Scope) -> Filter:
        """The rows of a table that a caller sees; none of a table that has no rule."""
        policy = self._rows.get(table)
        return NOTHING if policy is None else policy.filter(scope)


class Rules:
    """Every rule, bound to the scope of one caller. `kept` is what has been derived from them."""

    def __init__(
        self, policies: Policies, scope: Scope, denied: frozenset[Column[Any]] = frozenset()
    ) -> None:
        self._policies = policies
        self._audience: Audience = scope.principal.audience
        self.scope = scope
        self.denied = denied
        self.kept: dict[Hashable, Any] = {}

    def keep(self, place: Hashable, derived: Any) -> None:
        """Keeps what somebody has derived from these rules, for as long as there is room for it."""
        if len(self.kept) >= MOST_DERIVED:
            self.kept.clear()
        self.kept[place] = derived

    def rows(self, table: Table) -> Filter:
        """The rows of a table that the caller sees."""
        return self._policies.row_filter(table, self.scope)

    def changing(self, operation: str) -> WritePolicy:
        """The rule of an operation that changes rows. Raises LookupError."""
        return self._policies.write_policy(operation)

    def may_read(self, column: Column[Any]) -> bool:
        """Whether the caller may ever read the column."""
        return column not in self.denied and self._policies.covers(self._audience, column)

    def is_plain(self, column: Column[Any]) -> bool:
        """Whether the caller may read the column, and no rule says on which rows."""
        return self._policies.is_plain(self._audience, column) and column not in self.denied

    def mask(self, column: Column[Any]) -> ColumnElement[bool] | None:
        """The rows on which the caller may read the column, or None for every row."""
        policy = self._policies.columns.get(column)
        return None if policy is None or policy.mask is None else policy.mask.rows(self.scope)

    def is_masked_nowhere(self, column: Column[Any], keys: Keys | None) -> bool:
        """Whether the caller may read the column on all rows with these keys, as they are the caller's own."""
        policy = self._policies.columns.get(column)
        mask = None if policy is None else policy.mask
        return (
            mask is not None
            and keys is not None
            and keys.column is mask.own
            and self.scope.user.issuperset(keys.values)
            and self.may_read(column)
        )

    def related(self, column: ColumnElement[Any], target: Column[Any], where: Filter = EVERYTHING) -> Filter:
        """Rows whose `column` names, by `target`, a row that the caller sees and that `where` lets through."""
        if not isinstance(target.table, Table):
            raise TypeError(f"{target} belongs to no table")
        return Related(column, target, self.rows(target.table), where)
