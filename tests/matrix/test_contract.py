"""The lines of the access matrix that the contract names, written by hand from it and by nothing else.

The reviewed file is what the declarations give; these are what they must give. A caller is a letter: A(dmin),
M(anager), S(alesperson), W(arrior), U(ser at a client), P(artner with all scopes), p(artner with none), and N(obody).
A letter before the slash has the field on every row that it sees, one after it on some rows only.
"""

from __future__ import annotations

import pytest

from gateway.auth.policies import POLICIES
from gateway.schema.build import SCHEMAS
from gateway.schema.matrix import AUDIENCES, access_matrix
from tests.matrix.test_matrix import rows_of

MATRIX = rows_of(access_matrix(SCHEMAS.narrowing))
LETTERS = dict(zip("AMSWUPpN", AUDIENCES, strict=True))
ALL = "AMSWUP"
INSIDE = "AMSWP"
STAFF = "AMSWU"


def cells(name: str) -> str:
    """Who has a line of the matrix, in letters."""
    kept = MATRIX[name]
    whole = "".join(one for one, who in LETTERS.items() if kept[who] in {"allowed", "sees", "guarded", "may"})
    masked = "".join(one for one, who in LETTERS.items() if kept[who] == "masked")
    return f"{whole}/{masked}" if masked else whole


COLUMNS = [
    # Never but to oneself, ADMIN and those above: null on other rows.
    ("User.email", "A/MSWUPN", "users:read"),
    ("User.lastLogin", "A/MSWUP", "users:read"),
    ("User.username", "AMSWUPN", "users:read"),
    # How to reach a lead's people: not for USER, a partner needs the scope.
    *(
        (f"Lead.{name}", INSIDE, "leads:contact, leads:read")
        for name in (
            "clientEmailId",
            "clientMobileNo",
            "whatsappNumber",
            "integrationFirstName",
            "integrationLastName",
            "integrationMobileNo",
            "integrationEmailId",
        )
    ),
    ("WhatsappMessage.phoneNumber", INSIDE, "leads:contact, leads:read"),
    ("Mail.recipientEmail", INSIDE, "leads:contact, leads:read"),
    ("ClientUser.mobile1", ALL, "companies:read, leads:contact"),
    ("ClientUser.mobile2", ALL, "companies:read, leads:contact"),
    # What a lead is worth, and prices: likewise.
    ("Lead.tentativeValue", INSIDE, "leads:read, leads:value"),
    ("Lead.probability", INSIDE, "leads:read, leads:value"),
    ("LeadStats.tentativeValueSum", INSIDE, "leads:read, leads:value"),
    ("LeadStats.tentativeValueTotal", INSIDE, "leads:read, leads:value"),
    ("LeadStats.probabilityAverage", INSIDE, "leads:read, leads:value"),
    ("PricingPlan.planPrice", INSIDE, "leads:value"),
    # What is nobody's secret shows that the others aren't hidden by accident.
    ("Lead.firmName", ALL, "leads:read"),
    ("LeadStats.count", ALL, "leads:read"),
    ("PricingPlan.planName", "AMSWUPp", ""),
]

TYPES = [
    ("Lead", ALL, "leads:read"),
    ("StatusChange", ALL, "leads:read"),
    ("LeadLog", ALL, "leads:read"),
    ("FollowUp", ALL, "leads:read"),
    ("WhatsappMessage", ALL, "leads:read"),
    ("Mail", ALL, "leads:read"),
    ("LeadAnalytics", ALL, "leads:read"),
    ("LeadStats", ALL, "leads:read"),
    ("Ticket", ALL, "tickets:read"),
    ("TicketComment", ALL, "tickets:read"),
    ("Company", ALL, "companies:read"),
    ("ClientUser", ALL, "companies:read"),
    ("SyncRun", ALL, "companies:read"),
    ("SubcompanySetting", ALL, "companies:read"),
    ("ReportSetting", ALL, "companies:read"),
    ("DataUpdate", ALL, "companies:read"),
    ("ErpTransaction", ALL, "companies:read"),
    ("ErpCustomer", ALL, "companies:read"),
    ("ErpInvoice", ALL, "companies:read"),
    ("ErpPurchaseOrder", ALL, "companies:read"),
    ("ErpSalesVoucher", ALL, "companies:read"),
    ("User", "AMSWUPN", "users:read"),
    ("Warrior", ALL, "users:read"),
    ("Salesperson", ALL, "users:read"),
    ("PricingPlan", "AMSWUPp", ""),
    ("SavedView", STAFF, ""),
    ("UserSetting", STAFF, ""),
    ("CompanySetting", STAFF, ""),
    ("UserSession", STAFF, ""),
    ("LoginEvent", STAFF, ""),
    ("RequestLog", "A", ""),
    ("DynamicDatabase", "A", ""),
    ("SyncCredential", "A", ""),
    ("PartnerToken", "A", ""),
    ("ReportView", ALL, "reports:read"),
    ("File", ALL, "files:read"),
]

