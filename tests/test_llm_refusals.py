"""A refusal is read for what it says: of the request, of what was said, or of nothing but the provider."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.llm.refusals import Refusal, plain, read_refusal, window_in

LLAMA_CPP = {
    "error": {
        "code": 400,
        "message": "request (8558 tokens) exceeds the available context size (8192 tokens), try increasing it",
        "type": "exceed_context_size_error",
        "n_prompt_tokens": 8558,
        "n_ctx": 8192,
    }
}


def error(message: str, **fields: object) -> dict[str, object]:
    return {"error": {"message": message, **fields}}


# Status, body, and the window that it names.
TOO_LONG = [
    (400, LLAMA_CPP, 8192),
    (400, error("the request exceeds the available context size. try increasing the context size"), 0),
    (500, error("Context size has been exceeded.", type="server_error"), 0),
    (
        400,
        error(
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. "
            "Please reduce the length of the messages.",
            code="context_length_exceeded",
        ),
        8192,
    ),
    (400, error("This model's maximum context length is 4,096 tokens. However, you requested 5,096 tokens."), 4096),
    (400, error("Your input exceeds the context window of this model."), 0),
    (400, error("prompt is too long: 215000 tokens > 200000 maximum"), 200_000),
    (400, error("input length and `max_tokens` exceed context limit: 199211 + 20000 > 200000"), 200_000),
    (400, error("Input is too long for requested model."), 0),
    (
        400,
        [error("The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).")],
        1_048_576,
    ),
    (
        400,
        {"message": "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum"},
        32_768,
    ),
    (
        400,
        error(
            "'max_tokens' or 'max_completion_tokens' is too large: 2000. This model's maximum context length is 4096 "
            "tokens and your request has 2104 input tokens (2000 > 4096 - 2104)."
        ),
        4096,
    ),
    (400, error("The decoder prompt (length 5000) is longer than the maximum model length of 4096."), 4096),
    (400, error("The input (5000 tokens) is longer than the model's context length (4096 tokens)."), 4096),
    (422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens"}, 4096),
    (400, {"error": "prompt too long; exceeded max context length by 304 tokens"}, 0),
    (500, {"error": "the input length exceeds the context length"}, 0),
    (400, error("Current length is 9000 while limit is 8192", code="context_length_exceeded"), 8192),
    (400, error("Range of input length should be [1, 30720]"), 30_720),
    (400, error("This model's maximum prompt length is 131072 but the request contains 180000 tokens."), 131_072),
    (400, error("Your request exceeded model token limit: 8192"), 8192),
    (400, {"error": "the model is loaded with context length of only 4096 tokens, which is not enough."}, 4096),
    (413, error("Request too large on tokens per minute (TPM): Limit 6000, Requested 7800"), 6000),
    (429, error("Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000."), 30_000),
    (413, "<h1>413 Request Entity Too Large</h1>", 0),
]
FILTERED = [
    (400, error("It triggered Azure OpenAI's content management policy.", code="content_filter")),
    (400, error("Output blocked by content filtering policy")),
    (400, error("Content Exists Risk")),
    (400, error("Input data may contain inappropriate content.", code="data_inspection_failed")),
    (400, error("Your prompt was flagged as potentially violating our usage policy.", code="invalid_prompt")),
    (403, error("Your chosen model requires moderation and your input was flagged", reasons=["violence"])),
    (400, error("Prompt blocked due to safety")),
    (500, error("", code="content_filter")),
]
DOWN = [
    (301, ""),
    (401, error("Incorrect API key provided.")),
    (402, error("Insufficient Balance")),
    (403, error("Project does not have access to model")),
    (403, error("Your account was suspended for violating our usage policies.")),
    (404, error("The model has been deprecated", code="model_not_found")),
    (404, "<h1>Not Found</h1>"),
    (410, error("Gone")),
    (400, error("Your credit balance is too low to access the Anthropic API.")),
    (400, error("API key not valid. Please pass a valid API key.")),
    (400, error("User location is not supported for the API use.")),
    (400, error("You have reached your specified API usage limits.")),
    (400, error("This organization has been disabled.")),
    (400, error("Budget has been exceeded! Current cost: 5")),
    (400, error("Access denied, please make sure your account is in good standing.")),
    (400, error("Model Not Exist")),
    (400, error("Invalid model: x")),
    (400, error("xyz is not a valid model ID")),
    (400, error("The model `llama` has been decommissioned")),
    (400, error("The model `gpt-3.5-turbo` does not exist or you do not have access to it.")),
    (400, error("registry.ollama.ai/library/gemma does not support tools")),
    (400, error("tools param requires --jinja flag")),
    (429, error("You exceeded your current quota", code="insufficient_quota")),
]
WRONG = [
    (400, ""),
    (400, error("messages.2.content.0.tool_use.input: Input should be a valid dictionary")),
    (422, error("Conversation roles must alternate user/assistant/user/assistant")),
]
PASSING = [(0, "ConnectionError"), (408, ""), (429, error("Rate limit reached")), (500, ""), (503, error("Loading"))]


def text_of(body: object) -> str:
    return plain(body if isinstance(body, str) else json.dumps(body))


@pytest.mark.parametrize(("status", "body", "window"), TOO_LONG)
def test_a_request_that_is_too_long_is_known_with_the_window_that_is_named(
    status: int, body: object, window: int
) -> None:
    text = text_of(body)
    assert (read_refusal(status, text), window_in(text)) == (Refusal.TOO_LONG, window)


@pytest.mark.parametrize(
    ("refusal", "status", "body"),
    [
        (refusal, *case)
        for refusal, cases in (
            (Refusal.FILTERED, FILTERED),
            (Refusal.DOWN, DOWN),
            (Refusal.WRONG, WRONG),
            (Refusal.PASSING, PASSING),
        )
        for case in cases
    ],
)
def test_a_refusal_is_known_by_its_status_and_its_words(refusal: Refusal, status: int, body: object) -> None:
    assert read_refusal(status, text_of(body)) is refusal


@pytest.mark.parametrize(
    "message",
    [
        "`max_tokens` must be less than or equal to `8192`, the maximum is less than the `context_window`",
        "max_tokens is too large: 16384. This model supports at most 4096 completion tokens, whereas the context…",
        "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
    ],
)
def test_a_limit_of_the_answer_that_is_too_high_is_no_request_that_is_too_long(message: str) -> None:
    assert read_refusal(400, text_of(error(message))) is Refusal.WRONG


def test_escapes_and_the_numbers_of_a_status_are_not_in_the_plain_text() -> None:
    text = plain(
        'HTTP 400 {"error": {"code": 400, "message": "\\u0027max_tokens\\u0027\\nis \\"odd\\"", "n": 400}} bye'
    )
    assert text.splitlines() == ["HTTP 400 ", "message: 'max_tokens'", 'is "odd"', "n: 400", " bye"]


@given(st.integers(0, 599), st.text())
def test_any_text_is_read(status: int, text: str) -> None:
    assert isinstance(read_refusal(status, plain(text)), Refusal)
    assert window_in(text) >= 0


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each) | st.dictionaries(st.text(), each),
)


@given(json_values)
def test_any_json_is_read(value: object) -> None:
    assert isinstance(plain(json.dumps(value)), str)


def test_json_of_great_depth_is_read() -> None:
    assert plain("[" * 100_000)
    assert plain("[" * 900 + "]" * 900) is not None
