"""The world of the authorization matrix: ten actors, and everything that one of them must not see or change.

Owns who there is, what belongs to whom and which mark stands in it. A mark's name begins with its owner: whoever may
see `ben: …` is said in `SEERS`, once for every route. Knows no route.
"""

import time
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any
from uuid import UUID, uuid4

import jwt
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from accounts.models import User
from accounts.services.people import mark_email_verified
from accounts.tests.clients import MobileClient
from accounts.tests.factories import UserFactory
from courses.models import Course, ImportJob, Lesson
from courses.services.outlining import remove_lesson
from courses.services.publishing import publish_course, publish_lesson, save_draft, unpublish_course
from courses.tests.factories import CourseFactory, LessonFactory, ModuleFactory, body, code
from progress.models import Attempt, Certificate, CheckJob, Enrolment
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll, leave_course
from progress.services.saving import save_work
from progress.tests.practice_course import answer, exercise, predictions, single
from tests.canary_course import Marks

UNKNOWN = ("anonymous", "inactive", "expired")
TAKERS = ("learner", "other learner")
EDITORS = ("author", "editor", "superuser")  # of the author's course
STAFF = ("another author", *EDITORS)
PERSONS = (*TAKERS, "not enrolled", *STAFF)
ACTORS = (*UNKNOWN, *PERSONS)

# Whose marks are shown to whom, wherever the site shows them. Whatever no line names is shown to nobody.
SEERS: dict[str, tuple[str, ...]] = {
    "lesson:": (*TAKERS, *EDITORS),  # of a course that one takes
    "key:": EDITORS,  # answers, solutions, hints, hidden checks: in the admin
    "draft:": EDITORS,  # a course, a lesson, a text that is not published
    "locked:": EDITORS,  # a lesson that opens later
    "removed:": EDITORS,
    "archived:": EDITORS,
    "left:": EDITORS,  # the lesson of a course that the learner left
    "another author:": ("another author", "editor", "superuser"),  # their unpublished course
    "learner:": ("learner", "superuser"),  # the superuser looks after people, in the admin
    "other learner:": ("other learner", "superuser"),
    "inactive:": ("superuser",),
    "certificate:": ACTORS,  # shown to everybody who has its address
    "private file:": (),  # labels of predictions: not even in the admin
}
LOCKED_FOR = timedelta(days=9)


