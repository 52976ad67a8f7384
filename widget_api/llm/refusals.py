"""Why a provider refuses a request, read from the status and the text of its refusal. No I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

# A window outside of these is a misunderstanding.
LEAST_CONTEXT_TOKENS: Final = 256
MOST_CONTEXT_TOKENS: Final = 100_000_000

# Statuses below 500 that asking again may mend. 0: there was none.
_PASSING: Final = frozenset({0, 408, 409, 425, 429})
_STATUS_FIELDS: Final = frozenset({"code", "status", "status_code", "statusCode", "http_code"})

# What providers call their filters in codes, which mean it whatever the status is, and in words.
_FILTER_CODE: Final = re.compile(
    r"content_?filter|content_policy|responsibleaipolicy|data_?inspection_?failed|prohibited_content"
    r"|moderation_blocked|guardrail_intervened",
    re.IGNORECASE,
)
_FILTER_WORDS: Final = re.compile(
    r"content management policy|content filtering|content exists risk|usage polic|acceptable use|safety system"
    r"|inappropriate content|safety (?:filter|polic|setting|reason)|input was flagged|prompt was flagged"
    r"|flagged (?:as|by|for)|\bmoderation\b|guardrail|sensitive (?:content|word|information)|new_sensitive"
    r"|(?:content|prompt|input|output|response|request|message)s?[^\n]{0,20} blocked|blocklist|harmful",
    re.IGNORECASE,
)
# A filter's words in these are about the shop's owner, not about what was said.
_ACCOUNT: Final = re.compile(r"\b(?:account|organi[sz]ation|suspended|deactivated|banned)\b", re.IGNORECASE)

_TOO_LONG: Final = re.compile(
    r"context[_ ]length|context[_ ]window|context[_ ]size|exceed_context|n_ctx|context limit|maximum context"
    r"|max_model_len|(?:model|prompt|input)(?:'s)? (?:maximum |max )?(?:length|token limit)"
    r"|prompt (?:is )?too long|prompt exceeds|input (?:is )?too long|input token count|prompt token count"
    r"|too many (?:input )?tokens|too large for model|maximum number of tokens|maximum prompt length"
    r"|reduce the length|model token limit|max_new_tokens|context the overflows|tokens to keep from the initial"
    r"|string_above_max_length|request_too_large",
    re.IGNORECASE,
)
# The limit of an answer is refused for itself, whatever else stands there.
_ANSWER_LIMIT: Final = re.compile(
    r"max_(?:completion_)?tokens\W{0,3} must be|valid range of max_|supports at most", re.IGNORECASE
)
# A limit of tokens a minute that one request alone exceeds: waiting does not help.
_ONE_REQUEST_TOO_LARGE: Final = re.compile(r"request too large", re.IGNORECASE)

_N: Final = r"(\d[\d,]{1,11})"
# Where the size of the window stands, the surest first. The size of the request often stands beside it.
_WINDOW: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\bn_ctx\W{{1,4}}{_N}",
        rf"\d (?:tokens )?> ?{_N}(?! ?[-+\d])",
        rf"<= ?{_N}",
        rf"\[\d{{1,6}}, ?{_N}\]",
        rf"(?<!\()(?<!current )(?:length|window|size|limit)(?: (?:is|of|should be|only)){{0,2}}[ :=(]{{1,3}}{_N}",
        rf"tokens allowed[ :(]{{1,3}}{_N}",
        rf"less than {_N}",
        rf"{_N} (?:maximum|max\b)",
    )
)

# What the operator has to mend at the provider, whatever is asked: money, the key, the model.
_DOWN: Final = re.compile(
    r"\bcredits?\b|billing|\bbalance\b|insufficient[_ ]quota|\bquota\b|\bpayment\b|arrearage|good standing"
    r"|budget has|over budget|exceededbudget|usage limits?|spend(?:ing)? limit"
    r"|api[_ ]key|authenticat|unauthori[sz]ed|permission|access denied|not allowed to|location is not supported"
    r"|organization has been|account (?:is|has been|was)|suspended|deactivated"
    r"|model[_ ]not[_ ]found|model[_ ]not[_ ]exist|not a valid model|invalid[_ ]model|unknown[_ ]model|no such model"
    r"|decommissioned|deprecated|retired|no longer (?:available|supported)|deployment ?not ?found|no endpoints found"
    r"|model\b[^\n]{0,80}(?:does not|doesn't|not) (?:exist|found|available|supported|enabled|loaded)"
    r"|(?:not|n't) support (?:tool|function)|tools param requires|enable-auto-tool-choice|tool choice requires"
    r"|does not work with the specified model|operationnotsupported",
    re.IGNORECASE,
)
_QUOTA_CODE: Final = re.compile(r"insufficient_quota|billing_hard_limit|credit balance", re.IGNORECASE)

# Some servers refuse a field with a fault of their own.
_FIELD_WORDS: Final = re.compile(
    r"un(?:supported|known|recogni[sz]ed|expected)|not (?:supported|permitted)", re.IGNORECASE
)


class Refusal(Enum):
    """What a refusal says, and so what may be done about it."""

    PASSING = "passing"  # asking again may mend it
    DOWN = "down"  # it says nothing about this request: another model may answer
    FILTERED = "filtered"  # a filter does not let through what was said
    TOO_LONG = "too-long"  # the request does not fit into the context window
    WRONG = "wrong"  # the request is refused for what it is


def read_refusal(status: int, text: str) -> Refusal:
    """Return what a refusal with this HTTP status (0 for none) and this text, as of `plain`, says."""
    if status in {401, 402, 407}:
        return Refusal.DOWN
    is_passing = status >= 500 or status in _PASSING
    if _FILTER_CODE.search(text) or (not is_passing and _is_filtered(text)):
        return Refusal.FILTERED
    if _is_too_long(status, text):
        return Refusal.TOO_LONG
    if is_passing:
        return Refusal.DOWN if status == 429 and _QUOTA_CODE.search(text) else Refusal.PASSING
    return Refusal.DOWN if status not in {400, 422} or _DOWN.search(text) else Refusal.WRONG


def _is_filtered(text: str) -> bool:
    return bool(_FILTER_WORDS.search(text)) and not _ACCOUNT.search(text)


def _is_too_long(status: int, text: str) -> bool:
    if status in {413, 429}:
        return status == 413 or bool(_ONE_REQUEST_TOO_LARGE.search(text))
    if status in {0, 403, 404, 410} or _ANSWER_LIMIT.search(text):
        return False
    return bool(_TOO_LONG.search(text))


def may_be_about_a_field(status: int, text: str) -> bool:
    """Return whether such a refusal may be about one field of the request."""
    return status in {400, 404, 422} or (status in {500, 501} and bool(_FIELD_WORDS.search(text)))


def window_in(text: str) -> int:
    """Return the size of the context window that a refusal names, in tokens; 0 when it names none."""
    for pattern in _WINDOW:
        for found in pattern.findall(text):
            tokens = int(found.replace(",", ""))
            if LEAST_CONTEXT_TOKENS <= tokens <= MOST_CONTEXT_TOKENS:
                return tokens
    return 0


def plain(text: str) -> str:
    """Return the text of a refusal with JSON in it as lines of names and values, without escapes, and without the
    numbers of its status, which could be taken for counts of tokens."""
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    if not starts:
        return text
    try:
        value, end = json.JSONDecoder().raw_decode(text, min(starts))
    except (ValueError, RecursionError):
        return text
    return "\n".join((text[: min(starts)], *_lines(value), text[end:]))


def _lines(value: Any) -> Iterator[str]:
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        name, each = waiting.pop()
        if isinstance(each, dict):
            waiting.extend(reversed(each.items()))
        elif isinstance(each, list):
            waiting.extend((name, part) for part in reversed(each))
        elif not (name in _STATUS_FIELDS and isinstance(each, int)):
            yield f"{name}: {each}"
