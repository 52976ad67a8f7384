"""SQLite's write-ahead log, read from outside. SQLite stops at the first frame that it cannot read and says nothing;
here the commits that stand behind it are counted. https://www.sqlite.org/fileformat2.html#the_write_ahead_log"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

_HEADER = struct.Struct(">8I")  # magic, version, page size, sequence, two salts, two checksums
_FRAME = struct.Struct(">4I8x")  # page, size of the database at a commit or 0, two salts; checksums
_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}  # the byte order of the checksums
# Where the shared-memory file says how many frames are valid, in this machine's byte order.
_VALID_FRAMES = struct.Struct("=16xI")


def beside(database: Path) -> Path:
    return database.with_name(f"{database.name}-wal")


def size(database: Path) -> int:
    """How many bytes it has; 0 when it is not there."""
    log = beside(database)
    return log.stat().st_size if log.exists() else 0


def index_beside(database: Path) -> Path:
    return database.with_name(f"{database.name}-shm")


def missing(database: Path) -> bool:
    """Whether somebody took the log away. SQLite itself removes its index first, and the log after it."""
    return index_beside(database).exists() and not beside(database).exists()


def lost(database: Path) -> int:
    """How many commits stand in the log that SQLite could not read. To be asked while the database is open.

    One commit behind the last valid frame is no damage: it was being written when the power failed, and nobody
    was told that it succeeded.
    """
    log = beside(database)
    header = _header(log)
    if len(header) < _HEADER.size:
        return 0
    if not _sound(header):
        # A log of zeros was made and never written to when the power failed.
        return max(sum(1 for _ in _commits(log, None)), int(any(header)))
    salts = _HEADER.unpack(header)[4:6]
    valid = _VALID_FRAMES.unpack_from(index_beside(database).read_bytes())[0]
    behind = sum(1 for number in _commits(log, salts) if number > valid)
    return behind if behind > 1 else 0


def _header(log: Path) -> bytes:
    try:
        with log.open("rb") as file:
            return file.read(_HEADER.size)
    except FileNotFoundError:
        return b""


def _sound(header: bytes) -> bool:
    """Whether the header is what was written. It is smaller than a sector, so never half of it is."""
    magic, *_, first, second = _HEADER.unpack(header)
    order = _MAGIC.get(magic)
    if order is None:
        return False
    one = two = 0
    for even, odd in struct.iter_unpack(f"{order}II", header[:24]):
        one = (one + even + two) & 0xFFFFFFFF
        two = (two + odd + one) & 0xFFFFFFFF
    return (one, two) == (first, second)


def _commits(log: Path, salts: tuple[int, ...] | None) -> Iterator[int]:
    """The numbers of the frames that end a commit. Frames with other salts are left over from an earlier round."""
    with log.open("rb") as file:
        page_size = _HEADER.unpack(file.read(_HEADER.size))[2]
        if salts is None:
            page_size = _likely(page_size)
        number = 0
        while len(head := file.read(_FRAME.size)) == _FRAME.size:
            number += 1
            _page, commit, *found = _FRAME.unpack(head)
            if commit and (salts is None or tuple(found) == salts):
                yield number
            file.seek(page_size, 1)


def _likely(page_size: int) -> int:
    """The page size that a damaged header gives, if it can be one."""
    return page_size if page_size in {2**power for power in range(9, 17)} else 4096
