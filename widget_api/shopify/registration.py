"""Checks of a shop when it is registered: the name that it answers under, and if it answers at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from widget_api.problems import ShopRefused, ShopUnavailable
from widget_api.shopify.discovery import PATH, BusinessProfile, read_business_profile
from widget_api.shopify.endpoint import Endpoint, is_permanent_domain
from widget_api.shopify.http import Http, Reply
from widget_api.shopify.moves import leads_to_password_page, redirect_target
from widget_api.shopify.negotiation import RELEASES
from widget_api.shopify.website import fetch_page, is_shopify, origin_of
from widget_api.shopify.words import words

# Somebody sits at the terminal.
SECONDS: Final = 8.0


@dataclass(frozen=True, slots=True)
class LookUp:
    """The result of the check: the shop's permanent domain, and in sentences what the operator should know.

    `domain` is the one that was given unless Shopify itself names another.
    """

    domain: str
    remarks: tuple[str, ...] = ()


def look_up_shop(endpoint: Endpoint, http: Http) -> LookUp:
    """Ask the shop for its profile at /.well-known/ucp and return what it tells. Changes nothing; raises nothing."""
    domain = endpoint.domain
    try:
        with http.call(domain, SECONDS):
            url, reply = fetch_page(endpoint, http, PATH, trusts=is_shopify)
    except (ShopUnavailable, ShopRefused) as exc:
        return LookUp(domain, (f"{domain} could not be checked: {exc.detail or exc.title}",))
    if target := redirect_target(url, reply):
        return LookUp(domain, (_remark_on_redirect(domain, target),))
    profile = read_business_profile(reply.body) if reply.status == 200 else None
    if profile is None:
        return LookUp(domain, (_remark_on_silence(domain, reply),))
    return _judge(domain, url, profile)


def _judge(domain: str, url: str, profile: BusinessProfile) -> LookUp:
    remarks = []
    if not profile.releases & set(RELEASES):
        spoken = ", ".join(sorted(words(each, 20) for each in profile.releases)[:5])
        remarks.append(
            f"{domain} speaks UCP {spoken}, and this backend speaks {', '.join(RELEASES)}: the chat will not find "
            "products until one of them speaks the other's."
        )
    permanent = next((host for host in profile.hosts if is_permanent_domain(host)), domain)
    if domain in profile.hosts or permanent == domain:
        return LookUp(domain, tuple(remarks))
    if is_shopify(url):
        # Shopify's own word, under Shopify's own certificate. The pages send this name and no other.
        remarks.insert(
            0,
            f"{domain} is another name of {permanent}, the shop's permanent domain, which is the name that its pages "
            "send.",
        )
        return LookUp(permanent, tuple(remarks))
    remarks.insert(
        0,
        f"{origin_of(url)} says that its shop is {permanent}, not {domain}. If that is right, register {permanent}, "
        "which is the name that the shop's pages send.",
    )
    return LookUp(domain, tuple(remarks))


def _remark_on_redirect(domain: str, target: str) -> str:
    if leads_to_password_page(target):
        return (
            f"{domain} is closed by a password. Until it is open, the chat cannot ask the shop for products, carts "
            "or policies."
        )
    website = words(origin_of(target) or target, 200)
    return (
        f"{domain} redirects to {website}, which was not followed because it is not among the shop's websites. If it "
        f"is the shop's, name it: --origin {website}"
    )


def _remark_on_silence(domain: str, reply: Reply) -> str:
    if reply.status == 429 or reply.status >= 500:
        return f"{domain} could not be checked just now: it answers HTTP {reply.status}."
    return (
        f"{domain} could not be checked: it has no profile at {PATH} (HTTP {reply.status}), which every shop on "
        "Shopify has. Is the name right?"
    )
