"""A document that nobody asks for any more goes at once, with all that was derived of it: no collector is needed."""

from __future__ import annotations

import gc
from pathlib import Path
from weakref import ref

from gateway.auth.principal import Client, Principal
from gateway.auth.roles import Caller
from gateway.context import Request
from gateway.engine import compiled, reference
from gateway.engine.documents import Documents
from gateway.loaders.batch import Loaders
from gateway.schema.build import SCHEMAS
from tests.live.following import Followed, followed

TEXT = """query($first: Int) { leads(first: $first) { nodes { id company { companyName } warrior { user { username } }
  tickets(first: 2) { nodes { title } } } } lead(databaseId: 1) { warrior { user { username } } } }"""


async def _executed(live: Followed, documents: Documents, principal: Principal, text: str) -> None:
    schema = SCHEMAS.of(principal.audience)
    document = documents.get(text, schema)
    prepared = reference.prepare(schema, document, document.operation(None), {"first": 5})
    access = live.services.access_for(principal)
    request = Request(
        request_id="of a test",
        authorization=None,
        principal=principal,
        client=Client("127.0.0.1", "tests"),
        access=access,
        loaders=Loaders(access),
        services=live.services,
        catalogue=schema.catalogue,
    )
    result = await compiled.run(schema, prepared, request)
    assert result.errors is None
    assert len((result.data or {})["leads"]["nodes"]) == 5


async def test_a_plan_goes_with_its_document_though_its_callers_stay(tmp_path: Path) -> None:
    async with followed(tmp_path) as live:
        admin = Principal(caller=Caller.ADMIN, user_id=1)
        documents = Documents()
        for _ in range(2):
            await _executed(live, documents, admin, TEXT)
        (document,) = documents._kept.values()
        (plan,) = document._plans.values()
        plans = [ref(plan), *(ref(step) for step in plan.steps.values())]
        steps = [step for level in plan.steps["leads"].levels for step in level.steps.values()]
        plans += [ref(step) for step in steps]
        # It was kept, and found again.
        kept = [step.kept._shared for step in plan.steps.values()]
        assert all(kept)
        gc.collect()
        gc.disable()
        try:
            del document, plan, steps, kept
            documents._kept.clear()
            assert [gone() for gone in plans] == [None] * len(plans)
        finally:
            gc.enable()
        await _executed(live, documents, admin, TEXT)
