"""How allauth reaches our services, for the browser and for mobile clients alike."""

from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.signup import prevent_enumeration
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal.httpkit import is_headless_request
from allauth.headless.base.response import AuthenticationResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.core.exceptions import ValidationError
from django.db.models import Field
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from accounts.models import User
from accounts.services import people, sealing


class AccountAdapter(DefaultAccountAdapter):
    """allauth's rules, with accounts made by `accounts.services`."""

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """Make the account that the valid sign-up `form` describes and return it; the blank `user` is not used."""
        data = form.cleaned_data
        password = data.get("password1") or data.get("password")
        try:
            return people.create_account(email=data["email"], password=password)
        except ValidationError as error:
            if set(error.error_dict) != {"email"}:
                raise
            # The form found the address free, and another request took it since. Whoever asks must not learn that:
            # the answer and the mail are those for an address that was known from the start.
            raise ImmediateHttpResponse(_known_address(request, data["email"])) from error

    def clean_email(self, email: str) -> str:
        """`email`, if the database can hold it: allauth's forms take longer ones, and would fail where they are kept.

        Raises:
            ValidationError: it is longer than an address of a person may be.
        """
        email = super().clean_email(email)
        cast("Field[str, str]", User._meta.get_field("email")).run_validators(email)
        return email

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Where a login leads that asks for no page: to the choice to stay, for someone whose account is to go."""
        if getattr(request.user, "deletion_due_at", None) is not None:
            return reverse("accounts:delete")
        return super().get_login_redirect_url(request)


class MFAAdapter(DefaultMFAAdapter):
    """Second factors, whose secrets are stored sealed."""

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text)


def _known_address(request: HttpRequest, email: str) -> HttpResponse:
    response = prevent_enumeration(request, email=email)
    if is_headless_request(request):
        return AuthenticationResponse.from_response(request, response)
    return response
