"""Which key an address counts under: one for one visitor, however it is written and whatever carries it."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widget_api.addresses import UNKNOWN_TIMES, WIDER_TIMES, address_key, scopes

INNER = "203.0.113.9"


@pytest.mark.parametrize(
    "written",
    [
        "203.0.113.9:51234",
        " 203.0.113.9 ",
        "[203.0.113.9]:80",
        "::ffff:203.0.113.9",
        "[::ffff:203.0.113.9]:443",
        "::ffff:cb00:7109",
        "2002:cb00:7109::1",
        "2002:cb00:7109:1:2:3:4:5",
        "64:ff9b::203.0.113.9",
        "64:ff9b:1::cb00:7109",
        "2001:0:4136:e378:8000:63bf:34ff:8ef6",
    ],
)
def test_an_address_is_the_ipv4_address_that_it_stands_for(written: str) -> None:
    assert address_key(written) == INNER


@pytest.mark.parametrize("written", ["2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443", "2001:db8::1%eth0"])
def test_an_ipv6_address_is_its_network(written: str) -> None:
    assert address_key(written) == "2001:db8::/64"


@given(st.ip_addresses(v=4), st.integers(0, 65535))
def test_a_port_changes_nothing(address: IPv4Address, port: int) -> None:
    assert address_key(f"{address}:{port}") == address_key(str(address)) == str(address)


@given(st.ip_addresses(v=6), st.integers(0, 65535))
def test_brackets_a_zone_and_a_port_change_nothing(address: IPv6Address, port: int) -> None:
    assert address_key(f"[{address}%eth0]:{port}") == address_key(f"[{address}]") == address_key(str(address))


@given(st.text(max_size=200), st.text(max_size=20))
def test_whatever_is_written_has_a_short_key(written: str, peer: str) -> None:
    assert len(address_key(written, peer)) < 60


@pytest.mark.parametrize("written", ["", "unknown", "_hidden", "203.0.113.9:", "[2001:db8::1", "1.2.3", "9" * 500])
def test_what_is_no_address_counts_under_who_sent_it(written: str) -> None:
    assert address_key(written, "10.0.0.7") == "unknown:10.0.0.7"
    assert address_key(written, "10.0.0.8:99") == "unknown:10.0.0.8"
    assert scopes(address_key(written, "10.0.0.7")) == (("unknown:10.0.0.7", UNKNOWN_TIMES),)


def test_an_ipv6_network_counts_in_the_one_around_it() -> None:
    assert scopes("2001:db8:0:1::/64") == (("2001:db8:0:1::/64", 1), ("2001:db8::/48", WIDER_TIMES))
    assert scopes("203.0.113.9") == (("203.0.113.9", 1),)
    assert scopes("a-session") == (("a-session", 1),)
