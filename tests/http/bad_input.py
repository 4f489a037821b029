"""Bad input, as a table: what is asked, with which code it is refused, and the sentence that says why.

Each case is asked as `admin` unless it names somebody else, so that nothing is refused for want of a right.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any

BAD = "BAD_USER_INPUT"
INVALID = "GRAPHQL_VALIDATION_FAILED"
PARSE = "GRAPHQL_PARSE_FAILED"
COST = "COST_LIMIT_EXCEEDED"

NO_ID = "That is no id of this API: take ids from the `id` field of an object, unchanged."
NO_CURSOR = (
    "That cursor doesn't fit this list: use cursors of the same field, `where` and `orderBy`, unchanged."
)
PAGE_SIZE = "must be between 0 and 500; page on with a cursor."
BY_TARGET = """
query ($d: Decimal) { leads(where: {warrior: {salesperson: {targetValue: {gt: $d}}}}) { totalCount } }
"""
ONE_OF = "OneOf Input Object 'AccessSubject' must specify exactly one key."
NOT_NULL = "Value for member field 'user' must be non-null"
MOMENT = "A DateTime is ISO 8601 with an offset, such as 2026-11-20T09:30:00+05:30."
MOMENT_RANGE = "That DateTime is out of range: from the year 0002 to 9998."
DECIMAL_RANGE = "That Decimal is out of range: at most 65 digits, and an exponent from -65 to 65."


@dataclass(frozen=True)
class Case:
    """A request that is refused. `sentence` is part of the message; `path` is where the error is, or begins."""

    name: str
    query: str
    code: str
    sentence: str
    variables: dict[str, Any] = field(default_factory=dict)
    path: list[str] | None = None


def global_id(text: str) -> str:
    """A text as a global id is encoded, whatever it says."""
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _text(value: str) -> str:
    return json.dumps(value)


def _ids() -> list[Case]:
    malformed = {
        "empty": "",
        "no base64": "no id",
        "not encoded": "Lead:1",
        "padded": global_id("Lead:1") + "==",
        "padded with zeros": global_id("Lead:01"),
        "negative": global_id("Lead:-1"),
        "with a sign": global_id("Lead:+1"),
        "past Int": global_id(f"Lead:{2**31}"),
        "huge": global_id("Lead:" + "9" * 5_000),
        "with a space": global_id("Lead:1 "),
        "with a NUL": global_id("Lead:1\0"),
        "of two numbers": global_id("Lead:1:2"),
        "in another script": global_id("Lead:१"),
        "a fraction": global_id("Lead:1.0"),
        "without a number": global_id("Lead:"),
        "without a type": global_id(":1"),
        "of no UTF-8": "_w",
    }
    cases = [
        Case(f"id {name}", f"{{ lead(id: {_text(text)}) {{ id }} }}", BAD, NO_ID, path=["lead"])
        for name, text in malformed.items()
    ]
    cases += [
        Case(f"node id {name}", f"{{ node(id: {_text(text)}) {{ id }} }}", BAD, NO_ID, path=["node"])
        for name, text in malformed.items()
    ]
    foreign = {"Company": "Company:1", "ReportView": "ReportView:salesperson_report", "Viewer": "Viewer:1"}
    cases += [
        Case(
            f"id of a {name}",
            f"{{ lead(id: {_text(global_id(text))}) {{ id }} }}",
            BAD,
            f"That is the id of a {name}, not of a Lead.",
            path=["lead"],
        )
        for name, text in foreign.items()
    ]
    either = "Give either `id` or `databaseId`."
    ids = ",".join(_text(global_id(f"Lead:{number}")) for number in range(501))
    return [
        *cases,
        Case(
            "node of a type without ids",
            f"{{ node(id: {_text(global_id('Viewer:1'))}) {{ id }} }}",
            BAD,
            NO_ID,
        ),
        Case("node of no type", f"{{ node(id: {_text(global_id('Nothing:1'))}) {{ id }} }}", BAD, NO_ID),
        Case("no id at all", "{ lead { id } }", BAD, either, path=["lead"]),
        Case("a null id", "{ lead(id: null) { id } }", BAD, either, path=["lead"]),
        Case("both ids", f'{{ lead(id: "{global_id("Lead:1")}", databaseId: 1) {{ id }} }}', BAD, either),
        Case("501 ids", f"{{ nodes(ids: [{ids}]) {{ id }} }}", BAD, "`ids` has more than 500 ids"),
        Case("one bad id of two", f'{{ nodes(ids: ["{global_id("Lead:1")}", "x"]) {{ id }} }}', BAD, NO_ID),
        Case(
            "an id past Int",
            "{ lead(databaseId: 2147483648) { id } }",
            INVALID,
            "Int cannot represent non 32-bit",
        ),
        Case(
            "an id with a fraction",
            "{ lead(databaseId: 1.5) { id } }",
            INVALID,
            "Int cannot represent non-integer",
        ),
        Case(
            "an id as text", '{ lead(databaseId: "1") { id } }', INVALID, "Int cannot represent non-integer"
        ),
        Case("an id that is true", "{ lead(id: true) { id } }", INVALID, "ID cannot represent"),
        *[
            Case(
                f"an id of {value!r}",
                "query ($i: Int) { lead(databaseId: $i) { id } }",
                BAD,
                "$i",
                {"i": value},
            )
            for value in (2**31, -(2**31) - 1, 10**30, 1.5, True, "1", [1, 2], {"a": 1})
        ],
    ]


def _pages() -> list[Case]:
    whole = "pageInfo { hasNextPage hasPreviousPage } totalCount nodes { id }"

    def listed(name: str, arguments: str, code: str, sentence: str) -> Case:
        path = ["leads"] if code == BAD else None
        return Case(f"page {name}", f"{{ leads({arguments}) {{ {whole} }} }}", code, sentence, path=path)

    other_order = "orderBy: [{field: FIRM_NAME}]"
    return [
        listed("first: -1", "first: -1", BAD, f"`first` {PAGE_SIZE}"),
        listed("first: 501", "first: 501", BAD, f"`first` {PAGE_SIZE}"),
        listed("first: 100000", "first: 100000", BAD, f"`first` {PAGE_SIZE}"),
        listed("last: -1", "last: -1", BAD, f"`last` {PAGE_SIZE}"),
        listed("last: 501", "last: 501", BAD, f"`last` {PAGE_SIZE}"),
        listed("first and last", "first: 1, last: 1", BAD, "Give `first` or `last`, not both."),
        listed("past Int", "first: 2147483648", INVALID, "Int cannot represent non 32-bit"),
        listed("of text", 'first: "1"', INVALID, "Int cannot represent non-integer"),
        listed("after nothing", 'after: ""', BAD, NO_CURSOR),
        listed("after rubbish", 'after: "rubbish"', BAD, NO_CURSOR),
        listed("before no ASCII", 'before: "é"', BAD, NO_CURSOR),
        listed("after an id", f"after: {_text(global_id('Lead:1'))}", BAD, NO_CURSOR),
        listed("after 9,000 letters", f"after: {_text('A' * 9_000)}", BAD, NO_CURSOR),
        listed("after a number", "after: 1", INVALID, "String cannot represent"),
        listed(
            "with an unknown order",
            "orderBy: [{field: NOTHING}]",
            INVALID,
            "does not exist in 'LeadField' enum",
        ),
        listed("with no order's field", "orderBy: [{direction: ASC}]", INVALID, "field"),
        listed(
            "with an order of text", 'orderBy: [{field: "ID"}]', INVALID, "Enum 'LeadField' cannot represent"
        ),
        listed(
            "with six orders", f"orderBy: [{'{field: STATUS},' * 6}]", BAD, "`orderBy` has more than 5 terms"
        ),
        listed("after rubbish in an order", f'{other_order}, after: "x"', BAD, NO_CURSOR),
        Case(
            "page of a relation",
            "{ leads(first: 1) { nodes { tickets(first: -1) { nodes { id } } } } }",
            BAD,
            PAGE_SIZE,
        ),
        Case(
            "page of files",
            "{ leads(first: 1) { nodes { files(first: -1) { nodes { name } } } } }",
            BAD,
            PAGE_SIZE,
        ),
    ]


def _counted_pages() -> list[Case]:
    """Cursors that fit nothing, of lists of which nothing is asked but how long they are."""

    def counted(name: str, query: str, path: list[str]) -> Case:
        return Case(f"count {name}", query, BAD, NO_CURSOR, path=path)

    nested = '{ tickets(before: "abc") { totalCount } }'
    erp = '{ companies(first: 1) { nodes { transactions(after: "abc") { totalCount } } } }'
    return [
        counted("after rubbish", '{ leads(after: "abc") { totalCount } }', ["leads"]),
        counted("before rubbish", '{ leads(before: "abc") { totalCount } }', ["leads"]),
        counted("between rubbish", '{ leads(after: "abc", before: "abd") { totalCount } }', ["leads"]),
        counted(
            "after rubbish in an order",
            '{ leads(orderBy: [{field: FIRM_NAME}], after: "abc") { totalCount } }',
            ["leads"],
        ),
        counted("of another source", '{ companies(after: "abc") { totalCount } }', ["companies"]),
        counted("of nested lists", f"{{ leads(first: 2) {{ nodes {nested} }} }}", ["leads", "nodes"]),
        counted("of one row's list", f"{{ lead(databaseId: 5006) {nested} }}", ["lead", "tickets"]),
        counted("of a company's own rows", erp, ["companies", "nodes"]),
        counted(
            "of files", '{ lead(databaseId: 5006) { files(after: "abc") { totalCount } } }', ["lead", "files"]
        ),
        counted(
            "of a report",
            '{ reportView(name: "salesperson_report") { rows(after: "abc") { totalCount } } }',
            ["reportView", "rows"],
        ),
    ]


def _subjects() -> list[Case]:
    """`as` of `explainAccess`, which names a user or a token."""
    user = _text(global_id("User:3"))

    def asked(name: str, subject: str, code: str, sentence: str, **variables: Any) -> Case:
        """With `$u`, `$n` and `$s` declared as far as they are used."""
        types = {"$u": "ID", "$n": "ID!", "$s": "AccessSubject!"}
        used = ", ".join(f"{one}: {type_}" for one, type_ in types.items() if one in subject)
        query = f'explainAccess(type: "Lead", databaseId: 17, as: {subject}) {{ visible }}'
        return Case(
            f"as {name}", f"query {f'({used})' if used else ''} {{ {query} }}", code, sentence, variables
        )

    return [
        asked("nobody", "{}", BAD, ONE_OF),
        asked("both", f'{{user: {user}, token: "x"}}', BAD, ONE_OF),
        asked("a user and a null", f"{{user: {user}, token: null}}", BAD, ONE_OF),
        asked("a null", "{user: null}", BAD, NOT_NULL),
        asked("an absent variable", "{user: $u}", BAD, ONE_OF),
        asked("a null variable", "{user: $u}", BAD, NOT_NULL, u=None),
        asked("a variable that is missing", "{user: $n}", BAD, "Variable '$n'"),
        asked("nobody by variable", "$s", BAD, ONE_OF, s={}),
        asked("both by variable", "$s", BAD, ONE_OF, s={"user": "VXNlcjoz", "token": "x"}),
        asked("a null by variable", "$s", BAD, NOT_NULL, s={"user": None}),
        asked("no id", '{user: "x"}', BAD, NO_ID),
    ]


def _where() -> list[Case]:
    def literal(name: str, where: str, code: str, sentence: str) -> Case:
        path = ["leads"] if code == BAD else None
        return Case(
            f"where {name}", f"{{ leads(where: {where}) {{ totalCount }} }}", code, sentence, path=path
        )

    def variable(name: str, where: Any, code: str, sentence: str) -> Case:
        query = "query ($w: LeadWhere) { leads(where: $w) { totalCount } }"
        return Case(f"where by variable {name}", query, code, sentence, {"w": where})

    def nested(depth: int) -> dict[str, Any]:
        where: dict[str, Any] = {}
        for _ in range(depth):
            where = {"not": where}
        return where

    ambiguous = "`status: null` in `where` is ambiguous: leave it out, or say `isNull`."
    absent = (
        "`{0}: null` in `where` is ambiguous: leave it out, or say `not: {{{0}: {{}}}}` for rows without one."
    )
    deep = "`where` is nested more than 8 deep; write it flatter."
    return [
        literal("and: null", "{and: null}", BAD, "`and: null` in `where` means nothing: leave it out."),
        literal("not: null", "{not: null}", BAD, "`not: null` in `where` means nothing: leave it out."),
        literal("a column: null", "{status: null}", BAD, ambiguous),
        literal("a relation: null", "{company: null}", BAD, absent.format("company")),
        literal("relations: null", "{tickets: null}", BAD, absent.format("tickets")),
        literal("eq: null", "{status: {eq: null}}", BAD, "`eq: null` never matches; say `isNull: true`."),
        literal("in: null", "{status: {in: null}}", BAD, "`in: null` never matches; say `isNull: true`."),
        literal("isNull: null", "{status: {isNull: null}}", BAD, "`isNull` is true or false, not null."),
        literal("in: [null]", "{status: {in: [null]}}", INVALID, "String!"),
        literal("and: [null]", "{and: [null]}", INVALID, "LeadWhere!"),
        literal(
            "of an unknown column", "{nothing: {eq: 1}}", INVALID, "not to include unknown field 'nothing'"
        ),
        literal(
            "with an unknown operator", "{status: {like: 1}}", INVALID, "not to include unknown field 'like'"
        ),
        literal("of a secret column", "{warrior: {user: {password: {isNull: true}}}}", INVALID, "'password'"),
        literal("of text for a number", '{databaseId: {eq: "1"}}', INVALID, "Int cannot represent"),
        literal("of a number for text", "{status: {eq: 1}}", INVALID, "String cannot represent"),
        literal("of a list", "[{}]", INVALID, "to be an object"),
        literal(
            "with 1,001 values",
            f"{{databaseId: {{in: [{','.join('1' * 1_001)}]}}}}",
            BAD,
            "more than 1000 values",
        ),
        literal(
            "with 201 conditions",
            f"{{or: [{_conditions(201)}]}}",
            BAD,
            "200 conditions",
        ),
        literal("with 1,001 parts", f"{{or: [{'{},' * 1_001}]}}", BAD, "`where` has more than 1000 parts"),
        literal(
            "with a text of 1,001",
            f"{{status: {{eq: {_text('x' * 1_001)}}}}}",
            BAD,
            "more than 1000 characters",
        ),
        literal(
            "with a text of 150,000", f"{{status: {{eq: {_text('x' * 150_000)}}}}}", BAD, "1000 characters"
        ),
        *[literal(f"{depth} deep", "{not:" * depth + "{}" + "}" * depth, BAD, deep) for depth in (8, 20, 50)],
        literal("500 deep", "{not:" * 500 + "{}" + "}" * 500, PARSE, "nested too deeply"),
        literal("3,000 deep", "{not:" * 3_000 + "{}" + "}" * 3_000, PARSE, "nested too deeply"),
        *[variable(f"{depth} deep", nested(depth), BAD, deep) for depth in (8, 50)],
        variable("400 deep", nested(400), BAD, "Variable values are nested too deeply."),
        variable(
            "of 10,000 values", {"or": [{}] * 10_000}, COST, "The variables hold more than 10000 values"
        ),
        variable("of 5,000 values", {"or": [{}] * 5_000}, BAD, "`where` has more than 1000 parts"),
        variable("in 5,000", {"status": {"in": ["x"] * 5_000}}, BAD, "`in` has more than 1000 values"),
        variable("with a text of 900,000", {"status": {"eq": "x" * 900_000}}, BAD, "1000 characters"),
        variable("of an unknown column", {"nothing": 1}, BAD, "unknown field 'nothing'"),
        variable("of a number", 1, BAD, "to be an object"),
        variable("of an object as text", {"status": {"eq": {"a": 1}}}, BAD, "String cannot represent"),
        variable("of a list in a list", {"status": {"in": [["x"]]}}, BAD, "String cannot represent"),
        variable("of true as text", {"status": {"eq": True}}, BAD, "String cannot represent"),
        *[
            variable(f"at {value!r}", {"createdOn": {"gt": value}}, BAD, MOMENT)
            for value in (
                "",
                "yesterday",
                "2026-02-30T00:00:00Z",
                "2026-01-01",
                "2026-01-01T00:00:00",
                "2026-01-01T25:00:00Z",
                "2026-01-01T00:00:00+24:00",
                1_700_000_000,
                1.5,
                True,
                ["2026-01-01T00:00:00Z"],
                {"a": 1},
            )
        ],
        *[
            variable(f"at {value}", {"createdOn": {"gt": value}}, BAD, MOMENT_RANGE)
            for value in ("0001-01-01T00:00:00+05:30", "9999-12-31T23:59:59Z", "9999-01-01T00:00:00-08:00")
        ],
        literal("at the end", '{createdOn: {gt: "9999-12-31T23:59:59Z"}}', INVALID, MOMENT_RANGE),
        *[
            variable(
                f"on {value!r}",
                {"planExpiryDate": {"gt": value}},
                BAD,
                "A Date is ISO 8601, such as 2026-11-20.",
            )
            for value in ("", "2026-02-30", "2026-11-20T00:00:00Z", 20_261_120, 1.5)
        ],
        *[
            Case(
                f"where a decimal is {value!r}",
                BY_TARGET,
                BAD,
                'A Decimal is a text such as "1499.00".',
                {"d": value},
            )
            for value in (
                "",
                "NaN",
                "Infinity",
                "-Infinity",
                "one",
                1.5,
                True,
                [1],
                {"a": 1},
            )
        ],
        *[
            Case(f"where a decimal has {name}", BY_TARGET, BAD, DECIMAL_RANGE, {"d": value})
            for name, value in (
                ("a large exponent", "1e999"),
                ("a small exponent", "1e-66"),
                ("80 digits", "1" * 80),
            )
        ],
        variable(
            "of a list",
            [{"status": "Won"}],
            BAD,
            'to be an object, found: [{"status": "Won"}].',
        ),
        variable("of a word as text", {"status": {"eq": True}}, BAD, "a non string value: true"),
        variable(
            "of a null in a list",
            {"status": {"in": [None]}},
            BAD,
            "of non-null type 'String!' not to be null.",
        ),
    ]


def _conditions(count: int) -> str:
    return ",".join(f'{{status: {{eq: "{number}"}}}}' for number in range(count))


def _reports() -> list[Case]:
    path = ["reportView", "rows"]

    def rows(name: str, arguments: str, sentence: str) -> Case:
        query = f'{{ reportView(name: "salesperson_report") {{ rows({arguments}) {{ totalCount nodes }} }} }}'
        return Case(f"report {name}", query, BAD, sentence, path=path)

    shape = '`filter` is an object such as {"leads": {"gte": 10}}.'
    inner = '`filter.leads` is an object such as {"eq": …}.'
    return [
        rows("filter of an unknown column", "filter: {nothing: {eq: 1}}", "`filter` names a column that"),
        rows("order of an unknown column", 'orderBy: [{column: "nothing"}]', "`orderBy` names a column that"),
        *[rows(f"filter {text}", f"filter: {text}", shape) for text in ("[]", "[1]", '"x"', "1", "true")],
        *[
            rows(f"filter of {text}", f"filter: {{leads: {text}}}", inner)
            for text in ("null", "[]", "1", '"x"')
        ],
        rows("filter with and", "filter: {and: [{leads: {eq: 1}}]}", "`filter` names a column that"),
        rows(
            "filter with an unknown operator",
            "filter: {leads: {like: 1}}",
            "`filter.leads` has an unknown operator",
        ),
        *[
            rows(f"filter {text}", f"filter: {{leads: {{{text}}}}}", "doesn't fit a column of type Int.")
            for text in (
                "eq: true",
                'eq: "1"',
                "eq: null",
                "eq: [1]",
                "eq: {a: 1}",
                "in: [true]",
                "in: [[1]]",
            )
        ],
        rows("filter in no list", "filter: {leads: {in: 1}}", "`filter.leads.in` is a list."),
        rows(
            "filter contains on a number",
            "filter: {leads: {contains: 1}}",
            "doesn't fit a column of type Int.",
        ),
        rows(
            "filter of a number as text",
            "filter: {salesperson: {eq: 1}}",
            "doesn't fit a column of type String.",
        ),
        rows("filter isNull: 1", "filter: {leads: {isNull: 1}}", "`filter.leads.isNull` is true or false."),
        rows(
            "filter with a text of 1,001",
            f"filter: {{salesperson: {{eq: {_text('x' * 1_001)}}}}}",
            "A text in `filter` has more than 1000 characters; shorten it.",
        ),
        rows("first: -1", "first: -1", f"`first` {PAGE_SIZE}"),
        rows("after rubbish", 'after: "rubbish"', NO_CURSOR),
    ]


def _documents() -> list[Case]:
    bomb = "{ ...f0 }" + "".join(f" fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60))
    long_bomb = "{ ...f0 }" + "".join(
        f" fragment f{n} on Query {{ ...f{n + 1} ...f{n + 1} }}" for n in range(300)
    )
    leaf = " fragment f{} on Query {{ viewer {{ role }} }}"
    repeated = "The document repeats the same fields or fragments too often"
    deep = "{ leads(first: 1) { nodes { company " * 7 + "{ id }" + " } } }" * 7
    introspection = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
    return [
        Case(
            "2,001 fields",
            "{" + " ".join(f"a{n}: __typename" for n in range(2_001)) + "}",
            COST,
            "2000 fields",
        ),
        Case(
            "10,000 fields", "{" + " ".join(f"a{n}: __typename" for n in range(10_000)) + "}", PARSE, "tokens"
        ),
        Case("9,000 times one field", "{" + "__typename " * 9_000 + "}", COST, repeated),
        Case("2,000 times one object", "{" + "viewer { role } " * 2_000 + "}", COST, repeated),
        Case("fragments doubled 60 times", bomb + leaf.format(60), COST, "2000 fields"),
        Case("fragments doubled 300 times", long_bomb + leaf.format(300), COST, repeated),
        Case(
            "a cycle of fragments",
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
            INVALID,
            "within itself",
        ),
        Case(
            "a fragment in itself",
            "{ ...a } fragment a on Query { ...a }",
            INVALID,
            "Cannot spread fragment 'a'",
        ),
        Case("a fragment that isn't there", "{ ...a }", INVALID, "Unknown fragment 'a'."),
        Case("22 fields deep", deep, COST, "The operation is more than 20 fields deep; split it."),
        Case("3,000 fields deep", "{ viewer " * 3_000 + "}" * 3_000, PARSE, "nested too deeply"),
        Case(
            "3,000 lists deep",
            "{ leads(where: " + "[" * 3_000 + "]" * 3_000 + ") { totalCount } }",
            PARSE,
            "nested too deeply",
        ),
        Case("deep introspection", introspection, INVALID, "Maximum introspection depth exceeded"),
        Case(
            "pages of pages of pages",
            _pages_of_pages(),
            COST,
            "The operation may give more than 1000000 items",
        ),
        Case(
            "two variables of a name",
            "query ($a: Int, $a: Int) { lead(databaseId: $a) { id } }",
            INVALID,
            "$a",
        ),
        Case(
            "an unknown variable", "{ lead(databaseId: $a) { id } }", INVALID, "Variable '$a' is not defined"
        ),
        Case("an unused variable", "query ($a: Int) { __typename }", INVALID, "Variable '$a' is never used"),
        Case(
            "a variable of another type",
            "query ($a: String) { lead(databaseId: $a) { id } }",
            INVALID,
            "expecting type",
        ),
        Case(
            "a variable of no type",
            "query ($a: Nothing) { lead(databaseId: $a) { id } }",
            INVALID,
            "Unknown type 'Nothing'",
        ),
        Case("a missing variable", "query ($a: ID!) { node(id: $a) { id } }", BAD, "$a"),
        Case("a null variable", "query ($a: ID!) { node(id: $a) { id } }", BAD, "$a", {"a": None}),
        Case(
            "a missing argument",
            "{ node { id } }",
            INVALID,
            "Argument 'Query.node(id:)' of type 'ID!' is required",
        ),
        Case(
            "an argument twice", '{ node(id: "a", id: "b") { id } }', INVALID, "only one argument named 'id'"
        ),
        Case(
            "an unknown argument", "{ leads(limit: 1) { totalCount } }", INVALID, "Unknown argument 'limit'"
        ),
        Case("an unknown directive", "{ __typename @nothing }", INVALID, "Unknown directive '@nothing'"),
        Case(
            "skip without if",
            "{ __typename @skip }",
            INVALID,
            "Argument '@skip(if:)' of type 'Boolean!' is required",
        ),
        Case(
            "skip twice", "{ __typename @skip(if: true) @skip(if: false) }", INVALID, "can only be used once"
        ),
        Case("skip on a query", "query @skip(if: true) { __typename }", INVALID, "may not be used on"),
        Case("skip if text", '{ __typename @skip(if: "true") }', INVALID, "Boolean cannot represent"),
        Case("skip if a missing variable", "query ($s: Boolean!) { __typename @skip(if: $s) }", BAD, "$s"),
        Case("leaves of an object", "{ viewer }", INVALID, "must have a selection of subfields"),
        Case("an object of a leaf", "{ __typename { id } }", INVALID, "must not have a selection"),
        Case(
            "one key for two fields",
            "{ a: leads { totalCount } a: tickets { totalCount } }",
            INVALID,
            "conflict",
        ),
        Case(
            "half a surrogate pair",
            '{ node(id: "\\uD800") { id } }',
            PARSE,
            "Invalid Unicode escape sequence",
        ),
        Case(
            "half a pair in braces",
            '{ node(id: "\\u{DFFF}") { id } }',
            PARSE,
            "Invalid Unicode escape sequence",
        ),
        Case("past Unicode", '{ node(id: "\\u{110000}") { id } }', PARSE, "Invalid Unicode escape sequence"),
        Case("an open string", '{ node(id: "', PARSE, "Unterminated string"),
        Case(
            "a group that isn't there",
            "{ leadStats(groupBy: [NOTHING]) { count } }",
            INVALID,
            "'LeadGroup' enum",
        ),
    ]


def _pages_of_pages() -> str:
    pages = "leads(first: 500) { nodes { tickets(first: 500) { nodes { comments(first: 500) { nodes { id } } } } } }"
    return "{ " + pages + " }"


CASES = (
    *_ids(),
    *_pages(),
    *_counted_pages(),
    *_subjects(),
    *_where(),
    *_reports(),
    *_documents(),
)
