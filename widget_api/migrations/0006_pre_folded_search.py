"""Fold the columns that searches read: without accents, vowel points and width, where they were only without case.

The release before looks for words with their accents, and does not find them in rows that were folded.
"""

from typing import Any

from widget_api.text import fold

# Rows at a time: the memory of one batch, not of the table.
BATCH = 1000


def up(_migrator: Any, db: Any) -> None:
    for table in ("conversation", "message"):
        _fold_all(db, table)


def _fold_all(db: Any, table: str) -> None:
    last = 0
    read = f"SELECT pk, search FROM {table} WHERE pk > {db.param} ORDER BY pk LIMIT {BATCH}"  # noqa: S608 - names of our own
    write = f"UPDATE {table} SET search = {db.param} WHERE pk = {db.param}"  # noqa: S608
    while found := db.execute_sql(read, (last,)).fetchall():
        last = found[-1][0]
        for pk, search in found:
            if not search.isascii() and (folded := fold(search)) != search:
                db.execute_sql(write, (folded, pk))


def down(_migrator: Any, _db: Any) -> None:
    """Leave the rows as they are: the release before finds what was written without accents."""
