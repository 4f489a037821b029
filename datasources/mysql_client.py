"""The address of a MySQL or MariaDB database for jobs that run once and may block: migrating and seeding."""

from sqlalchemy import make_url
from sqlalchemy.engine import URL

BACKENDS = frozenset({"mysql", "mariadb"})


def blocking_mysql_url(dsn: str) -> URL:
    """The same server and database by PyMySQL, in utf8mb4; of the options only those about TLS are kept.

    Options of the asynchronous drivers (`stmt_cache_size`, `minsize`, …) would be refused by this one. Raises
    ValueError for an address of another kind: with its driver replaced it would mean a MySQL of this machine.
    """
    url = make_url(dsn)
    if url.get_backend_name() not in BACKENDS or not url.host:
        raise ValueError("a MySQL address looks like mysql+asyncmy://user:password@host:3306/database")
    query = {name: value for name, value in url.query.items() if name.startswith("ssl")}
    return url.set(drivername="mysql+pymysql", query={**query, "charset": "utf8mb4"})
