"""Settings are checked at boot; a wrong one is refused in a sentence that says what to set."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.live import ROOT
from widget_api.config import Config, ConfigError
from widget_api.limits import Limits

KEY = "0123456789abcdefghijklmnopqrstuv"


def read(folder: Path, **settings: str) -> Config:
    return Config.from_env({"INSTANCE": str(folder), **settings})


def test_a_local_run_needs_no_settings(tmp_path: Path) -> None:
    config = read(tmp_path)
    assert (config.port, config.workers, config.model_api) == (8000, 1, "demo")
    assert config.public_url == "http://127.0.0.1:8000"
    assert config.database_url == f"sqlite:///{tmp_path}/chat.db"


def test_a_local_run_makes_its_key_and_keeps_it(tmp_path: Path) -> None:
    first, second = read(tmp_path), read(tmp_path)
    assert first.secret_keys == second.secret_keys
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = {config.secret_keys for config in pool.map(lambda _: read(tmp_path), range(8))}
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"PORT": "eighty"}, "PORT"),
        ({"PORT": "0"}, "PORT"),
        ({"PORT": "٣"}, "PORT"),
        ({"WEB_CONCURRENCY": "2"}, "WEB_CONCURRENCY=1"),
        ({"REDIS_URL": "redis://127.0.0.1"}, "REDIS_URL"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///"}, "DATABASE_URL"),
        ({"PUBLIC_URL": "chat.example"}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "http://chat.example", "SECRET_KEYS": KEY}, "https"),
        ({"PUBLIC_URL": "https://chat.example/path", "SECRET_KEYS": KEY}, "PUBLIC_URL"),
        ({"PUBLIC_URL": "https://chat.example"}, "SECRET_KEYS"),
        ({"SECRET_KEYS": "short"}, "SECRET_KEYS"),
        ({"SECRET_KEYS": f"{KEY},"}, "SECRET_KEYS"),
        ({"SECRET_KEYS": "a" * 40}, "SECRET_KEYS"),
        ({"MODEL_API": "gpt"}, "MODEL_API"),
        ({"MODEL_API": "openai"}, "MODEL_NAME"),
        ({"TRUSTED_PROXIES": "-1"}, "TRUSTED_PROXIES"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT"),
        ({"MAX_STREAMS": "0"}, "MAX_STREAMS"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused_by_name(tmp_path: Path, settings: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read(tmp_path, **settings)


@pytest.mark.parametrize("text", ["messages", "messages=lots", "coffee=1 per day", "messages=1 per day,,"])
def test_a_wrong_limit_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="RATE_LIMITS"):
        Limits.parse(text)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    config = read(tmp_path, SECRET_KEYS=KEY, MODEL_API_KEY="sk-very-secret", SHOPIFY_CLIENT_SECRET="hush")
    assert not [secret for secret in (KEY, "sk-very-secret", "hush") if secret in repr(config)]


@pytest.mark.parametrize(
    "command", [["-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"], ["-m", "widget_api.demo"]]
)
def test_the_server_refuses_to_start_in_one_sentence(tmp_path: Path, command: list[str]) -> None:
    environment = {"WEB_CONCURRENCY": "2", "INSTANCE": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode != 0
    assert done.stderr.strip().startswith("WEB_CONCURRENCY is 2")
    assert len(done.stderr.strip().splitlines()) == 1
