"""Who: the people of the platform. Knows nothing of courses or progress."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.validators import validate_language_tag, validate_plain_text, validate_time_zone


class UserManager(BaseUserManager["User"]):
    """Creates people; the e-mail address is always stored in lower case."""

    @classmethod
    def normalize_email(cls, email: str | None) -> str:
        return (email or "").strip().lower()

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Create a person who may log in once the address is verified.

        Raises:
            ValueError: the address is empty.
        """
        if not email:
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, **{**fields, "is_staff": True, "is_superuser": True})


class User(AbstractBaseUser, PermissionsMixin):
    """A person. The e-mail address is the login; roles are groups (`accounts.roles`)."""

    email = models.EmailField("e-mail address", max_length=254, unique=True)
    display_name = models.CharField(
        max_length=80,
        blank=True,
        validators=[validate_plain_text],
        help_text="Shown on certificates and in the menu.",
    )
    locale = models.CharField(
        max_length=12, default="en", validators=[validate_language_tag], help_text="Language tag (BCP 47)."
    )
    time_zone = models.CharField(
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text="IANA name, for example Europe/Vienna.",
    )
    is_active = models.BooleanField(default=True, help_text="Unticked: cannot log in, and tokens stop working.")
    is_staff = models.BooleanField("staff", default=False, help_text="May open the admin.")
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            # Two accounts for Ada@… and ada@… would let one person read the other's mail-based resets.
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique_case_insensitive",
                violation_error_message="An account with this e-mail address exists already.",
            ),
        ]

    def __str__(self) -> str:
        return self.display_name or self.email

    def clean(self) -> None:
        super().clean()
        self.email = User.objects.normalize_email(self.email)

    def get_full_name(self) -> str:
        return self.display_name or self.email

    def get_short_name(self) -> str:
        return self.display_name or self.email.partition("@")[0]
