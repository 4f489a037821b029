"""Every setting of the gateway: one frozen object, read once from the environment.

`gateway doctor` prints them; `docker-compose.yml` is checked against them by a test.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from math import inf
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from datasources.addresses import check_address

PREFIX = "GATEWAY_"
ENGINES = ("compiled", "reference")
CAPTURES = ("auto", "binlog", "polling", "off")
# No partner's token lives for longer, whoever says so.
LONGEST_TOKEN_DAYS = 3_650
DSN = "_dsn"
MYSQL_TABLES = "run `gateway migrate`"
EMBEDDED_TABLES = "run `gateway seed`, which makes the tables of a SQLite estate and fills them"


class SettingsError(Exception):
    """One or more settings are missing or malformed; the message lists them all, without their values."""


def setting(description: str, *, default: Any = MISSING, secret: bool = False) -> Any:
    """A field of `Settings` with what `gateway doctor` says about it."""
    return field(default=default, metadata={"description": description, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Environment variables are the upper-case names with `GATEWAY_` before them."""

    iperform_dsn: str = setting(
        "iperform: mysql+asyncmy://user:password@host:3306/iperform (or mysql+aiomysql, sqlite+aiosqlite)",
        secret=True,
    )
    magenta_dsn: str = setting("magenta: the same forms as iperform", secret=True)
    analytics_dsn: str = setting(
        "ClickHouse: clickhouse://user:password@host:9000/ or chdb:///folder", secret=True
    )
    files_dsn: str = setting(
        "files: s3://key:secret@host:port/bucket?region=…&tls=true or file:///folder", secret=True
    )
    events_dsn: str = setting(
        "the change log: redis://host:6379/0 or memory:", default="memory:", secret=True
    )
    event_log_entries: int = setting("how many events the change log keeps at most", default=1_000_000)
    event_log_days: float = setting("how many days the change log keeps an event at most", default=7.0)
    capture: str = setting(
        "how changes of the database are seen: `binlog`, `polling`, `off`, or `auto`, the best way that it allows",
        default="auto",
    )
    poll_seconds: float = setting("the pause between two looks for changes, where polling", default=1.0)
    poll_settle_seconds: float = setting(
        "where polling, the time between the two looks that show that an id without a row stays without one",
        default=5.0,
    )
    jwt_secret: str = setting("signs tokens, cursors and local file links; at least 32 bytes", secret=True)
    estate_timezone: str = setting(
        "the zone in which the estate writes its DATETIMEs", default="Asia/Kolkata"
    )
    host: str = setting("the address to listen on", default="127.0.0.1")
    port: int = setting("the port to listen on", default=8000)
    workers: int = setting("processes that serve", default=1)
    connect_seconds: float = setting("time limit for connecting to a source", default=3.0)
    statement_seconds: float = setting("time limit for one statement of a source", default=10.0)
    request_seconds: float = setting("time limit for one request", default=30.0)
    operations_at_once: int = setting(
        "GraphQL operations that one process executes at once, without those that take long", default=16
    )
    operations_waiting: int = setting(
        "GraphQL operations that may wait for others to end, in one process; more are told to ask again",
        default=1_000,
    )
    access_token_seconds: int = setting("how long an access token is good", default=900)
    refresh_token_seconds: int = setting("how long a session lasts without a refresh", default=14 * 86_400)
    session_cache_seconds: float = setting("how long a checked session is believed; at most 2", default=1.0)
    login_attempts_per_account: int = setting(
        "logins for one account from one address in five minutes", default=20
    )
    login_attempts_per_account_elsewhere: int = setting(
        "logins for one account in five minutes from all addresses that it isn't used from", default=200
    )
    login_attempts_per_address: int = setting("logins from one address in five minutes", default=200)
    partner_token_days: int = setting(
        f"how many days a partner token lives where nobody says otherwise; at most {LONGEST_TOKEN_DAYS}",
        default=90,
    )
    partner_cost_per_minute: int = setting(
        "what the operations of a new partner token may cost a minute where nobody says otherwise",
        default=50_000,
    )
    max_body_bytes: int = setting("the largest request body, and message of a socket", default=1_000_000)
    sockets: int = setting("WebSockets and event streams that one process keeps open", default=10_000)
    sockets_per_caller: int = setting(
        "WebSockets and event streams that one process keeps open for one user or token", default=2_000
    )
    subscriptions_per_socket: int = setting("operations that may be open on one WebSocket", default=100)
    filter_key_budget: int = setting(
        "keys that a filter or order may fetch from another source", default=10_000
    )
    scope_key_budget: int = setting("keys that ownership may fetch from another source", default=200_000)
    report_cache_seconds: int = setting(
        "how long a report's rows are kept for a set of visible rows", default=1800
    )
    engine: str = setting(
        "what executes operations: `compiled`, or `reference`, which is slower and means the same",
        default="compiled",
    )
    audit_reads: bool = setting(
        "whether each request's reads are written to the estate's `logs`", default=True
    )
    trusted_proxies: int = setting("proxies in front whose X-Forwarded-For is believed", default=0)
    demo: bool = setting("demo mode: loopback only, the accounts are shown", default=False)

    def __post_init__(self) -> None:
        problems = _malformed_addresses(self)
        if len(self.jwt_secret.encode()) < 32:
            problems.append("GATEWAY_JWT_SECRET must have at least 32 bytes")
        if not 0 <= self.session_cache_seconds <= 2:
            problems.append("GATEWAY_SESSION_CACHE_SECONDS must be between 0 and 2")
        problems += [
            f"{environment_name(item)} must be {meaning}"
            for item in fields(self)
            for meaning in [_out_of_range(item.name, getattr(self, item.name))]
            if meaning
        ]
        if self.engine not in ENGINES:
            problems.append(f"GATEWAY_ENGINE must be one of: {', '.join(ENGINES)}")
        if self.capture not in CAPTURES:
            problems.append(f"GATEWAY_CAPTURE must be one of: {', '.join(CAPTURES)}")
        if self.demo and self.host not in {"127.0.0.1", "::1", "localhost"}:
            problems.append("demo mode serves on loopback only: its accounts have a public password")
        try:
            ZoneInfo(self.estate_timezone)
        except (ZoneInfoNotFoundError, ValueError):
            problems.append("GATEWAY_ESTATE_TIMEZONE is no time zone of the IANA database")
        if problems:
            raise SettingsError("; ".join(problems))

    @property
    def is_embedded(self) -> bool:
        """Whether the gateway alone writes to the estate, which is files of its own."""
        return self.iperform_dsn.startswith("sqlite")

    def require_migratable(self) -> None:
        """Raises SettingsError where a database isn't MySQL, before anything is done to the others."""
        others = [
            f"GATEWAY_{name.upper()}_DSN"
            for name, dsn in (("iperform", self.iperform_dsn), ("magenta", self.magenta_dsn))
            if not dsn.startswith("mysql")
        ]
        if others:
            raise SettingsError(
                "`gateway migrate` brings MySQL and MariaDB up to date, and doesn't touch the SQLite file of "
                f"{' and '.join(others)}: {EMBEDDED_TABLES}"
            )

    @property
    def table_advice(self) -> str:
        """What to do where tables are missing: `gateway migrate` makes none in an embedded estate."""
        return EMBEDDED_TABLES if self.is_embedded else MYSQL_TABLES

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the estate writes its DATETIMEs."""
        return ZoneInfo(self.estate_timezone)


def _malformed_addresses(settings: Settings) -> list[str]:
    """The settings that name no source of the kind that they are for."""
    problems = []
    for item in fields(settings):
        if item.name.endswith(DSN):
            try:
                check_address(item.name.removesuffix(DSN), getattr(settings, item.name))
            except ValueError as error:
                problems.append(f"{environment_name(item)} {error}")
    return problems


def _out_of_range(name: str, value: Any) -> str | None:
    """What a number must be, where it isn't."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if name == "port":
        return None if 0 <= value <= 65_535 else "a port: 0 to 65535"
    if name == "partner_token_days":
        return None if 1 <= value <= LONGEST_TOKEN_DAYS else f"1 to {LONGEST_TOKEN_DAYS}"
    if name in {"trusted_proxies", "session_cache_seconds", "operations_waiting"}:
        return None if 0 <= value < inf else "0 or more"
    return None if 0 < value < inf else "more than 0"


def environment_name(item: Field[Any]) -> str:
    """The environment variable of a setting."""
    return PREFIX + item.name.upper()


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings that the environment holds. Raises `SettingsError` that names all that is wrong at once."""
    source = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    problems: list[str] = []
    for item in fields(Settings):
        name = environment_name(item)
        text = source.get(name)
        if text is None or text == "":
            if item.default is MISSING:
                problems.append(f"{name} is missing: {item.metadata['description']}")
            continue
        try:
            values[item.name] = _parse(text, str(item.type))
        except ValueError:
            problems.append(f"{name} must be {_KINDS[str(item.type)]}")
    if problems:
        raise SettingsError("; ".join(problems))
    return Settings(**values)


_KINDS = {"int": "a whole number", "float": "a number", "bool": "true or false"}


def _parse(text: str, kind: str) -> Any:
    if kind == "bool":
        if text.lower() in {"1", "true", "yes"}:
            return True
        if text.lower() in {"0", "false", "no"}:
            return False
        raise ValueError(text)
    return {"int": int, "float": float, "str": str}[kind](text)
