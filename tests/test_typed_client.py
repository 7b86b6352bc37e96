"""The document is enough: a typed client that is generated from it alone goes through all that the API can do.

Nothing of the client is kept. Every answer is held against the document on its way in, too.
"""

import importlib
import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, cast

import pytest
from django.core.cache import cache

from accounts.tests.clients import mailed_code, totp_code
from courses.services.publishing import publish_lesson, save_draft
from courses.tests.factories import body
from progress.tests.judged import body_of, judged_course, lesson_of, store_labels
from tests.api_document import Document
from tests.every_block import every_block

ROOT = Path(__file__).parent.parent
JOURNEYS = ("typed_account_journey", "typed_course_journey", "typed_answers", "typed_practice_journey")
PACKAGE = "practicum_client"
# Their good answer is 401: nobody is logged in by them.
GOOD_WITH_401 = {"sign_up", "request_password_reset", "log_out"}
# They need an authenticator of a browser; accounts' own tests go through them with one in software.
OF_PASSKEYS = {
    "add_passkey", "log_in_with_passkey", "passkey_creation_options", "passkey_login_options",
    "passkey_reauthentication_options", "passkey_second_factor", "passkey_second_factor_options",
    "reauthenticate_with_passkey", "remove_passkeys", "rename_passkey",
}  # fmt: skip


@pytest.fixture(scope="module")
def document() -> Document:
    return Document()


@pytest.fixture(scope="module")
def generated(document: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the client's package is in. Fails at any part of the document that the generator leaves out."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "schema.json").write_text(json.dumps(document.served), encoding="utf-8")
    (folder / "config.json").write_text(json.dumps({"post_hooks": []}), encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none", "--fail-on-warning"),
            *("--path", folder / "schema.json", "--config", folder / "config.json", "--output-path", folder / PACKAGE),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_client_has_every_operation_and_every_shape(document: Document, generated: Path) -> None:
    functions = {path.stem for path in (generated / PACKAGE / "api").glob("*/*.py")} - {"__init__"}
    assert functions == document.names()
    models = (generated / PACKAGE / "models" / "__init__.py").read_text(encoding="utf-8")
    classes = set(re.findall(r'^    "(\w+)",$', models, re.M))
    shapes = document.served["components"]["schemas"]
    in_place = {name for name, shape in shapes.items() if "oneOf" in shape or shape.get("type") == "null"}
    assert set(shapes) - in_place - classes == set()


def test_client_and_journeys_are_typed_without_a_gap(generated: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "--explicit-package-bases"),
            *("--cache-dir", generated / "mypy", "-p", PACKAGE),
            *(argument for name in JOURNEYS for argument in ("-m", f"tests.{name}")),
        ],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": f"{generated}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("sandbox_runtime")
@pytest.mark.django_db(transaction=True)
def test_a_person_goes_through_all_that_the_api_can_do(
    live_server: Any, settings: Any, tmp_path: Path, document: Document, generated: Path, monkeypatch: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    store_labels()
    blocks = every_block()
    fields = {"slug": "lines", "title": "Lines", "level": "beginner"}
    course = judged_course(body_of(*blocks), body("Two"), body("Three"), **fields)

    def change_checks() -> None:
        changed = [block | {"hidden_checks": block["checks"]} if block["id"] == "code" else block for block in blocks]
        save_draft(lesson=lesson_of(course), body=body_of(*changed))
        publish_lesson(lesson=lesson_of(course))

    monkeypatch.syspath_prepend(generated)
    account, learning, answers = (cast(Any, importlib.import_module(f"tests.{name}")) for name in JOURNEYS[:3])
    with ExitStack() as connections:
        site = answers.Site(
            url=live_server.url,
            mailed_code=mailed_code,
            totp_code=lambda secret, step: totp_code(secret, step=step),
            change_checks=change_checks,
            let_time_pass=cache.clear,
            connections=connections,
            client_args={"event_hooks": {"response": [document.witness]}},
        )
        client = account.begin(site)
        account.introduce(client)
        learning.learn(client, site)
        account.manage_addresses(client, site)
        account.use_second_factor(client, site)
        account.manage_devices(client)
        account.take_everything_along(client)
        client = account.change_and_forget_password(client, site)
        client = account.delete_and_keep_account(client, site)
        account.end(client)
    assert document.names() - document.succeeded - GOOD_WITH_401 - OF_PASSKEYS == set()
    assert {401, 404, 409, 429} <= document.statuses
