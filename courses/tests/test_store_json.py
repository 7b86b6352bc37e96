"""JSON that PostgreSQL cannot hold is refused by the field, with its place, at every door."""

import pytest
from django.core.exceptions import ValidationError
from rest_framework import serializers

from courses.models import Course
from courses.tests.factories import CourseFactory


def _deep(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


HOSTILE = {
    "nul": ["a\x00b"],
    "lone surrogate": ["\ud800"],
    "nul in a key": [{"a\x00": 1}],
    "nan": [float("nan")],
    "infinity": [float("inf")],
    "a thousand levels": _deep(1_000),
    "a hundred thousand levels": _deep(100_000),
}


class OutcomesSerializer(serializers.ModelSerializer):
    class Meta:
        model = Course
        fields = ["outcomes"]


@pytest.mark.parametrize("case", HOSTILE)
def test_a_write_is_refused(db, case):
    with pytest.raises(ValidationError):
        CourseFactory(outcomes=HOSTILE[case])


@pytest.mark.parametrize("case", HOSTILE)
def test_model_validation_names_the_field(db, case):
    with pytest.raises(ValidationError) as raised:
        Course(uid="u", slug="s", title="t", outcomes=HOSTILE[case]).full_clean()
    assert set(raised.value.message_dict) == {"outcomes"}


@pytest.mark.parametrize("case", [name for name in HOSTILE if "levels" not in name])
def test_a_serializer_refuses_it_with_the_fields_name(db, case):
    serializer = OutcomesSerializer(data={"outcomes": HOSTILE[case]})
    assert not serializer.is_valid()
    assert set(serializer.errors) == {"outcomes"}


def test_what_can_be_stored_is_stored_as_it_is(db):
    value = ["ü", "🙂", 1, 1.5, None, True, {"a": [1, {"b": "c"}]}]
    course = CourseFactory(outcomes=value)
    course.refresh_from_db()
    assert course.outcomes == value
