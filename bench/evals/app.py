"""The product with the demo shop before it, for the shops of the cases as well; `EVAL_SHOPS` names them as JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from flask import Flask

from widget_api import demo
from widget_api.models import Shop


def create_app() -> Flask:
    """Return the app of the demo shop, with the other shops registered."""
    app = demo.create_app()
    register(json.loads(os.environ["EVAL_SHOPS"]))
    return app


def register(shops: Mapping[str, Mapping[str, Any]]) -> None:
    """Register the shops, by their domains."""
    for domain, fields in shops.items():
        Shop.register(domain, **fields)
