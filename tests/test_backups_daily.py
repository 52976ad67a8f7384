"""A running server keeps a backup of each day: made when the newest is a day old, the oldest removed after that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from widget_api.backups import Backup, Backups, MadeElsewhere, daily
from widget_api.backups.daily import Daily
from widget_api.backups.shelf import Shelf, utc
from widget_api.config import Config


@pytest.fixture
def backups(app: Flask, config: Config) -> Backups:
    assert app
    return Backups.of(config)


def ask(config: Config, days: int = 7) -> Daily:
    """What the server does once a minute, and then wait for what it began."""
    asked = Daily(replace(config, backup_days=days))
    asked()
    asked.wait()
    return asked


def aged(backup: Backup, age: timedelta, shelf: Shelf) -> Backup:
    """The backup as if it had been made that long ago."""
    with shelf.locked(), shelf.draft() as part:
        part.write_bytes(backup.path.read_bytes())
        manifest = backup.manifest
        older = shelf.keep(part, utc() - age, manifest["rows"], digest=manifest["sha256"], daily=backup.daily)
    backup.path.unlink()
    backup.manifest_path.unlink()
    return older


def count(backups: Backups) -> int:
    return len(backups.shelf.backups())


def test_the_first_is_made_when_there_is_none_and_the_next_a_day_later(backups: Backups, config: Config) -> None:
    ask(config)
    (first,) = backups.shelf.backups()
    assert backups.verify(first)
    ask(config)
    assert backups.shelf.backups() == [first]
    aged(first, timedelta(hours=23, minutes=59), backups.shelf)
    ask(config)
    assert count(backups) == 1
    aged(backups.shelf.backups()[0], timedelta(hours=24, minutes=1), backups.shelf)
    ask(config)
    assert count(backups) == 2


def test_a_backup_made_by_hand_counts_for_its_day(backups: Backups, config: Config) -> None:
    backups.make()
    ask(config)
    assert count(backups) == 1


def test_as_many_are_kept_as_was_asked_for_and_those_made_by_hand_beside_them(
    backups: Backups, config: Config
) -> None:
    by_hand = aged(backups.make(), timedelta(days=40), backups.shelf)
    for days in range(12, 0, -1):
        aged(backups.make(daily=True), timedelta(days=days, minutes=1), backups.shelf)
    ask(config)
    left = backups.shelf.backups()
    assert [backup.daily for backup in left] == [True] * 7 + [False]
    assert left[-1] == by_hand
    ages = [(utc() - backup.made_at).days for backup in left[:7]]
    assert ages == list(range(7))
    assert len(list(backups.shelf.folder.glob("*.json"))) == 8


def test_with_0_none_is_made(backups: Backups, config: Config) -> None:
    ask(config, days=0)
    assert count(backups) == 0


def test_a_backup_of_the_future_does_not_stop_those_of_today(backups: Backups, config: Config) -> None:
    aged(backups.make(), timedelta(days=-400), backups.shelf)
    ask(config)
    assert count(backups) == 2


def test_one_that_cannot_be_made_is_told_of_and_the_old_ones_are_kept(
    backups: Backups, config: Config, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    kept = [aged(backups.make(daily=True), timedelta(days=days), backups.shelf) for days in (3, 2)]
    monkeypatch.setattr("widget_api.backups.shelf.RESERVE_BYTES", 2**60)
    asked = ask(config, days=1)
    assert "no daily backup" in caplog.text
    assert sorted(backups.shelf.backups(), key=lambda backup: backup.made_at) == kept
    caplog.clear()
    asked()
    asked.wait()
    assert caplog.text == ""  # it is tried again, but not every minute
    monkeypatch.setattr(daily, "RETRY_SECONDS", 0)
    ask(config)
    assert "no daily backup" in caplog.text


def test_one_that_another_process_made_meanwhile_is_not_made_again(backups: Backups) -> None:
    backups.make(daily=True)
    with pytest.raises(MadeElsewhere):
        backups.make(daily=True)


def test_another_process_that_makes_it_is_left_to_it(
    backups: Backups, config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    with backups.shelf.locked():
        ask(config)
    assert (count(backups), caplog.text) == (0, "")


def test_asking_does_not_wait_for_the_backup(backups: Backups, config: Config, tmp_path: Path) -> None:
    asked = Daily(replace(config, backup_days=7))
    asked()
    assert asked._thread
    asked()  # while it is under way
    asked.wait()
    assert (count(backups), list(tmp_path.glob("**/*.part"))) == (1, [])
