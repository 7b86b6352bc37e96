"""The history of a lesson in the admin: the list, one revision, comparing two, going back."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from courses.admin.comparing import Line, compare_bodies
from courses.models import Lesson
from courses.services.publishing import publish_lesson, save_draft
from courses.tests.factories import body, published_course


@pytest.fixture
def editor(client: Client, db: None) -> User:
    user = UserFactory(email="ed@example.org", display_name="Ed", role="editor")
    client.force_login(user)
    return user


@pytest.fixture
def lesson(editor: User) -> Lesson:
    """Three revisions; the third is live."""
    lesson = published_course(lessons=1).lessons.get()
    for text in ("The second text.", "The third text."):
        save_draft(lesson=lesson, body=body(text))
        publish_lesson(lesson=lesson, acting_user=editor)
    lesson.refresh_from_db()
    return lesson


def at(name: str, lesson: Lesson, *args: int) -> str:
    return reverse(f"admin:courses_lesson_{name}", args=[lesson.pk, *args])


def test_the_list_shows_number_who_and_which_is_live(client: Client, lesson: Lesson) -> None:
    page = client.get(at("revisions", lesson)).content.decode()
    assert page.index("Revision 3") < page.index("Revision 2") < page.index("Revision 1")
    assert "<td>Ed</td>" in page
    live = page[page.index('<tr class="is-live"') :]
    assert live.index("Revision 3") < live.index("</tr>")
    assert page.count('class="is-live"') == 1


def test_the_list_reads_no_body(client: Client, lesson: Lesson, django_assert_max_num_queries: object) -> None:
    client.get(at("revisions", lesson))
    with django_assert_max_num_queries(12) as few:  # type: ignore[operator]
        client.get(at("revisions", lesson))
    for number in range(10):
        save_draft(lesson=lesson, body=body(f"Text {number}."))
        publish_lesson(lesson=lesson)
    with django_assert_max_num_queries(12) as many:  # type: ignore[operator]
        client.get(at("revisions", lesson))
    assert len(many) == len(few)
    assert not any('"courses_lessonrevision"."body"' in query["sql"] for query in many.captured_queries)


def test_a_revision_is_shown_as_learners_saw_it_and_as_json(client: Client, lesson: Lesson) -> None:
    page = client.get(at("revision", lesson, 2)).content.decode()
    assert "<p>The second text.</p>" in page
    assert "&quot;source&quot;: &quot;The second text.&quot;" in page
    assert client.get(at("revision", lesson, 9)).status_code == 404


def test_comparing_shows_what_was_taken_out_and_put_in(client: Client, lesson: Lesson) -> None:
    page = client.get(at("compare", lesson), {"from": "2", "to": "3"}).content.decode()
    assert "<del>- source: The second text.</del>" in page
    assert "<ins>+ source: The third text.</ins>" in page
    save_draft(lesson=lesson, body=body("A draft."))
    assert (
        "<ins>+ source: A draft.</ins>"
        in client.get(at("compare", lesson), {"from": "3", "to": "draft"}).content.decode()
    )


@pytest.mark.parametrize("name", ["", "x", "9", "-1", "1" * 5_000, "draft", "²"])
def test_comparing_with_what_is_not_there_is_not_found(client: Client, lesson: Lesson, name: str) -> None:
    assert client.get(at("compare", lesson), {"from": name, "to": "1"}).status_code == 404


def test_going_back_asks_and_then_makes_it_live(client: Client, lesson: Lesson, editor: User) -> None:
    asked = client.get(at("revert", lesson, 1)).content.decode()
    assert "in place of revision 3" in asked
    lesson.refresh_from_db()
    assert lesson.current_revision.number == 3
    assert "Revision 1 is live" in client.post(at("revert", lesson, 1), follow=True).content.decode()
    lesson.refresh_from_db()
    assert lesson.current_revision.number == 1
    assert lesson.revisions.count() == 3
    log = lesson.course.publish_log.first()
    assert (log.kind, log.acting_user, log.before) == ("revert", editor, {lesson.uid: 3})


def test_going_back_to_what_is_not_there_is_not_found(client: Client, lesson: Lesson) -> None:
    assert client.post(at("revert", lesson, 77)).status_code == 404


def test_compared_blocks_are_added_removed_changed_and_moved() -> None:
    old, new = body("One", "Two", "Three", "Four"), body("One", "Two", "Three", "Four")
    one, two, three, four = new["blocks"]
    new["blocks"] = [two, {**three, "source": "Drei"}, one, {**four, "id": "new"}]
    changes = [(change.what, change.block_id) for change in compare_bodies(old, new)]
    assert changes == [("changed", "b3"), ("removed", "b4"), ("moved", "b1"), ("added", "new")]


def test_a_changed_text_is_compared_line_by_line() -> None:
    lines = [f"Line {number}" for number in range(30)]
    old, new = body("\n".join(lines)), body("\n".join([*lines[:20], "Changed", *lines[21:]]))
    (change,) = compare_bodies(old, new)
    assert [line for line in change.lines if line.sign in "+-"] == [Line("-", "Line 20"), Line("+", "Changed")]
    assert len(change.lines) < 10


def test_equal_bodies_have_no_difference() -> None:
    assert compare_bodies(body("One"), body("One")) == []
