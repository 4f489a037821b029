"""The address of a MySQL or MariaDB database for jobs that run once and may block: migrating and seeding."""

from sqlalchemy import make_url
from sqlalchemy.engine import URL


def blocking_mysql_url(dsn: str) -> URL:
    """The same server and database by PyMySQL, in utf8mb4; of the options only those about TLS are kept.

    Options of the asynchronous drivers (`stmt_cache_size`, `minsize`, …) would be refused by this one.
    """
    url = make_url(dsn)
    query = {name: value for name, value in url.query.items() if name.startswith("ssl")}
    return url.set(drivername="mysql+pymysql", query={**query, "charset": "utf8mb4"})
