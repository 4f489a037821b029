"""The schema of the peer: the gateway's names, Strawberry's types and resolvers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import strawberry
from graphql import GraphQLError
from sqlalchemy import func, or_, select, union
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info

from benchmarks.peers.strawberry import tables
from benchmarks.peers.strawberry.batches import Loaders
from benchmarks.peers.strawberry.database import Database
from benchmarks.peers.strawberry.session import Caller

ZONE = ZoneInfo("Asia/Kolkata")
MOST, USUAL = 500, 50
SECONDS_A_DAY = 86_400


@dataclass
class Context:
    """What one request carries."""

    database: Database
    caller: Caller
    loaders: Loaders


Asked = Info[Context, None]


def global_id(name: str, key: int) -> strawberry.ID:
    """The id that the gateway gives a row."""
    return strawberry.ID(base64.urlsafe_b64encode(f"{name}:{key}".encode()).decode().rstrip("="))


def key_of(id_: str, name: str) -> int:
    """The row that an id names. Raises BAD_USER_INPUT."""
    try:
        found, _, key = base64.urlsafe_b64decode(id_ + "=" * (-len(id_) % 4)).decode().partition(":")
        if found == name and key.isdecimal():
            return int(key)
    except (binascii.Error, ValueError):
        pass
    raise bad_input("That is no id of this API.")


def bad_input(message: str) -> GraphQLError:
    """An error with the code that the gateway gives it."""
    return GraphQLError(message, extensions={"code": "BAD_USER_INPUT"})


def moment(value: datetime | None) -> datetime | None:
    """A DATETIME of the estate with its zone."""
    return None if value is None else value.replace(tzinfo=ZONE)


@strawberry.type
class User:
    """`iperform.user`."""

    row: strawberry.Private[tables.User]
    id: strawberry.ID
    database_id: int
    username: str
    email: str | None
    active: bool | None
    created_on: datetime | None

    @classmethod
    def of(cls, row: tables.User | None) -> User | None:
        """The type of a row."""
        if row is None:
            return None
        return cls(
            row=row,
            id=global_id("User", row.id),
            database_id=row.id,
            username=row.username,
            email=row.email,
            active=row.active,
            created_on=moment(row.created_on),
        )

    @strawberry.field
    async def created_by(self, info: Asked) -> User | None:
        """Who created the account."""
        return await user_of(info, self.row.created_by)

    @strawberry.field
    async def changed_by(self, info: Asked) -> User | None:
        """Who changed it last."""
        return await user_of(info, self.row.changed_by)


async def user_of(info: Asked, key: int | None) -> User | None:
    """The user with this id."""
    return None if key is None else User.of(await info.context.loaders.users.load(key))


@strawberry.type
class TicketComment:
    """`iperform.ticket_communication`."""

    row: strawberry.Private[tables.TicketComment]
    id: strawberry.ID
    database_id: int
    comment_text: str | None
    commented_on: datetime | None

    @classmethod
    def of(cls, row: tables.TicketComment) -> TicketComment:
        """The type of a row."""
        return cls(
            row=row,
            id=global_id("TicketComment", row.id),
            database_id=row.id,
            comment_text=row.comment_text,
            commented_on=moment(row.commented_on),
        )

    @strawberry.field
    async def commented_by(self, info: Asked) -> User | None:
        """Who wrote it."""
        return await user_of(info, self.row.commented_by)


@strawberry.type
class TicketCommentConnection:
    """A page of comments."""

    nodes: list[TicketComment]


@strawberry.type
class Ticket:
    """`iperform.tickets`."""

    row: strawberry.Private[tables.Ticket]
    id: strawberry.ID
    database_id: int
    title: str
    ticket_type: str | None
    priority: str | None
    status: str | None
    created_on: datetime | None

    @classmethod
    def of(cls, row: tables.Ticket) -> Ticket:
        """The type of a row."""
        return cls(
            row=row,
            id=global_id("Ticket", row.id),
            database_id=row.id,
            title=row.title,
            ticket_type=row.ticket_type,
            priority=row.priority,
            status=row.status,
            created_on=moment(row.created_on),
        )

    @strawberry.field
    async def comments(self, info: Asked, first: int = USUAL) -> TicketCommentConnection:
        """The newest comments."""
        found = await info.context.loaders.comments.load(self.row.id)
        return TicketCommentConnection(nodes=[TicketComment.of(row) for row in found[:first]])


@strawberry.type
class TicketConnection:
    """A page of tickets."""

    nodes: list[Ticket]


@strawberry.type
class Warrior:
    """`iperform.warrior`."""

    row: strawberry.Private[tables.Warrior]
    id: strawberry.ID
    database_id: int
    user_id: int
    salesperson_id: int | None
    active: bool | None
    created_on: datetime | None

    @classmethod
    def of(cls, row: tables.Warrior | None) -> Warrior | None:
        """The type of a row."""
        if row is None:
            return None
        return cls(
            row=row,
            id=global_id("Warrior", row.id),
            database_id=row.id,
            user_id=row.user_id,
            salesperson_id=row.salesperson_id,
            active=row.active,
            created_on=moment(row.created_on),
        )

    @strawberry.field
    async def user(self, info: Asked) -> User | None:
        """Their account."""
        return await user_of(info, self.row.user_id)


@strawberry.type
class Count:
    """How many rows there are."""

    statement: strawberry.Private[str]

    @strawberry.field
    async def total_count(self, info: Asked) -> int:
        """The number."""
        rows = await info.context.database.analytics(self.statement)
        return int(rows[0][0])


@strawberry.type
class Company:
    """`magenta.company`."""

    id: strawberry.ID
    database_id: int
    company_name: str
    industry: str | None
    city: str | None
    state: str | None
    active: bool | None

    @classmethod
    def of(cls, row: tables.Company | None) -> Company | None:
        """The type of a row."""
        if row is None:
            return None
        return cls(
            id=global_id("Company", row.id),
            database_id=row.id,
            company_name=row.company_name,
            industry=row.industry,
            city=row.city,
            state=row.state,
            active=row.active,
        )

    @strawberry.field
    def invoices(self) -> Count:
        """The company's invoices in ClickHouse."""
        return Count(statement=f"select count() from h_{self.database_id:03d}.invoices")

    @strawberry.field
    def sync_runs(self) -> Count:
        """The company's synchronizations."""
        return Count(
            statement=f"select count() from extractor.sync_history where company_id = {self.database_id}"
        )


