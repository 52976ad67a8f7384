"""The backend of a chat that sells in a Shopify store."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from widget_api.config import Config


def create_app(config: Config | None = None) -> Flask:
    """The whole app. Settings come from the environment unless they are given. Raises `ConfigError`."""
    from flask import Flask

    from widget_api import cli, logs, models, problems
    from widget_api.api import (
        cart,
        cart_changes,
        chat,
        conversations,
        cors,
        health,
        http,
        messages,
        products,
        profile,
        sessions,
        shares,
        widget,
    )
    from widget_api.api.services import Services
    from widget_api.backups import opening
    from widget_api.config import Config

    config = config or Config.from_env(os.environ)
    logs.configure(config.log_format, config.secrets)
    app = Flask(__name__, static_folder=None)
    if not cli.mends_database():
        app.extensions["database"] = opening.prepare(config)  # which holds it for as long as the app lives
        models.connect(config.database_url)
    Services.build(config).init_app(app)
    for part in (problems, http, cors, cli):
        part.init_app(app)
    for view in (
        sessions,
        chat,
        conversations,
        messages,
        shares,
        cart,
        cart_changes,
        products,
        profile,
        widget,
        health,
    ):
        app.register_blueprint(view.bp)
    return app
