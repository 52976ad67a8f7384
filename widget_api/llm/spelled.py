"""Tool calls that a model has written as text, in whatever spelling it was trained on. No I/O.

There are three kinds: objects that name a tool (`{"name": …, "arguments": {…}}`), a tool's name before its arguments
(`search_catalog {"query": …}`, `search_catalog(query="…")`), and elements (`<function=…><parameter=query>…`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from widget_api.llm.calls import MAX_ARGUMENTS, read_value

Json = dict[str, Any]
# The tools that a request offers: their names, and the schemas of their arguments.
Tools = Mapping[str, Json]
Spelling = tuple[str, Json]

_NAMES: Final = ("name", "tool_name", "function_name", "recipient_name", "tool", "function", "action")
_ARGUMENTS: Final = ("arguments", "parameters", "args", "params", "input", "tool_input", "action_input", "kwargs")
_LISTS: Final = ("tool_calls", "tool_uses", "calls", "tools", "actions")
_ABOUT: Final = frozenset({*_NAMES, *_ARGUMENTS, "type", "id", "index", "tool_call_id"})
# Between a tool's name and its arguments stand a few signs, tags and words.
_GLUE: Final = 120
_WORD = re.compile(r"\w+")
_OPENERS = re.compile(r"[({]")
_VALUES = re.compile(r"[{\[]")
_LETTERS = re.compile(r"[^\W_]+")
_BETWEEN: Final = frozenset(
    (
        *("action", "input", "arguments", "argument", "args", "parameters", "params", "with", "json", "tool", "call"),
        *("id", "begin", "sep", "constrain", "message", "channel", "commentary", "function"),
    )
)
# Places at which no value can be read, in one text.
_MOST_FAILURES: Final = 16

_ELEMENT = re.compile(r"<(?:function|invoke|tool)(?:\s*=\s*|\s+name\s*=\s*)[\"']?([\w.-]{1,64})[\"']?[^<>]{0,100}>")
_PARAMETER = re.compile(
    r"<(?:parameter|param|arg)(?:\s*=\s*|\s+name\s*=\s*)[\"']?([\w.-]{1,64})[\"']?[^<>]{0,100}>"
    r"((?:[^<]|<(?!/?(?:\w+:)?(?:parameter|param|arg|function|invoke|tool|tool_call)\b))*)"
)
_KEY_AND_VALUE = re.compile(r"<arg_key>([^<]{1,100})</arg_key>\s*<arg_value>((?:[^<]|<(?!/arg_value>|arg_key>))*)")
_CHILD = re.compile(r"<([A-Za-z_]\w{0,40})>([^<]*)</")

# Python's literals, as tokens: what has another spelling in JSON, and what must be left alone.
_PYTHON = re.compile(
    r"\"(?:[^\"\\]|\\.?)*(?:\"|\Z)|'(?:[^'\\]|\\.?)*(?:'|\Z)|,(?=\s*[}\])])|\b[A-Za-z_]\w*\b(\s*[=:])?", re.DOTALL
)
_CONSTANTS: Final = {
    "True": "true",
    "False": "false",
    "None": "null",
    "true": "true",
    "false": "false",
    "null": "null",
}
# Gemma's quotation marks.
_QUOTES: Final = ('<|"|>', "<escape>")
_BALANCE = re.compile(r"\"(?:[^\"\\]|\\.?)*(?:\"|\Z)|'(?:[^'\\]|\\.?)*(?:'|\Z)|[()\[\]{}]", re.DOTALL)
_CLOSING: Final = {"(": ")", "[": "]", "{": "}"}


def read_calls(text: str, tools: Tools) -> list[Spelling]:
    """Return the calls of `tools` that the text holds, with their arguments; none where it is too long."""
    if len(text) > MAX_ARGUMENTS or not any(name in text for name in tools):
        return []
    text = text.replace("\uff5cDSML\uff5c", "").replace("|DSML|", "")
    return _elements(text, tools) or _objects(text, tools) or _named(text, tools)


def names_in(text: str, tools: Tools) -> bool:
    """Return whether the text has the name of a tool."""
    return any(name in text for name in tools)


def _known(name: object, tools: Tools) -> str:
    """Return the tool's name, without what some models put before it; "" where there is no such tool."""
    short = str(name).strip().removeprefix("functions.").removeprefix("default_api.")
    return short if isinstance(name, str) and short in tools else ""


