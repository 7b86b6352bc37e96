"""Who calls the API: the bearer of an access token that allauth issued."""

from typing import Any

from allauth.headless.contrib.rest_framework.authentication import JWTTokenAuthentication
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.request import Request


class BearerAuthentication(JWTTokenAuthentication):
    """`Authorization: Bearer <access token>`, looked up in the session it belongs to.

    Two queries. A token of someone who logged out, was deactivated or deleted is not valid, whatever its expiry says.
    """

    def authenticate_header(self, request: Request) -> str:
        """The challenge; its presence makes a refusal 401 instead of 403."""
        return f'{self.keyword} realm="api"'


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
