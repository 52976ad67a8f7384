"""The widget's files: the entry under its fixed name, everything else under hashed names, pre-compressed."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Blueprint, Response, request, send_from_directory, url_for

from widget_api.problems import NotFound

bp = Blueprint("widget", __name__)

DIST = Path(__file__).parents[2] / "static" / "widget" / "dist"
ENTRY = "chat.js"
# Hashed names never change their content. The entry's does with each release, and it names the others: after five
# minutes it is asked for again, by its ETag.
IMMUTABLE = "public, max-age=31536000, immutable"
FRESH = "public, max-age=300"
ENCODINGS = {"br": ".br", "gzip": ".gz"}
# The compressed siblings are no files of their own.
NAME = re.compile(r"[A-Za-z0-9-]{1,64}\.js")


@bp.get("/widget/<name>")
def file(name: str) -> Response:
    """A built file, compressed as the browser likes it best."""
    if not NAME.fullmatch(name):
        raise NotFound
    if not (DIST / name).is_file():
        return _successor(name)
    encoding = next((word for word in ENCODINGS if request.accept_encodings[word] and _built(name, word)), None)
    path = name + ENCODINGS[encoding] if encoding else name
    response = send_from_directory(DIST, path, mimetype="text/javascript", download_name=name)
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.headers["Cache-Control"] = FRESH if name == ENTRY else IMMUTABLE
    response.vary.add("Accept-Encoding")
    return response


def _successor(name: str) -> Response:
    """To what a file of the release before has become: an entry may be older than the files that it names."""
    kind = name.rpartition("-")[0]
    heir = next(DIST.glob(f"{kind}-??????????.js"), None) if kind else None
    if heir is None:
        raise NotFound
    return Response(status=302, headers={"Location": url_for("widget.file", name=heir.name), "Cache-Control": FRESH})


def _built(name: str, encoding: str) -> bool:
    return (DIST / (name + ENCODINGS[encoding])).is_file()
