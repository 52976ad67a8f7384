"""Thoughts, calls and tokens that a model writes into its text never reach the shopper, wherever they are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.llm.spelled import Spelling
from widget_api.llm.spoken import Spoken, Tags, may_begin_in_thoughts
from widget_api.shopify.tools import TOOLS

SCHEMAS = {tool.name: tool.parameters for tool in TOOLS}
HATS = ("search_catalog", {"query": "warm hat"})
ARGUMENTS = '{"query": "warm hat"}'
OBJECT = f'{{"name": "search_catalog", "arguments": {ARGUMENTS}}}'
BAR = "\uff5c"


def heard(
    pieces: list[str], *, cut: bool = False, tags: Tags = (), thoughts: bool = False
) -> tuple[str, list[Spelling]]:
    """What the shopper has in the end, and the calls."""
    reader, shown = Spoken(SCHEMAS, tags, begins_in_thoughts=thoughts), ""
    for piece in [*pieces, None]:
        said = reader.end(cut=cut) if piece is None else reader.feed(piece)
        shown = said if reader.took_back() else shown + said
    return shown, reader.calls


THOUGHTS = {
    "<think>Hm.</think>\n\nHats.": "Hats.",
    "<thinking>Hm.</thinking>Hats.": "Hats.",
    "<THINK>Hm.</Think>Hats.": "Hats.",
    '<think type="deep" n=3>Hm.</think>Hats.': "Hats.",
    "<reasoning>Hm.</reasoning>Hats.": "Hats.",
    "<reflection>Hm.</reflection>Hats.": "Hats.",
    "<thought_process>Hm.</thought_process>Hats.": "Hats.",
    "<seed:think>Hm.</seed:think>Hats.": "Hats.",
    "<seed:cot_budget_reflect>Hm.</seed:cot_budget_reflect>Hats.": "Hats.",
    "<antThinking>Hm.</antThinking>Hats.": "Hats.",
    "<longcat_think>Hm.</longcat_think>Hats.": "Hats.",
    "<Thinking_Process>Hm.</Thinking_Process>Hats.": "Hats.",
    "<chain-of-thought>Hm.</chain-of-thought>Hats.": "Hats.",
    "<|thought|>Hm.<|/thought|>Hats.": "Hats.",
    "< think >Hm.</ think >Hats.": "Hats.",
    "```thinking\nHm.\n```\nHats.": "Hats.",
    "[THINK]Hm.[/THINK]Hats.": "Hats.",
    "◁think▷Hm.◁/think▷Hats.": "Hats.",
    "<|begin_of_thought|>Hm.<|end_of_thought|><|begin_of_solution|>Hats.<|end_of_solution|>": "Hats.",
    "<|START_THINKING|>Hm.<|END_THINKING|><|START_RESPONSE|>Hats.<|END_RESPONSE|>": "Hats.",
    "<|inner_prefix|>Hm.<|inner_suffix|>Hats.": "Hats.",
    "<|channel>thought\nHm.<channel|>Hats.": "Hats.",
    "<unused94>thought\nHm.<unused95>Hats.": "Hats.",
    "Here is my thought process: Hm.\nHere is my response: Hats.": "Hats.",
    "<think>Hm.</think><answer>Hats.</answer>": "Hats.",
    "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hats.<|return|>": "Hats.",
    "Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hats.": "Hats.",
    "<|channel|>commentary<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>Hats.": "Hats.",
    "analysisThe user wants a hat.assistantfinalHats.": "Hats.",
    "Sure! <think>Hm.</think> Hats.": "Sure! Hats.",
    "Hats.\n<think>Hm.</think>\n\n- one": "Hats.\n\n\n- one",
    "<think>Hm.</think><think>And?</think>Hats.": "Hats.",
    "<think>Hm <think>deeper</think> again</think>Hats.": "Hats.",
    "<think>Should I write <think> here?</think>Hats.": "Hats.",
    "<think>Never write `</think>` here.</think>Hats.": "Hats.",
    "<thinking>Hm. </think></thinking>Hats.": "Hats.",
    "<think/>Hats.": "Hats.",
    "Hm. Margins are 60 %.\n</think>\n\nHats.": "Hats.",
    "Hm.</THINKING >Hats.": "Hats.",
    "Hm.[/THINK]Hats.": "Hats.",
    "Hm.◁/think▷Hats.": "Hats.",
    "Hm.<|END_THINKING|>Hats.": "Hats.",
    "Hm.</think>Hm, again.</think>Hats.": "Hats.",
    "Hats.<think>never ends": "Hats.",
    "<think>never ends": "",
    "<|channel|>analysis<|message|>never ends": "",
    "Hats.<|im_end|>": "Hats.",
    f"Hats.<{BAR}end▁of▁sentence{BAR}>": "Hats.",
    "<tool_response>made up</tool_response>Hats.": "Hats.",
}
WORDS = [
    "Good boots",
    "a < b and b > c",
    "a<b, x<y>z",
    "if (a <think) { return [1, 2]; }",
    "Write to <help@shop.example> or <https://shop.example/contact>.",
    "The tag `<think>` opens, `</think>` closes.",
    "[Think](https://shop.example/think) and [our shop](https://shop.example/)",
    "- [ ] one\n- [x] two [1]",
    '```json\n{"size": "M", "colours": ["moss", "navy"]}\n```\nThat is it.',
    "```js\nfunction f() { return {a: 1}; }\n```",
    '{"size": "M"} is an object, and {so} is this.',
    "I looked with search_catalog for you.",
    "search and get and update_ and get_cartwheel",
    "You can print(this) and use functions.of(x).",
    "A | table |\n|---|---|\n| 1 | 2 |",
    "`code` ``more`` ~~~",
    "<br>5 <b>bold</b> <i>x",
    "Action: none",
    'Action: ```json\n{"size": "M"}\n``` it is',
    "analysis paralysis",
    "Here is my thought on it.",
    "{ ", "[", "<", "`", "◁", "<|", "</", "[T", "```", "``", '{"',
]  # fmt: skip
CALLS = [
    f"<tool_call>\n{OBJECT}\n</tool_call>",
    f"<tool_call>{OBJECT}",
    f"<tool_call>[{OBJECT}]</tool_call>",
    f"<tool_calls>{OBJECT}</tool_calls>",
    f"<TOOLCALL>[{OBJECT}]</TOOLCALL>",
    f"<tools>\n{OBJECT}\n</tools>",
    f"<|tool_call|>{OBJECT}<|/tool_call|>",
    "<|tool_call_start|>[search_catalog(query='warm hat')]<|tool_call_end|>",
    f"```json\n{OBJECT}\n```",
    f"```json {OBJECT}```",
    f"```\n{OBJECT}\n```\n",
    f"```xml\n<tool_call>{OBJECT}</tool_call>\n```",
    '```tool_code\nprint(search_catalog(query="warm hat"))\n```',
    f"[TOOL_CALLS][{OBJECT}]",
    f"[TOOL_CALLS]search_catalog[ARGS]{ARGUMENTS}",
    f"[TOOL_CALLS]search_catalog{ARGUMENTS}",
    f"[TOOL_REQUEST]{OBJECT}[END_TOOL_REQUEST]",
    f'<|python_tag|>{{"name": "search_catalog", "parameters": {ARGUMENTS}}}',
    '<|python_tag|>search_catalog(query="warm hat")<|eom_id|>',
    f"<function=search_catalog>{ARGUMENTS}</function>",
    "<tool_call>\n<function=search_catalog>\n<parameter=query>\nwarm hat\n</parameter>\n</function>\n</tool_call>",
    "<function=search_catalog><parameter=query>warm hat</function>",
    "<tool_call>search_catalog\n<arg_key>query</arg_key>\n<arg_value>warm hat</arg_value>\n</tool_call>",
    '<minimax:tool_call><invoke name="search_catalog"><parameter name="query">warm hat</parameter></invoke>'
    "</minimax:tool_call>",
    '<function_calls><invoke name="search_catalog"><parameter name="query">warm hat</parameter></invoke>'
    "</function_calls>",
    f'<{BAR}DSML{BAR}function_calls><{BAR}DSML{BAR}invoke name="search_catalog"><{BAR}DSML{BAR}parameter '
    f'name="query" string="true">warm hat</{BAR}DSML{BAR}parameter></{BAR}DSML{BAR}invoke>'
    f"</{BAR}DSML{BAR}function_calls>",
    f"<{BAR}tool▁calls▁begin{BAR}><{BAR}tool▁call▁begin{BAR}>function<{BAR}tool▁sep{BAR}>search_catalog\n```json\n"
    f"{ARGUMENTS}\n```<{BAR}tool▁call▁end{BAR}><{BAR}tool▁calls▁end{BAR}>",
    f"<{BAR}tool▁call▁begin{BAR}>search_catalog<{BAR}tool▁sep{BAR}>{ARGUMENTS}<{BAR}tool▁call▁end{BAR}>",
    f"<|tool_calls_section_begin|><|tool_call_begin|>functions.search_catalog:0<|tool_call_argument_begin|>{ARGUMENTS}"
    "<|tool_call_end|><|tool_calls_section_end|>",
    f'<|START_ACTION|>[{{"tool_call_id": "0", "tool_name": "search_catalog", "parameters": {ARGUMENTS}}}]'
    "<|END_ACTION|>",
    '<|tool_call>call:search_catalog{query:<|"|>warm hat<|"|>}<tool_call|>',
    "<start_function_call>call:search_catalog{query:<escape>warm hat<escape>}<end_function_call>",
    f"<|channel|>commentary to=functions.search_catalog <|constrain|>json<|message|>{ARGUMENTS}<|call|>",
    f"<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant to=functions.search_catalog<|channel|>commentary "
    f"json<|message|>{ARGUMENTS}",
    "<search_catalog><query>warm hat</query></search_catalog>",
    OBJECT,
    f"[{OBJECT}]",
    f'{{"tool": "search_catalog", "args": {ARGUMENTS}}}',
    f'{{"search_catalog": {ARGUMENTS}}}',
    '{"name": "search_catalog", "query": "warm hat"}',
    f'{{"type": "function", "function": {OBJECT}}}',
    f'{{"tool_calls": [{{"function": {OBJECT}}}]}}',
    '{"name": "search_catalog", "arguments": "{\\"query\\": \\"warm hat\\"}"}',
    "{'name': 'search_catalog', 'arguments': {'query': 'warm hat'}}",
    '{"name": "search_catalog", "arguments": {"query": "warm hat",}}',
    '{"name": "search_catalog", "arguments": {"query": "warm hat"}',
    '[search_catalog(query="warm hat")]',
    "search_catalog(query='warm hat')",
    'search_catalog("warm hat")',
    f"search_catalog({ARGUMENTS})",
    f"search_catalog\n{ARGUMENTS}",
    f"functions.search_catalog({ARGUMENTS})",
    f"Action: search_catalog\nAction Input: {ARGUMENTS}",
    f'Action: ```json\n[{{"tool_name": "search_catalog", "parameters": {ARGUMENTS}}}]\n```',
    "<function_calls><invoke><tool_name>search_catalog</tool_name><parameters><query>warm hat</query></parameters>"
    "</invoke></function_calls>",
    "<function_calls>search_catalog(query='warm hat')</function_calls>",
    f'<|action_start|><|plugin|>{{"name": "search_catalog", "parameters": {ARGUMENTS}}}<|action_end|>',
    f'{{"function_call": {OBJECT}}}',
    f"`search_catalog({ARGUMENTS})`".removeprefix("`"),
    f"<think>Hm.</think>\n{OBJECT}",
    f"Hm.</think>\n<tool_call>{OBJECT}</tool_call>",
]


@pytest.mark.parametrize(("text", "said"), THOUGHTS.items())
def test_thoughts_and_tokens_are_left_out(text: str, said: str) -> None:
    assert heard([text]) == heard(list(text)) == (said, [])


@pytest.mark.parametrize(("text", "said"), THOUGHTS.items())
def test_an_answer_that_may_begin_in_thoughts_comes_to_the_same(text: str, said: str) -> None:
    assert heard([text], thoughts=True) == heard(list(text), thoughts=True) == (said, [])


def test_thoughts_of_which_only_the_end_is_seen_are_not_shown_a_second_time() -> None:
    first = Spoken()
    assert first.feed("Margins are 60 %. ") != ""
    assert (first.feed("</think>Hats."), first.took_back(), first.end()) == ("Hats.", True, "")
    assert first.has_begun_in_thoughts
    second = Spoken(begins_in_thoughts=True)
    assert (second.feed("Margins are 60 %. "), second.feed("</think>Hats.")) == ("", "Hats.")
    assert (second.feed(" Two."), second.end(), second.took_back()) == (" Two.", "", False)
    assert second.has_begun_in_thoughts
    third = Spoken(begins_in_thoughts=True)
    assert (third.feed("Hats."), third.end(), third.has_begun_in_thoughts) == ("", "Hats.", False)


@pytest.mark.parametrize(
    ("name", "may"),
    [
        *(
            (name, True)
            for name in ("Qwen/QwQ-32B", "deepseek-r1:8b", "DeepSeek-R1-Distill-Qwen-7B", "deepseek-reasoner")
        ),
        *((name, True) for name in ("Qwen3-30B-A3B-Thinking-2507", "kimi-k2-thinking")),
        *(
            (name, False)
            for name in ("gpt-5-mini", "claude-haiku-4-5", "llama3.1:8b", "command-r", "r1000", "Qwen3-8B")
        ),
    ],
)
def test_some_names_are_of_models_that_begin_in_thoughts(name: str, may: bool) -> None:
    assert may_begin_in_thoughts(name) is may


@pytest.mark.parametrize("text", WORDS)
def test_what_only_looks_like_markup_is_shown(text: str) -> None:
    assert heard([text]) == heard(list(text)) == (text, [])


@pytest.mark.parametrize("text", CALLS)
def test_a_call_that_is_the_whole_answer_is_one(text: str) -> None:
    assert heard([text]) == heard(list(text)) == ("", [HATS])


@pytest.mark.parametrize("text", [text for text in CALLS if not text.startswith("Hm.")])
def test_a_call_at_the_end_is_one_and_in_the_middle_is_dropped(text: str) -> None:
    said, calls = heard(list(f"Let me look.\n\n{text}"))
    assert (said.strip(), calls) == ("Let me look.", [HATS])
    said, calls = heard([text, "\n\nHere are two hats."])
    assert "search_catalog" not in said
    assert "query" not in said


@pytest.mark.parametrize("text", CALLS)
@pytest.mark.parametrize("left", [0.4, 0.6, 0.8])
def test_a_call_that_is_cut_off_is_neither_run_nor_shown(text: str, left: float) -> None:
    for at in range(int(len(text) * left), len(text) - 1):
        said, calls = heard([text[:at]], cut=True)
        if "search_catalog" in said:  # nothing but the name has come
            assert not any(sign in said for sign in '{(<"'), said
        assert calls in ([], [HATS])


def test_several_calls_are_all_read() -> None:
    cart: Spelling = ("get_cart", {})
    assert heard([f'<tool_call>{OBJECT}</tool_call>\n<tool_call>{{"name": "get_cart"}}</tool_call>']) == (
        "",
        [HATS, cart],
    )
    assert heard(["[search_catalog(query='warm hat'), get_cart()]"]) == ("", [HATS, cart])
    both = f'{OBJECT}; {{"name": "get_cart", "arguments": {{}}}}\n'
    assert heard([both]) == heard(list(both)) == ("", [HATS, cart])


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "lookup_order", "arguments": {"id": 1}}</tool_call>',
        "<tool_call>nonsense</tool_call>",
        '{"name": "search_catalog", "description": "Finds.", "parameters": {"type": "object", "properties": {}}}',
        '{"name": "search_catalog", "arguments": 7}',
    ],
)
def test_what_is_no_call_of_ours_is_dropped(text: str) -> None:
    assert heard(list(text)) == ("", [])


def test_the_settings_add_tags() -> None:
    tags = (("<ponder>", "</ponder>"), ("BEGIN:", ":END"))
    assert heard(list("<ponder>Hm.</PONDER>Hats."), tags=tags)[0] == "Hats."
    assert heard(list("BEGIN:Hm.:END Hats."), tags=tags)[0] == "Hats."
    assert heard(list("Hm.</ponder>Hats."), tags=tags)[0] == "Hats."
    assert heard(list("<pond> Hats. <think>Hm.</think>"), tags=tags)[0] == "<pond> Hats. "
    assert heard(list("search_catalog(query='warm hat')"), tags=tags) == ("", [HATS])


PIECES = st.sampled_from(
    [
        *("<think>", "</think>", "<|channel|>", "final", "analysis", "<|message|>", "<|end|>", "[THINK]", "[/THINK]"),
        *(
            "<tool_call>",
            "</tool_call>",
            OBJECT,
            OBJECT[:-1],
            ARGUMENTS,
            "search_catalog",
            "(query='x')",
            "```json\n",
        ),
        *(
            "```",
            "`",
            "{",
            "}",
            "[",
            "]",
            "<",
            ">",
            "|",
            '"',
            "'",
            "\\",
            "\n",
            " ",
            "a",
            "Hats. ",
            "print(",
            "_",
            "é",
        ),
        *("<tool_response>", "<function=search_catalog>", "</", "Here is my response:", "assistantfinal", "◁think▷"),
    ]
)


@given(st.lists(PIECES, max_size=14).map("".join), st.data(), st.booleans(), st.booleans(), st.booleans())
def test_the_result_does_not_depend_on_the_cuts(
    text: str, data: st.DataObject, cut: bool, tagged: bool, thoughts: bool
) -> None:
    tags = (("<a>", "é"),) if tagged else ()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    whole = heard([text], cut=cut, tags=tags, thoughts=thoughts)
    assert heard(pieces, cut=cut, tags=tags, thoughts=thoughts) == whole
    assert heard(list(text), cut=cut, tags=tags, thoughts=thoughts) == whole


@given(st.text(st.sampled_from("ab c.,\n-*#\u00e9<>[]{}()`_|'\"") | st.characters(exclude_categories=["Cs"])))
def test_text_without_names_and_tags_is_shown_as_it_is(text: str) -> None:
    assert heard([text])[0] == text.lstrip()


def test_long_objects_are_not_held_back_for_ever() -> None:
    reader = Spoken(SCHEMAS)
    shown = "".join(map(reader.feed, ['{"sizes": [', *["1, "] * 5000]))
    assert len(shown) > 10_000


def test_text_is_not_held_back_noticeably() -> None:
    reader = Spoken(SCHEMAS)
    text = "The *Ridge Beanie* costs 29.00 EUR; see [its page](https://shop.example/a_b) or `code` (a < b). Get it? "
    shown = ""
    for number, letter in enumerate(text * 3, 1):
        shown += reader.feed(letter)
        assert number - len(shown) < 30


def test_long_thoughts_are_not_kept() -> None:
    reader = Spoken(SCHEMAS)
    for _ in range(20_000):
        assert reader.feed("<think> and again ") == ""
    assert len(reader._held) < 400


@given(st.dictionaries(st.sampled_from(["query", "limit"]), st.text(max_size=20) | st.integers(), min_size=1))
def test_arguments_come_as_they_were_written(given_: dict[str, Any]) -> None:
    text = json.dumps({"name": "search_catalog", "arguments": given_})
    said, calls = heard(list(text))
    assert said == ""
    assert [name for name, _ in calls] == ["search_catalog"]
