"""What `Accept` brings: JSON wherever that is taken, else 406."""

import pytest

TAKEN = ["*/*", "application/json", "application/*", "text/html, application/json;q=0.5", "text/html, */*;q=0.1"]
NOT_TAKEN = ["text/html", "application/xml", "application/jsonx", "image/*", "*"]


@pytest.mark.django_db
def test_without_accept_the_answer_is_json(client):
    response = client.get("/api/v1/courses")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")


@pytest.mark.django_db
@pytest.mark.parametrize("accept", TAKEN)
def test_what_includes_json_gets_it(client, accept):
    response = client.get("/api/v1/courses", headers={"Accept": accept})
    assert (response.status_code, response.headers["Content-Type"].partition(";")[0]) == (200, "application/json")


@pytest.mark.django_db
@pytest.mark.parametrize("accept", NOT_TAKEN)
def test_what_does_not_is_refused(client, accept):
    response = client.get("/api/v1/courses", headers={"Accept": accept})
    assert (response.status_code, response.headers["Content-Type"]) == (406, "application/problem+json")
