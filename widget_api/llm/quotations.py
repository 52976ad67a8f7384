"""What providers quote of a conversation in what they say about it. No I/O."""

from __future__ import annotations

from itertools import groupby
from typing import Final

from widget_api.llm.base import Assistant, Request, User

# So many characters in a row that somebody has said are a quotation, and no chance.
QUOTED_CHARACTERS: Final = 12


def without_quotations(text: str, request: Request) -> str:
    """Return the text without what it quotes of the words in the request."""
    said = (" ".join(entry.text.split()) for entry in request.messages if isinstance(entry, User | Assistant))
    return _without(text, "\n".join(said))


def _without(line: str, said: str) -> str:
    """`line` without what it quotes of `said`. Linear: a provider that is down fails every turn at once."""
    size = QUOTED_CHARACTERS
    known = {said[at : at + size] for at in range(len(said) - size + 1)}
    starts = [at for at in range(len(line) - size + 1) if line[at : at + size] in known]
    quoted = {at + more for at in starts for more in range(size)}
    runs = groupby(range(len(line)), key=quoted.__contains__)
    return "".join("[…]" if hidden else "".join(line[at] for at in run) for hidden, run in runs)
