"""What all tables share: JSON columns, and rows that are found and added by SQL that is put together once."""

from __future__ import annotations

from functools import cache
from typing import Any, Self

import msgspec
from peewee import AutoField, Model, TextField

from widget_api.database import database, execute


class JsonField(TextField):
    """Any JSON value, kept as the text it was, so that both databases give back the same bytes."""

    def db_value(self, value: Any) -> str | None:
        return None if value is None else msgspec.json.encode(value).decode()

    def python_value(self, value: str | None) -> Any:
        return None if value is None else msgspec.json.decode(value)


class Record(Model):
    """A row. Beside each foreign key stands the `…_id` that peewee adds, for the type checker.

    peewee puts the SQL of each query together anew, which takes longer than SQLite's answer. What every turn asks
    for, a row by its keys, goes by `find_by` and `add`, which do so once.
    """

    class Meta:
        database = database
        legacy_table_names = False

    @classmethod
    def find_by(cls, *, newest: str = "", **values: Any) -> Self | None:
        """The row whose fields have these values, if there is one; of several the one that is `newest` by a field."""
        found = execute(cls._select(tuple(values), newest), *values.values()).fetchone()
        return None if found is None else cls._read(found)

    @classmethod
    def _read(cls, found: tuple[Any, ...]) -> Self:
        row: Any = cls(__no_default__=True)
        for field, value in zip(cls._meta.sorted_fields, found, strict=True):
            row.__data__[field.name] = field.python_value(value)
        row._dirty.clear()  # noqa: SLF001 - it is one of ours
        return row  # type: ignore[no-any-return]

    @classmethod
    def where(cls, condition: str, *values: Any) -> list[Self]:
        """The rows for which that piece of SQL holds, which may go on with an order and a limit. `%s` stands for a
        value."""
        return [cls._read(found) for found in execute(cls._selecting(condition), *values)]

    @classmethod
    def add(cls, **values: Any) -> Self:
        """A new row, written. As peewee's `create`, for plain values."""
        row: Any = cls(**values)
        fields = [field for field in cls._meta.sorted_fields if not isinstance(field, AutoField)]
        given = tuple(field.db_value(row.__data__.get(field.name)) for field in fields)
        cursor = execute(cls._insert(), *given)
        if isinstance(cls._meta.primary_key, AutoField):
            setattr(row, cls._meta.primary_key.name, cursor.fetchone()[0])
        row._dirty.clear()  # noqa: SLF001 - it is one of ours
        return row  # type: ignore[no-any-return]

    @classmethod
    @cache
    def _select(cls, names: tuple[str, ...], newest: str) -> str:
        where = " AND ".join(f'"{cls._meta.fields[name].column_name}" = %s' for name in names)
        order = f' ORDER BY "{cls._meta.fields[newest].column_name}" DESC' if newest else ""
        return cls._selecting(f"{where}{order} LIMIT 1")

    @classmethod
    @cache
    def _selecting(cls, condition: str) -> str:
        columns = ", ".join(f'"{field.column_name}"' for field in cls._meta.sorted_fields)
        return f'SELECT {columns} FROM "{cls._meta.table_name}" WHERE {condition}'  # noqa: S608 - our own words

    @classmethod
    @cache
    def _insert(cls) -> str:
        fields = [field for field in cls._meta.sorted_fields if not isinstance(field, AutoField)]
        columns = ", ".join(f'"{field.column_name}"' for field in fields)
        places = ", ".join(["%s"] * len(fields))
        sql = f'INSERT INTO "{cls._meta.table_name}" ({columns}) VALUES ({places})'  # noqa: S608 - our names
        key = cls._meta.primary_key
        return f'{sql} RETURNING "{key.column_name}"' if isinstance(key, AutoField) else sql
