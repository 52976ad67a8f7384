"""The demo shop on pages that write down what goes wrong in them: not every browser lets others read its console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from widget_api import demo

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from flask import Flask

APP = "tests.confessing:create_app()"
ADDRESS = "/tests/errors.js"
# A window keeps its name from page to page of a site.
SCRIPT = """
const keep = (said) => { window.name += `${said}\\n`; };
addEventListener('error', ({ message }) => keep(message));
addEventListener('unhandledrejection', ({ reason }) => keep(reason));
addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
  keep(`${violatedDirective} forbids ${blockedURI}`);
});
for (const level of ['error', 'warn']) {
  const say = console[level].bind(console);
  console[level] = (...said) => {
    keep(said.join(' '));
    say(...said);
  };
}
"""
READ = "return window.name.split('\\n').filter(Boolean);"


def create_app() -> Flask:
    app = demo.create_app()
    app.wsgi_app = Confessing(app.wsgi_app)  # type: ignore[method-assign]
    return app


class Confessing:
    """Adds the script to the shop's pages and leaves the product's answers alone."""

    def __init__(self, shop: WSGIApplication) -> None:
        self._shop = shop

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == ADDRESS:
            return Response(SCRIPT, mimetype="text/javascript")(environ, start_response)
        if path.startswith(demo.PRODUCT) or environ["REQUEST_METHOD"] != "GET":
            return self._shop(environ, start_response)
        response = Response.from_app(self._shop, environ)
        if response.mimetype == "text/html":
            response.set_data(
                response.get_data().replace(b"<head>", b'<head><script src="%s"></script>' % ADDRESS.encode(), 1)
            )
        return response(environ, start_response)
