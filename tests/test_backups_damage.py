"""A damaged SQLite file is noticed when a server starts, set aside and replaced by the last good backup; nothing is
ever silently empty."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.live import ROOT
from widget_api import models
from widget_api.backups import BackupError, Backups, opening
from widget_api.backups.sqlite import Sqlite
from widget_api.config import Config
from widget_api.models import Conversation, Message, Session, Shop

SHOPPERS, MESSAGES = 20, 15


def config_of(folder: Path) -> Config:
    return Config(secret_keys=("k" * 40,), instance=folder, database_url=f"sqlite:///{folder / 'chat.db'}")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database that has something in it, all in the file, and a backup of it."""
    folder = tmp_path_factory.mktemp("filled")
    config = config_of(folder)
    models.connect(config.database_url)
    with models.transaction():
        shop = Shop.register("anna-store.myshopify.com", origins=["https://anna.example"])
        for number in range(SHOPPERS):
            Session.insert(id=f"session-{number}", shop=shop.id).execute()
            conversation = Conversation.create(id="c", session=f"session-{number}", title=f"Boots {number}")
            for turn in range(MESSAGES):
                parts = [{"type": "text", "text": f"Do you have boots in size {turn}? " * 4}]
                Message.create(
                    id=f"m{turn}",
                    session=conversation.session_id,
                    conversation=conversation,
                    role="user",
                    parts=parts,
                )
    Backups.of(config).make()
    Sqlite(folder / "chat.db").fold()
    return folder


@pytest.fixture
def folder(filled: Path, tmp_path: Path) -> Path:
    """A copy of it that the test may damage."""
    return shutil.copytree(filled, tmp_path / "instance")


