"""Who is asking: logging in, renewing and ending a session, and checking one on every request.

A session is a row of `iperform.all_session`, its refresh token kept there only as a hash. What a token claims is
never believed beyond the session's and the user's ids: the database says whether they live, and with which role.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func

from datasources.iperform.tables import all_session, login_history, role, session_info, user
from datasources.model import Among, Filter, Match, Row, all_of
from gateway.auth.partner_token_text import is_marked
from gateway.auth.partner_tokens import PartnerTokens
from gateway.auth.passwords import password_matches
from gateway.auth.policy import Policy
from gateway.auth.principal import ANONYMOUS, Client, Principal
from gateway.auth.recheck import ACCOUNT_ENDED, SESSION_ENDED, Recheck, chunks
from gateway.auth.roles import caller_of_role
from gateway.auth.system_access import SystemAccess
from gateway.auth.throttle import LoginThrottle
from gateway.auth.tokens import Audience, Claims, Tokens, hashed, new_nonce
from gateway.errors import unauthenticated

BYPASS = Policy.unrestricted(reason="who is asking must be known before a rule of theirs can apply")
MOST_CACHED = 10_000
LONGEST_TOKEN = 4_096
LONGEST_NAME = 255

# A user with their role, and a session with both: one statement each.
USER_WITH_ROLE = user.join(role, role.c.id == user.c.role_id)
_SESSION = all_session.join(user, user.c.id == all_session.c.user_id).join(role, role.c.id == user.c.role_id)
PERSON = (
    user.c.id,
    user.c.user_id,
    user.c.active,
    role.c.role_name,
    role.c.permissions,
    role.c.view_list,
    role.c.allowed_status_list,
)
SESSION_COLUMNS = (
    *PERSON,
    all_session.c.id_session,
    all_session.c.session_end,
    all_session.c.active,
)
ENDED = Recheck(None, SESSION_ENDED)


@dataclass(frozen=True, slots=True)
class Session:
    """What a client gets for logging in. `expires_at` is the access token's end, in seconds since 1970."""

    access_token: str
    refresh_token: str
    expires_at: int
    principal: Principal


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long tokens and the memory of a checked session are good, in seconds."""

    access: int
    refresh: int
    cache: float


class Authenticator:
    """Sessions of staff users; a partner's token is handed on to `partner_tokens`."""

    def __init__(
        self,
        system: SystemAccess,
        tokens: Tokens,
        throttle: LoginThrottle,
        *,
        partner_tokens: PartnerTokens,
        lifetimes: Lifetimes,
        zone: ZoneInfo,
    ) -> None:
        self._system = system
        self._tokens = tokens
        self._throttle = throttle
        self._partner_tokens = partner_tokens
        self._lifetimes = lifetimes
        self._zone = zone
        self._checked: dict[int, tuple[float, Principal]] = {}

    async def authenticate(self, authorization: str | None) -> Principal:
        """The caller that an `Authorization` header names; ANONYMOUS without one. Raises UNAUTHENTICATED."""
        if authorization is None:
            return ANONYMOUS
        token = _token_in(authorization)
        if is_marked(token):
            return await self._partner_tokens.authenticate(token)
        return await self._session(self._tokens.read_access(token))

    def expiry_of(self, authorization: str) -> int | None:
        """When the access token in a header that was just believed ends, in seconds since 1970.

        None for a partner's token: its row says it, and may change. Raises UNAUTHENTICATED.
        """
        token = _token_in(authorization)
        return None if is_marked(token) else self._tokens.read_access(token).expires_at

    async def check_all(self, principals: Sequence[Principal]) -> list[Recheck]:
        """What has become of callers who were let in before, in their order and in few statements.

        Raises SOURCE_UNAVAILABLE and TIMEOUT: then nothing is known of any of them.
        """
        sessions = await self._check_sessions(
            {item.session_id for item in principals if item.session_id is not None}
        )
        tokens = await self._partner_tokens.check_all(
            {item.token_id for item in principals if item.token_id is not None}
        )
        return [
            sessions.get(item.session_id or 0) or tokens.get(item.token_id or 0) or ENDED
            for item in principals
        ]

    async def login(self, username: str, password: str, client: Client) -> Session:
        """Starts a session. Raises UNAUTHENTICATED, the same for an unknown user and a wrong password, or THROTTLED."""
        await self._throttle.count(account=username, address=client.address)
        row = await self._user_row(username)
        right = await password_matches(password, None if row is None else row[-1])
        principal = None if row is None else principal_of_user(row)
        if not right or principal is None:
            raise unauthenticated("The user name or the password is wrong.")
        await self._throttle.succeeded(account=username, address=client.address)
        return await self._start(principal, client)

    async def refresh(self, token: str, client: Client) -> Session:
        """Renews a session, its refresh token with it. A token that was used before ends the session.

        Raises UNAUTHENTICATED.
        """
        del client
        if len(token) > LONGEST_TOKEN:
            raise unauthenticated()
        claims = self._tokens.read(Audience.REFRESH, token)
        row = await self._session_row(claims)
        principal = None if row is None else _live(row, self._now())
        if row is None or principal is None:
            raise unauthenticated()
        nonce = new_nonce()
        renewed = await self._system.update(
            all_session,
            {"token": hashed(nonce), "session_end": self._now() + timedelta(seconds=self._lifetimes.refresh)},
            where=all_of(
                _of_session(claims.session_id), Among(all_session.c.token, frozenset({hashed(claims.nonce)}))
            ),
            bypass=BYPASS,
        )
        if not renewed:
            # Somebody else holds the newer token, or this one was stolen: neither goes on.
            await self._end(claims)
            raise unauthenticated()
        return self._issued(principal, claims.session_id, claims.login_id, nonce)

    async def logout(self, principal: Principal, authorization: str | None) -> bool:
        """Ends the session of the caller; False where there is none."""
        if principal.session_id is None or authorization is None:
            return False
        claims = self._tokens.read(Audience.ACCESS, authorization.partition(" ")[2].strip())
        await self._end(claims)
        return True

    async def _session(self, claims: Claims) -> Principal:
        known = self._checked.get(claims.session_id)
        if (
            known is not None
            and time.monotonic() - known[0] < self._lifetimes.cache
            and known[1].user_id == claims.user_id
        ):
            return known[1]
        asked = time.monotonic()
        row = await self._session_row(claims)
        principal = None if row is None else _live(row, self._now())
        if principal is None:
            self._checked.pop(claims.session_id, None)
            raise unauthenticated()
        if known is not None and known[1] == principal:
            # The same object as long as nothing has changed: what is kept of a caller is found by it.
            principal = known[1]
        if len(self._checked) >= MOST_CACHED:
            self._checked.clear()
        self._checked[claims.session_id] = (asked, principal)
        return principal

    async def _check_sessions(self, session_ids: Collection[int]) -> Mapping[int, Recheck]:
        found: dict[int, Recheck] = {}
        for some in chunks(session_ids):
            where = Among(all_session.c.id_session, some)
            rows = await self._system.rows(SESSION_COLUMNS, table=_SESSION, where=where, bypass=BYPASS)
            found |= {row[7]: _rechecked(row, self._now()) for row in rows}
        return {session_id: found.get(session_id, ENDED) for session_id in session_ids}

    async def _user_row(self, username: str) -> Row | None:
        """The account of this name, with its password last; None for a name that no account can have."""
        rows = await self._system.rows(
            (*PERSON, user.c.password),
            table=USER_WITH_ROLE,
            # A name that is too long is asked for as no name is, so that it takes the same way and time.
            where=Among(user.c.username, frozenset({username if len(username) <= LONGEST_NAME else ""})),
            bypass=BYPASS,
        )
        return rows[0] if rows and len(username) <= LONGEST_NAME else None

    async def _session_row(self, claims: Claims) -> Row | None:
        rows = await self._system.rows(
            SESSION_COLUMNS,
            table=_SESSION,
            where=all_of(
                _of_session(claims.session_id), Among(all_session.c.user_id, frozenset({claims.user_id}))
            ),
            bypass=BYPASS,
        )
        return rows[0] if rows else None

    async def _start(self, principal: Principal, client: Client) -> Session:
        now = self._now()
        assert principal.user_id is not None
        nonce = new_nonce()
        place = {
            "user_id": principal.user_id,
            "device_info": client.user_agent[:255],
            "ip_address": client.address[:45],
        }
        session_id = await self._system.insert(
            all_session,
            {
                **place,
                "token": hashed(nonce),
                "session_start": now,
                "session_end": now + timedelta(seconds=self._lifetimes.refresh),
                "user_agent": client.user_agent[:2000],
                "active": True,
                "created_on": now,
            },
            bypass=BYPASS,
        )
        login_id = await self._system.insert(login_history, {**place, "login_on": now}, bypass=BYPASS)
        await self._count_login(principal.user_id, now)
        return self._issued(principal, session_id, login_id, nonce)

    async def _count_login(self, user_id: int, now: datetime) -> None:
        counted = await self._system.update(
            session_info,
            {"no_of_logins": func.coalesce(session_info.c.no_of_logins, 0) + 1, "last_login": now},
            where=Among(session_info.c.user_id, frozenset({user_id})),
            bypass=BYPASS,
        )
        if not counted:
            values = {"user_id": user_id, "no_of_logins": 1, "last_login": now}
            await self._system.insert(session_info, values, bypass=BYPASS)

    async def _end(self, claims: Claims) -> None:
        now = self._now()
        self._checked.pop(claims.session_id, None)
        await self._system.update(
            all_session,
            {"active": False, "session_end": now},
            where=_of_session(claims.session_id),
            bypass=BYPASS,
        )
        still_in = Match(login_history.c.logout_on.is_(None))
        await self._system.update(
            login_history,
            {"logout_on": now},
            where=all_of(Among(login_history.c.id, frozenset({claims.login_id})), still_in),
            bypass=BYPASS,
        )

    def _issued(self, principal: Principal, session_id: int, login_id: int, nonce: str) -> Session:
        common: dict[str, Any] = {
            "session_id": session_id,
            "user_id": principal.user_id,
            "login_id": login_id,
        }
        access, expires_at = self._tokens.issue(
            Audience.ACCESS, **common, nonce=new_nonce(), seconds=self._lifetimes.access
        )
        refresh, _ = self._tokens.issue(
            Audience.REFRESH, **common, nonce=nonce, seconds=self._lifetimes.refresh
        )
        return Session(access, refresh, expires_at, principal)

    def _now(self) -> datetime:
        """The estate's wall clock."""
        return datetime.now(self._zone).replace(tzinfo=None, microsecond=0)


