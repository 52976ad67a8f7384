"""The cast: Anna and Ben, shoppers of one shop, Cleo of another, and a model that says what it is told."""

from __future__ import annotations

import json
import os
import shutil
import threading
import uuid
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import hypothesis
import pytest
from flask import Flask
from hypothesis import HealthCheck
from werkzeug.test import TestResponse

from tests import column
from tests.browser import browser, choose_engines
from tests.live import Live, serving
from tests.scripted import Scripted
from tests.servers import PostgresServer, RedisServer
from widget_api import create_app
from widget_api.api.services import Services
from widget_api.config import Config
from widget_api.models import Shop, disconnect

__all__ = ["browser"]

# Machines are noisy: how long an example takes says nothing. At home each run tries new examples; a continuous
# integration that fails by chance helps nobody.
hypothesis.settings.register_profile(
    "tests",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis.settings.load_profile("tests")

ANNAS_SHOP, CLEOS_SHOP = "anna-store.myshopify.com", "cleo-store.myshopify.com"
ANNAS_SITE, CLEOS_SITE = "https://anna.example", "https://cleo.example"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI set nothing may be skipped: what is missing there is a fault of the set-up."""
    report = yield
    if report.skipped and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"skipped although CI is set: {report.longrepr}"
    return report


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    choose_engines(metafunc)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fail where xdist does not know the groups: then each process starts every server and browser by itself."""
    is_divided = "PYTEST_XDIST_WORKER" in os.environ and session.config.getoption("loadgroup", False)
    single = [
        item.nodeid for item in session.items if item.get_closest_marker("xdist_group") and "@" not in item.nodeid
    ]
    if is_divided and single:
        raise pytest.UsageError("pytest-xdist does not group the tests: this release of pytest is too new for it.")


def pytest_unconfigure() -> None:
    column.close()


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each file that shares fixtures to one process, and order what is left.

    The second column leaves out the files that are the same in both. What takes long and cannot be divided comes
    first, or one process would be busy with it while the others have nothing left to do.
    """
    for item in items:
        if _shares_fixtures(item) and not item.get_closest_marker("xdist_group"):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=lambda item: item.get_closest_marker("xdist_group") is None)
    if column.REDIS:
        concerned = {item.path for item in items if _concerned(item)}
        left_out = {item for item in items if item.path not in concerned or _is_storeless(item)}
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]


# Who asks for a product, or takes something from these modules, may meet a difference between the columns. Who asks
# for a server by its name has it in both.
PRODUCT = {"config", "live"}
NAMED = {"postgres", "redis"}
MODULES = ("tests.live", "tests.column", "widget_api.models", "widget_api.streams")


def _shares_fixtures(item: pytest.Item) -> bool:
    """Return whether the test shares a fixture with others of its file, most often a server or a browser. Where the
    tests of a file are spread over all processes, each process makes it again."""
    assert isinstance(item, pytest.Function)
    known = item._fixtureinfo.name2fixturedefs.values()
    return any(definitions[-1].scope == "module" for definitions in known)


def _is_storeless(item: pytest.Item) -> bool:
    """Return whether the test says of itself that it is the same whatever the stores are."""
    return bool(item.get_closest_marker("looks") or item.get_closest_marker("storeless"))


def _concerned(item: pytest.Item) -> bool:
    assert isinstance(item, pytest.Function)
    if _is_storeless(item):
        return False
    asked = set(item.fixturenames)
    if asked & NAMED and not asked & PRODUCT:
        return False
    known = vars(item.module).values()
    origins = (getattr(each, "__module__", None) or getattr(each, "__name__", "") for each in known)
    return bool(asked & PRODUCT) or any(str(origin).startswith(MODULES) for origin in origins)


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Config]:
    with column.stores() as stores:
        if "DATABASE_URL" not in stores:
            shutil.copy(column.sqlite_file(), tmp_path / "chat.db")
        yield Config(
            secret_keys=("0123456789abcdefghijklmnopqrstuv-first", "0123456789abcdefghijklmnopqrstuv-second"),
            instance=tmp_path,
            database_url=stores.get("DATABASE_URL", f"sqlite:///{tmp_path / 'chat.db'}"),
            redis_url=stores.get("REDIS_URL", ""),
            public_url="https://chat.example",
            rate_limits="off",
            max_streams=8,
            backup_days=0,
        )
        disconnect()


@pytest.fixture
def postgres() -> PostgresServer:
    return column.postgres()


@pytest.fixture
def redis() -> RedisServer:
    return column.redis()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer) -> Iterator[str]:
    """A database without tables, one of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'each.db'}"
        return
    url = postgres.database()
    yield url
    disconnect()
    postgres.drop(url)


@pytest.fixture
def model() -> Scripted:
    """The model: it answers what the test tells it to, when the test lets it."""
    return Scripted()


