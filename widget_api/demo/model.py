"""The demo's own model, as the page "Break it" has it."""

from __future__ import annotations

import re

from widget_api.demo.faults import FAULTS
from widget_api.llm.demo import PACE_SECONDS, Demo


class Breakable(Demo):
    """As slow and as unreliable as it was made, in whatever process the button was pressed."""

    @property
    def pace(self) -> float:
        return FAULTS.pace

    @pace.setter
    def pace(self, _: float) -> None:
        """What it begins with is of no account."""

    def _take_failure(self) -> bool:
        return FAULTS.take("break_next")


def set_home_pace(pace: str) -> None:
    """Have the demo's model say a word every so many seconds: `pace`, or its usual pace if that is empty.

    Raises ValueError if it is no number of seconds.
    """
    FAULTS.home_pace = find_pace(pace)


def find_pace(text: str) -> float:
    """Return the seconds that a setting names. Raises ValueError."""
    if not re.fullmatch(r"[0-9]{0,2}(\.[0-9]{1,4})?", text):
        raise ValueError(f"DEMO_PACE must be seconds between two words such as 0.03, not {text!r}")
    return float(text or PACE_SECONDS)
