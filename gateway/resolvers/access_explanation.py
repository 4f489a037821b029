"""`explainAccess`: whether somebody sees a row, by which rule and through which rows, and what they read of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datasources.model import Among, all_of
from gateway.auth.audience import Audience
from gateway.auth.explain import Explainer, TriedGround
from gateway.auth.policy import RowPolicy
from gateway.auth.principal import Principal
from gateway.auth.roles import Caller
from gateway.auth.selection import Use
from gateway.auth.subjects import Subject
from gateway.auth.team_path import Step
from gateway.context import Request
from gateway.errors import Code, GatewayError, bad_input
from gateway.resolvers.access_columns import ExplainedColumn, absent, absent_type, explained_columns
from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.declarations import RowType
from gateway.resolvers.ids import MAXIMUM_INT, database_id


@dataclass(frozen=True, slots=True)
class Explanation:
    """What `explainAccess` gives. `obstacles` keep the row away whatever ground holds."""

    type: str
    database_id: int
    visible: bool
    exists: bool
    says: str
    obstacles: Sequence[str] = ()
    grounds: Sequence[TriedGround] = ()
    columns: Sequence[ExplainedColumn] = ()

    @property
    def deciding(self) -> TriedGround | None:
        """Of the grounds that hold, the one that needs the fewest rows; None of a row that isn't visible."""
        holding = [ground for ground in self.grounds if ground.holds]
        return min(holding, key=lambda ground: len(ground.through)) if self.visible and holding else None

    @property
    def through(self) -> tuple[Step, ...]:
        """The rows that decided."""
        return () if self.deciding is None else self.deciding.through


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is asked about, and of whom; `catalogue` is that of the subject's schema."""

    row_type: RowType
    policy: RowPolicy
    database_id: int
    principal: Principal
    catalogue: Catalogue = field(repr=False)

    @property
    def audience(self) -> Audience:
        """Whose schema the subject has."""
        return self.principal.audience


async def explain_access(
    _: object,
    request: Request,
    type: str,
    databaseId: int,  # noqa: N803 - the argument's name in the schema
    **named: Mapping[str, str],
) -> Explanation:
    """Explains one row to an ADMIN. `as` names the subject; it is no name in Python."""
    row_type, policy = _row_type(request, type)
    subject = await _subject(request, named["as"])
    if subject.principal is None:
        return await _ended(request, row_type, databaseId, str(subject.ended))
    catalogue = request.services.catalogue_of(subject.principal.audience)
    return await _explained(request, _Asked(row_type, policy, databaseId, subject.principal, catalogue))


def _row_type(request: Request, name: str) -> tuple[RowType, RowPolicy]:
    found = request.catalogue.composite(name)
    if not isinstance(found, RowType):
        raise bad_input("`type` is no type of rows in this schema: say one such as `Lead` or `Ticket`.")
    policy = request.services.rules.policies.row_policy(found.table)
    if policy is None or not found.node:
        raise bad_input(f"Rows of {name} have no database id, so that none can be named.")
    return found, policy


async def _subject(request: Request, given: Mapping[str, str]) -> Subject:
    subjects = request.services.subjects
    if "user" in given:
        found = await subjects.user(database_id(given["user"], "User"))
    else:
        found = await subjects.token(database_id(given["token"], "PartnerToken"))
    if found is None:
        raise GatewayError(Code.NOT_FOUND, "There is no such user, or no such partner token.")
    return found


async def _ended(request: Request, row_type: RowType, key: int, why: str) -> Explanation:
    """Of somebody whom the gateway doesn't let in, there is nothing else to say."""
    where = Among(row_type.key, frozenset({key}))
    exists = bool(await request.access.rows(row_type.table, (row_type.key,), where=where))
    return Explanation(row_type.name, key, False, exists, f"Not visible: {_small(why)}", (why,))


async def _explained(request: Request, asked: _Asked) -> Explanation:
    access = request.services.access_for(asked.principal)
    try:
        rules = await access.rules()
        explainer = Explainer(
            subject=access, asker=request.access, scope=rules.scope, policies=request.services.rules.policies
        )
        return await _told(request, asked, explainer)
    finally:
        access.abandon()


async def _told(request: Request, asked: _Asked, explainer: Explainer) -> Explanation:
    row_type, key = asked.row_type, asked.database_id
    exists = 0 <= key <= MAXIMUM_INT and await explainer.exists(row_type.key, key)
    has_type = asked.catalogue.has_table(row_type.table)
    obstacles = [] if has_type else [absent_type(request.services.rules.policies, asked.audience, row_type)]
    grounds: list[TriedGround] = []
    if exists:
        kept = await explainer.keeps_away(asked.policy, key)
        obstacles += [] if kept is None else [kept]
        grounds = await explainer.grounds(asked.policy, key)
    visible = has_type and exists and await explainer.sees(row_type.key, key)
    says = await _summary(request, asked, visible=visible, exists=exists, obstacles=obstacles)
    columns = await explained_columns(request, row_type, key if exists else None, asked.catalogue, explainer)
    return Explanation(row_type.name, key, visible, exists, says, tuple(obstacles), grounds, columns)


async def _summary(
    request: Request, asked: _Asked, *, visible: bool, exists: bool, obstacles: Sequence[str]
) -> str:
    if visible:
        hidden = await _is_hidden(request, asked)
        return "Visible, where it is asked for: it is deleted." if hidden else "Visible."
    if not exists:
        return f"Not visible: there is no {asked.row_type.name} {asked.database_id}."
    if obstacles:
        return f"Not visible: {_small(obstacles[0])}"
    if not asked.policy.grounds(asked.principal.caller):
        return f"Not visible: {_small(absent(asked.policy.grant, asked.audience) or 'No ground holds.')}"
    return "Not visible: no ground holds."


async def _is_hidden(request: Request, asked: _Asked) -> bool:
    """Whether a row that is visible is left out of what doesn't speak of it."""
    row_type = asked.row_type
    if row_type.hidden is None or asked.principal.caller is not Caller.ADMIN:
        return False
    where = all_of(Among(row_type.key, frozenset({asked.database_id})), row_type.hidden)
    return bool(await request.access.rows(row_type.table, (row_type.key,), where=where, use=Use.WORKING))


def _small(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def type_of(step: Step, request: Request) -> RowType:
    """The GraphQL type of a row that decided."""
    return request.catalogue.row_type(step.table)


def rule_of(explanation: Explanation, _: Request) -> str | None:
    """The name of the ground that decided."""
    return None if explanation.deciding is None else explanation.deciding.name


def member(name: str) -> Any:
    """A resolver that gives what the value has under a name."""

    def resolve(value: Any, _: Request) -> Any:
        found = getattr(value, name)
        return list(found) if isinstance(found, tuple) else found

    return resolve
