"""What of an answer's text a shopper may see: no thoughts, no calls, no tokens of a chat template. No I/O.

The text is read in modes: a mode's method reads on, and returns whether there is more to do with what has come. Where
a mode ends depends on the text alone, never on how it was cut into pieces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from widget_api.llm.blocks import Block, Brackets, Marked, State
from widget_api.llm.markup import PARTIAL, Kind, Mark, Partial, mark_at
from widget_api.llm.openings import Openings
from widget_api.llm.spelled import Spelling, Tools, names_in, read_calls

# What opens and what closes thoughts.
Tags = tuple[tuple[str, str], ...]

# The head of a message in OpenAI's harmony format.
_HEADER: Final = 300
_MESSAGE: Final = "<|message|>"

# What could begin markup or a call. A word at the end may go on as the name of a tool.
_TRIGGER = re.compile(r"[<\[{`◁]|(?<!\w)(?:print\(|functions\.|Action:|[A-Za-z]\w*_\w*|[A-Za-z]\w{0,60}\Z)")
_ANY_TRIGGER = re.compile(r"[^\w\s]|(?<!\w)\w")
_MARKS = re.compile(r"[<\[◁]")
_LOUD = re.compile(r"[<\[{`◁_]|print\(|functions\.|Action:")

# Thoughts that words set apart, at the very beginning: IBM's Granite, and OpenAI's harmony format where a server has
# taken out its tokens.
_PHRASES: Final = ("analysis", "assistantanalysis", "here is my thought process:", "here's my thought process:")
_PHRASE = re.compile(r"(?:assistant)?analysis(?=[^\W\d_])|here(?:'s| is) my thought process:", re.IGNORECASE)
_PHRASE_END = re.compile(r"assistantfinal|here(?:'s| is) my response:", re.IGNORECASE)
_PHRASE_TAIL: Final = 24

_RECIPIENT = re.compile(r"\bto=(?:functions\.)?([\w-]{1,64})")
_SPEAKER = re.compile(r"\s*(?:assistant)?\s*")
# What may stand between calls, or behind the last one.
_BETWEEN_CALLS: Final = " \t\r\n;,`"
# All that Python calls blank.
_BLANKS: Final = "".join(filter(str.isspace, map(chr, range(0x3001))))


# Models whose chat templates open the thoughts in the prompt, where no server tells the thoughts apart.
_THINKS_FIRST = re.compile(r"\bqwq|(?<![a-z0-9])r1(?![a-z0-9])|thinking|reasoner", re.IGNORECASE)


def may_begin_in_thoughts(model: str) -> bool:
    """Return whether the name is that of a model whose answers may begin in thoughts without a mark."""
    return bool(_THINKS_FIRST.search(model))


class Spoken:
    """Lets through what is meant for the shopper, as soon as that is certain.

    `tools` are those that calls in the text may mean; `tags` are further pairs of what opens and closes thoughts.
    `begins_in_thoughts` says that earlier answers did so without a mark: then all is held back up to the end of the
    thoughts, or of the text. `calls` are the calls that stand at the end of the text.
    """

    def __init__(self, tools: Tools | None = None, tags: Tags = (), *, begins_in_thoughts: bool = False) -> None:
        self.calls: list[Spelling] = []
        self.has_begun_in_thoughts = False
        self._tools: Tools = tools or {}
        self._openings = Openings(self._tools)
        kinds = (Kind.OPEN, Kind.CLOSE)
        self._tags: Mapping[str, Kind] = {
            tag.lower(): kind for pair in tags for tag, kind in zip(pair, kinds, strict=True)
        }
        self._mode: Callable[[], bool] = self._beginning
        self._held = ""  # what is not decided yet, from `_at` on; before that one character
        self._at = 0
        self._plain = 0  # up to here nothing in `_held` is a call: that has been looked at
        self._ended = False
        self._out: list[str] = []
        self._strip = _BLANKS  # to leave out before the next words
        self._last = ""  # the last character that was let through
        self._said = False  # there are words
        self._given = False  # and the caller has some of them
        self._taken_back = False
        self._block: Block = Brackets("", self._tools)
        self._depth = 0  # of thoughts in thoughts
        self._after: list[str] | None = None  # what follows the end of the inner ones
        self._is_harmony = False
        self._is_final = False  # in its channel `final`
        self._base = ""
        self._is_unmarked = begins_in_thoughts
        if begins_in_thoughts:
            self._think(is_harmony=False)
            self._after = []  # without an end they are the answer

    def feed(self, piece: str) -> str:
        """Return what is certain of the text after `piece`, and may be shown."""
        if self._is_quiet(piece):
            self._held, self._at, self._plain = piece[-1:], 1, 0
            self._last = self._held
            return piece
        self._held += piece
        self._read()
        return self._collect()

    def end(self, *, cut: bool = False) -> str:
        """Return what was held back and proved to be text. What may be the beginning of a call is none where the
        answer was `cut`."""
        self._ended = True
        self._read()
        while self._mode != self._text:
            self._close(cut=cut)
            self._read()
        return self._collect()

    def took_back(self) -> bool:
        """Return, once, whether all that was returned before the last piece has proved to be thoughts."""
        taken, self._taken_back = self._taken_back, False
        return taken

    def _is_quiet(self, piece: str) -> bool:
        """Return whether the piece is text as it is. For speed alone."""
        is_idle = self._given and not self._strip and self._at == len(self._held) and self._mode == self._text
        if not (is_idle and piece) or self.calls or self._tags or _LOUD.search(piece):
            return False
        return self._openings.is_certain(piece)

    def _read(self) -> None:
        while self._mode():
            pass
        if self._at > 1:
            self._plain = max(0, self._plain - self._at + 1)
            self._held, self._at = self._held[self._at - 1 :], 1

    def _collect(self) -> str:
        said = "".join(self._out)
        self._out.clear()
        self._given = self._given or bool(said)
        return said

    def _say(self, end: int) -> bool:
        """Let the text up to `end` through."""
        text, self._at = self._held[self._at : end], end
        if self.calls and not (text := text.lstrip(_BETWEEN_CALLS)):
            return True
        if self._strip and not (text := text.lstrip(self._strip)):
            return True
        self._strip = ""
        if text:
            self._out.append(text)
            self._last = text[-1]
        if not (text.isspace() or not text):
            self._said = True
            self.calls.clear()  # they do not stand at the end
        return True

    def _go_on(self) -> bool:
        """Read on as text."""
        self._mode, self._is_unmarked = self._text, False
        if self._said and self._last.isspace():
            self._strip = " \t"
        return True

    def _take_back(self) -> None:
        self._out.clear()
        self.calls.clear()
        self._taken_back = self._taken_back or self._given
        self._given = self._said = False
        self._strip, self._last = _BLANKS, ""

    # text

    def _beginning(self) -> bool:
        begun = self._held = self._held.lstrip()
        if found := _PHRASE.match(begun):
            self._at, self._mode = found.end(), self._phrased
            return True
        if not self._ended and any(phrase.startswith(begun.lower()) for phrase in _PHRASES):
            return False
        self._mode = self._text
        return True

    def _text(self) -> bool:
        text, at = self._held, self._at
        found = _ANY_TRIGGER.search(text, at) if self._tags else _TRIGGER.search(text, at)
        if not found:
            self._say(len(self._held))
            return False
        self._say(found.start())
        mark = self._mark()
        if mark is PARTIAL:
            return False
        if isinstance(mark, Mark):
            return self._obey(mark)
        is_new = self._at >= self._plain
        opening = self._openings.at(self._held, self._at, ended=self._ended) if is_new else self._at + 1
        if isinstance(opening, Partial):
            return False
        if isinstance(opening, int):
            return self._say(opening)
        self._at = opening.end
        return self._hold(opening.block)

    def _mark(self) -> Mark | Partial | None:
        """Return the mark that begins here. One between backticks is quoted, and none."""
        mark = self._own_mark() or mark_at(self._held, self._at, self._tools, ended=self._ended)
        if isinstance(mark, Mark) and self._at and self._held[self._at - 1] == "`":
            if mark.end == len(self._held) and not self._ended:
                return PARTIAL
            if self._held[mark.end : mark.end + 1] == "`":
                return None
        return mark

    def _own_mark(self) -> Mark | Partial | None:
        """Return the tag of the settings that begins here."""
        partial: Partial | None = None
        for tag, kind in self._tags.items():
            text = self._held[self._at : self._at + len(tag)].lower()
            if text == tag:
                return Mark(kind, self._at + len(tag))
            if not self._ended and self._at + len(text) == len(self._held) and tag.startswith(text):
                partial = PARTIAL
        return partial

    def _obey(self, mark: Mark) -> bool:
        begun, self._at = self._at, mark.end
        match mark.kind:
            case Kind.OPEN:
                self._think(is_harmony=False)
            case Kind.CLOSE:
                self.has_begun_in_thoughts = self.has_begun_in_thoughts or self._said
                self._take_back()
            case Kind.CALL:
                self._hold(Marked(self._held[begun : mark.end], self._tools, mark.base))
            case Kind.RESULT:
                self._base, self._mode = mark.base, self._hidden
            case Kind.HEADER:
                self._mode = self._header
            case _:
                self._go_on()
        return True

    # what may be a call

    def _hold(self, block: Block) -> bool:
        self._block, self._mode = block, self._holding
        return True

    def _holding(self) -> bool:
        self._at, state = self._block.read(self._held, self._at, ended=self._ended)
        if state is State.ENDED:
            return self._settle(cut=False)
        return self._release() if state is State.NO_CALL else False

    def _settle(self, *, cut: bool) -> bool:
        """Have the block be calls, or nothing, or text."""
        text = self._block.text
        calls = [] if cut else read_calls(self._block.content, self._tools)
        self.calls += calls
        if calls or self._block.is_call or names_in(text, self._tools):
            return self._go_on()
        return self._release()

    def _release(self) -> bool:
        """Have the block be text in which nothing is a call."""
        text = self._block.text
        self._held = self._last + text + self._held[self._at :]
        self._at = len(self._last)
        self._plain = self._at + len(text)
        self._mode = self._text
        return True

    # what is not meant for the shopper

    def _think(self, *, is_harmony: bool) -> bool:
        self._depth, self._after, self._is_harmony = 1, None, is_harmony
        self._mode = self._thinking
        return True

    def _thinking(self) -> bool:
        """Thoughts may hold thoughts. Some models write of a tag and never close it: then the last end counts."""
        text, begun = self._held, self._at
        found = _ANY_TRIGGER.search(text, begun) if self._tags else _MARKS.search(text, begun)
        self._at = found.start() if found else len(self._held)
        mark = self._mark() if found else PARTIAL
        if isinstance(mark, Mark):
            if self._is_unmarked and mark.kind in {Kind.OPEN, Kind.HEADER}:
                return self._begin_anew(begun)  # these thoughts are marked
            self._at = mark.end
            if self._is_harmony:
                return self._leave_channel(mark.kind)
            if mark.kind is Kind.CLOSE:
                return self._wake()
            self._depth += mark.kind is Kind.OPEN
        elif mark is None:
            self._at += 1
        if self._after is not None:
            self._after.append(self._held[begun : self._at])
        return mark is not PARTIAL

    def _begin_anew(self, at: int) -> bool:
        """Have what was taken for thoughts be text, from the beginning on."""
        self._held, self._at = "".join(self._after or ()) + self._held[at:], 0
        self._mode, self._is_unmarked = self._beginning, False
        return True

    def _wake(self) -> bool:
        self._depth -= 1
        self._after = []
        if self._depth:
            return True
        self.has_begun_in_thoughts = self.has_begun_in_thoughts or self._is_unmarked
        return self._go_on()

    def _leave_channel(self, kind: Kind) -> bool:
        if kind is Kind.HEADER:
            self._mode = self._header
        elif kind is Kind.STOP:
            self._go_on()
        return True

    def _header(self) -> bool:
        """A message of the harmony format: thoughts, calls and the answer have channels of their own."""
        end = self._held.find(_MESSAGE, self._at, self._at + _HEADER + len(_MESSAGE))
        if end < 0:
            if self._ended:
                self._at = len(self._held)
            elif len(self._held) - self._at < _HEADER + len(_MESSAGE):
                return False
            return self._go_on()
        header, self._at = self._held[self._at : end], end + len(_MESSAGE)
        if recipient := _RECIPIENT.search(header):
            return self._hold(Marked(f"{recipient[1]} ", self._tools, ""))
        is_final = "final" in header
        if not is_final and not _SPEAKER.fullmatch(header):
            return self._think(is_harmony=True)
        if is_final and not self._is_final:
            self._take_back()
        self._is_final = is_final
        return self._go_on()

    def _phrased(self) -> bool:
        found = _PHRASE_END.search(self._held, self._at)
        if found:
            self._at = found.end()
            return self._go_on()
        self._at = max(self._at, len(self._held) - (0 if self._ended else _PHRASE_TAIL))
        return False

    def _hidden(self) -> bool:
        """What a model makes up as a tool's answer."""
        found = _MARKS.search(self._held, self._at)
        self._at = found.start() if found else len(self._held)
        mark = mark_at(self._held, self._at, ended=self._ended) if found else PARTIAL
        if isinstance(mark, Mark):
            self._at = mark.end
            is_over = mark.kind is Kind.STOP or (mark.kind is Kind.END and mark.base == self._base)
            return self._go_on() if is_over else True
        self._at += mark is None
        return mark is None

    def _close(self, *, cut: bool) -> None:
        """End what the text has left open."""
        if self._mode == self._holding:
            self._settle(cut=cut)
        elif self._mode == self._thinking and self._after and not (cut and self._is_unmarked):
            self._begin_anew(len(self._held))
        else:
            self._held, self._at = "", 0
            self._mode = self._text
