"""A model behind a provider's HTTP interface, and a second one for when the first stays down."""

from __future__ import annotations

import json
import logging
import math
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import groupby
from typing import Any, Protocol

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from widget_api.llm.answer import MAX_BODY_BYTES, Broken, Decoder
from widget_api.llm.backoff import backoff, retry_after
from widget_api.llm.base import CONTEXT_TOKENS, MAX_TOKENS, Assistant, Model, Request, Sink, Step, User
from widget_api.llm.line import Line, session
from widget_api.problems import ModelCut, ModelRefused, ModelUnavailable
from widget_api.sockets.upstream import Lost, Stalled, Upstream
from widget_api.text import clean

log = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0
# Models that think are silent for long; beyond this nobody is there any more.
IDLE_SECONDS = 60.0
RETRIES = 2
# A shopper is waiting: a provider that wants more patience than this counts as away.
LONGEST_WAIT_SECONDS = 10.0
# Once the answer is complete, so long for the count of tokens, and so long for the end of the body, without
# which the connection could not be used again. Both usually come in the same packet.
COUNT_SECONDS = 1.0
END_SECONDS = 0.25
STREAMS = 2048
READ_BYTES = 64 * 1024
# Enough to find out what a provider did not like. Keys that are shorter than these are placeholders, no secrets.
LOG_CHARACTERS = 300
READ_CHARACTERS = 2000
# So many characters in a row that somebody has said are a quotation, and no chance.
QUOTED_CHARACTERS = 12
SHORTEST_KEY = 8

# Statuses below 500 that asking again may mend. 0: there was none.
_PASSING = frozenset({0, 408, 409, 425, 429})
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
        pause: Callable[[threading.Event, float], object] = threading.Event.wait,
    ) -> None:
        """`base_url` as the provider's own SDK takes it; "" is the dialect's maker.

        `idle_seconds` is the longest silence between two reads. `pause(stopped, seconds)` waits before a
        retry and returns early when `stopped` is set.
        """
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise ValueError("the model's API key has characters that no key has: copy it again")
        self.name = name
        self._dialect = dialect
        self._url = dialect.url(base_url or dialect.BASE_URL)
        self._key = key
        self._timeout = (connect_seconds, idle_seconds)
        self._pause = pause
        self._session = session(STREAMS)
        # All questions are the same but for their bodies: half the work of asking is done once.
        asked = requests.Request("POST", self._url, headers=_HEADERS | dialect.headers(key))
        try:
            if not self._url.startswith(("https://", "http://")):
                raise requests.exceptions.InvalidSchema
            self._asked = self._session.prepare_request(asked)
        except requests.RequestException:  # it quotes the address, which may hold a password
            raise ValueError("the model's base URL cannot be read: write it as https://api.example.com/v1") from None

    @property
    def context_tokens(self) -> int:
        """Return how many tokens a request and its answer may have together."""
        return CONTEXT_TOKENS

    @property
    def max_tokens(self) -> int:
        """Return how many tokens an answer may have at most."""
        return MAX_TOKENS

    def stream(self, request: Request, into: Sink) -> Step:
        """Answer one step. Retries are made only before the first delta."""
        line = Line()
        into.on_stop(line.hang_up)
        question = json.dumps(self._dialect.body(request, self.name)).encode()
        taken = {call.id for entry in request.messages if isinstance(entry, Assistant) for call in entry.calls}
        retry = 0
        while not line.hung_up.is_set():
            decoder = self._dialect.Decoder(into, taken=taken)
            try:
                return self._ask(question, decoder, into, line)
            except Broken as broken:
                if not line.hung_up.is_set():
                    # Not its cause: the text is the provider's and may hold anything. It is in the log.
                    log.warning("model %s, attempt %d: %s", self.name, retry + 1, self._short(broken, request))
                    self._pause(line.hung_up, _wait(broken, decoder, retry))
            retry += 1
        return Step("other", model=self.name)

    def close(self) -> None:
        """Close the connections that are kept for the next step."""
        self._session.close()

    def _ask(self, question: bytes, decoder: Decoder, into: Sink, line: Line) -> Step:
        with line.open(), self._post(question) as response:
            try:
                self._listen(response, decoder, into, line)
            except Broken:
                if not decoder.finished:  # else nothing is missing but the end of the body
                    raise
            try:
                return decoder.end(self.name)
            finally:
                into.flush()

    def _listen(self, response: requests.Response, decoder: Decoder, into: Sink, line: Line) -> None:
        """Feed the decoder with what arrives, as it arrives, until the answer or the body has ended."""
        unpacked = _unpacked(response.headers.get("Content-Encoding", "identity"))
        idle = self._timeout[1]

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

    def _post(self, question: bytes) -> requests.Response:
        asked = self._asked.copy()
        asked.body = question
        asked.headers["Content-Length"] = str(len(question))
        with _network_faults():
            response = self._session.send(
                asked, timeout=self._timeout, stream=True, allow_redirects=False, proxies={}
            )
        if response.status_code == requests.codes.ok:
            return response
        with response, _network_faults():
            text = response.raw.read1(READ_BYTES, decode_content=True).decode("utf-8", "replace")
        raise Broken(f"HTTP {response.status_code} {text}", response.status_code, retry_after(response.headers))

    def _short(self, broken: Broken, request: Request) -> str:
        """What went wrong, on one line of the log: without the key, and without what was said, for some providers
        repeat what they refuse."""
        text = self._without_key(str(broken))[:READ_CHARACTERS]  # cleaning takes time
        line = self._without_key(" ".join(clean(text).split()))
        said = (" ".join(entry.text.split()) for entry in request.messages if isinstance(entry, User | Assistant))
        return _without(line, "\n".join(said))[:LOG_CHARACTERS]

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]") if len(self._key) >= SHORTEST_KEY else text


