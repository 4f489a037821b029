"""Who is asking: the gateway's own token, its session looked up at most once a second, and whose leads they see."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from typing import Any

import jwt
from sqlalchemy import ColumnElement, LargeBinary, and_, cast, or_, select

from benchmarks.peer_settings import PeerSettings
from benchmarks.peers.strawberry.database import Database
from benchmarks.peers.strawberry.tables import (
    AllSession,
    Lead,
    LeadSharing,
    Role,
    Salesperson,
    User,
    Warrior,
)

BELIEVED_SECONDS = 1.0


class UnauthenticatedError(Exception):
    """Nobody is known to be asking."""


@dataclass(frozen=True)
class Caller:
    """Who asks, and the ids by which leads are theirs; ADMIN sees all."""

    user_id: int
    sees_all: bool
    warriors: tuple[str, ...] = ()
    sales: tuple[int, ...] = ()

    def own_leads(self) -> tuple[ColumnElement[bool], ...]:
        """The terms, one for each way in which a lead is theirs; none where every lead is."""
        if self.sees_all:
            return ()
        shared = select(LeadSharing.lead_id).where(LeadSharing.salesperson_id.in_(self.sales))
        # Once by the index, and once by bytes: the column's collation takes '5 ' and '５' for '5'.
        by_bytes = cast(Lead.warrior_id, LargeBinary).in_([id_.encode() for id_ in self.warriors])
        return and_(Lead.warrior_id.in_(self.warriors), by_bytes), Lead.id.in_(shared)


class Sessions:
    """Checks tokens."""

    def __init__(self, database: Database, settings: PeerSettings) -> None:
        self._database = database
        self._now = settings.moment
        self._key = hashlib.sha256(f"iperform-access:{settings.secret}".encode()).digest()
        self._known: dict[int, tuple[float, Caller]] = {}

    async def authenticate(self, authorization: str | None) -> Caller:
        """The caller that a header names. Raises UnauthenticatedError."""
        claims = self._read(authorization)
        found = self._known.get(claims["sid"])
        if (
            found is not None
            and time.monotonic() - found[0] < BELIEVED_SECONDS
            and str(found[1].user_id) == claims["sub"]
        ):
            return found[1]
        caller = await self._look_up(claims)
        self._known[claims["sid"]] = time.monotonic(), caller
        return caller

    def _read(self, authorization: str | None) -> dict[str, Any]:
        scheme, _, token = (authorization or "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise UnauthenticatedError
            return jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience="iperform-access",
                issuer="iperform-gateway",
            )
        except jwt.InvalidTokenError:
            raise UnauthenticatedError from None

    async def _look_up(self, claims: dict[str, Any]) -> Caller:
        statement = (
            select(User.id, Role.role_name)
            .join(AllSession, AllSession.user_id == User.id)
            .join(Role, Role.id == User.role_id)
            .where(
                and_(
                    AllSession.id_session == claims["sid"],
                    User.id == int(claims["sub"]),
                    User.active.is_(True),
                    AllSession.active.is_(True),
                    AllSession.session_end > self._now,
                )
            )
        )
        async with self._database.session() as session:
            row = (await session.execute(statement)).one_or_none()
        if row is None or row.role_name not in {"ADMIN", "SALESPERSON"}:
            raise UnauthenticatedError
        return Caller(row.id, True) if row.role_name == "ADMIN" else await self._salesperson(row.id)

    async def _salesperson(self, user_id: int) -> Caller:
        sellers = await self._database.all(
            select(Salesperson).where(Salesperson.active.is_(True), Salesperson.user_id == user_id)
        )
        sales = {seller.id for seller in sellers}
        listed = {id_.strip() for seller in sellers for id_ in (seller.under_salesperson or "").split(",")}
        under = or_(
            Warrior.salesperson_id.in_(sales), Warrior.id.in_(int(id_) for id_ in listed if id_.isdecimal())
        )
        warriors = await self._database.all(select(Warrior.id).where(Warrior.active.is_(True), under))
        return Caller(user_id, False, tuple(map(str, warriors)), tuple(sales))
