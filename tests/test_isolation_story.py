"""Whatever three shoppers of two shops do, in any order, nobody ever sees a word of another."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.conftest import ANNAS_SHOP, ANNAS_SITE, CLEOS_SHOP, CLEOS_SITE, Visitor
from tests.scripted import Scripted
from widget_api import create_app
from widget_api.config import Config
from widget_api.models import Shop

NAMES = ("anna", "ben", "cleo")
HOMES = {"anna": (ANNAS_SHOP, ANNAS_SITE), "ben": (ANNAS_SHOP, ANNAS_SITE), "cleo": (CLEOS_SHOP, CLEOS_SITE)}
# Everybody chooses the same few ids, so that they meet wherever an id alone would do.
CONVERSATIONS = st.sampled_from(["c1", "c2"])
MESSAGES = st.sampled_from(["m1", "m2", "m3"])
SHOPPERS = st.sampled_from(NAMES)


def canary(name: str) -> str:
    return f"{name}s-secret"


class Story(RuleBasedStateMachine):
    """Each shopper says only sentences with a word of their own, and the model repeats them."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        config = Config(
            secret_keys=("0123456789abcdefghijklmnopqrstuv-story",),
            instance=Path(self.folder.name),
            database_url=f"sqlite:///{self.folder.name}/chat.db",
            public_url="https://chat.example",
            rate_limits="off",
        )
        app = create_app(config)
        self.services = app.extensions["widget"]
        self.services.shops.model_of_all = Scripted()
        for domain, site in set(HOMES.values()):
            Shop.register(domain, origins=[site], mcp_url="http://127.0.0.1:9")
        self.shoppers = {name: Visitor(app.test_client(), *HOMES[name]) for name in NAMES}
        self.seen: dict[str, list[str]] = {name: [] for name in NAMES}

    def teardown(self) -> None:
        self.services.close(grace=0)
        self.folder.cleanup()

    def note(self, name: str, response: Any) -> None:
        assert response.status_code < 500 or response.json["code"] == "shop-unavailable"
        self.seen[name].append(response.text)
        response.close()

    @rule(name=SHOPPERS, conversation=CONVERSATIONS, id=MESSAGES, number=st.integers(1, 2))
    def sends(self, name: str, conversation: str, id: str, number: int) -> None:
        text = f"{canary(name)} {number}"
        self.note(name, self.shoppers[name].send(text, id=id, conversation=conversation))

    @rule(name=SHOPPERS, conversation=CONVERSATIONS)
    def asks_again(self, name: str, conversation: str) -> None:
        self.shoppers[name].conversation = conversation
        self.note(name, self.shoppers[name].regenerate())

    @rule(name=SHOPPERS, conversation=CONVERSATIONS, after=st.sampled_from(["", "1-0", "1-3", "2-1"]))
    def follows(self, name: str, conversation: str, after: str) -> None:
        self.note(name, self.shoppers[name].get(f"/api/chat/{conversation}/stream?after={after}"))

    @rule(name=SHOPPERS, conversation=CONVERSATIONS, what=st.sampled_from(["", "/messages", "/export?format=json"]))
    def reads(self, name: str, conversation: str, what: str) -> None:
        self.note(name, self.shoppers[name].get(f"/api/conversations/{conversation}{what}"))

    @rule(name=SHOPPERS, words=st.sampled_from(["", "secret", "anna", "ben", "cleo", "%"]))
    def searches(self, name: str, words: str) -> None:
        self.note(name, self.shoppers[name].get("/api/conversations", query_string={"q": words}))

    @rule(name=SHOPPERS, conversation=CONVERSATIONS)
    def renames(self, name: str, conversation: str) -> None:
        path = f"/api/conversations/{conversation}"
        self.note(name, self.shoppers[name].request("PATCH", path, json={"title": f"{canary(name)} title"}))

    @rule(name=SHOPPERS, conversation=CONVERSATIONS)
    def deletes(self, name: str, conversation: str) -> None:
        self.note(name, self.shoppers[name].request("DELETE", f"/api/conversations/{conversation}"))

    @rule(name=SHOPPERS)
    def looks_at_the_cart(self, name: str) -> None:
        self.note(name, self.shoppers[name].get("/api/cart"))

    @rule(name=SHOPPERS)
    def is_forgotten(self, name: str) -> None:
        old = self.shoppers[name]
        self.note(name, old.request("DELETE", "/api/session"))
        self.shoppers[name] = Visitor(old.client, *HOMES[name])

    @invariant()
    def nobody_has_seen_a_word_of_another(self) -> None:
        for name, texts in self.seen.items():
            foreign = [other for other in NAMES if other != name and any(canary(other) in text for text in texts)]
            assert not foreign, f"{name} has seen {foreign}"
            texts.clear()


Story.TestCase.settings = settings(max_examples=20, stateful_step_count=25)
test_nobody_ever_sees_a_word_of_another = Story.TestCase
