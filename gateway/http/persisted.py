"""Texts of operations that clients ask for again by their hash: Apollo's automatic persisted queries, version 1.

`asked.py` reads the hash, `execution.py` asks here for its text, and has a text kept once it is found to be valid.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from gateway.errors import Code, GatewayError

# Some thousand of an app's operations, and 2 MB.
MOST_CHARACTERS_KEPT = 2_000_000
# Clients look for this very message, and not all of them for the code.
NOT_FOUND = "PersistedQueryNotFound"


@dataclass
class PersistedQueries:
    """The texts that one process was sent with their hashes, the least recently used given up first."""

    _texts: OrderedDict[str, str] = field(default_factory=OrderedDict)
    _characters: int = 0

    def text(self, named: str) -> str:
        """The text with a hash. Raises PERSISTED_QUERY_NOT_FOUND, upon which clients send the text as well."""
        text = self._texts.get(named)
        if text is None:
            raise GatewayError(Code.PERSISTED_QUERY_NOT_FOUND, NOT_FOUND)
        self._texts.move_to_end(named)
        return text

    def keep(self, named: str, text: str) -> None:
        """Keeps a text under its hash."""
        if named in self._texts:
            self._texts.move_to_end(named)
            return
        self._texts[named] = text
        self._characters += len(text)
        while self._characters > MOST_CHARACTERS_KEPT:
            _, gone = self._texts.popitem(last=False)
            self._characters -= len(gone)
