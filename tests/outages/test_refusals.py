"""A source that is up but refuses: no connection is left, the account or the bucket is wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

import pymysql
import pytest

from tests.gateways import running
from tests.outages.estate import OutageEstate
from tests.outages.joined import (
    ask,
    assert_coded,
    assert_costs_its_fields_alone,
    seconds_to_recover,
    whole,
    without,
)
from tests.servers.s3 import SECRET_KEY

MOST_CONNECTIONS = 10  # the fewest that MariaDB can be set to


def test_mariadb_without_a_free_connection_is_unavailable_and_recovers(estate: OutageEstate) -> None:
    data = whole(estate.gateway)
    with all_connections_taken(estate):
        answer = ask(estate.gateway)
        assert_costs_its_fields_alone(answer, data, "magenta")
        assert {error["extensions"]["code"] for error in answer.json["errors"]} == {"SOURCE_UNAVAILABLE"}
    assert seconds_to_recover(estate.gateway, data) < 2


@pytest.mark.parametrize(
    "wrong",
    [
        {
            "files_dsn": (SECRET_KEY, "another-secret"),
            "magenta_dsn": ("gateway-test@", "wrong@"),
            "analytics_dsn": ("default:@", "default:wrong@"),
        },
        {
            "files_dsn": ("/iperform?", "/nothing-here?"),
            "magenta_dsn": ("/magenta?", "/nothing_here?"),
            "analytics_dsn": ("/default", "/nothing_here"),
        },
    ],
    ids=["account", "place"],
)
def test_source_that_refuses_the_account_or_has_no_such_place_is_unavailable(
    estate: OutageEstate, wrong: dict[str, tuple[str, str]]
) -> None:
    settings = estate.gateway.settings
    changed = {name: getattr(settings, name).replace(*change) for name, change in wrong.items()}
    assert all(changed[name] != getattr(settings, name) for name in wrong)
    left, paths = whole(estate.gateway), set()
    for source in ("magenta", "analytics", "files"):
        left, lost = without(left, source)
        paths |= lost
    with running(replace(settings, **changed), "refused") as gateway:
        answer = ask(gateway)
    errors = answer.json["errors"]
    assert answer.json["data"] == left
    assert {tuple(error["path"]) for error in errors} == paths
    assert_coded(errors)
    assert {error["extensions"]["code"] for error in errors} == {"SOURCE_UNAVAILABLE"}


@contextmanager
def all_connections_taken(estate: OutageEstate) -> Iterator[None]:
    """Magenta's server has no connection left for the gateway, and the gateway has none to it."""
    with ExitStack() as stack:
        own = stack.enter_context(estate.magenta.connect())
        with own.cursor() as cursor:
            cursor.execute("show variables like 'max_connections'")
            [(_, most)] = cursor.fetchall()
            cursor.execute(f"set global max_connections = {MOST_CONNECTIONS}")
            stack.callback(own.query, f"set global max_connections = {most}")
            cursor.execute(
                "select id from information_schema.processlist where id <> connection_id() and db = 'magenta'"
            )
            for (thread,) in cursor.fetchall():
                cursor.execute("kill connection %s", (thread,))
        # Those that were killed go a little later: until then the server refuses, too. The account may have one more
        # than the most, and `own` is among them.
        deadline, taken = time.monotonic() + 20, 1
        while taken < MOST_CONNECTIONS + 1:
            assert time.monotonic() < deadline
            with suppress(pymysql.err.OperationalError):
                stack.enter_context(estate.magenta.connect())
                taken += 1
        with pytest.raises(pymysql.err.OperationalError, match="Too many connections"):
            stack.enter_context(estate.magenta.connect())
        yield
