"""Certificates: anyone's by its uid, and one's own."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from progress.models import Certificate


def certificate_by_uid(*, uid: UUID) -> Certificate:
    """A certificate for whoever has its uid. 1 query. Raises Http404 when there is none."""
    return get_object_or_404(Certificate, uid=uid)


def certificates_of(*, user: Any) -> QuerySet[Certificate]:
    """The person's certificates, the newest first; those of courses they left too. 1 query when evaluated."""
    return Certificate.objects.filter(enrolment__user=user).order_by("-issued_at", "-id")
