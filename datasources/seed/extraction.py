"""Generates what the extractor knows: credentials, settings, sync runs with their errors, data updates."""

from datetime import date, datetime, timedelta

from datasources.analytics import tables
from datasources.seed import vocabulary as words
from datasources.seed.chance import Chance
from datasources.seed.clients import Clients, Company
from datasources.seed.rows import Chunk, Row

MOST_COMPANIES = 40
SYNC_DAYS = 30
FIRST_DAY = 900


def build_extraction(seed: int, today: date, clients: Clients) -> tuple[Chunk, ...]:
    """The rows of the `extractor` database, for up to 40 companies that have an ERP connected."""
    chance = Chance(seed, "extraction")
    companies = [company for company in clients.companies if company.synced][:MOST_COMPANIES]
    start = today - timedelta(days=FIRST_DAY)
    return (
        Chunk(tables.credentials, [_credentials(chance, company, start) for company in companies]),
        Chunk(tables.subcompany_settings, _subcompanies(chance, companies, start)),
        Chunk(tables.reportwise_settings, _reports(chance, companies, today)),
        Chunk(tables.sync_history, _runs(chance, companies, today)),
        Chunk(tables.data_update, _updates(chance, companies, today)),
    )


def _credentials(chance: Chance, company: Company, start: date) -> Row:
    created = chance.during(start + timedelta(days=company.id % 300))
    return {
        "company_id": company.id,
        "erp_type": chance.pick(words.ERPS),
        "credentials_json": None if chance.happens(0.1) else '{"user": "sync", "password": "enc:7f3a"}',
        "created_on": created,
        "updated_on": created + timedelta(days=90) if chance.happens(0.4) else None,
    }


def _subcompanies(chance: Chance, companies: list[Company], start: date) -> list[Row]:
    rows: list[Row] = []
    for company in companies:
        for branch in range(chance.between(1, 3)):
            created = chance.during(start + timedelta(days=company.id % 300))
            rows.append(
                {
                    "id": len(rows) + 1,
                    "company_id": company.id,
                    "subcompany_name": f"{company.name} – {chance.pick(words.CITIES).name}",
                    "erp_company_code": None if chance.happens(0.1) else f"C{company.id}-{branch}",
                    "enabled": chance.happens(0.8),
                    "settings": None if chance.happens(0.3) else '{"since": "2024-04-01"}',
                    "created_on": created,
                    "updated_on": created + timedelta(days=30) if chance.happens(0.4) else None,
                }
            )
    return rows


def _reports(chance: Chance, companies: list[Company], today: date) -> list[Row]:
    return [
        {
            "company_id": company.id,
            "report_name": report,
            "enabled": chance.happens(0.9),
            "frequency_minutes": chance.pick_or_none((15, 60, 1440), 0.1),
            "settings": None if chance.happens(0.5) else '{"full": false}',
            "updated_on": None if chance.happens(0.3) else chance.during(today - timedelta(days=40)),
        }
        for company in companies
        for report in words.SYNC_REPORTS
    ]


def _runs(chance: Chance, companies: list[Company], today: date) -> list[Row]:
    return [
        _run(chance, company, report, chance.during(today - timedelta(days=day)))
        for company in companies
        for day in range(SYNC_DAYS, 0, -1)
        for report in words.SYNC_REPORTS
    ]


def _run(chance: Chance, company: Company, report: str, moment: datetime) -> Row:
    status = chance.pick(("Success",) * 17 + ("Partial", "Failed", "Failed"))
    return {
        "company_id": company.id,
        "report_name": report,
        "sync_date": moment,
        "status": status,
        "records_processed": 0 if status == "Failed" else chance.between(1, 20_000),
        "errors": None if status == "Success" else chance.pick(words.SYNC_ERRORS),
    }


def _updates(chance: Chance, companies: list[Company], today: date) -> list[Row]:
    rows = []
    for company in companies:
        for day in range(10, 0, -1):
            moment = chance.during(today - timedelta(days=day))
            rows.append(
                {
                    "company_id": company.id,
                    "table_name": chance.pick(tables.ERP_TABLE_NAMES),
                    "created_on": moment,
                    "records_inserted": chance.below(500),
                    "records_updated": chance.below(90),
                    "last_record_on": None if chance.happens(0.1) else moment - timedelta(hours=2),
                }
            )
    return rows
