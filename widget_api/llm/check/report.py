"""What a check has found, in sentences for whoever runs the server, as text and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from widget_api.text import clean

# `skipped`: it could not be found out, because something before it failed.
Verdict = Literal["ok", "note", "warning", "failed", "skipped"]

WIDTH: Final = 110
REASON_CHARACTERS: Final = 300
_MARGIN: Final = " " * 22


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `advice` says what to set, where something is wrong; `quote` has others' words."""

    check: str
    verdict: Verdict
    says: str
    advice: str = ""
    quote: str = ""

    def to_dict(self) -> dict[str, str]:
        """Return the finding for JSON, without what is empty."""
        fields = {"check": self.check, "verdict": self.verdict, "says": self.says}
        optional = {"advice": self.advice, "quote": self.quote}
        return fields | {name: value for name, value in optional.items() if value}


@dataclass(frozen=True, slots=True)
class Prices:
    """What a million tokens cost, in any one currency; None where nobody has said."""

    input: float | None = None
    output: float | None = None

    def of(self, input: int, output: int) -> float | None:
        """Return what so many tokens cost; None where a price is missing."""
        if self.input is None or self.output is None:
            return None
        return (input * self.input + output * self.output) / 1_000_000


@dataclass(frozen=True, slots=True)
class Report:
    """All findings about one model, and what the check itself has used."""

    model: str
    role: Literal["model", "fallback"]
    findings: tuple[Finding, ...]
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0

    @property
    def is_fit(self) -> bool:
        """Return whether nothing has failed."""
        return all(finding.verdict != "failed" for finding in self.findings)

    def redacted(self, redact: Callable[[str], str]) -> Report:
        """Return the report with what others have said made short, and without what `redact` takes out."""
        findings = (replace(each, quote=_short(redact(each.quote), redact)) for each in self.findings)
        return replace(self, findings=tuple(findings))

    def to_dict(self) -> dict[str, Any]:
        """Return the report for JSON."""
        return {
            "model": self.model,
            "role": self.role,
            "fit": self.is_fit,
            "findings": [finding.to_dict() for finding in self.findings],
            "requests": self.requests,
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "seconds": round(self.seconds, 2),
        }

    def to_text(self) -> str:
        """Return the report as lines for a terminal."""
        title = f"The fallback {self.model}" if self.role == "fallback" else f"The model {self.model}"
        lines = [title, *(line for finding in self.findings for line in _lines(finding))]
        return "\n".join([*lines, *_wrapped(f"  {self._summary()}", "  ")])

    def _summary(self) -> str:
        warnings = sum(finding.verdict == "warning" for finding in self.findings)
        failed = sum(finding.verdict == "failed" for finding in self.findings)
        fit = "It is fit for the chat" if not failed else f"It is not fit for the chat: {failed} failed"
        also = f", with {warnings} warning{'s' if warnings > 1 else ''}" if warnings else ""
        asked = "1 request" if self.requests == 1 else f"{self.requests} requests"
        used = f"{self.input_tokens:,} tokens in and {self.output_tokens:,} out, as the provider counts"
        return f"{fit}{also}. The check made {asked} in {self.seconds:.1f} s and used {used}."


def _lines(finding: Finding) -> list[str]:
    says = f"{finding.says} {finding.advice}".strip()
    head = f"  {finding.verdict:<8} {finding.check:<11}"
    lines = _wrapped(f"{head}{says}", _MARGIN)
    return [*lines, *_wrapped(f'{_MARGIN}It says: "{finding.quote}"', _MARGIN)] if finding.quote else lines


def _wrapped(text: str, margin: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, subsequent_indent=margin, break_on_hyphens=False, drop_whitespace=True)


def _short(text: str, redact: Callable[[str], str]) -> str:
    """Return the text on one line and cut. Cleaning may put a secret together again, so it is looked for twice."""
    line = redact(" ".join(clean(text[: 10 * REASON_CHARACTERS]).split()))
    return line if len(line) <= REASON_CHARACTERS else f"{line[:REASON_CHARACTERS]}…"
