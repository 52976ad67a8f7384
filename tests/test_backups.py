"""Backups hold all that was acknowledged before them, are believed only when they are whole, and come back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import Visitor, text_of
from tests.live import ROOT
from tests.scripted import Scripted
from widget_api import create_app, models
from widget_api.api.services import Services
from widget_api.backups import Backup, BackupError, Backups, MadeElsewhere, shelf
from widget_api.config import Config
from widget_api.models import Conversation, Message, Session, Shop, Turn, connected, transaction


@pytest.fixture
def backups(config: Config) -> Backups:
    return Backups.of(config)


@pytest.fixture
def backup(anna: Visitor, backups: Backups) -> Backup:
    """A backup of a shop in which Anna has said something."""
    anna.says("Do you have boots?")
    return backups.make()


def put_back(backups: Backups, backup: Backup, services: Services, config: Config) -> str:
    """Restore, as with the server stopped, and start again."""
    services.engine.close(grace=0)
    models.disconnect()
    kept = backups.restore(backup)
    models.connect(config.database_url)
    return kept


def text(messages: list[dict[str, object]]) -> list[str]:
    return [text_of(message["parts"]) for message in messages]  # type: ignore[arg-type]


def test_a_restore_gives_back_all_that_was_acknowledged_before_the_backup(
    anna: Visitor, backups: Backups, backup: Backup, services: Services, config: Config
) -> None:
    before = anna.messages()
    anna.says("And gloves?")
    assert len(anna.messages()) == 4
    put_back(backups, backup, services, config)
    assert anna.messages() == before


def test_a_restore_keeps_what_was_there(
    anna: Visitor, backups: Backups, backup: Backup, services: Services, config: Config
) -> None:
    anna.says("And gloves?")
    kept = put_back(backups, backup, services, config)
    url = config.database_url
    models.disconnect()
    models.connect(f"{url.rpartition('/')[0]}/{Path(kept).name}")
    assert text(anna.messages())[2] == "And gloves?"


def test_an_answer_that_was_being_written_is_not_written_on_after_a_restore(
    anna: Visitor, model: Scripted, backups: Backups, services: Services, config: Config
) -> None:
    """What it did to carts after the backup is not in it."""
    model.will("half an ", threading.Event(), "answer")
    anna.send("talk").close()
    assert model.streaming.wait(10)
    services.engine._journal.commit(lambda: None)
    made = backups.make()
    model.let_go()
    put_back(backups, made, services, config)
    asked = len(model.requests)
    again: Services = create_app(config).extensions["widget"]
    again.shops.model_of_all = model
    again.engine.start()
    with connected():
        while Turn.select().get().active:
            pass
    again.engine.close(grace=0)
    answer = anna.messages()[-1]
    assert (text([answer]), answer["metadata"]["status"]) == (["half an "], "interrupted")
    assert len(model.requests) == asked


def write_pairs(shop: int, name: int, done: threading.Event, acknowledged: list[str]) -> None:
    """Go on writing a session and its conversation in one transaction, and note what was acknowledged."""
    for number in range(10_000):
        if done.is_set():
            break
        session = f"writer-{name}-{number}"
        with transaction():
            Session.insert(id=session, shop=shop).execute()
            Conversation.create(id="c", session=session)
        acknowledged.append(session)


def test_a_backup_made_while_others_write_holds_each_of_their_transactions_whole(
    app: Flask, backups: Backups
) -> None:
    assert app
    done = threading.Event()
    acknowledged: list[str] = []
    with connected():
        shop = Shop.named("anna-store.myshopify.com").id
    with ThreadPoolExecutor(4) as pool:
        for name in range(4):
            pool.submit(write_pairs, shop, name, done, acknowledged)
        while len(acknowledged) < 50:
            pass
        held = []
        for _ in range(3):
            before = len(acknowledged)
            rows = plain(backups.make().manifest["rows"])
            held.append((before, rows["session"], rows["conversation"]))
        done.set()
    for before, sessions, conversations in held:
        assert before <= sessions == conversations
    assert all(backups.verify(made) for made in backups.shelf.backups())


def plain(rows: dict[str, int]) -> dict[str, int]:
    """The tables without their schemas."""
    return {name.rpartition(".")[2]: count for name, count in rows.items()}


def test_the_manifest_says_what_the_backup_holds(backup: Backup, backups: Backups) -> None:
    rows = plain(backup.manifest["rows"])
    assert (rows["message"], rows["conversation"], rows["turn"]) == (2, 1, 1)
    assert backups.verify(backup) == backup.manifest["rows"]


def test_backups_are_named_by_their_time_in_utc_and_can_be_read_by_nobody_else(
    backup: Backup, backups: Backups
) -> None:
    assert re.fullmatch(r".+-\d{8}T\d{6}\.\d{3}Z\.(db|dump)", backup.path.name)
    assert abs((datetime.now(UTC) - backup.made_at).total_seconds()) < 60
    assert backup.path.parent.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in backup.path.parent.iterdir()} == {0o600}
    assert [found.path for found in backups.shelf.backups()] == [backup.path]


@settings(max_examples=60)
@given(data=st.data())
def test_a_changed_byte_anywhere_in_a_backup_is_noticed(
    backup: Backup, backups: Backups, data: st.DataObject
) -> None:
    whole = backup.path.read_bytes()
    changed = bytearray(whole)
    changed[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    refused(backups, backup, bytes(changed), whole)


@settings(max_examples=60)
@given(data=st.data())
def test_a_backup_that_was_cut_off_is_noticed(backup: Backup, backups: Backups, data: st.DataObject) -> None:
    whole = backup.path.read_bytes()
    refused(backups, backup, whole[: data.draw(st.integers(0, len(whole) - 1))], whole)


def refused(backups: Backups, backup: Backup, changed: bytes, whole: bytes) -> None:
    backup.path.write_bytes(changed)
    try:
        with pytest.raises(BackupError, match="is damaged"):
            backups.verify(backup)
        with pytest.raises(BackupError, match="is damaged"):
            backups.restore(backup)
    finally:
        backup.path.write_bytes(whole)
    assert backups.verify(backup)


def test_a_backup_without_its_manifest_is_read_all_the_same(backup: Backup, backups: Backups, tmp_path: Path) -> None:
    elsewhere = tmp_path / "carried-over"
    elsewhere.write_bytes(backup.path.read_bytes())
    assert backups.verify(backups.find(str(elsewhere))) == backup.manifest["rows"]
    elsewhere.write_bytes(backup.path.read_bytes()[:-5000])
    with pytest.raises(BackupError, match="carried-over is damaged"):
        backups.verify(backups.find(str(elsewhere)))


def test_a_manifest_of_another_backup_is_noticed(anna: Visitor, backup: Backup, backups: Backups) -> None:
    anna.says("And gloves?")
    later = backups.make()
    for name in ("sha256", "rows"):
        backup.manifest_path.write_text(json.dumps({**backup.manifest, name: later.manifest[name]}))
        with pytest.raises(BackupError, match="is damaged"):
            backups.verify(backup)
    backup.manifest_path.write_text("{")
    with pytest.raises(BackupError, match="cannot be trusted"):
        backups.verify(backup)


def test_a_backup_that_is_not_there_is_refused_by_name(backups: Backups) -> None:
    with pytest.raises(BackupError, match=r"There is no backup nowhere\.db"):
        backups.find("nowhere.db")


def test_only_one_backup_is_made_at_a_time(app: Flask, backups: Backups) -> None:
    assert app
    with backups.shelf.locked(), pytest.raises(MadeElsewhere):
        backups.make()
    assert backups.make()


def test_what_a_killed_backup_left_behind_is_swept_away(backup: Backup, backups: Backups) -> None:
    name = f"{backups.shelf.name}-19991231T000000.000Z{backup.path.suffix}"
    for left in (f"{backups.shelf.name}.part", f"{name}.json"):
        (backups.shelf.folder / left).write_text("half")
    backups.make()
    assert len(files(backups)) == 4  # two backups and their manifests
    assert not (backups.shelf.folder / f"{name}.json").exists()


def files(backups: Backups) -> list[str]:
    return sorted(path.name for path in backups.shelf.folder.iterdir() if not path.name.startswith("."))


@pytest.mark.usefixtures("backup")
def test_a_backup_never_takes_the_room_that_the_database_needs(
    anna: Visitor, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(backups)
    monkeypatch.setattr(shelf, "RESERVE_BYTES", 2**60)
    with pytest.raises(BackupError, match="make room"):
        backups.make()
    assert files(backups) == before
    assert anna.says("And gloves?")


@pytest.fixture
def larger(app: Flask) -> None:
    """More in the database than the disk below will take."""
    assert app
    with transaction():
        shop = Shop.named("anna-store.myshopify.com").id
        Session.insert(id="talkative", shop=shop).execute()
        conversation = Conversation.create(id="c", session="talkative")
        for number in range(400):
            parts = [
                {"type": "text", "text": "".join(chr(0x4E00 + (number * 7919 + i * i) % 20000) for i in range(700))}
            ]
            Message.create(id=f"m{number}", session="talkative", conversation=conversation, role="user", parts=parts)


FULL_DISK = """
import resource, sys
from pathlib import Path
from widget_api.backups import Backups, BackupError
from widget_api.config import Config
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    Backups.of(Config(secret_keys=(), instance=Path(sys.argv[1]), database_url=sys.argv[2])).make()
except BackupError as exc:
    print(exc)
"""


@pytest.mark.usefixtures("larger")
def test_a_backup_that_cannot_be_written_leaves_nothing_and_harms_nothing(
    anna: Visitor, config: Config, backups: Backups
) -> None:
    """The system refuses to write beyond 200 kB, as it does when the disk is full."""
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(config.instance), config.database_url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.startswith(("No backup was made", "pg_dump failed")), done.stderr
    assert files(backups) == []
    assert backups.database.check() == []
    assert anna.says("Are you still there?")
    assert backups.make()
