"""Tool results in fewer tokens: less of each product, then fewer products, never a part of one."""

from __future__ import annotations

from typing import Any, Final

from widget_api.shopify.result_text import Detail, as_blocks, as_lines
from widget_api.text import cut
from widget_api.turns.token_count import estimate_tokens

NOTE: Final = "(Shortened to save room. Call the tool again if you need more.)"
# For the note, and for the word on how much is left out.
_FRAME: Final = estimate_tokens(NOTE) + 12


def shorten_to(detail: Detail, tool_name: str, output: Any, whole: str) -> str:
    """Return the result in less detail than `whole` tells it; where something is left out, a note says so."""
    told = as_lines(tool_name, output, detail)
    return whole if told == whole else f"{told}\n{NOTE}"


def shorten(tool_name: str, output: Any, most: int) -> str:
    """Return what can be told of the result in about `most` tokens; the note about it always can."""
    told = whole = as_lines(tool_name, output)
    for detail in (Detail.BRIEF, Detail.NAMES):
        if estimate_tokens(told) <= most:
            return told
        told = shorten_to(detail, tool_name, output, whole)
    if estimate_tokens(told) <= most:
        return told
    return _fit(as_blocks(tool_name, output, Detail.NAMES), most - _FRAME)


def _fit(blocks: list[str], most: int) -> str:
    """Return the first blocks that fit, how many more there are, and the note."""
    kept: list[str] = []
    for block in blocks:
        most -= estimate_tokens(block) + 1
        if most < 0:
            break
        kept.append(block)
    if len(kept) < len(blocks) and not kept and len(blocks) == 1:
        kept = [_begin(blocks[0], most + estimate_tokens(blocks[0]))]
    rest = len(blocks) - len(kept)
    return "\n".join([*kept, *([f"… and {rest} more"] if rest else []), NOTE])


def _begin(sentence: str, most: int) -> str:
    """Return the first words of a result that is one long sentence, as an error may be."""
    return f"{cut(sentence, max(most, 0)).rpartition(' ')[0]}…"
