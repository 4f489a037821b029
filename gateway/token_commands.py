"""`gateway token create | revoke | list`: partner tokens at the command line, by the rules of the mutations."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, TypeVar

import cyclopts
from cyclopts import Parameter
from cyclopts.validators import Number

from gateway.auth.partner_token_order import TokenOrder
from gateway.auth.partner_tokens import ListedToken, PartnerTokens
from gateway.errors import GatewayError
from gateway.logs import configure_logs
from gateway.services import open_estate, open_partner_tokens
from gateway.settings import Settings, read_settings

Outcome = TypeVar("Outcome")
# The largest key that the estate's integer columns hold.
LARGEST_ID = 2**31 - 1
# What the mutation's arguments are called here.
OPTIONS = {
    "`name`": "`--name`",
    "`scopes`": "`--scope`",
    "`expiresAt`": "`--expires-at`",
    "`costPerMinute`": "`--cost-per-minute`",
}

token_commands = cyclopts.App(name="token", help="Issue, revoke and list the tokens of partners.")


@token_commands.command
def create(
    *,
    company: Annotated[int, Parameter(validator=Number(gte=1, lte=LARGEST_ID))],
    name: str,
    scope: Annotated[list[str], Parameter(negative=())],
    expires_at: datetime | None = None,
    cost_per_minute: int | None = None,
) -> None:
    """Issue a token. It is printed this once: only its hash is kept.

    Parameters
    ----------
    company:
        The database id of the partner company that it is for.
    name:
        What it is for.
    scope:
        What it allows, such as leads:read; can be given several times.
    expires_at:
        When it ends; without an offset, on the estate's clock.
    cost_per_minute:
        What its operations may cost together in a minute.
    """
    settings = read_settings()
    order = TokenOrder(
        partner_company_id=company,
        name=name,
        scopes=tuple(scope),
        expires_at=_with_offset(expires_at, settings),
        cost_per_minute=cost_per_minute,
    )
    with options_named():
        issued = _carried_out(settings, lambda tokens: tokens.create(order))
    # The token alone goes to standard output, so that a script can take it from there.
    print(f"{issued.prefix} is good until {issued.expires_at.isoformat()}:", file=sys.stderr)
    print(issued.text)


@token_commands.command
def revoke(token: str) -> None:
    """End a token. A gateway that is running takes it for at most two seconds more.

    Parameters
    ----------
    token:
        Its prefix, as the list shows it, or the whole token.
    """
    ended = _carried_out(read_settings(), lambda tokens: tokens.revoke_named(token))
    print("The token is revoked." if ended else "The token had been revoked before.")


@token_commands.command(name="list")
def list_() -> None:
    """Print every token, the newest first: never its hash, nor anything to use it with."""
    listed = _carried_out(read_settings(), lambda tokens: tokens.listed())
    print("\n".join(_table(listed)) if listed else "There are no tokens.")


def _carried_out(settings: Settings, work: Callable[[PartnerTokens], Awaitable[Outcome]]) -> Outcome:
    configure_logs()

    async def carry_out() -> Outcome:
        estate = open_estate(settings)
        try:
            return await work(open_partner_tokens(settings, estate))
        finally:
            await estate.close()

    return asyncio.run(carry_out())


@contextmanager
def options_named() -> Iterator[None]:
    """A refusal names the options of the command line, not the arguments of the mutation."""
    try:
        yield
    except GatewayError as error:
        message = error.message
        for argument, option in OPTIONS.items():
            message = message.replace(argument, option)
        raise GatewayError(error.code, message) from error


def _with_offset(moment: datetime | None, settings: Settings) -> datetime | None:
    return moment.replace(tzinfo=settings.zone) if moment is not None and moment.tzinfo is None else moment


def _table(listed: list[ListedToken]) -> list[str]:
    heading = ("PREFIX", "NAME", "PARTNER", "SCOPES", "COST/MIN", "EXPIRES", "REVOKED", "LAST USED")
    rows = [heading, *map(_cells, listed)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(heading))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _cells(token: ListedToken) -> tuple[str, ...]:
    moments = (token.expires_at, token.revoked_on, token.last_used_on)
    return (
        token.prefix,
        token.name,
        token.partner_name,
        token.scopes,
        str(token.cost_per_minute),
        *("-" if moment is None else moment.isoformat(" ") for moment in moments),
    )
