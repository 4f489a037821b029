"""Everything that the schema is made of, in one list: what `build.py` makes types of, and `bind.py` resolvers."""

from __future__ import annotations

from gateway.resolvers.declarations import CompositeType, InputType, ObjectType
from gateway.resolvers.report_view import TYPE_NAME as REPORT_VIEW_NAME
from gateway.resolvers.report_view import find_report_view
from gateway.schema.access_explanation import (
    ACCESS_COLUMN,
    ACCESS_EXPLANATION,
    ACCESS_GROUND,
    ACCESS_STEP,
    ACCESS_SUBJECT,
)
from gateway.schema.change_lead_status import CHANGE_LEAD_STATUS_INPUT, CHANGE_LEAD_STATUS_PAYLOAD
from gateway.schema.change_ticket_status import CHANGE_TICKET_STATUS_INPUT, CHANGE_TICKET_STATUS_PAYLOAD
from gateway.schema.create_partner_token import CREATE_PARTNER_TOKEN_INPUT, CREATE_PARTNER_TOKEN_PAYLOAD
from gateway.schema.file import FILE
from gateway.schema.lead_analytics import LEAD_ANALYTICS
from gateway.schema.lead_stats import LEAD_STATS
from gateway.schema.lead_status_event import LEAD_STATUS_EVENT
from gateway.schema.report_view import REPORT_COLUMN, REPORT_VIEW
from gateway.schema.roots import MUTATION, QUERY, SUBSCRIPTION
from gateway.schema.session import SESSION
from gateway.schema.ticket_status_event import TICKET_STATUS_EVENT
from gateway.schema.types import ROW_TYPES
from gateway.schema.viewer import VIEWER

OBJECT_TYPES: tuple[ObjectType, ...] = (
    QUERY,
    MUTATION,
    SUBSCRIPTION,
    SESSION,
    VIEWER,
    LEAD_ANALYTICS,
    LEAD_STATS,
    REPORT_VIEW,
    REPORT_COLUMN,
    FILE,
    CHANGE_LEAD_STATUS_PAYLOAD,
    CHANGE_TICKET_STATUS_PAYLOAD,
    CREATE_PARTNER_TOKEN_PAYLOAD,
    LEAD_STATUS_EVENT,
    TICKET_STATUS_EVENT,
    ACCESS_EXPLANATION,
    ACCESS_GROUND,
    ACCESS_STEP,
    ACCESS_COLUMN,
)
# What mutations and computed fields take. An audience without the field doesn't have its input.
INPUTS: tuple[InputType, ...] = (
    CHANGE_LEAD_STATUS_INPUT,
    CHANGE_TICKET_STATUS_INPUT,
    CREATE_PARTNER_TOKEN_INPUT,
    ACCESS_SUBJECT,
)
TYPES: tuple[CompositeType, ...] = (*OBJECT_TYPES, *ROW_TYPES)
# The connections, by the name of their items; those of a report's rows hold JSON.
CONNECTION_ITEMS = {
    **{row_type.name: row_type.name for row_type in ROW_TYPES},
    "File": "File",
    "ReportRow": "JSON",
}
NODE_TYPES = frozenset(item.name for item in TYPES if item.node)
# Nodes that are no rows, by what finds one.
FINDERS = {REPORT_VIEW_NAME: find_report_view}
