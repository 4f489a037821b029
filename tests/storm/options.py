"""How large a storm is. Made by the command and by the test."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Subject(Enum):
    """What changes its status; the value is the table's name."""

    LEADS = "leads"
    TICKETS = "tickets"


@dataclass(frozen=True, kw_only=True)
class Options:
    """`changes` are what is to be committed, half of it through the gateway; `minutes` over which, at least."""

    subscribers: int = 200
    changes: int = 20_000
    workers: int = 4
    seed: int = 1
    minutes: float = 8.0
    leads: int = 3_000
    database: str = "mariadb"
    # How long a subscriber stays connected before it is cut, on average.
    connected_seconds: float = 20.0
    # Once nothing changes any more, nothing more is waited for when nothing has come to anybody for so long.
    patience_seconds: float = 45.0
