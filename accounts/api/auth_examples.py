"""Examples of what is sent to django-allauth's routes and comes back, for the OpenAPI document."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accounts.api.auth_operations import Operation

_AT = 1796076749.985216
_SESSION = "yue7q0kfepz7v7zp6ntnmbz086duiion"
_PERSON = {"id": 7, "display": "ben@example.org", "email": "ben@example.org", "has_usable_password": True}
_PASSWORD_METHOD = {"method": "password", "at": _AT, "email": "ben@example.org"}
_TOTP = {"type": "totp", "created_at": _AT, "last_used_at": None}
_PASSKEY = {
    "type": "webauthn", "id": 4, "name": "Phone", "created_at": _AT, "last_used_at": None, "is_passwordless": True,
}  # fmt: skip
_CODES = {
    "type": "recovery_codes", "created_at": _AT, "last_used_at": None, "total_code_count": 10, "unused_code_count": 2,
    "unused_codes": ["42063801", "28798099"],
}  # fmt: skip
_QUESTION = {"challenge": "lJtueB1wS_CuqIoYvrhOUz7Gzb5u1F1u", "rpId": "learn.example.org", "allowCredentials": []}
_CREDENTIAL = {
    "id": "x7XfqbQKaC3nd5vAX9O6vg", "rawId": "x7XfqbQKaC3nd5vAX9O6vg", "type": "public-key",
    "response": {"clientDataJSON": "e30", "authenticatorData": "eA", "signature": "eA", "userHandle": "Nw"},
    "clientExtensionResults": {},
}  # fmt: skip
_EMAIL = {"email": "ben@example.org"}
_CODE = {"key": "BCDF-GHJK"}
_SECRET = "a long enough 47 phrase"  # noqa: S105 (nobody's: the document shows it)

REQUESTS: dict[str, Any] = {
    "LoginRequest": {**_EMAIL, "password": _SECRET},
    "SignupRequest": {**_EMAIL, "password": _SECRET, "display_name": "Ben"},
    "EmailCodeRequest": _CODE,
    "PasswordRequest": {"password": _SECRET},
    "AddressRequest": {"email": "ben@example.net"},
    "PrimaryAddressRequest": {"email": "ben@example.net", "primary": True},
    "PasswordResetRequest": {**_CODE, "password": _SECRET},
    "SecondFactorRequest": {"code": "492039"},
    "PasskeyRequest": {"credential": _CREDENTIAL},
    "NewPasskeyRequest": {"name": "Phone", "credential": _CREDENTIAL},
    "PasskeyNameRequest": {"id": 4, "name": "Work phone"},
    "PasskeysRequest": {"authenticators": [4]},
    "DevicesRequest": {"sessions": [12]},
    "PasswordChangeRequest": {"current_password": _SECRET, "new_password": "another 48 long phrase"},
    "RefreshRequest": {"refresh_token": "eyJhbGciOi…"},
}


def _good(data: Any, **meta: Any) -> dict[str, Any]:
    return {"status": 200, "data": data, **({"meta": meta} if meta else {})}


ANSWERS: dict[str, Any] = {
    "AuthConfig": _good(
        {
            "account": {
                "login_methods": ["email"],
                "is_open_for_signup": True,
                "email_verification_by_code_enabled": True,
                "login_by_code_enabled": False,
                "password_reset_by_code_enabled": True,
                "authentication_method": "email",
            },
            "mfa": {"supported_types": ["totp", "webauthn", "recovery_codes"], "passkey_login_enabled": True},
            "usersessions": {"track_activity": True},
        }
    ),
    "Authenticated": _good(
        {"user": _PERSON, "methods": [_PASSWORD_METHOD]},
        is_authenticated=True,
        session_token=_SESSION,
        access_token="eyJhbGciOi…",  # noqa: S106 (the beginning that all of them have)
        refresh_token="eyJhbGciOi…",  # noqa: S106 (as above)
    ),
    "AuthDone": {"status": 200},
    "AddressToVerify": _good({**_EMAIL, "user": _PERSON}, is_authenticating=True),
    "PasswordResetPerson": _good({"user": _PERSON}),
    "TokenPair": _good({"access_token": "eyJhbGciOi…", "refresh_token": "eyJhbGciOi…"}),
    "Addresses": _good([{**_EMAIL, "verified": True, "primary": True}]),
    "Devices": _good(
        [
            {
                "id": 12,
                "user_agent": "PracticumApp/1.4 (Pixel 9)",
                "ip": "192.0.2.7",
                "created_at": _AT,
                "last_seen_at": _AT,
                "is_current": True,
            }
        ]
    ),
    "Authenticators": _good([_TOTP, _PASSKEY]),
    "TotpAnswer": _good(_TOTP),
    "RecoveryCodesAnswer": _good(_CODES),
    "PasskeyAnswer": _good(_PASSKEY, recovery_codes_generated=True),
    "PasskeyQuestion": _good({"request_options": {"publicKey": _QUESTION}}, session_token=_SESSION),
    "PasskeyCreation": _good({"creation_options": {"publicKey": _QUESTION}}),
}

_FAULTS: dict[str, tuple[str, str, str]] = {
    "LoginRequest": (
        "The email address and/or password you specified are not correct.",
        "email_password_mismatch",
        "password",
    ),
    "PasswordChangeRequest": ("Please type your current password.", "enter_current_password", "current_password"),
    "PasswordRequest": ("Incorrect password.", "incorrect_password", "password"),
    "SecondFactorRequest": ("Incorrect code.", "incorrect_code", "code"),
    "EmailCodeRequest": ("Incorrect code.", "incorrect_code", "key"),
    "PasswordResetRequest": ("Incorrect code.", "incorrect_code", "key"),
    "DevicesRequest": ("Select a valid choice. 99 is not one of the available choices.", "invalid_choice", "sessions"),
}
_ADDRESS_FAULT = ("Enter a valid email address.", "invalid", "email")
_PENDING = {
    "sign_up": "verify_email",
    "request_password_reset": "password_reset_by_code",
    "log_in": "mfa_authenticate",
    "reset_password": "mfa_authenticate",
    "log_in_with_passkey": "mfa_authenticate",
}


def refusal(operation: "Operation", status: str) -> dict[str, Any]:
    """An example of how `operation` refuses."""
    if status == "400":
        message, code, param = _FAULTS.get(operation.takes, _ADDRESS_FAULT)
        return {"status": 400, "errors": [{"message": message, "code": code, "param": param}]}
    if status == "404" and operation.name == "totp":
        secret = "J4ZKKXTK7NOVU7EPUVY23LCDV4T2QZYM"  # noqa: S105 (of nobody)
        return {
            "status": 404,
            "meta": {"secret": secret, "totp_url": f"otpauth://totp/ben%40example.org?secret={secret}"},
        }
    if status in ("401", "410"):
        return {"status": int(status), "data": {"flows": _flows(operation)}, "meta": {"is_authenticated": False}}
    return {"status": int(status)}


def _flows(operation: "Operation") -> list[dict[str, Any]]:
    flows: list[dict[str, Any]] = [{"id": "login"}, {"id": "signup"}, {"id": "mfa_login_webauthn"}]
    if pending := _PENDING.get(operation.name):
        flows.append({"id": pending, "is_pending": True})
    return flows
