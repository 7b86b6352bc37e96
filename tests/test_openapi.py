"""The OpenAPI document is complete and true: it is held against the routes and against what the site answers."""

import re
from uuid import uuid4

import pytest
from django.core.management import call_command
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

from mlpracticum.openapi_links import LINKS
from progress.api import examples
from progress.services.enrolling import enroll
from progress.tests.judged import (
    RIGHT_PREDICTIONS,
    body_of,
    exercise,
    judged_course,
    lesson_of,
    predictions,
    quiz,
    store_labels,
)
from tests.canary_crawler import routes

JSON = "application/json"
PROBLEM = "application/problem+json"
# Clients are made of these: a new operation is added here, and none is renamed.
OPERATIONS = {
    "answer_block", "attempt", "attempts", "certificate", "complete_lesson", "course_download", "course_outline",
    "courses_list", "drop_work", "enrol", "hints", "join_leaderboards", "leaderboard", "leave_course",
    "leave_leaderboards", "lesson", "lesson_notebook", "lesson_part", "outline_part",
    "me_change", "me_delete", "me_export", "me_keep", "me_read", "my_certificates", "my_courses", "next_hint",
    "recheck_block", "save_work", "saved_work",
    "show_solution", "uncomplete_lesson",
    "changes", "sync",
}  # fmt: skip
OF_ACCOUNTS = {
    "auth_config", "sign_up", "email_verification", "verify_email", "resend_verification_code", "log_in",
    "second_factor", "passkey_second_factor_options", "passkey_second_factor", "passkey_login_options",
    "log_in_with_passkey", "request_password_reset", "password_reset", "reset_password", "session", "log_out",
    "refresh_tokens", "reauthenticate", "reauthenticate_with_code", "passkey_reauthentication_options",
    "reauthenticate_with_passkey", "sessions", "end_sessions", "change_password", "addresses", "add_address",
    "verify_address", "choose_address", "remove_address", "authenticators", "totp", "activate_totp", "deactivate_totp",
    "recovery_codes", "new_recovery_codes", "passkey_creation_options", "add_passkey", "rename_passkey",
    "remove_passkeys",
}  # fmt: skip
OURS = re.compile(r"api/v1/(me|courses|lessons|dashboard|attempts|certificates|sync)\b")
PUBLIC = {"certificate", "courses_list", "course_outline", "lesson", "lesson_notebook"}


@pytest.fixture(scope="module")
def document():
    return SchemaGenerator().get_schema(request=None, public=True)


def operations(document):
    return [(method, path, found) for path, entry in document["paths"].items() for method, found in entry.items()]


