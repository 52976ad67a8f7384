"""The settings, read once from the environment. No other module reads it."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

MODEL_APIS = ("openai", "anthropic", "demo")
LOG_FORMATS = ("text", "json")
POSTGRES = "postgresql://"
# What MODEL_OPTIONS cannot set, for it is said by every turn.
RESERVED_OPTIONS = ("model", "messages", "stream", "tools", "tool_choice", "system")
LIMIT_OPTIONS = ("max_tokens", "max_completion_tokens")
TAG_CHARACTERS = 64
KEY_CHARACTERS = 32  # 128 bits and more, however the key is written down


class ConfigError(ValueError):
    """A setting cannot be used; the message names it and says what to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What one process needs to know. Tests build it directly; the server says `Config.from_env(os.environ)`."""

    secret_keys: tuple[str, ...] = field(repr=False)  # oldest first; the last one signs
    instance: Path = Path("instance")
    port: int = 8000
    workers: int = 1
    max_streams: int = 2000
    request_threads: int = 64
    database_url: str = field(default="", repr=False)  # it may hold a password, as may the next
    redis_url: str = field(default="", repr=False)
    backup_days: int = 7
    public_url: str = ""
    model_api: str = "demo"
    model_check: bool = True
    model_base_url: str = field(default="", repr=False)  # some providers want a key in it
    model_api_key: str = field(default="", repr=False)
    model_name: str = ""
    model_fallback: str = field(default="", repr=False)  # it may hold a key, as it was once written
    model_fallback_api_key: str = field(default="", repr=False)
    model_context: int = 0  # in tokens; 0 to find out
    model_max_tokens: int = 0  # of an answer; 0 for what suits the model
    model_options: Mapping[str, Any] = field(default_factory=dict, repr=False)  # fields of the body
    model_idle_seconds: int = 60
    model_turn_seconds: int = 180
    model_concurrency: int = 0  # steps that are asked at once; 0 for no limit
    model_thought_tags: tuple[tuple[str, str], ...] = ()  # more pairs of what opens and what closes thoughts
    shopify_client_secret: str = field(default="", repr=False)
    rate_limits: str = "default"
    trusted_proxies: int = 0
    log_format: str = "text"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Return every value that must stay in this process, also as it is written in an address."""
        given = (*self.secret_keys, self.model_api_key, self.model_fallback_api_key, self.shopify_client_secret)
        addresses = (self.database_url, self.redis_url, self.model_base_url, self.model_fallback)
        return (*filter(None, given), *(secret for address in addresses for secret in _secrets_in(address)))

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Config:
        """Read and check every setting. Raises `ConfigError`."""
        instance = Path(env.get("INSTANCE", "instance")).absolute()
        port = _number(env, "PORT", 8000, least=1, most=65535)
        public_url = _public_url(env.get("PUBLIC_URL", ""), port)
        database_url = _database_url(env.get("DATABASE_URL", ""), instance)
        redis_url = _redis_url(env.get("REDIS_URL", ""))
        return cls(
            secret_keys=_secret_keys(env.get("SECRET_KEYS", ""), public_url, instance),
            instance=instance,
            port=port,
            workers=_workers(env, database_url, redis_url),
            max_streams=_number(env, "MAX_STREAMS", 2000, least=1, most=20000),
            request_threads=_number(env, "REQUEST_THREADS", 64, least=4, most=512),
            database_url=database_url,
            redis_url=redis_url,
            backup_days=_number(env, "BACKUP_DAYS", 7, least=0, most=3650),
            public_url=public_url,
            **_model(env),
            model_check=_choice(env, "MODEL_CHECK", ("on", "off"), "on") == "on",
            model_thought_tags=_thought_tags(env.get("MODEL_THOUGHT_TAGS", "")),
            shopify_client_secret=env.get("SHOPIFY_CLIENT_SECRET", ""),
            rate_limits=env.get("RATE_LIMITS", "default"),
            trusted_proxies=_number(env, "TRUSTED_PROXIES", 0, least=0, most=10),
            log_format=_choice(env, "LOG_FORMAT", LOG_FORMATS, "text"),
        )