class Fallback:
    """Two models: the second answers when the first cannot be reached."""

    def __init__(self, first: Model, second: Model) -> None:
        self.name = first.name
        self._first = first
        self._second = second

    @property
    def context_tokens(self) -> int:
        """Return the smaller one of the two windows."""
        return min(self._first.context_tokens, self._second.context_tokens)

    @property
    def max_tokens(self) -> int:
        """Return how many tokens an answer of the first model may have at most."""
        return self._first.max_tokens

    def stream(self, request: Request, into: Sink) -> Step:
        """Answer one step with the first model, or the second while nothing has been said yet."""
        try:
            return self._first.stream(request, into)
        except ModelUnavailable:
            log.warning("model %s is away, asking %s", self._first.name, self._second.name)
            return self._second.stream(request, into)


def _wait(broken: Broken, decoder: Decoder, retry: int) -> float:
    """Seconds until the next attempt. Raises the problem when there is none."""
    if decoder.answer.begun:
        raise ModelCut("Please ask again.") from None
    if broken.status < 500 and broken.status not in _PASSING:
        raise ModelRefused("The server's log has the reason.") from None
    if retry == RETRIES or isinstance(broken, Silent) or broken.retry_after > LONGEST_WAIT_SECONDS:
        seconds = math.ceil(broken.retry_after) or None
        raise ModelUnavailable("Please try again in a moment.", retry_after=seconds) from None
    return max(backoff(retry), broken.retry_after)


def _without(line: str, said: str) -> str:
    """`line` without what it quotes of `said`. Linear: a provider that is down fails every turn at once."""
    size = QUOTED_CHARACTERS
    known = {said[at : at + size] for at in range(len(said) - size + 1)}
    starts = [at for at in range(len(line) - size + 1) if line[at : at + size] in known]
    quoted = {at + more for at in starts for more in range(size)}
    runs = groupby(range(len(line)), key=quoted.__contains__)
    return "".join("[…]" if hidden else "".join(line[at] for at in run) for hidden, run in runs)


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
