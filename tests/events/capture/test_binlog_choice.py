"""Which way to capture is chosen for an account and a server, and what `gateway doctor` says of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.demo import demo_settings
from gateway.errors import GatewayError
from gateway.events.binlog_capture import BinlogCapture
from gateway.events.capture_choice import (
    ChosenCapture,
    Promise,
    choose_capture,
    examine_capture,
    open_capture,
)
from gateway.events.polling_capture import PollingCapture
from gateway.settings import Settings, SettingsError
from tests.events.capture.databases import Database, following
from tests.gateways import SECRET

RIGHTS = "replication slave, replication client"


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """Those of a gateway whose account may only read and write its databases."""
    database.run(
        "create user if not exists 'plain'@'127.0.0.1' identified by 'plain-password'",
        f"grant all privileges on {database.name}.* to 'plain'@'127.0.0.1'",
        f"grant {RIGHTS} on *.* to 'plain'@'127.0.0.1'",
        f"revoke {RIGHTS} on *.* from 'plain'@'127.0.0.1'",
    )
    dsn = f"mysql+asyncmy://plain:plain-password@127.0.0.1:{database.server.port}/{database.name}"
    return replace(demo_settings(tmp_path, host="127.0.0.1", port=0, secret=SECRET), iperform_dsn=dsn)


@pytest.fixture
def metadata_in_full(database: Database) -> Iterator[None]:
    """The log names columns."""
    database.run("set global binlog_row_metadata = 'FULL'")
    yield
    database.run(f"set global binlog_row_metadata = '{'NO_LOG' if database.is_mariadb else 'MINIMAL'}'")


async def test_an_account_that_may_read_the_log_follows_it(settings: Settings, database: Database) -> None:
    database.run(f"grant {RIGHTS} on *.* to 'plain'@'127.0.0.1'")
    choice = await choose_capture(settings)
    assert (choice.way, choice.promise) == ("binlog", Promise.EVERY_CHANGE)
    [advice] = choice.advice
    assert "binlog_row_metadata = FULL" in advice
    lead = database.lead("A")
    async with following(open_capture(settings)) as followed:
        database.set_status(lead, "B")
        assert await followed.changes(1) == [(lead, "A", "B")]


@pytest.mark.usefixtures("metadata_in_full")
async def test_with_names_in_the_log_there_is_nothing_to_advise(
    settings: Settings, database: Database
) -> None:
    database.run(f"grant {RIGHTS} on *.* to 'plain'@'127.0.0.1'")
    assert await examine_capture(settings) == [Promise.EVERY_CHANGE.value]


@pytest.mark.parametrize("granted", [None, "replication client", "replication slave"])
async def test_an_account_that_may_not_polls_and_is_told_what_to_grant(
    settings: Settings, database: Database, granted: str | None
) -> None:
    if granted is not None:
        database.run(f"grant {granted} on *.* to 'plain'@'127.0.0.1'")
    choice = await choose_capture(settings)
    assert (choice.way, choice.promise) == ("polling", Promise.WHAT_IS_FOUND)
    [advice] = choice.advice
    assert "grant replication slave, replication client on *.*" in advice
    lead = database.lead()
    async with following(open_capture(replace(settings, poll_seconds=0.05))) as followed:
        database.run(f"insert into lead_status (lead_id, status) values ({lead}, 'B')")
        assert await followed.changes(1) == [(lead, None, "B")]


@pytest.mark.parametrize(
    ("name", "other", "right"),
    [("binlog_row_image", "MINIMAL", "FULL"), ("binlog_format", "STATEMENT", "ROW")],
)
async def test_a_log_that_tells_too_little_isnt_followed(
    settings: Settings, database: Database, name: str, other: str, right: str
) -> None:
    database.run(f"grant {RIGHTS} on *.* to 'plain'@'127.0.0.1'", f"set global {name} = '{other}'")
    try:
        choice = await choose_capture(settings)
    finally:
        database.run(f"set global {name} = '{right}'")
    assert choice.way == "polling"
    assert choice.advice == (f"`{name}` is {other}: set it to {right}.",)


async def test_what_the_settings_ask_for_is_done(settings: Settings) -> None:
    assert isinstance(open_capture(settings), ChosenCapture)
    assert isinstance(open_capture(replace(settings, capture="binlog")), BinlogCapture)
    assert isinstance(open_capture(replace(settings, capture="polling")), PollingCapture)
    assert open_capture(replace(settings, capture="off")) is None
    assert (await choose_capture(replace(settings, capture="off"))).promise is Promise.NOTHING
    assert (await choose_capture(replace(settings, capture="polling"))).promise is Promise.WHAT_IS_FOUND
    forced = await choose_capture(replace(settings, capture="binlog"))
    assert forced.way == "binlog"
    assert "grant" in forced.advice[0]
    with pytest.raises(SettingsError, match="GATEWAY_CAPTURE"):
        replace(settings, capture="sometimes")


async def test_the_embedded_estate_captures_nothing(tmp_path: Path) -> None:
    settings = demo_settings(tmp_path, host="127.0.0.1", port=0, secret=SECRET)
    assert open_capture(settings) is None
    assert await examine_capture(settings) == [Promise.OWN_CHANGES.value]


async def test_a_database_that_is_down_leaves_the_choice_open(settings: Settings, database: Database) -> None:
    database.server.kill()
    with pytest.raises(GatewayError):
        await choose_capture(settings)
    [line] = await examine_capture(settings)
    assert "can't be read" in line
