"""What every caller asks: all fields of all types, nested, filtered and sorted by all names, and mistakes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle, product
from random import Random
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
)

from gateway.resolvers.ids import encode_id
from tests.canaries.marks import MarkedEstate
from tests.oracle.catalogue import ROOT_LISTS, ROOT_SINGLES, primary_key

Body = dict[str, Any]
AT_ONCE = 25
TOGETHER = 12
# Lists that give rows of a company's own tables, or files, take no more than this.
FEW = 4


def operations(schema: GraphQLSchema, estate: MarkedEstate) -> Iterator[Body]:
    """Bodies of requests, from everything that a schema has."""
    yield from _nodes(schema, estate)
    yield from _lists(schema)
    yield from _guesses(schema, estate)
    yield from _others(schema)
    yield from _mistakes(estate)


# --- everything that can be selected ------------------------------------------------------------------------


def _nodes(schema: GraphQLSchema, estate: MarkedEstate) -> Iterator[Body]:
    for type_name in ROOT_SINGLES.values():
        if type_name not in schema.type_map or "node" not in _fields(schema, "Query"):
            continue
        keys = [row[primary_key(type_name)] for row in estate.data.rows(type_name)]
        keys = Random(type_name).sample(keys, min(len(keys), 4 * AT_ONCE))
        for start in range(0, len(keys), AT_ONCE):
            ids = [encode_id(type_name, key) for key in keys[start : start + AT_ONCE]]
            below_all = list(_selections(schema, type_name))
            for below in below_all if start == 0 else below_all[:1]:
                query = f"query($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on {type_name} {{ {below} }} }} }}"
                yield {"query": query, "variables": {"ids": ids}}


def _selections(schema: GraphQLSchema, type_name: str) -> Iterator[str]:
    """All plain fields of a type, and then each of its relations with all plain fields of its rows."""
    yield _plain(schema, type_name)
    for name, field in _fields(schema, type_name).items():
        below = _related(schema, field)
        if below:
            yield f"id {name}{_few(field)} {{ {below} }}" if "id" in _fields(schema, type_name) else ""


def _plain(schema: GraphQLSchema, type_name: str) -> str:
    fields = _fields(schema, type_name).items()
    return " ".join(
        ["__typename", *(name for name, field in fields if is_leaf_type(get_named_type(field.type)))]
    )


def _related(schema: GraphQLSchema, field: GraphQLField) -> str | None:
    target = get_named_type(field.type)
    if not isinstance(target, GraphQLObjectType):
        return None
    if "edges" in target.fields:
        node = get_named_type(_fields(schema, get_named_type(target.fields["edges"].type).name)["node"].type)
        inner = "" if is_leaf_type(node) else f"{{ {_plain(schema, node.name)} }}"
        return f"totalCount pageInfo {{ startCursor endCursor }} edges {{ cursor node {inner} }}"
    return _plain(schema, target.name)


def _few(field: GraphQLField) -> str:
    return f"(first: {FEW})" if "first" in field.args else ""


def _fields(schema: GraphQLSchema, type_name: str) -> dict[str, GraphQLField]:
    found = schema.type_map.get(type_name)
    return dict(found.fields) if isinstance(found, GraphQLObjectType) else {}


# --- lists, in every order ----------------------------------------------------------------------------------


def _lists(schema: GraphQLSchema) -> Iterator[Body]:
    for name, type_name in ROOT_LISTS.items():
        if name not in _fields(schema, "Query"):
            continue
        node = f"node {{ {_plain(schema, type_name)} }}"
        below = f"pageInfo {{ startCursor endCursor }} totalCount edges {{ cursor {node} }}"
        yield {"query": f"{{ {name}(first: 100) {{ {below} }} }}"}
        yield {"query": f"{{ {name}(last: 100) {{ {below} }} }}"}
        asked = [
            f"{name}(first: 6, orderBy: [{{field: {value}, direction: {direction}}}]) {{ edges {{ cursor }} }}"
            for value, direction in zip(
                _values(schema.type_map[f"{type_name}Field"]), cycle(("DESC", "ASC", "DESC")), strict=False
            )
        ]
        yield from _together(asked)


def _together(asked: list[str]) -> Iterator[Body]:
    """Fields of the query, several in each request."""
    for start in range(0, len(asked), TOGETHER):
        several = enumerate(asked[start : start + TOGETHER])
        yield {"query": f"{{ {' '.join(f'a{number}: {one}' for number, one in several)} }}"}


def _values(type_: GraphQLNamedType) -> list[str]:
    assert isinstance(type_, GraphQLEnumType)
    return list(type_.values)


# --- guesses ------------------------------------------------------------------------------------------------


def _guesses(schema: GraphQLSchema, estate: MarkedEstate) -> Iterator[Body]:
    """Filters for markers, those of hidden rows and columns among them, in variables and in the text."""
    marks = list(estate.marks)
    for name, type_name in ROOT_LISTS.items():
        given = schema.type_map.get(f"{type_name}Where")
        if not isinstance(given, GraphQLInputObjectType) or name not in _fields(schema, "Query"):
            continue
        text_fields = [key for key, field in given.fields.items() if str(field.type) == "StringFilter"]
        hidden = ("warriorId", "password", "token", "extractorSettingsToken", "clientEmailId")
        asked = []
        for number, (field, operator) in enumerate(product(text_fields, ("eq", "contains", "gt"))):
            guess = marks[(number * 977) % len(marks)]
            asked.append(f'{name}(where: {{{field}: {{{operator}: "{guess}"}}}}) {{ totalCount }}')
        yield from _together(asked)
        # One at a time: what isn't in the schema refuses the whole request.
        for field in (*hidden, *text_fields[:3]):
            where = {field: {"eq": marks[len(field) * 977]}}
            query = f"query($where: {type_name}Where) {{ {name}(where: $where) {{ totalCount }} }}"
            yield {"query": query, "variables": {"where": where}}
            guess = (
                f'{{ {name}(where: {{{field}: {{startsWith: "{where[field]["eq"]}"}}}}) {{ totalCount }} }}'
            )
            yield {"query": guess}
        yield {"query": f"{{ {name}(orderBy: [{{field: PASSWORD}}]) {{ totalCount }} }}"}


# --- what is no row -----------------------------------------------------------------------------------------


def _others(schema: GraphQLSchema) -> Iterator[Body]:
    known = _fields(schema, "Query")
    if "leadStats" in known:
        values = _plain(schema, "LeadStats").replace("tentativeValueSum", "")
        further = [name for name in ("company", "warrior") if name in _fields(schema, "LeadStats")]
        for group in _values(schema.type_map["LeadGroup"]):
            yield {"query": f"{{ leadStats(groupBy: [{group}]) {{ {values} }} }}"}
        for name in further:
            below = _plain(schema, name.capitalize())
            yield {"query": f"{{ leadStats(groupBy: [{name.upper()}]) {{ count {name} {{ {below} }} }} }}"}
        if "tentativeValueSum" in _fields(schema, "LeadStats"):
            yield {"query": "{ leadStats(groupBy: []) { tentativeValueSum } }"}
    if "reportViews" in known:
        rows = "rows(first: 100) { totalCount edges { cursor node } }"
        files = (
            "exports(first: 5) { nodes { name url } }" if "exports" in _fields(schema, "ReportView") else ""
        )
        yield {
            "query": f"{{ reportViews {{ id name title description totals generatedAt {rows} {files} }} }}"
        }
        yield {
            "query": '{ reportView(name: "salesperson_report") { rows(filter: {nothing: 1}) { totalCount } } }'
        }
    if "eventCursor" in known:
        yield {"query": "{ eventCursor }"}
    yield {"query": "{ viewer { role scopes permissions allowedLeadStatuses } }"}
    yield {
        "query": "{ __schema { types { name description fields { name description } enumValues { name } } } }"
    }


# --- mistakes -----------------------------------------------------------------------------------------------


def _mistakes(estate: MarkedEstate) -> Iterator[Body]:
    """Requests that are refused, each in another way, with markers where values go."""
    marks = list(estate.marks)
    one, two = marks[len(marks) // 3], marks[len(marks) // 2]
    lead = encode_id("Lead", 1)
    for query in (
        f'{{ node(id: "{one}") {{ id }} }}',
        f'{{ nodes(ids: ["{one}", "{two}"]) {{ id }} }}',
        f'{{ node(id: "{encode_id("Lead", one)}") {{ id }} }}',
        f'{{ leads(after: "{one}") {{ totalCount }} }}',
        f"{{ leads(where: {{firmName: {{eq: {one}}}}}) {{ totalCount }} }}",
        f'{{ leads(where: {{createdOn: {{eq: "{one}"}}}}) {{ totalCount }} }}',
        f'{{ leads(where: {{probability: {{eq: "{one}"}}}}) {{ totalCount }} }}',
        f"{{ {one} }}",
        f"{{ leads(where: {{{one}: {{eq: 1}}}}) {{ totalCount }} }}",
        f"{{ leads(orderBy: [{{field: {one}}}]) {{ totalCount }} }}",
        f"{{ leadStats(groupBy: [{one}]) {{ count }} }}",
        f'{{ reportView(name: "{one}") {{ name }} }}',
        f'{{ reportView(name: "salesperson_report") {{ rows(filter: {{x: "{one}"}}) {{ totalCount }} }} }}',
        f'{{ lead(id: "{lead}", databaseId: 1) {{ id }} }}',
        f'mutation {{ login(username: "{one}", password: "{two}") {{ accessToken }} }}',
        f'mutation {{ login(username: "admin", password: "{two}") {{ accessToken }} }}',
        f'mutation {{ refreshSession(refreshToken: "{one}") {{ accessToken }} }}',
        f'mutation {{ revokePartnerToken(id: "{one}") }}',
        f"query {one}($a: Int) {{ viewer {{ role }} }}",
        f"{{ viewer {{ role }} }} # {one}",
        "{ leads(first: 3) { nodes { id } } ",
        "{ leads(first: 100000) { totalCount } }",
        "{ leads(first: 5, last: 5) { totalCount } }",
        "{ users(where: {email: {isNull: null}}) { totalCount } }",
    ):
        yield {"query": query}
    yield {"query": "query($id: ID!) { node(id: $id) { id } }", "variables": {"id": {"a": one}}}
    yield {"query": "query($n: Int) { leads(first: $n) { totalCount } }", "variables": {"n": one}}
    yield {"query": "{ viewer { role } }", "operationName": one}
    yield {"query": one}


def sent_text(body: Body) -> str:
    """What a client has said, and so may hear again."""
    return json.dumps(body)
