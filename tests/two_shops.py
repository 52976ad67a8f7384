"""The product for two shops whose servers a test runs; their addresses are in the environment."""

from __future__ import annotations

import os

from flask import Flask

import widget_api
from widget_api.models import Shop

SLOW, OTHER = "slow-store.myshopify.com", "other-store.myshopify.com"


def create_app() -> Flask:
    """The app, with both shops registered."""
    app = widget_api.create_app()
    for domain, setting in ((SLOW, "SLOW_SHOP"), (OTHER, "OTHER_SHOP")):
        Shop.register(domain, mcp_url=os.environ[setting], name=domain)
    return app
