"""ClickHouse: mirrors of iPerform's tables, the extractor's runs, and each company's ERP rows."""
