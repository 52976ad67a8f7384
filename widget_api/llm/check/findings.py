"""What the answers of a trial say about the model, one sentence a question."""

from __future__ import annotations

import json
from typing import Final

from widget_api.llm.base import Call, Usage
from widget_api.llm.check.probe import Heard
from widget_api.llm.check.report import Finding, Prices, Verdict
from widget_api.llm.check.trial import CODE, Trial
from widget_api.llm.provider import Provider

SEARCH: Final = "search_catalog"
LEAST_CONTEXT: Final = 16_000
# A token of JSON and English has three to four characters. Who counts half of that has not read all of it.
CHARACTERS_A_TOKEN: Final = 4
STOP_SECONDS: Final = 2.0
SLOW_FIRST_WORD: Final = 5.0
SLOW_TOKENS: Final = 10.0
# An answer of so many characters has more than one token, so it comes in more than one piece.
WORTH_STREAMING: Final = 40
TOKENS_TO_TIME: Final = 8

_NOBODY: Final = (
    "Set MODEL_BASE_URL to the address that the provider documents, and see that its server runs and that this "
    "machine may reach it."
)
_ADVICE: Final = {
    0: _NOBODY,
    400: "The provider does not take the request as we write it: see its words, and docs/guides/models.md.",
    401: "Set MODEL_API_KEY (or MODEL_FALLBACK_API_KEY) to a key that is valid for this provider.",
    402: "Pay the provider's bill, or set MODEL_FALLBACK.",
    403: "Set a key that may use this model, or another MODEL_NAME.",
    404: "Set MODEL_NAME to a name that the provider lists, and MODEL_BASE_URL without /chat/completions.",
    429: "The provider has had too many requests, or the account has no credit left: see its words.",
}
_TOOLS: Final = (
    "Without tools every answer is a guess. Choose a model that is made for tools; for llama.cpp start the server "
    "with --jinja and a chat template that has tools, for vLLM with --enable-auto-tool-choice and "
    "--tool-call-parser, for Ollama take a model that is tagged “tools”."
)
_MARKUP: Final = (
    *("<think", "</think", "[think]", "[/think]", "◁think", "<reasoning", "<|", "|>"),
    *("<tool_call", "</tool_call", "<tools>", "<function", "[tool_calls]", '"arguments"', '"parameters"'),
)


def read_trial(trial: Trial, prices: Prices) -> list[Finding]:
    """Return what was found, in the order in which an operator has to mend it."""
    first = find_reachable(trial)
    if first.verdict == "failed":
        return [first]
    return [
        first,
        find_tools(trial),
        *find_after_results(trial),
        find_last_step(trial),
        find_words(trial),
        find_markup(trial),
        find_streaming(trial),
        find_stop(trial),
        find_finish(trial),
        find_usage(trial),
        find_parameters(trial),
        *find_context(trial),
        find_latency(trial),
        find_price(trial, prices),
    ]


def total(trial: Trial) -> Usage:
    """Return the tokens of all answers, as far as the provider has counted them."""
    counted = [each.step.usage for each in trial.heard if each.step]
    return Usage(sum(each.input for each in counted), sum(each.output for each in counted))


def find_reachable(trial: Trial) -> Finding:
    first = trial.first
    if first.is_late and not first.moments:
        return Finding(
            "reachable",
            "failed",
            f"It was asked and said nothing for {first.seconds:.0f} s.",
            "Look whether its server is busy or still loading; give the check more time with --seconds.",
        )
    if first.step or (trial.plain and trial.plain.step):
        return Finding("reachable", "ok", "It answers.")
    if first.exceeded:
        return _too_small(trial)
    return Finding("reachable", "failed", _refusal(first), _advice(first), first.reason)


