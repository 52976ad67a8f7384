"""The demo shop alone, for tests that need no chat."""

from __future__ import annotations

from flask import Flask

from widget_api.demo.break_it import Chat
from widget_api.demo.storefront import create_storefront

API = "https://chat.example"


def storefront(*, own_model: bool = True) -> Flask:
    """The shop, with the chat of a backend that is not there."""
    app = create_storefront(API, Chat(own_model, writing=lambda: 0))
    app.testing = True
    return app
