"""No secret of the server or of its visitors stands in the log, in an answer, or in what a command says."""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.live import ROOT, Live, Shopper, serving
from tests.model_server import ModelServer, Say, model_server
from tests.servers import PostgresServer
from widget_api.config import Config, ConfigError
from widget_api.logs import DiscreetRecord, JsonFormatter, TextFormatter
from widget_api.redaction import REDACTED, Redactor

pytestmark = pytest.mark.storeless

KEYS = ("canary-signing-key-1-0123456789abcdef", "canary-signing-key-2-0123456789abcdef")
MODEL_KEY, SECOND_KEY, CLIENT_SECRET = "sk-canary-model-1234", "sk-canary-second-5678", "shpss-canary-client-9"
DATABASE_PASSWORD, REDIS_PASSWORD = "canary/database", "canary-redis-password"
OURS = (*KEYS, MODEL_KEY, SECOND_KEY, CLIENT_SECRET, DATABASE_PASSWORD, "canary%2Fdatabase", REDIS_PASSWORD)
CART_TOKEN, CART_KEY = "canaryCartToken", "0123456789abcdef0123456789abcafe"
CART = f"gid://shopify/Cart/{CART_TOKEN}?key={CART_KEY}"


def echo(server: ModelServer, key: str) -> None:
    """Have the provider refuse, and repeat what it was sent."""
    server.says(Say([f'{{"error": "Incorrect API key provided: {key} of Bearer {key}"}}'.encode()], status=401))


def raw(live: Live, request: str) -> bytes:
    with socket.create_connection(("127.0.0.1", live.port), timeout=20) as connection:
        connection.sendall(request.encode())
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


def test_errors_of_every_kind_show_no_secret(tmp_path: Path, postgres: PostgresServer) -> None:
    database = postgres.database()
    said: list[str] = []
    with model_server() as first, model_server() as second:
        settings = {
            "SECRET_KEYS": ",".join(KEYS),
            "MODEL_API": "openai",
            "MODEL_NAME": "first",
            "MODEL_BASE_URL": first.url,
            "MODEL_API_KEY": MODEL_KEY,
            "MODEL_FALLBACK": f"openai:second@{second.url}",
            "MODEL_FALLBACK_API_KEY": SECOND_KEY,
            "SHOPIFY_CLIENT_SECRET": CLIENT_SECRET,
            "DATABASE_URL": database.replace("@", ":canary%2Fdatabase@", 1),
            "REDIS_URL": f"redis://:{REDIS_PASSWORD}@127.0.0.1:9/0",  # where nobody listens
        }
        with serving(tmp_path, **settings) as live, Shopper(live) as anna:
            link, ticket = talk(anna, first, second, said)
            for forged in (anna.token + "!", ticket, anna.token[:-3]):
                refused = anna.get("/api/conversations", headers={"Authorization": f"Bearer {forged}"})
                said.append(refused.text)
            said += [
                anna.get("/api/chat/c/stream", params={"ticket": forged}).text for forged in (anna.token, ticket)
            ]
            said.append(anna.http.post(f"{live.url}/api/sessions", json={"shop": anna.token}, timeout=20).text)
            for line in (f"Authorization : Bearer {anna.token}", f"Author\x00ization: Bearer {anna.token}"):
                said.append(raw(live, f"GET / HTTP/1.1\r\nHost: x\r\n{line}\r\nConnection: close\r\n\r\n").decode())
            postgres.drop(database)
            for path in (link, "/api/conversations", "/api/cart", "/readyz", "/healthz"):
                said.append(anna.get(path).text)
            said.append(anna.http.delete(f"{live.url}/api/session", timeout=60).text)
        said.append(live.log)
    assert "the database" in live.log
    assert "model second" in live.log
    held = (anna.token, ticket, link.rpartition("/")[2], CART_TOKEN, CART_KEY)
    assert [secret for secret in (*OURS, *held) if secret in "\n".join(said)] == []


def talk(anna: Shopper, first: ModelServer, second: ModelServer, said: list[str]) -> tuple[str, str]:
    """Have Anna bind her cart and ask; both providers refuse. Returns the path of her link, and a ticket."""
    said.append(anna.http.put(f"{anna.url}/api/cart", json={"cart_id": CART}, timeout=60).text)
    first.says(Say(status=529), Say(status=529), Say(status=529))
    echo(second, SECOND_KEY)
    said.append(anna.ask("c", "hello"))
    echo(first, MODEL_KEY)
    said.append(anna.ask("c", "hello again"))
    said.append(anna.get("/api/conversations/c/messages").text)
    said.append(anna.get("/api/conversations/c/export", params={"format": "json"}).text)
    made = anna.post("/api/conversations/c/share", json={"days": 1})
    assert made.status_code == 201, made.text
    link = made.json()["url"]
    tokens = Redactor()(f"{anna.token} {link}")
    assert tokens.count(REDACTED) == 2
    return link[link.index("/api/") :], f"{anna.token[:-43]}{anna.token[-43:][::-1]}"


