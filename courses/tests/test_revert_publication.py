"""Undoing a publication as a whole: what goes back, what may go back, who may do it, what the page says."""

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.models import Course, Lesson, LessonDraft, LessonRevision, PublishLog
from courses.services.authoring import archive_course, create_lesson, save_lesson
from courses.services.importing import import_course
from courses.services.outlining import remove_lesson
from courses.services.publishing import publish_course, publish_lesson, save_draft, unpublish_course
from courses.services.reverting import plan_revert, revert_publication, revertible_rows
from courses.services.snapshots import snapshot
from courses.tests.course_folders import markdown, notebook, write
from courses.tests.factories import body, published_course


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path_factory: Any) -> None:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


def lesson(title: str, text: str) -> bytes:
    return notebook(markdown(f"# {title}", "top"), markdown(text, "text"), minor=5)


def arrange(folder: Path, *modules: tuple[str, str], title: str = "Course") -> None:
    parts = [
        f'[[modules]]\nuid = "{name}"\ntitle = "{name.title()}"\nlessons = [{lessons}]' for name, lessons in modules
    ]
    write(folder, {"course.toml": "\n".join([f'uid = "course"\nslug = "course"\ntitle = "{title}"', *parts])})


@pytest.fixture
def folder(tmp_path: Path, db: None) -> Path:
    names = ("slopes", "errors", "forests")
    write(tmp_path, {f"{name}.ipynb": lesson(name.title(), f"All about {name}, told at length.") for name in names})
    arrange(tmp_path, ("one", '"slopes.ipynb", "errors.ipynb"'), ("two", '"forests.ipynb"'))
    import_course(path=tmp_path, publish=True)
    return tmp_path


@pytest.fixture
def course(folder: Path) -> Course:
    return Course.objects.get()


def turn_over(folder: Path) -> PublishLog:
    """An import that changes everything that an import can change."""
    write(
        folder,
        {"errors.ipynb": lesson("Losses", "A loss is told quite differently now."), "new.ipynb": lesson("New", "N")},
    )
    (folder / "forests.ipynb").unlink()
    arrange(
        folder, ("three", '"new.ipynb"'), ("one", '"errors.ipynb", {file = "slopes.ipynb", minutes = 50}'), title="Else"
    )
    import_course(path=folder, publish=True)
    return PublishLog.objects.order_by("pk").last()


def test_an_import_goes_back_as_a_whole_and_comes_again(folder: Path, course: Course) -> None:
    before = snapshot(course)
    log = turn_over(folder)
    after = snapshot(course)
    assert before != after
    back = revert_publication(log=log)
    now = snapshot(course)
    assert now.course == before.course
    assert now.live == before.live
    assert {uid for uid, row in now.modules.items() if row["removed_at"] is None} == set(before.modules)
    assert (back.kind, back.reverts) == ("revert", log)
    course.refresh_from_db()
    assert (course.lesson_count, course.title) == (3, "Course")
    revert_publication(log=back)
    assert snapshot(course).live == after.live
    assert snapshot(course).course == after.course


def test_what_was_undone_can_be_imported_again(folder: Path, course: Course) -> None:
    log = turn_over(folder)
    after = {pk: row | {"revision": 0} for pk, row in snapshot(course).live.items()}
    revert_publication(log=log)
    plan = import_course(path=folder, publish=True).plan
    assert plan.revived == ["new.ipynb"]
    assert {pk: row | {"revision": 0} for pk, row in snapshot(course).live.items()} == after
    assert import_course(path=folder, publish=True).plan.is_empty


def test_no_revision_and_no_lesson_is_deleted(folder: Path, course: Course) -> None:
    log = turn_over(folder)
    rows = (Lesson.objects.count(), LessonRevision.objects.count())
    revert_publication(log=log)
    assert (Lesson.objects.count(), LessonRevision.objects.count()) == rows


