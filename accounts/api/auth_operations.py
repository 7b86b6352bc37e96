"""The routes of django-allauth below `auth/` and `tokens/`: what each takes, answers and refuses, in a table.

`auth_document` puts it, and the one of `account_operations`, into the OpenAPI document. A test holds both against the
URL configuration, and every answer against the shapes of `auth_shapes`.
"""

from dataclasses import dataclass, field
from typing import Any

NEXT_STEP = "What is missing is told by the pending one of the `flows`."


@dataclass(frozen=True)
class Operation:
    """A row of the document. `refusals` are statuses, with words of their own where the usual ones are not enough."""

    path: str
    method: str
    name: str
    summary: str
    about: str
    gives: tuple[str, str] | None
    takes: str = ""
    refusals: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    needs: str = "session"
    """Who may ask: "anyone", "session" (of a login or sign-up under way, or logged in), or "login"."""
    limited: bool = False
    query: dict[str, str] = field(default_factory=dict)


def of_login(*args: Any, limited: bool = False, **more: Any) -> Operation:
    """An operation for those who are logged in."""
    return Operation(*args, needs="login", limited=limited, **more)


LOGGED_IN = ("Authenticated", "Logged in; the tokens are in `meta`.")
_AGAIN = ("Authenticated", "Reauthenticated: for five minutes, what asks for it is allowed.")
_IDEMPOTENCY = {
    "Idempotency-Key": "A UUID that the client keeps until it has stored the answer: a retry with it is safe."
}

