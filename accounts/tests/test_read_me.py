"""GET /api/v1/me."""

import pytest
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from accounts.models import User
from accounts.tests.clients import MobileClient


def test_answer_has_these_fields_and_no_others(mobile: MobileClient, ada: User) -> None:
    mobile.log_in(ada.email)
    assert mobile.get("me").json() == {
        "id": ada.pk,
        "email": "ada@example.org",
        "display_name": "Ada",
        "locale": "en",
        "time_zone": "UTC",
        "date_joined": ada.date_joined.isoformat().replace("+00:00", "Z"),
        "deletion_due_at": None,
        "roles": ["author", "learner"],
    }


def test_anonymous_is_401_and_a_problem_document(db: None) -> None:
    response = Client().get("/api/v1/me")
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == 401


def test_session_of_the_browser_works_too(client: Client, ben: User) -> None:
    client.force_login(ben)
    assert client.get("/api/v1/me").json()["id"] == ben.pk


def test_query_count(mobile: MobileClient, ben: User, django_assert_num_queries) -> None:
    mobile.log_in(ben.email)
    # the person with the session, roles
    with django_assert_num_queries(2):
        mobile.get("me")


def test_schema_names_the_bearer_token() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    assert schema["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert {"bearer": []} in schema["paths"]["/api/v1/me"]["get"]["security"]
    change = schema["components"]["schemas"]["PatchedMeRequest"]["properties"]
    assert set(change) == {"display_name", "locale", "time_zone"}


@pytest.mark.parametrize("version", ["%00", "a%0D%0AX-Evil:1", "%ED%A0%80", "9" * 400])
def test_schema_puts_nothing_of_the_address_into_a_header(client: Client, db: None, version: str) -> None:
    response = client.get(f"/api/schema/?version={version}")
    assert response.status_code == 200
    assert response["Content-Disposition"] == 'inline; filename="ML-Practicum API.yaml"'
