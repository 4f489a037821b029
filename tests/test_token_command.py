"""`gateway token`: partner tokens at the command line, on every estate, by the rules of the mutations."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from datetime import datetime, timedelta

import pytest

from gateway.auth.tokens import hashed
from gateway.settings import Settings, environment_name
from tests.http.partners import Partner


def _gateway(partner: Partner, *arguments: str) -> subprocess.CompletedProcess[str]:
    settings = partner.gateway.settings
    given = {environment_name(item): str(getattr(settings, item.name)) for item in fields(Settings)}
    return subprocess.run(
        [sys.executable, "-m", "gateway.cli", "token", *arguments],
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _create(partner: Partner, *more: str) -> subprocess.CompletedProcess[str]:
    mine = ("--company", str(partner.company_id), "--name", "from the shell")
    return _gateway(partner, "create", *mine, "--scope", "leads:read", *more)


def test_a_token_is_issued_listed_and_revoked_at_the_command_line(partner: Partner) -> None:
    ends = datetime.now().replace(microsecond=0) + timedelta(days=100)
    made = _create(
        partner, "--scope", "files:read", "--expires-at", ends.isoformat(), "--cost-per-minute", "7"
    )
    assert made.returncode == 0, made.stderr
    token = made.stdout.removesuffix("\n")
    assert re.fullmatch(r"ipgw_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}", token)
    assert token not in made.stderr
    (row,) = partner.rows()
    assert (row.name, row.scopes, row.cost_per_minute, row.created_by, row.token_hash) == (
        "from the shell",
        "files:read,leads:read",
        7,
        None,
        hashed(token),
    )
    # Without an offset, the estate's clock.
    assert row.expires_at == ends
    assert partner.lets_in(token)

    listed = _gateway(partner, "list")
    assert listed.returncode == 0, listed.stderr
    (line,) = [line for line in listed.stdout.splitlines() if line.startswith(row.prefix)]
    for shown in ("from the shell", "Sāthī & Söhne", "files:read,leads:read", str(ends)):
        assert shown in line
    assert not re.search(rf"{token[16:]}|{row.token_hash}|sha256", listed.stdout + listed.stderr)

    assert _gateway(partner, "revoke", row.prefix).stdout == "The token is revoked.\n"
    assert partner.rows()[0].revoked_on is not None
    assert _gateway(partner, "revoke", token).stdout == "The token had been revoked before.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--scope", "everything"), "`--scope` must be some of: companies:read, "),
        (("--expires-at", "2020-01-01"), "`--expires-at` must be later than now, "),
        (("--cost-per-minute", "0"), "`--cost-per-minute` must be a number from 1 to "),
        (("--name", " "), "`--name` says what the token is for, "),
        (("--company", "2147483647"), "There is no active partner company with that id."),
    ],
)
def test_what_cannot_be_issued_is_said_in_one_line(
    embedded_partner: Partner, arguments: tuple[str, str], said: str
) -> None:
    given = {"--company": str(embedded_partner.company_id), "--name": "x", "--scope": "leads:read"}
    words = [word for pair in {**given, arguments[0]: arguments[1]}.items() for word in pair]
    refused = _gateway(embedded_partner, "create", *words)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"gateway: {said}")
    assert refused.stderr.count("\n") == 1
    assert embedded_partner.rows() == []


@pytest.mark.parametrize("company", ["0", "2147483648", "99999999999999999999", "one"])
def test_what_is_no_id_of_a_company_is_refused_before_the_database_is_asked(
    embedded_partner: Partner, company: str
) -> None:
    words = ("--company", company, "--name", "x", "--scope", "leads:read")
    refused = _gateway(embedded_partner, "create", *words)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "--company" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert embedded_partner.rows() == []


@pytest.mark.parametrize("named", ["", "ipgw_0000000000", "x", "1"])
def test_what_is_no_token_cannot_be_revoked(embedded_partner: Partner, named: str) -> None:
    refused = _gateway(embedded_partner, "revoke", named)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "gateway: There is no partner token with that id.\n"


def test_an_inactive_company_gets_no_token(embedded_partner: Partner) -> None:
    embedded_partner.change_company(active=False)
    assert _create(embedded_partner).returncode == 1
    assert embedded_partner.rows() == []