@strawberry.type
class LeadAnalytics:
    """What the mirror in ClickHouse knows of a lead."""

    as_of: datetime
    status_changes: int
    days_in_status: float | None
    activities: int
    last_activity_on: datetime | None


@strawberry.type
class Lead:
    """`iperform.leads`."""

    row: strawberry.Private[tables.Lead]
    id: strawberry.ID
    database_id: int
    firm_name: str | None
    status: str | None
    industry: str | None
    source: str | None
    probability: int | None
    tentative_value: int | None
    created_on: datetime | None
    changed_on: datetime | None

    @classmethod
    def of(cls, row: tables.Lead) -> Lead:
        """The type of a row."""
        return cls(
            row=row,
            id=global_id("Lead", row.id),
            database_id=row.id,
            firm_name=row.firm_name,
            status=row.status,
            industry=row.industry,
            source=row.source,
            probability=row.probability,
            tentative_value=row.tentative_value,
            created_on=moment(row.created_on),
            changed_on=moment(row.changed_on),
        )

    @strawberry.field
    async def company(self, info: Asked) -> Company | None:
        """The company that the lead belongs to."""
        return Company.of(await info.context.loaders.companies.load(self.row.company_id))

    @strawberry.field
    async def warrior(self, info: Asked) -> Warrior | None:
        """Whose lead it is."""
        key = self.row.warrior_id
        if key is None or not key.isascii() or not key.isdecimal() or key[0] == "0":
            return None
        return Warrior.of(await info.context.loaders.warriors.load(int(key)))

    @strawberry.field
    async def tickets(self, info: Asked, first: int = USUAL) -> TicketConnection:
        """The newest tickets."""
        found = await info.context.loaders.tickets.load(self.row.id)
        return TicketConnection(nodes=[Ticket.of(row) for row in found[:first]])

    @strawberry.field
    async def analytics(self, info: Asked) -> LeadAnalytics | None:
        """How the lead has moved."""
        parts = await info.context.loaders.analytics.load(self.row.id)
        if "lead" not in parts:
            return None
        as_of = parts["lead"][1]
        changes, last_change = parts.get("status", (0, None))
        activities, last_activity = parts.get("log", (0, None))
        days = None if last_change is None else (as_of - last_change).total_seconds() / SECONDS_A_DAY
        return LeadAnalytics(
            as_of=as_of.replace(tzinfo=ZONE),
            status_changes=changes,
            days_in_status=None if days is None else round(days, 4),
            activities=activities,
            last_activity_on=moment(last_activity),
        )


