"""The statuses that leads and tickets may be given, as the estate's programs write them."""

LOST = "Lost"
LEAD_STATUSES = ("New", "Qualified", "Demo", "Proposal", "Trial", "Won", LOST)

TICKET_STATUSES = ("Assigned", "In Process", "Resolved", "Closed")
# With these a ticket has been dealt with, and has a moment at which it was.
RESOLVING = frozenset({"Resolved", "Closed"})
