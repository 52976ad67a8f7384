"""Network addresses as limits count them: one key for one visitor, and the wider networks that it belongs to."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

# A provider gives a customer a /56 or a /48, a phone a /64. A /48 may therefore be one visitor with 65,536 addresses
# to count by, or the phones of a whole town: it is allowed as much as eight single addresses. A /32 is a whole
# provider, which no number would fit.
WIDER_BITS: Final = 48
WIDER_TIMES: Final = 8
# Requests whose address cannot be read are counted together. They stand for everybody behind that proxy.
UNKNOWN: Final = "unknown"
UNKNOWN_TIMES: Final = 100

_LONGEST = 100
_BRACKETED = re.compile(r"\[([^\]]*)\](?::\d{1,5})?")
_WITH_PORT = re.compile(r"([\d.]+):\d{1,5}")
_NAT64 = tuple(map(ip_network, ("64:ff9b::/96", "64:ff9b:1::/48")))  # RFC 6052 and RFC 8215
_LOW_BITS = 0xFFFF_FFFF


def address_key(address: str, peer: str = "") -> str:
    """Return the key to count a visitor by, from the address that a server or a proxy names.

    A port, brackets and a zone are passed over: `203.0.113.9:51234`, `[2001:db8::1]:443`, `fe80::1%eth0`. IPv6
    addresses count as their /64, those that carry an IPv4 address as that one. What is no address counts under
    `unknown` and the address of the `peer` that sent it.
    """
    found = read_address(address)
    if found is None:
        from_peer = read_address(peer)
        return f"{UNKNOWN}:{from_peer}" if from_peer else UNKNOWN
    if isinstance(found, IPv6Address):
        return str(ip_network(f"{found}/64", strict=False))
    return str(found)


def read_address(text: str) -> IPv4Address | IPv6Address | None:
    """Return the address that the text names, the IPv4 address inside where there is one; None when it names none."""
    if len(text) > _LONGEST:
        return None
    text = text.strip()
    found = _BRACKETED.fullmatch(text) or _WITH_PORT.fullmatch(text)
    try:
        address = ip_address((found[1] if found else text).partition("%")[0])
    except ValueError:
        return None
    return address if isinstance(address, IPv4Address) else _inner(address) or address


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that a mapped, 6to4, Teredo or NAT64 address stands for."""
    if address.teredo:
        return address.teredo[1]
    if any(address in network for network in _NAT64):
        return IPv4Address(int(address) & _LOW_BITS)
    return address.ipv4_mapped or address.sixtofour


def scopes(key: str) -> tuple[tuple[str, int], ...]:
    """Return the keys that a key counts under, each with how many times the limit it is allowed."""
    if key == UNKNOWN or key.startswith(f"{UNKNOWN}:"):
        return ((key, UNKNOWN_TIMES),)
    if key.endswith("/64") and ":" in key:
        return ((key, 1), (str(ip_network(key).supernet(new_prefix=WIDER_BITS)), WIDER_TIMES))
    return ((key, 1),)
