"""The command line: which scenarios, in which column, how often."""

from __future__ import annotations

import argparse
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import results
from tests.chaos.helper import ROOT
from tests.chaos.outcome import Outcome
from tests.chaos.run import Options, play, stores
from tests.chaos.scenarios import COLUMNS, SCENARIOS, Scenario


def main() -> None:
    """Run what was asked for. Ends with 1 when a promise was broken."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)  # what was started must be ended, whoever ends us
    asked = _arguments().parse_args()
    try:
        _run(asked)
    except KeyboardInterrupt:
        sys.exit(130)


def _run(asked: argparse.Namespace) -> None:
    if asked.lane:
        _lane(asked)
        return
    seed = asked.seed if asked.seed is not None else random.randrange(1_000_000)
    _say(f"seed {seed}")
    begun = time.monotonic()
    outcomes = [outcome for column in asked.column or COLUMNS for outcome in _column(column, asked, seed)]
    for outcome in outcomes:
        _say(*outcome.examples, sep="\n  ")
    _say(f"{sum(outcome.kept for outcome in outcomes)} of {len(outcomes)} kept in {time.monotonic() - begun:.0f} s")
    sys.exit(not all(outcome.kept for outcome in outcomes))


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--bounded", action="store_true", help="a few of each, in a minute and a half a column")
    parser.add_argument("--column", action="append", choices=[*COLUMNS], help="memory or redis; both by default")
    parser.add_argument("--only", type=lambda text: text.split(","), help="scenarios, by name, with commas between")
    parser.add_argument("--scale", type=float, default=1.0, help="so many times as often as in full")
    parser.add_argument("--seed", type=int, help="what the killer does; by chance when not given")
    parser.add_argument("--keep", action="store_true", help="keep all ledgers and logs")
    parser.add_argument("--lane", type=Path, help=argparse.SUPPRESS)  # where the outcomes of this process go
    return parser


def _column(column: str, asked: argparse.Namespace, seed: int) -> list[Outcome]:
    """Play the column's scenarios: each lane in a process of its own, side by side."""
    chosen = [each for each in SCENARIOS if column in each.columns and each.name in (asked.only or [each.name])]
    lanes = sorted({scenario.lane for scenario in chosen})
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        files = [Path(folder) / str(lane) for lane in lanes]
        processes = [
            _start([each for each in chosen if each.lane == lane], column, asked, seed, file)
            for lane, file in zip(lanes, files, strict=True)
        ]
        try:
            _wait(processes)
        finally:
            told = [line for file in files if file.exists() for line in file.read_text().splitlines()]
            outcomes = [Outcome(**json.loads(line)) for line in told]
            if asked.scale == 1 and not asked.bounded:
                results.record(outcomes)  # also when the others could not be played to their end
    return sorted(outcomes, key=lambda outcome: [each.name for each in chosen].index(outcome.scenario))


def _start(
    scenarios: list[Scenario], column: str, asked: argparse.Namespace, seed: int, file: Path
) -> subprocess.Popen[bytes]:
    names = ",".join(scenario.name for scenario in scenarios)
    command = [sys.executable, "-m", "tests.chaos", "--lane", str(file), "--column", column, "--only", names]
    command += ["--seed", str(seed), "--scale", str(asked.scale)]
    command += [f"--{flag}" for flag in ("bounded", "keep") if getattr(asked, flag)]
    return subprocess.Popen(command, cwd=ROOT)


def _wait(processes: list[subprocess.Popen[bytes]]) -> None:
    """Wait for all of them; whatever ends us ends them too, and they end what they started."""
    try:
        codes = [process.wait() for process in processes]
    except BaseException:
        for process in processes:
            process.send_signal(signal.SIGINT)
        for process in processes:
            process.wait()
        raise
    if any(codes):
        sys.exit("a scenario could not be played")


def _lane(asked: argparse.Namespace) -> None:
    """Play the scenarios in this process, one after the other."""
    (column,) = asked.column
    options = Options(asked.seed, asked.scale, asked.bounded, asked.keep)
    with stores(column) as servers, asked.lane.open("w", buffering=1) as file:
        for scenario in SCENARIOS:
            if scenario.name in asked.only:
                outcome = play(scenario, column, options, servers)
                _say(str(outcome))
                file.write(json.dumps(outcome.to_dict()) + "\n")


def _say(*lines: str, sep: str = "\n") -> None:
    if lines:
        sys.stdout.write(sep.join(lines) + "\n")
        sys.stdout.flush()
