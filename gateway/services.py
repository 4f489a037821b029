"""What lives as long as the process: the estate, the authenticator, the change log and what is kept between requests.

Made by `app.py`; a request reaches it through its context.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from datasources.base import StatementObserver, TimeLimits
from datasources.estate import open_files, open_source
from gateway.auth.access import Access
from gateway.auth.authenticate import Authenticator, Lifetimes
from gateway.auth.crossing import Budgets
from gateway.auth.principal import Principal
from gateway.auth.sources import Estate
from gateway.auth.system_access import SystemAccess
from gateway.auth.throttle import LoginThrottle
from gateway.auth.tokens import Tokens
from gateway.events.bus import Bus, open_bus
from gateway.loaders.kept import Kept
from gateway.resolvers.cursor import Cursors
from gateway.resolvers.reports import ReportAnswer
from gateway.settings import Settings

REPORTS_KEPT = 200


@dataclass(frozen=True)
class Services:
    """The parts of a running gateway."""

    settings: Settings
    estate: Estate
    bus: Bus
    authenticator: Authenticator
    cursors: Cursors
    reports: Kept[ReportAnswer]
    zone: ZoneInfo

    def access_for(self, principal: Principal) -> Access:
        """What a caller can reach, for one request."""
        budgets = Budgets(self.settings.filter_key_budget, self.settings.scope_key_budget)
        return Access(self.estate, principal, budgets=budgets)

    async def close(self) -> None:
        """Gives back every connection and thread."""
        await self.estate.close()
        await self.bus.close()


def open_services(settings: Settings, observers: tuple[StatementObserver, ...] = ()) -> Services:
    """The services that the settings describe. Connects to nothing: a source that is down is noticed when asked."""
    estate = open_estate(settings, observers)
    throttle = LoginThrottle(
        settings.events_dsn,
        per_account=settings.login_attempts_per_account,
        per_address=settings.login_attempts_per_address,
    )
    lifetimes = Lifetimes(
        access=settings.access_token_seconds,
        refresh=settings.refresh_token_seconds,
        cache=settings.session_cache_seconds,
    )
    tokens = Tokens(settings.jwt_secret)
    return Services(
        settings=settings,
        estate=estate,
        bus=open_bus(
            settings.events_dsn,
            connect_seconds=settings.connect_seconds,
            answer_seconds=settings.statement_seconds,
        ),
        authenticator=Authenticator(
            SystemAccess(estate), tokens, throttle, lifetimes=lifetimes, zone=settings.zone
        ),
        cursors=Cursors(settings.jwt_secret),
        reports=Kept(seconds=settings.report_cache_seconds, most=REPORTS_KEPT),
        zone=settings.zone,
    )


def open_estate(settings: Settings, observers: tuple[StatementObserver, ...] = ()) -> Estate:
    """The estate that the settings describe."""
    limits = TimeLimits(connect=settings.connect_seconds, statement=settings.statement_seconds)
    described = (
        ("iperform", settings.iperform_dsn),
        ("magenta", settings.magenta_dsn),
        ("analytics", settings.analytics_dsn),
    )
    sources = {name: open_source(name, dsn, limits=limits, observers=observers) for name, dsn in described}
    files = open_files(
        settings.files_dsn, secret=settings.jwt_secret.encode(), limits=limits, observers=observers
    )
    return Estate(sources=sources, files=files)
