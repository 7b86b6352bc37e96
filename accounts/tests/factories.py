"""People for tests. Other apps' tests may use these too."""

import functools

import factory
from django.conf import settings
from django.contrib.auth.hashers import make_password

from accounts import roles
from accounts.models import User
from accounts.services import people

PASSWORD = "correct horse 47"


@functools.cache
def _hashed_by(hasher: str) -> str:
    """The hash, made once for each way of hashing: one that a test switched on must not stay for the others."""
    return make_password(PASSWORD)


def _hashed() -> str:
    return _hashed_by(settings.PASSWORD_HASHERS[0])


class UserFactory(factory.django.DjangoModelFactory):
    """A learner with a verified address whose password is PASSWORD.

    `UserFactory(role="author")` adds a role; `UserFactory(verified=False)` leaves the address to be verified.
    """

    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda number: f"learner{number}@example.org")
    display_name = factory.Sequence(lambda number: f"Learner {number}")
    password = factory.LazyFunction(_hashed)  # hashed once a run: hashing is slow on purpose

    @factory.post_generation
    def role(self, create: bool, extracted: str | None, **kwargs: object) -> None:
        people.grant_role(user=self, role=roles.LEARNER)
        if extracted:
            people.grant_role(user=self, role=extracted)

    @factory.post_generation
    def verified(self, create: bool, extracted: bool | None, **kwargs: object) -> None:
        if extracted is not False:
            people.mark_email_verified(user=self)
