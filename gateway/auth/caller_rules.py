"""The rules as they are for one caller, kept from one request to the next for as long as nothing in them changes.

Who is in whose team is read anew for each request, or for several that wait for it at the same time. Where it is as it
was, so are the rules that follow from it, and whatever has been derived from them. Made by `services.py`, asked by
`access.py`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, cast

from sqlalchemy import Column

from datasources.model import Row
from gateway.auth.audience import Audience
from gateway.auth.organisation import Found, found_of, needs_organisation, scope_by
from gateway.auth.policy import Policies, Rules
from gateway.auth.principal import Principal
from gateway.auth.roles import Caller
from gateway.auth.scope import Oneself, Scope
from gateway.auth.shared_read import SharedRead
from gateway.auth.system_access import SystemAccess
from gateway.auth.trace import here

DeniedColumns = Callable[[Audience], frozenset[Column[Any]]]

# Callers of whom reading some things takes no look at the organisation. What somebody at a client is decides all.
IN_TEAMS = frozenset({Caller.MANAGER, Caller.SALESPERSON, Caller.WARRIOR, Caller.PARTNER})
CALLERS_KEPT = 500


class CallerRules:
    """The rules of one caller. `salespeople` is the look at all of them, which other callers take as well."""

    def __init__(
        self,
        policies: Policies,
        principal: Principal,
        denied: frozenset[Column[Any]] = frozenset(),
        salespeople: SharedRead[list[Row]] | None = None,
    ) -> None:
        self.policies = policies
        self.principal = principal
        self.in_teams = principal.caller in IN_TEAMS
        self._denied = denied
        self._salespeople = salespeople
        self._shared: SharedRead[Rules] = SharedRead()
        self._last: tuple[Found | None, Rules | None] = None, None

    @cached_property
    def at_once(self) -> Rules | None:
        """The rules of a caller whose place in the organisation decides nothing; None for others."""
        if needs_organisation(self.principal):
            return None
        return self.for_scope(scope_by(self.principal, Found()))

    @cached_property
    def of_oneself(self) -> Rules:
        """The rules as far as they go by who the caller is, and by nobody else."""
        return self.for_scope(cast(Scope, Oneself(self.principal)))

    async def in_organisation(self, system: SystemAccess) -> Rules:
        """The rules by the organisation as it is now."""
        if here() is not None:
            # A plan shows what was read for its own request.
            return self._by(await found_of(system, self.principal, self._last[0]))
        return await self._shared.get(partial(self._read, system))

    async def _read(self, system: SystemAccess) -> Rules:
        return self._by(await found_of(system, self.principal, self._last[0], self._salespeople))

    def _by(self, found: Found) -> Rules:
        last, rules = self._last
        if rules is None or found != last:
            rules = self.for_scope(scope_by(self.principal, found))
            self._last = found, rules
        return rules

    def for_scope(self, scope: Scope) -> Rules:
        """The rules by a scope that somebody has found out."""
        return self.policies.for_scope(scope, self._denied)


class KeptRules:
    """The rules of the callers who asked last. `denied_columns` are those that an audience's role is denied."""

    def __init__(self, policies: Policies, denied_columns: DeniedColumns) -> None:
        self.policies = policies
        self.denied_columns = denied_columns
        # By identity: a principal is the same object as long as nothing has changed of a session.
        self._kept: OrderedDict[int, CallerRules] = OrderedDict()
        self._salespeople: SharedRead[list[Row]] = SharedRead()

    def of(self, principal: Principal) -> CallerRules:
        """The rules of a caller who asks now, and may ask again."""
        found = self._kept.get(id(principal))
        if found is None:
            found = self._kept[id(principal)] = self.once(principal)
            if len(self._kept) > CALLERS_KEPT:
                self._kept.popitem(last=False)
        return found

    def once(self, principal: Principal) -> CallerRules:
        """The rules of a caller, of whom nothing is kept."""
        denied = self.denied_columns(principal.audience)
        return CallerRules(self.policies, principal, denied, self._salespeople)