def find_tools(trial: Trial) -> Finding:
    """A model that cannot call tools knows nothing of the shop."""
    if trial.first.step is None:
        says = "It answers without tools only: with tools the request is refused."
        return Finding("tools", "failed", says, _TOOLS, trial.first.reason)
    searches = [call for call in trial.calls if call.name == SEARCH]
    if not searches and any(each.is_late for each in (trial.first, trial.ordered) if each):
        says = f"Its answer was not complete after {trial.plan.seconds:.0f} s."
        return Finding("tools", "failed", says, "Give the check more time with --seconds, or choose a faster model.")
    if not searches:
        also = f" It called {trial.calls[0].name} instead." if trial.calls else ""
        return Finding("tools", "failed", f"It did not search when it had to.{also}{_dropped(trial)}", _TOOLS)
    if any(call.input is None for call in searches):
        says = "It called search_catalog with arguments that are no JSON object."
        return Finding("tools", "failed", says, "Choose another model.", searches[0].raw)
    missing = [call for call in searches if not (call.input or {}).get("query")]
    if missing:
        says = f"It called search_catalog without a query: {_shown(missing[0])}."
        return Finding("tools", "warning", says, "A larger model of the same family does this more seldom.")
    if not trial.first.step.calls:
        says = "It searched only when it was told to use the tool, not when a question needed it."
        return Finding("tools", "warning", says, "It will guess now and then. Choose a stronger model.")
    return Finding("tools", "ok", f"It called search_catalog with {_shown(searches[0])}.")


def find_after_results(trial: Trial) -> list[Finding]:
    """Providers of models that think want their own state back with each result."""
    after = [each for each in trial.steps[1:] if not each.is_late]
    if not after:
        return [Finding("results", "skipped", "It was not told any tool's result.")]
    failed = next((each for each in after if each.step is None), None)
    if failed:
        says = f"A tool's result was not taken: {_refusal(failed)}"
        return [Finding("results", "failed", says, _advice(failed), failed.reason)]
    steps = sum(bool(each.step and each.step.calls) for each in trial.steps)
    if steps == 1:
        says = "It went on after a tool's result. It did not need a second one, so two in a row were not seen."
        return [Finding("results", "note", says), _state(trial)]
    return [Finding("results", "ok", f"It went on after the results of {steps} steps in a row."), _state(trial)]


def _state(trial: Trial) -> Finding:
    steps = [each.step for each in trial.steps if each.step]
    if any(step.extra or any(call.extra for call in step.calls) for step in steps):
        return Finding("state", "ok", "It sends state of its own beside its calls, and took it back.")
    return Finding("state", "ok", "It sends no state of its own that would have to come back.")


def find_last_step(trial: Trial) -> Finding:
    """The last step of an answer still names the tools, and forbids to call them."""
    last = trial.last
    if last is None or last.is_late:
        return Finding("last step", "skipped", "It was not asked for, because something before it failed.")
    if last.step is None:
        says = f"It does not take `tool_choice: none`: {_refusal(last)}"
        return Finding("last step", "failed", says, _advice(last), last.reason)
    if last.called:
        says = f"It called {last.called[0]} though the request forbids calls."
        return Finding("last step", "warning", says, "Long answers may end without words. Choose another model.")
    return Finding("last step", "ok", "It took `tool_choice: none` and answered in words.")


def find_words(trial: Trial) -> Finding:
    """The limit of tokens counts thoughts, and some models think all of it away."""
    spoken = [each for each in (*trial.steps, trial.last) if each and each.step and not each.called]
    short = [each for each in spoken if each.step and each.step.finish_reason == "length"]
    room = trial.model.max_tokens
    if any(not each.words.strip() for each in short):
        says = f"It used all of its {room:,} tokens without a word: it thinks."
        advice = 'Set MODEL_MAX_TOKENS=4096 or more, or MODEL_OPTIONS=\'{"reasoning_effort": "low"}\'.'
        return Finding("words", "failed", says, advice)
    if any(not each.words.strip() for each in spoken if not each.is_late):
        return Finding("words", "failed", "It ended an answer without a word.", "Choose another model.")
    if short:
        says = f"An answer of a few sentences reached its limit of {room:,} tokens."
        return Finding("words", "warning", says, "Set MODEL_MAX_TOKENS to more.")
    if not spoken:
        return Finding("words", "skipped", "It was never asked for words alone.")
    return Finding("words", "ok", "It answers in words.")


