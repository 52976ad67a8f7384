"""Ids of calls as a provider takes them back. No I/O.

Another provider may have made them: OpenAI takes up to 40 characters, Anthropic letters, digits, `_` and `-`,
Mistral exactly nine letters and digits. Within a request each names one call.
"""

from __future__ import annotations

import hashlib
from typing import Final, Protocol

# Nine letters and digits: what every provider takes.
CHARACTERS: Final = 9


class Form(Protocol):
    """A pattern of ids."""

    def fullmatch(self, string: str, /) -> object: ...


class Ids:
    """The ids of one request's calls, the same in every request that begins with the same calls."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._used: set[str] = set()
        self._sent: dict[str, str] = {}

    def of_call(self, id: str, wanted: str = "") -> str:
        """Return the id to send for a call: `wanted`, or else its own, where that has the form and is free."""
        sent, number = wanted or id, 0
        while sent in self._used or not (wanted == sent or self._form.fullmatch(sent)):
            sent, number = short_id(f"{id} {number}" if number else id), number + 1
        self._used.add(sent)
        self._sent[id] = sent
        return sent

    def of_result(self, id: str) -> str:
        """Return the id that was sent for the newest call with that id."""
        return self._sent.get(id) or self.of_call(id)


def short_id(id: str) -> str:
    """Return an id that every provider takes, always the same for the same one."""
    return hashlib.sha256(id.encode("utf-8", "surrogatepass")).hexdigest()[:CHARACTERS]
