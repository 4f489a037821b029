"""Who can be asking: the staff roles of the estate, partners with their scopes, and nobody known."""

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

    # There is one object of each; Enum's own hash is that of the name, worked out by Python each time.
    __hash__ = object.__hash__


EVERYBODY = frozenset(Caller)

KNOWN = EVERYBODY - {Caller.ANONYMOUS}

# Everybody who works for the company. A USER has an account in iperform but belongs to a client.
EMPLOYEES = frozenset({Caller.ADMIN, Caller.MANAGER, Caller.SALESPERSON, Caller.WARRIOR})

STAFF = EMPLOYEES | {Caller.USER}

LEADS_READ = "leads:read"
LEADS_CONTACT = "leads:contact"
LEADS_VALUE = "leads:value"
LEADS_WRITE = "leads:write"
COMPANIES_READ = "companies:read"
TICKETS_READ = "tickets:read"
TICKETS_WRITE = "tickets:write"
USERS_READ = "users:read"
REPORTS_READ = "reports:read"
FILES_READ = "files:read"
FILES_WRITE = "files:write"
EVENTS_READ = "events:read"

# What a partner's token can be given; staff has no scopes, its role says what it may.
PARTNER_SCOPES = frozenset(
    {
        LEADS_READ,
        LEADS_CONTACT,
        LEADS_VALUE,
        LEADS_WRITE,
        COMPANIES_READ,
        TICKETS_READ,
        TICKETS_WRITE,
        USERS_READ,
        REPORTS_READ,
        FILES_READ,
        FILES_WRITE,
        EVENTS_READ,
    }
)


def caller_of_role(name: str) -> Caller | None:
    """The kind of caller that a `role.role_name` means, or None for a role that grants nothing."""
    return next((caller for caller in STAFF if caller.value == name), None)
