"""The little of JSON schema that the model's tools need, checked in words that a model can act on."""

from __future__ import annotations

from typing import Any, Final

_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "object": ((dict,), "an object"),
    "array": ((list,), "a list"),
    "string": ((str,), "text"),
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "boolean": ((bool,), "true or false"),
}


class Invalid(ValueError):
    """A value does not fit; the message says what to mend."""


def check(value: object, schema: dict[str, Any], name: str = "The input") -> None:
    """Raise `Invalid` unless `value` fits.

    Objects take the fields they name and no others; texts have `minLength` and `maxLength`, numbers `minimum`
    and `maximum`, lists `minItems`, `maxItems` and `items`.
    """
    types, words = _KINDS[schema["type"]]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise Invalid(f"{name} must be {words}.")
    if isinstance(value, dict):
        _check_fields(value, schema, name)
    elif isinstance(value, list):
        _check_size(len(value), schema, name, ("minItems", "maxItems"), "entries")
        for number, entry in enumerate(value, 1):
            check(entry, schema["items"], f"{name}, entry {number},")
    elif isinstance(value, str):
        _check_size(len(value.strip()), schema, name, ("minLength", "maxLength"), "characters")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_size(value, schema, name, ("minimum", "maximum"), "")


def _check_fields(value: dict[str, Any], schema: dict[str, Any], name: str) -> None:
    fields = schema["properties"]
    for field in schema.get("required", ()):
        if field not in value:
            raise Invalid(f"{name} lacks the field {field}.")
    for field, entry in value.items():
        if field not in fields:
            raise Invalid(f"{name} has no field of that name; the fields are {', '.join(fields) or 'none'}.")
        check(entry, fields[field], f"The field {field}")


def _check_size(size: float, schema: dict[str, Any], name: str, limits: tuple[str, str], unit: str) -> None:
    least, most = schema.get(limits[0], size), schema.get(limits[1], size)
    if not least <= size <= most:  # NaN is in no range
        bounds = f"from {least} to {most}" if limits[1] in schema else f"at least {least}"
        raise Invalid(f"{name} must be {bounds} {unit}".rstrip() + ".")


# A model that breaks these is told so by the tool; in every request they would cost a tenth of the tools' tokens.
_LIMITS: Final = frozenset({"additionalProperties", "minLength", "maxLength", "minItems", "maxItems"})


def without_limits(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema as a model is told it: without the limits of length and of fields that `check` holds."""
    told = {name: value for name, value in schema.items() if name not in _LIMITS}
    if "items" in told:
        told["items"] = without_limits(told["items"])
    if "properties" in told:
        told["properties"] = {name: without_limits(field) for name, field in told["properties"].items()}
    return told
