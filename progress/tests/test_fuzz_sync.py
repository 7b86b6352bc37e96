"""Whatever a device sends to sync, the answer is one that is written down: no body and no cursor breaks the server.

`pytest --hypothesis-profile=thorough progress/tests/test_fuzz_sync.py` tries thousands of them.
"""

import json
from urllib.parse import quote

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from progress.services.enrolling import enroll
from progress.tests.judged import body_of, exercise, judged_course, lesson_of, predictions, quiz, store_labels
from progress.tests.syncing import taken_long_ago

SYNC = "/api/v1/sync"
EXAMPLES = 2_000 if tries.get_current_profile_name() == "thorough" else 100
STATUSES = {"applied", "duplicate", "rejected"}

texts = st.text(max_size=8) | st.sampled_from(["\0", "\ud800", "a", "b", "ask", "code", "p" * 70, "../..", "𝕏" * 9])
numbers = st.integers(-(10**40), 10**40) | st.floats() | st.sampled_from([0, 1, 2**31, 2**63, -1, 1e308])
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
deep = st.integers(5, 3_000).map(lambda depth: "[" * depth + "]" * depth)
uids = st.sampled_from([f"6f2c3a52-0f0c-4c58-9a5e-3d1f5f6f6a1{digit}" for digit in range(4)]) | st.uuids().map(str)
times = st.datetimes().map(str) | st.sampled_from(
    ["2026-11-23T18:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-13-01T00:00:00Z", "now"]
)
sound = st.fixed_dictionaries(
    {
        "uid": uids,
        "type": st.sampled_from(["completion", "uncompletion", "attempt", "work"]),
        "lesson_id": st.sampled_from(["LESSON", "OTHER"]),
        "at": times,
    },
    optional={
        "block_id": st.sampled_from(["ask", "code", "predict", "none"]),
        "answer": st.sampled_from(["a", "b", "pass", ["a"] * 20, 7]) | values,
        "source": texts | values,
    },
)
spoilt = st.builds(
    lambda event, other: {**event, **other},
    sound,
    st.dictionaries(st.sampled_from(["uid", "type", "lesson_id", "block_id", "at"]), values),
)
events = st.one_of(sound, sound, spoilt, values)
batches = st.fixed_dictionaries(
    {"events": st.lists(events, max_size=8)}, optional={"sent_at": times | values, "more": values}
)


@pytest.fixture(autouse=True)
def _no_limits(settings):
    settings.LIMITS_FACTOR = 0  # of how many requests there may be: they have tests of their own


@pytest.fixture
def lessons(ben, client):
    store_labels()
    course = judged_course(body_of(quiz(), exercise(), predictions()))
    taken_long_ago(enroll(user=ben, course=course))
    client.force_login(ben)
    return {"LESSON": lesson_of(course).pk, "OTHER": lesson_of(judged_course(body_of(quiz()))).pk}


fuzzed = tries(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


@fuzzed
@given(batch=batches)
def test_every_event_of_a_batch_has_its_own_answer(client, lessons, batch):
    body = json.dumps(batch)
    for name, pk in lessons.items():
        body = body.replace(f'"{name}"', str(pk))
    response = _posted(client, body)
    assert response.status_code in {200, 400}
    if response.status_code == 200:
        results = response.json()["results"]
        assert len(results) == len(batch["events"])
        assert {result["status"] for result in results} <= STATUSES
        assert all(result.get("reason") != "failed" for result in results)


@fuzzed
@given(body=values.map(json.dumps) | deep | st.binary(max_size=40) | deep.map(lambda text: f'{{"events": [{text}]}}'))
def test_no_body_breaks_the_server(client, lessons, body):
    assert _posted(client, body).status_code in {200, 400}


@fuzzed
@given(
    way=st.sampled_from(["other", "longer", "changed", "cut"]),
    share=st.floats(0, 1),  # of a cursor, whose length is not always the same
    text=texts | st.text(max_size=5_000),
    size=st.just("1") | st.integers().map(str) | texts,
)
def test_no_cursor_breaks_the_server(client, lessons, way, share, text, size):
    right = client.get(SYNC, {"page_size": 1}).json()["cursor"]
    at = int(share * len(right))
    cursor = {
        "other": text,
        "longer": right[:at] + text + right[at:],
        "changed": right[:at] + text + right[at + len(text) :],
        "cut": right[:at],
    }[way]
    given_query = (("cursor", cursor), ("page_size", size))
    query = "&".join(f"{name}={quote(value, errors='surrogatepass')}" for name, value in given_query)
    response = client.get(f"{SYNC}?{query}")
    assert response.status_code in {200, 400}
    # Only the right one is taken; none, or white space around it, is as good.
    assert response.status_code == 400 or cursor.strip() in {"", right}


def _posted(client, body):
    with transaction.atomic():
        response = client.post(SYNC, body, content_type="application/json")
        transaction.set_rollback(True)
    return response
