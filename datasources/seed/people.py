"""Makes names of people and firms, and the addresses that go with them. Called wherever a row needs one."""

from dataclasses import dataclass

from datasources.seed.chance import Chance
from datasources.seed.vocabulary import FIRM_FORMS, FIRM_KINDS, FIRM_STEMS, FIRM_TWINS, NATIVE_FIRMS, SCRIPTS

MAIL_DOMAINS = ("gmail.com", "gmail.com", "yahoo.co.in", "rediffmail.com", "outlook.com", "example.in")


@dataclass(frozen=True, slots=True)
class Person:
    """A name in its own script, and in Latin letters for addresses."""

    first: str
    last: str
    latin_first: str
    latin_last: str

    def address(self, number: int, domain: str) -> str:
        """A mail address that no other number gets, under any collation."""
        return f"{self.latin_first}.{self.latin_last}{number}@{domain}"


def person(chance: Chance) -> Person:
    """Somebody, in one of the country's scripts."""
    firsts, lasts = chance.pick(SCRIPTS)
    first, last = chance.pick(firsts), chance.pick(lasts)
    return Person(first.written, last.written, first.latin, last.latin)


def firm_name(chance: Chance) -> str:
    """A firm: mostly Latin, some in other scripts, some that differ from another only by case or accent."""
    draw = chance.share()
    if draw < 0.02:
        return chance.pick(FIRM_TWINS)
    if draw < 0.14:
        return chance.pick(NATIVE_FIRMS).written
    return f"{chance.pick(FIRM_STEMS).written} {chance.pick(FIRM_KINDS)}{chance.pick(FIRM_FORMS)}"
