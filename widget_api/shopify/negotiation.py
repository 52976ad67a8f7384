"""Our side of UCP's negotiation: one agent profile for each protocol version, and the next when a shop refuses one.

A profile declares exactly one version, and a shop takes a version or does not (overview, "Version Negotiation"):
versions are compared for equality, never by date.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, TypeVar

from widget_api.problems import ShopRefused, ShopUnavailable
from widget_api.shopify.discovery import PATH, read_business_profile
from widget_api.shopify.endpoint import Endpoint
from widget_api.shopify.http import Http
from widget_api.shopify.mcp import Mcp, Result
from widget_api.shopify.refusals import (
    AUTHENTICATION,
    CAPABILITIES_INCOMPATIBLE,
    VERSION_UNSUPPORTED,
    AgentRefused,
    Refusal,
    refusal_in_result,
    refusal_in_words,
)
from widget_api.shopify.website import fetch_page

logger = logging.getLogger(__name__)

T = TypeVar("T")

# The versions of which we serve a profile, the preferred one first: it is the one at `Endpoint.profile`. All that was
# recorded of real shops was said in 2026-04-08, and every recorded shop takes it.
RELEASES: Final = ("2026-04-08", "2026-08-25")
DRAFT: Final = "draft"
# Where the preferred one is served; the others stand beside it, as `Endpoint.profile_of` has them.
PROFILE_PATH: Final = "/.well-known/ucp-agent.json"

# A shop that refuses so does not offer what was asked for; otherwise something is wrong with our profile.
NOT_OFFERED: Final = frozenset({VERSION_UNSUPPORTED, CAPABILITIES_INCOMPATIBLE})
# Refused for one tool, so perhaps not for another.
_PARTIAL: Final = frozenset({CAPABILITIES_INCOMPATIBLE, AUTHENTICATION})


class UcpClient:
    """A shop's UCP endpoint, asked as the agent that our profiles describe.

    What the shop speaks is remembered for a day, what it refuses for some minutes. The operator is told of a refusal
    once a day, with what to do.
    """

    def __init__(self, endpoint: Endpoint, http: Http, releases: tuple[str, ...] = RELEASES) -> None:
        self._endpoint = endpoint
        self._http = http
        self._releases = releases
        self._mcp = Mcp(endpoint.ucp, http, endpoint.user_agent, endpoint.domain)
        self._key = f"{endpoint.ucp} {self._profile(releases[0])}"

    def tools(self, part: str) -> frozenset[str]:
        """Return the names of the tools that the shop offers to us; `part` names the use that is made of them.

        Raises `AgentRefused` when it refuses us, or lately refused us that part; `ShopUnavailable`, `ShopRefused`.
        """
        self._raise_known(part)
        return self._negotiate("", self._list_tools)

    def call(self, part: str, tool: str, arguments: dict[str, Any]) -> Result:
        """Call a tool and return its answer. Raises what `tools` and `Mcp.call` raise."""
        self._raise_known(part)
        return self._negotiate(part, lambda release: self._call_tool(release, tool, arguments))

    def forget(self) -> None:
        """Ask for the list of tools anew next time."""
        self._mcp.forget(self._meta(self._release()))

    def _list_tools(self, release: str) -> frozenset[str]:
        return self._mcp.tools(self._meta(release))

    def _call_tool(self, release: str, tool: str, arguments: dict[str, Any]) -> Result:
        result = self._mcp.call(tool, {**self._meta(release), **arguments})
        for payload in result.payloads():
            if refusal := refusal_in_result(payload):
                raise AgentRefused(refusal)
        for said in result.sayings():
            if refusal := refusal_in_words(said):
                raise AgentRefused(refusal)
        return result

    def _negotiate(self, part: str, ask: Callable[[str], T]) -> T:
        """Call `ask` with one version after the other until the shop takes one. A refused request was not carried
        out."""
        release, tried = self._release(), list[str]()
        while True:
            tried.append(release)
            try:
                answer = ask(release)
            except AgentRefused as exc:
                if following := self._next(exc.refusal, tried):
                    release = following
                    continue
                self._remember(exc.refusal, part, release)
                raise
            if len(tried) > 1:
                self._http.releases.put(self._key, release)
                logger.info("%s is asked in UCP %s from now on.", self._endpoint.domain, release)
            return answer

    def _next(self, refusal: Refusal, tried: list[str]) -> str:
        """Return the version to try next: one of ours that the shop names, or any if it names none; else nothing.

        It names them in its refusal, where other dates may stand too, or else in its own profile.
        """
        left = [release for release in self._releases if release not in tried]
        if refusal.code != VERSION_UNSUPPORTED or not left:
            return ""
        named = refusal.releases - set(tried)
        if not named & set(left):
            named |= self._published()
        return next((release for release in left if release in named), "" if named else left[0])

    def _published(self) -> frozenset[str]:
        """Return the versions in the shop's own profile; none when it cannot be read."""
        try:
            _, reply = fetch_page(self._endpoint, self._http, PATH)
        except (ShopUnavailable, ShopRefused):
            return frozenset()
        profile = read_business_profile(reply.body) if reply.status == 200 else None
        return profile.releases if profile else frozenset()

    def _remember(self, refusal: Refusal, part: str, release: str) -> None:
        """Keep the refusal for a while, and tell the operator unless the shop just does not offer the draft."""
        self._http.releases.drop(self._key)
        self._http.refusals.put(self._scope(part if refusal.code in _PARTIAL else ""), refusal, refusal.seconds)
        if release == DRAFT and refusal.code in NOT_OFFERED:
            return
        profile = self._profile(release)
        if self._http.reported.add(f"refusal {self._endpoint.domain} {refusal.code} {profile}", thing=True):
            refusal.log(self._endpoint.domain, profile)

    def _raise_known(self, part: str) -> None:
        for scope in ("", part):
            if refusal := self._http.refusals.get(self._scope(scope)):
                raise AgentRefused(refusal)

    def _scope(self, part: str) -> str:
        return f"{self._key} {part}"

    def _release(self) -> str:
        return self._http.releases.get(self._key) or self._releases[0]

    def _meta(self, release: str) -> dict[str, Any]:
        return {"meta": {"ucp-agent": {"profile": self._profile(release)}}}

    def _profile(self, release: str) -> str:
        default = release == RELEASES[0]
        return self._endpoint.profile if default else self._endpoint.profile_of(release)
