"""Catalogue, course and preview pages for visitors, and the catalogue in the API."""

import pytest
from django.urls import reverse
from django.utils import timezone

from courses.tests.factories import CourseFactory, published_course


def test_the_catalogue_lists_published_courses_only(client, db):
    published_course(lessons=1, title="Open one")
    CourseFactory(title="Draft one")
    page = client.get(reverse("courses:catalogue")).content.decode()
    assert "Open one" in page
    assert "Draft one" not in page


def test_a_draft_course_is_not_found(client, db):
    draft = CourseFactory()
    assert client.get(draft.get_absolute_url()).status_code == 404


def test_an_author_sees_the_own_draft_and_no_other(client, ada):
    ada.is_staff = True
    ada.save()
    own, other = CourseFactory(), CourseFactory()
    own.authors.add(ada)
    client.force_login(ada)
    assert client.get(own.get_absolute_url()).status_code == 200
    assert client.get(other.get_absolute_url()).status_code == 404


def test_search_level_and_language_narrow_the_catalogue(client, db):
    published_course(lessons=1, title="Trees", level="advanced", language="de")
    published_course(lessons=1, title="Lines")
    for query in ("search=tree", "level=advanced", "language=de"):
        page = client.get(f"/courses/?{query}").content.decode()
        assert "Trees" in page, query
        assert "Lines" not in page, query


@pytest.mark.parametrize(
    "query", ["level=guru", "page=abc", "page=0", "language=%00", "search=%00", "page=99999999999"]
)
def test_a_filter_that_makes_no_sense_is_said_and_not_a_fault(client, db, query):
    response = client.get(f"/courses/?{query}")
    assert response.status_code == 200
    assert "not understood" in response.content.decode()


def test_a_lesson_that_is_no_preview_leads_a_visitor_to_the_course(client, db):
    course = published_course(lessons=1)
    response = client.get(course.lessons.get().get_absolute_url(), follow=True)
    assert response.redirect_chain[-1][0] == course.get_absolute_url()
    assert "Enrol to read" in response.content.decode()


def test_a_preview_lesson_is_open_to_visitors(client, db):
    course = published_course(lessons=1)
    course.lessons.update(is_preview=True)
    response = client.get(course.lessons.get().get_absolute_url())
    assert response.status_code == 200
    assert "Text of lesson 0" in response.content.decode()


def test_a_removed_lesson_is_not_found(client, db):
    course = published_course(lessons=1)
    course.lessons.update(is_preview=True, removed_at=timezone.now())
    assert client.get(course.lessons.get().get_absolute_url()).status_code == 404


def test_search_finds_a_course_by_its_lesson_titles(client, db):
    course = published_course(lessons=1, title="Lines")
    course.lessons.update(title="Gradient descent by hand")
    assert "Lines" in client.get("/search/?q=descent").content.decode()
    assert "Lines" not in client.get("/search/?q=forest").content.decode()


@pytest.mark.parametrize("query", ["", "q=", "q=%00", "q=%25%5F", "q=" + "x" * 500])
def test_search_answers_whatever_is_asked(client, db, query):
    assert client.get(f"/search/?{query}").status_code == 200


def test_the_catalogue_of_the_api_answers_304_until_a_course_changes(client, db):
    course = published_course(lessons=1, slug="one")
    first = client.get("/api/v1/courses")
    again = client.get("/api/v1/courses", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    course.title = "Another title"
    course.save()
    assert client.get("/api/v1/courses", headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_empty_filters_of_the_api_filter_nothing(client, db):
    published_course(lessons=1, slug="one")
    found = client.get("/api/v1/courses?search=&level=&language=")
    assert [row["slug"] for row in found.json()["results"]] == ["one"]


def test_the_api_lists_the_catalogue_by_cursor(client, db):
    for _ in range(3):
        published_course(lessons=1)
    first = client.get("/api/v1/courses?page_size=2").json()
    assert set(first) == {"results", "next", "previous"}
    assert len(first["results"]) == 2
    second = client.get(first["next"]).json()
    assert len(second["results"]) == 1
    slugs = [course["slug"] for course in first["results"] + second["results"]]
    assert len(set(slugs)) == 3


def test_a_search_for_blanks_finds_all(client, db):
    published_course(lessons=1)
    assert len(client.get("/api/v1/courses?search=%20").json()["results"]) == 1


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("page_size=abc", "/page_size"),
        ("page_size=0", "/page_size"),
        ("page_size=1e3", "/page_size"),
        ("page_size=²", "/page_size"),
        ("cursor=abc", "/cursor"),
        ("cursor=%00", "/cursor"),
        ("cursor=cD1hYmM%3D", ""),  # p=abc: a position that is no date
        ("cursor=cD0A", ""),  # p=NUL
        ("level=guru", "/level"),
        ("language=%00", "/language"),
        ("search=%00", "/search"),
    ],
)
def test_the_api_answers_400_to_a_bad_parameter_and_names_it(client, db, query, pointer):
    response = client.get(f"/api/v1/courses?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["errors"][0]["pointer"] == pointer, response.json()