def contents(path: Path) -> dict[str, list[Any]]:
    """Every row, asked for by the names that its columns should have."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        found = {}
        for table in models.TABLES:
            columns = ", ".join(f"t.{name}" for name in table._meta.columns)
            query = f"SELECT {columns} FROM {table._meta.table_name} AS t"  # noqa: S608
            found[table._meta.table_name] = connection.execute(query).fetchall()
        return found


def rows_that_differ(left: dict[str, list[Any]], right: dict[str, list[Any]]) -> int:
    assert {name: len(rows) for name, rows in left.items()} == {name: len(rows) for name, rows in right.items()}
    return sum(one != other for name, rows in left.items() for one, other in zip(rows, right[name], strict=True))


def noticed(path: Path) -> bool:
    return bool(Sqlite(path).look().damage)


def put(folder: Path, data: bytes) -> Path:
    """The database, as these bytes and nothing beside them."""
    path = folder / "chat.db"
    for side in ("-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)
    path.write_bytes(data)
    return path


@settings(max_examples=150)
@given(data=st.data())
def test_a_flipped_bit_is_noticed_or_changes_no_more_than_the_value_it_hit(
    filled: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """SQLite has no checksums: a letter within a text may change unseen. Backups have one, so there it is seen."""
    whole = (filled / "chat.db").read_bytes()
    # The header and the first tables of the file hold all else together: they are hit as often as all the rest.
    place = data.draw(st.one_of(st.integers(0, 120), st.integers(0, 8192), st.integers(0, len(whole) - 1)))
    damaged = bytearray(whole)
    damaged[place] ^= 1 << data.draw(st.integers(0, 7))
    path = put(tmp_path, bytes(damaged))
    if noticed(path):
        return
    try:
        found = contents(path)
    except sqlite3.OperationalError as exc:
        assert "no such" in str(exc)  # a name in the schema was hit: every request will say so aloud
        return
    assert rows_that_differ(contents(filled / "chat.db"), found) <= 1


@settings(max_examples=100)
@given(data=st.data())
def test_a_file_that_was_cut_off_is_noticed(filled: Path, tmp_path: Path, data: st.DataObject) -> None:
    whole = (filled / "chat.db").read_bytes()
    pages = st.integers(0, len(whole) // 4096 - 1).map(lambda page: page * 4096)
    length = data.draw(st.one_of(pages, st.integers(0, len(whole) - 1)))
    assert noticed(put(tmp_path, whole[:length]))


@pytest.mark.parametrize("start", [0, 4096, 8192])
def test_garbage_in_the_place_of_a_page_is_noticed(filled: Path, tmp_path: Path, start: int) -> None:
    whole = bytearray((filled / "chat.db").read_bytes())
    whole[start : start + 4096] = os.urandom(4096)
    assert noticed(put(tmp_path, bytes(whole)))


@pytest.mark.parametrize(
    "data", [b"", b"SQLite format 3\0", b"<html>not found</html>" * 400], ids=["empty", "a head", "a page"]
)
def test_a_damaged_file_is_set_aside_and_the_last_good_backup_takes_its_place(
    folder: Path, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    config, before = config_of(folder), contents(folder / "chat.db")
    backup = Backups.of(config).shelf.backups()[0]
    path = put(folder, data)
    Path(f"{path}-wal").write_bytes(b"its log")
    assert opening.prepare(config)
    assert contents(path) == before
    said = opening.note(config)
    assert (said["restored_from"], said["lost_since"]) == (backup.path.name, backup.made)
    assert said["damage"]
    assert (folder / said["set_aside"]).read_bytes() == data
    assert (folder / f"{said['set_aside']}-wal").read_bytes() == b"its log"
    assert backup.path.name in caplog.text
    assert said["set_aside"] in caplog.text


def test_the_note_stays_until_somebody_removes_it(folder: Path) -> None:
    config = config_of(folder)
    put(folder, b"")
    assert opening.prepare(config)
    assert opening.prepare(config)
    assert opening.note(config)
    for path in folder.glob("chat.db.corrupt-*"):
        path.unlink()
    assert opening.note(config) == {}


def test_of_several_backups_the_newest_whole_one_is_taken(folder: Path) -> None:
    config = config_of(folder)
    good = Backups.of(config).shelf.backups()[0]
    for _ in range(2):
        newer = Backups.of(config).make().path
        newer.write_bytes(newer.read_bytes()[:-5000])
    put(folder, b"rubbish")
    assert opening.prepare(config)
    assert opening.note(config)["restored_from"] == good.path.name


@pytest.mark.parametrize("backups", ["none", "damaged"])
def test_without_a_good_backup_the_start_is_refused_in_a_sentence_and_nothing_is_touched(
    folder: Path, backups: str
) -> None:
    config = config_of(folder)
    for backup in Backups.of(config).shelf.backups():
        if backups == "none":
            backup.path.unlink()
        else:
            backup.path.write_bytes(b"rubbish")
    path = put(folder, b"rubbish")
    with pytest.raises(opening.DatabaseUnusable, match=r"damaged .* no good backup .* db restore FILE"):
        opening.prepare(config)
    assert path.read_bytes() == b"rubbish"
    assert opening.note(config) == {}


def test_a_database_that_is_gone_is_not_replaced_by_an_empty_one(folder: Path) -> None:
    """It may only be elsewhere, or on a disk that is not mounted: somebody must look."""
    config = config_of(folder)
    backup = Backups.of(config).shelf.backups()[0]
    (folder / "chat.db").unlink()
    with pytest.raises(opening.DatabaseUnusable, match=f"not there, though it was backed up.*{backup.path.name}"):
        opening.prepare(config)
    assert not (folder / "chat.db").exists()


def test_a_log_without_its_database_is_not_thrown_away(tmp_path: Path) -> None:
    (tmp_path / "chat.db-wal").write_bytes(b"commits")
    with pytest.raises(opening.DatabaseUnusable, match="its write-ahead log is"):
        opening.prepare(config_of(tmp_path))
    assert (tmp_path / "chat.db-wal").read_bytes() == b"commits"


def test_a_first_start_has_no_database_and_one_that_was_cut_short_an_empty_one(tmp_path: Path) -> None:
    assert opening.prepare(config_of(tmp_path))
    (tmp_path / "chat.db").touch()
    assert opening.prepare(config_of(tmp_path))
    assert opening.note(config_of(tmp_path)) == {}


def test_a_sound_database_is_left_as_it_is(folder: Path) -> None:
    before = (folder / "chat.db").read_bytes()
    assert opening.prepare(config_of(folder))
    assert (folder / "chat.db").read_bytes() == before
    assert opening.note(config_of(folder)) == {}


WRITER = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = wal")
connection.execute("PRAGMA wal_autocheckpoint = 0")
for number in range(12):
    connection.execute("UPDATE session SET generation = ?", (number + 1,))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(scope="module")
def killed(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a process that was killed: its last twelve commits stand in the write-ahead log."""
    folder = shutil.copytree(filled, tmp_path_factory.mktemp("killed") / "instance")
    done = subprocess.run([sys.executable, "-c", WRITER, str(folder / "chat.db")], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    return folder


@pytest.fixture
def crashed(killed: Path, tmp_path: Path) -> Path:
    """A copy of it that the test may damage."""
    return shutil.copytree(killed, tmp_path / "crashed")


def generation(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "chat.db")) as connection:
        ((found,),) = connection.execute("SELECT DISTINCT generation FROM session").fetchall()
    return int(found)


def test_what_a_killed_process_left_in_its_log_is_no_damage(crashed: Path) -> None:
    assert opening.prepare(config_of(crashed))
    assert opening.note(config_of(crashed)) == {}
    assert generation(crashed) == 12


