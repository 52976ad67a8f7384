"""A real server whose model says what a test tells it to, when the test lets it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.live import Live, serving
from tests.model_server import ModelServer, Say, model_server
from tests.model_wire import DONE, STOP, say


def speech(*pieces: str | threading.Event) -> Say:
    """An answer in words: each text is a piece of its own, an event holds the rest back."""
    return Say([*(say(each) if isinstance(each, str) else each for each in pieces), STOP, DONE])


@pytest.fixture(scope="module")
def provider() -> Iterator[ModelServer]:
    """The model's provider."""
    with model_server() as server:
        yield server


@pytest.fixture(scope="module")
def live(provider: ModelServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The product and the demo shop under gunicorn, with that model."""
    settings = {"MODEL_API": "openai", "MODEL_BASE_URL": f"{provider.url}/v1", "MODEL_NAME": "m"}
    with serving(tmp_path_factory.mktemp("live"), **settings) as server:
        yield server


@pytest.fixture
def gate(provider: ModelServer) -> Iterator[threading.Event]:
    """The model says "One ", waits here, and says "two."."""
    gate = threading.Event()
    provider.says(speech("One ", gate, "two."))
    yield gate
    gate.set()
