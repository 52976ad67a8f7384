"""PostgreSQL: dumped with `pg_dump`, read through and put back with `pg_restore`."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from widget_api.backups.shelf import BackupError, Rows, changes

# Debian keeps each version's programs in a folder of its own; the newest reads and writes for all older servers.
DEBIAN = Path("/usr/lib/postgresql")
_COPY = re.compile(rb"COPY (.+?) \(.*\) FROM stdin;\n")
_CONNECT_SECONDS = 10
# Where one may be connected while the database itself is created or renamed.
_ELSEWHERE = "postgres"


class Postgres:
    """The database on a server."""

    suffix = ".dump"

    def __init__(self, url: str) -> None:
        parts = {name: value for name, value in conninfo_to_dict(url).items() if value is not None}
        self._password = str(parts.pop("password", ""))
        self._parts: dict[str, Any] = {"connect_timeout": _CONNECT_SECONDS, **parts}
        self.name = str(parts.get("dbname") or parts.get("user") or "chat")

    def __str__(self) -> str:
        return f"{self.name} on {self._parts.get('host', 'this machine')}"

    def size(self) -> int:
        with self._connected() as connection:
            return int(_one(connection, "SELECT pg_database_size(current_database())"))

    def copy(self, to: Path) -> Rows:
        """Dump what the database holds at this moment, while others go on writing."""
        with self._connected() as connection:
            for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(f"SET {limit} = 0")
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            # The dump is made of what this transaction sees.
            snapshot = str(_one(connection, "SELECT pg_export_snapshot()"))
            seen = _rows(connection)
            self._run("pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={to}", dbname=self.name)
        return seen

    def inspect(self, copy: Path) -> Rows:
        """Read a dump from end to end and count its rows. Raises `BackupError` when it is damaged."""
        with tempfile.TemporaryFile() as said:
            command = [_program("pg_restore"), "--file=-", str(copy)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as process:  # noqa: S603 - ours
                assert process.stdout  # noqa: S101 - for the type checker
                rows = _counted(process.stdout)
            if process.returncode:
                said.seek(0)
                raise BackupError(f"{copy.name} is damaged: {_said(said.read())}")
        return rows

    def rehearse(self, copy: Path, rows: Rows) -> str:
        """Restore a dump into a database that is dropped afterwards. Returns what was done, in words."""
        scratch = f"{self.name}_verify_{secrets.token_hex(4)}"
        try:
            with self._created(scratch):
                self._fill(scratch, copy, rows)
                self._drop(scratch)
        except psycopg.errors.InsufficientPrivilege:
            return "It was read from end to end, but not restored on trial: this user may not create databases."
        return "It was restored on trial into a database of its own, and every row was there."

    def check(self) -> list[str]:
        """The faults of the database in use: rows that cannot be read."""
        try:
            self._run("pg_dump", "--format=plain", "--file=/dev/null", dbname=self.name)
        except BackupError as exc:
            return [str(exc)]
        return []

    def praise(self) -> str:
        """What finding nothing in `check` means."""
        with self._connected() as connection:
            sums = _one(connection, "SHOW data_checksums")
        pages = "and the pages have checksums" if sums == "on" else "though its pages have no checksums (initdb -k)"
        return f"every row can be read, {pages}."

    def used_by_others(self) -> bool:
        """Whether anybody is connected just now."""
        others = (
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND COALESCE(backend_type, 'client backend') = 'client backend'"
        )
        with self._connected() as connection:
            return bool(_one(connection, others))

    def fold(self) -> None:
        """Nothing: a database on a server is one thing."""

    def replace(self, copy: Path, aside: str) -> str:
        """Put a dump in the database's place; what was there stays on the server under `<name>_<aside>`. Returns
        that name. The dump is restored beside it first, so that nothing changes when it cannot be."""
        rows = self.inspect(copy)
        fresh, kept = f"{self.name}_restoring", _as_name(f"{self.name}_{aside}")
        self._drop(fresh)
        try:
            with self._created(fresh):
                self._fill(fresh, copy, rows)
                self._change(fresh)
                self._swap(fresh, kept)
        except psycopg.errors.InsufficientPrivilege as exc:
            raise BackupError(
                f"{copy.name} cannot be put back by this user: it may not create or rename databases. Use one that "
                "may (ALTER ROLE … CREATEDB, and owner of the database)."
            ) from exc
        return kept

    def _swap(self, fresh: str, kept: str) -> None:
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        try:
            with self._connected(_ELSEWHERE) as connection, connection.transaction():
                for old, new in ((self.name, kept), (fresh, self.name)):
                    connection.execute(rename.format(sql.Identifier(old), sql.Identifier(new)))
        except psycopg.errors.ObjectInUse as exc:
            raise BackupError(f"Somebody is connected to {self.name}: stop the servers first.") from exc

    def _fill(self, database: str, copy: Path, rows: Rows) -> None:
        self._run("pg_restore", "--exit-on-error", "--single-transaction", str(copy), dbname=database)
        with self._connected(database) as connection:
            if _rows(connection) != rows:
                raise BackupError(f"{copy.name} was restored with fewer rows than it holds.")
            connection.execute("ANALYZE")

    def _change(self, database: str) -> None:
        known = "SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = %s"
        with self._connected(database) as connection:
            for table, column, change in changes():
                if connection.execute(known, (table, column)).fetchone():
                    connection.execute(change)

    @contextmanager
    def _created(self, database: str) -> Iterator[None]:
        """An empty database that is like ours, and is gone again when the block fails."""
        with self._connected() as connection:
            like = connection.execute(
                "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database "
                "WHERE datname = current_database()"
            ).fetchone()
        options = "ENCODING {} LC_COLLATE {} LC_CTYPE {} TEMPLATE template0"
        self._elsewhere(f"CREATE DATABASE {{}} {options}", database, *(sql.Literal(value) for value in like or ()))
        try:
            yield
        except BaseException:
            self._drop(database)
            raise

    def _drop(self, database: str) -> None:
        self._elsewhere("DROP DATABASE IF EXISTS {} WITH (FORCE)", database)

    def _elsewhere(self, statement: str, *names: str | sql.Literal) -> None:
        filled = [sql.Identifier(name) if isinstance(name, str) else name for name in names]
        with self._connected(_ELSEWHERE) as connection:
            connection.execute(sql.SQL(statement).format(*filled))

    @contextmanager
    def _connected(self, database: str = "") -> Iterator[psycopg.Connection]:
        parts = {**self._parts, "dbname": database or self.name}
        if self._password:
            parts["password"] = self._password
        try:
            connection = psycopg.connect(make_conninfo(**parts), autocommit=True)
        except psycopg.OperationalError as exc:
            raise BackupError(f"PostgreSQL does not answer: {_said(str(exc).encode())}") from exc
        try:
            with connection:
                yield connection
        except (psycopg.errors.InsufficientPrivilege, psycopg.errors.ObjectInUse):
            raise
        except psycopg.Error as exc:
            raise BackupError(f"PostgreSQL failed: {_said(str(exc).encode())}") from exc

    def _run(self, program: str, *arguments: str, dbname: str) -> None:
        """Run one of PostgreSQL's own programs. The password is in a private file, for arguments are seen by all."""
        command = [_program(program), "--no-password", *arguments]
        with tempfile.TemporaryDirectory() as folder:
            parts = {**self._parts, "dbname": dbname}
            if self._password:
                parts["passfile"] = str(_passfile(Path(folder), self._password))
            done = subprocess.run(  # noqa: S603 - ours
                [*command, f"--dbname={make_conninfo(**parts)}"], capture_output=True, check=False
            )
        if done.returncode:
            raise BackupError(f"{program} failed: {_said(done.stderr)}")


