"""`gateway doctor` and the settings: everything that is wrong is named at once, and no secret is ever shown."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import MISSING, fields

import pytest

from gateway.auth.partner_token_order import LONGEST_LIFE
from gateway.doctor import _without, examine
from gateway.settings import Settings, SettingsError, environment_name, read_settings
from tests.gateways import RunningGateway

SECRET = "a-secret-that-nobody-may-see-in-any-report"
REQUIRED = [environment_name(item) for item in fields(Settings) if item.default is MISSING]
SECRETS = [environment_name(item) for item in fields(Settings) if item.metadata["secret"]]


def _environment(gateway: RunningGateway, **changed: str) -> dict[str, str]:
    known = gateway.settings
    return {
        "GATEWAY_IPERFORM_DSN": known.iperform_dsn,
        "GATEWAY_MAGENTA_DSN": known.magenta_dsn,
        "GATEWAY_ANALYTICS_DSN": known.analytics_dsn,
        "GATEWAY_FILES_DSN": known.files_dsn,
        "GATEWAY_JWT_SECRET": SECRET,
        **changed,
    }


async def test_doctor_names_each_setting_and_each_source(gateway: RunningGateway) -> None:
    report, healthy = await examine(_environment(gateway))
    assert healthy
    for item in fields(Settings):
        assert environment_name(item) in report
        assert item.metadata["description"] in report
    states = re.findall(r"^  (\w+) +ok ", report, re.MULTILINE)
    assert states == ["iperform", "magenta", "analytics", "files", "events"]


@pytest.mark.parametrize(
    ("name", "value", "source"),
    [
        ("GATEWAY_IPERFORM_DSN", f"mysql+aiomysql://user:{SECRET}@127.0.0.1:1/iperform", "iperform"),
        ("GATEWAY_MAGENTA_DSN", f"mysql+asyncmy://user:{SECRET}@127.0.0.1:1/magenta", "magenta"),
        ("GATEWAY_ANALYTICS_DSN", f"clickhouse://user:{SECRET}@127.0.0.1:1/", "analytics"),
        ("GATEWAY_FILES_DSN", f"s3://key:{SECRET}@127.0.0.1:1/bucket?region=x&tls=false", "files"),
        ("GATEWAY_EVENTS_DSN", f"redis://:{SECRET}@127.0.0.1:1/0", "events"),
    ],
)
async def test_doctor_says_what_is_down_and_not_how_to_get_in(
    gateway: RunningGateway, name: str, value: str, source: str
) -> None:
    report, healthy = await examine(_environment(gateway, **{name: value}))
    assert not healthy
    assert re.findall(r"^  (\w+) +DOWN  .+\?$", report, re.MULTILINE) == [source]
    # The line below it is the driver's own reason.
    assert re.search(r"DOWN  .+\?\n {15}.*(connect|unreachable|Connect)", report)
    assert SECRET not in report


async def test_what_needs_iperform_is_said_not_to_be_checked_while_it_is_down(
    gateway: RunningGateway,
) -> None:
    away = "mysql+aiomysql://user:password@127.0.0.1:1/iperform"
    report, healthy = await examine(_environment(gateway, GATEWAY_IPERFORM_DSN=away))
    assert not healthy
    for heading in ("Roles", "Shared leads", "Changes"):
        assert f"\n{heading}\n  Not checked: iperform is down." in report
    report, _ = await examine(_environment(gateway))
    assert "Not checked" not in report


async def test_a_name_that_is_no_setting_is_listed_and_no_failure(gateway: RunningGateway) -> None:
    strangers = {"GATEWAY_PROT": "1", "GATEWAY_XYZZY": "2"}
    report, healthy = await examine(_environment(gateway, **strangers))
    assert healthy
    assert re.findall(r"^  (\w+) +(is no setting, .+)$", report, re.MULTILINE) == [
        ("GATEWAY_PROT", "is no setting, and is ignored; is GATEWAY_PORT meant?"),
        ("GATEWAY_XYZZY", "is no setting, and is ignored"),
    ]


def test_a_password_in_what_a_driver_says_is_left_out() -> None:
    said = "Access denied for g@w with p@ss/w, p%40ss%2Fw and p@ss/words"
    assert _without(["p@ss/w", "p%40ss%2Fw"], said) == "Access denied for g@w with …, … and p@ss/words"


RELATIONAL = (
    "mysql+asyncmy://user:password@host:3306/database or mysql+aiomysql://user:password@host:3306/database "
    "or sqlite+aiosqlite:////absolute/path.db"
)
ANALYTICS = "clickhouse://user:password@host:9000/database or chdb:///absolute/path"
FILES = "s3://key:secret@host:port/bucket?region=us-east-1&tls=false or file:///absolute/path?secret=…"
EVENTS = "redis://:password@host:6379/0 or rediss://:password@host:6379/0 or memory:"


@pytest.mark.parametrize(
    ("name", "value", "forms"),
    [
        ("GATEWAY_IPERFORM_DSN", "clickhouse://u:{}@h:9000/", RELATIONAL),
        ("GATEWAY_IPERFORM_DSN", "mysql://u:{}@h/d", RELATIONAL),
        ("GATEWAY_IPERFORM_DSN", "mysql+asyncmy://u:{}@h:eighty/d", RELATIONAL),
        (
            "GATEWAY_IPERFORM_DSN",
            "mysql+asyncmy://u:{}@h",
            "mysql+asyncmy://user:password@host:3306/database",
        ),
        ("GATEWAY_MAGENTA_DSN", "chdb:///{}", RELATIONAL),
        ("GATEWAY_ANALYTICS_DSN", "sqlite+aiosqlite:////{}", ANALYTICS),
        ("GATEWAY_ANALYTICS_DSN", "mysql+asyncmy://u:{}@h/d", ANALYTICS),
        ("GATEWAY_ANALYTICS_DSN", "clickhouse:///{}", "clickhouse://user:password@host:9000/database"),
        ("GATEWAY_FILES_DSN", "redis://:{}@h:1/0", FILES),
        (
            "GATEWAY_FILES_DSN",
            "s3://k:{}@h",
            "s3://key:secret@host:port/bucket?region=us-east-1&tls=false",
        ),
        ("GATEWAY_EVENTS_DSN", "http://{}", EVENTS),
        ("GATEWAY_EVENTS_DSN", "memory:{}", EVENTS),
    ],
)
def test_a_setting_takes_the_kinds_of_its_own_source_alone(
    gateway: RunningGateway, name: str, value: str, forms: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings(_environment(gateway, **{name: value.format(SECRET)}))
    assert str(raised.value) == f"{name} must look like {forms}"


@pytest.mark.parametrize("days", ["0", "3651", "999999999"])
def test_a_partners_token_lives_no_longer_by_default_than_by_order(
    gateway: RunningGateway, days: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings(_environment(gateway, GATEWAY_PARTNER_TOKEN_DAYS=days))
    assert str(raised.value) == "GATEWAY_PARTNER_TOKEN_DAYS must be 1 to 3650"
    longest = read_settings(_environment(gateway, GATEWAY_PARTNER_TOKEN_DAYS="3650"))
    assert longest.partner_token_days == LONGEST_LIFE.days


@pytest.mark.parametrize("name", [name for name in SECRETS if name.endswith("_DSN")])
@pytest.mark.parametrize(
    "value", ["{}", "nothing://user:{}@host/x", "redis://:{}@host:port/0", "mysql+aiomysql://u:{}@[::1/x"]
)
async def test_doctor_shows_no_secret_of_a_malformed_address(
    gateway: RunningGateway, name: str, value: str
) -> None:
    report, healthy = await examine(_environment(gateway, **{name: value.format(SECRET)}))
    assert not healthy
    assert "Not usable: " in report
    assert SECRET not in report


async def test_doctor_without_any_setting_names_all_that_are_missing() -> None:
    report, healthy = await examine({})
    assert not healthy
    assert re.findall(r"^  (\w+) +MISSING", report, re.MULTILINE) == REQUIRED


def test_missing_and_malformed_settings_are_named_all_at_once() -> None:
    wrong = {
        "GATEWAY_PORT": "eighty",
        "GATEWAY_WORKERS": "2.5",
        "GATEWAY_DEMO": "perhaps",
        "GATEWAY_JWT_SECRET": SECRET,
    }
    with pytest.raises(SettingsError) as raised:
        read_settings(wrong)
    named = set(re.findall(r"GATEWAY_[A-Z_]+", str(raised.value)))
    assert named == {*REQUIRED, *wrong} - {"GATEWAY_JWT_SECRET"}
    assert SECRET not in str(raised.value)


def test_settings_that_contradict_each_other_are_named_all_at_once(gateway: RunningGateway) -> None:
    wrong = {
        "GATEWAY_JWT_SECRET": "short",
        "GATEWAY_SESSION_CACHE_SECONDS": "3",
        "GATEWAY_ESTATE_TIMEZONE": "Mars/Olympus",
        "GATEWAY_DEMO": "true",
        "GATEWAY_HOST": "0.0.0.0",
    }
    with pytest.raises(SettingsError) as raised:
        read_settings(_environment(gateway, **wrong))
    said = str(raised.value)
    for part in (
        "GATEWAY_JWT_SECRET",
        "GATEWAY_SESSION_CACHE_SECONDS",
        "GATEWAY_ESTATE_TIMEZONE",
        "loopback only",
    ):
        assert part in said
    assert "short" not in said


def test_the_command_is_a_line_and_a_status_not_a_traceback() -> None:
    environment = {"PATH": "/usr/bin:/bin", "GATEWAY_JWT_SECRET": SECRET}
    for command in ("doctor", "serve", "migrate"):
        ended = subprocess.run(
            [sys.executable, "-m", "gateway.cli", command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 1
        said = ended.stdout + ended.stderr
        assert "GATEWAY_IPERFORM_DSN is missing" in said
        assert "Traceback" not in said
        assert SECRET not in said