# elements


def _elements(text: str, tools: Tools) -> list[Spelling]:
    begun = [(found.start(), found.end(), _known(found[1], tools)) for found in _ELEMENT.finditer(text)]
    begun = begun or list(_tags_of_tools(text, tools)) or _names_with_keys(text, tools)
    ends = [*(start for start, _, _ in begun[1:]), len(text)][: len(begun)]
    found = []
    for (_, body, name), end in zip(begun, ends, strict=True):
        if name and (given := _fields(text[body:end], tools[name])) is not None:
            found.append((name, given))
    return found


def _tags_of_tools(text: str, tools: Tools) -> Iterator[tuple[int, int, str]]:
    """`<search_catalog><query>…`."""
    places = sorted((at, name) for name in tools if (at := text.find(f"<{name}>")) >= 0)
    return ((at, at + len(name) + 2, name) for at, name in places)


def _names_with_keys(text: str, tools: Tools) -> list[tuple[int, int, str]]:
    """GLM's `search_catalog<arg_key>query</arg_key>…`, and `<tool_name>search_catalog</tool_name>…`."""
    if "<arg_key>" not in text and "<tool_name>" not in text:
        return []
    return [(found.start(), found.end(), found[0]) for found in _WORD.finditer(text) if found[0] in tools]


def _fields(body: str, schema: Json) -> Json | None:
    """Return the arguments that stand in an element, or None where they are none."""
    pairs = _PARAMETER.findall(body) or _KEY_AND_VALUE.findall(body)
    if not pairs:
        pairs = [(name, value) for name, value in _CHILD.findall(body) if name in schema.get("properties", {})]
    if pairs:
        return {name.strip(): value.strip() for name, value in pairs}
    value = next(_values(body), None)
    if isinstance(value, dict):
        return value
    return None if schema.get("required") or "{" in body else {}


# objects


def _objects(text: str, tools: Tools) -> list[Spelling]:
    return [call for value in _values(text) for call in _calls_of(value, tools)]


def _calls_of(value: object, tools: Tools, depth: int = 0) -> list[Spelling]:
    """Return the calls that an object, or a list of objects, stands for."""
    if isinstance(value, list) and depth < 3:
        return [call for each in value for call in _calls_of(each, tools, depth + 1)]
    if not isinstance(value, dict) or depth >= 3:
        return []
    for key in (*_LISTS, "function", "function_call", "tool_call"):
        if isinstance(value.get(key), list | dict):
            return _calls_of(value[key], tools, depth + 1)
    return _call_of(value, tools)


def _call_of(value: Json, tools: Tools) -> list[Spelling]:
    if name := next((name for key in _NAMES if (name := _known(value.get(key), tools))), ""):
        given = _arguments_of(value, tools[name])
        return [] if given is None else [(name, given)]
    # {"search_catalog": {"query": …}}
    inner = [
        (name, given) for key, given in value.items() if (name := _known(key, tools)) and isinstance(given, dict)
    ]
    return inner if len(inner) == len(value) else []


def _arguments_of(value: Json, schema: Json) -> Json | None:
    for key in _ARGUMENTS:
        if key in value:
            return _as_arguments(value[key])
    beside = {key: each for key, each in value.items() if key not in _ABOUT}
    if beside and set(beside) <= set(schema.get("properties", {})):
        return beside
    return None if beside or schema.get("required") else {}


