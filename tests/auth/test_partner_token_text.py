"""The text of a partner's token: what scanners can find, and what is no token before any database is asked."""

from __future__ import annotations

import math
import re
import string

import pytest

from gateway.auth.partner_token_text import checksum, is_marked, new_token, prefix_in, read_token

ALPHABET = string.ascii_letters + string.digits
# As docs/operating.md gives it to those who set up a scanner.
SCANNED = re.compile(r"ipgw_[0-9A-Za-z]{10}_[0-9A-Za-z]{38}")


def test_a_token_is_found_by_scanners_and_says_its_prefix() -> None:
    token = new_token()
    line = f'export TOKEN="{token.text}"; curl …'
    assert SCANNED.findall(line) == [token.text]
    assert token.text.startswith(token.prefix + "_")
    assert len(token.prefix) == 15
    assert read_token(token.text) == token


def test_no_two_tokens_share_a_prefix_or_a_secret() -> None:
    tokens = [new_token() for _ in range(1_000)]
    assert len({token.prefix for token in tokens}) == 1_000
    secrets = {token.text[len(token.prefix) + 1 : -6] for token in tokens}
    assert len(secrets) == 1_000
    assert {len(secret) for secret in secrets} == {32}
    # Every character is used, so that each is worth what it looks like.
    assert set("".join(secrets)) == set(ALPHABET)
    assert 32 * math.log2(len(ALPHABET)) >= 160


def test_the_checksum_is_what_it_always_was() -> None:
    assert checksum("ipgw_0000000000_" + "0" * 32) == "1mjlWF"


def test_a_changed_character_is_noticed_wherever_it_is() -> None:
    text = new_token().text
    for place, character in enumerate(text):
        for other in {*ALPHABET, *"_- é\0", character.swapcase()} - {character}:
            assert read_token(text[:place] + other + text[place + 1 :]) is None, (place, other)


def test_characters_in_another_order_are_noticed() -> None:
    text = new_token().text
    for place in range(len(text) - 1):
        first, second = text[place : place + 2]
        if first != second:
            assert read_token(text[:place] + second + first + text[place + 2 :]) is None, place


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: "",
        lambda text: "ipgw_",
        lambda text: text[:-1],
        lambda text: text[1:],
        lambda text: text + "0",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text + text,
        lambda text: text.upper(),
        lambda text: text.lower(),
        lambda text: text.replace("ipgw", "IPGW"),
        lambda text: text.replace("ipgw_", "ghp_"),
        lambda text: text[:-6] + "000000",
        lambda text: "ipgw_" + "٣" * 10 + text[15:],
    ],
)
def test_what_is_no_token_is_not_read(edit: object) -> None:
    assert callable(edit)
    assert read_token(edit(new_token().text)) is None


def test_a_tokens_text_is_in_no_representation_of_it() -> None:
    token = new_token()
    assert token.text not in f"{token!r} {token!s}"
    assert token.prefix in repr(token)


def test_a_prefix_is_read_from_itself_and_from_a_whole_token() -> None:
    token = new_token()
    assert prefix_in(token.prefix) == token.prefix
    assert prefix_in(token.text) == token.prefix
    for text in ("", "ipgw_", token.prefix + "x", token.text[:-1] + "!", token.prefix.upper()):
        assert prefix_in(text) is None


def test_only_the_mark_as_it_is_written_claims_to_be_a_token() -> None:
    assert is_marked(new_token().text)
    assert is_marked("ipgw_")
    for text in ("", "IPGW_x", "ipgw", "eyJhbGciOi", " ipgw_"):
        assert not is_marked(text)
