"""After a start the model is asked one small question, and not one more, whatever starts and however often."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from tests.conftest import Visitor
from tests.model_server import JSON, Hold, ModelServer, Say, model_server
from tests.model_wire import CALLS, DONE, SEARCH, STOP, call, say
from tests.scripted import Scripted
from tests.scripted import call as tool_call
from widget_api.boot_check import BootCheck
from widget_api.config import Config, ConfigError
from widget_api.llm import openai
from widget_api.llm.provider import Provider

pytestmark = pytest.mark.storeless

KEY = "sk-0123456789abcdefghij"
CALLED = Say([call('{"query": ', name="search_catalog", id="a", index=0), Hold()])
# With the words of a model that says first what it will do.
CALLED_LATER = Say([say("Let me look. ") + call("{}", name="search_catalog", id="a", index=0) + CALLS + DONE])
TALKED = Say([say("Yes, we have an Enamel Hat.") + STOP + DONE])
TALKED_LONG = Say([say("Yes, we have hats. " * 40), Hold()])
REFUSED = Say([b'{"error": "no such key: %s"}' % KEY.encode()], status=401, headers=JSON, framing="length")
AWAY = Say([b"{}"], status=503, headers=JSON, framing="length")

Make = Callable[..., BootCheck]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with model_server() as server:
        yield server


@pytest.fixture
def make(server: ModelServer, config: Config, app: Flask) -> Make:
    """What makes the check of one more process. Its database is the app's."""
    assert app

    def make(name: str = "m", wait_seconds: float = 0, **settings: object) -> BootCheck:
        changed = replace(config, model_api="openai", model_name=name, model_api_key=KEY, **settings)  # type: ignore[arg-type]
        model = Provider(openai, name=name, base_url=f"{server.url}/v1", key=KEY, pause=lambda *_: None)
        return BootCheck(changed, lambda: model, SEARCH, wait_seconds=wait_seconds)

    return make


def run(check: BootCheck) -> dict[str, str]:
    check()
    check.wait()
    return check.note()


@pytest.mark.parametrize(
    ("answer", "sight", "warning"),
    [
        (CALLED, "ok", ""),
        (CALLED_LATER, "ok", ""),
        (TALKED, "no-tools", "answers are guesses"),
        (TALKED_LONG, "no-tools", "answers are guesses"),
        (REFUSED, "refused", "no such key"),
        (AWAY, "unreachable", "503"),
    ],
)
def test_what_is_seen_stands_in_the_log_and_in_readyz(
    server: ModelServer, make: Make, caplog: pytest.LogCaptureFixture, answer: Say, sight: str, warning: str
) -> None:
    server.says(answer)
    with caplog.at_level(logging.WARNING, "widget_api.boot_check"):
        assert run(make()) == {"model_check": sight}
    told = [record.getMessage() for record in caplog.records if record.name == "widget_api.boot_check"]
    assert len(told) == bool(warning)
    assert warning in "".join(told)
    assert all("model check" in line for line in told)


def test_a_call_is_not_waited_for_to_its_end(server: ModelServer, make: Make) -> None:
    server.says(CALLED)
    run(make())
    assert server.left.wait(5)
    assert [tool["function"]["name"] for tool in server.asked[0].body["tools"]] == ["search_catalog"]
    assert len(server.asked[0].raw) < 2000


@pytest.mark.parametrize("answer", [CALLED, TALKED, REFUSED])
def test_processes_that_start_together_or_again_ask_once(server: ModelServer, make: Make, answer: Say) -> None:
    server.says(answer)
    together = [make() for _ in range(4)]
    for check in together:
        check()
    for check in together:
        check.wait()
    again = make()
    assert [check.note() for check in together] == [run(again)] * 4
    again()
    again.wait()
    assert len(server.asked) == 1


def test_a_process_that_dies_while_it_asks_has_asked(server: ModelServer, make: Make) -> None:
    server.says(Say([Hold()]))
    dying = make()
    dying()
    assert server.heard.wait(5)
    assert run(make()) == {}
    assert len(server.asked) == 1


def test_other_settings_are_another_question(server: ModelServer, make: Make) -> None:
    server.says(TALKED, CALLED)
    assert run(make()) == {"model_check": "no-tools"}
    assert run(make("better")) == {"model_check": "ok"}
    assert make().note() == {}


def test_a_model_that_has_called_a_tool_meanwhile_is_not_asked(
    server: ModelServer, make: Make, anna: Visitor, model: Scripted
) -> None:
    before = make("scripted-1")
    model.will(tool_call("get_cart", {}))
    model.will("Your cart is empty.")
    anna.says("What is in my cart?")
    assert run(before) == {"model_check": "ok"}
    assert server.asked == []
    server.says(TALKED)
    assert run(make("another")) == {"model_check": "no-tools"}


def test_nothing_is_asked_in_the_first_minute_when_switched_off_or_of_the_demo(
    server: ModelServer, make: Make, config: Config
) -> None:
    assert run(make(wait_seconds=60)) == {}
    assert run(make(model_check=False)) == {}
    assert run(BootCheck(config, lambda: pytest.fail("asked"), SEARCH, wait_seconds=0)) == {}
    assert server.asked == []


def test_without_a_folder_to_write_to_nothing_is_asked(server: ModelServer, make: Make, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert run(make(instance=file)) == {}
    assert server.asked == []


@pytest.mark.parametrize("kept", [b"", b"{", b"[]", b'{"settings": 1, "sight": "ok", "at": 0}', b'{"other": 1}'])
def test_a_file_that_cannot_be_read_is_written_again(
    server: ModelServer, make: Make, config: Config, kept: bytes
) -> None:
    (config.instance / "model-check.json").write_bytes(kept)
    server.says(CALLED)
    assert run(make()) == {"model_check": "ok"}


def test_no_key_is_written_down(server: ModelServer, make: Make, config: Config) -> None:
    server.says(REFUSED)
    run(make())
    kept = (config.instance / "model-check.json").read_text()
    assert KEY not in kept
    assert (config.instance / "model-check.json").stat().st_mode & 0o077 == 0


def test_the_setting_is_a_switch(tmp_path: Path) -> None:
    folder = {"INSTANCE": str(tmp_path)}
    assert not Config.from_env({**folder, "MODEL_CHECK": "off"}).model_check
    assert Config.from_env(folder).model_check
    with pytest.raises(ConfigError, match="MODEL_CHECK"):
        Config.from_env({**folder, "MODEL_CHECK": "perhaps"})


def test_readyz_says_what_was_seen(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    services = app.extensions["widget"]
    monkeypatch.setattr(services.boot_check, "note", lambda: {"model_check": "no-tools"})
    assert app.test_client().get("/readyz").json == {"status": "ok", "model_check": "no-tools"}