def test_a_log_that_cannot_be_read_to_its_end_is_told_of(crashed: Path) -> None:
    log = crashed / "chat.db-wal"
    damaged = bytearray(log.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    log.write_bytes(damaged)
    assert opening.prepare(config_of(crashed))
    said = opening.note(config_of(crashed))
    assert "commits at the end of its write-ahead log cannot be read" in said["damage"]
    assert (crashed / said["set_aside"]).read_bytes() == bytes(damaged)
    assert "restored_from" not in said  # what can be read is newer than any backup
    assert 0 < generation(crashed) < 12


@settings(max_examples=80)
@given(data=st.data())
def test_a_flipped_bit_in_the_log_is_told_of_unless_it_looks_like_a_power_cut_in_the_last_commit(
    killed: Path, tmp_path: Path, data: st.DataObject
) -> None:
    whole = (killed / "chat.db-wal").read_bytes()
    damaged = bytearray(whole)
    damaged[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with tempfile.TemporaryDirectory(dir=tmp_path) as name:
        folder = Path(name)
        for side in ("", "-shm"):
            shutil.copy(killed / f"chat.db{side}", folder)
        (folder / "chat.db-wal").write_bytes(damaged)
        found = Sqlite(folder / "chat.db").look()
        assert found.damage == ""
        assert found.lost or generation(folder) >= 10


@pytest.mark.parametrize("place", [0, 3, 9, 17, 25])
def test_a_log_whose_head_is_damaged_is_told_of(crashed: Path, place: int) -> None:
    log = crashed / "chat.db-wal"
    damaged = bytearray(log.read_bytes())
    damaged[place] ^= 1
    log.write_bytes(damaged)
    assert opening.prepare(config_of(crashed))
    assert opening.note(config_of(crashed))["damage"]
    assert generation(crashed) in {0, 12}  # a flipped bit in the sequence number harms nothing


def test_a_commit_that_was_being_written_when_the_power_failed_is_no_damage(crashed: Path) -> None:
    log = crashed / "chat.db-wal"
    os.truncate(log, log.stat().st_size - 1000)
    assert opening.prepare(config_of(crashed))
    assert opening.note(config_of(crashed)) == {}
    assert generation(crashed) == 11


def test_a_log_that_was_taken_away_is_told_of(crashed: Path) -> None:
    (crashed / "chat.db-wal").unlink()
    assert opening.prepare(config_of(crashed))
    assert "taken away" in opening.note(config_of(crashed))["damage"]


@pytest.fixture
def used(folder: Path) -> Iterator[Path]:
    """The folder of a database that another process uses, without a connection open."""
    held = (
        "import sys; from widget_api.backups.hold import Hold; from pathlib import Path\n"
        "hold = Hold(Path(sys.argv[1])); hold.share(); print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", held, str(folder / "chat.db")], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        yield folder
        assert process.stdin
        process.stdin.close()


def test_a_process_that_joins_others_does_not_look(used: Path) -> None:
    path = put(used, b"rubbish")
    assert opening.prepare(config_of(used))
    assert path.read_bytes() == b"rubbish"


def test_nothing_is_restored_while_a_server_runs(used: Path) -> None:
    with pytest.raises(BackupError, match="A server is running"), opening.alone(config_of(used)):
        raise AssertionError("it was not refused")


def test_nothing_is_restored_while_another_program_has_the_file_open(folder: Path) -> None:
    backups = Backups.of(config_of(folder))
    look = (
        "import sqlite3, sys; connection = sqlite3.connect(sys.argv[1])\n"
        "connection.execute('SELECT * FROM shop').fetchall(); print('ready', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", look, str(folder / "chat.db")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as shell:
        assert shell.stdout
        assert shell.stdout.readline()
        with pytest.raises(BackupError, match="Somebody is using"):
            backups.restore(backups.shelf.backups()[0])
        assert shell.stdin
        shell.stdin.close()
    assert backups.restore(backups.shelf.backups()[0])


def test_a_start_waits_for_a_restore_that_is_under_way(folder: Path) -> None:
    start = (
        "import sys; from tests.test_backups_damage import Path, config_of, opening\n"
        "print('asking', flush=True)\n"
        "held = opening.prepare(config_of(Path(sys.argv[1])))\n"
        "print('open', flush=True)"
    )
    with opening.alone(config_of(folder)):
        process = subprocess.Popen([sys.executable, "-c", start, str(folder)], cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout
        assert process.stdout.readline() == b"asking\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
    with process:
        assert process.stdout.read() == b"open\n"


def test_a_broken_note_does_no_harm(folder: Path) -> None:
    (folder / "chat.db.corrupt-20260101T000000.000Z.json").write_text("{")
    assert opening.note(config_of(folder)) == {}
    (folder / "chat.db.corrupt-20260102T000000.000Z.json").write_text(json.dumps({"damage": "x"}))
    assert opening.note(config_of(folder)) == {"damage": "x"}
