-- Mirrors of iPerform's tables and the extractor's tables, for ClickHouse 18.16 to the newest.
--
-- A DateTime here is the estate's naive wall clock, not an instant. `DateTime('UTC')` makes every server and
-- client give back the digits that were put in, whatever zone each of them runs in.
--
-- The notes partition by `company_id`; one partition a company makes every insert of more than 100 companies
-- fail (max_partitions_per_insert_block), so a partition holds 100 companies and still serves pruning.
-- A nullable column can't be a sorting key, so the keys fall back to 0.

create database if not exists iperform_helper;

create database if not exists extractor;

-- Ordered by (id, version): versions of one lead never collapse into one. Readers take the latest by `argMax`.
create table if not exists iperform_helper.leads (
    id Int32,
    firm_name Nullable(String),
    company_id Int32,
    client_email_id Nullable(String),
    status Nullable(String),
    created_on Nullable(DateTime('UTC')),
    changed_on Nullable(DateTime('UTC')),
    warrior_id Nullable(String),
    version DateTime('UTC')
) engine = ReplacingMergeTree()
partition by intDiv(company_id, 100)
order by (id, version);

create table if not exists iperform_helper.lead_logs (
    id Int32,
    lead_id Int32,
    company_id Int32,
    activity_type Nullable(String),
    activity_details Nullable(String),
    logged_by Nullable(Int32),
    logged_on Nullable(DateTime('UTC')),
    metadata Nullable(String)
) engine = MergeTree()
partition by ifNull(toYYYYMM(logged_on), 0)
order by (lead_id, ifNull(toUInt32(logged_on), 0));

create table if not exists iperform_helper.lead_status (
    id Int32,
    lead_id Int32,
    status Nullable(String),
    changed_on Nullable(DateTime('UTC')),
    changed_by Nullable(Int32),
    reason_for_change Nullable(String)
) engine = MergeTree()
partition by ifNull(toYYYYMM(changed_on), 0)
order by (lead_id, ifNull(toUInt32(changed_on), 0));

create table if not exists iperform_helper.demo_scheduled_data (
    lead_id Int32,
    scheduled_date Nullable(DateTime('UTC')),
    version DateTime('UTC')
) engine = ReplacingMergeTree()
order by (lead_id, version);

create table if not exists extractor.credentials (
    company_id Int32,
    erp_type String,
    credentials_json Nullable(String),
    created_on DateTime('UTC'),
    updated_on Nullable(DateTime('UTC'))
) engine = MergeTree()
order by (company_id, created_on);

create table if not exists extractor.subcompany_settings (
    id Int32,
    company_id Int32,
    subcompany_name String,
    erp_company_code Nullable(String),
    enabled UInt8,
    settings Nullable(String),
    created_on DateTime('UTC'),
    updated_on Nullable(DateTime('UTC'))
) engine = MergeTree()
partition by intDiv(company_id, 100)
order by (id, company_id);

create table if not exists extractor.reportwise_settings (
    company_id Int32,
    report_name String,
    enabled UInt8,
    frequency_minutes Nullable(Int32),
    settings Nullable(String),
    updated_on Nullable(DateTime('UTC'))
) engine = MergeTree()
order by (company_id, report_name);

create table if not exists extractor.sync_history (
    company_id Int32,
    report_name String,
    sync_date DateTime('UTC'),
    status String,
    records_processed Int32,
    errors Nullable(String)
) engine = MergeTree()
partition by toYYYYMM(sync_date)
order by (company_id, sync_date);

create table if not exists extractor.data_update (
    company_id Int32,
    table_name String,
    created_on DateTime('UTC'),
    records_inserted Int32,
    records_updated Int32,
    last_record_on Nullable(DateTime('UTC'))
) engine = MergeTree()
order by (company_id, created_on);
