"""People in the admin. Only a superuser can raise anyone's rights or touch the accounts of staff.

Logging in to the admin goes through allauth, so that the second factor holds there too.
"""

from typing import Any, ClassVar

import allauth.account.admin
import allauth.mfa.admin
import allauth.usersessions.admin
import django.contrib.auth.admin  # noqa: F401 (registers Group, which is replaced below)
from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from accounts import roles
from accounts.forms import UserAddForm, UserEditForm
from accounts.models import User
from accounts.services import leaving, people

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """E-mail is the login. Staff look after learners; staff accounts are looked after by superusers."""

    form = UserEditForm
    add_form = UserAddForm
    ordering = ("email",)
    search_fields = ("email", "display_name")
    list_display = ("email", "display_name", "role_names", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("groups", "is_active", "is_staff", "is_superuser", "date_joined")
    readonly_fields = ("date_joined", "last_login", "deletion_due_at")
    filter_horizontal = ("user_permissions",)
    list_per_page = 50
    fieldsets = (
        (None, {"fields": ("email", "password", "is_active")}),
        ("Profile", {"fields": ("display_name", "locale", "time_zone")}),
        ("Roles and rights", {"fields": ("groups", "is_staff", "is_superuser", "user_permissions")}),
        ("Dates", {"fields": ("date_joined", "last_login", "deletion_due_at")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("email", "display_name", "usable_password", "password1", "password2")},
        ),
    )
    # Each of these would let its holder become anything.
    SUPERUSER_FIELDS: ClassVar[tuple[str, ...]] = ("groups", "is_staff", "is_superuser", "user_permissions")

    @admin.display(description="roles")
    def role_names(self, user: User) -> str:
        return ", ".join(sorted(group.name for group in user.groups.all())) or "–"

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return fields if request.user.is_superuser else (*fields, *self.SUPERUSER_FIELDS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        leaving.delete_people(User.objects.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        leaving.delete_people(queryset)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            people.grant_role(user=obj, role=roles.LEARNER)
        elif "email" in form.changed_data:
            people.change_email(user=obj, email=obj.email)


def _may_touch(request: HttpRequest, person: User | None) -> bool:
    """Whoever can change a colleague's password or address can log in as that colleague."""
    if request.user.is_superuser or person is None:
        return True
    return not (person.is_staff or person.is_superuser)


class SuperusersOnly:
    """For models whose rows decide who may do what, or let their editor log in as someone else."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.is_superuser


for model in (Group, EmailAddress, Authenticator, UserSession):
    admin.site.unregister(model)


@admin.register(Group)
class GroupAdmin(SuperusersOnly, DjangoGroupAdmin):
    """Roles and what they may do."""


@admin.register(EmailAddress)
class EmailAddressAdmin(SuperusersOnly, allauth.account.admin.EmailAddressAdmin):
    """A verified address added to someone else's account would receive their password resets."""


@admin.register(Authenticator)
class AuthenticatorAdmin(SuperusersOnly, admin.ModelAdmin):
    """Second factors, to be removed for someone who lost theirs. Their secrets are not shown."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    search_fields = ("user__email",)
    fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(UserSession)
class UserSessionAdmin(SuperusersOnly, admin.ModelAdmin):
    """Where people are logged in; read only."""

    list_display = ("user", "created_at", "last_seen_at", "ip", "user_agent")
    search_fields = ("user__email", "ip")
    fields = list_display

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
