"""The embedded estate: made once in a folder, served on this machine alone, with accounts whose password is public."""

from __future__ import annotations

import importlib.util
import secrets
from datetime import date
from pathlib import Path

from datasources.iperform.tables import metadata as iperform
from datasources.magenta.tables import metadata as magenta
from datasources.migrate import migrate_sqlite
from datasources.migration_journal import MigrationError
from datasources.seed import load_estate
from gateway.http.page import DEMO_ACCOUNTS, DEMO_PASSWORD
from gateway.seeding import target_of
from gateway.settings import Settings, SettingsError

DEMO_LEADS = 5_000
DEMO_SEED = 1
# The data ends on this day whatever the clock says, so that every demo is the same.
DEMO_TODAY = date(2026, 11, 20)


def prepare(folder: Path, *, host: str, port: int, leads: int) -> Settings:
    """The settings of the demo, its estate made if it isn't there yet.

    Raises SettingsError for an outside address, and for a folder that can't be made or written to.
    """
    folder = folder.resolve()
    made = folder / "made"
    settings = demo_settings(folder, host=host, port=port, secret=secret_of(folder))
    if made.exists() and not is_of_this_version(folder):
        print("The demo's estate is of another version: it is made anew.", flush=True)
        made.unlink()
        for path in folder.glob("*.sqlite*"):
            path.unlink()
    if not made.exists():
        print(f"Making an estate with {leads} leads in {folder} …", flush=True)
        fill(settings, leads=leads, today=DEMO_TODAY)
        made.touch()
    return settings


def secret_of(folder: Path) -> str:
    """What the demo signs with, made with its folder. Raises SettingsError."""
    secret_file = folder / "secret"
    try:
        if not secret_file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            secret_file.touch(mode=0o600)
            secret_file.write_text(secrets.token_urlsafe(48))
        return secret_file.read_text()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SettingsError(
            f"`--folder` must be a folder that can be made and written to; {folder}: {reason}"
        ) from error


def is_of_this_version(folder: Path) -> bool:
    """Whether an estate that was made earlier has the tables of today."""
    try:
        for metadata in (iperform, magenta):
            migrate_sqlite(folder / f"{metadata.info['source']}.sqlite", metadata)
    except MigrationError:
        return False
    return True


def fill(settings: Settings, *, leads: int, today: date) -> None:
    """Fills the estate that the settings name; analytics only where chDB is installed."""
    target = target_of(settings)
    if not has_chdb():
        target["analytics"] = None
    # What an earlier, interrupted start has left is replaced.
    load_estate(leads=leads, seed=DEMO_SEED, today=today, replace=True, **target)


def has_chdb() -> bool:
    """Whether the embedded ClickHouse is installed."""
    return importlib.util.find_spec("chdb") is not None


def demo_settings(folder: Path, *, host: str, port: int, secret: str) -> Settings:
    """The settings of an embedded estate in a folder."""
    return Settings(
        iperform_dsn=f"sqlite+aiosqlite:///{folder}/iperform.sqlite",
        magenta_dsn=f"sqlite+aiosqlite:///{folder}/magenta.sqlite",
        analytics_dsn=f"chdb://{folder}/clickhouse",
        files_dsn=f"file://{folder}/files",
        jwt_secret=secret,
        host=host,
        port=port,
        demo=True,
    )


def greet(settings: Settings) -> None:
    """Prints the address, the accounts, and three requests to begin with."""
    address = f"http://{settings.host}:{settings.port}"
    names = ", ".join(name for name, _ in DEMO_ACCOUNTS)
    analytics = (
        "" if has_chdb() else "\nchDB isn't installed: analytics and reports answer SOURCE_UNAVAILABLE.\n"
    )
    print(
        f"""
iPerform gateway, demo
  GraphiQL   {address}/graphql
  Schema     {address}/schema.graphql
  Accounts   {names}; the password of each is "{DEMO_PASSWORD}"
{analytics}
Log in:
  TOKEN=$(curl -s {address}/graphql -H 'content-type: application/json' -d '{{"query":
    "mutation {{ login(username: \\"salesperson\\", password: \\"{DEMO_PASSWORD}\\") {{ accessToken }} }}"}}' \\
    | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')

Your newest leads, with a company from the other database:
  curl -s {address}/graphql -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
    -d '{{"query":"{{ leads(first: 3) {{ totalCount nodes {{ firmName status company {{ companyName }} }} }} }}"}}'

Your pipeline:
  curl -s {address}/graphql -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' \\
    -d '{{"query":"{{ leadStats(groupBy: [STATUS]) {{ group count }} }}"}}'

Stop with Ctrl-C.
""",
        flush=True,
    )
