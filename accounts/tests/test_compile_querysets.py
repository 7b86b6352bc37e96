"""Querysets that are compiled once: what is said stays, what is given changes."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.db.models import BigIntegerField, CharField, F, Value
from django.db.models.functions import Concat

from accounts.models import User
from accounts.querysets import CompiledRows, Given
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

HOSTILE = "100 % of %s, %(x)s, {} 'or' \"and\" \\ ; -- ж"


def test_values_are_given_anew_each_time():
    people = CompiledRows(lambda: User.objects.filter(pk=Given("person", BigIntegerField())).values("email"))
    for user in [UserFactory(), UserFactory()]:
        assert people.rows(person=user.pk) == [{"email": user.email}]
    assert people.rows(person=0) == []


def test_a_value_may_be_used_twice():
    same = CompiledRows(
        lambda: (
            User.objects.filter(display_name=Given("name", CharField()))
            .annotate(said=Concat(Given("name", CharField()), Value("!")))
            .values("said")
        )
    )
    UserFactory(display_name="Ada")
    assert same.rows(name="Ada") == [{"said": "Ada!"}]


@pytest.mark.parametrize("name", [HOSTILE, "' OR true --", "", "%", "$1"])
def test_constants_and_given_values_mean_themselves(name):
    user = UserFactory(display_name=name)
    UserFactory()
    constant = CompiledRows(lambda: User.objects.filter(display_name=name).values("pk", said=Value(name)))
    given = CompiledRows(lambda: User.objects.filter(display_name=Given("name", CharField())).values("pk"))
    assert constant.rows() == [{"pk": user.pk, "said": name}]
    assert given.rows(name=name) == [{"pk": user.pk}]


def test_columns_keep_their_names_and_types():
    user = UserFactory()
    names = [field.attname for field in User._meta.concrete_fields]
    compiled = CompiledRows(lambda: User.objects.filter(pk=Given("person", BigIntegerField())).values(*names))
    (expected,) = User.objects.filter(pk=user.pk).values(*names)
    assert compiled.rows(person=user.pk) == [expected]
    assert User.from_db("default", names, compiled.rows(person=user.pk)[0].values()) == user


def test_a_value_that_is_not_given_is_an_error():
    compiled = CompiledRows(lambda: User.objects.filter(pk=Given("person", BigIntegerField())).values("email"))
    with pytest.raises(Exception, match="person"):
        compiled.rows()


@pytest.mark.django_db(transaction=True)
def test_threads_share_what_is_compiled():
    users = [UserFactory() for _ in range(4)]
    compiled = CompiledRows(
        lambda: User.objects.filter(pk=Given("person", BigIntegerField())).annotate(name=F("email")).values("name")
    )

    def read(user):
        try:
            return [compiled.rows(person=user.pk) for _ in range(5)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for user, answers in zip(users, pool.map(read, users), strict=True):
            assert answers == [[{"name": user.email}]] * 5