def test_the_first_import_goes_back_by_closing_the_course(folder: Path, course: Course) -> None:
    (log,) = revertible_rows(course=course)
    assert plan_revert(log=log).status == "draft"
    revert_publication(log=log)
    course.refresh_from_db()
    assert (course.status, course.lesson_count) == ("draft", 3)
    assert import_course(path=folder, publish=True).plan.opens


def test_only_the_newest_in_effect_goes_back_and_so_on_to_the_first(folder: Path, course: Course) -> None:
    first = PublishLog.objects.get()
    second = turn_over(folder)
    assert revertible_rows(course=course) == [second]
    with pytest.raises(ValidationError, match="only the newest"):
        revert_publication(log=first)
    back = revert_publication(log=second)
    assert revertible_rows(course=course) == [back, first]
    with pytest.raises(ValidationError, match="only the newest"):
        revert_publication(log=second)
    again = revert_publication(log=back)
    assert revertible_rows(course=course) == [again, second]
    revert_publication(log=second)
    closed = revert_publication(log=first)
    assert revertible_rows(course=course) == [closed]


def test_a_row_that_does_not_say_how_blocks_those_before_it(course: Course) -> None:
    PublishLog.objects.create(course=course, kind=PublishLog.Kind.PUBLISH, changes={"published": []})
    assert revertible_rows(course=course) == []
    with pytest.raises(ValidationError, match="does not say how"):
        revert_publication(log=PublishLog.objects.first())


def test_what_was_edited_elsewhere_since_stays(folder: Path, course: Course) -> None:
    log = turn_over(folder)
    slopes = Lesson.objects.get(uid="slopes.ipynb")
    slopes.title = "By hand"
    save_lesson(lesson=slopes)
    made = create_lesson(lesson=Lesson(module=slopes.module, title="Made by hand", slug="forests"))
    revert_publication(log=log)
    slopes.refresh_from_db()
    made.refresh_from_db()
    assert (slopes.title, made.removed_at) == ("By hand", None)
    # Its address was given to another in the meantime.
    assert Lesson.objects.get(uid="forests.ipynb", removed_at=None).slug == "forests-2"


def test_the_draft_that_was_published_waits_again(course: Course) -> None:
    row = Lesson.objects.get(uid="slopes.ipynb")
    save_draft(lesson=row, body=body("By hand."))
    publish_lesson(lesson=row)
    revert_publication(log=PublishLog.objects.first())
    row.refresh_from_db()
    assert (row.current_revision.number, row.draft.body) == (1, body("By hand."))


def test_the_draft_that_an_import_replaced_comes_back(folder: Path, course: Course) -> None:
    row = Lesson.objects.get(uid="slopes.ipynb")
    save_draft(lesson=row, body=body("By hand."))
    write(folder, {"slopes.ipynb": lesson("Slopes", "From the folder.")})
    import_course(path=folder, publish=True)
    back = revert_publication(log=PublishLog.objects.first())
    assert LessonDraft.objects.get().body == body("By hand.")
    revert_publication(log=back)
    assert not LessonDraft.objects.exists()


def test_a_draft_that_was_written_since_is_not_replaced(folder: Path, course: Course) -> None:
    row = Lesson.objects.get(uid="slopes.ipynb")
    save_draft(lesson=row, body=body("By hand."))
    write(folder, {"slopes.ipynb": lesson("Slopes", "From the folder.")})
    import_course(path=folder, publish=True)
    save_draft(lesson=row, body=body("By hand, later."))
    revert_publication(log=PublishLog.objects.first())
    assert LessonDraft.objects.get().body == body("By hand, later.")


def test_an_import_into_drafts_goes_back(folder: Path, course: Course) -> None:
    write(folder, {"slopes.ipynb": lesson("Slopes", "From the folder."), "z.ipynb": lesson("Z", "Z")})
    import_course(path=folder)
    assert LessonDraft.objects.exists()
    revert_publication(log=PublishLog.objects.first())
    assert not LessonDraft.objects.filter(lesson__removed_at=None).exists()


