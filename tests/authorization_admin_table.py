"""The rows of the admin. Most models have the same six routes, so a model is one call here.

Whoever is not staff is sent to the log-in at every address. Of staff, authors come to what belongs to their own
courses, editors to every course, and only a superuser to people and to what people did.
"""

_TO_EDITORS = "at own|removed|unpublished|unpublished course|archived"
_TO_OTHERS = "at other|other course|other unpublished|other unpublished course"


def _own(status: str, refusal: str = "404") -> str:
    """For those who edit the course that the row belongs to; to other authors it does not exist."""
    return f"{status} editors {_TO_EDITORS}; {status} another author+editor+superuser {_TO_OTHERS}; {refusal} staff"


def _both(text: str) -> dict[str, str]:
    return {"GET": text, "POST": text}


def _model(name: str, who: str, **pages: dict[str, str]) -> dict[str, dict[str, str]]:
    """The routes that every model has. `who` sees the list; nothing is added, changed or deleted unless `pages` say.

    The list takes a POST for its actions. Pages that only read are declared for GET: Django answers a POST alike.
    """
    see = {"GET": f"200 {who}", "POST": f"200! {who}"}
    pages = {
        "": see,
        "add/": _both("403 staff"),
        "<path:object_id>/history/": {"GET": see["GET"]},
        "<path:object_id>/delete/": _both("403 staff"),
        "<path:object_id>/change/": {"GET": f"200 {who}", "POST": "403 staff"},
        "<path:object_id>/": {"GET": "302 staff", "POST": "302! staff"},  # to the page for changing
        **pages,
    }
    return {f"{name}/{page}": row for page, row in pages.items()}


def _pages(name: str, rows: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {f"{name}/{page}": row for page, row in rows.items()}


_READ_OWN = {"GET": _own("200")}
_STEP = {"GET": _own("200"), "POST": _own("302")}  # asks, then does it
_JOB_STEP = {"GET": _own("405"), "POST": _own("302")}
# The forms that are sent here are not complete: they come back, and nothing is written.
_FORM = {"GET": "200 staff", "POST": "200! staff"}
_OF_COURSES = {
    "add/": _FORM,
    "<path:object_id>/history/": {"GET": _own("200", "home")},
    "<path:object_id>/change/": {"GET": _own("200", "home"), "POST": _own("200!", "home")},
}
_SUPERUSERS_FORM = {"GET": "200 superuser", "POST": "200! superuser"}
_DELETE = {"GET": "200 superuser", "POST": "302 superuser"}

COURSES = {
    **_model("courses/course", "staff", **_OF_COURSES),
    **_pages("courses/course", {f"<int:object_id>/{step}/": _STEP for step in ("publish", "unpublish", "archive")}),
    **_model("courses/lesson", "staff", **_OF_COURSES),
    **_pages(
        "courses/lesson",
        {
            "<int:object_id>/preview/": {"POST": _own("200!")},
            "<int:object_id>/pictures/": {"POST": _own("400")},  # nothing was sent
            "<int:object_id>/revisions/": _READ_OWN,
            "<int:object_id>/revisions/compare/": _both("404 staff"),  # it was not said which
            "<int:object_id>/revisions/<int:number>/": _READ_OWN,
            "<int:object_id>/revisions/<int:number>/live/": _STEP,
            **{f"<int:object_id>/{step}/": _STEP for step in ("remove", "restore", "discard")},
        },
    ),
    **_model(
        "courses/publishlog",
        "staff",
        **{
            **_OF_COURSES,
            "add/": _both("403 staff"),
            "<path:object_id>/change/": {"GET": _own("200", "home"), "POST": "403 staff"},
        },
    ),
    "courses/publishlog/<int:object_id>/revert/": _STEP,
    **_model(
        "courses/importjob",
        "staff",
        **{**_OF_COURSES, "<path:object_id>/change/": {"GET": _own("200"), "POST": _own("405")}},
    ),
    "courses/importjob/<int:object_id>/state/": _READ_OWN,
    **{f"courses/importjob/<int:object_id>/{step}/": _JOB_STEP for step in ("apply", "retry", "discard")},
}

PROGRESS = {
    route: row
    for name in ("enrolment", "lessoncompletion", "attempt", "blockresult", "checkjob", "certificate")
    for route, row in _model(f"progress/{name}", "superuser").items()
}

_DELETED = "<path:object_id>/delete/"
_EDITED = {"add/": _SUPERUSERS_FORM, "<path:object_id>/change/": _SUPERUSERS_FORM, _DELETED: _DELETE}
PEOPLE = {
    # Who has done something in a course is not deleted by hand: facts are nobody's to delete.
    **_model("accounts/user", "superuser", **(_EDITED | {_DELETED: {"GET": "200 superuser", "POST": "403 staff"}})),
    "accounts/user/<id>/password/": _SUPERUSERS_FORM,
    **_model("auth/group", "superuser", **_EDITED),
    **_model("account/emailaddress", "superuser", **_EDITED),
    **_model("mfa/authenticator", "superuser", **{_DELETED: {"GET": "200 superuser", "POST": "home* superuser"}}),
    **_model("usersessions/usersession", "superuser"),
    **_model("django_tasks_database/dbtaskresult", "superuser"),
}

ADMIN = {
    "": _FORM,
    "login/": {"GET": "login unknown; 403 outsiders; home staff", "POST": "login unknown; 403 outsiders; 200! staff"},
    "logout/": {"GET": "home outsiders; 405 staff", "POST": "home outsiders; 200! staff"},
    "password_change/": _FORM,
    "password_change/done/": {"GET": "200 staff"},
    "autocomplete/": {"GET": "403 staff"},  # no field of the admin is completed so
    "jsi18n/": {"GET": "200 staff"},
    "r/<path:content_type_id>/<path:object_id>/": {"GET POST": "404 all"},
    "^(?P<app_label>courses|progress|accounts|auth|account|mfa|usersessions|django_tasks_database)/$": _FORM,
    "(?P<url>.*)$": {"GET": "404 staff", "POST": "404 staff"},
    **COURSES,
    **PROGRESS,
    **PEOPLE,
}
