"""What an import says that it would change: lessons, places, names, settings, checks."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from courses.content.hashes import check_hash, check_hashes, prose_hash
from courses.models import Course, Lesson, LessonDraft
from courses.services.importing import import_course
from courses.services.matching import moved_items
from courses.services.planning import describe_changes
from courses.services.publishing import save_draft
from courses.tests.course_folders import markdown, notebook, write

QUIZ = "```{quiz} single\n:id: half\n\nWhat is a half of %s?\n\n- [%s] One\n- [%s] Two\n\n:explanation:\n%s\n```"


@pytest.fixture(autouse=True)
def _media(settings: Any, tmp_path_factory: Any) -> None:
    settings.MEDIA_ROOT = tmp_path_factory.mktemp("media")


def lesson(title: str, *texts: str) -> bytes:
    cells = [markdown(text, f"cell-{number}") for number, text in enumerate(texts)]
    return notebook(markdown(f"# {title}", "top"), *cells, minor=5)


def arrange(folder: Path, *modules: tuple[str, list[Any]], **about: str) -> None:
    """Write course.toml; a lesson is a path or an inline table."""
    lines = ['uid = "course"', 'slug = "course"', *(f"{name} = {json.dumps(text)}" for name, text in about.items())]
    if "title" not in about:
        lines.append('title = "Course"')
    for title, lessons in modules:
        shown = ", ".join(text if text.startswith("{") else json.dumps(text) for text in lessons)
        lines += ["[[modules]]", f'title = "{title}"', f'uid = "{title.lower()}"', f"lessons = [{shown}]"]
    write(folder, {"course.toml": "\n".join(lines) + "\n"})


@pytest.fixture
def folder(tmp_path: Path, db: None) -> Path:
    write(tmp_path, {f"{name}.ipynb": lesson(name.upper(), f"All about {name} and nothing else.") for name in "abcd"})
    arrange(tmp_path, ("One", ["a.ipynb", "b.ipynb"]), ("Two", ["c.ipynb", "d.ipynb"]))
    import_course(path=tmp_path, publish=True)
    return tmp_path


def changes(folder: Path, **options: Any) -> dict[str, Any]:
    """What the plan says, empty parts left out."""
    report = import_course(path=folder, publish=True, dry_run=True, **options).report["changes"]
    return {name: value for name, value in report.items() if value and name not in ("unchanged", "learners")}


def test_nothing_changed(folder: Path) -> None:
    assert changes(folder) == {}


def test_a_lesson_that_others_make_room_for_is_added_and_they_did_not_move(folder: Path) -> None:
    write(folder, {"new.ipynb": lesson("New", "Never seen before by anybody at all.")})
    arrange(folder, ("One", ["new.ipynb", "a.ipynb", "b.ipynb"]), ("Two", ["c.ipynb", "d.ipynb"]))
    assert changes(folder) == {"added": ["new.ipynb"]}
    import_course(path=folder, publish=True)
    assert changes(folder) == {}
    assert list(Lesson.objects.order_by("position").values_list("title", flat=True)) == ["New", "A", "B", "C", "D"]


def test_only_the_lesson_that_changed_places_has_moved(folder: Path) -> None:
    arrange(folder, ("One", ["b.ipynb", "a.ipynb"]), ("Two", ["c.ipynb", "d.ipynb"]))
    assert len(changes(folder)["moved"]) == 1
    arrange(folder, ("One", ["d.ipynb", "a.ipynb", "b.ipynb"]), ("Two", ["c.ipynb"]))
    assert changes(folder) == {"moved": ["d.ipynb"]}
    import_course(path=folder, publish=True)
    assert changes(folder) == {}


def test_modules_that_change_their_title_or_place_are_part_of_the_plan(folder: Path) -> None:
    arrange(folder, ("One", ["a.ipynb", "b.ipynb"]), ("Two", ["c.ipynb", "d.ipynb"]))
    text = (folder / "course.toml").read_text()
    (folder / "course.toml").write_text(text.replace('title = "Two"', 'title = "The second"'))
    assert changes(folder) == {"modules": ["two"]}
    import_course(path=folder, publish=True)
    assert Course.objects.get().modules.get(uid="two").title == "The second"
    assert changes(folder) == {}


def test_a_module_whose_lessons_all_left_leaves_too(folder: Path) -> None:
    arrange(folder, ("One", ["a.ipynb", "b.ipynb", "c.ipynb", "d.ipynb"]))
    assert changes(folder) == {"moved": ["c.ipynb", "d.ipynb"], "modules": ["two"]}
    import_course(path=folder, publish=True)
    assert changes(folder) == {}


def test_settings_and_titles_are_told_apart_from_content(folder: Path) -> None:
    arrange(
        folder,
        ("One", ['{file = "a.ipynb", title = "Alpha"}', '{file = "b.ipynb", minutes = 44}']),
        ("Two", ["c.ipynb", '{file = "d.ipynb", preview = true}']),
    )
    planned = changes(folder)
    assert planned.pop("renamed") == ["a.ipynb"]
    assert planned.pop("settings") == ["b.ipynb", "d.ipynb"]
    # The first heading of `a` does not repeat the title any more: what learners read is another page.
    assert planned == {"changed": ["a.ipynb"]}
    import_course(path=folder, publish=True)
    assert "<h2" in "".join(part["html"] for part in Lesson.objects.get(title="Alpha").current_revision.html)
    assert changes(folder) == {}


def test_the_course_s_own_fields_are_named(folder: Path) -> None:
    arrange(folder, ("One", ["a.ipynb", "b.ipynb"]), ("Two", ["c.ipynb", "d.ipynb"]), title="Renamed", licence="MIT")
    assert changes(folder) == {"course": ["licence", "title"]}


def test_a_draft_that_says_something_else_is_named_before_it_is_replaced(folder: Path) -> None:
    row = Lesson.objects.get(uid="a.ipynb")
    save_draft(lesson=row, body={"version": 1, "blocks": [{"id": "x", "type": "markdown", "source": "By hand."}]})
    assert changes(folder) == {"changed": ["a.ipynb"], "drafts": ["a.ipynb"]}
    import_course(path=folder, publish=True)
    assert not LessonDraft.objects.exists()
    assert Lesson.objects.get(uid="a.ipynb").current_revision.number == 1


def quiz(number: str, right: int, explanation: str) -> bytes:
    marks = ["x" if place == right else " " for place in (1, 2)]
    return lesson("A", QUIZ % (number, *marks, explanation))


def test_a_changed_check_is_told_apart_from_changed_prose(folder: Path) -> None:
    write(folder, {"a.ipynb": quiz("two", 1, "Count.")})
    import_course(path=folder, publish=True)
    write(folder, {"a.ipynb": quiz("two apples", 1, "Count them.")})
    assert changes(folder) == {"changed": ["a.ipynb"]}
    write(folder, {"a.ipynb": quiz("four", 2, "Count.")})
    planned = changes(folder)
    assert planned["checks_changed"] == [{"lesson": "a.ipynb", "block": "half", "passed_by": 0}]


def test_an_import_that_does_not_publish_an_open_course_touches_nothing_and_is_repeatable(folder: Path) -> None:
    write(folder, {"a.ipynb": lesson("Other", "Something else is said here."), "e.ipynb": lesson("C", "Fresh text.")})
    arrange(folder, ("Uno", ["c.ipynb"]), ("One", ["a.ipynb", "e.ipynb"]), title="Other")
    shown = list(Lesson.objects.live().values_list("pk", "slug", "title", "position", "module__title"))
    updated = Course.objects.values_list("title", "updated_at").get()
    plan = import_course(path=folder).plan
    assert (plan.added, plan.changed, plan.removed, plan.modules, plan.course) == (["e.ipynb"], ["a.ipynb"], [], [], [])
    assert list(Lesson.objects.live().values_list("pk", "slug", "title", "position", "module__title")) == shown
    assert Course.objects.values_list("title", "updated_at").get() == updated
    again = import_course(path=folder)
    assert again.plan.is_empty
    assert Course.objects.get().publish_log.count() == 2


def rows_of_all_tables() -> dict[str, list[Any]]:
    """Every row's transaction id: a row that was written again, even with the same values, has another."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT xmin::text, ctid::text FROM "{table}" ORDER BY ctid')  # noqa: S608
            found[table] = cursor.fetchall()
    return found


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("publish", [True, False])
def test_importing_again_writes_no_row_of_any_table(folder: Path, publish: bool) -> None:
    import_course(path=folder, publish=publish)
    before = rows_of_all_tables()
    assert len(before["courses_lesson"]) == 4
    assert import_course(path=folder, publish=publish).plan.is_empty
    assert rows_of_all_tables() == before


