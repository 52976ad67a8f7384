"""Writes a long conversation into a database, for what grows with it.

python -m bench.seed URL SHOP SESSION CONVERSATION MESSAGES
"""

from __future__ import annotations

import subprocess
import sys

from bench.machine import OTHERS, on
from tests.live import ROOT
from widget_api import models
from widget_api.models import Conversation, Message, Session, Shop

QUESTION = "Do you have this one in another colour, and how long does delivery take? "
ANSWER = "We have it in blue, green and a dark red; delivery takes two to four days within the country. "


def seed(url: str, domain: str, session: str, conversation: str, *, messages: int) -> None:
    """Write `messages` messages, question and answer in turn."""
    models.connect(url)
    with models.transaction():
        Session.ensure(Shop.named(domain).id, session)
        thread = Conversation.create(id=conversation, session=session, title=conversation)
        rows = [_row(session, thread.pk, number) for number in range(messages)]
        for start in range(0, len(rows), 500):
            Message.insert_many(rows[start : start + 500]).execute()


def _row(session: str, thread: int, number: int) -> dict[str, object]:
    text = f"{number}: {(ANSWER if number % 2 else QUESTION) * 3}"
    return {
        "id": f"seed-{thread}-{number}",
        "session": session,
        "conversation": thread,
        "role": "assistant" if number % 2 else "user",
        "parts": [{"type": "text", "text": text}],
        "search": text.casefold(),
    }


def seeded(url: str, shop: str, session: str, messages: int) -> str:
    """A new conversation of the session with that many messages, written by a process of its own."""
    conversation = f"long-{messages}"
    command = [sys.executable, "-m", "bench.seed", url, shop, session, conversation, str(messages)]
    with on(OTHERS):
        subprocess.run(command, cwd=ROOT, check=True)
    return conversation


if __name__ == "__main__":
    _, *names, count = sys.argv
    seed(*names, messages=int(count))