ROWS = [
    ("Lead if EVERY", "A"),
    ("Lead if ITS_WARRIOR", "MSWP"),
    ("Lead if SHARED", "MS"),
    ("Lead if ITS_COMPANY", "U"),
    ("Lead if ITS_WARRIOR_AND_COMPANY", "P"),
    ("Lead but the guard holds", "MSWUP"),
    ("StatusChange if ITS_LEAD", "MSWUP"),
    ("LeadLog if ITS_LEAD", "MSWUP"),
    ("FollowUp if ITS_LEAD", "MSWUP"),
    ("WhatsappMessage if ITS_LEAD", "MSWUP"),
    ("Mail if ITS_LEAD", "MSWUP"),
    ("Mail if TO_ONESELF", "MSWU"),
    ("Ticket if ITS_LEAD", "MSWUP"),
    ("Ticket if ASSIGNED", "MSWU"),
    ("Ticket if CREATED", "MSWU"),
    ("Ticket if ASSIGNED_IN_TEAM", "M"),
    ("Ticket if ITS_COMPANY", "U"),
    ("TicketComment if ITS_TICKET", "MSWUP"),
    ("Company if ITS_LEAD", "MSWUP"),
    ("Company if ITS_TICKET", "MSWUP"),
    ("Company if ONES_OWN", "U"),
    ("ClientUser if ITS_COMPANY", "MSWUP"),
    ("SyncRun if ITS_COMPANY", "MSWUP"),
    ("ErpCustomer if ITS_COMPANY", "MSWUP"),
    ("User if EVERY", "AMSW"),
    ("User if ONESELF", "U"),
    ("User if WARRIOR_OF_LEAD", "UP"),
    ("User if SALESPERSON_OF_LEAD", "UP"),
    ("Warrior if EVERY", "AMSW"),
    ("Warrior if ITS_USER", "UP"),
    ("Salesperson if EVERY", "AMSW"),
    ("Salesperson if ITS_USER", "UP"),
    ("PricingPlan if EVERY", "AMSWUPp"),
    ("SavedView if EVERY", "A"),
    ("SavedView if ONES_OWN", "MSWU"),
    ("UserSetting if ONES_OWN", "MSWU"),
    ("CompanySetting if ONES_OWN", "MSWU"),
    ("UserSession if ONES_OWN", "MSWU"),
    ("LoginEvent if ONES_OWN", "MSWU"),
]

OPERATIONS = [
    ("Query.viewer", "AMSWUPpN", ""),
    ("Query.leadStats", ALL, "leads:read"),
    ("Query.reportView", ALL, "reports:read"),
    ("Query.reportViews", ALL, "reports:read"),
    ("Query.eventCursor", ALL, "events:read"),
    ("Subscription.leadStatusChanged", ALL, "events:read, leads:read"),
    ("Subscription.ticketStatusChanged", ALL, "events:read, tickets:read"),
    ("Lead.files", ALL, "files:read, leads:read"),
    ("Company.files", ALL, "companies:read, files:read"),
    ("Ticket.files", ALL, "files:read, tickets:read"),
    ("ReportView.exports", ALL, "files:read, reports:read"),
    ("Mutation.login", "AMSWUN", ""),
    ("Mutation.changeLeadStatus", INSIDE, "leads:read, leads:write"),
    ("Mutation.changeTicketStatus", STAFF, ""),
    ("ChangeLeadStatusPayload.lead", INSIDE, "leads:read, leads:write"),
    ("ChangeTicketStatusPayload.ticket", STAFF, ""),
    ("Mutation.createPartnerToken", "A", ""),
    ("Mutation.revokePartnerToken", "A", ""),
]

# Who may change which of the rows that they see.
WRITES = [
    ("Mutation changeLeadStatus if EVERY", INSIDE),
    ("Mutation changeTicketStatus if EVERY", "AM"),
    ("Mutation changeTicketStatus if ASSIGNED", "SWU"),
]

NEVER = {
    ("user", "password"),
    ("all_session", "token"),
    ("user", "forgot_password_token"),
    ("company", "extractor_settings_token"),
    ("dynamic_db", "db_password"),
    ("credentials", "credentials_json"),
    ("gateway_partner_tokens", "token_hash"),
}


@pytest.mark.parametrize(("name", "callers", "scopes"), [*COLUMNS, *TYPES, *OPERATIONS])
def test_callers_have_what_the_contract_gives_them(name: str, callers: str, scopes: str) -> None:
    assert (cells(name), MATRIX[name]["scopes"]) == (callers, scopes)


@pytest.mark.parametrize(("name", "callers"), [*ROWS, *WRITES])
def test_row_and_write_rules_are_the_contracts(name: str, callers: str) -> None:
    assert cells(name) == callers


def test_no_operation_has_a_further_write_rule() -> None:
    assert {name for name in MATRIX if name.startswith("Mutation ")} == {name for name, _ in WRITES}


def test_no_type_that_the_contract_names_has_a_further_rule() -> None:
    judged = {name for name, _ in ROWS}
    further = {
        name for name in MATRIX if (" if " in name or " but " in name) and name.split(" ")[0] in DECIDED
    }
    assert further - judged - {f"{name} if EVERY" for name in DECIDED} == set()


# The types whose rules are all above; ADMIN sees every row of each.
DECIDED = {name.split(" ")[0] for name, _ in ROWS}


@pytest.mark.parametrize("name", sorted(DECIDED))
def test_admin_sees_every_row_and_nobody_does_who_is_not_named(name: str) -> None:
    named = {"User": "AMSW", "Warrior": "AMSW", "Salesperson": "AMSW", "PricingPlan": "AMSWUPp"}
    assert cells(f"{name} if EVERY") == named.get(name, "A")


def test_secrets_are_those_of_the_contract_and_no_field_is_named_like_one() -> None:
    assert {(column.table.name, column.name) for column in POLICIES.secrets} == NEVER
    words = ("password", "token", "hash", "credential")
    alike = {
        name for name in MATRIX if "." in name and any(word in name.split(".")[1].lower() for word in words)
    }
    assert alike == {
        "Query.partnerToken",
        "Query.partnerTokens",
        "Mutation.createPartnerToken",
        "Mutation.revokePartnerToken",
        # Made anew and shown to whoever made it, once.
        "Session.accessToken",
        "Session.refreshToken",
        "CreatePartnerTokenPayload.token",
        # That there are some, never what they are.
        "Company.syncCredentials",
    }
