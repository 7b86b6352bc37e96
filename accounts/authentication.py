"""Who calls the API: the bearer of an access token that allauth issued."""

from typing import Any

from allauth.headless.contrib.rest_framework.authentication import JWTTokenAuthentication
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import User
from accounts.tokens import Bearer, bearer_of


class BearerAuthentication(JWTTokenAuthentication):
    """`Authorization: Bearer <access token>`, looked up in the session it belongs to.

    One query. A token of someone who logged out, was deactivated or deleted is not valid, whatever its expiry says.
    """

    def authenticate_header(self, request: Request) -> str:
        """The challenge; its presence makes a refusal 401 instead of 403."""
        return f'{self.keyword} realm="api"'

    def authenticate(self, request: Request) -> Any:
        """The person and the token, or None for a header of another scheme."""
        try:
            return super().authenticate(request)
        except UnicodeEncodeError as error:  # letters that HTTP does not carry; some servers pass them on
            raise AuthenticationFailed("The Authorization header is not HTTP.") from error

    def authenticate_credentials(self, key: str) -> tuple[User, Bearer]:
        """The person, and the token as `request.auth`."""
        found = bearer_of(key)
        if found is None:
            raise AuthenticationFailed("This token is not valid (any more).")
        return found


class BearerScheme(OpenApiAuthenticationExtension):
    """How the OpenAPI document describes the above."""

    target_class = BearerAuthentication
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "The access token of `auth/login` or `tokens/refresh`; valid for five minutes.",
        }