def find_markup(trial: Trial) -> Finding:
    """Thoughts and calls that a server does not take out of the text are read by shoppers."""
    for each in trial.heard:
        found = next((mark for mark in _MARKUP if mark in each.words.lower()), "")
        named = next((tool.name for tool in trial.plan.tools if tool.name in each.words), "")
        if found or named:
            says = f"Its words hold {found or named!r}: thoughts or calls arrive as text."
            advice = (
                "Have the server read them: llama.cpp --jinja and --reasoning-format auto, vLLM --reasoning-parser "
                "and --tool-call-parser. Tags that nobody knows can be named in MODEL_THOUGHT_TAGS."
            )
            return Finding("markup", "warning", says, advice, each.words)
    return Finding("markup", "ok", "No thoughts and no calls in its words.")


def find_streaming(trial: Trial) -> Finding:
    spoken = [each for each in trial.heard if len(each.words) >= WORTH_STREAMING]
    if any(len(each.moments) > 1 for each in spoken):
        return Finding("streams", "ok", "Its words arrive one after the other.")
    if not spoken:
        return Finding("streams", "skipped", "No answer was long enough to tell.")
    says = "Its words arrived all at once: something holds the stream back."
    return Finding("streams", "warning", says, "Switch off buffering in whatever stands before the provider.")


def find_stop(trial: Trial) -> Finding:
    seconds = trial.stopped.stop_seconds if trial.stopped else None
    if seconds is None:
        return Finding("stops", "skipped", "There was no answer to be stopped.")
    if seconds > STOP_SECONDS:
        says = f"A stop took {seconds:.1f} s to end the connection."
        return Finding("stops", "warning", says, "Please report this: a stop should take no time.")
    return Finding("stops", "ok", f"A stop ended the connection after {seconds:.2f} s.")


def find_finish(trial: Trial) -> Finding:
    reasons = {each.step.finish_reason for each in trial.heard if each.step and each.stop_seconds is None}
    if "other" in reasons:
        says = "It does not always say why an answer ends."
        return Finding("ends", "warning", says, "Answers that are cut short may look complete.")
    if "content-filter" in reasons:
        says = "A content filter ended an answer to an innocent question."
        return Finding("ends", "warning", says, "Look at the filters of the provider's account.")
    return Finding("ends", "ok", f"It says why an answer ends: {', '.join(sorted(reasons))}.")


def find_usage(trial: Trial) -> Finding:
    used = total(trial)
    if used.input and used.output:
        return Finding("usage", "ok", "It counts tokens.")
    says = "It counts no tokens, so turns are stored without."
    return Finding("usage", "warning", says, "Costs can only be seen in the provider's own account.")


def find_parameters(trial: Trial) -> Finding:
    """A provider that refuses an optional parameter is asked without it from then on."""
    left_out = trial.model.left_out if isinstance(trial.model, Provider) else ()
    if left_out:
        says = f"It refuses {', '.join(left_out)}, so it is asked without."
        return Finding("parameters", "note", says, "If it stands in MODEL_OPTIONS, take it out.")
    return Finding("parameters", "ok", "It takes the optional parameters that are sent.")


def find_context(trial: Trial) -> list[Finding]:
    tokens = trial.model.context_tokens
    exceeded = next((each.exceeded for each in trial.heard if each.exceeded), None)
    if exceeded and trial.window is None:
        return [_too_small(trial)]
    window = f"Requests are made to fit a window of {tokens:,} tokens"
    if tokens < LEAST_CONTEXT:
        advice = (
            f"With less than {LEAST_CONTEXT:,} it soon forgets what it has shown. Give the model more room "
            "(llama.cpp -c 32768, Ollama OLLAMA_CONTEXT_LENGTH=32768, vLLM --max-model-len) and set MODEL_CONTEXT to "
            "the same."
        )
        return [Finding("context", "warning", f"{window}.", advice), *_filled(trial)]
    hint = "" if trial.window else " --fill-context finds out whether it has it."
    return [
        Finding("context", "ok", f"{window}, as set, as the provider says, or a guess.{hint}"),
        *_filled(trial),
    ]


