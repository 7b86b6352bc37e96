"""Links of the OpenAPI document: which part of an answer the next request needs. Generators and tests follow them."""

from typing import Any

BODY = "$response.body#"
# operationId of the answer: name of the link, operationId of the next request, its parameters.
LINKS: dict[str, list[tuple[str, str, dict[str, str]]]] = {
    "courses_list": [("outline", "course_outline", {"slug": f"{BODY}/results/0/slug"})],
    "my_courses": [
        ("continue", "lesson", {"lesson_id": f"{BODY}/results/0/next_lesson/id"}),
        ("download", "course_download", {"slug": f"{BODY}/results/0/course/slug"}),
    ],
    "enrol": [
        ("begin", "lesson", {"lesson_id": f"{BODY}/next_lesson/id"}),
        ("leave", "leave_course", {"slug": f"{BODY}/course/slug"}),
    ],
    "lesson": [("complete", "complete_lesson", {"lesson_id": f"{BODY}/id"})],
    "complete_lesson": [("takeBack", "uncomplete_lesson", {"lesson_id": f"{BODY}/lesson_id"})],
    "answer_block": [("verdict", "attempt", {"uid": f"{BODY}/uid"})],
    "recheck_block": [("verdict", "attempt", {"uid": f"{BODY}/uid"})],
    "attempts": [("newest", "attempt", {"uid": f"{BODY}/results/0/uid"})],
    "attempt": [("lesson", "lesson", {"lesson_id": f"{BODY}/lesson_id"})],
    "my_certificates": [("verify", "certificate", {"uid": f"{BODY}/results/0/uid"})],
    "changes": [("goOn", "changes", {"cursor": f"{BODY}/cursor"})],
}


def add_links(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Put the links into the good answers that have a body; a hook of drf-spectacular."""
    for methods in result["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if operation["operationId"] in LINKS and status < "300" and "content" in answer:
                    answer["links"] = {
                        name: {"operationId": target, "parameters": parameters}
                        for name, target, parameters in LINKS[operation["operationId"]]
                    }
    return result
