"""Courses for tests, published through the services that staff use."""

from typing import Any

import factory

from courses.models import Course, Lesson, Module
from courses.services.publishing import publish_course, save_draft


def body(*sources: str) -> dict[str, Any]:
    """A lesson body of Markdown blocks."""
    blocks = [{"id": f"b{number}", "type": "markdown", "source": text} for number, text in enumerate(sources, 1)]
    return {"version": 1, "blocks": blocks}


def quiz(block_id: str, **fields: Any) -> dict[str, Any]:
    """A quiz block with the choices "right" and "wrong", for 1 point."""
    choices = [
        {"id": "right", "text": "This", "correct": True},
        {"id": "wrong", "text": "That", "correct": False},
    ]
    own = {"kind": "single", "prompt": "Which?", "points": 1, "attempts": None, "graded": True, "choices": choices}
    return {"id": block_id, "type": "quiz", **own, **fields}


def exercise(block_id: str, **fields: Any) -> dict[str, Any]:
    """An exercise block, to write `square`, for 2 points, with a visible and a hidden check."""
    check = {"kind": "value", "expression": "square(3)", "expected": 9, "comparison": "equal"}
    return {
        "id": block_id,
        "type": "exercise",
        "title": "Square",
        "prompt": "Write `square`.",
        "starter": "def square(x):\n    raise NotImplementedError",
        "solution": "def square(x):\n    return x * x",
        "checks": [check],
        "hidden_checks": [{**check, "expression": "square(-2)", "expected": 4}],
        "hints": ["Multiply."],
        "packages": [],
        "points": 2,
        "language": "python",
        **fields,
    }


def code(block_id: str, source: str, **fields: Any) -> dict[str, Any]:
    """A plain Python cell without outputs."""
    return {
        "id": block_id,
        "type": "code",
        "source": source,
        "language": "python",
        "outputs": [],
        "run": "interactive",
        **fields,
    }


def body_of_blocks(*blocks: dict[str, Any]) -> dict[str, Any]:
    """A lesson body of any blocks."""
    return {"version": 1, "blocks": list(blocks)}


class CourseFactory(factory.django.DjangoModelFactory):
    """A draft course without lessons."""

    class Meta:
        model = Course

    uid = factory.Sequence(lambda number: f"course-{number}")
    slug = factory.Sequence(lambda number: f"course-{number}")
    title = factory.Sequence(lambda number: f"Course {number}")
    summary = "One sentence."


class ModuleFactory(factory.django.DjangoModelFactory):
    """A module of a course."""

    class Meta:
        model = Module

    course = factory.SubFactory(CourseFactory)
    uid = factory.Sequence(lambda number: f"module-{number}")
    title = factory.Sequence(lambda number: f"Module {number}")
    position = factory.Sequence(int)


class LessonFactory(factory.django.DjangoModelFactory):
    """An unpublished lesson without a draft."""

    class Meta:
        model = Lesson

    module = factory.SubFactory(ModuleFactory)
    course = factory.SelfAttribute("module.course")
    uid = factory.Sequence(lambda number: f"lesson-{number}")
    slug = factory.Sequence(lambda number: f"lesson-{number}")
    title = factory.Sequence(lambda number: f"Lesson {number}")
    position = factory.Sequence(int)
    minutes = 5


def published_course(*, lessons: int = 3, modules: int = 1, **fields: Any) -> Course:
    """An open course with `lessons` lessons spread over `modules` modules; none is a preview."""
    course = CourseFactory(**fields)
    rooms = [ModuleFactory(course=course, position=number, title=f"Module {number}") for number in range(modules)]
    for number in range(lessons):
        lesson = LessonFactory(module=rooms[number * modules // lessons], position=number)
        save_draft(lesson=lesson, body=body(f"## Part {number}\n\nText of lesson {number}."))
    publish_course(course=course)
    course.refresh_from_db()
    return course
