"""AccessExplanation: what `explainAccess` tells an ADMIN of one row and one subject."""

from __future__ import annotations

from gateway.auth.team_path import Step
from gateway.context import Request
from gateway.resolvers.access_explanation import explain_access, member, rule_of, type_of
from gateway.resolvers.declarations import Argument, EnumType, InputType, ObjectType, computed
from gateway.resolvers.ids import encode_id


def _type(step: Step, request: Request) -> str:
    return type_of(step, request).name


def _id(step: Step, request: Request) -> str:
    return encode_id(type_of(step, request).name, step.key)


COLUMN_ACCESS = EnumType(
    name="ColumnAccess",
    description="What becomes of a column for somebody.",
    values={
        "READABLE": "They read it, if they see the row.",
        "MASKED": "The field is in their schema, and null on this row.",
        "ABSENT": "The field isn't in their schema.",
    },
)

ACCESS_SUBJECT = InputType(
    name="AccessSubject",
    description="Whose access is asked about: give exactly one.",
    fields=(
        Argument("user", "ID", "The global id of a User."),
        Argument("token", "ID", "The global id of a PartnerToken."),
    ),
    one_of=True,
)

ACCESS_STEP = ObjectType(
    name="AccessStep",
    description="A row on the way from the row that is asked about to the caller.",
    fields=(
        computed("type", "String!", "The row's GraphQL type.", _type),
        computed("databaseId", "Int!", "The row's primary key in the database.", member("key")),
        computed("id", "ID!", "The row's global id, for `node`.", _id),
        computed(
            "says",
            "String!",
            "How the row hangs on the one before it; of the first, what holds of it.",
            member("says"),
        ),
    ),
)

ACCESS_GROUND = ObjectType(
    name="AccessGround",
    description="A reason for which a caller of this kind could see the row, and whether it holds.",
    fields=(
        computed("rule", "String!", "The name of the ground, unique within the type's rule.", member("name")),
        computed("says", "String!", "The ground as a sentence about the row and the caller.", member("says")),
        computed("holds", "Boolean!", "Whether it holds of this row.", member("holds")),
        computed(
            "whyNot",
            "String",
            "Why it doesn't hold, as far as can be said; null if it does.",
            member("why_not"),
        ),
        computed(
            "through",
            "[AccessStep!]!",
            "The rows that decided, from this row to the caller; empty where the ground doesn't hold.",
            member("through"),
        ),
    ),
)

ACCESS_COLUMN = ObjectType(
    name="AccessColumn",
    description="A field that shows a column of the row.",
    fields=(
        computed("field", "String!", "The field's name.", member("field")),
        computed("access", "ColumnAccess!", "What becomes of it for the caller.", member("access")),
        computed("why", "String", "Why it is masked or absent; null if it is readable.", member("why")),
    ),
)

ACCESS_EXPLANATION = ObjectType(
    name="AccessExplanation",
    description=(
        "Why somebody, here called the caller, sees a row or doesn't. Told by the rules that decide it, as each "
        "request of theirs is answered."
    ),
    fields=(
        computed("type", "String!", "The row's GraphQL type.", member("type")),
        computed("databaseId", "Int!", "The row's primary key in the database.", member("database_id")),
        computed("visible", "Boolean!", "Whether the caller sees the row.", member("visible")),
        computed("exists", "Boolean!", "Whether there is such a row at all, for anybody.", member("exists")),
        computed("says", "String!", "The outcome in a sentence.", member("says")),
        computed(
            "rule",
            "String",
            "The name of the ground that decided: of those that hold, the one by the fewest rows. Null where the row "
            "isn't visible.",
            rule_of,
        ),
        computed(
            "through",
            "[AccessStep!]!",
            "The rows by which that ground decided, from the row itself to the caller.",
            member("through"),
        ),
        computed(
            "grounds",
            "[AccessGround!]!",
            "Every ground that there is for a caller of this kind; more than one may hold.",
            member("grounds"),
        ),
        computed(
            "obstacles",
            "[String!]!",
            "What keeps the row away whatever ground holds: it is deleted, a scope is missing, the account is "
            "inactive …",
            member("obstacles"),
        ),
        computed(
            "columns",
            "[AccessColumn!]!",
            "What becomes of each field that shows a column, whether or not the row is visible.",
            member("columns"),
        ),
    ),
)

EXPLAIN_ACCESS = computed(
    "explainAccess",
    "AccessExplanation!",
    "Why somebody sees a row or doesn't: by which rule, through which rows, and what of its columns.",
    explain_access,
    arguments=(
        Argument("type", "String!", "The GraphQL type of the row, such as `Lead`."),
        Argument("databaseId", "Int!", "The row's primary key in the database."),
        Argument("as", "AccessSubject!", "Whose access is asked about."),
    ),
)
