"""The walk-through of docs/api.md is true: its commands run, one after the other, against a live server."""

import re
import subprocess
from pathlib import Path

import pytest
from django.core import mail

from accounts.tests.clients import mailed_code
from courses.tests.factories import body
from progress.tests.judged import body_of, exercise, judged_course, predictions, quiz, store_labels

DOCUMENT = Path(__file__).parent.parent / "docs" / "api.md"
PLACE_OF_CODE = "# CODE=<the code from the mail>\n"
SECONDS = 60
DAY = "a day"


def _run(script: str, folder: Path, **environment: str) -> list[str]:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.usefixtures("sandbox_runtime")
@pytest.mark.django_db(transaction=True)
def test_the_commands_of_the_api_page_do_what_it_says(live_server, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    store_labels()
    text = body("A text.")["blocks"]
    practice = body_of(*text, quiz(attempts=3), exercise(), predictions())
    judged_course(practice, body("Two"), body("Three"), body("Four"), level="beginner")
    script = "".join(re.findall(r"^```bash\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.S | re.M))
    assert script.count(PLACE_OF_CODE) == 1
    before, after = script.split(PLACE_OF_CODE)
    session = _run(before + 'echo "$SESSION"', tmp_path, SITE=live_server.url)[-1]
    code = mailed_code("phone@example.org")
    assert len(mail.outbox) == 1
    definitions = before.partition("SESSION=")[0]
    printed = _run(definitions + after, tmp_path, SITE=live_server.url, SESSION=session, CODE=code)
    printed = [DAY if re.fullmatch(r"\d{4}-\d\d-\d\dT.*", line) else line for line in printed]
    assert printed == [
        "200", "phone@example.org", "Phone", "Lines", "4", "markdown", "25", "0", "1", "4",
        "2", "2", "True",  # a quiz: tries left, the same again, passed by one of both choices
        "code", "passed", "1", "1", "1",  # code: its block, verdict, hidden checks passed, version of saved work
        "2", "200", "409", "False",  # hints, solution, nothing to check again
        "1.0", "204", "Phone", "6.0", "3.6",  # predictions, leaderboard, points
        "25", "Phone",
        "lesson", "whole", "206", "304",  # a course to keep
        "False", "duplicate", "True", "completion", "False",  # sync: sent twice; completed; what changed, and no more
        "True", "phone@example.org",  # this device; all data
        "200", DAY, "204", "None",  # reauthenticated, to be deleted, kept
        "204", "401", "401",
    ]  # fmt: skip
