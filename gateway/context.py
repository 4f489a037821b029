"""What one request carries: who asks, what they can reach, and the loaders that gather what they ask for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from gateway.auth.access import Access
from gateway.auth.principal import Client, Principal
from gateway.loaders.batch import Loaders

if TYPE_CHECKING:
    from gateway.resolvers.catalogue import Catalogue
    from gateway.services import Services


@dataclass(kw_only=True)
class Request:
    """One request. `memo` keeps what has been worked out for one of its fields and serves many objects."""

    request_id: str
    authorization: str | None
    principal: Principal
    client: Client
    access: Access
    loaders: Loaders
    services: Services
    catalogue: Catalogue
    memo: dict[Any, Any] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the estate writes its DATETIMEs."""
        return self.services.zone

    def become(self, principal: Principal) -> None:
        """Reads what follows as somebody else: the user who has just logged in."""
        self.principal = principal
        self.access = self.services.access_for(principal)
        self.forget()

    def forget(self) -> None:
        """Reads anew what follows: something has changed."""
        self.loaders = Loaders(self.access)
        self.memo = {}
