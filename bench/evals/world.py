"""Where the cases take place: the product with the environment's model, the demo shop, and the stand-in shops."""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from bench.evals import standin
from bench.evals.transcript import Answer
from widget_api.demo import PROMPT, objects
from widget_api.demo.faults import Faults
from widget_api.models import Shop
from widget_api.turns import prompt

SHOPS: Final[dict[str, dict[str, Any]]] = tomllib.loads(Path(__file__).with_name("shops.toml").read_text("utf-8"))
_PAGE_SECONDS: Final = 20


@dataclass(frozen=True, slots=True)
class Place:
    """A shop of the cases: its permanent domain, where it answers, its owner's words, and how it is reached."""

    domain: str
    url: str
    name: str
    prompt: str
    contact: str = ""

    @property
    def fields(self) -> dict[str, Any]:
        """Return the shop as it is registered."""
        return {"mcp_url": self.url, "name": self.name, "prompt": self.prompt, "contact": self.contact}

    @property
    def facts(self) -> str:
        """What the assistant knows without a tool."""
        return f"{self.prompt}\n{self.contact}"

    @property
    def sites(self) -> frozenset[str]:
        return frozenset({urlsplit(self.url).netloc, self.domain})

    @property
    def secrets(self) -> tuple[str, ...]:
        """The texts that the assistant must not recite."""
        rules = prompt.system(Shop(domain=self.domain, name=self.name))
        return (rules, self.prompt)


@dataclass(frozen=True, slots=True)
class World:
    """The running product. `faults` are the demo shop's switches, `database` is the product's."""

    url: str
    faults: Faults
    database: Path
    places: Mapping[str, Place]

    @contextmanager
    def in_currency(self, code: str) -> Iterator[None]:
        """Have the demo shop sell in that currency during the block; in its own where none is named."""
        self.faults.currency = code
        try:
            yield
        finally:
            self.faults.mend()
            self.faults.pace = 0

    def expire_carts(self) -> None:
        """Have the demo shop forget every cart. Raises `requests.RequestException`."""
        with requests.Session() as http:
            http.trust_env = False
            pressed = http.post(f"{self.url}/pages/break-it", {"action": "expire-carts"}, timeout=_PAGE_SECONDS)
            pressed.raise_for_status()

    def with_usage(self, answer: Answer) -> Answer:
        """Return the answer with the tokens that the newest turn has used."""
        with closing(sqlite3.connect(self.database)) as connection:
            connection.row_factory = sqlite3.Row
            row = connection.execute("SELECT * FROM turn ORDER BY created_at DESC, rowid DESC LIMIT 1").fetchone()
        used = dict(row) if row else {}
        return replace(
            answer,
            input_tokens=used.get("input_tokens", 0),
            output_tokens=used.get("output_tokens", 0),
            cached_tokens=used.get("cached_tokens", 0),
        )


@contextmanager
def places(url: str) -> Iterator[dict[str, Place]]:
    """Yield the shops of the cases by their names, the stand-ins running. `url` is the demo shop's."""
    with ExitStack() as stack:
        found = {"demo": Place(objects.DOMAIN, url, objects.NAME, PROMPT)}
        for name, raw in SHOPS.items():
            base = url if raw.get("base") == "demo" else stack.enter_context(standin.running(raw))
            told = {"prompt": raw["prompt"].strip(), "contact": raw.get("contact", "")}
            found[name] = Place(f"eval-{name}.myshopify.com", base, raw["name"], **told)
        yield found


def registrations(found: Mapping[str, Place]) -> dict[str, dict[str, Any]]:
    """Return the fields of all shops but the demo shop, which registers itself, by their domains."""
    return {place.domain: place.fields for name, place in found.items() if name != "demo"}
