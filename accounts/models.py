"""Who: the people of the platform. Knows nothing of courses or progress."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
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
    deletion_due_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="The person asked for the deletion of the account, which happens then.",
    )

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
        indexes = [
            models.Index(
                fields=["deletion_due_at"], condition=models.Q(deletion_due_at__isnull=False), name="user_deletion_due"
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


class TokenFamily(models.Model):
    """The refresh tokens of one session of a mobile client: which of them is good, and which it took the place of.

    A row of its own, because a session is saved as a whole: a request that began before a refresh and saves its session
    after it would bring the used token back. It goes with its session, by a rule of the database (migration 0004).
    """

    session = models.OneToOneField(
        "sessions.Session", primary_key=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    current = models.UUIDField(help_text="`jti` of the one refresh token that is good.")
    previous = models.UUIDField(null=True, help_text="`jti` of the token that was given for it.")
    retry_key = models.CharField(max_length=64, blank=True, help_text="SHA-256 of that request's Idempotency-Key.")
    issued_at = models.DateTimeField(help_text="When the current token was made.")

    def __str__(self) -> str:
        return f"tokens of {self.session_id[:4]}…"


class RateCount(models.Model):
    """When something limited was done of late, by one address or person. `accounts.services.limits` writes it.

    The table is unlogged (migration 0004): it is written often, and after a crash of the server it begins empty.
    """

    key = models.CharField(max_length=64, primary_key=True, help_text="SHA-256 of what is limited and for whom.")
    hits = ArrayField(models.DateTimeField())
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key[:8]
