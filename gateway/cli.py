"""The command line: `gateway serve | demo | migrate | seed | schema | matrix | doctor | repair-sharing | token`."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import cyclopts
import uvicorn
from cyclopts import Parameter

from datasources.migrate import migrate_clickhouse, migrate_mysql
from datasources.migration_journal import MigrationError
from datasources.seed import NotEmptyError, load_estate
from datasources.sharing import repair_sharing as repair
from gateway.auth.audience import Audience
from gateway.auth.roles import Caller
from gateway.demo import DEMO_LEADS, DEMO_SEED, DEMO_TODAY, greet, prepare
from gateway.doctor import examine
from gateway.http.server import server_options
from gateway.schema.build import SCHEMAS, schema_for
from gateway.schema.matrix import access_matrix
from gateway.seeding import Target, target_of
from gateway.settings import SettingsError, read_settings
from gateway.sharing import describe_repair
from gateway.token_commands import token_commands

app = cyclopts.App(name="gateway", help="One GraphQL API over a sales company's whole data estate.")
app.command(token_commands)

DEMO_FOLDER = Path(".gateway") / "demo"


@app.command
def serve() -> None:
    """Serve the estate that the environment describes (GATEWAY_…; see `gateway doctor`)."""
    settings = read_settings()
    # Once it has shut down, uvicorn raises the signal anew that it was told by: an end in order is no failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    uvicorn.run(
        "gateway.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        timeout_graceful_shutdown=15,
        **server_options(settings),
    )


@app.command
def demo(
    *,
    port: int = 8000,
    leads: int = DEMO_LEADS,
    folder: Path = DEMO_FOLDER,
    host: str = "127.0.0.1",
) -> None:
    """Make an embedded estate, where there is none yet, and serve it on this machine alone.

    Parameters
    ----------
    port: The port to listen on.
    leads: How many leads the estate has, if it is made now.
    folder: Where the estate is kept.
    host: The loopback address to listen on; no other is taken.
    """
    settings = prepare(folder, host=host, port=port, leads=leads)
    from gateway.app import make_app  # noqa: PLC0415 - after the estate, so that a mistake above is said at once

    greet(settings)
    uvicorn.run(
        make_app(settings),
        host=host,
        port=port,
        timeout_graceful_shutdown=5,
        **server_options(settings),
    )


@app.command
def migrate() -> None:
    """Bring the databases that the environment names up to date. Can be run again at any time."""
    settings = read_settings()
    done = [
        *migrate_mysql(settings.iperform_dsn, "iperform"),
        *migrate_mysql(settings.magenta_dsn, "magenta"),
        *migrate_clickhouse(settings.analytics_dsn),
    ]
    print("\n".join(done) if done else "Everything is up to date.")


@app.command
def seed(
    *,
    leads: int = DEMO_LEADS,
    random: Annotated[int, Parameter(name="--seed")] = DEMO_SEED,
    today: str = DEMO_TODAY.isoformat(),
    replace: bool = False,
) -> None:
    """Fill the estate that the environment names with believable data, the same for the same numbers.

    Parameters
    ----------
    leads: How many leads to make.
    random: What the data is drawn from.
    today: The day that the data ends on.
    replace: Empty the tables first. Without it, tables that hold rows are left alone and nothing is done.
    """
    target: Target = target_of(read_settings())
    load_estate(leads=leads, seed=random, today=date.fromisoformat(today), replace=replace, **target)


@app.command
def schema(*, audience: Caller = Caller.ADMIN, scope: tuple[str, ...] = ()) -> None:
    """Print the schema (SDL) of one kind of caller.

    Parameters
    ----------
    audience: Whose schema; ADMIN's holds everything.
    scope: A scope of a partner's token; can be given several times.
    """
    print(schema_for(Audience(audience, frozenset(scope))).sdl, end="")


@app.command
def matrix() -> None:
    """Print who may ever see what: every row rule and every field against every kind of caller."""
    print(access_matrix(SCHEMAS.narrowing), end="")


@app.command
def repair_sharing() -> None:
    """Put the index of shared leads right, a few hundred leads at a time. `gateway doctor` says if there is need."""
    print(describe_repair(repair(read_settings().iperform_dsn)))


@app.command
def doctor() -> None:
    """Say what is set, which sources answer, and what is missing."""
    report, healthy = asyncio.run(examine())
    print(report)
    sys.exit(0 if healthy else 1)


def main() -> None:
    """Runs a command; a mistake in the settings or the data is one line, not a traceback."""
    try:
        app()
    except (SettingsError, NotEmptyError, MigrationError) as error:
        sys.exit(f"gateway: {error}")


if __name__ == "__main__":
    main()
