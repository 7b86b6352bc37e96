"""A person's own work in the API. Each view parses, calls one selector or service, and renders."""

import hashlib
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from accounts.services.limits import WRITES
from accounts.throttling import is_person, is_visitor, limited
from courses.api.conditional import ETAG, IF_NONE_MATCH, NOT_MODIFIED, is_known, tagged
from courses.services.limits import READS
from progress.api import reading_examples as examples
from progress.api.course_serializers import CourseDetailSerializer, MyCourseSerializer, course_document, my_course
from progress.api.serializers import CompletionSerializer, LessonQuery, LessonSerializer, lesson_document
from progress.selectors import practice, reading, standings
from progress.services import completing, copying, enrolling
from progress.services.limits import DOWNLOADS


class MyCourses(APIView):
    """`GET /api/v1/dashboard/my-courses`"""

    pagination_class = api_settings.DEFAULT_PAGINATION_CLASS
    ordering = ("-last_activity_at", "-id")
    page_size = 100

    @extend_schema(
        operation_id="my_courses",
        summary="My courses",
        description="The caller's courses with completion, the last touched first.",
        tags=["progress"],
        parameters=[IF_NONE_MATCH, ETAG],
        examples=examples.MY_COURSE,
        responses={200: MyCourseSerializer(many=True), 304: NOT_MODIFIED},
    )
    def get(self, request: Request) -> HttpResponse:
        if not request.query_params:
            mine = standings.my_courses(user=request.user, at_most=self.page_size + 1)
            if len(mine) <= self.page_size:  # nearly always: there is one page
                results = [my_course(standing) for standing in mine]
                return tagged(request, {"results": results, "next": None, "previous": None})
        pages = self.pagination_class()
        rows = pages.paginate_queryset(standings.my_course_rows(user=request.user), request, view=self)
        results = [my_course(standings.as_standing(row)) for row in rows]
        return tagged(request, pages.get_paginated_response(results).data)


class CourseDetail(APIView):
    """`GET /api/v1/courses/{slug}`"""

    permission_classes = [AllowAny]
    throttle_classes = [limited(READS, "GET", when=is_visitor)]

    @extend_schema(
        operation_id="course_outline",
        summary="Course outline",
        description="A course with its modules and lessons, what of them the caller has completed, and points won.",
        tags=["courses"],
        parameters=[IF_NONE_MATCH, ETAG],
        examples=examples.OUTLINE,
        responses={200: CourseDetailSerializer, 304: NOT_MODIFIED},
    )
    def get(self, request: Request, slug: str) -> HttpResponse:
        course = reading.course_for(user=request.user, slug=slug)
        outline = reading.course_outline(user=request.user, course=course)
        standing = standings.standing_in(user=request.user, course=course)
        return tagged(request, course_document(course, outline, standing))


class EnrolmentDetail(APIView):
    """`PUT, DELETE /api/v1/courses/{slug}/enrolment`"""

    throttle_classes = [limited(WRITES)]

    @extend_schema(
        operation_id="enrol",
        summary="Enrol",
        description="Idempotent: a repetition changes nothing.",
        tags=["progress"],
        request=None,
        examples=examples.MY_COURSE,
        responses={200: MyCourseSerializer},
    )
    def put(self, request: Request, slug: str) -> Response:
        course = reading.course_for(user=request.user, slug=slug)
        enrolling.enroll(user=request.user, course=course)
        standing = standings.standing_in(user=request.user, course=course)
        return Response(my_course(standing) if standing else None)

    @extend_schema(
        operation_id="leave_course",
        summary="Leave a course",
        description="Idempotent. What was done is kept for a return.",
        tags=["progress"],
        responses={204: None},
    )
    def delete(self, request: Request, slug: str) -> Response:
        course = reading.course_for(user=request.user, slug=slug)
        enrolling.leave_course(user=request.user, course=course)
        return Response(status=status.HTTP_204_NO_CONTENT)