AUTH_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "config",
        "get",
        "auth_config",
        "How to log in here",
        "The same for everybody.",
        ("AuthConfig", "The ways that this server offers."),
        needs="anyone",
    ),
    Operation(
        "auth/signup",
        "post",
        "sign_up",
        "Sign up",
        "The good answer is 401 with the flow `verify_email`: a code was mailed. An address that has an account gets "
        "the same answer, and another mail.",
        None,
        "SignupRequest",
        {
            "401": "A code was mailed to verify the address; `meta.session_token` names this sign-up.",
            "409": "Logged in already.",
        },
        needs="anyone",
        limited=True,
    ),
    Operation(
        "auth/email/verify",
        "get",
        "email_verification",
        "Whose code it is",
        "Looks at a code without using it up; a wrong one counts as a try.",
        ("AddressToVerify", "The code is good."),
        refusals={"400": "", "409": ""},
        headers={"X-Email-Verification-Key": "The code from the mail."},
    ),
    Operation(
        "auth/email/verify",
        "post",
        "verify_email",
        "Verify an address by its code",
        "Ends a sign-up and logs in, or verifies an added address. After three wrong codes a new one is needed.",
        LOGGED_IN,
        "EmailCodeRequest",
        {"401": NEXT_STEP, "409": "No code is awaited."},
    ),
    Operation(
        "auth/email/verify/resend",
        "post",
        "resend_verification_code",
        "Mail another code",
        "The earlier code is no longer good.",
        ("AuthDone", "A new code is in the mail."),
        refusals={"400": "", "409": "No code is awaited, or enough were mailed."},
        limited=True,
    ),
    Operation(
        "auth/login",
        "post",
        "log_in",
        "Log in",
        "With a second factor switched on, or an address that is not verified, the answer is 401 with the step that is "
        "missing, and no token but `meta.session_token`. Too many wrong passwords are 400, `too_many_login_attempts`.",
        LOGGED_IN,
        "LoginRequest",
        {"401": NEXT_STEP, "409": "Logged in already."},
        needs="anyone",
        limited=True,
    ),
    Operation(
        "auth/2fa/authenticate",
        "post",
        "second_factor",
        "Log in: the code",
        "The second step, by authenticator app or recovery code.",
        LOGGED_IN,
        "SecondFactorRequest",
        {"401": "No login waits for a second factor."},
    ),
    Operation(
        "auth/webauthn/authenticate",
        "get",
        "passkey_second_factor_options",
        "Log in: what to ask the passkey",
        "The second step, by passkey: give `request_options` to the platform.",
        ("PasskeyQuestion", "For the authenticator."),
        refusals={"401": "No login waits for a second factor."},
    ),
    Operation(
        "auth/webauthn/authenticate",
        "post",
        "passkey_second_factor",
        "Log in: the passkey's answer",
        "The second step, by passkey.",
        LOGGED_IN,
        "PasskeyRequest",
        {"401": "No login waits for a second factor."},
    ),
    Operation(
        "auth/webauthn/login",
        "get",
        "passkey_login_options",
        "Passkey login: what to ask",
        "Login without a password. `meta.session_token` belongs to the answer.",
        ("PasskeyQuestion", "For the authenticator."),
        needs="anyone",
        limited=True,
    ),
    Operation(
        "auth/webauthn/login",
        "post",
        "log_in_with_passkey",
        "Passkey login: the answer",
        "Each question is good for one answer.",
        LOGGED_IN,
        "PasskeyRequest",
        {"401": NEXT_STEP},
        limited=True,
    ),
    Operation(
        "auth/password/request",
        "post",
        "request_password_reset",
        "Forgotten password: mail a code",
        "The good answer is 401 with the flow `password_reset_by_code`, whether or not there is such an account.",
        ("AuthDone", "The same, for somebody who is logged in."),
        "AddressRequest",
        {"401": "If the address has an account, a code is in its mail; keep `meta.session_token`."},
        needs="anyone",
        limited=True,
    ),
    Operation(
        "auth/password/reset",
        "get",
        "password_reset",
        "Forgotten password: whose code it is",
        "A wrong code counts as a try.",
        ("PasswordResetPerson", "The code is good."),
        refusals={"400": "", "409": "No code is awaited."},
        headers={"X-Password-Reset-Key": "The code from the mail."},
        limited=True,
    ),
    Operation(
        "auth/password/reset",
        "post",
        "reset_password",
        "Forgotten password: a new one",
        "Logs in; with a second factor switched on, that is the next step.",
        LOGGED_IN,
        "PasswordResetRequest",
        {"401": NEXT_STEP, "409": "No code is awaited."},
        limited=True,
    ),
    Operation(
        "auth/session",
        "get",
        "session",
        "Am I logged in?",
        "The person, and how they logged in.",
        ("Authenticated", "Yes."),
        refusals={"401": NEXT_STEP},
    ),
    Operation(
        "auth/session",
        "delete",
        "log_out",
        "Log out",
        "The good answer is 401: nobody is logged in. All tokens of the session end.",
        None,
        refusals={"400": "", "401": "Logged out."},
    ),
    Operation(
        "tokens/refresh",
        "post",
        "refresh_tokens",
        "Next pair of tokens",
        "A refresh token is good for one use. One that comes back after its use ends its session, unless it comes with "
        "the `Idempotency-Key` of that use: then it gets the same successor again.",
        ("TokenPair", "Both are new."),
        "RefreshRequest",
        {"400": "The token is not good (any more)."},
        _IDEMPOTENCY,
        needs="anyone",
    ),
    of_login(
        "auth/reauthenticate",
        "post",
        "reauthenticate",
        "Enter the password again",
        "Some changes want it within five minutes.",
        _AGAIN,
        "PasswordRequest",
        {"401": ""},
        limited=True,
    ),
    of_login(
        "auth/2fa/reauthenticate",
        "post",
        "reauthenticate_with_code",
        "Enter a second factor again",
        "By authenticator app or recovery code.",
        _AGAIN,
        "SecondFactorRequest",
        {"401": ""},
    ),
    of_login(
        "auth/webauthn/reauthenticate",
        "get",
        "passkey_reauthentication_options",
        "Use a passkey again: what to ask",
        "For reauthentication.",
        ("PasskeyQuestion", "For the authenticator."),
        refusals={"401": ""},
    ),
    of_login(
        "auth/webauthn/reauthenticate",
        "post",
        "reauthenticate_with_passkey",
        "Use a passkey again: the answer",
        "For reauthentication.",
        _AGAIN,
        "PasskeyRequest",
        {"401": ""},
    ),
    of_login(
        "auth/sessions",
        "get",
        "sessions",
        "My devices",
        "Where I am logged in, apps and browsers.",
        ("Devices", "The current one has `is_current`."),
        refusals={"401": ""},
    ),
    of_login(
        "auth/sessions",
        "delete",
        "end_sessions",
        "Log devices out",
        "Ends sessions and their tokens at once.",
        ("Devices", "Those that are left."),
        "DevicesRequest",
        {"401": "Not logged in; or the current session was among those that were ended."},
    ),
)
