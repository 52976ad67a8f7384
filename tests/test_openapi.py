"""openapi.yaml is a valid OpenAPI 3.1 document, and has every route, problem and limit of the code."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import best_match  # type: ignore[import-untyped]

from tests.conftest import events
from widget_api import limits, problems
from widget_api.api import body, chat, conversations
from widget_api.problems import Problem
from widget_api.shopify.cart import cart_id
from widget_api.turns import page

Json = dict[str, Any]

PATH = Path(__file__).parents[1] / "openapi.yaml"
TEXT = PATH.read_text()
DOCUMENT: Json = yaml.safe_load(TEXT)
METHODS = ("get", "put", "post", "patch", "delete")
PROBLEM = "application/problem+json"


def operations() -> Iterator[tuple[str, Json]]:
    """Every operation under its method and path, with the parameters of the path among its own."""
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                parameters = item.get("parameters", []) + operation.get("parameters", [])
                yield f"{method.upper()} {path}", {**operation, "parameters": parameters}


OPERATIONS = dict(operations())


def resolved(node: Json) -> Json:
    """What the node's reference leads to, or the node itself. Raises `KeyError`."""
    while "$ref" in node:
        path = node["$ref"].removeprefix("#/").split("/")
        node = DOCUMENT
        for name in path:
            node = node[name]
    return node


