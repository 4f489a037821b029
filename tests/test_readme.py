"""The README's query gives the README's answer."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from tests.gateways import RunningGateway

README = Path(__file__).parents[1] / "README.md"


def _block(text: str, language: str) -> re.Match[str]:
    found = re.search(rf"```{language}\n(.*?)```", text, re.S)
    assert found is not None
    return found


def test_the_readmes_query_gives_its_answer(gateway: RunningGateway) -> None:
    text = README.read_text(encoding="utf-8")
    answer = gateway.query(_block(text, "graphql")[1], as_user="salesperson")
    if os.environ.get("GATEWAY_TEST_RECORD") == "1":
        place = _block(text, "json").span(1)
        written = json.dumps(answer, indent=2, ensure_ascii=False) + "\n"
        README.write_text(text[: place[0]] + written + text[place[1] :], encoding="utf-8")
        text = README.read_text(encoding="utf-8")
    assert json.loads(_block(text, "json")[1]) == answer