def _of_session(session_id: int) -> Filter:
    return Among(all_session.c.id_session, frozenset({session_id}))


def principal_of_user(row: Row, *, session_id: int | None = None) -> Principal | None:
    """The caller that a user with their role is; None where the user isn't active or the role grants nothing."""
    user_id, client_user_id, active, role_name, permissions, views, statuses = row[:7]
    caller = caller_of_role(role_name)
    if not active or caller is None:
        return None
    return Principal(
        caller=caller,
        user_id=user_id,
        session_id=session_id,
        client_user_id=client_user_id,
        permissions=permissions,
        views=_items(views),
        allowed_statuses=_items(statuses),
    )


def _live(row: Row, now: datetime) -> Principal | None:
    """The caller of a session that hasn't ended."""
    return _rechecked(row, now).principal


def _rechecked(row: Row, now: datetime) -> Recheck:
    session_id, session_end, active = row[7:10]
    if not active or (session_end is not None and session_end <= now):
        return ENDED
    principal = principal_of_user(row, session_id=session_id)
    return Recheck(None, ACCOUNT_ENDED) if principal is None else Recheck(principal)


def _token_in(authorization: str) -> str:
    """The token of an `Authorization` header. Raises UNAUTHENTICATED where it holds none."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
        raise unauthenticated()
    return token.strip()


def _items(text: str | None) -> tuple[str, ...]:
    return tuple(item for item in (part.strip() for part in (text or "").split(",")) if item)
