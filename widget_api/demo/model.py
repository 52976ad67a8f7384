"""The demo's own model, as the page "Break it" has it."""

from __future__ import annotations

from widget_api.demo.faults import FAULTS
from widget_api.llm.demo import Demo


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
