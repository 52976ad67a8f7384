"""One run of the widget's bench: the browser, the scripted shop, and what was read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import click
from playwright.sync_api import Browser

from bench.readings import Readings
from bench.widget.scripted import Scripted

# Our name beside those of the peers.
OURS = "ours"


@dataclass
class Run:
    """What a part of the bench works with."""

    browser: Browser
    shop: Scripted
    readings: Readings
    quick: bool = False

    def rounds(self, count: int = 3) -> Iterator[int]:
        for number in range(1 if self.quick else count):
            click.echo(f" round {number + 1}, load of the machine {os.getloadavg()[0]:.1f}")
            yield number
