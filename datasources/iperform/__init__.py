"""iPerform's own database: leads, the sales team, its messages and tickets, and what the gateway keeps beside them."""

# Every table is known as soon as any is: what migrates and seeds goes by the metadata that they share.
from datasources.iperform import idempotency_keys, lead_sharing, partner_tokens, tables, ticket_changes

__all__ = ["idempotency_keys", "lead_sharing", "partner_tokens", "tables", "ticket_changes"]
