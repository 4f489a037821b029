"""Lead: a firm that may buy, from `iperform.leads`."""

from __future__ import annotations

from datasources.iperform.tables import leads, salesperson
from datasources.model import Among
from gateway.loaders import relations
from gateway.resolvers.analytics import lead_analytics
from gateway.resolvers.declarations import (
    PAGE,
    RowType,
    column,
    computed,
    reference,
    to_many,
    to_one,
)
from gateway.resolvers.files import lead_files
from gateway.resolvers.shared_salespeople import shared_salespeople

_c = leads.c

LEAD = RowType(
    name="Lead",
    plural="leads",
    table=leads,
    hidden=Among(_c.is_deleted, frozenset({1})),
    hidden_by=_c.is_deleted,
    description=(
        "A firm that may buy: who it is, where it stands in the sales process, and whose it is. A deleted lead is "
        "visible to ADMIN alone, and only where `isDeleted` is asked for."
    ),
    fields=(
        column(_c.firm_name, "The firm's name, as it was entered."),
        column(_c.company_id, "The database id of the company that the lead belongs to."),
        column(_c.crm_company_id, "The id of the company in the ERP, where it has one there."),
        column(_c.client_first_name, "The contact's first name."),
        column(_c.client_last_name, "The contact's last name."),
        column(_c.client_email_id, "The contact's mail address, as it was entered; it may be malformed."),
        column(_c.client_mobile_no, "The contact's mobile number, as it was entered; it may be malformed."),
        column(_c.whatsapp_number, "The number that WhatsApp messages go to."),
        column(_c.integration_first_name, "First name of the contact for the ERP integration."),
        column(_c.integration_last_name, "Last name of the contact for the ERP integration."),
        column(_c.integration_mobile_no, "Mobile number of the contact for the ERP integration."),
        column(_c.integration_email_id, "Mail address of the contact for the ERP integration."),
        column(_c.industry, "The firm's line of business."),
        column(_c.website, "The firm's web address."),
        column(_c.erp, "The ERP that the firm uses: Tally, SAP, Zoho …"),
        column(_c.erp_version, "The version of the firm's ERP."),
        column(_c.gstno, "The firm's GST number."),
        column(_c.status, "Where the lead stands: New, Qualified, Demo, Proposal, Trial, Won or Lost."),
        column(_c.lead_status, "A second status that some programs keep."),
        column(_c.reason_for_lost, "Why the lead was lost."),
        column(_c.qualified, "Whether somebody has found the lead worth pursuing."),
        column(_c.qualified_by, "Who found the lead worth pursuing, as it was entered."),
        column(_c.price_plan_id, "The database id of the price plan on offer."),
        column(_c.plan_expiry_date, "When the plan on offer ends."),
        column(_c.user_count, "For how many users the plan on offer is."),
        column(_c.crm_price_plan_id, "The database id of the price plan in the CRM."),
        column(_c.crm_plan_expiry_date, "When the plan in the CRM ends."),
        column(_c.crm_user_count, "For how many users the plan in the CRM is."),
        column(_c.probability, "How likely the deal is, in percent."),
        column(_c.tentative_value, "What the deal may be worth, in rupees."),
        column(_c.platform_id, "The lead's ids on the platforms that it came from."),
        column(_c.source, "Where the lead came from: Facebook, Manual, API …"),
        column(_c.pain_point, "What troubles the firm."),
        column(_c.remarks, "Remarks, as they were entered."),
        column(_c.adset_name, "The advertisement that the lead came from."),
        column(_c.drive_location, "The folder of the lead's files, where it isn't the lead's id."),
        column(_c.paid, "Whether the firm has paid."),
        column(_c.favourite, "1 where somebody marked the lead as a favourite, else 0."),
        column(_c.is_user, "Whether the firm uses the product already."),
        column(
            _c.is_deleted,
            "1 for a deleted lead, else 0. Only ADMIN gets deleted leads, by asking for them here.",
        ),
        column(
            _c.excel_created_on, "When the lead was created in the spreadsheet that it was imported from."
        ),
        column(_c.converted_to_customer_on, "When the firm became a customer."),
        column(_c.no_of_subcompanies, "How many companies the firm has below it."),
        column(_c.created_on, "When the lead was created."),
        column(_c.changed_on, "When the lead was last changed."),
        to_one("company", "Company", relations.LEAD_COMPANY.up, "The company that the lead belongs to."),
        to_one("pricePlan", "PricingPlan", relations.LEAD_PRICE_PLAN.up, "The price plan on offer."),
        to_one("crmPricePlan", "PricingPlan", relations.LEAD_CRM_PRICE_PLAN.up, "The price plan in the CRM."),
        to_one("warrior", "Warrior", relations.LEAD_WARRIOR.up, "The follow-up specialist whose lead it is."),
        reference(
            "sharedSalespeople",
            "[Salesperson!]!",
            salesperson,
            "The salespeople that the lead is shared with, in the order of their ids.",
            shared_salespeople,
            many=True,
            needs=(_c.shared_salesperson_id,),
        ),
        to_one("createdBy", "User", relations.LEAD_CREATED_BY.up, "Who created the lead."),
        to_one("changedBy", "User", relations.LEAD_CHANGED_BY.up, "Who changed the lead last."),
        to_many(
            "statusHistory",
            "StatusChange",
            relations.STATUS_CHANGE_LEAD.down,
            "Every status that the lead has had.",
        ),
        to_many("logs", "LeadLog", relations.LEAD_LOG_LEAD.down, "What was done with the lead."),
        to_many("followUps", "FollowUp", relations.FOLLOW_UP_LEAD.down, "Follow-ups, planned and done."),
        to_many("tickets", "Ticket", relations.TICKET_LEAD.down, "The lead's tickets."),
        to_many(
            "whatsappMessages",
            "WhatsappMessage",
            relations.WHATSAPP_MESSAGE_LEAD.down,
            "WhatsApp messages, both ways.",
        ),
        to_many("mails", "Mail", relations.MAIL_LEAD.down, "Mails that were sent to the lead."),
        computed(
            "analytics",
            "LeadAnalytics",
            "How the lead has moved, from the ClickHouse mirror; null where the mirror doesn't have the lead yet.",
            lead_analytics,
            needs=(_c.id,),
            projected=True,
        ),
        computed(
            "files",
            "FileConnection!",
            "The lead's files, in the order of their names.",
            lead_files,
            needs=(_c.id, _c.drive_location),
            arguments=PAGE[:2],
        ),
    ),
)
