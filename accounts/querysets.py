"""Querysets that are turned into SQL once and run many times: for the few reads that nearly every request makes.

Django builds a queryset's SQL anew each time, which takes longer than the database needs to answer. What is compiled
here is an ordinary queryset, so that a rule stays written once; only values of the request are left open (`Given`).
PostgreSQL plans such a statement once a connection. Knows no table.
"""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any

from django.db import connection, models
from psycopg.sql import Literal

_HOLE = re.compile(r"%s|%%")


class Given(models.Expression):
    """A value that is named when the queryset is written and given when it is run."""

    def __init__(self, name: str, output_field: models.Field) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return f"%s::{self.output_field.db_type(connection)}", (self,)


class CompiledRows:
    """The rows of a queryset of `.values()`, whose SQL is made at the first use.

    `write` must not depend on anything but the code: what it reads of the clock, the settings or a person would stay as
    it was then. `Given` is for that, and `Now` for the time. Slices are not compiled: say `at_most` instead.
    """

    def __init__(self, write: Callable[[], models.QuerySet[Any, dict[str, Any]]]) -> None:
        self._write = write

    def rows(self, *, at_most: int | None = None, **given: Any) -> list[dict[str, Any]]:
        """The rows for these values. 1 query."""
        sql, names, compiler, converters = self._compiled
        # Django's own cursors put the values into the text: no two are equal, and each is planned anew.
        with connection.prepared_cursor() as cursor:  # type: ignore[attr-defined]  # of mlpracticum.database
            cursor.execute(sql, {**given, "at_most": at_most})
            found = cursor.fetchall()
        if converters:
            found = compiler.apply_converters(found, converters)
        return [dict(zip(names, row, strict=True)) for row in found]

    @cached_property
    def _compiled(self) -> tuple[str, list[str], Any, dict[int, Any]]:
        query = self._write().query
        compiler = query.get_compiler(connection=connection)
        text, values = compiler.as_sql()
        connection.ensure_connection()
        left = iter(values)
        # Constants become part of the text, so that PostgreSQL knows them when it plans.
        sql = _HOLE.sub(lambda hole: "%%" if hole[0] == "%%" else _written(next(left)), text)
        converters = compiler.get_converters([column[0] for column in compiler.select[: compiler.col_count]])
        return f"{sql} LIMIT %(at_most)s", list(query.selected or ()), compiler, converters


def _written(value: Any) -> str:
    if isinstance(value, Given):
        return f"%({value.name})s"
    return Literal(value).as_string(connection.connection).replace("%", "%%")
