"""Every type whose objects are rows, leads first. Read by what builds and checks the schema."""

from __future__ import annotations

from gateway.resolvers.declarations import RowType
from gateway.schema.client_user import CLIENT_USER
from gateway.schema.company import COMPANY
from gateway.schema.company_setting import COMPANY_SETTING
from gateway.schema.data_update import DATA_UPDATE
from gateway.schema.dynamic_database import DYNAMIC_DATABASE
from gateway.schema.erp_customer import ERP_CUSTOMER
from gateway.schema.erp_invoice import ERP_INVOICE
from gateway.schema.erp_purchase_order import ERP_PURCHASE_ORDER
from gateway.schema.erp_sales_voucher import ERP_SALES_VOUCHER
from gateway.schema.erp_transaction import ERP_TRANSACTION
from gateway.schema.follow_up import FOLLOW_UP
from gateway.schema.lead import LEAD
from gateway.schema.lead_log import LEAD_LOG
from gateway.schema.login_event import LOGIN_EVENT
from gateway.schema.mail import MAIL
from gateway.schema.partner_company import PARTNER_COMPANY
from gateway.schema.partner_token import PARTNER_TOKEN
from gateway.schema.pricing_plan import PRICING_PLAN
from gateway.schema.report_setting import REPORT_SETTING
from gateway.schema.request_log import REQUEST_LOG
from gateway.schema.salesperson import SALESPERSON
from gateway.schema.status_change import STATUS_CHANGE
from gateway.schema.subcompany_setting import SUBCOMPANY_SETTING
from gateway.schema.sync_credential import SYNC_CREDENTIAL
from gateway.schema.sync_run import SYNC_RUN
from gateway.schema.ticket import TICKET
from gateway.schema.ticket_comment import TICKET_COMMENT
from gateway.schema.user import USER
from gateway.schema.user_session import USER_SESSION
from gateway.schema.user_setting import USER_SETTING
from gateway.schema.view_setting import SAVED_VIEW
from gateway.schema.warrior import WARRIOR
from gateway.schema.whatsapp_message import WHATSAPP_MESSAGE

ROW_TYPES: tuple[RowType, ...] = (
    LEAD,
    STATUS_CHANGE,
    LEAD_LOG,
    FOLLOW_UP,
    WHATSAPP_MESSAGE,
    MAIL,
    TICKET,
    TICKET_COMMENT,
    COMPANY,
    CLIENT_USER,
    PRICING_PLAN,
    USER,
    WARRIOR,
    SALESPERSON,
    PARTNER_COMPANY,
    PARTNER_TOKEN,
    USER_SESSION,
    LOGIN_EVENT,
    SAVED_VIEW,
    USER_SETTING,
    COMPANY_SETTING,
    SUBCOMPANY_SETTING,
    REPORT_SETTING,
    SYNC_RUN,
    DATA_UPDATE,
    ERP_TRANSACTION,
    ERP_CUSTOMER,
    ERP_INVOICE,
    ERP_PURCHASE_ORDER,
    ERP_SALES_VOUCHER,
    DYNAMIC_DATABASE,
    SYNC_CREDENTIAL,
    REQUEST_LOG,
)
