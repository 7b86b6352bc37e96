"""The OpenAPI document, and answers held against it more strictly than it says: no member that it does not name."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
from drf_spectacular.generators import SchemaGenerator
from jsonschema import Draft202012Validator

JSON_TYPES = ("application/json", "application/problem+json")


class Document:
    """The document of the API as it is served, and which of its operations were answered well by now."""

    def __init__(self) -> None:
        # As JSON: the document as it is made holds dates and lazy texts in examples.
        self.served = json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True), default=str))
        self.components = {
            "schemas": {name: _closed(one) for name, one in self.served["components"]["schemas"].items()}
        }
        self.succeeded: set[str] = set()
        self.statuses: set[int] = set()
        self._validators: dict[str, Draft202012Validator] = {}  # one reads all of the components
        self._paths = [(_pattern(path), path) for path in self.served["paths"]]

    def operations(self) -> Iterator[dict[str, Any]]:
        for entry in self.served["paths"].values():
            yield from (found for method, found in entry.items() if method != "parameters")

    def names(self) -> set[str]:
        return {operation["operationId"] for operation in self.operations()}

    def faults(self, schema: str | dict[str, Any], value: Any) -> list[str]:
        """What of `value` is not as `schema` says, which is a component's name or a schema itself."""
        reference = {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema
        key = json.dumps(reference)
        if key not in self._validators:
            self._validators[key] = Draft202012Validator({**reference, "components": self.components})
        return [f"{error.json_path}: {error.message[:200]}" for error in self._validators[key].iter_errors(value)]

    def witness(self, response: httpx.Response) -> None:
        """Raise AssertionError unless the answer is one that the document tells of. A hook for httpx."""
        response.read()
        place, operation = self._operation(response)
        status = response.status_code
        said = f"{response.request.method} {place} {status}"
        assert str(status) in operation["responses"], f"{said} is not documented: {response.text[:300]}"
        contents = operation["responses"][str(status)].get("content", {})
        kind = response.headers.get("Content-Type", "")
        if contents:
            assert kind in contents, f"{said}: {kind}"
            found = self.faults(contents[kind]["schema"], response.json()) if kind in JSON_TYPES else []
            assert found == [], f"{said}: {found}"
        else:
            assert not response.content or status == httpx.codes.PARTIAL_CONTENT, said
        self.statuses.add(status)
        if response.is_success:
            self.succeeded.add(operation["operationId"])

    def _operation(self, response: httpx.Response) -> tuple[str, dict[str, Any]]:
        asked = urlsplit(str(response.request.url)).path
        method = response.request.method.lower()
        for pattern, path in self._paths:
            if pattern.fullmatch(asked) and method in self.served["paths"][path]:
                return path, self.served["paths"][path][method]
        raise AssertionError(f"{method} {asked} is not documented")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(
        "".join("[^/]+" if part.startswith("{") else re.escape(part) for part in re.split(r"({\w+})", path))
    )


def _closed(schema: Any) -> Any:
    """A copy that allows no member but those that it names, in any object for which it names some."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(value) for name, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        closed.setdefault("additionalProperties", False)
    return closed