class LessonDetail(APIView):
    """`GET /api/v1/lessons/{id}`"""

    permission_classes = [AllowAny]
    throttle_classes = [limited(READS, "GET", when=is_visitor)]

    @extend_schema(
        operation_id="lesson",
        summary="Lesson",
        description="A lesson of a course that the caller takes, or a preview.",
        tags=["courses"],
        parameters=[LessonQuery, IF_NONE_MATCH, ETAG],
        examples=examples.LESSON,
        responses={200: LessonSerializer, 304: NOT_MODIFIED},
    )
    def get(self, request: Request, lesson_id: int) -> HttpResponse:
        query = LessonQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        include_html = query.validated_data.get("include") == "html"
        lesson = reading.lesson_for(user=request.user, lesson_id=lesson_id)
        mine = practice.lesson_practice(user=request.user, lesson=lesson)
        document = lesson_document(lesson, mine, user=request.user, include_html=include_html)
        # A revision changes with its compiler alone, so both stand for the blocks: no hashing of a long lesson. The
        # person stands for the order of choices.
        state = hashlib.blake2b(JSONRenderer().render(document["state"]), digest_size=12).hexdigest()
        revision = lesson.current_revision
        parts = (revision.pk, revision.compiler, lesson.updated_at.timestamp(), request.user.pk, include_html, state)
        return tagged(request, document, tag='"{}"'.format("-".join(str(part) for part in parts)))


class NotebookRenderer(JSONRenderer):
    """Lets `Accept` ask for a notebook; errors are JSON with it, too."""

    media_type = copying.MEDIA_TYPE
    format = "ipynb"


class LessonNotebook(APIView):
    """`GET /api/v1/lessons/{id}/notebook`"""

    permission_classes = [AllowAny]
    throttle_classes = [limited(DOWNLOADS, "GET", when=is_person), limited(READS, "GET", when=is_visitor)]
    renderer_classes = [*api_settings.DEFAULT_RENDERER_CLASSES, NotebookRenderer]

    @extend_schema(
        operation_id="lesson_notebook",
        summary="Lesson as a notebook",
        description="A lesson of a course that the caller takes, or a preview, as an `.ipynb` with the caller's own "
        "code in it, complete in itself and without any answer.",
        tags=["courses"],
        parameters=[IF_NONE_MATCH, ETAG],
        examples=examples.NOTEBOOK,
        responses={(200, copying.MEDIA_TYPE): OpenApiTypes.OBJECT, 304: NOT_MODIFIED},
    )
    def get(self, request: Request, lesson_id: int) -> HttpResponse:
        lesson = reading.lesson_to_copy_by_id(user=request.user, lesson_id=lesson_id)
        page = request.build_absolute_uri(lesson.get_absolute_url())
        copy = copying.lesson_copy(user=request.user, lesson=lesson, page=page)
        if is_known(request, copy.tag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers=copy.headers)
        return HttpResponse(copy.make(), content_type=copying.MEDIA_TYPE, headers=copy.headers)


class CompletionDetail(APIView):
    """`PUT, DELETE /api/v1/lessons/{id}/completion`"""

    throttle_classes = [limited(WRITES)]

    @extend_schema(
        operation_id="complete_lesson",
        summary="Complete a lesson",
        description="Idempotent. Returns the course's new counts.",
        tags=["progress"],
        request=None,
        examples=examples.COMPLETED,
        responses={200: CompletionSerializer},
    )
    def put(self, request: Request, lesson_id: int) -> Response:
        return self._change(request, lesson_id, completing.complete_lesson, is_completed=True)

    @extend_schema(
        operation_id="uncomplete_lesson",
        summary="Take a completion back",
        description="Idempotent. Returns the course's new counts.",
        tags=["progress"],
        examples=examples.UNCOMPLETED,
        responses={200: CompletionSerializer},
    )
    def delete(self, request: Request, lesson_id: int) -> Response:
        return self._change(request, lesson_id, completing.uncomplete_lesson, is_completed=False)

    def _change(self, request: Request, lesson_id: int, change: Any, *, is_completed: bool) -> Response:
        lesson = reading.enrolled_lesson(user=request.user, lesson_id=lesson_id)
        result = change(user=request.user, lesson=lesson)
        state = {"lesson_id": lesson.pk, "is_completed": is_completed}
        return Response({**state, **my_course(result.standing)})
