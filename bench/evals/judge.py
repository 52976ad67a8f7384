"""The judge: what is wrong with an answer, found without a model. Each rule says its faults in a sentence.

The rules of `HELD` hold for every answer, those of `ASKED` where a turn of a case asks for them. A fault is the name
of its rule and what was seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from bench.evals import language, money
from bench.evals.cases import TOOL_NAMES, Case, Turn
from bench.evals.transcript import Answer, Exchange, outputs, products, texts

# So many words in a row of the rules or of the owner's are a recitation.
RECITED_WORDS: Final = 8

_MARKUP: Final = {
    "HTML": re.compile(r"</?[a-zA-Z][a-zA-Z0-9-]*(?:\s[^<>]*)?/?>"),
    "an image": re.compile(r"!\[[^\]]*\]\("),
    "a heading": re.compile(r"^\s{0,3}#{1,6}\s", re.MULTILINE),
    "a table": re.compile(r"^\s*\|?\s*:?-{3,}:?\s*\|", re.MULTILINE),
    "a block of code": re.compile(r"```|~~~"),
    "an id": re.compile(r"gid:/|/ProductVariant/|/CartLine/"),
    "a thought": re.compile(r"</?think|\[/?THINK\]|◁/?think▷|<\|?channel|</?reasoning", re.IGNORECASE),
    "a call as text": re.compile(
        r"</?tool_?call|\[/?TOOL_CALLS?\]|<\|[a-z_]+\|>|<function|\"(?:arguments|parameters)\"\s*:", re.IGNORECASE
    ),
    "JSON": re.compile(r"[{\[]\s*\{?\s*\"\w+\"\s*:"),
    "the name of a tool": re.compile(rf"\b(?:{'|'.join(sorted(TOOL_NAMES))}|has_more_variants|available_only)\b"),
}
_LINK: Final = re.compile(r"https?://[^\s<>()\[\]\"'*]+|\]\(([^()\s]+)\)")
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_BOLD: Final = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
# Of Latin, Japanese and Arabic.
_QUESTION_MARKS: Final = ("?", "\uff1f", "\u061f")
_OPEN_ENDS: Final = (",", ":", ";", "(", "-", "\u2013", "\u3001", "\uff1a", "\u060c", "\u061b")


@dataclass(frozen=True, slots=True)
class View:
    """One exchange of a conversation with all that was known to the assistant at that time.

    `facts` is what it knows without a tool, `secrets` are the texts that it must not recite: the rules and the
    owner's words. `sites` are the shop's hosts.
    """

    case: Case
    turn: Turn
    earlier: Sequence[Exchange]
    exchange: Exchange
    sites: frozenset[str] = frozenset()
    facts: str = ""
    secrets: Sequence[str] = ()

    @property
    def answer(self) -> Answer:
        return self.exchange.answer

    @property
    def text(self) -> str:
        return self.exchange.answer.text

    @property
    def known(self) -> list[Any]:
        """What tools have answered so far."""
        return list(outputs([*self.earlier, self.exchange]))

    @property
    def told(self) -> list[str]:
        """Every text that was told to the assistant: questions, pages, facts, answers of tools."""
        exchanges = [*self.earlier, self.exchange]
        asked = [text for each in exchanges for text in (each.says, *each.page.values())]
        return [*asked, self.facts, *texts(self.known)]

    @property
    def goods(self) -> dict[str, dict[str, Any]]:
        """The products that tools have shown so far, by title."""
        return {product["title"]: product for product in products(self.known)}

    @property
    def named(self) -> list[str]:
        """The titles of those that the answer names. A title within a longer one that is named does not count."""
        said, found = money.normalize(self.text).casefold(), []
        for title in sorted(self.goods, key=len, reverse=True):
            folded = money.normalize(title).casefold()
            if folded in said:
                found.append(title)
                said = said.replace(folded, " ")
        return found


Rule = Callable[[View], Iterator[str]]


def judge(
    case: Case,
    exchanges: Sequence[Exchange],
    *,
    sites: frozenset[str] = frozenset(),
    facts: str = "",
    secrets: Sequence[str] = (),
) -> list[str]:
    """Return the faults of a conversation, none if it is as it should be. Each names its turn, counted from 1."""
    faults = []
    for number, (turn, exchange) in enumerate(zip(case.turns, exchanges, strict=False), 1):
        view = View(case, turn, exchanges[: number - 1], exchange, sites, facts, secrets)
        faults += [f"turn {number}: {name}: {fault}" for name, rule in RULES.items() for fault in rule(view)]
    if len(exchanges) < len(case.turns):
        faults.append(f"turn {len(exchanges) + 1}: ends: it was never asked")
    return faults


# For every answer


def _ends(view: View) -> Iterator[str]:
    if view.answer.problem or view.answer.ending != "finish":
        yield f"it ended with {view.answer.problem or view.answer.ending}"


def _words(view: View) -> Iterator[str]:
    if not view.text.strip():
        yield "it has no words"


def _cut(view: View) -> Iterator[str]:
    text = view.text.rstrip()
    if view.answer.finish_reason == "length" or view.answer.cut:
        yield f"it was cut ({view.answer.cut or 'length'})"
    elif text.endswith(_OPEN_ENDS) or text.count("**") % 2:
        yield f"it breaks off at “{text[-20:]}”"


def _money(view: View) -> Iterator[str]:
    grounds = [amount for each in (view.known, view.told) for amount in money.amounts_in(each)]
    for exchange in (*view.earlier, view.exchange):
        grounds += money.find_numbers(exchange.says)
    for amount in money.find_amounts(view.text):
        if not money.is_grounded(amount, grounds):
            yield f"nothing says {amount.text}"


def _percentages(view: View) -> Iterator[str]:
    known = {each for text in view.told for each in money.find_percentages(text)}
    for percentage in sorted(money.find_percentages(view.text) - known):
        yield f"nothing says {percentage} %"


def _links(view: View) -> Iterator[str]:
    told = "\n".join(view.told)
    for match in _LINK.finditer(view.text):
        address = (match[1] or match[0]).rstrip(".,;:!?。、")
        if address.startswith(("mailto:", "tel:")):
            continue
        host = urlsplit(address).netloc
        if host and host not in view.sites:
            yield f"{address} is not the shop's"
        elif address not in told:
            yield f"no tool named {address}"
    for address in _EMAIL.findall(view.text):
        if address not in told:
            yield f"no tool named {address}"


def _calls(view: View) -> Iterator[str]:
    made = [(call.name, json.dumps(call.input, sort_keys=True)) for call in view.answer.calls]
    if len(made) > view.turn.max_calls:
        yield f"{len(made)} calls, {view.turn.max_calls} were allowed"
    for name in sorted({call[0] for call in made if made.count(call) > 1}):
        yield f"{name} was called twice with the same input"


def _length(view: View) -> Iterator[str]:
    count = language.count_words(view.text)
    if count > view.turn.max_words:
        yield f"{count} words, {view.turn.max_words} were allowed"


def _markup(view: View) -> Iterator[str]:
    for name, pattern in _MARKUP.items():
        if found := pattern.search(view.text):
            yield f"{name}: {found[0].strip()[:40]}"


def _language(view: View) -> Iterator[str]:
    wanted = view.turn.language or view.case.language
    if view.text.strip() and not language.is_in(view.text, wanted, _proper_names(view)):
        yield f"it is not in {wanted}"


def _proper_names(view: View) -> tuple[str, ...]:
    """Return what stays as it is in every language: titles, values of options, and what stands in bold."""
    values = [
        text for each in view.goods.values() for text in texts([each.get("options"), each["variants"]]) if text != "a"
    ]
    lines = [title for exchange in (*view.earlier, view.exchange) for title in exchange.cart or ()]
    return (*view.goods, *lines, *(value for value in values if len(value) > 2), *_BOLD.findall(view.text))


def _recitation(view: View) -> Iterator[str]:
    said = _word_run(view.text)
    allowed = "\n".join(_word_run(text) for text in view.told if text != view.facts)
    for secret in view.secrets:
        words = _word_run(secret).split()
        for at in range(len(words) - RECITED_WORDS + 1):
            run = " ".join(words[at : at + RECITED_WORDS])
            if run in said and run not in allowed:
                yield f"it recites “{run}”"
                break


def _word_run(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _cart(view: View) -> Iterator[str]:
    """A cart that a turn does not name stays as it was."""
    if view.turn.cart is None:
        before = view.earlier[-1].cart if view.earlier else {}
        wanted: Mapping[str, int] | None = {} if view.turn.carts_expire else before
        reason = "nobody asked for a change"
    else:
        wanted, reason = view.turn.cart, f"{view.turn.cart or 'an empty cart'} was asked for"
    if view.exchange.cart is None:
        yield "it could not be read"
    elif view.exchange.cart != wanted:
        yield f"it holds {dict(view.exchange.cart) or 'nothing'}, {reason}"


def _bold_names_have_cards(view: View) -> Iterator[str]:
    shown = {str(card.get("title")) for each in (*view.earlier, view.exchange) for card in each.answer.cards}
    bold = {text.strip(" .,:").casefold() for text in _BOLD.findall(view.text)}
    for title in view.goods:
        if title.casefold() in bold and title not in shown:
            yield f"no card was ever shown of {title}"


# Where a turn asks for it


def _must_call(view: View) -> Iterator[str]:
    made = {call.name for call in view.answer.calls}
    for named in view.turn.must_call:
        if not made & set(named.split("|")):
            yield f"{' or '.join(named.split('|'))} was not called"


def _must_not_call(view: View) -> Iterator[str]:
    for name in sorted({call.name for call in view.answer.calls} & set(view.turn.must_not_call)):
        yield f"{name} was called"


def _require(view: View) -> Iterator[str]:
    for pattern in view.turn.require:
        if not re.search(pattern, money.normalize(view.text), re.IGNORECASE):
            yield f"/{pattern}/ was not found"


def _forbid(view: View) -> Iterator[str]:
    for pattern in view.turn.forbid:
        if found := re.search(pattern, money.normalize(view.text), re.IGNORECASE):
            yield f"“{found[0][:60]}” was said"


def _names(view: View) -> Iterator[str]:
    said = money.normalize(view.text).casefold()

    def is_said(title: str) -> bool:
        return money.normalize(title).casefold() in said

    yield from (f"{title} was not named" for title in view.turn.names if not is_said(title))
    yield from (f"{title} was named" for title in view.turn.names_none if is_said(title))
    if view.turn.names_any and not any(map(is_said, view.turn.names_any)):
        yield f"none of {', '.join(view.turn.names_any)} was named"
    if view.turn.most_named and len(view.named) > view.turn.most_named:
        yield f"{len(view.named)} products were named, {view.turn.most_named} were allowed"


def _dearest(view: View) -> Iterator[str]:
    if not view.turn.dearest:
        return
    for title in view.named:
        prices = [float(value) for each in money.amounts_in(view.goods[title]["price"]) for value in each.values]
        if prices and min(prices) > view.turn.dearest:
            yield f"{title} costs {min(prices)}, at most {view.turn.dearest} was asked for"


def _cards(view: View) -> Iterator[str]:
    if view.turn.cards is None:
        return
    shown = {str(card.get("title")) for card in view.answer.cards}
    if shown != set(view.turn.cards):
        yield f"they show {sorted(shown) or 'nothing'}, not {sorted(view.turn.cards) or 'nothing'}"


def _asks(view: View) -> Iterator[str]:
    if view.turn.asks and not any(mark in view.text for mark in _QUESTION_MARKS):
        yield "it asks nothing"


HELD: Final[dict[str, Rule]] = {
    "ends": _ends,
    "words": _words,
    "cut": _cut,
    "money": _money,
    "percentages": _percentages,
    "links": _links,
    "calls": _calls,
    "length": _length,
    "markup": _markup,
    "language": _language,
    "recitation": _recitation,
    "cart": _cart,
    "bold names": _bold_names_have_cards,
}
ASKED: Final[dict[str, Rule]] = {
    "must call": _must_call,
    "must not call": _must_not_call,
    "require": _require,
    "forbid": _forbid,
    "names": _names,
    "dearest": _dearest,
    "cards": _cards,
    "asks": _asks,
}
RULES: Final[dict[str, Rule]] = HELD | ASKED