class World:
    """The site's rows, and how each actor comes to it."""

    def __init__(self) -> None:
        self.mark = Marks(planted={})
        self.people = self._people()
        self.lessons: dict[str, Lesson] = {}
        self.courses: dict[str, Course] = {}
        self.attempts: dict[str, UUID] = {}
        self.certificates: dict[str, UUID] = {}
        self._own_course()
        self._other_courses()
        for row in (*self.courses.values(), *self.lessons.values()):
            row.refresh_from_db()
        for name in TAKERS:
            self._facts(name)
        self._left_course()
        self._jobs()
        self.tokens = {name: self._token(person) for name, person in self.people.items()}
        self.cookies = {name: self._cookies(person) for name, person in self.people.items()}
        self._invalidate()

    def _people(self) -> dict[str, User]:
        roles: dict[str, dict[str, Any]] = {
            "not enrolled": {},
            "another author": {"role": "author"},
            "author": {"role": "author"},
            "editor": {"role": "editor"},
            "superuser": {"is_staff": True, "is_superuser": True},
            "expired": {},
        }
        people = {name: UserFactory(**fields) for name, fields in roles.items()}
        for name in (*TAKERS, "inactive"):
            people[name] = UserFactory(
                email=f"{self.mark(f'{name}: address')}@example.org", display_name=self.mark(f"{name}: name")
            )
            mark_email_verified(user=people[name])
        return people

    def _own_course(self) -> None:
        """The author's course, which both learners take."""
        mark, course = self.mark, CourseFactory(slug="own", title="Lines", certificate_percent=80)
        course.authors.add(self.people["author"])
        module = ModuleFactory(course=course)
        for slug, title in (
            ("own", "Intro"),
            ("preview", "Glimpse"),
            ("locked", "Later"),
            ("unpublished", mark("draft: title of a lesson")),
            ("removed", mark("removed: title of a lesson")),
        ):
            self.lessons[slug] = LessonFactory(module=module, slug=slug, title=title, is_preview=slug == "preview")
        gone = single("gone", prompt=mark("removed: question"), explanation=mark("removed: explanation"))
        save_draft(lesson=self.lessons["own"], body={"version": 1, "blocks": [*self._blocks(), gone]})
        for slug in ("preview", "removed", "locked"):
            text = "For all." if slug == "preview" else mark(f"{slug}: text")
            blocks = [{"id": "b1", "type": "markdown", "source": text}, single("q1"), exercise(), code("c1", "x = 1")]
            save_draft(lesson=self.lessons[slug], body={"version": 1, "blocks": blocks})
        publish_course(course=course)
        save_draft(lesson=self.lessons["own"], body={"version": 1, "blocks": self._blocks()})
        publish_lesson(lesson=self.lessons["own"])
        save_draft(lesson=self.lessons["own"], body=body(mark("draft: text of a published lesson")))
        save_draft(lesson=self.lessons["unpublished"], body=body(mark("draft: text of an unpublished lesson")))
        remove_lesson(lesson=self.lessons["removed"])
        Lesson.objects.filter(pk=self.lessons["locked"].pk).update(available_from=timezone.now() + LOCKED_FOR)
        self.courses["own"] = course

    def _blocks(self) -> list[dict[str, Any]]:
        mark = self.mark
        name = f"{'ab' * 32}.private"
        if not default_storage.exists(f"private/{name}"):
            rows = "".join(f"{row % 2},{'public' if row < 3 else 'private'}\n" for row in range(8))
            content = f"label,split,note\n{rows}".replace("note\n", f"{mark('private file: labels')}\n", 1)
            default_storage.save(f"private/{name}", ContentFile(content.encode()))
        text = single(
            "q1", kind="text", answer={"accepted": [mark("key: accepted")], "case_sensitive": False}, attempts=None
        )
        del text["choices"]
        return [
            {"id": "b1", "type": "markdown", "source": mark("lesson: text")},
            single("s1", explanation=mark("key: explanation"), attempts=None),
            text | {"explanation": mark("key: explanation of a word")},
            exercise(
                "e1",
                solution=f"# {mark('key: solution')}\n",
                hints=[mark("key: hint")],
                hidden_checks=[
                    {"kind": "value", "expression": f"f('{mark('key: hidden check')}')", "expected": 1,
                     "comparison": "equal"},
                ],
            ),
            predictions("p1", name=name),
            code("c1", "x = 1"),
        ]  # fmt: skip

    def _other_courses(self) -> None:
        for name, author, title in (
            ("other", "another author", "Another author's"),
            ("unpublished", "author", self.mark("draft: title of a course")),
            ("other unpublished", "another author", self.mark("another author: title of a draft course")),
            ("archived", "author", self.mark("archived: title of a course")),
            ("left", "author", "Left"),
        ):
            slug = name.replace(" ", "-")
            course = CourseFactory(slug=slug, title=title)
            course.authors.add(self.people[author])
            lesson = LessonFactory(module=ModuleFactory(course=course), slug=slug, title="Part one")
            text = {"archived": "archived: text", "left": "left: text", "unpublished": "draft: text of a draft course"}
            blocks = [{"id": "b1", "type": "markdown", "source": self.mark(text[name]) if name in text else "Text."}]
            save_draft(
                lesson=lesson, body={"version": 1, "blocks": [*blocks, single("q1"), exercise(), code("c1", "x = 1")]}
            )
            publish_course(course=course)
            if "unpublished" in name:
                unpublish_course(course=course)
            if name == "archived":
                Course.objects.filter(pk=course.pk).update(status=Course.Status.ARCHIVED)
            self.courses[name], self.lessons[f"{name} course"] = course, lesson

    def _facts(self, name: str) -> None:
        """What a learner has done in the course: saved work, an answer, a completion, a certificate."""
        person = self.people[name]
        enrolment = enroll(user=person, course=self.courses["own"])
        lesson = self.lessons["own"]
        save_work(
            user=person, lesson=lesson, block_id="c1", content={"source": f"# {self.mark(f'{name}: saved work')}"}
        )
        self.attempts[name] = answer(person, lesson, "q1", self.mark(f"{name}: answer")).uid
        complete_lesson(user=person, lesson=self.lessons["preview"])
        self.certificates[name] = self._certificate(enrolment, self.mark(f"certificate: name of {name}")).uid

    def _certificate(self, enrolment: Enrolment, name: str) -> Certificate:
        facts = {
            "name": name, "course": "Lines", "course_slug": "own", "authors": [], "language": "en",
            "level": "Beginner", "lessons": 2, "minutes": 10, "score": 9.0, "points": 10.0, "percent": 90,
            "passed": {"quiz": 1, "exercise": 1, "predictions": 1}, "enrolled_on": "2026-01-01",
            "finished_on": "2026-02-01",
        }  # fmt: skip
        return Certificate.objects.create(enrolment=enrolment, snapshot=facts)

    def _left_course(self) -> None:
        person, lesson = self.people["learner"], self.lessons["left course"]
        enroll(user=person, course=self.courses["left"])
        source = f"# {self.mark('learner: work in a course that they left')}"
        save_work(user=person, lesson=lesson, block_id="c1", content={"source": source})
        self.attempts["left"] = answer(person, lesson, "q1", "a").uid
        leave_course(user=person, course=self.courses["left"])

    def _jobs(self) -> None:
        """Rows that only the admin shows: an answer that waits, and an import of each author's."""
        enrolment = Enrolment.objects.get(user=self.people["learner"], course=self.courses["own"])
        waiting = Attempt.objects.create(
            enrolment=enrolment, lesson=self.lessons["own"], block_uid="e1", block_type="exercise", revision=2,
            check_hash="0" * 64, answer=f"# {self.mark('learner: code')}", verdict="pending", max_score=5,
        )  # fmt: skip
        self.attempts["pending"] = waiting.uid
        CheckJob.objects.create(attempt=waiting, not_before=timezone.now() + timedelta(days=1))
        bystander = UserFactory()
        Authenticator.objects.create(user=bystander, type=Authenticator.Type.TOTP, data={})
        DBTaskResult.objects.create(
            task_path="nowhere.nothing",
            args_kwargs={"args": [], "kwargs": {}},
            backend_name="default",
            exception_class_path="",
        )
        self.imports = {
            owner: ImportJob.objects.create(
                source_name=self.mark(f"{mark}: name of an upload") + ".zip", size=1, stored_as=f"{uuid4()}.zip",
                acting_user=self.people[owner], state=ImportJob.State.PLANNED,
            )
            for owner, mark in (("author", "draft"), ("another author", "another author"))
        }  # fmt: skip

    def _token(self, person: User) -> str:
        mobile = MobileClient()
        assert mobile.log_in(person.email).status_code == 200
        return mobile.access_token

    def _cookies(self, person: User) -> SimpleCookie:
        client = Client()
        client.force_login(person)
        return client.cookies

    def _invalidate(self) -> None:
        """From here on the inactive person may do nothing, and the expired one's token and session are over."""
        User.objects.filter(pk=self.people["inactive"].pk).update(is_active=False)
        claims = jwt.decode(self.tokens["expired"], options={"verify_signature": False})
        claims["exp"] = int(time.time()) - 1
        self.tokens["expired"] = jwt.encode(claims, settings.SECRET_KEY, algorithm="HS256")
        ended = self.cookies["expired"][settings.SESSION_COOKIE_NAME].value
        Session.objects.filter(pk=ended).update(expire_date=timezone.now() - timedelta(seconds=1))

    def seers(self) -> dict[str, tuple[str, ...]]:
        """Whose marks are shown to whom, of those that are planted."""
        return {
            owner: actors
            for owner, actors in SEERS.items()
            if any(name.startswith(owner) for name in self.mark.planted)
        }

    def may_see(self, actor: str) -> set[str]:
        """The names of the marks that this actor is shown somewhere."""
        return {name for name in self.mark.planted if actor in SEERS[name.partition(":")[0] + ":"]}
