"""Readings: the tokens of every request of a story."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Story:
    """The tokens of a story's requests: in which turn, how many, and how many begin the request before, too."""

    turns: list[int]
    tokens: list[int]
    repeated: list[int]

    @property
    def per_turn(self) -> float:
        """Return the input tokens of a turn, all its requests together."""
        return sum(self.tokens) / len(set(self.turns))

    def first_turns(self, number: int) -> int:
        """Return the input tokens of the first turns."""
        return sum(tokens for turn, tokens in zip(self.turns, self.tokens, strict=True) if turn < number)

    @property
    def largest(self) -> int:
        return max(self.tokens)

    @property
    def cached(self) -> float:
        """Return the share of all input that repeats the beginning of the request before."""
        return sum(self.repeated) / sum(self.tokens)

    @property
    def kept(self) -> float:
        """Return the smallest share of a request that the next one repeats from its beginning on."""
        return min(again / before for before, again in zip(self.tokens, self.repeated[1:], strict=False))
