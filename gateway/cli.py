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
from cyclopts.validators import Number

from datasources.migrate import migrate_clickhouse, migrate_mysql
from datasources.seed import load_estate
from datasources.sharing import repair_sharing as repair
from gateway import __version__
from gateway.auth.audience import Audience
from gateway.auth.partner_token_order import checked_scopes
from gateway.auth.roles import Caller
from gateway.demo import DEMO_LEADS, DEMO_SEED, DEMO_TODAY, greet, prepare
from gateway.doctor import examine
from gateway.errors import bad_input
from gateway.failures import sentence_of
from gateway.http.server import server_options
from gateway.listening import require_address
from gateway.schema.build import SCHEMAS, schema_for
from gateway.schema.matrix import access_matrix
from gateway.seeding import Target, target_of
from gateway.settings import read_settings
from gateway.sharing import describe_repair
from gateway.token_commands import options_named, token_commands

app = cyclopts.App(
    name="gateway", version=__version__, help="One GraphQL API over a sales company's whole data estate."
)
app.command(token_commands)

DEMO_FOLDER = Path(".gateway") / "demo"
# What the data's history of some years leaves of ClickHouse's moments, which are from 1970 to 2106.
FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 1, 1)


def _check_day(_: type, day: date) -> None:
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"Must be from {FIRST_DAY} to {LAST_DAY}.")


Leads = Annotated[int, Parameter(validator=Number(gte=1))]
Port = Annotated[int, Parameter(validator=Number(gte=0, lte=65_535))]


@app.command
def serve() -> None:
    """Serve the estate that the environment describes (GATEWAY_…; see `gateway doctor`)."""
    settings = read_settings()
    require_address(settings.host, settings.port, host_name="GATEWAY_HOST", port_name="GATEWAY_PORT")
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
    port: Port = 8000,
    leads: Leads = DEMO_LEADS,
    folder: Path = DEMO_FOLDER,
    host: str = "127.0.0.1",
) -> None:
    """Make an embedded estate, where there is none yet, and serve it on this machine alone.

    Parameters
    ----------
    port:
        The port to listen on.
    leads:
        How many leads the estate has, if it is made now.
    folder:
        Where the estate is kept.
    host:
        The loopback address to listen on; no other is taken.
    """
    require_address(host, port, host_name="`--host`", port_name="`--port`")
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
    settings.require_migratable()
    done = [
        *migrate_mysql(settings.iperform_dsn, "iperform"),
        *migrate_mysql(settings.magenta_dsn, "magenta"),
        *migrate_clickhouse(settings.analytics_dsn),
    ]
    print("\n".join(done) if done else "Everything is up to date.")


@app.command
def seed(
    *,
    leads: Leads = DEMO_LEADS,
    random: Annotated[int, Parameter(name="--seed")] = DEMO_SEED,
    today: Annotated[date, Parameter(validator=_check_day)] = DEMO_TODAY,
    replace: bool = False,
) -> None:
    """Fill the estate that the environment names with believable data, the same for the same numbers.

    Parameters
    ----------
    leads:
        How many leads to make.
    random:
        What the data is drawn from.
    today:
        The day that the data ends on.
    replace:
        Empty the tables first: every row of the estate is deleted. Without it, nothing is done where there are rows.
    """
    target: Target = target_of(read_settings())
    load_estate(leads=leads, seed=random, today=today, replace=replace, **target)


@app.command
def schema(
    *,
    audience: Caller = Caller.ADMIN,
    scope: Annotated[tuple[str, ...], Parameter(negative=())] = (),
) -> None:
    """Print the schema (SDL) of one kind of caller.

    Parameters
    ----------
    audience:
        Whose schema; ADMIN's holds everything.
    scope:
        A scope of a partner's token; can be given several times.
    """
    print(schema_for(Audience(audience, _scopes_of(audience, scope))).sdl, end="")


def _scopes_of(audience: Caller, asked: tuple[str, ...]) -> frozenset[str]:
    if asked and audience is not Caller.PARTNER:
        raise bad_input("`--scope` is of a partner's token: give it with `--audience partner`.")
    with options_named():
        return frozenset(checked_scopes(asked) if asked else ())


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
    """Runs a command; what whoever runs it can mend is said in one line, not by a traceback."""
    try:
        app()
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        sys.exit(f"gateway: {sentence}")


if __name__ == "__main__":
    main()
