"""YAML as data and nothing more: no objects, no aliases, a bounded size. For front matter and tables of contents."""

from typing import Any

import yaml

MAX_CHARACTERS = 200_000
MAX_DEPTH = 30


class YAMLRefused(ValueError):
    """Text that is not YAML, or YAML that we do not read. The message names the line where there is one."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader without aliases: nine lines of them can stand for a billion entries."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise YAMLRefused(f"line {self.peek_event().start_mark.line + 1}: aliases (*name) are not read")
        return super().compose_node(parent, index)


class _LoaderOfAnyTag(_Loader):
    """The same, with None for each value of a kind that YAML does not know: nothing is looked up, nothing is called."""


def _nothing(loader: yaml.SafeLoader, node: yaml.Node) -> None:
    """The value of a node with an unknown tag."""


_LoaderOfAnyTag.add_constructor(None, _nothing)


def load_yaml(text: str, *, any_tag: bool = False) -> Any:
    """The value that `text` holds, made of JSON's types only (dates and other scalars as text). Raises YAMLRefused.

    With `any_tag` a value that carries a tag of its own (`!!python/name:…`, `!relative`) is None instead of refused.
    """
    if len(text) > MAX_CHARACTERS:
        raise YAMLRefused(f"is {len(text):,} characters long; at most {MAX_CHARACTERS:,} are read")
    try:
        value = yaml.load(text, Loader=_LoaderOfAnyTag if any_tag else _Loader)  # noqa: S506 — a SafeLoader, narrowed further
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise YAMLRefused(f"{line}{error.problem or 'is not YAML'}") from error
    except YAMLRefused:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YAMLRefused((str(error).splitlines() or ["is nested too deep"])[0][:200]) from error
    return plain(value)


def plain(value: Any, *, depth: int = 0) -> Any:
    """`value` in JSON's types: nbformat's and YAML's own classes become dictionaries, lists and text."""
    if depth > MAX_DEPTH:
        raise YAMLRefused(f"is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        return {str(key): plain(item, depth=depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item, depth=depth + 1) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
