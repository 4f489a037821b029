"""Indian identifiers with their real structure: PAN, GST number with its check character, mobile numbers."""

from datasources.seed.chance import Chance

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
GST_ALPHABET = DIGITS + LETTERS
# The fourth letter of a PAN: company, person, firm, Hindu undivided family.
PAN_KINDS = "CPFH"


def pan_number(chance: Chance) -> str:
    """`AAPFU0939F`: five letters of which the fourth says the kind of holder, four digits, a letter."""
    return (
        chance.letters(LETTERS, 3)
        + chance.pick(PAN_KINDS)
        + chance.letters(LETTERS, 1)
        + chance.letters(DIGITS, 4)
        + chance.letters(LETTERS, 1)
    )


def gst_number(state: str, pan: str, entity: str = "1") -> str:
    """`27AAPFU0939F1ZV`: state, PAN, number of the registration, Z, check character."""
    body = f"{state}{pan}{entity}Z"
    return body + gst_check_character(body)


def gst_check_character(body: str) -> str:
    """The fifteenth character of a GST number: base 36, factors 1 and 2 in turn, products' digits summed."""
    total = 0
    for position, character in enumerate(body):
        quotient, remainder = divmod(GST_ALPHABET.index(character) * (1 + position % 2), 36)
        total += quotient + remainder
    return GST_ALPHABET[-total % 36]


def mobile_number(chance: Chance) -> str:
    """Ten digits that begin with 6 to 9, as people write them."""
    digits = chance.pick("6789") + chance.letters(DIGITS, 9)
    style = chance.below(5)
    if style == 0:
        return f"+91 {digits[:5]} {digits[5:]}"
    return f"+91{digits}" if style == 1 else digits