def _secrets_in(address: str) -> Iterator[str]:
    """Yield the passwords of an address, which may stand before its host or in its query."""
    _, _, rest = address.partition("://")
    credentials = rest.rpartition("@")[0].partition(":")[2]
    values = [value for _, _, value in (pair.partition("=") for pair in rest.partition("?")[2].split("&"))]
    for secret in filter(None, (credentials, *values)):
        yield from {secret, unquote(secret)}


def _number(env: Mapping[str, str], name: str, default: int, *, least: int, most: int) -> int:
    text = env.get(name, "") or str(default)
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise ConfigError(f"{name} is {text!r}: set a whole number from {least} to {most}.")
    return int(text)


def _choice(env: Mapping[str, str], name: str, choices: tuple[str, ...], default: str) -> str:
    value = env.get(name, "") or default
    if value not in choices:
        raise ConfigError(f"{name} is {value!r}: set one of {', '.join(choices)}.")
    return value


def _workers(env: Mapping[str, str], database_url: str, redis_url: str) -> int:
    workers = _number(env, "WEB_CONCURRENCY", 1, least=1, most=64)
    if workers > 1 and not (redis_url and database_url.startswith(POSTGRES)):
        raise ConfigError(
            f"WEB_CONCURRENCY is {workers}, but several workers share streams and rows through servers: "
            "set REDIS_URL=redis://… and DATABASE_URL=postgresql://…, or WEB_CONCURRENCY=1."
        )
    return workers


def _database_url(url: str, instance: Path) -> str:
    url = url or f"sqlite:///{instance / 'chat.db'}"
    url = re.sub("^postgres://", POSTGRES, url)  # as many hosters write it
    if url.startswith(POSTGRES):
        return _postgres_url(url)
    if not url.startswith("sqlite:///") or len(url) == len("sqlite:///"):
        raise ConfigError(
            "DATABASE_URL must be sqlite:/// and a path, as in sqlite:////var/lib/chat/chat.db, "
            "or postgresql://user:password@host:5432/name."
        )
    return url


def _postgres_url(url: str) -> str:
    import psycopg

    try:
        parts = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        parts = {}  # what libpq says of it may quote the password
    is_numbered = re.fullmatch("[0-9,]*", str(parts.get("port", "")))
    if not parts.get("dbname") or "@" in str(parts.get("host", "")) or not is_numbered:
        raise ConfigError(
            "DATABASE_URL cannot be read: write postgresql://user:password@host:5432/name, "
            "with %40 for an @ in the password and so on."
        )
    return url


def _redis_url(url: str) -> str:
    if url and not _names_redis(url):
        raise ConfigError(
            "REDIS_URL cannot be read: write redis://:password@host:6379/0, rediss:// for TLS, or unix:///path."
        )
    return url


