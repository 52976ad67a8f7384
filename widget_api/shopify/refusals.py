"""Refusals that concern us and not the question: a shop does not take our profile, our version, or any agent.

UCP's overview ("Error Codes") has them as JSON-RPC errors -32001 and, for capabilities, as results. They are written
for programs: the operator reads them in the log, the model and the shopper never do.
"""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from typing import Any, Final

from widget_api.problems import ShopRefused
from widget_api.shopify.words import words

logger = logging.getLogger(__name__)

UNAUTHORIZED: Final = -32000
DISCOVERY_FAILED: Final = -32001

VERSION_UNSUPPORTED: Final = "version_unsupported"
CAPABILITIES_INCOMPATIBLE: Final = "capabilities_incompatible"
AUTHENTICATION: Final = "authentication_required"
UNKNOWN: Final = "discovery_failed"

# What the operator can do about each.
ADVICE: Final = {
    VERSION_UNSUPPORTED: "Install a newer release of this backend, which speaks the shop's protocol.",
    CAPABILITIES_INCOMPATIBLE: "The shop offers agents nothing that the chat uses: ask the shop's owner whether its "
    "storefront is published and open to agents.",
    "profile_unreachable": "Open the address in a browser that is outside of your network: it must answer 200 over "
    "https, without a redirect and without a login. It is made of PUBLIC_URL.",
    "invalid_profile_url": "It is made of PUBLIC_URL, which must be a public https address.",
    "profile_malformed": "Open the address: if it does not show the JSON that this backend serves, a proxy before it "
    "changes the answer; else install a newer release of this backend.",
    "profile_too_large": "Open the address: a proxy before this backend changes the answer.",
    "invalid_cache_control": "Its Cache-Control must be public with a max-age of 60 or more, as this backend sends "
    "it: a proxy before it changes the header.",
    AUTHENTICATION: "The shop answers only agents that it knows: ask the shop's owner.",
}
_OTHER_ADVICE: Final = "See UCP's list of negotiation errors for the code."

# For how long a refusal stands before the shop is asked again, in seconds. Some of them often pass in a moment.
REFUSED_SECONDS: Final = 300.0
PASSING_SECONDS: Final = 30.0
_PASSING: Final = frozenset({"profile_unreachable", AUTHENTICATION})

_RELEASE = re.compile(r"(?<![0-9-])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9-])")
_CODE = re.compile(r"[a-z_]{1,60}")
_NEGOTIATION = frozenset(ADVICE) - {AUTHENTICATION}
_VERSION = re.compile(r"(\bunsupported )?\b(?:protocol|UCP) version\b", re.IGNORECASE)
_NOT_SUPPORTED = re.compile(r"\b(?:not|no longer) supported\b", re.IGNORECASE)
_AUTHENTICATION = re.compile(r"auth|forbidden|permission|scope|identity|credential|token", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal: UCP's `code`, what the shop says, and the protocol versions that it names."""

    code: str
    reason: str = ""
    releases: frozenset[str] = frozenset()

    @property
    def seconds(self) -> float:
        """Return for how long it stands before the shop is asked again."""
        return PASSING_SECONDS if self.code in _PASSING else REFUSED_SECONDS

    def log(self, shop: str, profile: str) -> None:
        """Tell the operator of it, and what to do."""
        reason = f" ({self.reason.rstrip('.')})" if self.reason else ""
        advice = ADVICE.get(self.code, _OTHER_ADVICE)
        logger.error("%s does not answer our agent profile %s: %s%s. %s", shop, profile, self.code, reason, advice)


class AgentRefused(ShopRefused):
    """The shop cannot be asked just now."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__()
        self.refusal = refusal


def refusal_in_error(error: dict[str, Any]) -> Refusal | None:
    """Return the refusal that a JSON-RPC error is, or None when it is about something else."""
    said = words(error.get("message"))
    if error.get("code") == UNAUTHORIZED and _AUTHENTICATION.search(said):
        return Refusal(AUTHENTICATION, said)
    data = error.get("data")
    details: dict[str, Any] = data if isinstance(data, dict) else {"content": data}
    code = _code(details.get("code"))
    if error.get("code") != DISCOVERY_FAILED and code not in _NEGOTIATION:
        return None
    if not code:
        code = _code_in(f"{said} {words(details.get('content'))}") or UNKNOWN
    return Refusal(code, words(details.get("content")) or said, _releases(said, details))


def refusal_in_result(payload: object) -> Refusal | None:
    """Return the refusal that a tool's answer, or the list of tools, is; None when it is an answer."""
    messages = payload.get("messages") if isinstance(payload, dict) else None
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, dict) or message.get("type", "error") != "error":
            continue
        if (code := _code(message.get("code"))) in _NEGOTIATION:
            return Refusal(code, words(message.get("content")), _releases("", message))
    return None


def refusal_in_words(said: str) -> Refusal | None:
    """Return the refusal that a tool tells in a sentence, as some servers do; None when it says something else."""
    code = _code_in(said)
    return Refusal(code, said, _releases(said, {})) if code else None


def _code(raw: object) -> str:
    """Return the code as UCP writes it; some servers shout it."""
    code = raw.lower() if isinstance(raw, str) else ""
    return code if _CODE.fullmatch(code) else ""


def _code_in(text: str) -> str:
    """Return the code of a refusal that says in words alone what is wrong, or ""."""
    named = next((code for code in sorted(_NEGOTIATION) if code in text), "")
    return named or (VERSION_UNSUPPORTED if _refuses_version(text) else "")


def _refuses_version(text: str) -> bool:
    """Return whether the words are "unsupported UCP version", or that version and "not supported" behind it."""
    versions = list(_VERSION.finditer(text))
    return any(found[1] for found in versions) or bool(versions and _NOT_SUPPORTED.search(text, versions[0].end()))


def _releases(message: str, details: dict[str, Any]) -> frozenset[str]:
    """Return all protocol versions that the error names, wherever it does; addresses are no such place."""
    told = {name: value for name, value in details.items() if name != "continue_url"}
    return frozenset(_RELEASE.findall(f"{message} {json.dumps(told)}"))
