"""Generates the object store's files: quotations, lists and notes of leads, companies and tickets."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from datasources.seed import vocabulary as words
from datasources.seed.chance import Chance
from datasources.seed.clients import CLIENT_COMPANY_ID, MISSING_COMPANY_IDS, company_count
from datasources.seed.lead_rows import drive_location
from datasources.seed.leads import is_deleted_for_good
from datasources.seed.team import MANAGER_USER, SALESPERSON_USER

CONTENT_TYPES = {
    "pdf": "application/pdf",
    "csv": "text/csv; charset=utf-8",
    "txt": "text/plain; charset=utf-8",
}
LEAST_FILES, MOST_FILES = 20, 2000


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One object: its key in the bucket, what it holds, when it was written (naive, the estate's clock)."""

    key: str
    content_type: str
    body: bytes
    modified: datetime


def build_files(seed: int, leads: int, today: date) -> Iterator[StoredFile]:
    """About six files for 100 leads. The keys are unique; their names are any Unicode that users type."""
    chance = Chance(seed, "files")
    for number, prefix in enumerate(_prefixes(chance, leads)):
        name = words.FILE_NAMES[number % len(words.FILE_NAMES)]
        stem, _, kind = name.rpartition(".")
        key = (
            f"{prefix}{stem}.{kind}" if number < len(words.FILE_NAMES) else f"{prefix}{stem} {number}.{kind}"
        )
        modified = chance.during(today - timedelta(days=chance.between(1, 300)))
        yield StoredFile(key, CONTENT_TYPES[kind], _body(kind, key), modified)
    for user_id in (MANAGER_USER, SALESPERSON_USER):
        day = today - timedelta(days=user_id)
        key = f"reports/{user_id}/salesperson_report/{day.isoformat()}.csv"
        yield StoredFile(key, CONTENT_TYPES["csv"], _body("csv", key), chance.during(day))


def _prefixes(chance: Chance, leads: int) -> Iterator[str]:
    wanted = max(LEAST_FILES, min(leads * 6 // 100, MOST_FILES))
    # First those that somebody will look at: the demo client's company, and leads with a place of their own.
    yield from (f"companies/{CLIENT_COMPANY_ID}/",) * 5
    located = [lead_id for lead_id in range(1, leads + 1) if lead_id % 400 == 21]
    for lead_id in located[: wanted // 4]:
        yield f"leads/{drive_location(lead_id)}/"
    companies = company_count(leads)
    for _ in range(wanted * 3 // 5):
        lead_id = chance.between(1, leads)
        if drive_location(lead_id) is None and not is_deleted_for_good(lead_id):
            # A folder inside the prefix, here and there.
            yield f"leads/{lead_id}/" + ("scans/२०२६/" if chance.happens(0.15) else "")
    for _ in range(wanted // 5):
        company_id = chance.between(1, companies)
        if company_id not in MISSING_COMPANY_IDS:
            yield f"companies/{company_id}/"
    for _ in range(wanted // 5):
        yield f"tickets/{chance.between(1, max(1, leads // 10))}/"


def _body(kind: str, key: str) -> bytes:
    if kind == "pdf":
        return _pdf()
    if kind == "csv":
        return (
            "party,bill,amount\n" + "".join(f"पार्टी {n},B-{n},{n * 1000}.50\n" for n in range(1, 8))
        ).encode()
    return f"{key}\nநன்றி 🙏\n".encode()


def _pdf() -> bytes:
    """The smallest page that viewers open."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 100]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length 40>>\nstream\nBT /F 18 Tf 20 40 Td (Quotation) Tj ET   \nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (len(objects) + 1, table, len(objects) + 1, len(body))
    )