@pytest.mark.parametrize("step", ["publish", "unpublish", "archive", "remove"])
def test_what_the_admin_publishes_goes_back_too(db: None, step: str) -> None:
    course = published_course(lessons=2)
    row = course.lessons.first()
    if step == "publish":
        save_draft(lesson=row, body=body("New."))
    before = snapshot(course)
    {
        "publish": lambda: publish_course(course=course),
        "unpublish": lambda: unpublish_course(course=course),
        "archive": lambda: archive_course(course=course),
        "remove": lambda: remove_lesson(lesson=row),
    }[step]()
    assert snapshot(course) != before
    revert_publication(log=PublishLog.objects.first())
    assert snapshot(course) == before


def test_a_fault_at_the_very_end_leaves_everything_as_it_was(folder: Path, course: Course, monkeypatch: Any) -> None:
    from courses.services import listeners

    log = turn_over(folder)
    before = snapshot(course)

    def refuse(course: Course) -> None:
        raise RuntimeError("the machine stopped")

    monkeypatch.setattr(listeners, "_listeners", [*listeners._listeners, refuse])
    with pytest.raises(RuntimeError):
        revert_publication(log=log)
    assert snapshot(course) == before
    assert PublishLog.objects.count() == 2


# --- the page ---


def page(log: PublishLog) -> str:
    return reverse("admin:courses_publishlog_revert", args=[log.pk])


@pytest.fixture
def editor(client: Client, db: None) -> User:
    user = UserFactory(email="ed@example.org", display_name="Ed", role="editor")
    client.force_login(user)
    return user


def test_the_page_says_what_will_change_and_the_button_does_it(
    client: Client, editor: User, folder: Path, course: Course
) -> None:
    log = turn_over(folder)
    outline = reverse("admin:courses_course_change", args=[course.pk])
    assert page(log) in client.get(outline).content.decode()
    assert page(log) in client.get(reverse("admin:courses_publishlog_change", args=[log.pk])).content.decode()
    before = snapshot(course)
    told = " ".join(client.get(page(log)).content.decode().split())
    assert snapshot(course) == before
    assert 'These lessons leave the course:</p> <ul class="affected"> <li> <strong>New</strong>' in told
    assert 'These lessons come back:</p> <ul class="affected"> <li> <strong>Forests</strong>' in told
    assert "as they were: title" in told
    done = client.post(page(log), follow=True).content.decode()
    assert "The course is as it was before" in done
    assert PublishLog.objects.first().acting_user == editor
    course.refresh_from_db()
    assert course.title == "Course"


def test_what_cannot_be_undone_is_said(client: Client, editor: User, folder: Path, course: Course) -> None:
    first = PublishLog.objects.get()
    turn_over(folder)
    before = snapshot(course)
    for answer in (client.get(page(first), follow=True), client.post(page(first), follow=True)):
        assert "Nothing was undone: only the newest" in answer.content.decode()
    assert page(first) not in client.get(reverse("admin:courses_publishlog_change", args=[first.pk])).content.decode()
    assert snapshot(course) == before
    assert client.put(page(first)).status_code == 405


def test_an_author_undoes_in_own_courses_alone(client: Client, ada: User, cy: User, course: Course) -> None:
    log = PublishLog.objects.get()
    client.force_login(ada)
    assert client.post(page(log)).status_code in (302, 404)
    course.refresh_from_db()
    assert course.status == "published"
    course.authors.add(ada)
    assert client.get(page(log)).status_code == 200
    ada.groups.get(name="author").permissions.remove(
        *ada.groups.get(name="author").permissions.filter(codename="publish_course")
    )
    assert client.post(page(log)).status_code == 403
    client.force_login(cy)
    assert client.get(page(log)).status_code == 302
    course.refresh_from_db()
    assert course.status == "published"


def test_the_log_does_not_read_what_undoes_it(
    client: Client, editor: User, course: Course, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(30) as captured:
        client.get(reverse("admin:courses_publishlog_changelist"))
        client.get(reverse("admin:courses_course_change", args=[course.pk]))
    assert not any('"courses_publishlog"."undo",' in query["sql"] for query in captured.captured_queries)
