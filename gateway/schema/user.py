"""User: somebody with an account here, mostly staff, from `iperform.user`."""

from __future__ import annotations

from datasources.iperform.tables import role, session_info, user
from gateway.auth.roles import caller_of_role
from gateway.loaders import relations
from gateway.resolvers.declarations import RowType, column, through, to_many, to_one

_c = user.c


def known_role(name: str) -> str | None:
    """The value of the enum `Role` for a `role_name`, or None for a role that grants nothing."""
    caller = caller_of_role(name)
    return None if caller is None else caller.value


USER = RowType(
    name="User",
    plural="users",
    table=user,
    description=(
        "Somebody with an account here: staff, or somebody at a client company (role USER). Who works at "
        "a client company has a `clientUser` besides."
    ),
    fields=(
        column(_c.username, "The name that the user logs in with."),
        column(
            _c.email,
            "The user's mail address; null unless it is your own, or you are ADMIN or above the user.",
            nullable=True,
        ),
        column(_c.role_id, "The database id of the user's role; use it to filter, and `role` to show."),
        column(_c.user_id, "The database id of the user's ClientUser; null where there is none."),
        column(_c.active, "Whether the user may log in."),
        column(_c.created_on, "When the account was made."),
        column(_c.changed_on, "When the account was last changed; null where it never was."),
        through(
            "role",
            relations.USER_ROLE.up,
            role.c.role_name,
            "What the user is here; null for a role that grants nothing.",
            type="Role",
            convert=known_role,
        ),
        through(
            "lastLogin",
            relations.SESSION_INFO_USER.down,
            session_info.c.last_login,
            "When the user last logged in; null where they never did, and unless it is your own, or "
            "you are ADMIN or above the user.",
        ),
        through(
            "noOfLogins",
            relations.SESSION_INFO_USER.down,
            session_info.c.no_of_logins,
            "How many times the user has logged in; null where they never did.",
        ),
        to_one(
            "warrior",
            "Warrior",
            relations.WARRIOR_USER.down,
            "The user as a follow-up specialist; the first where there are several, null where none.",
        ),
        to_one(
            "salesperson",
            "Salesperson",
            relations.SALESPERSON_USER.down,
            "The user as a salesperson; the first where there are several, null where there is none.",
        ),
        to_one(
            "clientUser",
            "ClientUser",
            relations.USER_CLIENT_USER.up,
            "The user's account at a client company; null where there is none.",
        ),
        to_one("createdBy", "User", relations.USER_CREATED_BY.up, "Who made the account."),
        to_one("changedBy", "User", relations.USER_CHANGED_BY.up, "Who changed the account last."),
        to_many(
            "createdUsers", "User", relations.USER_CREATED_BY.down, "Users whose accounts the user made."
        ),
        to_many("createdLeads", "Lead", relations.LEAD_CREATED_BY.down, "Leads that the user created."),
        to_many(
            "statusChanges",
            "StatusChange",
            relations.STATUS_CHANGE_CHANGED_BY.down,
            "Changes of leads' statuses that the user made.",
        ),
        to_many("leadLogs", "LeadLog", relations.LEAD_LOG_LOGGED_BY.down, "What the user did with leads."),
        to_many("mails", "Mail", relations.MAIL_USER.down, "The user's mails."),
        to_many(
            "assignedTickets",
            "Ticket",
            relations.TICKET_ASSIGNED_TO.down,
            "Tickets that the user deals with.",
        ),
        to_many(
            "createdTickets", "Ticket", relations.TICKET_CREATED_BY.down, "Tickets that the user opened."
        ),
        to_many(
            "ticketComments",
            "TicketComment",
            relations.COMMENT_COMMENTED_BY.down,
            "What the user said about tickets.",
        ),
        to_many(
            "sessions",
            "UserSession",
            relations.SESSION_USER.down,
            "The user's sessions; your own, or anybody's for ADMIN.",
        ),
        to_many(
            "logins",
            "LoginEvent",
            relations.LOGIN_USER.down,
            "When the user logged in and out; your own, or anybody's for ADMIN.",
        ),
        to_many(
            "requestLogs",
            "RequestLog",
            relations.REQUEST_LOG_USER.down,
            "What the user asked of the REST API.",
        ),
    ),
)
