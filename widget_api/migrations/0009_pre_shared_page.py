"""Add the page that a link shows, as it is rendered when the link is made, and the link that it was rendered for. The
release before does not name the columns: a link that it makes has no page of its own."""

from typing import Any

COLUMNS = ("page", "page_digest")


def up(_migrator: Any, db: Any) -> None:
    for name in COLUMNS:
        db.execute_sql(f"ALTER TABLE share ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")


def down(_migrator: Any, db: Any) -> None:
    for name in COLUMNS:
        db.execute_sql(f"ALTER TABLE share DROP COLUMN {name}")
