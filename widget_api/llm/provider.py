"""A model behind a provider's HTTP interface, and a second one for when the first stays down."""

from __future__ import annotations

import json
import logging
import math
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from widget_api.llm import thinking
from widget_api.llm.adjustments import EFFORT, LIMITS, OTHER_EFFORTS, Adjustment
from widget_api.llm.answer import MAX_BODY_BYTES, Broken, Decoder, Reading
from widget_api.llm.backoff import backoff, retry_after
from widget_api.llm.base import (
    THINKING_TOKENS,
    Assistant,
    ContextExceeded,
    Model,
    Request,
    Result,
    Sink,
    Step,
    Usage,
)
from widget_api.llm.condition import Condition, reason_for
from widget_api.llm.extras import renamed_request, renamed_step
from widget_api.llm.line import Line, session
from widget_api.llm.queue import Queue
from widget_api.llm.quotations import without_quotations
from widget_api.llm.refusals import Refusal, may_be_about_a_field, plain, read_refusal, window_in
from widget_api.llm.repairs import Mending, Repairs
from widget_api.llm.spoken import Tags, may_begin_in_thoughts
from widget_api.llm.window import Window, find_window, window_page
from widget_api.problems import EmptyAnswer, ModelCut, ModelDown, ModelFiltered, ModelRefused, ModelUnavailable
from widget_api.sockets.upstream import Lost, Stalled, Upstream
from widget_api.text import clean

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
# So long a provider may be silent before it answers at all. One that has answered works on the question, be it that
# it reads it, thinks, or has others before it: it gets so many times as long.
IDLE_SECONDS = 60.0
PATIENCE = 3
RETRIES = 2
# Of optional fields, one after the other, in one step.
MOST_ADJUSTMENTS = 6
# An answer that used up its limit before the first word gets so many times as much.
MORE_ROOM = 4
# A shopper is waiting: a provider that wants more patience than this counts as away.
LONGEST_WAIT_SECONDS = 10.0
# Once the answer is complete, so long for the count of tokens, and so long for the end of the body, without
# which the connection could not be used again. Both usually come in the same packet.
COUNT_SECONDS = 1.0
END_SECONDS = 0.25
STREAMS = 2048
READ_BYTES = 64 * 1024
REFUSAL_SECONDS = 2.0
# Enough to find out what a provider did not like. Keys that are shorter than these are placeholders, no secrets.
LOG_CHARACTERS = 300
READ_CHARACTERS = 2000
SHORTEST_KEY = 8
# Bytes of a request a token: low, for a window that is taken for too small costs less than one taken for too large.
BYTES_A_TOKEN = 3

# Whoever compresses a stream holds bytes back.
_HEADERS = {"Content-Type": "application/json", "Accept": "text/event-stream", "Accept-Encoding": "identity"}


class Dialect(Protocol):
    """What the modules `openai` and `anthropic` know about their interfaces."""

    @property
    def BASE_URL(self) -> str: ...  # noqa: N802  # a constant of the module
    @property
    def Decoder(self) -> Callable[..., Decoder]: ...  # noqa: N802  # a class of the module
    def url(self, base: str) -> str: ...
    def headers(self, key: str) -> dict[str, str]: ...
    def body(self, request: Request, model: str) -> dict[str, Any]: ...


class Silent(Broken):
    """The provider took the question and then said nothing: asking again would double the wait."""


class RefusedByStatus(Broken):
    """The provider answered with another status than 200. `text` is the body of its answer."""

    def __init__(self, status: int, text: str, retry_after: float) -> None:
        super().__init__(f"HTTP {status} {text}", status, retry_after)
        self.text = text


@dataclass(slots=True)
class _Asking:
    """How far the asking of one step has come."""

    request: Request
    adjustment: Adjustment
    mending: Mending
    attempts: int = 0
    retries: int = 0
    adjustments: int = 0
    has_repeated: bool = False  # an answer without a word was asked for again
    has_more_room: bool = False  # and its thoughts had used up the limit
    usage: Usage = field(default_factory=Usage)  # of such an answer
    sent: dict[str, Any] = field(default_factory=dict)
    size: int = 0  # in bytes


