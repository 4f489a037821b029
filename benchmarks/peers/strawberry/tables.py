"""The ORM classes of the peer: the columns that its schema has, and no others."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """What all classes have in common."""


class Lead(Base):
    """`iperform.leads`."""

    __tablename__ = "leads"
    id: Mapped[int] = mapped_column(primary_key=True)
    firm_name: Mapped[str | None]
    status: Mapped[str | None]
    industry: Mapped[str | None]
    source: Mapped[str | None]
    probability: Mapped[int | None]
    tentative_value: Mapped[int | None]
    created_on: Mapped[datetime | None]
    changed_on: Mapped[datetime | None]
    company_id: Mapped[int]
    warrior_id: Mapped[str | None]
    is_deleted: Mapped[int | None]


class LeadSharing(Base):
    """`iperform.gateway_lead_sharing`: with whom leads are shared."""

    __tablename__ = "gateway_lead_sharing"
    salesperson_id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(primary_key=True)


class Company(Base):
    """`magenta.company`."""

    __tablename__ = "company"
    __table_args__ = {"schema": "magenta"}  # noqa: RUF012 - SQLAlchemy's own way
    id: Mapped[int] = mapped_column(primary_key=True)
    company_name: Mapped[str]
    industry: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    active: Mapped[bool | None]


class Warrior(Base):
    """`iperform.warrior`."""

    __tablename__ = "warrior"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    salesperson_id: Mapped[int | None]
    active: Mapped[bool | None]
    created_on: Mapped[datetime | None]


class User(Base):
    """`iperform.user`."""

    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str]
    email: Mapped[str]
    role_id: Mapped[int]
    active: Mapped[bool | None]
    created_on: Mapped[datetime | None]
    created_by: Mapped[int | None]
    changed_by: Mapped[int | None]


class Ticket(Base):
    """`iperform.tickets`."""

    __tablename__ = "tickets"
    id: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int | None]
    title: Mapped[str]
    ticket_type: Mapped[str | None]
    priority: Mapped[str | None]
    status: Mapped[str | None]
    created_on: Mapped[datetime | None]


class TicketComment(Base):
    """`iperform.ticket_communication`."""

    __tablename__ = "ticket_communication"
    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int]
    comment_text: Mapped[str | None]
    commented_on: Mapped[datetime | None]
    commented_by: Mapped[int | None]


class Salesperson(Base):
    """`iperform.salesperson`."""

    __tablename__ = "salesperson"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    under_salesperson: Mapped[str | None]
    active: Mapped[bool | None]


class Role(Base):
    """`iperform.role`."""

    __tablename__ = "role"
    id: Mapped[int] = mapped_column(primary_key=True)
    role_name: Mapped[str]


class AllSession(Base):
    """`iperform.all_session`."""

    __tablename__ = "all_session"
    id_session: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int]
    session_end: Mapped[datetime | None]
    active: Mapped[bool | None]
