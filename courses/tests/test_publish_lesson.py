"""Drafts become immutable, compiled revisions; earlier ones can be made live again."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from courses.models import LessonDraft, LessonRevision, PublishLog
from courses.selectors import preview_lesson
from courses.services.publishing import (
    publish_course,
    publish_lesson,
    revert_lesson,
    save_draft,
    unpublish_course,
)
from courses.tests.factories import CourseFactory, LessonFactory, ModuleFactory, body, published_course


@pytest.fixture
def lesson(db):
    return published_course(lessons=1).lessons.get()


def _publish(lesson, *sources):
    save_draft(lesson=lesson, body=body(*sources))
    publish_lesson(lesson=lesson)
    lesson.refresh_from_db()
    return lesson.current_revision


def test_a_draft_changes_nothing_for_learners(lesson):
    before = lesson.current_revision
    save_draft(lesson=lesson, body=body("Other text"))
    lesson.refresh_from_db()
    assert lesson.current_revision == before


def test_publishing_makes_the_next_revision_and_uses_the_draft_up(lesson):
    revision = _publish(lesson, "Other *text*")
    assert revision.number == 2
    assert "<em>text</em>" in revision.html[0]["html"]
    assert not LessonDraft.objects.filter(lesson=lesson).exists()


def test_publishing_what_is_live_makes_no_revision(lesson):
    save_draft(lesson=lesson, body=lesson.current_revision.body)
    assert publish_lesson(lesson=lesson) is None
    assert lesson.revisions.count() == 1


def test_publishing_without_a_draft_is_refused(lesson):
    with pytest.raises(ValidationError, match="no draft"):
        publish_lesson(lesson=lesson)


def test_a_faulty_draft_names_the_block_and_is_not_kept(lesson):
    with pytest.raises(ValidationError) as raised:
        save_draft(lesson=lesson, body={"version": 1, "blocks": [{"id": "a", "type": "markdown", "source": 3}]})
    assert "blocks[0].source" in str(raised.value)
    assert not LessonDraft.objects.exists()


def test_a_revision_is_never_changed(lesson):
    revision = lesson.current_revision
    revision.text = "other"
    with pytest.raises(ValidationError):
        revision.save()


def test_revert_points_at_the_earlier_revision_and_keeps_history(lesson):
    _publish(lesson, "Second")
    revert_lesson(lesson=lesson, number=1)
    lesson.refresh_from_db()
    assert lesson.current_revision.number == 1
    assert lesson.revisions.count() == 2
    assert _publish(lesson, "Third").number == 3


def test_revert_to_an_unknown_revision_is_refused(lesson):
    with pytest.raises(ValidationError, match="no revision 9"):
        revert_lesson(lesson=lesson, number=9)


def test_the_log_says_what_was_live_before(lesson, ada):
    save_draft(lesson=lesson, body=body("Second"), acting_user=ada)
    publish_lesson(lesson=lesson, acting_user=ada)
    entry = PublishLog.objects.first()
    assert (entry.kind, entry.acting_user, entry.before) == ("publish", ada, {lesson.uid: 1})


def test_publishing_a_course_names_every_faulty_lesson_and_publishes_none(db):
    course = CourseFactory()
    module = ModuleFactory(course=course)
    good, bad = LessonFactory(module=module, title="Good"), LessonFactory(module=module, title="Bad")
    save_draft(lesson=good, body=body("Fine"))
    LessonDraft.objects.create(lesson=bad, body={"version": 1, "blocks": [{"id": "a", "type": "song"}]})
    with pytest.raises(ValidationError, match="Bad: "):
        publish_course(course=course)
    assert LessonRevision.objects.count() == 0
    course.refresh_from_db()
    assert course.status == "draft"


def test_a_course_without_lessons_cannot_be_opened(db):
    with pytest.raises(ValidationError, match="without a published lesson"):
        publish_course(course=CourseFactory())


def test_publishing_a_course_counts_its_lessons(db):
    course = published_course(lessons=3)
    assert (course.status, course.lesson_count, course.minutes) == ("published", 3, 15)


def test_unpublishing_hides_the_course_and_is_idempotent(client, lesson):
    course = lesson.course
    for _ in range(2):
        unpublish_course(course=course)
    assert client.get(course.get_absolute_url()).status_code == 404
    assert course.publish_log.filter(kind="unpublish").count() == 1


def test_a_page_never_fetches_body_or_key(lesson):
    lesson.is_preview = True
    lesson.save()
    found = preview_lesson(viewer=AnonymousUser(), course_slug=lesson.course.slug, lesson_slug=lesson.slug)
    assert {"body", "key", "text", "public"} <= found.current_revision.get_deferred_fields()


def test_the_database_keeps_a_lesson_in_its_modules_course(db):
    lesson, other = LessonFactory(), ModuleFactory()
    type(lesson).objects.filter(pk=lesson.pk).update(module=other)
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.check_constraints()
    type(lesson).objects.filter(pk=lesson.pk).update(module=lesson.module)  # the rule is checked again at the end


@pytest.mark.django_db(transaction=True)
def test_ten_publishers_of_one_lesson_number_their_revisions_without_a_gap():
    lesson = published_course(lessons=1).lessons.get()

    def publish(number):
        try:
            with transaction.atomic():
                save_draft(lesson=lesson, body=body(f"Text {number}"))
                publish_lesson(lesson=lesson)
        except (ValidationError, IntegrityError):
            return  # another publisher used the draft up: refused, nothing half-written
        finally:
            connection.close()

    with ThreadPoolExecutor(10) as pool:
        list(pool.map(publish, range(10)))
    numbers = sorted(lesson.revisions.values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 1
