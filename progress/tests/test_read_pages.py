"""The signed-in pages: dashboard, course and lesson."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from courses.tests.factories import published_course
from progress.models import LessonCompletion
from progress.selectors.activity import activity
from progress.services.completing import complete_lesson
from progress.services.enrolling import enroll


@pytest.fixture
def as_ben(client, ben):
    client.force_login(ben)
    return client


def test_an_empty_dashboard_leads_to_the_catalogue(as_ben):
    page = as_ben.get("/dashboard/").content.decode()
    assert "/courses/" in page


def test_the_dashboard_shows_the_share_and_the_next_lesson(as_ben, ben, course, lessons, enrolment):
    complete_lesson(user=ben, lesson=lessons[0])
    page = as_ben.get("/dashboard/").content.decode()
    assert "25 %" in page
    assert lessons[1].get_absolute_url() in page


def test_a_finished_course_stands_with_the_finished(as_ben, ben, course, lessons, enrolment):
    for lesson in lessons:
        complete_lesson(user=ben, lesson=lesson)
    context = as_ben.get("/dashboard/").context
    assert context["current"] is None
    assert [row.slug for row in context["finished"]] == ["lines"]


def test_the_dashboard_is_for_those_who_are_logged_in(client, db):
    assert client.get("/dashboard/").status_code == 302


def test_activity_counts_completed_lessons_by_day(as_ben, ben, course, lessons, enrolment):
    complete_lesson(user=ben, lesson=lessons[0])
    complete_lesson(user=ben, lesson=lessons[1])
    context = as_ben.get("/dashboard/").context
    assert context["activity"][-1][-1].count == 2
    assert len(context["activity"]) == 26
    assert "2 lessons completed on 1 day" in context["activity_text"]


def test_a_day_is_one_of_the_persons_own_time_zone(ben, lessons, enrolment):
    ben.time_zone = "Pacific/Kiritimati"  # fourteen hours ahead of UTC
    complete_lesson(user=ben, lesson=lessons[0])
    LessonCompletion.objects.update(completed_at=datetime(2026, 3, 1, 23, 0, tzinfo=UTC))
    squares = [day for week in activity(user=ben, today=date(2026, 3, 2)) for day in week if day.count]
    assert [square.date for square in squares] == [date(2026, 3, 2)]


def test_a_lesson_shows_its_text_neighbours_and_the_completion_form(as_ben, lessons, enrolment):
    page = as_ben.get(lessons[1].get_absolute_url()).content.decode()
    assert "Text of lesson 1" in page
    assert lessons[0].get_absolute_url() in page
    assert lessons[2].get_absolute_url() in page
    assert f'action="{lessons[1].get_absolute_url()}complete/"' in page


def test_completing_by_form_and_back(as_ben, lessons, enrolment):
    path = lessons[0].get_absolute_url() + "complete/"
    assert as_ben.post(path, {"done": "1"}).status_code == 302
    assert LessonCompletion.objects.get().undone_at is None
    assert as_ben.post(path, {"done": "0"}).status_code == 302
    assert LessonCompletion.objects.get().undone_at is not None


def test_a_stranger_is_led_to_the_course(client, cy, course, lessons, enrolment):
    client.force_login(cy)
    response = client.get(lessons[0].get_absolute_url())
    assert response.status_code == 302
    assert response.url == course.get_absolute_url()
    assert client.post(lessons[0].get_absolute_url() + "complete/").status_code == 404


def test_a_preview_can_be_read_but_not_completed_by_a_stranger(client, cy, course, lessons):
    course.lessons.update(is_preview=True)
    client.force_login(cy)
    page = client.get(lessons[0].get_absolute_url())
    assert page.status_code == 200
    assert page.context["enrolment"] is None
    assert client.post(lessons[0].get_absolute_url() + "complete/").status_code == 404
    assert LessonCompletion.objects.count() == 0


def test_one_persons_ticks_are_not_anothers(client, ben, cy, course, lessons, enrolment):
    enroll(user=cy, course=course)
    complete_lesson(user=cy, lesson=lessons[0])
    client.force_login(ben)
    outline = client.get(course.get_absolute_url()).context["outline"]
    assert not any(lesson.is_done for lesson in outline.lessons)


def test_an_htmx_answer_is_the_completion_and_the_outline_alone(as_ben, lessons, enrolment):
    response = as_ben.post(lessons[0].get_absolute_url() + "complete/", {"done": "1"}, headers={"HX-Request": "true"})
    page = response.content.decode()
    assert "<html" not in page
    assert 'id="completion"' in page
    assert "25 %" in page


def test_an_unknown_lesson_is_a_helpful_404(as_ben, course):
    response = as_ben.get("/courses/lines/nowhere/")
    assert response.status_code == 404
    assert "/search/" in response.content.decode()


def test_a_locked_lesson_is_listed_and_not_found(as_ben, course, lessons, enrolment):
    lessons[3].available_from = timezone.now() + timedelta(days=2)
    lessons[3].save()
    outline = as_ben.get(course.get_absolute_url()).context["outline"]
    assert outline.lessons[3].is_locked
    assert as_ben.get(lessons[3].get_absolute_url()).status_code == 404


def test_a_course_of_twenty_modules_stays_in_order(as_ben, ben):
    course = published_course(lessons=20, modules=20)
    enroll(user=ben, course=course)
    outline = as_ben.get(course.get_absolute_url()).context["outline"]
    assert [module.title for module in outline] == [module.title for module in course.modules.order_by("position")]
