"""What changed since a cursor: absolute values and tombstones, page by page, and nothing that is skipped."""

import threading

import pytest
from django.db import connection, transaction

from courses.models import Course
from courses.services.publishing import publish_lesson, save_draft
from progress.models import Enrolment, LessonCompletion, SavedWork
from progress.selectors import changes
from progress.selectors.changes import BadCursor, changes_of
from progress.services.completing import complete_lesson, uncomplete_lesson
from progress.services.enrolling import enroll, leave_course
from progress.services.saving import drop_work, save_work
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, quiz, settle
from progress.tests.syncing import Device, ago, event, send, taken_long_ago, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def course():
    return judged_course(body_of(quiz(), exercise()), body_of(quiz()), title="Lines", slug="lines")


@pytest.fixture
def lesson(ben, course):
    taken_long_ago(enroll(user=ben, course=course))
    return lesson_of(course)


def test_a_new_device_gets_everything_and_then_nothing(ben, lesson):
    send(ben, event("completion", lesson, ago(9)), event("attempt", lesson, ago(8), "ask", "b"))
    send(ben, work(lesson, ago(7), "new"), work(lesson, ago(8), "old"))
    device = Device(ben).sync()
    assert {kind: len(device.of_kind(kind)) for kind in sorted({name[0] for name in device.known})} == {
        "attempt": 1,
        "completion": 1,
        "enrolment": 1,
        "lesson": 2,
        "result": 1,
        "work": 1,
        "work_version": 1,
    }
    [mine] = device.of_kind("enrolment").values()
    assert (mine["title"], mine["completed_lessons"], mine["score"]) == ("Lines", 1, 1)
    [saved] = device.of_kind("work").values()
    assert saved["source"] == "new"
    [version] = device.of_kind("work_version").values()
    assert version["source"] == "old"
    [attempt] = device.of_kind("attempt").values()
    assert attempt["verdict"] == "passed"
    assert attempt["feedback"]["message"]
    assert device.sync().got == []


def test_only_what_changed_comes(ben, lesson):
    device = Device(ben).sync()
    complete_lesson(user=ben, lesson=lesson)
    assert {change["kind"] for change in device.sync().got} == {"enrolment", "completion"}
    assert device.sync().got == []


def test_what_is_taken_back_and_thrown_away_leaves_a_tombstone(ben, lesson):
    complete_lesson(user=ben, lesson=lesson)
    save_work(user=ben, lesson=lesson, block_id="code", content={"source": "x"})
    device = Device(ben).sync()
    assert device.of_kind("work")
    uncomplete_lesson(user=ben, lesson=lesson)
    drop_work(user=ben, lesson=lesson, block_id="code")
    device.sync()
    assert {(change["kind"], change["is_deleted"]) for change in device.got} == {
        ("completion", True),
        ("work", True),
        ("enrolment", False),
    }
    assert not device.of_kind("work")
    assert not device.of_kind("completion")
    save_work(user=ben, lesson=lesson, block_id="code", content={"source": "y"})
    assert [change["work"]["source"] for change in device.sync().got] == ["y"]
    assert Device(ben).sync().known == device.known


def test_leaving_is_a_tombstone_and_coming_back_brings_everything(ben, course, lesson):
    complete_lesson(user=ben, lesson=lesson)
    device = Device(ben).sync()
    before = set(device.known)
    leave_course(user=ben, course=course)
    assert [(change["kind"], change["is_deleted"]) for change in device.sync().got] == [("enrolment", True)]
    assert device.known == {}
    enroll(user=ben, course=course)
    assert set(device.sync().known) == before


def test_a_course_taken_back_to_draft_is_gone_and_comes_again(ben, course, lesson):
    device = Device(ben).sync()
    before = set(device.known)
    Course.objects.update(status="draft")
    assert device.sync().known == {}
    Course.objects.update(status="published")
    assert set(device.sync().known) == before


def test_a_new_revision_and_a_removed_lesson_come_to_those_who_take_the_course(ben, cy, course, lesson):
    device, stranger = Device(ben).sync(), Device(cy).sync()
    save_draft(lesson=lesson, body=body_of(quiz(prompt="Which one now?"), exercise()))
    publish_lesson(lesson=lesson)
    [change] = [change for change in device.sync().got if change["kind"] == "lesson"]
    assert (change["lesson_id"], change["lesson"]["revision"]) == (lesson.pk, 2)
    lesson.refresh_from_db()
    lesson.removed_at = ago(0)
    lesson.save()
    [change] = [change for change in device.sync().got if change["kind"] == "lesson"]
    assert (change["lesson_id"], change["is_deleted"], "lesson" in change) == (lesson.pk, True, False)
    assert stranger.sync().got == []


def test_a_draft_of_a_lesson_is_not_told(ben, course, lesson):
    lesson.current_revision = None
    lesson.title = "Secret plans"
    lesson.save()
    assert all("Secret" not in str(change) for change in Device(ben).sync().got)


def test_a_certificate_stays_after_leaving(ben, course, lesson):
    enrolment = Enrolment.objects.get()
    for position in (0, 1):
        complete_lesson(user=ben, lesson=lesson_of(course, position))
    for block in ("ask", "code"):
        settle(enrolment, lesson, block)
    device = Device(ben).sync()
    [certificate] = device.of_kind("certificate").values()
    assert (certificate["course"], certificate["percent"]) == ("Lines", 75)
    leave_course(user=ben, course=course)
    device.sync()
    assert len(device.of_kind("certificate")) == 1
    assert len(Device(ben).sync().of_kind("certificate")) == 1


