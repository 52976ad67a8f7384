"""Where processes die by name: the moments between two acts that must not be torn apart.

The product knows nothing of it. `install` wraps the named functions in a worker that has just been forked; a worker
that comes by an armed point ends itself as `kill -9` would: whoever removes the point's file is the one who dies.
"""

from __future__ import annotations

import functools
import importlib
import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Point:
    """A moment: `when` the function `where` (as `module:attribute`, where it is looked up) is called.

    `asks` is the kind of question whose answer comes by. Where `first` is given, only the answer of a worker that
    has died before does: by a `kill` at any time, or at the point of that name.
    """

    name: str
    when: Literal["before", "after"]
    where: str
    asks: Literal["talk", "buy"] = "talk"
    first: str = ""


POINTS = (
    Point("message-written-not-committed", "after", "widget_api.turns.engine:Engine._begin"),
    Point("message-committed-not-begun", "before", "widget_api.turns.jobs:Jobs.begin"),
    Point("message-begun-not-acknowledged", "after", "widget_api.turns.jobs:Jobs.begin"),
    Point("answer-begins", "before", "widget_api.turns.jobs:Jobs._answer"),
    Point("words-shown-not-written", "before", "widget_api.turns.journal:_append"),
    Point("words-written-not-committed", "after", "widget_api.turns.journal:_append"),
    Point("words-committed", "after", "widget_api.turns.journal:Journal._write"),
    Point("step-begins", "after", "widget_api.turns.writer:Writer.start_step"),
    Point("step-said-not-ended", "before", "widget_api.turns.writer:Writer.finish_step", "buy"),
    Point("step-ended", "after", "widget_api.turns.writer:Writer.finish_step", "buy"),
    Point("calls-said-not-planned", "before", "widget_api.turns.run:Run._asked", "buy"),
    Point("calls-planned", "after", "widget_api.turns.run:Run._asked", "buy"),
    Point("cart-taken", "after", "widget_api.turns.cart:SessionCart._taken", "buy"),
    Point("change-begun-not-committed", "after", "widget_api.turns.run:Run._begin", "buy"),
    Point("change-begun", "before", "widget_api.shopify.tools:Toolbox._update_cart", "buy"),
    Point("change-read-not-sent", "before", "widget_api.shopify.ucp:Ucp.write", "buy"),
    Point("change-made-not-read-back", "after", "widget_api.shopify.ucp:Ucp.write", "buy"),
    Point("cart-made-not-bound", "after", "widget_api.shopify.ucp:Ucp.create", "buy"),
    Point("cart-bound", "after", "widget_api.turns.cart:SessionCart.bind", "buy"),
    Point("call-made-not-noted", "after", "widget_api.shopify.tools:Toolbox.run", "buy"),
    Point("call-noted-not-committed", "after", "widget_api.turns.run:Run._note", "buy"),
    Point("call-noted-not-shown", "before", "widget_api.turns.run:Run._show", "buy"),
    Point("call-shown", "after", "widget_api.turns.run:Run._show", "buy"),
    Point("answer-said-not-stored", "before", "widget_api.turns.jobs:end"),
    Point("answer-stored-not-committed", "after", "widget_api.turns.jobs:end"),
    Point("answer-stored-end-not-shown", "before", "widget_api.turns.writer:Writer.end"),
    Point("end-shown", "after", "widget_api.turns.writer:Writer.end"),
    Point("take-over-begins", "before", "widget_api.turns.jobs:take", first="kill"),
    Point("taken-over-not-committed", "after", "widget_api.turns.recovery:_next_attempt", first="kill"),
    Point("taken-over-not-begun", "after", "widget_api.turns.jobs:take", first="kill"),
    Point("change-being-settled", "before", "widget_api.shopify.tools:Toolbox.settle", "buy", "change-begun"),
    Point("change-settled-not-noted", "after", "widget_api.shopify.tools:Toolbox.settle", "buy", "change-begun"),
)


def find(point: Point) -> tuple[Any, str]:
    """The object that holds the point's function, and the function's name. Raises `LookupError`."""
    module, _, path = point.where.partition(":")
    *outer, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for each in outer:
        owner = getattr(owner, each)
    if callable(vars(owner).get(name)):
        return owner, name
    raise LookupError(f"{point.name}: there is no function {point.where}")


def install(folder: Path) -> None:
    """Have this process die at the points that are armed in `folder`."""
    for point in POINTS:
        owner, name = find(point)
        setattr(owner, name, _wrapped(getattr(owner, name), point.when, Trap(folder / point.name)))


def _wrapped(function: Callable[..., Any], when: str, trap: Trap) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            trap.spring()
        result = function(*args, **kwargs)
        if when == "after":
            trap.spring()
        return result

    return wrapper


class Trap:
    """A point's file. It says how often a process may come by before it dies."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._passed: Counter[str] = Counter()

    @property
    def armed(self) -> bool:
        return self._path.exists()

    def arm(self, token: str, passes: int) -> None:
        """The process that comes by for the `passes + 1`st time dies. `token` tells this trap from earlier ones."""
        draft = self._path.with_suffix(".new")
        draft.write_text(f"{token} {passes}")
        draft.rename(self._path)

    def disarm(self) -> bool:
        """Whether it was still armed."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        return True

    def spring(self) -> None:
        """Die here if it is armed, unless somebody was faster or may yet come by."""
        try:
            token, passes = self._path.read_text().split()
        except FileNotFoundError:
            return
        self._passed[token] += 1
        if self._passed[token] > int(passes) and self.disarm():
            os.kill(os.getpid(), signal.SIGKILL)
