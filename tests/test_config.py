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
        ({"MODEL_CONTEXT": "8k"}, "MODEL_CONTEXT"),
        ({"MODEL_CONTEXT": "512"}, "MODEL_CONTEXT"),
        ({"MODEL_MAX_TOKENS": "0"}, "MODEL_MAX_TOKENS"),
        ({"MODEL_IDLE_SECONDS": "0"}, "MODEL_IDLE_SECONDS"),
        ({"MODEL_TURN_SECONDS": "forever"}, "MODEL_TURN_SECONDS"),
        ({"MODEL_CONCURRENCY": "-1"}, "MODEL_CONCURRENCY"),
        *(
            ({"MODEL_OPTIONS": text}, "MODEL_OPTIONS is no JSON object.*temperature")
            for text in ("temperature=hush", "[]", "7", '"hush"', '{"a": NaN}', "{'hush': 1}")
        ),
        *(
            ({"MODEL_OPTIONS": f'{{"{name}": "hush", "seed": 1}}'}, f"MODEL_OPTIONS sets {name}, .*leave it out")
            for name in ("model", "messages", "stream", "tools", "tool_choice", "system")
        ),
        ({"MODEL_OPTIONS": '{"max_tokens": "hush"}'}, "MODEL_OPTIONS sets max_tokens: .*set MODEL_MAX_TOKENS"),
        ({"MODEL_OPTIONS": '{"max_tokens": 5, "max_completion_tokens": 5}'}, "set MODEL_MAX_TOKENS"),
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


def test_options_of_great_depth_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="MODEL_OPTIONS"):
        read(tmp_path, MODEL_OPTIONS="[" * 100_000)


def test_what_is_not_set_of_the_model_is_found_out(tmp_path: Path) -> None:
    config = read(tmp_path)
    assert (config.model_context, config.model_max_tokens, config.model_options) == (0, 0, {})
    assert (config.model_idle_seconds, config.model_turn_seconds, config.model_concurrency) == (60, 180, 0)


def test_the_model_is_asked_as_the_settings_say(tmp_path: Path) -> None:
    options = '{"temperature": 0.2, "reasoning_effort": null, "chat_template_kwargs": {"enable_thinking": false}}'
    config = read(
        tmp_path,
        MODEL_CONTEXT="8192",
        MODEL_MAX_TOKENS="2000",
        MODEL_OPTIONS=options,
        MODEL_IDLE_SECONDS="300",
        MODEL_TURN_SECONDS="900",
        MODEL_CONCURRENCY="2",
    )
    assert (config.model_context, config.model_max_tokens) == (8192, 2000)
    assert config.model_options == {
        "temperature": 0.2,
        "reasoning_effort": None,
        "chat_template_kwargs": {"enable_thinking": False},
    }
    assert (config.model_idle_seconds, config.model_turn_seconds, config.model_concurrency) == (300, 900, 2)


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