@pytest.mark.parametrize("page_size", [1, 2, 3, 7])
def test_pages_of_any_size_give_the_same(ben, lesson, page_size):
    send(ben, *(work(lesson, ago(9 - number), str(number)) for number in range(6)))
    device = Device(ben, page_size=page_size).sync()
    assert device.known == Device(ben, page_size=200).sync().known
    assert len(device.got) == len(device.known)


def test_a_page_can_be_asked_for_again(ben, lesson):
    device = Device(ben, page_size=2)
    first = device.page()
    again = changes_of(user=ben, cursor=first.cursor, page_size=2)
    assert changes_of(user=ben, cursor=first.cursor, page_size=2).changes == again.changes
    assert again.changes != first.changes


def test_a_page_ends_after_so_many_characters(ben, lesson, monkeypatch):
    monkeypatch.setattr(changes, "PAGE_CHARACTERS", 100)
    device = Device(ben, page_size=200)
    page = device.page()
    assert (len(page.changes), page.has_more) == (1, True)
    assert set(device.sync().known) == set(Device(ben).sync().known)


class _LateWriter(threading.Thread):
    """Another connection that writes and holds its transaction open until it is let go."""

    def __init__(self, write):
        super().__init__()
        self._write, self.wrote, self.go, self.fault = write, threading.Event(), threading.Event(), None

    def run(self):
        try:
            with transaction.atomic():
                self._write()
                self.wrote.set()
                assert self.go.wait(20)
        except BaseException as fault:
            self.fault = fault
            raise
        finally:
            connection.close()

    def __enter__(self):
        self.start()
        assert self.wrote.wait(20)
        return self

    def commit(self):
        self.go.set()
        self.join(20)
        assert self.fault is None

    def __exit__(self, *_):
        self.go.set()
        self.join(20)


@pytest.mark.parametrize("page_size", [1, 200])
def test_what_is_committed_late_is_not_skipped(ben, lesson, page_size):
    """The writer has its number before, and commits after, changes that the device has already got."""
    other = judged_course(body_of(quiz(), exercise()))
    enroll(user=ben, course=other)
    device = Device(ben, page_size=page_size).sync()
    with _LateWriter(lambda: complete_lesson(user=ben, lesson=lesson)) as late:
        complete_lesson(user=ben, lesson=lesson_of(other))
        device.sync()
        assert len(device.of_kind("completion")) == 1
        late.commit()
    assert "completion" in {change["kind"] for change in device.sync().got}
    assert len(device.of_kind("completion")) == 2
    assert device.sync().got == []


def test_what_is_committed_while_pages_are_read_is_not_skipped(ben, lesson):
    other = judged_course(body_of(quiz(), exercise()))
    enroll(user=ben, course=other)
    device = Device(ben, page_size=1)
    with _LateWriter(lambda: complete_lesson(user=ben, lesson=lesson)) as late:
        complete_lesson(user=ben, lesson=lesson_of(other))
        save_work(user=ben, lesson=lesson_of(other), block_id="code", content={"source": "x"})
        while not device.of_kind("completion"):
            # Its place is passed, and there are pages to come whose snapshots see it.
            assert device.page().has_more
        late.commit()
    device.sync()
    device.sync()
    assert len(device.of_kind("completion")) == 2
    assert device.known == Device(ben).sync().known


def test_a_snapshot_with_many_running_transactions_is_shortened_and_skips_nothing(ben, lesson, monkeypatch):
    monkeypatch.setattr(changes, "RUNNING_KEPT", 0)
    other = judged_course(body_of(quiz(), exercise()))
    enroll(user=ben, course=other)
    device = Device(ben).sync()
    with _LateWriter(lambda: complete_lesson(user=ben, lesson=lesson)) as late:
        complete_lesson(user=ben, lesson=lesson_of(other))
        device.sync()
        late.commit()
    assert len(device.sync().of_kind("completion")) == 2


def test_a_cursor_of_another_life_begins_from_nothing(ben, lesson):
    complete_lesson(user=ben, lesson=lesson)
    device = Device(ben).sync()
    LessonCompletion.objects.all().delete()  # as a backup of before has it
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE progress_syncevent")  # as restoring writes every table anew
    device.known[("completion", 1, 1, None, None)] = {"of": "a lesson that the backup does not know"}
    device.page_size = 1
    page = device.page()
    assert (page.is_reset, page.has_more) == (True, True)
    device.sync()
    assert device.known == Device(ben).sync().known
    assert not device.of_kind("completion")


def test_numbers_of_another_database_do_not_come_again_and_again(ben, lesson):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE progress_enrolment DISABLE TRIGGER sync_stamp")
        cursor.execute("UPDATE progress_enrolment SET change = 4000000000000, entered = 4000000000000")
        cursor.execute("ALTER TABLE progress_enrolment ENABLE TRIGGER sync_stamp")
    device = Device(ben).sync()
    assert device.of_kind("enrolment")
    assert device.sync().got == []


@pytest.mark.parametrize("text", ["x", "a:b:c", "é" * 10, "A" * 5000, "\0"])
def test_what_is_no_cursor_is_refused(ben, lesson, text):
    with pytest.raises(BadCursor):
        changes_of(user=ben, cursor=text)


def test_a_cursor_of_another_person_is_refused(ben, cy, lesson):
    with pytest.raises(BadCursor):
        changes_of(user=cy, cursor=Device(ben).sync().cursor)


def test_nobody_gets_anything_of_others(ben, cy, lesson):
    enroll(user=cy, course=lesson.course)
    complete_lesson(user=cy, lesson=lesson)
    save_work(user=cy, lesson=lesson, block_id="code", content={"source": "mine"})
    device = Device(ben).sync()
    assert not device.of_kind("completion")
    assert not device.of_kind("work")
    assert SavedWork.objects.count() == 1