def _filled(trial: Trial) -> list[Finding]:
    """Some servers cut the beginning of what is too long off and say nothing: rules and tools stand there."""
    window = trial.window
    if window is None:
        return []
    advice = "Set MODEL_CONTEXT to what the model really has, or give it more (Ollama: OLLAMA_CONTEXT_LENGTH)."
    if window.step is None:
        return [Finding("window", "failed", "A request that fills the window was refused.", advice, window.reason)]
    counted = window.step.usage.input
    if CODE in window.words:
        return [
            Finding("window", "ok", f"It read a request of {counted or trial.window_tokens:,} tokens to its end.")
        ]
    says = f"Of a request of about {trial.window_tokens:,} tokens the beginning was lost"
    cut = f": {counted:,} were read" if 0 < counted < trial.window_tokens / 2 else ", or not understood"
    verdict: Verdict = "failed" if cut.startswith(":") else "warning"
    return [Finding("window", verdict, f"{says}{cut}.", advice)]


def find_latency(trial: Trial) -> Finding:
    spoken = [each.first_word for each in trial.heard if each.first_word is not None]
    if not spoken:
        return Finding("speed", "skipped", "It never said a word.")
    first, speeds = min(spoken), [speed for each in trial.heard if (speed := _speed(each))]
    says = f"The first word came after {first:.1f} s"
    says += f", then {max(speeds):.0f} tokens a second." if speeds else "."
    if any(each.is_late for each in trial.heard if each is not trial.stopped):
        says += " An answer was not complete when the check's time was over."
        return Finding("speed", "warning", says, "Give the check more time with --seconds.")
    if first > SLOW_FIRST_WORD or (speeds and max(speeds) < SLOW_TOKENS):
        advice = "Shoppers leave after a few seconds. If answers are cut off, raise MODEL_IDLE_SECONDS and "
        advice += "MODEL_TURN_SECONDS; for a server of your own set MODEL_CONCURRENCY."
        return Finding("speed", "warning", says, advice)
    return Finding("speed", "ok", says)


def find_price(trial: Trial, prices: Prices) -> Finding:
    """An answer's steps are all paid for, and each sends the whole conversation again."""
    steps = [each.step.usage for each in trial.steps if each.step]
    read, written = sum(each.input for each in steps), sum(each.output for each in steps)
    price = prices.of(read, written)
    used = f"An answer in {len(steps)} steps took {read:,} tokens in and {written:,} out"
    if price is None:
        advice = "Say what a million tokens cost with --input-price and --output-price."
        return Finding("price", "note", f"{used}: unpriced.", advice)
    return Finding("price", "ok", f"{used}: {price:.5f}, or {price * 1000:,.2f} for a thousand answers like it.")


def _refusal(heard: Heard) -> str:
    return f"The request was refused with {heard.status}." if heard.status else "The request failed."


def _advice(heard: Heard) -> str:
    if heard.status >= 500:
        return "The provider has trouble of its own: try again later, and set MODEL_FALLBACK."
    return _ADVICE.get(heard.status, _ADVICE[400])


def _too_small(trial: Trial) -> Finding:
    tokens = trial.model.context_tokens
    says = f"A first question alone is longer than the model's window of {tokens:,} tokens."
    return Finding("context", "failed", says, "Start its server with a window of 32,768 tokens or more.")


def _dropped(trial: Trial) -> str:
    """Return a sentence about tools that never reached the model, if the provider's count of tokens shows it."""
    step = trial.first.step
    tools = [[tool.name, tool.description, tool.parameters] for tool in trial.plan.tools]
    sent = (len(json.dumps(tools)) + len(trial.plan.system)) // CHARACTERS_A_TOKEN
    counted = step.usage.input if step else 0
    if not 0 < counted < sent / 2:
        return ""
    return f" Its server counted {counted:,} tokens where about {sent:,} were sent: it dropped the tools."


def _shown(call: Call) -> str:
    return json.dumps(call.input, ensure_ascii=False)[:100]


def _speed(heard: Heard) -> float:
    """Return the tokens a second after the first piece; 0 where there were too few to tell."""
    if heard.step is None or len(heard.moments) < 2 or heard.is_late:
        return 0.0
    span = heard.moments[-1] - heard.moments[0]
    tokens = heard.step.usage.output
    return tokens / span if tokens >= TOKENS_TO_TIME and span > 0 else 0.0
