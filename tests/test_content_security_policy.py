"""One strict policy on every page, and no page that would need a weaker one."""

import re

import pytest
from django.urls import reverse

from accounts.models import User
from courses.models import Course, Lesson
from courses.tests.factories import published_course
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll

INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>|<style[\s>]|<[^>]+\sstyle\s*=|<[^>]+\son[a-z]+\s*=",
    re.IGNORECASE,
)
PUBLIC = [
    "/", "/courses/", "/courses/lines/", "/courses/lines/first/", "/search/?q=lines", "/accounts/login/",
    "/accounts/signup/", "/accounts/password/reset/", "/admin/login/", "/api/docs/", "/nowhere/",
    "/api/v1/courses", "/api/v1/me",
]  # fmt: skip
SIGNED_IN = [
    "/dashboard/", "/courses/", "/courses/lines/", "/courses/lines/first/", "/courses/lines/enrolment/leave/",
    "/accounts/profile/", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/", "/accounts/sessions/",
]  # fmt: skip
MODELS = ("courses_course", "courses_lesson", "accounts_user", "progress_enrolment", "progress_attempt")
STAFF = [f"admin:{model}_changelist" for model in MODELS]


@pytest.fixture
def course(db: None) -> Course:
    course = published_course(lessons=2, slug="lines", title="Lines")
    Lesson.objects.filter(pk=course.lessons.first().pk).update(slug="first", is_preview=True)
    return course


def _check(response) -> None:
    policy = response["Content-Security-Policy"]
    directives = dict(part.strip().partition(" ")[::2] for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == "'self'"
    assert directives["style-src"] == "'self'"
    assert directives["base-uri"] == directives["frame-ancestors"] == directives["object-src"] == "'none'"
    assert "unsafe" not in policy
    if response.headers["Content-Type"].startswith("text/html"):
        found = INLINE.search(response.content.decode())
        assert not found, found


@pytest.mark.parametrize("path", PUBLIC)
def test_a_visitors_page_has_the_policy_and_nothing_inline(client, course, path):
    _check(client.get(path))


@pytest.mark.parametrize("path", SIGNED_IN)
def test_a_learners_page_has_the_policy_and_nothing_inline(client, ben: User, course, path):
    enroll(user=ben, course=course)
    complete_lesson(user=ben, lesson=course.lessons.first())
    client.force_login(ben)
    response = client.get(path)
    assert response.status_code == 200
    _check(response)


@pytest.mark.parametrize("name", ["admin:index", *STAFF])
def test_an_admin_page_has_the_policy_and_nothing_inline(client, boss: User, course, name):
    client.force_login(boss)
    response = client.get(reverse(name))
    assert response.status_code == 200
    _check(response)


def test_the_admins_change_pages_have_the_policy_and_nothing_inline(client, boss: User, course):
    client.force_login(boss)
    for name, key in (("courses_course", course.pk), ("courses_lesson", course.lessons.first().pk)):
        response = client.get(reverse(f"admin:{name}_change", args=[key]))
        assert response.status_code == 200
        _check(response)


def test_only_pages_with_authors_content_may_show_pictures_from_elsewhere(client, course):
    for path in PUBLIC:
        policy = client.get(path)["Content-Security-Policy"]
        assert ("https:" in policy) == path.startswith("/courses/lines/"), path


def test_health_probes_need_neither_host_nor_session(client, db):
    for path in ("/healthz", "/readyz"):
        response = client.get(path, headers={"host": "probe.invalid"})
        assert response.status_code == 200
        assert "sessionid" not in response.cookies
