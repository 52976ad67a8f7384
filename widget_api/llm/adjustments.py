"""What a server does not take of a request's optional fields: learned from its refusals, for the process. No I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Self

# A body is no question without these.
REQUIRED: Final = frozenset({"model", "messages", "system", "stream", "tools"})
# The two names of the limit of an answer. OpenAI's newer models want the second, most other makers know the first.
LIMITS: Final = ("max_tokens", "max_completion_tokens")
# Optional fields further in: of messages, of tools, and of their schemas.
INNER: Final = frozenset(
    {"cache_control", "strict", "additionalProperties", "minLength", "maxLength", "minItems", "maxItems"}
)
EFFORT: Final = "reasoning_effort"
# Fields that say the same where a gateway or a maker has its own.
OTHER_EFFORTS: Final = frozenset({"reasoning", "thinking"})

_WORD: Final = re.compile(r"[A-Za-z_]\w*")
# Some models think by themselves, and then refuse tools unless they are told not to think.
_NO_EFFORT: Final = re.compile(r"reasoning_effort\W{0,3} (?:to|=) ?\W{0,2}none", re.IGNORECASE)
_TOO_MANY: Final = re.compile(
    r"too (?:large|high|big)|at most|less than|maximum|range|exceed|greater|>|must be|up to", re.IGNORECASE
)
_NUMBER: Final = re.compile(r"(?<![\w.-])(?:\d{1,3}(?:,\d{3}){1,2}|\d{2,7})(?![\w-]|\.\d)")


@dataclass(frozen=True, slots=True)
class Adjustment:
    """How the bodies for one server differ from what would be sent. Empty until the server refuses something."""

    without: frozenset[str] = frozenset()
    most_tokens: int = 0  # of an answer; 0 for no limit
    sets: frozenset[tuple[str, str]] = frozenset()

    def fit(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body as the server takes it. A field that is None is left out."""
        fields = {name: value for name, value in body.items() if name not in self.without and value is not None}
        fields |= dict(self.sets)
        limit = next((name for name in LIMITS if body.get(name) is not None), "")
        if limit:
            tokens = fields.pop(limit, body[limit])
            name = next((each for each in (limit, *LIMITS) if each not in self.without), "")
            fields |= {name: min(tokens, self.most_tokens or tokens)} if name else {}
        inner = self.without & INNER
        return _without(fields, inner) if inner else fields

    def after(self, refusal: str, sent: Mapping[str, Any]) -> Self | None:
        """Return how to ask after the server has refused the body that was `sent`; None when its text names no
        optional field of it."""
        named = {*_WORD.findall(refusal)}
        left_out = {
            name
            for name, value in sent.items()
            if name not in REQUIRED and name not in LIMITS and named & {name, *_names(value)}
        }
        left_out |= named & INNER & {*_names([sent.get("messages"), sent.get("tools"), sent.get("system")])}
        changed = replace(self, without=self.without | left_out)
        if _NO_EFFORT.search(refusal) and sent.get(EFFORT) != "none":
            changed = replace(changed, sets=changed.sets | {(EFFORT, "none")})
        if changed == self and named & {*LIMITS}:
            changed = self._with_limit(refusal, sent)
        return None if changed == self else changed

    def join(self, other: Self) -> Self:
        """Return both adjustments in one."""
        limits = [limit for limit in (self.most_tokens, other.most_tokens) if limit]
        return replace(
            self,
            without=self.without | other.without,
            most_tokens=min(limits, default=0),
            sets=self.sets | other.sets,
        )

    def _with_limit(self, refusal: str, sent: Mapping[str, Any]) -> Self:
        """Return how to ask after a refusal of the limit: a smaller one where the text names one, else the other
        name of it, else none."""
        limit = next((name for name in LIMITS if name in sent), "")
        if not limit:
            return self
        numbers = [int(number.replace(",", "")) for number in _NUMBER.findall(refusal)]
        smaller = [tokens for tokens in numbers if 0 < tokens < sent[limit]]
        if smaller and _TOO_MANY.search(refusal):
            return replace(self, most_tokens=max(smaller))
        return replace(self, without=self.without | {limit})


def _names(value: Any) -> Iterator[str]:
    """Yield the names of all fields within a value."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield from each
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)


def _without(value: Any, names: frozenset[str]) -> Any:
    """Return the value without the fields of these names, but with the properties of a schema that are called so."""
    if isinstance(value, list):
        return [_without(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: {each: _without(schema, names) for each, schema in inner.items()}
        if name == "properties" and isinstance(inner, dict)
        else _without(inner, names)
        for name, inner in value.items()
        if name not in names
    }
