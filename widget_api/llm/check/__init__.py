"""Checks of a model before shoppers meet it: does it answer, call tools, take results back, stop, and at what cost.

`check_model` takes a handful of small requests; `see_tools` takes one, which is ended as soon as it shows something.
"""

from __future__ import annotations

import time
from typing import Final, Literal

from widget_api.llm.base import Model, Request, Tool, User
from widget_api.llm.check.findings import read_trial, total
from widget_api.llm.check.probe import Heard, Probe, ask
from widget_api.llm.check.report import Finding, Prices, Report
from widget_api.llm.check.trial import QUESTION, Plan, Trial
from widget_api.llm.provider import Fallback

__all__ = ("Finding", "Plan", "Prices", "Report", "Sight", "check_model", "each_of", "see_tools")

Sight = Literal["ok", "no-tools", "refused", "unreachable", "unknown"]

# Of words before a call: whoever has said so much is answering from memory.
_ENOUGH_CHARACTERS: Final = 300
_RULES: Final = "You are the assistant of a shop. You know its products only from the tool search_catalog: use it."


def each_of(model: Model) -> tuple[Model, ...]:
    """Return the models that `llm.from_config` has put together: the first, and the fallback if there is one."""
    return (model.first, model.second) if isinstance(model, Fallback) else (model,)


def check_model(
    model: Model, plan: Plan, *, role: Literal["model", "fallback"] = "model", prices: Prices | None = None
) -> Report:
    """Ask the model a handful of questions and return what its answers show. Takes `plan.seconds` at most."""
    begun = time.monotonic()
    trial = Trial(model, plan)
    trial.run()
    used = total(trial)
    return Report(
        model=model.name,
        role=role,
        findings=tuple(read_trial(trial, prices or Prices())),
        requests=len(trial.heard),
        input_tokens=used.input,
        output_tokens=used.output,
        seconds=time.monotonic() - begun,
    )


def see_tools(model: Model, tool: Tool, seconds: float) -> tuple[Sight, str]:
    """Ask one question that needs the tool, and hang up at the first call.

    Returns what was seen, and the provider's words where the question was not answered.
    """
    request = Request(_RULES, (User(QUESTION),), (tool,), model.max_tokens)
    heard = ask(model, request, seconds, _has_shown_enough)
    return _sight(heard), heard.reason


def _has_shown_enough(probe: Probe) -> bool:
    return bool(probe.called) or len(probe.words) > _ENOUGH_CHARACTERS


def _sight(heard: Heard) -> Sight:
    if heard.called:
        return "ok"
    if heard.step is None and not heard.is_late:
        return "refused" if 400 <= heard.status < 500 else "unreachable"
    is_over = heard.step and heard.step.finish_reason in {"stop", "tool-calls"}
    return "no-tools" if is_over or len(heard.words) > _ENOUGH_CHARACTERS else "unknown"
