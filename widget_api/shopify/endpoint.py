"""Where a shop's storefront answers, and the checks that keep that address a shop's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urljoin, urlsplit

from widget_api.text import limit_marks

CLIENT_NAME = "shop-chat/1"
UCP_PATH = "/api/ucp/mcp"
LEGACY_PATH = "/api/mcp"

_SHOP = re.compile(r"[a-z0-9][a-z0-9-]{0,62}\.myshopify\.com")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\\\s]")
MAX_URL = 2000

# The shopper's page says these, so they are looked at before they are passed on.
CONTEXT = {
    "address_country": re.compile(r"[A-Z]{2}"),
    "currency": re.compile(r"[A-Z]{3}"),
    "language": re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}"),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One shop as its storefront is asked: `url` is empty or what `mcp_url` returned.

    `profile` is the address of our own agent profile. `country` (ISO 3166), `currency` (ISO 4217) and
    `language` (BCP 47) are the shopper's, each empty when unknown. `origins` are the shop's websites.
    """

    domain: str
    url: str = ""
    profile: str = ""
    country: str = ""
    currency: str = ""
    language: str = ""
    origins: tuple[str, ...] = ()

    @property
    def base(self) -> str:
        """Scheme and host, without a slash at the end."""
        return self.url or f"https://{self.domain}"

    @property
    def ucp(self) -> str:
        return self.base + UCP_PATH

    @property
    def legacy(self) -> str:
        return self.base + LEGACY_PATH

    @property
    def user_agent(self) -> str:
        """Return the User-Agent of our requests: our name, and the website that our profile stands on."""
        site = urljoin(self.profile, "/").rstrip("/")
        return f"{CLIENT_NAME} (+{site})" if site and not _UNSAFE.search(site) else CLIENT_NAME

    def profile_of(self, release: str) -> str:
        """Return the address of our agent profile for another protocol release than the default."""
        stem, dot, ending = self.profile.rpartition(".json")
        return f"{stem}-{release}.json" if dot and not ending else f"{self.profile}-{release}"

    @property
    def context(self) -> dict[str, str]:
        """What the shop should know of the shopper, as UCP names it. What does not look right is left out."""
        known = {"address_country": self.country, "currency": self.currency, "language": self.language}
        return {name: value for name, value in known.items() if CONTEXT[name].fullmatch(value)}

    def link(self, url: object) -> str:
        """`url` of a page or picture, made absolute; empty unless it is https or on this very shop."""
        if not isinstance(url, str) or not url or _UNSAFE.search(url[:MAX_URL]):
            return ""
        absolute = join_url(f"{self.base}/", url)
        parts = split_url(absolute)
        return absolute if parts and self._may_be_shown(parts) else ""

    def _may_be_shown(self, parts: SplitResult) -> bool:
        if not parts.hostname or parts.port == 0 or "@" in parts.netloc:
            return False
        return parts.scheme == "https" or parts[:2] == urlsplit(self.base)[:2]


def shop_domain(text: str) -> str:
    """The permanent domain that `text` is, lower-cased. Raises `ValueError` with a reason."""
    domain = text.lower()
    if not text.isascii() or not _SHOP.fullmatch(domain):
        raise ValueError("A shop is named by its permanent domain, as in example.myshopify.com.")
    return domain


def is_permanent_domain(host: str) -> bool:
    """Return whether `host` has the form of a shop's permanent domain, in small letters."""
    return bool(_SHOP.fullmatch(host))


def split_url(url: str) -> SplitResult | None:
    """Return the parts of an address from outside; None where it is too long or cannot be read.

    Python normalises the host's name, for which marks without end would take it long.
    """
    if len(url) > MAX_URL or limit_marks(url) != url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def join_url(base: str, url: str) -> str:
    """Return the address from outside that `url` is on the page `base`; empty where `split_url` would refuse it."""
    if len(url) > MAX_URL or limit_marks(url) != url:
        return ""
    try:
        return urljoin(base, url)
    except ValueError:
        return ""


def mcp_url(text: str) -> str:
    """The address under which another endpoint stands in for the shop's, without a slash at the end.

    The path of either MCP endpoint may be given with it and is taken off. Raises `ValueError` with a reason.
    """
    if _UNSAFE.search(text) or len(text) > MAX_URL:
        raise ValueError("The address holds characters that no address has.")
    if "?" in text or "#" in text:
        raise ValueError("The address must have no ? and no #: give scheme, host and port.")
    parts = _split(text)
    if "@" in parts.netloc:
        raise ValueError("The address must hold no user name.")
    _check_host(parts.scheme, parts.hostname or "")
    path = parts.path.rstrip("/").removesuffix(UCP_PATH).removesuffix(LEGACY_PATH)
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"


def language_tag(text: str) -> str:
    """Return the tag of a language (BCP 47), as "pt-BR"; an empty one stays empty. Raises `ValueError`."""
    if text and not CONTEXT["language"].fullmatch(text):
        raise ValueError("The language must be a tag such as en, de or pt-BR.")
    return text


def _split(text: str) -> SplitResult:
    parts = split_url(text)
    if parts is None or parts.port == 0:
        raise ValueError("The address cannot be read: give it as https://shop.example.com.")
    return parts


def _check_host(scheme: str, host: str) -> None:
    if scheme == "http":
        if not is_loopback(host):
            raise ValueError("Plain http is only for this machine itself (127.0.0.1): use https.")
    elif scheme != "https":
        raise ValueError("The address must begin with https://.")
    elif not (_HOST.fullmatch(host) or is_public(host)):
        raise ValueError("https needs a public host name, as in https://shop.example.com.")


def is_loopback(host: str) -> bool:
    """Whether `host`, a name or an IP address, is this machine itself."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


# Address space that Python or IANA calls global and that is no server's own: protocol assignments (with Teredo),
# 6to4 and its relays, documentation, multicast. NAT64 and IPv4-mapped addresses lie outside of 2000::/3.
_UNICAST6 = ip_network("2000::/3")
_CLOSED = tuple(
    ip_network(block)
    for block in (
        *("192.0.0.0/24", "192.88.99.0/24", "224.0.0.0/4"),
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
)


def is_public(host: str) -> bool:
    """Whether `host` is an IP address of a server on the public internet."""
    address = _address(host)
    if address is None or any(address in block for block in _CLOSED):
        return False
    return address.is_global if address.version == 4 else address in _UNICAST6


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None
