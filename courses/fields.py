"""A JSON column that refuses what PostgreSQL cannot hold, instead of failing when it is written."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from courses.content.strict_json import JSONRefused, check_value


def validate_storable(value: Any) -> None:
    """Refuse NUL, lone surrogates, numbers that are not finite, and extreme depth.

    Raises:
        ValidationError: says where in the value, for example `blocks[2].source: contains a NUL character`.
    """
    try:
        check_value(value)
    except JSONRefused as error:
        raise ValidationError(str(error), code="not_storable") from error


class StorableJSONField(models.JSONField):
    """`models.JSONField` whose values are checked at every door: forms, serializers, and the write itself."""

    default_validators = [validate_storable]

    def validate(self, value: Any, model_instance: Any) -> None:
        validate_storable(value)  # first: Django's own check would recurse into a value that is too deep
        super().validate(value, model_instance)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        # Not every write comes through a form: here a bad value is a ValidationError (400), not a DataError (500).
        if not hasattr(value, "resolve_expression"):
            validate_storable(value)
        return super().get_db_prep_save(value, connection)
