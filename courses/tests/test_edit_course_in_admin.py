"""Courses in the admin: the list, the course's own words, and the outline."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.models import Course, Lesson, Module
from courses.services import authoring, outlining
from courses.services.outlining import PlacedLesson, PlacedModule, arrange_outline
from courses.tests.factories import LessonFactory, ModuleFactory, published_course
from courses.tests.pages import form_data

LIST = reverse("admin:courses_course_changelist")
ADD = reverse("admin:courses_course_add")


def page_of(course: Course) -> str:
    return reverse("admin:courses_course_change", args=[course.pk])


def outline(course: Course) -> list[tuple[str, list[str]]]:
    modules = course.modules.filter(removed_at=None).order_by("position")
    lessons = course.lessons.filter(removed_at=None).order_by("position")
    return [(module.title, [x.title for x in lessons.filter(module=module)]) for module in modules]


@pytest.fixture
def course(db: None) -> Course:
    """Two modules: Lines with A and B, Curves with C."""
    course = published_course(lessons=3, modules=2, title="Lines and curves")
    titles = iter(("Lines", "Curves"))
    for module in course.modules.order_by("position"):
        Module.objects.filter(pk=module.pk).update(title=next(titles))
    for lesson, title in zip(course.lessons.order_by("position"), "ABC", strict=True):
        Lesson.objects.filter(pk=lesson.pk).update(title=title)
    assert outline(course) == [("Lines", ["A", "B"]), ("Curves", ["C"])]
    return course


@pytest.fixture
def editor(client: Client, db: None) -> User:
    user = UserFactory(email="ed@example.org", display_name="Ed", role="editor")
    client.force_login(user)
    return user


def filled(client: Client, course: Course, **changes: Any) -> dict[str, Any]:
    return {**form_data(client.get(page_of(course)), "course_form"), **changes}


def lesson_field(course: Course, title: str, name: str) -> str:
    return f"outline-lesson-{course.lessons.get(title=title).pk}-{name}"


def module_field(course: Course, title: str, name: str) -> str:
    return f"outline-module-{course.modules.get(title=title).pk}-{name}"


def test_list_shows_status_and_lessons(client: Client, editor: User, course: Course) -> None:
    page = client.get(LIST).content.decode()
    assert "Lines and curves" in page
    assert 'class="field-lessons">3<' in page


def test_list_costs_the_same_for_one_course_and_for_many(
    client: Client, editor: User, course: Course, django_assert_max_num_queries: Any
) -> None:
    client.get(LIST)  # content types are cached
    with django_assert_max_num_queries(20) as one:
        client.get(LIST)
    for _ in range(12):
        published_course(lessons=2)
    with django_assert_max_num_queries(20) as many:
        client.get(LIST)
    assert len(many) == len(one)


def test_page_costs_the_same_for_three_lessons_and_for_many(
    client: Client, editor: User, course: Course, django_assert_max_num_queries: Any
) -> None:
    client.get(page_of(course))
    with django_assert_max_num_queries(30) as few:
        client.get(page_of(course))
    for _ in range(4):
        for _ in range(5):
            LessonFactory(module=ModuleFactory(course=course))
    with django_assert_max_num_queries(30) as many:
        client.get(page_of(course))
    assert len(many) == len(few)


def test_list_finds_by_title_and_status(client: Client, editor: User, course: Course) -> None:
    published_course(title="Something else")
    assert "Lines and curves" in client.get(LIST, {"q": "curves"}).content.decode()
    found = client.get(LIST, {"q": "curves"}).content.decode()
    assert "Something else" not in found
    assert "Something else" not in client.get(LIST, {"status__exact": "draft"}).content.decode()


def test_saving_an_unchanged_page_changes_nothing(client: Client, editor: User, course: Course) -> None:
    before = Course.objects.values().get(pk=course.pk)
    assert client.post(page_of(course), filled(client, course)).status_code == 302
    after = Course.objects.values().get(pk=course.pk)
    assert {**before, "updated_at": None} == {**after, "updated_at": None}
    assert outline(course) == [("Lines", ["A", "B"]), ("Curves", ["C"])]


def test_lists_are_a_line_an_entry(client: Client, editor: User, course: Course) -> None:
    Course.objects.filter(pk=course.pk).update(outcomes=["Fit a line", "Read a residual"])
    data = filled(client, course)
    assert data["outcomes"] == "Fit a line\nRead a residual"
    client.post(page_of(course), {**data, "outcomes": "  Fit a line \r\n\r\nBend it\r\n", "author_names": ""})
    course.refresh_from_db()
    assert (course.outcomes, course.author_names) == (["Fit a line", "Bend it"], [])


def test_a_line_that_is_too_long_is_refused(client: Client, editor: User, course: Course) -> None:
    response = client.post(page_of(course), filled(client, course, outcomes="fine\n" + "x" * 301))
    assert response.status_code == 200
    assert "line 2 has 301 characters" in response.content.decode()


def test_description_is_rendered_when_saved(client: Client, editor: User, course: Course) -> None:
    client.post(page_of(course), filled(client, course, description="A *line* <script>alert(1)</script>"))
    course.refresh_from_db()
    assert "<em>line</em>" in course.description_html
    assert "<script" not in course.description_html


def test_status_and_counters_cannot_be_posted(client: Client, editor: User, course: Course) -> None:
    client.post(page_of(course), filled(client, course, status="draft", lesson_count="99", uid="mine"))
    course.refresh_from_db()
    assert (course.status, course.lesson_count) == ("published", 3)
    assert course.uid != "mine"


def test_lessons_are_reordered_by_numbers(client: Client, editor: User, course: Course) -> None:
    client.post(page_of(course), filled(client, course, **{lesson_field(course, "B", "position"): "1"}))
    assert outline(course) == [("Lines", ["B", "A"]), ("Curves", ["C"])]
    client.post(page_of(course), filled(client, course, **{lesson_field(course, "B", "position"): "2"}))
    assert outline(course) == [("Lines", ["A", "B"]), ("Curves", ["C"])]


def test_a_lesson_moves_to_another_module(client: Client, editor: User, course: Course) -> None:
    curves = course.modules.get(title="Curves")
    change = {lesson_field(course, "A", "module"): str(curves.pk), lesson_field(course, "A", "position"): "1"}
    client.post(page_of(course), filled(client, course, **change))
    assert outline(course) == [("Lines", ["B"]), ("Curves", ["A", "C"])]
    assert list(course.lessons.order_by("position").values_list("title", "position")) == [("B", 0), ("A", 1), ("C", 2)]


def test_modules_are_reordered_and_renamed(client: Client, editor: User, course: Course) -> None:
    change = {module_field(course, "Curves", "position"): "1", module_field(course, "Lines", "title"): "Straight"}
    client.post(page_of(course), filled(client, course, **change))
    assert outline(course) == [("Curves", ["C"]), ("Straight", ["A", "B"])]
    assert list(course.lessons.order_by("position").values_list("title", flat=True)) == ["C", "A", "B"]


def test_modules_are_added_and_an_empty_one_is_removed(client: Client, editor: User, course: Course) -> None:
    client.post(page_of(course), filled(client, course, **{"outline-new_modules": "Trees\nForests"}))
    assert [title for title, _ in outline(course)] == ["Lines", "Curves", "Trees", "Forests"]
    client.post(page_of(course), filled(client, course, **{module_field(course, "Trees", "remove"): "on"}))
    assert [title for title, _ in outline(course)] == ["Lines", "Curves", "Forests"]


def test_a_module_with_lessons_cannot_be_removed(client: Client, editor: User, course: Course) -> None:
    client.post(page_of(course), filled(client, course, **{module_field(course, "Lines", "remove"): "on"}))
    assert [title for title, _ in outline(course)] == ["Lines", "Curves"]
    module = course.modules.get(title="Lines")
    with pytest.raises(ValidationError, match="still has lessons"):
        arrange_outline(course=course, modules=[PlacedModule(module.pk, "Lines", 1, remove=True)])


def test_a_position_that_is_no_number_is_said_at_its_place(client: Client, editor: User, course: Course) -> None:
    response = client.post(page_of(course), filled(client, course, **{lesson_field(course, "B", "position"): "first"}))
    assert response.status_code == 200
    assert "The outline could not be saved" in response.content.decode()
    assert "Enter a whole number" in response.content.decode()
    assert outline(course) == [("Lines", ["A", "B"]), ("Curves", ["C"])]


def test_a_lesson_added_by_a_colleague_meanwhile_is_kept(client: Client, editor: User, course: Course) -> None:
    data = filled(client, course, **{lesson_field(course, "B", "position"): "1"})
    lines = course.modules.get(title="Lines")
    authoring.create_lesson(lesson=Lesson(module=lines, title="New"))
    assert client.post(page_of(course), data).status_code == 302
    assert outline(course) == [("Lines", ["B", "A", "New"]), ("Curves", ["C"])]


def test_another_courses_rows_cannot_be_named(course: Course) -> None:
    other = published_course(lessons=1)
    stranger = other.lessons.get()
    with pytest.raises(ValidationError):
        arrange_outline(course=course, lessons=[PlacedLesson(stranger.pk, course.modules.first().pk, 1)])
    lesson = course.lessons.first()
    with pytest.raises(ValidationError):
        arrange_outline(course=course, lessons=[PlacedLesson(lesson.pk, stranger.module_id, 1)])


def test_a_new_course_belongs_to_its_maker(client: Client, ada: User) -> None:
    client.force_login(ada)
    data = {**form_data(client.get(ADD), "course_form"), "title": "Árboles y bosques"}
    response = client.post(ADD, data)
    made = Course.objects.get()
    assert response["Location"] == page_of(made)
    assert (made.slug, made.status, list(made.authors.all())) == ("arboles-y-bosques", "draft", [ada])
    client.post(ADD, data)
    assert set(Course.objects.values_list("slug", flat=True)) == {"arboles-y-bosques", "arboles-y-bosques-2"}


def test_an_editors_new_course_keeps_the_editor_among_its_authors(client: Client, editor: User, ada: User) -> None:
    data = {**form_data(client.get(ADD), "course_form"), "title": "Trees", "authors": [str(ada.pk)]}
    client.post(ADD, data)
    assert set(Course.objects.get().authors.all()) == {editor, ada}


def test_a_removed_lesson_counts_no_more_and_can_come_back(client: Client, editor: User, course: Course) -> None:
    lesson = course.lessons.get(title="B")
    remove = reverse("admin:courses_lesson_remove", args=[lesson.pk])
    assert "Remove “B” from its course?" in client.get(remove).content.decode()
    assert course.lessons.live().count() == 3
    client.post(remove)
    course.refresh_from_db()
    assert (course.lesson_count, course.removed_count) == (2, 1)
    assert outline(course) == [("Lines", ["A"]), ("Curves", ["C"])]
    LessonFactory(module=lesson.module, slug=lesson.slug, title="Took the address")
    client.post(reverse("admin:courses_lesson_restore", args=[lesson.pk]))
    course.refresh_from_db()
    lesson.refresh_from_db()
    assert (course.lesson_count, course.removed_count) == (3, 0)
    assert lesson.slug.endswith("-2")


def test_removing_and_restoring_twice_is_once(course: Course) -> None:
    lesson = course.lessons.get(title="B")
    for _ in range(2):
        outlining.remove_lesson(lesson=lesson)
    for _ in range(2):
        outlining.restore_lesson(lesson=lesson)
    kinds = [set(row.changes) for row in course.publish_log.order_by("pk")]
    assert kinds[-2:] == [{"removed"}, {"revived"}]


def test_the_page_shows_its_log(client: Client, editor: User, course: Course) -> None:
    client.post(reverse("admin:courses_course_unpublish", args=[course.pk]))
    page = client.get(page_of(course))
    assert "opened the course; published “A”, “B”, “C”" in page.content.decode()
    assert "Unpublish" in page.content.decode()
