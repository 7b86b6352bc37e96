"""Shapes of logging in, of devices and of second factors, for the OpenAPI document.

The routes are django-allauth's and have no serializers of ours. Each shape was read off its answers; a test walks
through all of them and holds what comes back against these.
"""

from typing import Any

Shape = dict[str, Any]

TEXT: Shape = {"type": "string"}
FLAG: Shape = {"type": "boolean"}
NUMBER: Shape = {"type": "integer"}
TIME: Shape = {"type": "number", "description": "Seconds since 1970, UTC."}
PASSWORD: Shape = {"type": "string", "minLength": 1, "format": "password"}
EMAIL: Shape = {"type": "string", "format": "email", "maxLength": 254}
CODE: Shape = {"type": "string", "minLength": 1, "description": "Of the authenticator app, or a recovery code."}
# What an authenticator asks and answers is WebAuthn's, and goes between server and authenticator as it is.
WEBAUTHN: Shape = {"type": "object", "additionalProperties": True, "description": "JSON of W3C WebAuthn level 3."}
FLOWS = (
    "login", "signup", "verify_email", "password_reset_by_code", "mfa_authenticate", "mfa_login_webauthn",
    "reauthenticate", "mfa_reauthenticate",
)  # fmt: skip
FACTORS = ("totp", "webauthn", "recovery_codes")


def reference(name: str) -> Shape:
    return {"$ref": f"#/components/schemas/{name}"}


def fields(required: dict[str, Shape], optional: dict[str, Shape] | None = None, about: str = "") -> Shape:
    """An object; of what is not named here nothing is said."""
    shape: Shape = {"type": "object", "properties": required | (optional or {})}
    if required:
        shape["required"] = list(required)
    return shape | ({"description": about} if about else {})


def answer(data: Shape, meta: str = "AuthMeta") -> Shape:
    """A good answer: the status again, `data`, and tokens in `meta` where there are new ones."""
    return fields({"status": {"const": 200}, "data": data}, {"meta": reference(meta)})


def _factor(kind: str, *, required: dict[str, Shape] | None = None, optional: dict[str, Shape] | None = None) -> Shape:
    times = {"created_at": TIME, "last_used_at": {**TIME, "type": ["number", "null"]}}
    return fields({"type": {"type": "string", "enum": [kind]}, **times, **(required or {})}, optional)


def _list(items: Shape) -> Shape:
    return {"type": "array", "items": items}


_COUNTS = {"total_code_count": NUMBER, "unused_code_count": NUMBER}
_PERSON = {"display": TEXT, "has_usable_password": FLAG}

