"""What lives as long as the process: the estate, the authenticator, the change log and what is kept between requests.

Made by `app.py`; a request reaches it through its context.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Column

from datasources.base import StatementObserver, TimeLimits
from datasources.estate import open_files, open_source
from gateway.auth.access import Access
from gateway.auth.audience import Audience
from gateway.auth.audit import Audit
from gateway.auth.authenticate import Authenticator, Lifetimes
from gateway.auth.caller_rules import DeniedColumns, KeptRules
from gateway.auth.cost_budgets import CostBudgets
from gateway.auth.crossing import Budgets
from gateway.auth.modest import modest
from gateway.auth.organisation import scopes_in_database
from gateway.auth.partner_token_order import TokenDefaults
from gateway.auth.partner_tokens import PartnerTokens
from gateway.auth.policies import POLICIES
from gateway.auth.policy import Policies
from gateway.auth.principal import Principal
from gateway.auth.sources import Estate, failures_coded
from gateway.auth.subjects import Subjects
from gateway.auth.system_access import SystemAccess
from gateway.auth.throttle import LoginThrottle
from gateway.auth.tokens import Tokens
from gateway.auth.trace import Purpose
from gateway.events.bounds import Bounds
from gateway.events.bus import Bus
from gateway.events.capture_choice import open_capture
from gateway.events.capturing import Capturing
from gateway.events.event import StatusEvent
from gateway.events.opening import open_log
from gateway.events.own_writes import OwnWrites
from gateway.loaders.kept import Kept
from gateway.resolvers.catalogue import Catalogue
from gateway.resolvers.cursor import Cursors
from gateway.resolvers.reports import ReportAnswer
from gateway.settings import Settings

REPORTS_KEPT = 200
# Reads of a source for subscribers: fewer than it has connections, so that requests find one, too.
AT_ONCE = 6

CatalogueOf = Callable[[Audience], Catalogue]


def no_column(_: Audience) -> frozenset[Column[Any]]:
    """For commands, which read as nobody's role."""
    return frozenset()


def no_catalogue(_: Audience) -> Catalogue:
    """For commands, which serve no schema."""
    raise LookupError("a command has no schema")


@dataclass(frozen=True)
class Services:
    """The parts of a running gateway."""

    settings: Settings
    estate: Estate
    modest_estate: Estate
    bus: Bus
    capturing: Capturing | None
    own_writes: OwnWrites | None
    authenticator: Authenticator
    partner_tokens: PartnerTokens
    cost_budgets: CostBudgets
    cursors: Cursors
    reports: Kept[ReportAnswer]
    zone: ZoneInfo
    audit: Audit | None
    rules: KeptRules
    budgets: Budgets
    catalogue_of: CatalogueOf
    subjects: Subjects

    def access_for(self, principal: Principal) -> Access:
        """What a caller can reach, for one request."""
        return Access(self.estate, self.rules.of(principal), budgets=self.budgets)

    async def accesses_for(self, principals: Sequence[Principal]) -> list[Access]:
        """What several callers can reach, by the organisation as it is now; for what nobody has asked for just now."""
        accesses = [
            Access(self.modest_estate, self.rules.once(principal), budgets=self.budgets)
            for principal in principals
        ]
        with failures_coded():
            system = SystemAccess(self.modest_estate, purpose=Purpose.SCOPE)
            scopes = await scopes_in_database(system, principals)
        for access, scope in zip(accesses, scopes, strict=True):
            access.bind(scope)
        return accesses

    def start(self) -> None:
        """Begins what goes on in the background. Called once, in the event loop of the process."""
        if self.audit is not None:
            self.audit.start()
        if self.capturing is not None:
            self.capturing.start()
        if self.own_writes is not None:
            self.own_writes.start()

    async def announce(self, event: StatusEvent) -> None:
        """Tells of a change that was made here, where nothing captures it."""
        if self.own_writes is not None:
            await self.own_writes.announce(event)

    async def close(self) -> None:
        """Writes what is left to write, and gives back every connection and thread."""
        # Each may wait for its source: together they take no longer than the slowest.
        parts = (self.audit, self.capturing, self.own_writes)
        await asyncio.gather(*[part.close() for part in parts if part is not None])
        await self.partner_tokens.close()
        await self.estate.close()
        await self.bus.close()


def open_services(
    settings: Settings,
    observers: tuple[StatementObserver, ...] = (),
    *,
    policies: Policies = POLICIES,
    denied_columns: DeniedColumns = no_column,
    catalogue_of: CatalogueOf = no_catalogue,
) -> Services:
    """The services that the settings describe. Connects to nothing: a source that is down is noticed when asked.

    `denied_columns` and `catalogue_of` are the schema's: it knows which column a denied `Type.field` is, and which
    types and fields an audience has.
    """
    estate = open_estate(settings, observers)
    throttle = LoginThrottle(
        settings.events_dsn,
        per_account=settings.login_attempts_per_account,
        per_account_elsewhere=settings.login_attempts_per_account_elsewhere,
        per_address=settings.login_attempts_per_address,
    )
    lifetimes = Lifetimes(
        access=settings.access_token_seconds,
        refresh=settings.refresh_token_seconds,
        cache=settings.session_cache_seconds,
    )
    tokens = Tokens(settings.jwt_secret)
    partner_tokens = open_partner_tokens(settings, estate)
    bus, lease = open_log(
        settings.events_dsn,
        bounds=Bounds(entries=settings.event_log_entries, seconds=86_400 * settings.event_log_days),
        connect_seconds=settings.connect_seconds,
        answer_seconds=settings.statement_seconds,
    )
    capture = open_capture(settings)
    return Services(
        settings=settings,
        estate=estate,
        modest_estate=modest(estate, AT_ONCE),
        bus=bus,
        capturing=None if capture is None else Capturing(lease, capture, zone=settings.zone),
        own_writes=OwnWrites(lease) if settings.is_embedded else None,
        authenticator=Authenticator(
            SystemAccess(estate),
            tokens,
            throttle,
            partner_tokens=partner_tokens,
            lifetimes=lifetimes,
            zone=settings.zone,
        ),
        partner_tokens=partner_tokens,
        cost_budgets=CostBudgets(settings.events_dsn),
        cursors=Cursors(settings.jwt_secret),
        reports=Kept(seconds=settings.report_cache_seconds, most=REPORTS_KEPT),
        zone=settings.zone,
        audit=Audit(SystemAccess(estate)) if settings.audit_reads else None,
        rules=KeptRules(policies, denied_columns),
        budgets=Budgets(settings.filter_key_budget, settings.scope_key_budget),
        catalogue_of=catalogue_of,
        subjects=Subjects(SystemAccess(estate), zone=settings.zone),
    )


def open_partner_tokens(settings: Settings, estate: Estate) -> PartnerTokens:
    """The partner tokens of an estate."""
    return PartnerTokens(
        SystemAccess(estate),
        zone=settings.zone,
        cache_seconds=settings.session_cache_seconds,
        defaults=TokenDefaults(
            days=settings.partner_token_days, cost_per_minute=settings.partner_cost_per_minute
        ),
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
