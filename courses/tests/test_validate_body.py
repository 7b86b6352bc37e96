"""A lesson body's faults are named by position, in words for an author."""

import copy
from typing import Any

import jsonschema
import pytest

from courses.content.schema import BLOCK_TYPES, BODY_SCHEMA, MAX_ERRORS, BodyError, BodyInvalid, validate_body

ONE_OF_EACH: list[dict[str, Any]] = [
    {
        "id": "m",
        "type": "markdown",
        "source": "",
        "links": {"a.md": "../a/#b"},
        "assets": {"x.png": {"file": "aa.png"}},
    },
    {"id": "c", "type": "code", "source": "1", "language": "python", "outputs": [], "run": "interactive"},
    {"id": "i", "type": "image", "asset": "aa.png", "alt": "A line", "width": 640, "height": 480},
    {"id": "o", "type": "callout", "kind": "tip", "source": "text"},
    {"id": "v", "type": "video", "url": "https://www.youtube.com/watch?v=x", "title": "Film"},
    {
        "id": "q",
        "type": "quiz",
        "kind": "single",
        "prompt": "Which?",
        "points": 1,
        "attempts": None,
        "graded": True,
        "choices": [{"id": "a", "text": "one", "correct": True}, {"id": "b", "text": "two", "correct": False}],
    },
    {
        "id": "e",
        "type": "exercise",
        "title": "Do",
        "prompt": "p",
        "starter": "",
        "solution": "",
        "checks": [{"kind": "value", "expression": "f(3)", "expected": 9, "comparison": "equal"}],
        "hidden_checks": [{"kind": "assert", "source": "assert True"}],
        "hints": [],
        "packages": ["numpy"],
        "points": 1,
        "language": "python",
    },
    {
        "id": "p",
        "type": "predictions",
        "prompt": "p",
        "data": "aa.csv",
        "labels": "bb.csv",
        "metric": "rmse",
        "threshold": 0.5,
        "tries_per_day": 3,
        "points": 5,
    },
    {"id": "d", "type": "divider"},
]


def body(*blocks: Any) -> dict[str, Any]:
    return {"version": 1, "blocks": list(blocks)}


def block(block_type: str, **changes: Any) -> dict[str, Any]:
    """A right block of the type with `changes`; a change to ... takes the field away."""
    base = copy.deepcopy(next(one for one in ONE_OF_EACH if one["type"] == block_type)) | changes
    return {name: value for name, value in base.items() if value is not ...}


def faults(*blocks: Any) -> list[str]:
    return [str(error) for error in validate_body(body(*blocks))]


def test_one_block_of_each_type_is_right() -> None:
    assert validate_body(body(*ONE_OF_EACH)) == []
    assert tuple(one["type"] for one in ONE_OF_EACH) == BLOCK_TYPES


def test_the_schema_itself_is_json_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(BODY_SCHEMA)
    jsonschema.validate(body(*ONE_OF_EACH), BODY_SCHEMA)


@pytest.mark.parametrize("wrong", [None, [], "x", 3, {}, {"version": 2, "blocks": []}, {"version": 1, "blocks": {}}])
def test_what_is_no_body_is_refused(wrong: Any) -> None:
    assert validate_body(wrong)


def test_a_missing_required_field_is_named() -> None:
    for one in ONE_OF_EACH:
        for name in one:
            if name in ("id", "type") or name in ("links", "assets", "width", "height"):
                continue
            said = faults({key: value for key, value in one.items() if key != name})
            assert f"blocks[0].{name}: is required" in said, (one["type"], said)