SHAPES: dict[str, Shape] = {
    "AuthUser": fields({"id": NUMBER, **_PERSON}, {"email": TEXT}, "Who it is."),
    "AuthMethod": fields(
        {"method": {"type": "string", "enum": ["password", "password_reset", "mfa"]}, "at": TIME},
        {
            "email": TEXT,
            "id": NUMBER,
            "type": {"type": "string", "enum": list(FACTORS)},
            "reauthenticated": FLAG,
            "passwordless": FLAG,
        },
        "How, and when, the person has shown in this session who they are.",
    ),
    "AuthFlow": fields(
        {"id": {"type": "string", "enum": list(FLOWS)}},
        {"is_pending": FLAG, "types": _list({"type": "string", "enum": list(FACTORS)})},
        "A way to go on. The pending one is the next step; `types` are the second factors of the person.",
    ),
    "AuthMeta": fields(
        {},
        {
            "is_authenticated": {"type": ["boolean", "null"]},
            "session_token": {**TEXT, "description": "For `X-Session-Token` until there is an access token: a secret."},
            "access_token": {**TEXT, "description": "For `Authorization: Bearer`; valid for five minutes."},
            "refresh_token": {**TEXT, "description": "For `tokens/refresh`, once."},
        },
        "State of the session, and tokens where there are new ones.",
    ),
    "Authenticated": answer(fields({"user": reference("AuthUser"), "methods": _list(reference("AuthMethod"))})),
    "Unauthenticated": fields(
        {
            "status": {"type": "integer", "enum": [401, 410]},
            "data": fields(
                {"flows": _list(reference("AuthFlow"))},
                {"user": reference("AuthUser"), "methods": _list(reference("AuthMethod"))},
            ),
            "meta": reference("AuthMeta"),
        },
        about="A step is missing: see `flows`. With `user`, the person is known and has to reauthenticate.",
    ),
    "AuthError": fields(
        {"message": TEXT, "code": TEXT},
        {"param": {**TEXT, "description": "Name of the faulty member of the body."}},
        "A fault of the request. `code` is for programs, `message` for people.",
    ),
    "AuthErrors": fields(
        {"status": NUMBER}, {"errors": _list(reference("AuthError")), "meta": reference("AuthMeta")}, "A refusal."
    ),
    "AuthDone": fields({"status": {"const": 200}}, {"meta": reference("AuthMeta")}, "It is done."),
    "AuthConfig": answer(
        fields(
            {
                "account": fields(
                    {
                        "login_methods": _list(TEXT),
                        "is_open_for_signup": FLAG,
                        "email_verification_by_code_enabled": FLAG,
                        "login_by_code_enabled": FLAG,
                        "password_reset_by_code_enabled": FLAG,
                        "authentication_method": TEXT,
                    }
                ),
                "mfa": fields({"supported_types": _list(TEXT), "passkey_login_enabled": FLAG}),
                "usersessions": fields({"track_activity": FLAG}),
            }
        )
    ),
    "AddressToVerify": fields(
        {
            "status": {"const": 200},
            # The address of an account that is still to be made has a person without an id.
            "data": fields(
                {
                    "email": TEXT,
                    "user": fields({"has_usable_password": FLAG}, {"id": NUMBER, "email": TEXT, **_PERSON}),
                }
            ),
            "meta": fields({"is_authenticating": FLAG}),
        }
    ),
    "PasswordResetPerson": answer(fields({"user": reference("AuthUser")})),
    "TokenPair": answer(fields({"access_token": TEXT, "refresh_token": TEXT})),
    "Address": fields({"email": TEXT, "verified": FLAG, "primary": FLAG}),
    "Addresses": answer(_list(reference("Address"))),
    "Device": fields(
        {
            "id": NUMBER,
            "user_agent": TEXT,
            "ip": TEXT,
            "created_at": TIME,
            "last_seen_at": TIME,
            "is_current": FLAG,
        },
        about="Where the person is logged in: an app or a browser.",
    ),
    "Devices": answer(_list(reference("Device"))),
    "Totp": _factor("totp"),
    "RecoveryCodes": _factor("recovery_codes", required=_COUNTS, optional={"unused_codes": _list(TEXT)}),
    "AuthenticatorPasskey": _factor(
        "webauthn", required={"id": NUMBER, "name": TEXT}, optional={"is_passwordless": FLAG}
    ),
    "Authenticator": {
        "oneOf": [reference(name) for name in ("Totp", "RecoveryCodes", "AuthenticatorPasskey")],
        "discriminator": {
            "propertyName": "type",
            "mapping": {
                "totp": "#/components/schemas/Totp",
                "recovery_codes": "#/components/schemas/RecoveryCodes",
                "webauthn": "#/components/schemas/AuthenticatorPasskey",
            },
        },
    },
    "Authenticators": answer(_list(reference("Authenticator"))),
    "FactorMeta": fields(
        {},
        {
            "recovery_codes_generated": {**FLAG, "description": "The person has recovery codes now: show them."},
            "session_token": TEXT,
        },
    ),
    "TotpAnswer": answer(reference("Totp"), "FactorMeta"),
    "TotpSecret": fields(
        {"status": {"const": 404}, "meta": fields({"secret": TEXT, "totp_url": TEXT}, {"session_token": TEXT})},
        about="No authenticator app yet: `secret` is for one, `totp_url` for its QR code.",
    ),
    "RecoveryCodesAnswer": answer(reference("RecoveryCodes")),
    "PasskeyAnswer": answer(reference("AuthenticatorPasskey"), "FactorMeta"),
    "PasskeyQuestion": answer(fields({"request_options": WEBAUTHN})),
    "PasskeyCreation": answer(fields({"creation_options": WEBAUTHN})),
    # What is sent.
    "LoginRequest": fields({"email": EMAIL, "password": PASSWORD}),
    "SignupRequest": fields({"email": EMAIL, "password": PASSWORD}, {"display_name": {**TEXT, "maxLength": 80}}),
    "EmailCodeRequest": fields({"key": {**TEXT, "minLength": 1, "description": "The code from the mail."}}),
    "PasswordRequest": fields({"password": PASSWORD}),
    "AddressRequest": fields({"email": EMAIL}),
    "PrimaryAddressRequest": fields({"email": EMAIL, "primary": {"type": "boolean", "const": True}}),
    "PasswordResetRequest": fields(
        {"key": {**TEXT, "minLength": 1, "description": "The code from the mail."}, "password": PASSWORD}
    ),
    "SecondFactorRequest": fields({"code": CODE}),
    "PasskeyRequest": fields({"credential": WEBAUTHN}),
    "NewPasskeyRequest": fields(
        {"name": {**TEXT, "minLength": 1, "maxLength": 100}, "credential": WEBAUTHN},
    ),
    "PasskeyNameRequest": fields({"id": NUMBER, "name": {**TEXT, "minLength": 1, "maxLength": 100}}),
    "PasskeysRequest": fields({"authenticators": {**_list(NUMBER), "minItems": 1}}),
    "DevicesRequest": fields({"sessions": {**_list(NUMBER), "minItems": 1}}),
    "PasswordChangeRequest": fields({"current_password": PASSWORD, "new_password": {**PASSWORD, "minLength": 10}}),
    "RefreshRequest": fields({"refresh_token": {**TEXT, "minLength": 1}}),
}
