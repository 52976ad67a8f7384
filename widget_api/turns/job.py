"""A turn at work: who it is for, how to end it, when it must have ended."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from widget_api.models import Shop, Turn
from widget_api.turns.writer import Stopper, Writer

TURN_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose request it is."""

    shop: Shop
    session: str
    generation: int = 0


@dataclass(slots=True)
class Job:
    """A turn that this process runs. `deadline` is on the monotonic clock, in seconds."""

    turn: Turn
    visitor: Visitor
    writer: Writer
    stopper: Stopper
    ended: threading.Event = field(default_factory=threading.Event)
    deadline: float = field(default_factory=lambda: time.monotonic() + TURN_SECONDS)