class Provider:
    """The model `name` of one provider. Safe for any number of threads, each with its own step."""

    def __init__(
        self,
        dialect: Dialect,
        *,
        name: str,
        base_url: str = "",
        key: str = "",
        connect_seconds: float = CONNECT_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        context_tokens: int = 0,
        max_tokens: int = 0,
        options: Mapping[str, Any] | None = None,
        queue: Queue | None = None,
        thought_tags: Tags = (),
        pause: Callable[[threading.Event, float], object] = threading.Event.wait,
    ) -> None:
        """`base_url` as the provider's own SDK takes it; "" is the dialect's maker.

        `idle_seconds` is the longest silence before the head of an answer; `PATIENCE` times that between two reads.
        `context_tokens` and `max_tokens` are 0 to find out. `options` join every body. `pause(stopped, seconds)`
        waits before a retry and returns early when `stopped` is set. `thought_tags` are further pairs of what opens
        and closes thoughts.
        """
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ValueError("the model's API key has characters that no key has: copy it again")
        self.name = name
        self.condition = Condition()
        self._dialect = dialect
        self._base_url = base_url or dialect.BASE_URL
        self._url = dialect.url(self._base_url)
        self._key = key
        self._timeout = (connect_seconds, idle_seconds)
        self._thought_tags = thought_tags
        # Templates of models that think may open the thoughts in the prompt; then only their end can be seen. Every
        # answer says anew whether it was so.
        self._begins_in_thoughts = may_begin_in_thoughts(name)
        self._pause = pause
        self._session = session(STREAMS)
        self._window = Window(context_tokens)
        self._options, self._adjustment, limit = _split_limit(options or {})
        self._max_tokens = max_tokens or limit
        self._usual_tokens = thinking.max_tokens(name, self._options)
        self._queue = queue or Queue()
        self._repairs = Repairs()
        # All questions are the same but for their bodies: half the work of asking is done once.
        asked = requests.Request("POST", self._url, headers=_HEADERS | dialect.headers(key))
        try:
            if not self._url.startswith(("https://", "http://")):
                raise requests.exceptions.InvalidSchema
            self._asked = self._session.prepare_request(asked)
        except requests.RequestException:  # it quotes the address, which may hold a password
            raise ValueError("the model's base URL cannot be read: write it as https://api.example.com/v1") from None
        address = urlsplit(self._url)
        # What signs opaque state: another provider's model of the same name did not make it.
        self._maker = f"{name} at {address.hostname}:{address.port or ''}{address.path}"

    @property
    def context_tokens(self) -> int:
        """The size of the context window as it is known now."""
        return self._window.tokens

    @property
    def max_tokens(self) -> int:
        """The most tokens of an answer: as set, or as suits the model; half the context window at most."""
        return min(self._max_tokens or self._usual_tokens, self._window.tokens // 2)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Return the optional fields that the provider has refused."""
        return tuple(sorted(self._adjustment.without))

    def stream(self, request: Request, into: Sink) -> Step:
        """Answer one step. Retries are made only before the first delta."""
        line = Line()
        into.on_stop(line.hang_up)
        continues = bool(request.messages) and isinstance(request.messages[-1], Result)
        with self._queue.place(into, continues=continues) as has_place:
            if has_place:
                return self._answer(request, into, line)
        return Step("other", model=self.name)

    def _answer(self, request: Request, into: Sink, line: Line) -> Step:
        taken = {call.id for entry in request.messages if isinstance(entry, Assistant) for call in entry.calls}
        reading = Reading.of(request, self._thought_tags, begins_in_thoughts=self._begins_in_thoughts)

        def make_body() -> dict[str, Any]:
            return self._dialect.body(renamed_request(asking.request, self._maker, self.name), self.name)

        asking = _Asking(request, self._adjustment, self._repairs.begin(make_body))
        while not line.hung_up.is_set():
            decoder = self._dialect.Decoder(into, taken=taken, reading=reading)
            asking.attempts += 1
            try:
                step = self._ask(self._question(asking), decoder, into, line)
            except Broken as broken:
                if not line.hung_up.is_set():
                    # Not its cause: the text is the provider's and may hold anything. It is in the log.
                    reason = self._short(str(broken), request)
                    log.warning("model %s, attempt %d: %s", self.name, asking.attempts, reason)
                    if seconds := self._recover(broken, decoder, asking):
                        self._pause(line.hung_up, seconds)
                continue
            step = replace(step, usage=step.usage + asking.usage, empty=not (step.calls or decoder.answer.begun))
            self._learn(step, asking)
            if line.hung_up.is_set() or not self._repeats(step, asking):
                return renamed_step(step, self._maker)
        return Step("other", model=self.name)

    def _question(self, asking: _Asking) -> bytes:
        asking.sent = asking.adjustment.fit({**asking.mending.body, **self._options})
        question = json.dumps(asking.sent).encode()
        asking.size = len(question)
        return question

    def _repeats(self, step: Step, asking: _Asking) -> bool:
        """Whether to ask once more, unnoticed, because not a word came: with more room when thoughts took it all."""
        if asking.has_repeated or not step.empty or step.finish_reason == "content-filter":
            return False
        asking.has_repeated, asking.usage = True, step.usage
        log.warning(
            "model %s ended with %r and without a word, after %d tokens: it is asked once more",
            *(self.name, step.finish_reason, step.usage.output),
        )
        if step.finish_reason == "length":
            room = min(asking.request.max_tokens * MORE_ROOM, self._window.tokens // 2)
            asking.has_more_room = room > asking.request.max_tokens
            asking.request = replace(asking.request, max_tokens=max(room, asking.request.max_tokens))
        return True

    def _learn(self, step: Step, asking: _Asking) -> None:
        """Keep for the next steps what the provider has taken. A model that answered only when it had more room
        thinks, whatever its name is: it gets room from the start."""
        self.condition.succeed()
        asking.mending.succeed()
        if asking.adjustments:
            self._adjustment = self._adjustment.join(asking.adjustment)
        if asking.has_more_room and not step.empty:
            self._usual_tokens = max(self._usual_tokens, THINKING_TOKENS)

    def _recover(self, broken: Broken, decoder: Decoder, asking: _Asking) -> float:
        """Return the seconds until the next attempt. Raises the problem when there is none."""
        text = self._reason(broken, asking.request)
        refusal = read_refusal(broken.status, text)
        if refusal is Refusal.TOO_LONG:
            question = asking.size // BYTES_A_TOKEN
            taken = question if decoder.answer.begun else 0
            self._window.shrink(window_in(text), taken, question + asking.request.max_tokens)
        if refusal is Refusal.FILTERED:  # also in the middle of an answer: asking again would end the same way
            raise ModelFiltered("Please ask in other words.") from None
        if decoder.answer.begun:
            raise ModelCut("Please ask again.") from None
        if refusal is Refusal.TOO_LONG:
            raise ContextExceeded(window_in(text)) from None
        if asking.mending.learn(broken.status, text) or self._adjusts(broken.status, text, asking):
            return 0.0
        if refusal is Refusal.PASSING:
            return self._wait(broken, asking)
        raise self._refused(broken.status, refusal) from None

    def _adjusts(self, status: int, text: str, asking: _Asking) -> bool:
        """Whether the refusal is about an optional field, and the step is to be asked without it."""
        if not may_be_about_a_field(status, text) or asking.adjustments == MOST_ADJUSTMENTS:
            return False
        adjustment = asking.adjustment.after(text, asking.sent)
        if adjustment is None:
            return False
        asking.adjustments += 1
        asking.adjustment = adjustment
        return True

    def _wait(self, broken: Broken, asking: _Asking) -> float:
        """Return the seconds until the next attempt after a passing fault. Raises `ModelUnavailable` when there is
        none."""
        retry = asking.retries
        asking.retries += 1
        if retry == RETRIES or isinstance(broken, Silent) or broken.retry_after > LONGEST_WAIT_SECONDS:
            reason = reason_for(broken.status)
            if self.condition.fail(reason):
                log.warning("model %s does not answer: %s", self.name, reason)
            seconds = math.ceil(broken.retry_after) or None
            raise ModelUnavailable(reason, retry_after=seconds) from None
        return max(backoff(retry), broken.retry_after)

    def _refused(self, status: int, refusal: Refusal) -> ModelRefused:
        """Return the problem of a refusal that asking again does not mend."""
        if refusal is not Refusal.DOWN:
            return ModelRefused(f"the provider refused the request ({status})")
        reason = reason_for(status)
        if self.condition.fail(reason):
            log.error("model %s answers nobody until this is mended: %s", self.name, reason)
        return ModelDown(reason)

    def _look_up_window(self, server: str) -> None:
        """Ask the server, in the background, how large the context window is, unless that is known, or the server, by
        its name, does not tell it."""
        page, headers = window_page(self._base_url, server), self._dialect.headers(self._key)
        if page:
            self._window.look_up(lambda: find_window(page, headers, self.name))

    def close(self) -> None:
        """Close the connections that are kept for the next step."""
        self._session.close()

    def _ask(self, question: bytes, decoder: Decoder, into: Sink, line: Line) -> Step:
        with line.open(), self._post(question, line) as response:
            try:
                self._listen(response, decoder, into, line)
            except Broken:
                if not decoder.finished:  # else nothing is missing but the end of the body
                    raise
            try:
                return decoder.end(self.name)
            finally:
                self._begins_in_thoughts = decoder.answer.begins_in_thoughts
                into.flush()

    def _listen(self, response: requests.Response, decoder: Decoder, into: Sink, line: Line) -> None:
        """Feed the decoder with what arrives, as it arrives, until the answer or the body has ended."""
        unpacked = _unpacked(response.headers.get("Content-Encoding", "identity"))
        idle = self._timeout[1] * PATIENCE

        def hear(data: bytes) -> float:
            if decoder.done:
                return 0
            try:
                decoder.feed(unpacked(data) if unpacked else data)
            finally:
                into.flush()
            if not decoder.finished:
                return idle
            line.let_go()
            return END_SECONDS if decoder.done else COUNT_SECONDS

        upstream = Upstream(line.connection, line.answer, hear, idle)
        with _network_faults():
            upstream.read()
        if upstream.complete:
            response.raw.release_conn()

    def _post(self, question: bytes, line: Line) -> requests.Response:
        asked = self._asked.copy()
        asked.body = question
        asked.headers["Content-Length"] = str(len(question))
        with _network_faults():
            response = self._session.send(
                asked, timeout=self._timeout, stream=True, allow_redirects=False, proxies={}
            )
        if response.status_code == requests.codes.ok:
            self._look_up_window(response.headers.get("Server", ""))
            return response
        with response:
            text = _refusal_text(response, line)
        raise RefusedByStatus(response.status_code, text, retry_after(response.headers))

    def _short(self, text: str, request: Request) -> str:
        """What went wrong, on one line of the log: without the key, and without what was said, for some providers
        repeat what they refuse."""
        text = self._without_key(text)[:READ_CHARACTERS]  # cleaning takes time
        line = self._without_key(" ".join(clean(text).split()))
        return without_quotations(line, request)[:LOG_CHARACTERS]

    def _reason(self, broken: Broken, request: Request) -> str:
        """What a provider says against the request, without what it quotes of it: nobody can talk us into a
        reason."""
        text = broken.text if isinstance(broken, RefusedByStatus) else str(broken)
        return without_quotations(plain(text[:READ_BYTES])[:READ_CHARACTERS], request)

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]") if len(self._key) >= SHORTEST_KEY else text


class Fallback:
    """Two models: the second answers when the first does not."""

    def __init__(self, first: Model, second: Model) -> None:
        self.name = first.name
        self.first = first
        self.second = second
        self._condition = Condition()  # of the first, as seen from here

    @property
    def context_tokens(self) -> int:
        """The context window of the first; while it is in trouble, of whichever has the smaller one."""
        if self._condition.trouble:
            return min(self.first.context_tokens, self.second.context_tokens)
        return self.first.context_tokens

    @property
    def max_tokens(self) -> int:
        """The most tokens of an answer of the first. The second gets its own."""
        return self.first.max_tokens

    def stream(self, request: Request, into: Sink) -> Step:
        """Answer one step with the first model, or the second while nothing has been said yet."""
        used = Usage()
        try:
            step = self.first.stream(request, into)
            if into.stopped or not step.empty or step.finish_reason == "content-filter":
                self._condition.succeed()
                return step
            used, reason = step.usage, EmptyAnswer.code
        except (ModelUnavailable, ModelDown) as exc:
            reason = exc.detail or exc.title
        if self._condition.fail(reason):
            log.error("model %s does not answer, %s answers instead: %s", self.first.name, self.second.name, reason)
        step = self.second.stream(replace(request, max_tokens=self.second.max_tokens), into)
        return replace(step, usage=step.usage + used)


def _refusal_text(response: requests.Response, line: Line) -> str:
    """Return the beginning of the body of a refusal: as much as comes soon."""
    line.connection.settimeout(REFUSAL_SECONDS)
    deadline = time.monotonic() + REFUSAL_SECONDS
    data = b""
    with suppress(OSError, HTTPError):
        while len(data) < READ_BYTES and time.monotonic() < deadline:
            piece = response.raw.read1(READ_BYTES, decode_content=True)
            if not piece:
                break
            data += piece
    return data.decode("utf-8", "replace")


def _split_limit(options: Mapping[str, Any]) -> tuple[dict[str, Any], Adjustment, int]:
    """Return the options without the limit of an answer, what a limit among them says of the server, and it."""
    rest = {name: value for name, value in options.items() if name not in LIMITS}
    if rest.keys() & OTHER_EFFORTS:
        rest.setdefault(EFFORT)  # without it: some gateways take only one of them
    limits = {name: options[name] for name in LIMITS if options.get(name)}
    if not limits:
        return rest, Adjustment(), 0
    name, tokens = next(iter(limits.items()))
    return rest, Adjustment(without=frozenset(LIMITS) - {name}), int(tokens)


def _unpacked(encoding: str) -> Callable[[bytes], bytes] | None:
    """What undoes a compression, which was not asked for."""
    if encoding == "identity":
        return None
    if encoding not in {"gzip", "x-gzip", "deflate"}:
        raise Broken(f"the answer is encoded as {encoding}")
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # it sees by itself which of them it is

    def unpacked(data: bytes) -> bytes:
        try:
            plain = inflate.decompress(data, MAX_BODY_BYTES)
        except zlib.error as exc:
            raise Broken(f"{encoding}: {exc}") from exc
        if inflate.unconsumed_tail:
            raise Broken(f"{encoding}: {len(data)} bytes are more than {MAX_BODY_BYTES} unpacked")
        return plain

    return unpacked


@contextmanager
def _network_faults() -> Iterator[None]:
    """What can go wrong between us and a provider, as `Broken`."""
    try:
        yield
    except (requests.ReadTimeout, ReadTimeoutError, Stalled) as exc:
        raise Silent("it was silent for too long") from exc
    except (requests.RequestException, HTTPError, Lost) as exc:
        raise Broken(f"{type(exc).__name__}: {exc}") from exc
