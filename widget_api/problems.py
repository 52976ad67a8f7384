"""Everything that can be refused or fail, as exceptions, and their rendering as RFC 9457 problem details.

A problem's docstring is its title: each is written once, for the reader of the code, the log and the shopper.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, ClassVar

from flask import Response
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed

if TYPE_CHECKING:
    from flask import Flask


logger = logging.getLogger(__name__)


class Problem(Exception):
    """Something went wrong on our side."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal"
    # What a shopper is told to do about it. Where there is advice, `detail` is the reason: for the log and the model.
    advice: ClassVar[str] = ""

    def __init__(self, detail: str = "", *, retry_after: int | None = None, **extra: Any) -> None:
        """`detail` says what to do, or why it happened; `retry_after` is in seconds; `extra` joins the object."""
        self.detail = detail
        self.retry_after = retry_after
        self.extra = extra
        super().__init__(detail or self.title)

    @property
    def title(self) -> str:
        """The first line of the class's docstring."""
        return (type(self).__doc__ or "").strip().splitlines()[0]

    def to_dict(self) -> dict[str, Any]:
        """The problem details object (RFC 9457, section 3), with our `code` beside the standard members."""
        return {
            "type": f"urn:shop-chat:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.advice or self.detail or self.title,
            "code": self.code,
            **self.extra,
        }


# Requests that are refused


class BadRequest(Problem):
    """The request could not be understood."""

    status, code = 400, "bad-request"


class InvalidBody(Problem):
    """The request's body has a field that cannot be used."""

    status, code = 422, "invalid-body"


class RequestTimeout(Problem):
    """The request did not arrive in time."""

    status, code = 408, "request-timeout"


class BodyTooLarge(Problem):
    """The request's body is too large."""

    status, code = 413, "body-too-large"


class NotJson(Problem):
    """The request's body must be sent as application/json."""

    status, code = 415, "not-json"


class Unauthorized(Problem):
    """The session token is missing or no longer valid."""

    status, code = 401, "unauthorized"


class SessionExpired(Problem):
    """The session has ended: it lives for 90 days."""

    status, code = 401, "session-expired"


class OriginRefused(Problem):
    """This website is not registered for the shop."""

    status, code = 403, "origin-refused"


class NotFound(Problem):
    """There is nothing here."""

    status, code = 404, "not-found"


class ShopNotFound(Problem):
    """This shop is not registered."""

    status, code = 404, "shop-not-found"


class ConversationNotFound(Problem):
    """There is no such conversation."""

    status, code = 404, "conversation-not-found"


class MessageNotFound(Problem):
    """There is no such message."""

    status, code = 404, "message-not-found"


class ShareNotFound(Problem):
    """This link leads nowhere: it has expired, was taken back, or never was."""

    status, code = 404, "share-not-found"


class MethodNotAllowed(Problem):
    """This address does not answer to that method."""

    status, code = 405, "method-not-allowed"


class TurnRunning(Problem):
    """An answer is still being written in this conversation."""

    status, code = 409, "turn-running"


class MessageMismatch(Problem):
    """This message id was already used for another text."""

    status, code = 422, "message-mismatch"


class CartChangeNotFound(Problem):
    """There is no such change of the cart."""

    status, code = 404, "cart-change-not-found"


class CartRefused(Problem):
    """The shop does not know this cart."""

    status, code = 422, "cart-refused"


class CartBusy(Problem):
    """The cart is being changed at the moment."""

    status, code = 409, "cart-busy"


class TooManyRequests(Problem):
    """Too many requests."""

    status, code = 429, "too-many-requests"


class TooManyTurns(Problem):
    """Other answers are still being written for this shopper."""

    status, code = 429, "too-many-turns"


class Busy(Problem):
    """All places are taken at the moment."""

    status, code = 503, "busy"


class NotReady(Problem):
    """The chat cannot answer at the moment."""

    status, code = 503, "not-ready"


# Answers that fail


class ModelUnavailable(Problem):
    """The assistant cannot be reached at the moment."""

    status, code = 503, "model-unavailable"
    advice = "Please try again in a moment."


class ModelRefused(Problem):
    """The assistant could not answer this."""

    status, code = 502, "model-refused"
    advice = "Please ask in other words, or begin a new conversation."


class ModelDown(ModelRefused):
    """The assistant could not answer this.

    Its provider would refuse any other request, too: it does not take the key, the account or the model's name.
    """

    status, code = 502, "model-refused"
    advice = "Please try again in a moment."


class ModelOverfull(ModelRefused):
    """The assistant could not answer this.

    The question and what belongs to it are longer than the model's window.
    """

    status, code = 502, "model-refused"
    advice = "Please ask in fewer words, or begin a new conversation."


class ModelFiltered(ModelRefused):
    """The assistant may not answer this."""

    status, code = 502, "answer-refused"
    advice = "Please ask in other words."


class ModelCut(Problem):
    """The answer broke off."""

    status, code = 502, "model-cut"
    advice = "Please ask again."


class EmptyAnswer(Problem):
    """The assistant had nothing to say to this."""

    status, code = 502, "empty-answer"
    advice = "Please try again."


class AnswerTooLong(Problem):
    """The answer took too long and was ended."""

    status, code = 504, "answer-too-long"
    advice = "Please ask for less at once, or try again."


class AnswerInterrupted(Problem):
    """The answer was interrupted."""

    status, code = 503, "answer-interrupted"
    advice = "Please try again."


# Shops that cannot be asked


class ShopUnavailable(Problem):
    """The shop cannot be reached at the moment."""

    status, code = 503, "shop-unavailable"
    advice = "Please try again in a moment."


class ShopBusy(ShopUnavailable):
    """The shop answers too slowly at the moment, so it was not asked."""

    status, code = 503, "shop-busy"


class ShopRefused(Problem):
    """The shop refused the request."""

    status, code = 502, "shop-refused"
    advice = "Please try again, or go on in the shop itself."


class ProductNotFound(ShopRefused):
    """The shop has no such product."""

    status, code = 404, "product-not-found"
    advice = ""


def init_app(app: Flask) -> None:
    """Render every refusal and failure of the app as problem details."""
    app.register_error_handler(Problem, respond)
    app.register_error_handler(HTTPException, _respond_to_werkzeug)


def respond(problem: Problem) -> Response:
    """The problem as a response: `application/problem+json`, with `Retry-After` where it is known."""
    if problem.advice and problem.detail:
        logger.warning("refused with %s: %s", problem.code, problem.detail)
    document = json.dumps(problem.to_dict(), ensure_ascii=False)
    response = Response(document, status=problem.status, mimetype="application/problem+json")
    if problem.status == 401:
        response.www_authenticate = WWWAuthenticate("bearer")
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _respond_to_werkzeug(exc: HTTPException) -> Response | HTTPException:
    """Flask's own refusals in our words. What it failed with stays in the log."""
    if exc.code is None or exc.code < 400:
        return exc
    known: dict[int, type[Problem]] = {
        kind.status: kind for kind in (BadRequest, NotFound, MethodNotAllowed, BodyTooLarge, NotJson, Problem)
    }
    fallback = BadRequest if exc.code < 500 else Problem
    response = respond(known.get(exc.code, fallback)())
    if isinstance(exc, WerkzeugMethodNotAllowed):
        response.allow.update(exc.valid_methods or ())
    return response