def test_the_plan_is_made_in_a_number_of_queries_that_does_not_grow_with_lessons(
    folder: Path, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(12) as few:
        changes(folder)
    names = [f"x{number}" for number in range(20)]
    write(folder, {f"{name}.ipynb": lesson(name, f"About {name}.") for name in names})
    arrange(folder, ("One", [f"{name}.ipynb" for name in ["a", "b", "c", "d", *names]]))
    import_course(path=folder, publish=True)
    with django_assert_max_num_queries(12) as many:
        changes(folder)
    assert len(many) == len(few)


def test_changes_are_said_in_words(folder: Path) -> None:
    told = describe_changes(
        {
            "added": ["new.ipynb"],
            "renamed": ["b.ipynb"],
            "files": [{"lesson": "b.ipynb", "from": "b.ipynb", "to": "z.ipynb"}],
            "removed": ["c.ipynb"],
            "learners": {"c.ipynb": 2, "b.ipynb": 1},
            "checks_changed": [{"lesson": "a.ipynb", "block": "half", "passed_by": 3}],
            "modules": [],
            "course": ["title"],
            "unchanged": 4,
        }
    )
    assert told == [
        "course: title",
        "new: new.ipynb",
        "renamed: b.ipynb (was b.ipynb, is z.ipynb) · touches 1 learner",
        "removed: c.ipynb · touches 2 learners",
        "checks changed: a.ipynb, block half · the old ones passed by 3",
    ]


@pytest.mark.parametrize(
    ("old", "new", "moved"),
    [
        ("abcd", "abcd", set()),
        ("abcd", "bcda", {"a"}),
        ("abcd", "dabc", {"d"}),
        ("abcdef", "abedcf", 2),
        ("abcd", "dcba", 3),
        ("", "", set()),
    ],
)
def test_the_fewest_items_have_moved(old: str, new: str, moved: Any) -> None:
    found = moved_items(old, new)
    assert found == moved if isinstance(moved, set) else len(found) == moved
    still = [item for item in new if item not in found]
    assert still == [item for item in old if item not in found]


EXERCISE: dict[str, Any] = {
    "id": "e", "type": "exercise", "title": "T", "prompt": "P", "starter": "s", "solution": "x", "hints": ["h"],
    "checks": [{"kind": "value", "expression": "f(1)", "expected": 1, "comparison": "equal", "message": "m"}],
    "hidden_checks": [], "packages": [], "points": 1, "language": "python",
}  # fmt: skip


@pytest.mark.parametrize("field", ["starter", "points", "packages", "language"])
def test_what_judges_is_the_check(field: str) -> None:
    other = {**EXERCISE, field: ["numpy"] if field == "packages" else 2 if field == "points" else "r"}
    assert check_hash(other) != check_hash(EXERCISE)
    assert prose_hash(other) == prose_hash(EXERCISE)


@pytest.mark.parametrize("field", ["title", "prompt", "solution", "hints"])
def test_what_is_read_is_the_prose(field: str) -> None:
    other = {**EXERCISE, field: ["other"] if field == "hints" else "other"}
    assert check_hash(other) == check_hash(EXERCISE)
    assert prose_hash(other) != prose_hash(EXERCISE)


def test_a_check_s_message_is_prose_and_its_values_are_not() -> None:
    check = EXERCISE["checks"][0]
    said = {**EXERCISE, "checks": [{**check, "message": "other"}]}
    assert check_hash(said) == check_hash(EXERCISE)
    assert prose_hash(said) != prose_hash(EXERCISE)
    assert check_hash({**EXERCISE, "checks": [{**check, "expected": 2}]}) != check_hash(EXERCISE)
    assert check_hash({**EXERCISE, "points": 1.0}) == check_hash(EXERCISE)
    assert check_hash({**EXERCISE, "id": "other", "metadata": {"a": 1}}) == check_hash(EXERCISE)


def test_the_right_choice_is_the_check_of_a_quiz_and_its_order_is_not() -> None:
    choices = [{"id": "a", "text": "A", "correct": True}, {"id": "b", "text": "B", "correct": False}]
    block = {
        "id": "q", "type": "quiz", "kind": "single", "prompt": "?", "choices": choices, "points": 1, "attempts": 2,
        "graded": True,
    }  # fmt: skip
    turned = {**block, "choices": [choices[1], choices[0]]}
    assert check_hash(turned) == check_hash(block)
    assert prose_hash(turned) != prose_hash(block)
    assert check_hash({**block, "attempts": None, "prompt": "??"}) == check_hash(block)
    wrong = [{**choices[0], "correct": False}, {**choices[1], "correct": True}]
    assert check_hash({**block, "choices": wrong}) != check_hash(block)
    assert check_hash({"id": "m", "type": "markdown", "source": "text"}) == ""
    assert check_hashes({"version": 1, "blocks": [block, {"id": "d", "type": "divider"}]}) == {"q": check_hash(block)}
