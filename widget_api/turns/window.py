"""The model's window: rules, tools, messages and the answer have room in it together."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Final

from widget_api.llm.base import ContextExceeded, Model, Request, Sink, Step
from widget_api.problems import ModelOverfull
from widget_api.turns.context import fit
from widget_api.turns.token_count import estimate_entries, estimate_fixed

logger = logging.getLogger(__name__)

# The part of a small window that an answer may have, however long the model's answers may be.
_ANSWER_SHARE: Final = 4


def stream_within(model: Model, request: Request, into: Sink) -> Step:
    """Ask the model for a step with as much of the messages as its window holds.

    When the provider finds the request too long all the same, it is asked once more with half of them. Raises what
    `Model.stream` raises, and `ModelOverfull` when half is too long, too.
    """
    fitted = fit_request(request, model.context_tokens)
    try:
        return model.stream(fitted, into)
    except ContextExceeded as exc:
        window = min(filter(None, (exc.context_tokens, model.context_tokens)))
        logger.warning(
            "model %s: a request of about %d tokens is longer than its window%s; half of the messages are sent",
            *(model.name, _size(fitted), f" of {window}" if exc.context_tokens else ""),
        )
    try:
        return model.stream(halve_request(fitted, window), into)
    except ContextExceeded as exc:
        least = min(exc.context_tokens or window, window)
    reason = _describe(fitted, least)
    logger.error("model %s: %s", model.name, reason)
    raise ModelOverfull(reason)


def fit_request(request: Request, context_tokens: int) -> Request:
    """Return the request with what of its messages a window of so many tokens holds beside everything else."""
    answer = min(request.max_tokens, context_tokens // _ANSWER_SHARE)
    room = context_tokens - answer - estimate_fixed(request.system, request.tools)
    messages = request.messages
    if estimate_entries(messages) > room:
        messages = fit(messages, room)
        if estimate_entries(messages) > room:
            logger.warning("%s", _describe(request, context_tokens))
    return replace(request, messages=messages, max_tokens=answer)


def halve_request(request: Request, context_tokens: int) -> Request:
    """Return the request with half of its messages, or what a window of so many tokens holds."""
    half = replace(request, messages=fit(request.messages, estimate_entries(request.messages) // 2))
    return fit_request(half, context_tokens)


def _size(request: Request) -> int:
    return estimate_fixed(request.system, request.tools) + estimate_entries(request.messages)


def _describe(request: Request, context_tokens: int) -> str:
    """Return in words for the operator that a window is too small, and what to do."""
    fixed = estimate_fixed(request.system, request.tools)
    question = estimate_entries(fit(request.messages, 0))
    return (
        f"a window of {context_tokens} tokens is too small: rules and tools have about {fixed}, the newest question "
        f"with its results {question}, and an answer may have {request.max_tokens}. Give the model a larger window "
        "(MODEL_CONTEXT says how large it is), or use another one"
    )