def closed(schema: Any) -> Any:
    """The schema without room for fields that it does not name: what is not documented must be noticed."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    deeper = {name: closed(value) for name, value in schema.items()}
    return {"additionalProperties": False, **deeper} if "properties" in deeper else deeper


SCHEMAS = {"schemas": closed(DOCUMENT["components"]["schemas"])}


def complaint(schema: Json, value: Any) -> str:
    """Why the value does not fit the schema, in a sentence; empty when it fits."""
    error = best_match(Draft202012Validator({**closed(schema), "components": SCHEMAS}).iter_errors(value))
    return f"{error.json_path}: {error.message}" if error else ""


# What OpenAPI 3.1 says of the objects that we use (spec.openapis.org/oas/v3.1.0, section 4.8)


def shape(needs: str, may: str = "", /, **fields: Json) -> Json:
    """An object that has the first names, may have the second, and nothing else."""
    names = [*needs.split(), *may.split()]
    properties = {name: fields.get(name, {}) for name in names}
    return {"type": "object", "required": needs.split(), "properties": properties, "additionalProperties": False}


def named(value: Json, pattern: str = r"^[A-Za-z0-9._-]+$") -> Json:
    """A map whose keys have the pattern."""
    return {"type": "object", "patternProperties": {pattern: value}, "additionalProperties": False}


def listed(value: Json) -> Json:
    return {"type": "array", "items": value}


def referable(value: Json) -> Json:
    """The object, or a reference to one."""
    reference = shape("$ref", **{"$ref": {"pattern": "^#/components/"}})
    return {"if": {"required": ["$ref"]}, "then": reference, "else": value}


TEXTS: Json = {"type": "string", "minLength": 1}
SCHEMA: Json = {"type": "object"}
EXAMPLE = shape("value", "summary", summary=TEXTS)
PLACE: Json = {"enum": ["path", "query", "header"]}
PARAMETER = shape("name in description schema example", "required", **{"in": PLACE}, schema=SCHEMA)
HEADER = shape("description schema", "required example", description=TEXTS, schema=SCHEMA)
MEDIA = named(shape("schema examples", schema=SCHEMA, examples=named(referable(EXAMPLE))), "^[a-z]+/[a-z.+-]+$")
RESPONSE = shape("description", "headers content", description=TEXTS, headers=named(referable(HEADER)), content=MEDIA)
OPERATION = shape(
    "operationId tags summary responses",
    "description security parameters requestBody",
    summary=TEXTS,
    tags=listed({"enum": [tag["name"] for tag in DOCUMENT["tags"]]}),
    security=listed({"propertyNames": {"enum": list(DOCUMENT["components"]["securitySchemes"])}}),
    parameters=listed(referable(PARAMETER)),
    requestBody=shape("required content", content=MEDIA),
    responses=named(referable(RESPONSE), "^[2-5][0-9][0-9]$"),
)
PATH_ITEM = shape(
    "",
    "parameters " + " ".join(METHODS),
    parameters=listed(referable(PARAMETER)),
    **dict.fromkeys(METHODS, OPERATION),
)
OPENAPI = shape(
    "openapi info servers tags security paths components",
    openapi={"pattern": r"^3\.1\.[0-9]+$"},
    info=shape("title version summary description"),
    servers=listed(shape("url description")),
    tags=listed(shape("name description")),
    paths=named(PATH_ITEM, "^/"),
    components=shape(
        "schemas responses parameters headers examples securitySchemes",
        schemas=named(SCHEMA),
        responses=named(RESPONSE),
        parameters=named(PARAMETER),
        headers=named(HEADER),
        examples=named(EXAMPLE),
        securitySchemes=named(shape("type description", "scheme in name")),
    ),
)


def test_the_document_has_the_shape_of_openapi() -> None:
    error = best_match(Draft202012Validator(OPENAPI).iter_errors(DOCUMENT))
    assert error is None, f"{error.json_path}: {error.message}"


def test_no_key_is_written_twice() -> None:
    def twice(node: yaml.Node | None) -> Iterator[str]:
        if isinstance(node, yaml.MappingNode):
            keys = Counter(key.value for key, _ in node.value)
            yield from (f"{key} in line {node.start_mark.line + 1}" for key, times in keys.items() if times > 1)
            for _, value in node.value:
                yield from twice(value)
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                yield from twice(value)

    assert not list(twice(yaml.compose(TEXT)))


def everything(node: Any, name: str = "") -> Iterator[tuple[str, Json]]:
    """Every object of the document with the key that it stands under."""
    if isinstance(node, list):
        for value in node:
            yield from everything(value, name)
    elif isinstance(node, dict):
        yield name, node
        for key, value in node.items():
            yield from everything(value, key)


def test_every_schema_is_a_json_schema() -> None:
    inline = [node for name, node in everything(DOCUMENT["paths"]) if name == "schema"]
    for schema in [*inline, *DOCUMENT["components"]["schemas"].values()]:
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere_and_every_component_is_used() -> None:
    references = {node["$ref"] for _, node in everything(DOCUMENT) if "$ref" in node}
    assert all(resolved({"$ref": reference}) for reference in references)
    told = {f"#/components/schemas/{name}" for name in re.findall("`([A-Za-z]+)`", TEXT)}
    secured = {name for _, node in everything(DOCUMENT) for each in node.get("security", []) for name in each}
    references |= told | {f"#/components/securitySchemes/{name}" for name in secured}
    components = {f"#/components/{kind}/{name}" for kind, all_ in DOCUMENT["components"].items() for name in all_}
    assert components <= references


def test_every_operation_has_an_id_of_its_own_and_every_path_declares_its_parameters() -> None:
    ids = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)
    for name, operation in OPERATIONS.items():
        declared = [resolved(parameter) for parameter in operation["parameters"]]
        in_path = {parameter["name"] for parameter in declared if parameter["in"] == "path" and parameter["required"]}
        assert in_path == set(re.findall("{([a-z]+)}", name)), name


# The code and the document


def test_every_route_is_described_and_every_description_has_its_route(app: Flask) -> None:
    routes = {
        f"{method} {rule.rule.replace('<', '{').replace('>', '}')}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == set(OPERATIONS)


PROBLEMS: dict[str, type[Problem]] = {
    kind.code: kind for kind in vars(problems).values() if isinstance(kind, type) and issubclass(kind, Problem)
}


def test_every_problem_has_its_code_and_its_line_in_the_document() -> None:
    schema = DOCUMENT["components"]["schemas"]["Problem"]
    assert schema["properties"]["code"]["enum"] == re.findall(r"^\| `([a-z-]+)`", schema["description"], re.MULTILINE)
    assert set(schema["properties"]["code"]["enum"]) == set(PROBLEMS)
    for code, kind in PROBLEMS.items():
        assert f"| `{code}` | {kind.status} | {kind().title} |" in schema["description"]


def test_every_example_of_a_problem_is_what_the_code_would_say() -> None:
    said = [
        (int(status), code, resolved(each)["value"])
        for operation in OPERATIONS.values()
        for status, response in operation["responses"].items()
        for code, each in resolved(response).get("content", {}).get(PROBLEM, {"examples": {}})["examples"].items()
    ]
    for status, code, value in said:
        assert PROBLEMS[code].status == status
        assert {**value, **PROBLEMS[code](value["detail"]).to_dict()} == value


def test_the_limits_are_those_of_the_code() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["QuestionText"]["properties"]["text"]["maxLength"] == body.MESSAGE_CHARACTERS
    assert schemas["Rename"]["properties"]["title"]["maxLength"] == conversations.TITLE_CHARACTERS
    assert f"{page.TITLE_CHARACTERS} characters" in schemas["Page"]["properties"]["title"]["description"]
    assert f"{page.URL_CHARACTERS} characters" in schemas["Page"]["properties"]["url"]["description"]
    (query,) = (each for each in OPERATIONS["GET /api/conversations"]["parameters"] if each["name"] == "q")
    assert query["schema"]["maxLength"] == conversations.QUERY_CHARACTERS
    too_large = DOCUMENT["components"]["responses"]["BodyTooLarge"]["description"]
    assert f"{body.BODY_BYTES // 1024} KiB, or {chat.CHAT_BYTES // 1024**2} MiB" in too_large
    for rule in limits.DEFAULT.values():
        assert f"| {rule} |" in DOCUMENT["info"]["description"]


def takes(check: Callable[[str], object], text: str) -> bool:
    try:
        check(text)
    except (ValueError, Problem):
        return False
    return True


@given(st.text("aZ0_-.:~%?=key/ é", max_size=70))
@example(".")
@example("..")
@example("x" * 64)
@example("x" * 65)
def test_an_id_has_the_pattern_where_the_code_takes_it(text: str) -> None:
    pattern = DOCUMENT["components"]["schemas"]["Id"]["pattern"]
    assert bool(re.search(pattern, text)) == takes(lambda made: body.require_id(made, "id"), text)


@given(st.from_regex(r"\A(gid://shopify/Cart/)?[aZ0_.~%/ -]{0,4}(\?key=[aZ0_.~%?= -]{0,4})?\Z"))
@example("x" * 200 + "?key=" + "x" * 200)
@example("x" * 201)
def test_a_carts_id_has_the_pattern_where_the_code_takes_it(text: str) -> None:
    binding, theme = (
        DOCUMENT["components"]["schemas"][name]["properties"]["cart_id"]["pattern"]
        for name in ("CartBinding", "ThemeCart")
    )
    assert bool(re.search(binding, text)) == takes(cart_id, text)
    assert bool(re.search(theme, text)) == (text == "" or takes(cart_id, text))


# The examples


def examples(node: Any, where: str = "#") -> Iterator[tuple[str, Json, Any]]:
    """Every example of the document: where it stands, the schema it must fit, the value."""
    if isinstance(node, list):
        for number, each in enumerate(node):
            yield from examples(each, f"{where}/{number}")
    elif isinstance(node, dict):
        for value in shown(node):
            yield where, node.get("schema", node), value
        for name, each in node.items():
            if name not in {"example", "examples"}:
                yield from examples(each, f"{where}/{name}")


def shown(node: Json) -> list[Any]:
    """The values of the object's own examples: a media type names them, a schema lists them."""
    several = node.get("examples", [])
    if isinstance(several, dict):
        several = [resolved(each)["value"] for each in several.values()] if "schema" in node else []
    return [*several, *([node["example"]] if "example" in node else [])]


@pytest.mark.parametrize(("schema", "value"), [pytest.param(*rest, id=where) for where, *rest in examples(DOCUMENT)])
def test_every_example_fits_its_schema(schema: Json, value: Any) -> None:
    assert not complaint(schema, value)


EVENT: Json = {"$ref": "#/components/schemas/StreamEvent"}
STREAMS = [name for name in DOCUMENT["components"]["examples"] if name.endswith("stream")]


@pytest.mark.parametrize("name", STREAMS)
def test_every_event_of_the_example_streams_fits(name: str) -> None:
    stream = DOCUMENT["components"]["examples"][name]["value"]
    said = events(stream.encode())
    assert said[-1]["type"] in {"finish", "abort", "error"}
    assert stream.endswith("\n\ndata: [DONE]\n")
    for event in said:
        assert not complaint(EVENT, {field: value for field, value in event.items() if field != "at"})
        if event["type"] == "error":
            problem = json.loads(event["errorText"])
            assert problem == PROBLEMS[problem["code"]](problem["detail"]).to_dict()
