"""The house keeps its shape: directions that import-linter cannot see, and habits that reviews forget."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.template.loader import get_template

from courses.content.schema import BLOCK_TYPES

ROOT = Path(__file__).parent.parent
APPS = ("accounts", "courses", "progress")
MADE_BY_SERVICES = ("LessonRevision", "PublishLog")  # their JSON was checked where it came in
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>|<style[\s>]|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:",
    re.IGNORECASE,
)


def _templates(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / "templates" / folder).rglob("*.html")]
    assert found
    return found


def test_the_import_contracts_hold():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_templates_of_courses_name_nothing_of_progress():
    for path in _templates("courses"):
        assert not re.search(r"""["']progress[:/]""", path.read_text(encoding="utf-8")), path


def test_templates_of_accounts_name_nothing_of_courses_or_progress():
    for path in _templates("accounts", "account", "mfa", "allauth"):
        assert not re.search(r"""["'](courses|progress)/""", path.read_text(encoding="utf-8")), path


def test_no_template_has_inline_script_or_style():
    for path in _templates("."):
        assert not INLINE.search(path.read_text(encoding="utf-8")), path


def test_foreign_keys_of_progress_do_not_reach_back():
    for model in apps.get_app_config("progress").get_models():
        for field in model._meta.get_fields():
            if field.is_relation and field.concrete and field.related_model._meta.app_label != "progress":
                assert field.remote_field.related_name == "+", f"{model.__name__}.{field.name}"


def test_every_constraint_is_named_after_its_rule():
    for label in APPS:
        for model in apps.get_app_config(label).get_models():
            for constraint in model._meta.constraints:
                assert re.fullmatch(r"[a-z]+(_[a-z]+)+", constraint.name), constraint.name


def test_no_json_field_of_ours_is_unchecked_where_people_write():
    for label in APPS:
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.get_fields():
                written_by_people = field.editable and model.__name__ not in MADE_BY_SERVICES
                if field.get_internal_type() == "JSONField" and written_by_people:
                    assert len(field.validators) > 0, f"{model.__name__}.{field.name}"


@pytest.mark.parametrize("block_type", BLOCK_TYPES)
def test_every_block_type_has_a_template_and_a_row_in_the_course_format(block_type):
    get_template(f"courses/blocks/{block_type}.html")
    assert f"| `{block_type}` |" in (ROOT / "docs" / "course-format.md").read_text(encoding="utf-8")


def test_apps_have_no_room_for_leftovers():
    for label in APPS:
        names = {path.stem for path in (ROOT / label).rglob("*.py")}
        assert not names & {"utils", "helpers", "common", "misc"}


def test_every_module_says_what_it_owns():
    for label in (*APPS, "mlpracticum"):
        for path in (ROOT / label).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if "migrations" in path.parts or not text.strip():
                continue
            assert text.startswith(('"""', 'r"""')), path
