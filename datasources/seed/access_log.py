"""Generates who logged in and what was asked: sessions, login history, request log, deleted files.

`session_info` counts the user's rows in `login_history`, and its last login is the latest of them.
"""

from datetime import date, datetime, timedelta

from datasources.iperform import tables
from datasources.seed import vocabulary as words
from datasources.seed.chance import Chance
from datasources.seed.clients import Clients
from datasources.seed.rows import Chunk, Row
from datasources.seed.team import Team

HEXADECIMAL = "0123456789abcdef"
LOGIN_DAYS = 120


class _Logins:
    def __init__(self, chance: Chance, today: date) -> None:
        self.history: list[Row] = []
        self.sessions: list[Row] = []
        self.info: list[Row] = []
        self._chance = chance
        self._today = today

    def add_user(self, user_id: int) -> None:
        chance = self._chance
        days = sorted(chance.sample(range(1, LOGIN_DAYS), chance.between(0, 7)), reverse=True)
        logins = [self._login(user_id, chance.during(self._today - timedelta(days=day))) for day in days]
        known = [login for login in logins if login is not None]
        self.info.append(
            {
                "user_id": user_id,
                "no_of_logins": len(logins) if logins else chance.pick_or_none((0,), 0.3),
                "last_login": max(known) if known else None,
            }
        )

    def _login(self, user_id: int, moment: datetime) -> datetime | None:
        chance = self._chance
        end = moment + timedelta(minutes=chance.between(5, 240))
        seen = None if chance.happens(0.01) else moment
        place = {
            "device_info": chance.pick_or_none(words.DEVICES, 0.03),
            "ip_address": chance.pick_or_none(
                (f"10.0.{chance.below(255)}.{chance.below(255)}", f"2405:201::{chance.below(9999):x}"), 0.02
            ),
        }
        self.history.append(
            {
                "id": len(self.history) + 1,
                "user_id": user_id,
                "login_on": seen,
                "logout_on": None if chance.happens(0.3) else end,
                "location": chance.pick_or_none([city.name for city in words.CITIES], 0.1),
                **place,
            }
        )
        if chance.happens(0.8):
            self.sessions.append(self._session(user_id, moment, end, place))
        return seen

    def _session(self, user_id: int, start: datetime, end: datetime, place: Row) -> Row:
        chance = self._chance
        return {
            "id_session": len(self.sessions) + 1,
            "user_id": user_id,
            # Stored hashed; nobody holds what these would be hashes of.
            "token": None if chance.happens(0.02) else chance.letters(HEXADECIMAL, 64),
            "session_start": None if chance.happens(0.01) else start,
            "session_end": None if chance.happens(0.02) else end,
            "user_agent": chance.pick_or_none(words.USER_AGENTS, 0.05),
            # Some were never closed; their end has passed all the same.
            "active": chance.pick((False, False, False, False, True, None)),
            "created_on": None if chance.happens(0.01) else start,
            **place,
        }


def build_access_log(seed: int, leads: int, today: date, clients: Clients, team: Team) -> tuple[Chunk, ...]:
    """The rows of the five tables; the request log grows with the number of leads, up to 5,000."""
    chance = Chance(seed, "access log")
    logins = _Logins(chance, today)
    for user in team.users:
        logins.add_user(user["id"])
    return (
        Chunk(tables.all_session, logins.sessions),
        Chunk(tables.session_info, logins.info),
        Chunk(tables.login_history, logins.history),
        Chunk(tables.logs, _requests(chance, max(100, min(leads, 5000)), today, clients, team)),
        Chunk(tables.deleted_files, _deleted_files(chance, today, team)),
    )


def _requests(chance: Chance, count: int, today: date, clients: Clients, team: Team) -> list[Row]:
    companies = [company.id for company in clients.companies]
    rows = []
    for number in range(1, count + 1):
        endpoint, method = chance.pick(words.ENDPOINTS)
        moment = chance.during(today - timedelta(days=1 + (count - number) * 60 // count))
        rows.append(
            {
                "id": number,
                "user_id": chance.pick_or_none(team.staff_user_ids, 0.05),
                "company_id": chance.pick_or_none(companies, 0.3),
                "endpoint": None
                if chance.happens(0.01)
                else endpoint.replace("{id}", str(chance.below(5000))),
                "method": None if chance.happens(0.01) else method,
                "request_body": None if method == "GET" else '{"remarks": "नोट \\"x\\""}',
                "response_status": chance.pick_or_none((200, 200, 200, 201, 401, 404, 500), 0.01),
                "response_body": chance.pick_or_none(('{"ok": true}', '{"detail": "Not Found"}'), 0.3),
                "execution_time_ms": None if chance.happens(0.02) else chance.between(3, 2500),
                "logged_on": None if chance.happens(0.005) else moment,
            }
        )
    return rows


def _deleted_files(chance: Chance, today: date, team: Team) -> list[Row]:
    rows = []
    for number in range(1, 41):
        name = chance.pick_or_none(words.FILE_NAMES, 0.05)
        rows.append(
            {
                "id": number,
                "user_id": chance.pick(team.staff_user_ids),
                "deleted_file": name,
                "file_path": None if name is None or number == 5 else f"leads/{chance.below(5000)}/{name}",
                "comment": chance.pick_or_none(
                    ("duplicate", "client asked", "गलत फ़ाइल", '"wrong" lead'), 0.3
                ),
                "deleted_on": None if number == 9 else chance.during(today - timedelta(days=41 - number)),
            }
        )
    return rows