QUIZ_CHOICE = {"id": "a", "text": "one", "correct": True}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (block("markdown", source=3), "blocks[0].source: must be text"),
        (block("markdown", foo=1), "blocks[0].foo: is not a known field"),
        (block("markdown", id="-x"), "blocks[0].id: must be 1 to 64 letters"),
        (block("markdown", id="a\n"), "blocks[0].id: must be 1 to 64 letters"),
        (block("markdown", type="html"), "blocks[0].type: must be one of markdown, code, image"),
        (block("markdown", source="x" * 200_001), "blocks[0].source: must have at most 200,000 characters"),
        (block("markdown", links={"a": "javascript:1"}), "blocks[0].links.a: must be a relative or https:// address"),
        (block("markdown", links={"a": "//evil.example"}), "blocks[0].links.a: must be a relative or https:// address"),
        (
            block("markdown", assets={"a": {"file": "../x.png"}}),
            "blocks[0].assets.a.file: must be the name of a stored",
        ),
        (block("code", run="no"), "blocks[0].run: must be one of interactive, static, hidden"),
        (block("code", outputs=[{"output_type": "x"}]), "blocks[0].outputs[0].output_type: must be one of"),
        (block("image", width=0), "blocks[0].width: must be at least 1"),
        (block("video", url="http://x"), "blocks[0].url: must be an https:// address"),
        (block("video", title=""), "blocks[0].title: must not be empty"),
        (block("quiz", kind="essay"), "blocks[0].kind: must be one of single, multiple, numeric, text"),
        (block("quiz", attempts=0), "blocks[0].attempts: must be at least 1"),
        (block("quiz", attempts=True), "blocks[0].attempts: must be a whole number or null"),
        (block("quiz", points=-1), "blocks[0].points: must be at least 0"),
        (block("quiz", choices=...), "blocks[0].choices: is required"),
        (block("quiz", choices=[QUIZ_CHOICE]), "blocks[0].choices: must have at least 2 entries"),
        (
            block("quiz", choices=[QUIZ_CHOICE, {**QUIZ_CHOICE, "id": "b"}]),
            "blocks[0].choices: must have exactly one correct choice, not 2",
        ),
        (
            block("quiz", kind="multiple", choices=[{**QUIZ_CHOICE, "id": name, "correct": False} for name in "ab"]),
            "blocks[0].choices: must have at least one correct choice",
        ),
        (block("quiz", choices=[QUIZ_CHOICE] * 2), "blocks[0].choices[1].id: is used twice in this question"),
        (
            block("quiz", choices=[{**QUIZ_CHOICE, "text": ""}, {**QUIZ_CHOICE, "id": "b", "correct": False}]),
            "blocks[0].choices[0].text: must not be empty",
        ),
        (block("quiz", kind="numeric", choices=...), "blocks[0].answer: is required"),
        (
            block("quiz", kind="numeric", choices=..., answer={"value": 1, "tolerance": -1}),
            "blocks[0].answer.tolerance: must be at least 0",
        ),
        (
            block("quiz", kind="text", choices=..., answer={"accepted": [], "case_sensitive": False}),
            "blocks[0].answer.accepted: must not be empty",
        ),
        (block("quiz", answer={"value": 1}), "blocks[0].answer: is only for numeric and text, not single"),
        (block("exercise", checks=[{"kind": "x"}]), "blocks[0].checks[0].kind: must be one of value, assert"),
        (block("exercise", checks=[{"kind": "value"}]), "blocks[0].checks[0].expression: is required"),
        (
            block("exercise", checks=[{"kind": "value", "expression": "f()", "expected": 3, "comparison": "raises"}]),
            "blocks[0].checks[0].expected: must be the name of an exception",
        ),
        (
            block("exercise", checks=[], hidden_checks=[]),
            "blocks[0].checks: must not be empty in an exercise that gives",
        ),
        (block("predictions", tries_per_day=0), "blocks[0].tries_per_day: must be at least 1"),
        (block("divider", source=""), "blocks[0].source: is not a known field"),
    ],
)
def test_a_fault_is_named_by_its_place(wrong: dict, said: str) -> None:
    found = faults(wrong)
    assert any(message.startswith(said) for message in found), found
    assert len(found) <= 3  # and not by everything that a union could say


def test_an_ungraded_draft_may_lack_its_key() -> None:
    draft = block("quiz", graded=False, missing="which choice is right", choices=[{**QUIZ_CHOICE, "correct": False}])
    assert faults(draft) == []
    assert faults(block("quiz", kind="numeric", choices=..., graded=False)) == []


def test_ids_are_unique_in_the_body() -> None:
    assert faults(block("markdown", id="x"), block("divider", id="x")) == [
        "blocks[1].id: is used twice (first by blocks[0])"
    ]


def test_errors_come_in_reading_order_and_are_bounded() -> None:
    found = validate_body(body(*[block("markdown", id="x", foo=1) for _ in range(300)]))
    assert len(found) == MAX_ERRORS
    assert [error.path for error in found[:3]] == ["blocks[0].foo", "blocks[1].foo", "blocks[1].id"]


def test_what_json_cannot_carry_is_refused_with_its_place() -> None:
    assert faults(block("markdown", source="a\x00")) == ["blocks[0].source: contains a NUL character"]
    assert faults(block("markdown", metadata={"a": float("nan")})) == ["blocks[0].metadata.a: must be a finite number"]
    deep: dict = {}
    for _ in range(5_000):
        deep = {"a": deep}
    assert "nested more than 64 levels deep" in faults(block("markdown", metadata=deep))[0]


def test_messages_of_hostile_values_stay_short() -> None:
    assert all(len(message) < 400 for message in faults(block("markdown", **{"k" * 900: 1, "id": "x" * 5_000})))


def test_a_refused_body_says_its_errors() -> None:
    refused = BodyInvalid([BodyError("blocks[3].choices[1].text", "must not be empty")])
    assert str(refused) == "blocks[3].choices[1].text: must not be empty"
