"""What a keyboard reaches, what a screen reader hears, and what axe-core objects to."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ("HEARD", "LISTEN", "focused", "violations")

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

# Without `ariaNotify` the widget speaks through a region, which a test can read.
LISTEN = """
delete Element.prototype.ariaNotify;
window.heard = [];
"""
HEARD = """
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) window.heard.push(node.textContent);
}).observe(document.querySelector('shop-chat').shadowRoot.querySelector('[aria-live=polite]'), { childList: true });
"""


def focused(page: Page) -> str:
    """What has the focus, as a screen reader names it."""
    return str(
        page.evaluate(
            """() => {
                let element = document.activeElement;
                while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
                return element.getAttribute('aria-label') ?? element.textContent ?? element.tagName;
            }"""
        )
    )


def violations(page: Page) -> list[tuple[str, Any]]:
    """What axe-core objects to within the widget."""
    found = Axe().run(page, context="shop-chat", options=RULES).response["violations"]
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in found]
