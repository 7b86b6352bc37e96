"""The authorization matrix: for every route of the site and every method that it takes, who gets what.

One row a route, as the URL resolver writes it; the notation is `authorization_policy`'s. What a row does not say is
refused as `REFUSALS` has it. Methods that a row does not name are not taken. Rows of the admin are in
`authorization_admin_table`.
"""

from tests.authorization_admin_table import ADMIN

# What the clauses of a row leave over, by the beginning of the route.
REFUSALS = {
    "api/": "401 unknown; 404 all",
    "admin/": "login outsiders; 403 all",
    "": "login unknown; 404 all",
}
_OTHERS_DRAFT = "another author+editor+superuser"
_LESSON = "api/v1/lessons/<id:lesson_id>"
_BLOCK = f"{_LESSON}/blocks/<block_id:block_id>"
_COURSE = "api/v1/courses/<slug:slug>"
# A course is there for everyone while it is published, and as a draft for those who edit it.
_SEEN = f"at own|other|left; {{0}} editors at unpublished; {{0}} {_OTHERS_DRAFT} at other unpublished"

API = {
    "api/v1/me": {"GET": "200 persons", "PATCH": "200 persons", "DELETE": "403 persons"},
    "api/v1/me/export": {"GET": "200 persons"},
    "api/v1/me/deletion": {"DELETE": "204 persons"},
    "api/v1/dashboard/my-courses": {"GET": "200 persons"},
    "api/v1/dashboard/certificates": {"GET": "200 persons"},
    "api/v1/courses": {"GET": "200 open"},
    _COURSE: {"GET": f"200 open {_SEEN.format(200)}; 404 anonymous"},
    f"{_COURSE}/enrolment": {
        "PUT": "200 persons at own|other|left",
        "DELETE": f"204 persons {_SEEN.format(204)}",
    },
    f"{_COURSE}/leaderboard": {"PUT DELETE": "204 takers at own"},
    f"{_COURSE}/download": {"GET": "200 takers at own"},
    f"{_COURSE}/download/outline/<sha256:sha256>.json": {"GET": "200 takers"},
    f"{_COURSE}/download/lessons/<sha256:sha256>.json": {"GET": "200 takers at own|preview"},
    _LESSON: {"GET": "200 takers at own; 200 open at preview; 404 anonymous"},
    f"{_LESSON}/notebook": {"GET": "200 takers at own; 200 open at preview; 404 anonymous"},
    f"{_LESSON}/completion": {"PUT DELETE": "200 takers at own|preview"},
    f"{_BLOCK}/attempts": {
        "GET": "200 takers at own|preview|removed block",  # one's own answers stay, the question does not
        "POST": "201 takers at own|preview",
    },
    f"{_BLOCK}/work": {
        "GET PUT": "200 takers at own|preview",
        "DELETE": "204 takers at own|preview|removed block",
    },
    f"{_BLOCK}/hints": {"GET POST": "200 takers at own|preview"},
    f"{_BLOCK}/solution": {"PUT": "200 takers at own|preview"},
    f"{_BLOCK}/recheck": {"POST": "409 takers at own|preview"},  # nothing was passed
    f"{_BLOCK}/leaderboard": {"GET": "200 takers at own"},
    "api/v1/attempts/<uuid:uid>": {
        "GET": "200 learner at of learner|of pending; 200 other learner at of other learner"
    },
    "api/v1/certificates/<uuid:uid>": {"GET": "200 open at of learner|of other learner; 404 anonymous"},
    "api/v1/sync": {"GET": "200 persons", "POST": "200 takers; 200! persons"},
    "api/schema/": {"GET": "200 all"},
    "api/docs/": {"GET": "200 all"},
}

# allauth's own routes. What is sent to them here is not enough for any.
_UNUSED = {"GET POST": "404 all"}  # phones, and codes in place of a password
_STAGE = {"GET POST": "409 all"}  # a step of a log-in that was not begun
HEADLESS = {
    "config": {"GET": "200 all"},
    "auth/session": {"GET": "200 persons", "DELETE": "401 all"},  # logged out is what 401 says there
    "auth/login": {"POST": "400 all"},
    "auth/signup": {"POST": "400 all"},
    "auth/reauthenticate": {"POST": "400 persons"},
    "auth/code/confirm": _UNUSED,
    "auth/password/request": {"POST": "400 all"},
    "auth/password/reset": _STAGE,
    "auth/email/verify": _STAGE,
    "auth/email/verify/resend": {"POST": "409 all"},
    "auth/phone/verify": _UNUSED,
    "auth/phone/verify/resend": _UNUSED,
    "auth/2fa/authenticate": {"POST": "401 all"},
    "auth/2fa/reauthenticate": {"POST": "400 persons"},
    "auth/webauthn/authenticate": {"GET POST": "401 all"},
    "auth/webauthn/reauthenticate": {"GET": "200 persons", "POST": "400 persons"},
    "auth/webauthn/login": {"GET": "200 all", "POST": "400 all"},
    "auth/sessions": {"GET": "200 persons", "DELETE": "400 persons"},
    "account/password/change": {"POST": "400 persons"},
    "account/email": {"GET": "200 persons", "POST": "409 unknown; 400 persons", "PUT PATCH DELETE": "400 persons"},
    "account/phone": _UNUSED,
    "account/authenticators": {"GET": "200 persons"},
    "account/authenticators/totp": {"GET": "404 persons", "POST": "400 persons", "DELETE": "200! persons"},
    "account/authenticators/recovery-codes": {"GET": "404 persons", "POST": "400 persons"},
    "account/authenticators/webauthn": {"GET": "401 all", "POST PUT DELETE": "400 persons"},
    "tokens/refresh": {"POST": "400 all"},
}

