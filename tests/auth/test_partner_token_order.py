"""What may be asked for who issues a partner's token, and what is said about the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from gateway.auth.partner_token_order import (
    checked_cost,
    checked_expiry,
    checked_name,
    checked_scopes,
    kept_scopes,
    read_scopes,
)
from gateway.errors import Code, GatewayError

ZONE = ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 11, 20, 12, 0, 0)
EVERY_SCOPE = (
    "companies:read, events:read, files:read, files:write, leads:contact, leads:read, leads:value, "
    "leads:write, reports:read, tickets:read, tickets:write, users:read"
)


def _expiry(asked: datetime | None) -> datetime:
    return checked_expiry(asked, now=NOW, days=90, zone=ZONE)


@pytest.mark.parametrize("name", ["", " ", "\t\n", "x" * 129, "a\nb", "a\0b", "\ud800", "a\u202eb"])
def test_a_name_has_something_to_read(name: str) -> None:
    with pytest.raises(GatewayError) as refused:
        checked_name(name)
    assert refused.value.code is Code.BAD_USER_INPUT
    assert refused.value.message == "`name` says what the token is for, in 1 to 128 printable characters."


def test_a_name_loses_the_blanks_around_it() -> None:
    assert checked_name("  नया साथी  ") == "नया साथी"
    assert checked_name("x" * 128) == "x" * 128


@pytest.mark.parametrize("scopes", [[], ["leads"], ["LEADS:READ"], ["leads:read", "admin"], ["*"], [""]])
def test_other_scopes_are_refused_with_all_that_there_are(scopes: list[str]) -> None:
    with pytest.raises(GatewayError) as refused:
        checked_scopes(scopes)
    assert refused.value.code is Code.BAD_USER_INPUT
    assert refused.value.message == f"`scopes` must be some of: {EVERY_SCOPE}."


def test_scopes_are_kept_once_and_in_order() -> None:
    scopes = checked_scopes(["tickets:read", "leads:read", "tickets:read"])
    assert scopes == ("leads:read", "tickets:read")
    assert read_scopes(kept_scopes(scopes)) == {"leads:read", "tickets:read"}


@pytest.mark.parametrize(
    "kept", ["leads:read,admin", " leads:read , , *", "leads:read,LEADS:VALUE", "leads:read,"]
)
def test_a_kept_scope_that_means_nothing_grants_nothing(kept: str) -> None:
    assert read_scopes(kept) == {"leads:read"}
    assert read_scopes("") == frozenset()


def test_an_expiry_is_kept_on_the_estates_clock_in_whole_seconds() -> None:
    asked = datetime(2026, 11, 21, 0, 30, 15, 999_999, tzinfo=UTC)
    assert _expiry(asked) == datetime(2026, 11, 21, 6, 0, 15)
    assert _expiry(None) == NOW + timedelta(days=90)


@pytest.mark.parametrize(
    "later",
    [timedelta(0), timedelta(seconds=-1), timedelta(microseconds=999_999), timedelta(days=3_650, seconds=1)],
)
def test_an_expiry_lies_ahead_but_not_for_ever(later: timedelta) -> None:
    with pytest.raises(GatewayError) as refused:
        _expiry((NOW + later).replace(tzinfo=ZONE))
    assert refused.value.code is Code.BAD_USER_INPUT
    assert refused.value.message == (
        "`expiresAt` must be later than now, and no more than 3650 days from now."
    )


def test_the_ends_of_what_an_expiry_may_be_are_taken() -> None:
    for later in (timedelta(seconds=1), timedelta(days=3_650)):
        assert _expiry((NOW + later).replace(tzinfo=ZONE)) == NOW + later


@pytest.mark.parametrize("cost", [0, -1, 2**31])
def test_a_budget_is_a_number_that_buys_something(cost: int) -> None:
    with pytest.raises(GatewayError) as refused:
        checked_cost(cost, default=100)
    assert refused.value.message == "`costPerMinute` must be a number from 1 to 2147483647."


def test_a_budget_is_the_default_where_none_is_asked_for() -> None:
    assert [checked_cost(cost, default=100) for cost in (None, 1, 2**31 - 1)] == [100, 1, 2**31 - 1]
