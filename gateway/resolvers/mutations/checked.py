"""What several mutations check of what a client gives them."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.errors import bad_input

LONGEST_TEXT = 2_000


def checked_text(name: str, text: str | None, most: int = LONGEST_TEXT) -> str | None:
    """A text without spaces around it, or None for none. Raises BAD_USER_INPUT for one that can't be kept whole."""
    kept = (text or "").strip()
    if len(kept) > most:
        raise bad_input(f"`{name}` has at most {most} characters here.")
    if "\0" in kept or any("\ud800" <= letter <= "\udfff" for letter in kept):
        raise bad_input(f"`{name}` holds a NUL, or half of a character.")
    return kept or None


def check_known(status: str, known: Sequence[str]) -> None:
    """Raises BAD_USER_INPUT for a status that there isn't."""
    if status not in known:
        raise bad_input(f"`status` is one of {', '.join(known)}.")
