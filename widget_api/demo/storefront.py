"""The demo shop as an app of its own: pages, cart and MCP endpoints, under a strict Content-Security-Policy."""

from __future__ import annotations

from flask import Flask, Response, current_app

from widget_api.demo import ajax_cart, basket, break_it, legacy, pages, ucp, view


def create_storefront(api: str, chat: break_it.Chat) -> Flask:
    """The shop, with the `chat` of the backend at origin `api` in its pages."""
    app = Flask(__name__, static_folder=None)
    app.config["CHAT_API"] = api
    app.config["MAX_CONTENT_LENGTH"] = 1 << 20
    app.extensions["chat"] = chat
    app.json.sort_keys = False  # type: ignore[attr-defined]
    basket.init_app(app)
    app.after_request(guard)
    app.register_error_handler(404, lambda _: view.not_found())
    for each in (pages, ajax_cart, break_it, ucp, legacy):
        app.register_blueprint(each.bp)
    return app


def guard(response: Response) -> Response:
    """Let a page load what is its own and the chat's, and nothing inline."""
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = _policy(current_app.config["CHAT_API"])
    response.headers.setdefault("Cache-Control", "private, no-cache")
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    return response


def _policy(api: str) -> str:
    sources = {
        "default-src": "'none'",
        "script-src": f"'self' {api}",
        "connect-src": f"'self' {api}",
        "style-src": "'self'",
        "img-src": f"'self' {api}",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'self'",
        "object-src": "'none'",
    }
    return "; ".join(f"{name} {allowed}" for name, allowed in sources.items())
