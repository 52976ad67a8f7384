"""The demo shop alone, for tests that need no chat."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask

from widget_api.demo.break_it import Controls, Slow
from widget_api.demo.storefront import create_storefront
from widget_api.demo.wire import Wire

API = "https://chat.example"


def storefront(wire: Wire | None = None, model: Slow | None = None) -> Flask:
    """The shop, with the chat of a backend that is not there."""
    app = create_storefront(API, Controls(wire or Wire(_nothing), model))
    app.testing = True
    return app


def _nothing(_environ: object, _start_response: Callable[..., object]) -> list[bytes]:
    return []
