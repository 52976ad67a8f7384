"""HTTP to shops: only to vetted addresses, no redirects, no cookies, bounded in bytes and in time."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from types import MappingProxyType

import requests
from requests.structures import CaseInsensitiveDict
from urllib3 import exceptions as urllib3_errors
from urllib3.exceptions import HTTPError

from widget_api.problems import ShopUnavailable
from widget_api.shopify.breaker import Breakers
from widget_api.shopify.calls import TOO_LATE, Call, guarded, note, time_left
from widget_api.shopify.dial import CONNECT_SECONDS, TimeLimit, VettedAdapter
from widget_api.shopify.endpoint import CLIENT_NAME
from widget_api.shopify.memory import Memory
from widget_api.shopify.passages import Page
from widget_api.shopify.refusals import Refusal

TOTAL_SECONDS = 20.0
# A page of ten products is 20-60 kB; nothing honest comes near this.
MAX_BYTES = 2_000_000
CHUNK = 65_536

# Tool lists change when Shopify or the merchant changes something; MCP sessions usually live half an hour.
TOOLS_SECONDS = 3600.0
SESSION_SECONDS = 1200.0
# The protocol version that a shop speaks with us, and what the operator was told: once a day is enough.
DAY_SECONDS = 86_400.0
# Merchants change their policies seldom, but want to see the change.
PAGE_SECONDS = 600.0
MAX_PAGES = 500
# Of all kept pages. A policy has some 20,000.
MAX_PAGE_CHARACTERS = 8_000_000


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer. Its body may hold a cart's key, so it is not shown."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        return self.headers.get(name, "")


class Http:
    """The way to all shops, one for the process: safe from any thread."""

    def __init__(
        self,
        *,
        total: float = TOTAL_SECONDS,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`total` bounds one exchange, in seconds; `pause` waits and `clock` tells the time, both in seconds."""
        self.total = total
        self.pause = pause
        self.tools: Memory[frozenset[str]] = Memory(TOOLS_SECONDS, clock)
        self.sessions: Memory[dict[str, str]] = Memory(SESSION_SECONDS, clock)
        self.releases: Memory[str] = Memory(DAY_SECONDS, clock)
        self.refusals: Memory[Refusal] = Memory(DAY_SECONDS, clock)
        self.reported: Memory[bool] = Memory(DAY_SECONDS, clock)
        self.pages: Memory[Page] = Memory(
            PAGE_SECONDS, clock, MAX_PAGES, size=Page.size, most_size=MAX_PAGE_CHARACTERS
        )
        self._breakers = Breakers(clock)
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy and no .netrc
        # A shop's cookie names a visitor's cart: kept here, it would hand one shopper's cart to the next.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, VettedAdapter(pool_connections=64, pool_maxsize=32))

    def close(self) -> None:
        """Close all kept connections."""
        self._session.close()

    def call(self, shop: str, seconds: float, *, is_admitted: bool = True) -> AbstractContextManager[Call]:
        """Return a block that is one call of the shop: its exchanges take at most `seconds` in all, and the shop's
        breaker decides whether there are any. One that is not admitted sends nothing either."""
        return guarded(self._breakers.of(shop), seconds, is_admitted=is_admitted)

    def get(self, url: str, headers: Mapping[str, str] = MappingProxyType({})) -> Reply:
        """Fetch `url`. Raises `ShopUnavailable` and `ShopRefused`, as `post` does."""
        return self._send("GET", url, b"", headers, tries=2)

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, changes: bool = True) -> Reply:
        """Send `body` and return the whole answer, whatever its status; redirects are answers too. What `changes`
        nothing is sent once more when the connection breaks.

        Raises `ShopUnavailable` when there is no answer, or too much or too late of one, `ShopBusy` when the shop is
        not to be asked, `ShopRefused` when the name leads to an address where no shop is.
        """
        return self._send("POST", url, body, headers, tries=1 if changes else 2)

    def _send(self, method: str, url: str, body: bytes, headers: Mapping[str, str], *, tries: int) -> Reply:
        seconds = time_left(self.total)
        limit = TimeLimit(seconds)
        try:
            with (
                limit,
                self._session.request(
                    method,
                    url,
                    data=body,
                    headers={"User-Agent": CLIENT_NAME, "Accept-Encoding": "gzip", **headers},
                    timeout=(min(CONNECT_SECONDS, seconds), seconds),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                raw = _read(response)
        # A ValueError is what requests makes of an address that cannot be read, also of one in a Location.
        except (requests.RequestException, HTTPError, OSError, ValueError) as exc:
            late = limit.over or isinstance(exc, requests.Timeout | urllib3_errors.TimeoutError)
            if tries > 1 and not late:
                return self._send(method, url, body, headers, tries=tries - 1)
            if late:
                note(Call.note_late)
            raise ShopUnavailable(TOO_LATE if late else "") from exc
        if limit.over:
            note(Call.note_late)
            raise ShopUnavailable(TOO_LATE)
        note(Call.note_answer)
        answered = CaseInsensitiveDict(response.headers)
        return Reply(response.status_code, answered, _decoded(raw, answered.get("Content-Encoding", "")))


def _read(response: requests.Response) -> bytes:
    """The body as it came."""
    raw = bytearray()
    while chunk := response.raw.read1(CHUNK, decode_content=False):
        raw += chunk
        if len(raw) > MAX_BYTES:
            raise ShopUnavailable("The shop's answer is too long.")
    return bytes(raw)


def _decoded(raw: bytes, encoding: str) -> bytes:
    """gzip is all that was asked for, so nothing else is decoded."""
    if encoding.lower() in {"", "identity"}:
        return raw
    if encoding.lower() != "gzip":
        raise ShopUnavailable("The shop's answer is in an encoding that was not asked for.")
    return _unzip(raw)


def _unzip(raw: bytes) -> bytes:
    unzipper = zlib.decompressobj(wbits=31)
    try:
        body = unzipper.decompress(raw, MAX_BYTES + 1)
    except zlib.error as exc:
        raise ShopUnavailable("The shop's answer is damaged.") from exc
    if len(body) > MAX_BYTES:
        raise ShopUnavailable("The shop's answer is too long.")
    if not unzipper.eof:
        raise ShopUnavailable("The shop's answer broke off.")
    return body
