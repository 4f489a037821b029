"""Who can be asking: the staff roles of the estate, partners, and nobody known."""

from __future__ import annotations

from enum import Enum


class Caller(Enum):
    """A kind of caller. Names count, not the numbers in `role.id`."""

    ANONYMOUS = "ANONYMOUS"
    ADMIN = "ADMIN"
    USER = "USER"
    SALESPERSON = "SALESPERSON"
    WARRIOR = "WARRIOR"
    MANAGER = "MANAGER"
    PARTNER = "PARTNER"


KNOWN = frozenset(Caller) - {Caller.ANONYMOUS}

# Everybody who works for the company. A USER has an account in iperform but belongs to a client.
EMPLOYEES = frozenset({Caller.ADMIN, Caller.MANAGER, Caller.SALESPERSON, Caller.WARRIOR})

STAFF = EMPLOYEES | {Caller.USER}


def caller_of_role(name: str) -> Caller | None:
    """The kind of caller that a `role.role_name` means, or None for a role that grants nothing."""
    return next((caller for caller in STAFF if caller.value == name), None)
