"""The gateway's own table of who changed a ticket's status, which `tickets` doesn't say: the log of events goes by it.

A row is written in the transaction of the change itself.
"""

from sqlalchemy import Column, DateTime, Integer, Table

from datasources.indexes import index
from datasources.iperform.tables import OWNED_BY_GATEWAY, metadata

gateway_ticket_changes = Table(
    "gateway_ticket_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_id", Integer, nullable=False),
    Column("changed_by", Integer),
    Column("changed_on", DateTime, nullable=False),
    index("idx_ticket_id", "ticket_id"),
    index("idx_changed_on", "changed_on"),
    info=OWNED_BY_GATEWAY,
)
