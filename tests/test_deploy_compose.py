"""compose.yaml, read by compose itself, which needs no engine for that."""

from __future__ import annotations

import os
import re
import runpy
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.column import ROOT
from tests.servers import find, require
from tests.test_deploy_image import dockerfile

SECRETS = {
    "PUBLIC_URL": "https://chat.example.com",
    "SECRET_KEYS": "0123456789abcdefghijklmnopqrstuv",
    "POSTGRES_PASSWORD": "hush",
    "TLS_FOLDER": "/etc/tls",
}


def compose(**environment: str) -> subprocess.CompletedProcess[str]:
    """`docker compose config`, of the plugin where there is one, else of Debian's docker-compose. Neither needs an
    engine for it."""
    has_plugin = (
        find("docker")
        and not subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    )
    if not has_plugin:
        require("docker-compose")
    words = ["docker", "compose"] if has_plugin else ["docker-compose"]
    path = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    return subprocess.run(
        [*words, "-f", str(ROOT / "compose.yaml"), "config"],
        env={**path, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@cache
def services() -> dict[str, Any]:
    done = compose(**SECRETS)
    assert done.returncode == 0, done.stderr
    return dict(yaml.safe_load(done.stdout)["services"])


def test_compose_understands_the_file() -> None:
    assert set(services()) == {"app1", "app2", "nginx", "postgres", "redis"}


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_missing_secret_is_asked_for(name: str) -> None:
    done = compose(**{key: value for key, value in SECRETS.items() if key != name})
    assert done.returncode != 0
    said = re.search(rf"\$\{{{name}:\?(.+?)\}}", (ROOT / "compose.yaml").read_text())
    assert said
    assert said[1] in done.stderr


def test_no_service_can_write_to_its_image_gain_rights_or_run_as_root() -> None:
    for name, service in services().items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert name.startswith("app") or service["user"] not in {"root", "0"}, name
    user = [words for instruction, words in dockerfile() if instruction == "USER"]
    assert user == ["10001:10001"]  # by number, or nobody could tell that it is not root
    assert "--uid 10001 --gid 10001" in (ROOT / "Dockerfile").read_text()


def size(text: object) -> int:
    """Bytes, of what compose writes as `64m` or as a number."""
    number, unit = re.fullmatch(r"(\d+)([kmg]?)b?", str(text).lower()).groups()  # type: ignore[union-attr]
    return int(number) * int(1024 ** " kmg".index(unit or " "))


def test_every_service_has_ceilings() -> None:
    for name, service in services().items():
        assert size(service["mem_limit"]) <= 1024**3, name
        assert 0 < int(service["pids_limit"]) <= 1024, name
        assert 0 < float(service["cpus"]) <= 2, name
        for mount in service["tmpfs"]:
            assert size(re.search(r"size=(\w+)", mount)[1]) <= 64 * 1024**2, mount  # type: ignore[index]


def test_redis_keeps_less_than_its_memory() -> None:
    redis = services()["redis"]
    words = redis["command"]
    most = size(words[words.index("--maxmemory") + 1])
    assert 2 * most <= size(redis["mem_limit"])


def test_an_app_host_may_have_a_thread_for_each_stream() -> None:
    app = services()["app1"]
    workers, streams = (int(app["environment"][name]) for name in ("WEB_CONCURRENCY", "MAX_STREAMS"))
    assert workers * (streams + gunicorn_conf()["threads"] + 20) <= int(app["pids_limit"])


@pytest.mark.parametrize("url", ["https://shop-chat.example.org", "https://shop-chat.example.org:8443"])
def test_nginx_learns_its_host_from_the_environment(tmp_path: Path, url: str) -> None:
    shell, flags, script = services()["nginx"]["command"]
    script = script.replace("$$", "$")  # which older releases of compose leave doubled
    script = script.replace("/tmp/", f"{tmp_path}/")  # noqa: S108 - the container's, which this test does not touch
    script = script.replace("/etc/nginx/nginx.conf", str(ROOT / "deploy" / "nginx.conf"))
    nginx = tmp_path / "nginx"
    nginx.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\n')
    nginx.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PUBLIC_URL": url}
    subprocess.run([shell, flags, script], env=environment, check=True)
    assert "-c" in (tmp_path / "asked").read_text()
    made = (tmp_path / "nginx.conf").read_text()
    assert "\n        shop-chat.example.org 1;\n" in made
    assert "chat.example.com" not in made
    assert made.replace("shop-chat.example.org", "chat.example.com") == (ROOT / "deploy" / "nginx.conf").read_text()


def test_every_service_says_whether_it_is_well() -> None:
    found = services()
    assert all(service["healthcheck"]["test"] for service in found.values())
    assert "/readyz" in str(found["app1"]["healthcheck"])
    assert any(instruction == "HEALTHCHECK" and "/healthz" in words for instruction, words in dockerfile())


def test_the_settings_are_settings_and_the_two_hosts_are_the_same() -> None:
    found = services()
    assert found["app1"] == found["app2"]
    given = found["app1"]["environment"]
    asked = set(re.findall(r'"([A-Z_]{4,})"', (ROOT / "widget_api" / "config.py").read_text()))
    assert set(given) <= asked
    assert given["TRUSTED_PROXIES"] == "1"
    assert given["DATABASE_URL"] == "postgresql://chat:hush@postgres:5432/chat"


def test_a_stop_waits_for_running_answers() -> None:
    conf = gunicorn_conf()
    needed = conf["graceful_timeout"] + conf["GRACE_SECONDS"]
    for name in ("app1", "app2", "nginx"):
        assert seconds(services()[name]["stop_grace_period"]) >= needed


def gunicorn_conf() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "gunicorn.conf.py"))


def seconds(duration: str) -> int:
    minutes, rest = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", duration).groups()  # type: ignore[union-attr]
    return int(minutes or 0) * 60 + int(rest or 0)


def test_nginx_ends_idle_connections_before_the_app_does() -> None:
    found = re.search(r"keepalive_timeout (\d+)s", (ROOT / "deploy" / "nginx.conf").read_text())
    assert found
    assert int(found[1]) < gunicorn_conf()["keepalive"]


def test_backups_are_made_with_programs_of_the_servers_version() -> None:
    (client,) = re.findall(r"postgresql-client-(\d+)", (ROOT / "Dockerfile").read_text())
    assert services()["postgres"]["image"].startswith(f"postgres:{client}-")


def test_every_image_is_named_by_a_version() -> None:
    images = [service["image"] for name, service in services().items() if not name.startswith("app")]
    images += [words.split()[0] for instruction, words in dockerfile() if instruction == "FROM"]
    for image in images:
        assert re.fullmatch(r"[a-z]+:\d+[.\d]*(-[a-z-]+)?", image), image
