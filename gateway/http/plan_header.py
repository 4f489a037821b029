"""`X-Plan: 1`: an ADMIN asks for the plan of an operation beside its answer, also while viewing as somebody else."""

from __future__ import annotations

from gateway.auth.roles import Caller
from gateway.errors import bad_input, forbidden, unauthenticated
from gateway.http.incoming import Incoming
from gateway.http.view_as import Asker

HEADER = b"x-plan"


def wants_plan(incoming: Incoming, asker: Asker) -> bool:
    """Whether the plan is asked for. With the header, raises UNAUTHENTICATED, FORBIDDEN for all but ADMIN, and
    BAD_USER_INPUT for a value that is none.
    """
    given = incoming.all(HEADER)
    if not given:
        return False
    if not asker.principal.known:
        raise unauthenticated("Log in to be shown a plan.")
    if asker.principal.caller is not Caller.ADMIN:
        raise forbidden("Only ADMIN is shown the plan of an answer: send no `X-Plan`.")
    if given != ["1"]:
        raise bad_input("`X-Plan` is `1`, or isn't sent.")
    return True
