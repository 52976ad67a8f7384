"""A turn at work: who it is for, how to end it, when it must have ended."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from widget_api.models import Shop, Turn
from widget_api.turns.recovery import Progress
from widget_api.turns.run import Tally
from widget_api.turns.writer import Stopper, Writer

# Of silence, unless the settings say otherwise.
TURN_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose request it is."""

    shop: Shop
    session: str
    generation: int = 0


@dataclass(slots=True)
class Job:
    """A turn that this process runs."""

    turn: Turn
    session: str
    writer: Writer
    stopper: Stopper
    progress: Progress = field(default_factory=Progress)
    ending: threading.Lock = field(default_factory=threading.Lock)  # whoever has it may end the turn, if nobody has
    thread: threading.Thread | None = None
    over: bool = False  # nothing more may be written of it here
    ended: threading.Event = field(default_factory=threading.Event)
    tally: Tally = field(default_factory=Tally)
