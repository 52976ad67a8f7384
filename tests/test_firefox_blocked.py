"""A Firefox whose owner blocks all cookies and site data: storage, database and locks are there, and refuse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import confessing
from tests.engines import firefox_with
from tests.journey import Journey
from tests.live import serving

pytestmark = [pytest.mark.browser, pytest.mark.looks, pytest.mark.xdist_group("engines-firefox")]

MITTENS, MUGS = "Do you have mittens?", "Do you have enamel mugs?"
# "Block all cookies" in Firefox's settings.
BLOCK_ALL = {"network.cookie.cookieBehavior": 2}


@pytest.fixture
def chat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with (
        serving(tmp_path_factory.mktemp("live"), confessing.APP) as live,
        firefox_with(**BLOCK_ALL) as engine,
        engine.tab(1280, 860) as tab,
    ):
        yield Journey(tab, live)


def test_where_nothing_may_be_kept_shoppers_are_answered_and_can_have_all_erased(chat: Journey) -> None:
    chat.open()
    with pytest.raises(Exception, match="insecure"):
        chat.tab.run("return localStorage.length;")
    chat.ask(MITTENS)
    chat.ask("thanks")
    chat.choose("New conversation")
    chat.miss(".user")
    chat.ask(MUGS)
    chat.choose("Past conversations")
    chat.see_all(".entries .name", [MUGS, MITTENS])
    chat.click(".back")
    chat.choose("Forget me")
    chat.click(".danger")
    chat.miss(".danger")
    chat.miss(".user")
    assert chat.faults() == []