@strawberry.input
class IntFilter:
    """Conditions on a number."""

    eq: int | None = None
    lt: int | None = None


@strawberry.input
class StringFilter:
    """Conditions on a text."""

    eq: str | None = None


@strawberry.input
class CompanyWhere:
    """Conditions on a company."""

    industry: StringFilter | None = None


@strawberry.input
class LeadWhere:
    """Conditions on a lead."""

    database_id: IntFilter | None = None
    company_id: IntFilter | None = None
    status: StringFilter | None = None
    company: CompanyWhere | None = None


async def terms_of(info: Asked, where: LeadWhere | None) -> list[Any]:
    """What a lead must be like."""
    lead = tables.Lead
    terms: list[Any] = [or_(lead.is_deleted.is_(None), lead.is_deleted != 1)]
    if where is None:
        return terms
    if where.database_id and where.database_id.lt is not None:
        terms.append(lead.id < where.database_id.lt)
    if where.company_id and where.company_id.eq is not None:
        terms.append(lead.company_id == where.company_id.eq)
    if where.status and where.status.eq is not None:
        terms.append(lead.status == where.status.eq)
    if where.company and where.company.industry and where.company.industry.eq is not None:
        of_industry = select(tables.Company.id).where(tables.Company.industry == where.company.industry.eq)
        terms.append(lead.company_id.in_(await info.context.database.all(of_industry)))
    return terms


@strawberry.type
class LeadConnection:
    """A page of leads."""

    terms: strawberry.Private[Sequence[Any]]
    first: strawberry.Private[int]

    @strawberry.field
    async def nodes(self, info: Asked) -> list[Lead]:
        """The newest."""
        return await leads_of(info, self.terms, self.first)

    @strawberry.field
    async def total_count(self, info: Asked) -> int:
        """How many there are."""
        own = info.context.caller.own_leads()
        terms = [*self.terms, or_(*own)] if own else self.terms
        statement = select(func.count()).select_from(tables.Lead).where(*terms)
        return int((await info.context.database.all(statement))[0])


async def leads_of(info: Asked, terms: Sequence[Any], first: int) -> list[Lead]:
    """The newest leads of the caller."""
    if not 0 <= first <= MOST:
        raise bad_input("`first` is between 0 and 500.")
    newest = tables.Lead.id.desc()
    own = info.context.caller.own_leads()
    if not own:
        statement = select(tables.Lead).where(*terms).order_by(newest).limit(first)
    else:
        # Branches that an index serves each, and their newest together.
        branches = [select(tables.Lead.id).where(*terms, term).order_by(newest).limit(first) for term in own]
        ids = union(*branches).subquery()
        statement = select(tables.Lead).join(ids, ids.c.id == tables.Lead.id).order_by(newest).limit(first)
    return [Lead.of(row) for row in await info.context.database.all(statement)]


@strawberry.type
class Viewer:
    """Who is asking."""

    @strawberry.field
    async def user(self, info: Asked) -> User | None:
        """Their account."""
        return await user_of(info, info.context.caller.user_id)


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    def viewer(self) -> Viewer | None:
        """Who is asking."""
        return Viewer()

    @strawberry.field
    async def lead(
        self, info: Asked, id: strawberry.ID | None = None, database_id: int | None = None
    ) -> Lead | None:
        """One lead."""
        key = database_id if database_id is not None else key_of(id or "", "Lead")
        terms = [*await terms_of(info, None), tables.Lead.id == key]
        found = await leads_of(info, terms, 1)
        return found[0] if found else None

    @strawberry.field
    async def leads(self, info: Asked, first: int = USUAL, where: LeadWhere | None = None) -> LeadConnection:
        """A page of leads."""
        return LeadConnection(terms=await terms_of(info, where), first=first)

    @strawberry.field
    async def company(self, info: Asked, database_id: int | None = None) -> Company | None:
        """One company."""
        return Company.of(await info.context.loaders.companies.load(database_id or 0))


schema = strawberry.Schema(
    query=Query,
    extensions=[lambda: ParserCache(maxsize=1000), lambda: ValidationCache(maxsize=1000)],
    config=StrawberryConfig(auto_camel_case=True),
)
