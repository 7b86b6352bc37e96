"""Forms about people: what sign-up asks for besides address and password, the profile, and the admin's forms.

allauth imports this module while it builds its own sign-up form, so nothing here may import `allauth.account.forms`.
"""

from typing import Any

from django import forms
from django.conf import settings
from django.conf.locale import LANG_INFO
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest

from accounts import selectors
from accounts.models import User
from accounts.services import people
from accounts.validators import time_zone_names, validate_plain_text

# The regions that people live in; names such as Etc/GMT+5 or US/Eastern stay valid but are not offered.
_REGIONS = frozenset(
    {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
)


def _display_name_field() -> forms.CharField:
    return forms.CharField(
        label="Name",
        max_length=80,
        required=False,
        validators=[validate_plain_text],
        help_text="Shown on certificates and in the menu.",
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class SignupFields(forms.Form):
    """Joins allauth's sign-up form, in the browser and in the API."""

    display_name = _display_name_field()
    field_order = ("email", "password1", "display_name")

    def signup(self, request: HttpRequest, user: User) -> None:
        """Keep the name with the account that was just made. allauth calls this once the form is valid."""
        people.update_profile(user=user, display_name=self.cleaned_data["display_name"])


class ProfileForm(forms.Form):
    """What people change about themselves; begins with the values of `user`."""

    display_name = _display_name_field()
    locale = forms.ChoiceField(
        label="Language", help_text="What you prefer. Pages are in English so far; apps may follow it."
    )
    time_zone = forms.ChoiceField(label="Time zone", help_text="Where your days begin and end.")

    def __init__(self, data: Any = None, *, user: User) -> None:
        initial = {"display_name": user.display_name, "locale": user.locale, "time_zone": user.time_zone}
        super().__init__(data, initial=initial)
        self.fields["locale"].choices = language_choices(user.locale)  # type: ignore[attr-defined]
        self.fields["time_zone"].choices = time_zone_choices(user.time_zone)  # type: ignore[attr-defined]


def language_choices(current: str) -> list[tuple[str, str]]:
    """Language tags with the language's own name, in the order of the names; `current` is always among them."""
    choices = {code: LANG_INFO[code]["name_local"] for code, _name in settings.LANGUAGES if code in LANG_INFO}
    choices.setdefault(current, current)
    return sorted(choices.items(), key=lambda choice: choice[1].casefold())


def time_zone_choices(current: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Time zones grouped by region, for a select; `current` is always among them."""
    groups: dict[str, list[tuple[str, str]]] = {"Universal": [("UTC", "UTC")]}
    for name in time_zone_names():
        region, _slash, place = name.partition("/")
        if region in _REGIONS:
            groups.setdefault(region, []).append((name, place.replace("_", " ").replace("/", ", ")))
    if not any(current == name for group in groups.values() for name, _label in group):
        groups["Now"] = [(current, current)]
    return list(groups.items())


class _OneAddressMixin:
    """Refuses an address that someone else logs in with, in any of the places where addresses are kept."""

    cleaned_data: dict[str, Any]
    instance: User

    def clean_email(self) -> str:
        email = User.objects.normalize_email(self.cleaned_data["email"])
        if selectors.is_email_taken(email, owner=self.instance):
            raise forms.ValidationError(people.TAKEN)
        return email


class UserAddForm(_OneAddressMixin, AdminUserCreationForm):
    """The admin's form for a new person."""

    class Meta:
        model = User
        fields = ("email", "display_name")
        field_classes: dict[str, type[forms.Field]] = {}


class UserEditForm(_OneAddressMixin, UserChangeForm):
    """The admin's form for a known person."""

    class Meta:
        model = User
        fields = "__all__"
        field_classes: dict[str, type[forms.Field]] = {}
