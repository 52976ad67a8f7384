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

REDIS = "redis://:hush@127.0.0.1:6379/0"
POSTGRES = "postgresql://user:hush@127.0.0.1:5432/chat?sslmode=require"
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
        ({"MODEL_THOUGHT_TAGS": "<ponder>"}, "MODEL_THOUGHT_TAGS.*<ponder>…</ponder>"),
        ({"MODEL_THOUGHT_TAGS": "<a>…</a>,…</b>"}, "MODEL_THOUGHT_TAGS"),
        ({"MODEL_THOUGHT_TAGS": f"<{'a' * 64}>…</a>"}, "MODEL_THOUGHT_TAGS"),
        ({"PORT": "0"}, "PORT"),
        ({"PORT": "٣"}, "PORT"),
        ({"WEB_CONCURRENCY": "2"}, "REDIS_URL.*DATABASE_URL.*WEB_CONCURRENCY=1"),
        ({"WEB_CONCURRENCY": "2", "REDIS_URL": REDIS}, "DATABASE_URL"),
        ({"WEB_CONCURRENCY": "2", "DATABASE_URL": POSTGRES}, "REDIS_URL"),
        ({"WEB_CONCURRENCY": "2", "REDIS_URL": REDIS, "DATABASE_URL": "sqlite:////chat.db"}, "DATABASE_URL"),
        ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://host"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://user:hush@hush@host/chat"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://user:hush%@host/chat"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://host/chat?nonsense=1"}, "DATABASE_URL"),
        ({"REDIS_URL": "http://host"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://:hush@host:port"}, "REDIS_URL"),
        ({"REDIS_URL": "redis://host/first"}, "REDIS_URL"),
        ({"REDIS_URL": "unix://"}, "REDIS_URL"),
        ({"BACKUP_DAYS": "weekly"}, "BACKUP_DAYS"),
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
        ({"REQUEST_THREADS": "3"}, "REQUEST_THREADS"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_refused_by_name(tmp_path: Path, settings: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says) as refusal:
        read(tmp_path, **settings)
    assert "hush" not in str(refusal.value)


def test_several_workers_need_both_servers(tmp_path: Path) -> None:
    config = read(tmp_path, WEB_CONCURRENCY="4", REDIS_URL=REDIS, DATABASE_URL=POSTGRES)
    assert (config.workers, config.redis_url, config.database_url) == (4, REDIS, POSTGRES)


@pytest.mark.parametrize(
    "url", [REDIS, "redis://localhost", "rediss://:word@host:6380/1", "unix:///run/redis.sock?db=1"]
)
def test_one_worker_may_use_redis(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, REDIS_URL=url).redis_url == url


def test_the_spelling_of_other_hosters_is_understood(tmp_path: Path) -> None:
    assert read(tmp_path, DATABASE_URL="postgres://user@host/chat").database_url == "postgresql://user@host/chat"


def test_tags_of_thoughts_are_pairs(tmp_path: Path) -> None:
    tags = read(tmp_path, MODEL_THOUGHT_TAGS=" <ponder>…</ponder> , BEGIN...END,").model_thought_tags
    assert tags == (("<ponder>", "</ponder>"), ("BEGIN", "END"))
    assert read(tmp_path).model_thought_tags == ()


def test_a_week_of_backups_is_kept_unless_said_otherwise(tmp_path: Path) -> None:
    assert (read(tmp_path).backup_days, read(tmp_path, BACKUP_DAYS="0").backup_days) == (7, 0)


@pytest.mark.parametrize("text", ["messages", "messages=lots", "coffee=1 per day", "messages=1 per day,,"])
def test_a_wrong_limit_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="RATE_LIMITS"):
        Limits.parse(text)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    secrets = {"SECRET_KEYS": KEY, "MODEL_API_KEY": "sk-very-secret", "SHOPIFY_CLIENT_SECRET": "hush"}
    config = read(tmp_path, **secrets, DATABASE_URL=POSTGRES, REDIS_URL=REDIS)
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