@pytest.fixture
def app(config: Config, model: Scripted) -> Iterator[Flask]:
    app = create_app(config)
    services: Services = app.extensions["widget"]
    services.shops.model_of_all = model
    # Nothing listens there: a test that needs the shop starts one.
    for domain, site in ((ANNAS_SHOP, ANNAS_SITE), (CLEOS_SHOP, CLEOS_SITE)):
        Shop.register(domain, origins=[site], mcp_url="http://127.0.0.1:9", name=domain.split("-")[0].title())
    yield app
    model.let_go()
    for thread in threading.enumerate():
        if thread.name.startswith("turn-"):
            thread.join(30)
    services.close(grace=0)


@pytest.fixture
def services(app: Flask) -> Services:
    found: Services = app.extensions["widget"]
    return found


class Answer(TestResponse):
    """What the test client gives, with JSON of whatever shape the test expects."""

    @property
    def json(self) -> Any: ...


@dataclass
class Visitor:
    """A shopper of one shop, speaking to the app in this process."""

    client: Any  # a FlaskClient, whose answers are `Answer`s
    shop: str
    site: str
    token: str = ""
    session: str = ""
    conversation: str = field(default_factory=lambda: uuid.uuid4().hex)

    def __post_init__(self) -> None:
        minted = self.client.post("/api/sessions", json={"shop": self.shop}, headers={"Origin": self.site})
        assert minted.status_code == 201, minted.text
        self.token, self.session = minted.json["token"], minted.json["session"]["id"]

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Origin": self.site}

    def request(self, method: str, path: str, **options: Any) -> Answer:
        headers = {**self.headers, **options.pop("headers", {})}
        return cast(Answer, self.client.open(path, method=method, headers=headers, **options))

    def get(self, path: str, **options: Any) -> Answer:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Answer:
        return self.request("POST", path, **options)

    def send(self, text: str, *, id: str = "", conversation: str = "") -> Answer:
        """Send a message. Reading the response's data waits for the whole answer."""
        return self.post("/api/chat", json=chat_body(conversation or self.conversation, text, id=id))

    def regenerate(self, answer: str = "") -> Answer:
        body = {"id": self.conversation, "trigger": "regenerate-message"}
        return self.post("/api/chat", json=body | ({"messageId": answer} if answer else {}))

    def says(self, text: str, *, id: str = "") -> list[dict[str, Any]]:
        """Send a message and return the events of its whole answer."""
        with closing(self.send(text, id=id)) as response:
            assert response.status_code == 200, response.text
            return events(response.data)

    def page(self, conversation: str = "", **query: Any) -> dict[str, Any]:
        response = self.get(f"/api/conversations/{conversation or self.conversation}/messages", query_string=query)
        assert response.status_code == 200, response.text
        return dict(response.json)

    def messages(self) -> list[dict[str, Any]]:
        return list(self.page()["messages"])


def chat_body(conversation: str, text: str, *, id: str = "") -> dict[str, Any]:
    message = {"id": id or uuid.uuid4().hex, "role": "user", "parts": [{"type": "text", "text": text}]}
    return {"id": conversation, "trigger": "submit-message", "message": message}


def events(stream: bytes) -> list[dict[str, Any]]:
    """The events of a stream's bytes, each with its `id` under `at` where it has one."""
    found = []
    for frame in stream.decode().split("\n\n"):
        lines = dict(line.split(": ", 1) for line in frame.splitlines() if not line.startswith(":"))
        if "data" in lines and lines["data"] != "[DONE]":
            found.append({**json.loads(lines["data"]), "at": lines.get("id", "")})
    return found


def text_of(parts_or_events: list[dict[str, Any]]) -> str:
    """The text of a message's parts, or of a stream's events."""
    return "".join(item.get("delta", "") if "delta" in item else item.get("text", "") for item in parts_or_events)


@pytest.fixture
def anna(app: Flask) -> Visitor:
    return Visitor(app.test_client(), ANNAS_SHOP, ANNAS_SITE)


@pytest.fixture
def ben(app: Flask) -> Visitor:
    """Another shopper of Anna's shop."""
    return Visitor(app.test_client(), ANNAS_SHOP, ANNAS_SITE)


@pytest.fixture
def cleo(app: Flask) -> Visitor:
    """A shopper of another shop."""
    return Visitor(app.test_client(), CLEOS_SHOP, CLEOS_SITE)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Live]:
    """The product and the demo shop under gunicorn, for the tests of one file.

    The demo's model says all of its words at once, or, where the file says `PACE`, one after so many seconds.
    """
    pace = getattr(request.module, "PACE", "0")
    with serving(tmp_path_factory.mktemp("live"), DEMO_PACE=pace) as server:
        yield server
