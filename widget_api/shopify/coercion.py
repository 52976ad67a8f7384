"""Arguments as models write them, made into what the schema asks for where their meaning is certain.

Models write null or "" for what they leave out, numbers and lists as text, 5.0 for 5, one object where a list is
wanted, and wrap the whole in `{"input": {…}}`. What cannot be meant otherwise is taken so; all else stays as it is,
for `schema.check` to refuse in words.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

Json = dict[str, Any]

_WRAPPERS: Final = ("input", "arguments", "parameters", "args", "params", "kwargs", "tool_input")
# What stands beside a wrapper says which tool is called, and is known already.
_BESIDE: Final = frozenset({"name", "tool", "tool_name", "function", "type", "id"})
_NOTHING: Final = frozenset({"", "null", "none", "undefined", "nil", "n/a"})
_TRUTHS: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_WHOLE = re.compile(r"-?[0-9]{1,15}(?:\.0{1,6})?")
_NUMBER = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?")
_SEPARATORS = re.compile(r"[\W_]+")
# As deep as an object that is wrapped in others, or a text that is JSON within a text, is looked into.
_DEPTH: Final = 3


def coerce(value: Any, schema: Json, *, drop_unknown: bool = False) -> Any:
    """Return the value as the schema has it, as far as its meaning is certain. `drop_unknown` leaves out fields that
    the schema does not name, as a call that only reads can do without them."""
    match schema["type"]:
        case "object":
            return _as_object(value, schema, drop_unknown=drop_unknown)
        case "array":
            return _as_list(value, schema, drop_unknown=drop_unknown)
        case "string":
            return _as_string(value)
        case "boolean":
            return _as_boolean(value)
        case "integer" | "number":
            return _as_number(value, _WHOLE if schema["type"] == "integer" else _NUMBER)
    return value


def is_nothing(value: Any) -> bool:
    """Return whether a model says with the value that it leaves the field out."""
    return value is None or (isinstance(value, str) and value.strip().lower() in _NOTHING)


def _as_object(value: Any, schema: Json, *, drop_unknown: bool) -> Any:
    value = _unwrapped(value, schema)
    if not isinstance(value, dict):
        return value
    fields, required = schema["properties"], schema.get("required", ())
    named = _with_known_names(value, fields)
    found: Json = {}
    for name, entry in named.items():
        if name in fields:
            if name in required or not is_nothing(entry):
                found[name] = coerce(entry, fields[name], drop_unknown=drop_unknown)
        elif not (drop_unknown or is_nothing(entry)):
            found[name] = entry
    return found


def _unwrapped(value: Any, schema: Json) -> Any:
    """Return the object without what is wrapped around it; wrapped in its list, where it is an entry of the only
    field that the schema has."""
    fields = schema["properties"]
    for _ in range(_DEPTH):
        value = _parsed(value, dict)
        wrappers = [name for name in _WRAPPERS if isinstance(value, dict) and name in value and name not in fields]
        if len(wrappers) != 1 or not set(value) - {wrappers[0]} <= _BESIDE - set(fields):
            break
        inner = _parsed(value[wrappers[0]], dict)
        if not isinstance(inner, dict):
            break
        value = inner
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        return value[0]
    return _as_only_field(value, fields)


def _as_only_field(value: Any, fields: Json) -> Any:
    if not isinstance(value, dict) or len(fields) != 1:
        return value
    ((name, field),) = fields.items()
    entries = field.get("items", {}).get("properties", {})
    return {name: [value]} if value and set(value) <= set(entries) else value


def _with_known_names(value: Json, fields: Json) -> Json:
    """Return the object with `maxPrice` and `max-price` as `max_price`."""
    known = {_plain(name): name for name in fields}
    named = {name: entry for name, entry in value.items() if name in fields}
    for name, entry in value.items():
        named.setdefault(known.get(_plain(name), name), entry)
    return named


def _plain(name: str) -> str:
    return _SEPARATORS.sub("", name).lower()


def _as_list(value: Any, schema: Json, *, drop_unknown: bool) -> Any:
    value = _parsed(_parsed(value, list), dict)
    if isinstance(value, dict):
        value = _as_pairs(value, schema["items"]) or ([value] if value else [])
    if not isinstance(value, list):
        return value
    return [coerce(entry, schema["items"], drop_unknown=drop_unknown) for entry in value]


def _as_pairs(value: Json, schema: Json) -> list[Json]:
    """Return `{"Size": "44"}` as the list of names and labels that is wanted, or nothing where none is."""
    required = schema.get("required", ())
    if len(required) != 2 or set(value) & set(schema["properties"]):
        return []
    name, label = required
    return [{name: key, label: entry} for key, entry in value.items()]


def _parsed(value: Any, kind: type) -> Any:
    """Return the value that a text is as JSON, where that is of the kind."""
    if not isinstance(value, str) or value.strip()[:1] not in {"{", "["}:
        return value
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return read if isinstance(read, kind) else value


def _as_string(value: Any) -> Any:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


def _as_boolean(value: Any) -> Any:
    if isinstance(value, str):
        return _TRUTHS.get(value.strip().lower(), value)
    return bool(value) if value in (0, 1) else value


def _as_number(value: Any, pattern: re.Pattern[str]) -> Any:
    if isinstance(value, str) and pattern.fullmatch(value.strip()):
        value = float(value) if "." in value else int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