def faults(document, schema, value):
    """What of `value` is not as `schema` says; a component is named."""
    reference = {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema
    validator = Draft202012Validator({**reference, "components": document["components"]})
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def test_the_document_is_valid_and_made_without_a_warning(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", file=str(tmp_path / "schema.yml"))
    assert (tmp_path / "schema.yml").stat().st_size > 10_000


def test_operations_keep_their_names(document):
    assert {found["operationId"] for _, _, found in operations(document)} == OPERATIONS | OF_ACCOUNTS


def test_every_route_of_ours_is_documented(document):
    ours = {route for route in routes() if OURS.match(route)}
    paths = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/{route}") for route in ours}
    assert paths == {path for _, path, found in operations(document) if found["operationId"] in OPERATIONS}


def test_every_operation_says_what_it_does(document):
    for method, path, entry in operations(document):
        assert entry["summary"], path
        assert set(entry["tags"]) <= {tag["name"] for tag in document["tags"]}
        assert entry["description"].endswith("."), (method, path)
        assert len(entry["description"]) > 10, (method, path)
        assert all(
            parameter.get("description") or parameter["in"] == "path" for parameter in entry.get("parameters", ())
        ), path
        assert all(answer["description"] for answer in entry["responses"].values()), (method, path)


def test_every_operation_of_ours_says_how_it_fails(document):
    for method, path, entry in operations(document):
        if entry["operationId"] in OF_ACCOUNTS:
            continue
        responses = entry["responses"]
        for code in responses:
            assert (PROBLEM in responses[code].get("content", {})) == (code >= "400"), (path, code)
        assert {"400", "401", "404", "406"} <= set(responses)
        assert ({} in entry["security"]) == (entry["operationId"] in PUBLIC)
        assert ("411" in responses) == ("413" in responses) == ("415" in responses) == ("requestBody" in entry)
        assert ("403" in responses) == (method != "get")
    by_name = {entry["operationId"]: entry for _, _, entry in operations(document)}
    for name in ("answer_block", "recheck_block"):
        assert {"200", "202", "409"} <= set(by_name[name]["responses"])
        assert "Retry-After" in by_name[name]["responses"]["202"]["headers"]


def test_every_problem_names_its_type(document):
    types = set(document["components"]["schemas"]["ProblemType"]["enum"])
    assert "urn:ml-practicum:problem:conflict" in types
    for name in types - {"urn:ml-practicum:problem:error"}:
        assert name in document["info"]["description"]
    for method, path, entry in operations(document):
        for code, answer in entry["responses"].items():
            if content := answer.get("content", {}).get(PROBLEM):
                [example] = resolved(document, content["examples"])
                assert example["status"] == int(code), (method, path)
                assert example["type"] in types
                assert faults(document, "Problem", example) == []


def resolved(document, found):
    """The values of examples, of those that are kept apart too."""
    apart = document["components"]["examples"]
    return [apart[one["$ref"].rpartition("/")[2]]["value"] if "$ref" in one else one["value"] for one in found.values()]


def test_every_body_has_an_example_that_is_one(document):
    """Of requests and answers; what is sent as a file or is everything about a person is left to the text."""
    checked = 0
    for method, path, entry in operations(document):
        bodies = [entry["requestBody"]] if "requestBody" in entry else []
        for body in [*bodies, *entry["responses"].values()]:
            for media_type, content in body.get("content", {}).items():
                if content["schema"].get("format") == "binary":
                    continue  # a piece of a file
                assert content.get("examples"), (method, path, media_type)
                for example in resolved(document, content["examples"]):
                    assert faults(document, content["schema"], example) == [], (method, path)
                    checked += 1
    assert checked > 400


@pytest.mark.parametrize("example", examples.ATTEMPTS, ids=lambda example: example.name)
def test_the_examples_of_attempts_are_attempts(document, example):
    assert faults(document, "Attempt", example.value) == []


@pytest.mark.parametrize("example", examples.ANSWERS, ids=lambda example: example.name)
def test_the_examples_of_answers_are_answers(document, example):
    assert faults(document, "AnswerRequest", example.value) == []


def test_another_feedback_is_no_feedback(document):
    wrong = {**examples.WRONG_CHOICE, "feedback": {"message": "No.", "key": "a"}}
    assert faults(document, "Attempt", {**wrong, "feedback": {"key": "a"}})
    assert faults(document, "Attempt", {**wrong, "verdict": "maybe"})


@pytest.fixture
def lesson(db, settings, tmp_path, client, ben):
    settings.MEDIA_ROOT = tmp_path
    store_labels()
    course = judged_course(body_of(quiz(), exercise(), predictions()), slug="lines")
    enroll(user=ben, course=course)
    client.force_login(ben)
    return lesson_of(course)


@pytest.mark.usefixtures("sandbox_runtime")
def test_what_the_site_answers_is_what_the_document_says(client, lesson, document):
    blocks = f"/api/v1/lessons/{lesson.pk}/blocks"

    def answer(block, given):
        sent = client.post(f"{blocks}/{block}/attempts", {"uid": str(uuid4()), "answer": given}, content_type=JSON)
        assert sent.status_code in (200, 201, 202)
        return sent.json()

    code = "def double(x):\n    return 2 * x\n"
    given = [("ask", "a"), ("ask", "b"), ("code", code), ("code", "1 / 0"), ("predict", RIGHT_PREDICTIONS)]
    for block, content in given:
        assert faults(document, "Attempt", answer(block, content)) == [], block
    client.post(f"{blocks}/code/hints")
    client.put(f"{blocks}/code/work", {"source": code}, content_type=JSON)
    answered = {
        "CourseDetail": "/api/v1/courses/lines",
        "Lesson": f"/api/v1/lessons/{lesson.pk}?include=html",
        "ShownHints": f"{blocks}/code/hints",
        "Work": f"{blocks}/code/work",
        "Leaderboard": f"{blocks}/predict/leaderboard",
        "PaginatedPastAttemptList": f"{blocks}/ask/attempts",
        "PaginatedMyCourseList": "/api/v1/dashboard/my-courses",
    }
    for schema, path in answered.items():
        place = re.sub(r"/lessons/\d+", "/lessons/{lesson_id}", path).partition("?")[0]
        place = re.sub(r"/blocks/\w+", "/blocks/{block_id}", place).replace("courses/lines", "courses/{slug}")
        content = document["paths"][place]["get"]["responses"]["200"]["content"]
        assert content[JSON]["schema"] == {"$ref": f"#/components/schemas/{schema}"}
        assert faults(document, schema, client.get(path).json()) == [], path
    refused = client.post(f"{blocks}/ask/attempts", {"uid": str(uuid4()), "answer": "z"}, content_type=JSON)
    assert faults(document, "Problem", refused.json()) == []
    assert faults(document, "Solution", client.put(f"{blocks}/code/solution").json()) == []


def test_links_lead_to_parameters_of_operations(document):
    by_name = {entry["operationId"]: entry for _, _, entry in operations(document)}
    assert set(LINKS) <= set(by_name)
    for name, links in LINKS.items():
        [answer, *_] = [answer for status, answer in by_name[name]["responses"].items() if status < "300"]
        assert set(answer["links"]) == {link for link, _, _ in links}
        for _, target, parameters in links:
            assert set(parameters) <= {parameter["name"] for parameter in by_name[target]["parameters"]}
