-- The ERP rows of one company, in a database of its own: `h_NNN` stands for `h_001`, `h_002`, …

create database if not exists h_NNN;

create table if not exists h_NNN.transactions (
    id Int32,
    voucher_no String,
    voucher_type String,
    transaction_date Date,
    ledger_name String,
    debit Decimal(15, 2),
    credit Decimal(15, 2),
    narration Nullable(String),
    synced_on DateTime('UTC')
) engine = MergeTree()
order by (transaction_date, id);

create table if not exists h_NNN.customers (
    id Int32,
    customer_code String,
    customer_name String,
    gst_number Nullable(String),
    city Nullable(String),
    state Nullable(String),
    outstanding Decimal(15, 2),
    credit_days Nullable(Int32),
    synced_on DateTime('UTC')
) engine = MergeTree()
order by id;

create table if not exists h_NNN.invoices (
    id Int32,
    invoice_no String,
    invoice_date Date,
    customer_id Int32,
    taxable_value Decimal(15, 2),
    gst_amount Decimal(15, 2),
    total Decimal(15, 2),
    status String,
    due_date Nullable(Date),
    synced_on DateTime('UTC')
) engine = MergeTree()
order by (invoice_date, id);

create table if not exists h_NNN.purchase_orders (
    id Int32,
    order_no String,
    order_date Date,
    supplier_name String,
    total Decimal(15, 2),
    status String,
    expected_on Nullable(Date),
    synced_on DateTime('UTC')
) engine = MergeTree()
order by (order_date, id);

create table if not exists h_NNN.sales_vouchers (
    id Int32,
    voucher_no String,
    voucher_date Date,
    customer_id Int32,
    item_name String,
    quantity Decimal(15, 3),
    rate Decimal(15, 2),
    amount Decimal(15, 2),
    synced_on DateTime('UTC')
) engine = MergeTree()
order by (voucher_date, id);