_FORM_PAGE = "302 takers at own|preview"
_PAGE = "courses/<slug:slug>/<slug:lesson_slug>"
_PAGE_BLOCK = f"{_PAGE}/blocks/<block_id:block_id>"
PAGES = {
    "": {"GET": "200 all"},
    "search/": {"GET": "200 all"},
    "theme/": {"POST": "303! all"},
    "runtime-packages/<str:name>": {"GET": "404 all"},
    r"^media/assets/(?P<name>[0-9a-f]{64}\.[a-z0-9]{1,8})$": {"GET": "404 all"},
    "dashboard/": {"GET": "200 persons"},
    "certificates/<str:uid>/": {"GET": "200 all at of learner|of other learner; 404 all"},
    "courses/": {"GET": "200 all"},
    "courses/<slug:slug>/": {"GET": f"200 all {_SEEN.format(200)}; 404 all"},
    "courses/<slug:slug>/enrolment/enrol/": {
        "GET": f"302 persons {_SEEN.format(302)}",
        "POST": "302 persons at own|other|left",
    },
    "courses/<slug:slug>/enrolment/leave/": {
        "GET": f"200 takers at own; 302 persons {_SEEN.format(302)}",
        "POST": f"302 persons {_SEEN.format(302)}",
    },
    # Others are sent to the course, where enrolling is explained; those who edit it look at the lesson.
    f"{_PAGE}/": {
        "GET": "200 all at preview; 200 takers+editors at own; 302 all at own;"
        "200 editors at unpublished course|archived course|left course; 302 all at left course;"
        f"200 {_OTHERS_DRAFT} at other course|other unpublished course; 302 all at other course; 404 all"
    },
    f"{_PAGE}.ipynb": {"GET": "200 all at preview; 200 takers at own; 404 all"},
    f"{_PAGE}/complete/": {"GET": "302 takers at own; 302 persons at preview", "POST": _FORM_PAGE},
    f"{_PAGE_BLOCK}/": {"GET": "302 takers at own|removed block; 302 persons at preview"},
    f"{_PAGE_BLOCK}/answer/": {"GET": "302 takers at own|removed block; 302 persons at preview", "POST": _FORM_PAGE},
    f"{_PAGE_BLOCK}/hint/": {"POST": _FORM_PAGE},
    f"{_PAGE_BLOCK}/solution/": {"POST": _FORM_PAGE},
    f"{_PAGE_BLOCK}/leaderboard/": {"GET": "200 takers at own"},
    f"{_PAGE_BLOCK}/leaderboard/membership/": {"POST": "302 takers at own|preview|removed block"},
}

# Pages of accounts, nearly all allauth's: about oneself, so there is no object of anybody else's to ask for.
_OWN_PAGE = {"GET": "200 persons"}
_OWN_FORM = {"GET": "200 persons", "POST": "200! persons"}
_SENT_ON = {"GET": "302 persons", "POST": "302! persons"}  # not this person's turn, or the password first
_STRANGERS_FORM = {"GET": "200 unknown; 302 all", "POST": "200! unknown; 302! all"}
ACCOUNTS = {
    "login/": _STRANGERS_FORM,
    "signup/": _STRANGERS_FORM,
    "logout/": {"GET": "302 unknown; 200 all", "POST": "302! all"},
    "inactive/": {"GET": "200 all"},
    "reauthenticate/": _OWN_FORM,
    "email/": {"GET": "200 persons", "POST": "302! persons"},
    "confirm-email/": _SENT_ON,
    "password/change/": _OWN_FORM,
    "password/set/": _SENT_ON,
    "password/reset/": {"GET": "200 all", "POST": "200! all"},
    "password/reset/confirm/": {"GET POST": "login all"},
    "password/reset/complete/": {"GET": "302 all", "POST": "302! all"},
    "password/reset/done/": {"GET": "200 all"},
    "login/code/confirm/": _SENT_ON,
    "2fa/": _OWN_PAGE,
    "2fa/authenticate/": _SENT_ON,
    "2fa/reauthenticate/": _SENT_ON,
    "2fa/totp/activate/": _SENT_ON,
    "2fa/totp/deactivate/": {"GET POST": "404 persons"},
    "2fa/recovery-codes/": {"GET": "404 persons"},
    "2fa/recovery-codes/generate/": _SENT_ON,
    "2fa/recovery-codes/download/": {"GET": "404 persons"},
    "2fa/webauthn/": _OWN_PAGE,
    "2fa/webauthn/add/": _SENT_ON,
    "2fa/webauthn/reauthenticate/": _SENT_ON,
    "2fa/webauthn/keys/<int:pk>/remove/": _SENT_ON,
    "2fa/webauthn/keys/<int:pk>/edit/": _SENT_ON,
    "2fa/webauthn/login/": _SENT_ON,
    "sessions/": {"GET": "200 persons", "POST": "302! persons"},
    "profile/": {"GET": "200 persons", "POST": "302 persons"},
    "profile/data/": _OWN_PAGE,
    "delete/": _SENT_ON | {"GET": "200 persons"},
    "keep/": {"POST": "302 persons"},
}

# Shown by asking for it, and to the one who asked: hints, and the solution.
REVEALED = {"hint/": "key: hint", "hints": "key: hint", "solution/": "key: solution", "solution": "key: solution"}

# Reads that make the change within a savepoint to say what it would do.
TRIED_OUT = {"admin/courses/publishlog/<int:object_id>/revert/"}

TABLE: dict[str, dict[str, str]] = {
    **API,
    **{f"api/v1/{route}": row for route, row in HEADLESS.items()},
    **PAGES,
    **{f"accounts/{route}": row for route, row in ACCOUNTS.items()},
    **{f"admin/{route}": row for route, row in ADMIN.items()},
}