def _as_arguments(value: object) -> Json | None:
    """Return the arguments as an object. The schema of a tool, which models recite, is none."""
    if isinstance(value, str):
        value = next(_values(value), None) if value.strip() else {}
    if isinstance(value, dict):
        return None if "properties" in value and "type" in value else value
    return {} if value is None else None


# names before arguments


def _named(text: str, tools: Tools) -> list[Spelling]:
    found: list[Spelling] = []
    end = 0
    for word in _WORD.finditer(text):
        if word.start() < end or word[0] not in tools:
            continue
        opener = _OPENERS.search(text, word.end(), word.end() + _GLUE)
        if not opener or not _is_glue(text[word.end() : opener.start()]):
            continue
        close = _end_of(text, opener.start())
        given = _given(text[opener.start() : close], tools[word[0]])
        if given is not None:
            found.append((word[0], given))
            end = close
    return found


def _is_glue(text: str) -> bool:
    """Return whether what stands between a tool's name and a bracket says nothing of its own."""
    if "[CALL_ID]" in text:
        return True
    return all(word in _BETWEEN or word.isdigit() for word in _LETTERS.findall(text.lower()))


def _given(text: str, schema: Json) -> Json | None:
    """Return the arguments of `(…)`, as Python has them, or of `{…}`."""
    if not text.startswith("("):
        value = _value(text)
        return _as_arguments(value) if isinstance(value, dict) else None
    inside = text[1:].removesuffix(")")
    named = _value(f"{{{inside}}}")
    if isinstance(named, dict):
        return named
    listed = _value(f"[{inside}]")
    if not isinstance(listed, list) or len(listed) != 1:
        return None
    required = schema.get("required", ())
    if isinstance(listed[0], dict):
        return listed[0]
    return {required[0]: listed[0]} if len(required) == 1 else None


# values


def _values(text: str) -> Iterator[Any]:
    """The objects and lists of a text, one after the other."""
    at, failures = 0, 0
    while (found := _VALUES.search(text, at)) and failures < _MOST_FAILURES:
        start = found.start()
        at = _end_of(text, start)
        value = _value(text[start:at])
        if value is None:
            at, failures = start + 1, failures + 1
        else:
            yield value


def _end_of(text: str, start: int) -> int:
    """Return where the bracket at `start` is closed, or the end of the text."""
    depth = 0
    for found in _BALANCE.finditer(text, start):
        if found[0] in _CLOSING:
            depth += 1
        elif found[0] in ")]}":
            depth -= 1
        if depth <= 0:
            return found.end()
    return len(text)


def _value(text: str) -> Any:
    """Return the value that the text is, as JSON or as Python writes it, or None."""
    for quote in _QUOTES:
        text = text.replace(quote, '"')
    value = read_value(text)
    if value is None:
        value = read_value(text := _as_json(text))
    return read_value(_closed(text)) if value is None else value


def _as_json(text: str) -> str:
    return _PYTHON.sub(lambda found: _literal_as_json(found[0], found[1]), text)


def _literal_as_json(literal: str, assigns: str | None) -> str:
    if literal.startswith('"'):
        return literal
    if literal.startswith("'"):
        inside = literal[1:].removesuffix("'").replace("\\'", "'").replace('\\"', '"')
        return f'"{inside.replace(chr(34), chr(92) + chr(34))}"'
    if literal == ",":
        return ""
    if assigns:
        return f"{json.dumps(literal.removesuffix(assigns))}:"
    return _CONSTANTS.get(literal, literal)


def _closed(text: str) -> str:
    """Return the text with the brackets closed that models forget."""
    open_brackets: list[str] = []
    for found in _BALANCE.finditer(text):
        if found[0] in _CLOSING:
            open_brackets.append(_CLOSING[found[0]])
        elif found[0] in ")]}" and open_brackets:
            open_brackets.pop()
    return text + "".join(reversed(open_brackets))