STARTS: dict[str, dict[str, str]] = {
    "a fallback": {"MODEL_FALLBACK": f"anthropic:m@htps://:{SECOND_KEY}@api.anthropic.com"},
    "a base URL": {"MODEL_BASE_URL": f"https://user:{MODEL_KEY}@[api.example.com"},
    "the scheme of a base URL": {"MODEL_BASE_URL": f"htps://user:{MODEL_KEY}@api.example.com"},
    "a key with a blank": {"MODEL_API_KEY": f"{MODEL_KEY} {MODEL_KEY}"},
    "a key with a letter that no key has": {"MODEL_API_KEY": f"{MODEL_KEY}\u00e9"},
    "a short signing key": {"SECRET_KEYS": f"{KEYS[0]},{CLIENT_SECRET}"},
    "a public address": {"PUBLIC_URL": f"https://user:{CLIENT_SECRET}@chat.example.com"},
    "a database's password": {"DATABASE_URL": f"postgresql://chat:{DATABASE_PASSWORD}@@127.0.0.1:9/chat"},
    "a database's port": {"DATABASE_URL": f"postgresql://chat@127.0.0.1:{REDIS_PASSWORD}/chat"},
    "a database of another kind": {"DATABASE_URL": f"mysql://chat:{REDIS_PASSWORD}@127.0.0.1/chat"},
    "Redis": {"REDIS_URL": f"redis://:{REDIS_PASSWORD}@127.0.0.1:port/0"},
    "another kind of Redis": {"REDIS_URL": f"http://:{REDIS_PASSWORD}@127.0.0.1/0"},
}


def configured(tmp_path: Path, **settings: str) -> dict[str, str]:
    model = {"MODEL_API": "openai", "MODEL_NAME": "m", "MODEL_API_KEY": MODEL_KEY, "SECRET_KEYS": ",".join(KEYS)}
    return {"PATH": os.environ["PATH"], "INSTANCE": str(tmp_path / "instance"), **model, **settings}


@pytest.mark.parametrize("wrong", STARTS)
def test_a_setting_that_cannot_be_used_is_refused_without_a_quotation(tmp_path: Path, wrong: str) -> None:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "shop", "list"]
    settings = configured(tmp_path, **STARTS[wrong])
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert [secret for secret in OURS if secret in done.stdout + done.stderr] == []


def test_the_settings_can_be_printed(tmp_path: Path) -> None:
    addresses = {
        "DATABASE_URL": f"postgresql://chat:canary%2Fdatabase@127.0.0.1/chat?sslpassword={CLIENT_SECRET}",
        "REDIS_URL": f"redis://:{REDIS_PASSWORD}@127.0.0.1/0",
        "MODEL_FALLBACK": f"openai:m@https://:{SECOND_KEY}@api.example.com",
        "MODEL_BASE_URL": f"https://api.example.com/v1?key={MODEL_KEY}",
    }
    config = Config.from_env(configured(tmp_path, **addresses))
    for shown in (repr(config), str(config), repr(replace(config, port=1)), f"{config}"):
        assert [secret for secret in OURS if secret in shown] == []
    assert set(OURS) <= set(config.secrets)


def test_a_setting_of_the_wrong_kind_names_itself_only(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.from_env(configured(tmp_path, PUBLIC_URL=f"https://{CLIENT_SECRET}@chat.example.com"))
    assert CLIENT_SECRET not in str(refused.value)


# What is written to the log


class Record(DiscreetRecord):
    """A record of a server whose settings are the canaries."""

    redact = Redactor((*OURS, 'with "quotes" and \\'))


FORMATTERS: tuple[logging.Formatter, ...] = (
    TextFormatter("%(message)s"),
    JsonFormatter("%(message)s"),
    logging.Formatter("%(levelname)s %(message)s"),  # as a library has it
)


@given(st.text(), st.text(), st.sampled_from(FORMATTERS))
def test_no_line_of_the_log_holds_a_secret_nor_does_a_traceback(
    before: str, after: str, formatter: logging.Formatter
) -> None:
    for secret in (*OURS, 'with "quotes" and \\', CART):
        text = f"{before} {secret} {after}"
        try:
            dict[str, str]()[text]
        except LookupError:
            error: Any = sys.exc_info()
        record = Record("widget_api", logging.ERROR, "", 0, "went wrong: %s", (text,), error)
        line = formatter.format(record)
        assert [each for each in (secret, CART_TOKEN, CART_KEY) if each in line] == []


def test_what_is_no_secret_is_not_touched() -> None:
    line = (
        "POST /api/conversations/5f2b6c1e-8d34-4c52-9a77-0c1d2e3f4a5b: gid://shopify/Product/7 at 1.2.3.4 v1.22.333"
    )
    assert Redactor(OURS)(line) == line
    assert Redactor(("short",))("short") == "short"
