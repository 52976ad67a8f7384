"""What came of a scenario: how often it was tried, what was lost, and whether that is what is promised."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.chaos.evidence import Evidence, Fault

# Of the turns that lost a worker, so many end complete. In a short run a single one more may not.
COMPLETE = 0.95
SPARE = 2
SHOWN_FAULTS, SHOWN_CHARACTERS = 40, 400


@dataclass
class Outcome:
    """One scenario in one column. `faults` counts them by kind, `examples` tells the first of them."""

    scenario: str
    column: str
    seed: int
    done: dict[str, int]
    missed: dict[str, int]
    accepted: int
    complete: int
    hit: int
    hit_complete: int
    taken_over: int
    cuts: int
    waits: int
    writes: int
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    examples: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, evidence: Evidence, faults: list[Fault], **known: Any) -> Outcome:
        """The figures of a scenario that has played."""
        states = Counter(turn["state"] for turn in evidence.turns)
        return cls(
            **known,
            accepted=len(evidence.accepted),
            complete=states["complete"],
            hit=len(evidence.hit),
            hit_complete=sum(turn["state"] == "complete" for turn in evidence.hit),
            taken_over=sum(turn.get("takeovers", 0) for turn in evidence.turns),
            cuts=sum(1 for _ in evidence.of("cut")),
            waits=sum(1 for _ in evidence.of("wait")),
            writes=sum(entry["kind"] == "write" for entry in evidence.shop),
            faults=dict(sorted(Counter(fault.kind for fault in faults).items())),
            examples=[
                f"{fault.kind} {fault.question}: {fault.what[:SHOWN_CHARACTERS]}" for fault in faults[:SHOWN_FAULTS]
            ],
        )

    @property
    def kept(self) -> bool:
        """Whether every promise was."""
        spoiled = self.hit - self.hit_complete
        return not self.faults and not self.missed and spoiled <= max(SPARE, (1 - COMPLETE) * self.hit)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        """One line for whoever watches."""
        told = [
            f"{'kept  ' if self.kept else 'BROKEN'} {self.scenario:9} {self.column:7} {self.seconds:6.1f} s",
            f"{sum(self.done.values())} times",
            f"{self.accepted} messages, {self.complete} complete",
            f"{self.hit} hit, {self.hit_complete} complete after {self.taken_over} take-overs",
            f"{self.cuts} cuts, {self.waits} waits, {self.writes} cart writes",
            *(f"{kind} {times}" for kind, times in self.faults.items()),
            *(f"never reached {name}" for name in self.missed),
        ]
        return "; ".join(told)