def _program(name: str) -> str:
    """Where one of PostgreSQL's programs is."""
    versions = sorted(DEBIAN.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]), reverse=True)
    found = str(versions[0]) if versions else shutil.which(name)
    if not found:
        raise BackupError(f"{name} is not installed here: install PostgreSQL's client programs (postgresql-client).")
    return found


def _passfile(folder: Path, password: str) -> Path:
    path = folder / "password"
    path.touch(0o600)
    escaped = password.replace("\\", "\\\\").replace(":", "\\:")
    path.write_text(f"*:*:*:*:{escaped}\n")
    return path


def _one(connection: psycopg.Connection, statement: str) -> Any:
    found = connection.execute(statement).fetchone()
    return found[0] if found else None


def _rows(connection: psycopg.Connection) -> Rows:
    tables = connection.execute(
        "SELECT format('%I.%I', schemaname, tablename), schemaname, tablename FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    ).fetchall()
    count = sql.SQL("SELECT COUNT(*) FROM {}")
    found = {}
    for name, schema, table in tables:
        row = connection.execute(count.format(sql.Identifier(schema, table))).fetchone()
        found[name] = int(row[0]) if row else 0
    return found


def _counted(script: Any) -> Rows:
    """The rows of each table in what `pg_restore` writes."""
    rows: Rows = {}
    for line in script:
        match = _COPY.fullmatch(line)
        if match:
            lines = takewhile(lambda line: line != b"\\.\n", script)
            rows[match[1].decode()] = sum(1 for _ in lines)
    return rows


def _as_name(name: str) -> str:
    """A database's name, which may have 63 bytes."""
    return name[-63:].lower()


def _said(words: bytes) -> str:
    """What a program had to say, in one line."""
    return " ".join(words.decode(errors="replace").split())[:500] or "it did not say why."