def _names_redis(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme == "unix":
        return len(parts.path) > 1
    numbered = re.fullmatch(r"/?[0-9]*", parts.path)
    return parts.scheme in {"redis", "rediss"} and bool(parts.hostname and numbered) and port != 0


def _public_url(url: str, port: int) -> str:
    url = url.rstrip("/") or f"http://127.0.0.1:{port}"
    parts = urlsplit(url)
    if "@" in url:
        raise ConfigError(
            "PUBLIC_URL holds a user name or a password: set an origin such as https://chat.example.com."
        )
    plain = parts.path == "" and not parts.query
    if not parts.hostname or not plain or parts.scheme not in {"http", "https"}:
        raise ConfigError(f"PUBLIC_URL is {url!r}: set an origin such as https://chat.example.com.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ConfigError(f"PUBLIC_URL is {url!r}: shoppers' browsers need https.")
    return url


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine itself."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _model(env: Mapping[str, str]) -> dict[str, Any]:
    api = _choice(env, "MODEL_API", MODEL_APIS, "demo")
    names = ("MODEL_BASE_URL", "MODEL_API_KEY", "MODEL_NAME", "MODEL_FALLBACK", "MODEL_FALLBACK_API_KEY")
    values = {name.lower(): env.get(name, "") for name in names}
    if api != "demo" and not values["model_name"]:
        raise ConfigError(f"MODEL_API is {api}, so MODEL_NAME must say which of its models to ask.")
    return {
        "model_api": api,
        **values,
        "model_context": _number_or_none(env, "MODEL_CONTEXT", least=2048, most=100_000_000),
        "model_max_tokens": _number_or_none(env, "MODEL_MAX_TOKENS", least=16, most=1_000_000),
        "model_options": _model_options(env.get("MODEL_OPTIONS", "")),
        "model_idle_seconds": _number(env, "MODEL_IDLE_SECONDS", 60, least=1, most=3600),
        "model_turn_seconds": _number(env, "MODEL_TURN_SECONDS", 180, least=1, most=7200),
        "model_concurrency": _number(env, "MODEL_CONCURRENCY", 0, least=0, most=10_000),
    }


def _number_or_none(env: Mapping[str, str], name: str, *, least: int, most: int) -> int:
    """Return the number, or 0 where nothing is set."""
    return _number(env, name, least, least=least, most=most) if env.get(name) else 0


def _model_options(text: str) -> dict[str, Any]:
    """Return the fields that join every request's body. Complaints do not quote them: a key may be among them."""
    if not text.strip():
        return {}
    try:
        options = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        options = None
    if not isinstance(options, dict):
        raise ConfigError('MODEL_OPTIONS is no JSON object: write it as {"temperature": 0.2}, in single quotes.')
    reserved = [name for name in RESERVED_OPTIONS if name in options]
    if reserved:
        raise ConfigError(f"MODEL_OPTIONS sets {', '.join(reserved)}, which every turn sets by itself: leave it out.")
    limits = [name for name in LIMIT_OPTIONS if name in options]
    if len(limits) > 1 or not all(_is_limit(options[name]) for name in limits):
        raise ConfigError(f"MODEL_OPTIONS sets {' and '.join(limits)}: leave it out and set MODEL_MAX_TOKENS.")
    return options


def _is_limit(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity are no JSON


def _thought_tags(text: str) -> tuple[tuple[str, str], ...]:
    pairs = tuple(pair.strip().replace("...", "…").partition("…")[::2] for pair in text.split(",") if pair.strip())
    tags = tuple((opens.strip(), closes.strip()) for opens, closes in pairs)
    if not all(0 < len(tag) <= TAG_CHARACTERS for pair in tags for tag in pair):
        raise ConfigError(
            f"MODEL_THOUGHT_TAGS is {text!r}: set pairs of what opens and what closes a model's thoughts, as in "
            f"<ponder>…</ponder>,[[…]], each of at most {TAG_CHARACTERS} characters."
        )
    return tags


def _secret_keys(keys: str, public_url: str, instance: Path) -> tuple[str, ...]:
    if keys:
        return _checked_keys(tuple(key.strip() for key in keys.split(",")))
    if not is_loopback(urlsplit(public_url).hostname or ""):
        raise ConfigError(
            "SECRET_KEYS is not set: shoppers' sessions are signed with it. Make a key with "
            '`python -c "import secrets; print(secrets.token_urlsafe(48))"` and keep it.'
        )
    return _checked_keys((_kept_key(instance / "secret_key"),))


def _checked_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    for key in keys:
        if len(key) < KEY_CHARACTERS or len(set(key)) < KEY_CHARACTERS // 4:
            raise ConfigError(
                f"SECRET_KEYS holds a key that can be guessed: {KEY_CHARACTERS} random characters at least."
            )
    return keys


def _kept_key(path: Path) -> str:
    """The key of a local run, made when there is none. Two processes that start at once get the same one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    draft.write_text(secrets.token_urlsafe(48))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # somebody was faster, or it is not the first run
    finally:
        draft.unlink()
    return path.read_text().strip()
