"""What a caller's access leaves behind: nothing."""

from __future__ import annotations

import gc
from pathlib import Path
from weakref import ref

from datasources.iperform.tables import leads
from datasources.magenta.tables import company
from datasources.model import Match, Related
from gateway.auth.principal import Principal
from gateway.auth.roles import Caller
from tests.live.following import followed


async def test_an_access_goes_with_its_request_and_waits_for_no_collector(tmp_path: Path) -> None:
    async with followed(tmp_path) as live:
        ((user_id,),) = live.ask(
            "select u.id from user u join role r on r.id = u.role_id where r.role_name = 'MANAGER' limit 1"
        )
        manager = Principal(caller=Caller.MANAGER, user_id=user_id)
        access = live.services.access_for(manager)
        visible = (await access.rules()).rows(company)
        # Over to another database and back: whose companies are visible goes by the leads.
        elsewhere = Related(leads.c.company_id, company.c.id, visible, Match(company.c.id < 100))
        assert len(await access.rows(leads, (leads.c.id,), where=elsewhere)) > 10
        gone = ref(access)
        gc.disable()
        try:
            del access
            assert gone() is None
        finally:
            gc.enable()
