"""What is promised, and what a broken promise would be counted as. `docs/promises.md` is written from it."""

from __future__ import annotations

from dataclasses import dataclass

from tests.chaos.scenarios import SCENARIOS

EVERYWHERE = tuple(scenario.name for scenario in SCENARIOS)
WORKERS = ("points", "kills", "stops", "clocks")
SHOPPERS = ("cuts", "end-cuts", "copies", "crowds")
STORES = ("redis", "postgres")
DEPLOYS = ("deploys", "restarts")

# Everything that can go wrong, in the words of the page.
KINDS = {
    "lost": "messages or answers lost",
    "doubled": "answers doubled",
    "spliced": "texts spliced",
    "unlike": "answers shown otherwise than stored",
    "unfinished": "answers not ended after 30 seconds",
    "doubled-write": "cart changes made twice",
    "wrong-cart": "cart lines wrong",
    "foreign": "words in a foreign session",
    "rude": "requests failed without being told when to come again",
    "noticed": "answers cut short",
    "crashed": "workers that died and were not killed",
}


FIGURES = {
    "accepted": "messages accepted",
    "cuts": "connections cut by shoppers",
    "writes": "changes of a cart",
}


@dataclass(frozen=True, slots=True)
class Promise:
    """`says` is the promise, `how` it is tried in plain words; `scenarios` try it, `figures` of their outcomes say
    how often, and `counts` are the kinds of faults that would break it. Where `held` names a page or a test, that
    holds it too."""

    says: str
    how: str
    scenarios: tuple[str, ...] = ()
    figures: tuple[str, ...] = ("accepted",)
    counts: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    mostly: bool = False  # of the turns that lost a worker most must end complete


PROMISES = (
    Promise(
        "An accepted message is never lost; an answer is never doubled; text is never spliced from two attempts.",
        "In all scenarios shoppers wrote down which messages the server had accepted, and the model said every "
        "word with the number of the request that it answered. Afterwards each accepted message had to be in the "
        "history once, with one answer, and each step of an answer had to be the words of one request, from the "
        "first to the last.",
        EVERYWHERE,
        counts=("lost", "doubled", "spliced"),
    ),
    Promise(
        "Any number of cuts at any point: the joined text is the stored text.",
        "Connections were cut after a random number of bytes, before the first byte, and while the answer ended. "
        "Shoppers came back in every way that browsers do: with the position of the last event, without one, or "
        "from the history of a page loaded anew. What they had then been shown had to be what is stored, and the "
        "model had to be asked once.",
        (*SHOPPERS, *WORKERS, *STORES, *DEPLOYS),
        ("accepted", "cuts"),
        counts=("unlike",),
    ),
    Promise(
        "`kill -9` at any instant: every turn ends within 30 s, most of them complete.",
        "Workers were killed at named points between two acts and at random instants, stood still for longer than "
        "the time after which others take over, and had clocks that were ten minutes off. Every answer had to "
        "come to its end in 30 seconds, not counting the time that the model itself takes, and 95 of 100 answers "
        "that lost a worker to be complete.",
        WORKERS,
        counts=("unfinished", "crashed"),
        mostly=True,
    ),
    Promise(
        "A cart write happens at most once per tool call.",
        "The shop wrote down every change that it was told to make, and took its time, so that workers died "
        "before, during and after it. No change may have been told twice, no line may have changed that the model "
        "did not name, and what an answer says was done must be in the cart.",
        EVERYWHERE,
        ("writes",),
        counts=("doubled-write", "wrong-cart"),
    ),
    Promise(
        "No byte of one session ever reaches another.",
        "Every word names the question that it answers. No shopper may have been shown, and no conversation may "
        "hold, a word that answers somebody else's.",
        EVERYWHERE,
        counts=("foreign",),
        held=("tests/test_isolation.py", "tests/test_isolation_story.py"),
    ),
    Promise(
        "Redis gone: history works, running answers finish into the database. PostgreSQL restarted: nothing "
        "acknowledged is lost.",
        "Redis was emptied, stopped and killed, PostgreSQL shut down in order and at once, while shoppers asked "
        "and read. Nothing of the above may have happened; a request that could not be served had to say when to "
        "come again; and with Redis away every answer had to be complete.",
        STORES,
        counts=tuple(KINDS),
    ),
    Promise(
        "A deploy in the middle of an answer is not noticed.",
        "The server was told to load itself anew, or ended and started again, under shoppers who asked without "
        "pause. Nothing of the above may have happened, and every answer had to be complete.",
        DEPLOYS,
        counts=tuple(KINDS),
    ),
    Promise(
        "Persisted within 100 ms of being generated; a 10,000-message conversation opens in well under 100 ms.",
        "The figures are measured by `make bench`.",
        held=("docs/performance.md",),
    ),
    Promise(
        "The widget costs the storefront under 10,000 bytes before it is opened and no layout shift.",
        "Both are measured in a real browser each time the tests run.",
        held=("tests/test_widget_build.py", "tests/test_widget_page.py"),
    ),
)
