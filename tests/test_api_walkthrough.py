"""The walk-through of docs/api.md is true: its commands run, one after the other, against a live server."""

import re
import subprocess
from pathlib import Path

import pytest
from django.core import mail

from accounts.tests.clients import mailed_code
from courses.tests.factories import published_course

DOCUMENT = Path(__file__).parent.parent / "docs" / "api.md"
PLACE_OF_CODE = "# CODE=<the code from the mail>\n"
SECONDS = 60


def _run(script: str, **environment: str) -> list[str]:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.django_db(transaction=True)
def test_the_commands_of_the_api_page_do_what_it_says(live_server):
    published_course(lessons=4, level="beginner")
    script = "".join(re.findall(r"^```bash\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.S | re.M))
    assert script.count(PLACE_OF_CODE) == 1
    before, after = script.split(PLACE_OF_CODE)
    session = _run(before + 'echo "$SESSION"', SITE=live_server.url)[-1]
    code = mailed_code("phone@example.org")
    assert len(mail.outbox) == 1
    definitions = before.partition("SESSION=")[0]
    printed = _run(definitions + after, SITE=live_server.url, SESSION=session, CODE=code)
    assert printed == [
        "200", "phone@example.org", "Phone", "Module 0", "4", "markdown", "25", "0", "1", "25", "204", "401", "401",
    ]  # fmt: skip
