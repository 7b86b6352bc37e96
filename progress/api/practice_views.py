"""Practice in the API: answers and their verdicts, saved work, hints, solutions."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from accounts.services.limits import WRITES
from accounts.throttling import limited
from progress.api import reading_examples
from progress.api.course_serializers import my_course
from progress.api.examples import ANSWERS, ATTEMPTS, ONE_ATTEMPT, RECHECKED, WORK
from progress.api.practice_serializers import (
    AnswerSerializer,
    AttemptSerializer,
    CodeWorkSerializer,
    PastAttemptSerializer,
    QuizWorkSerializer,
    ShownHintsSerializer,
    SolutionSerializer,
    WorkContentSerializer,
    WorkSerializer,
    work_document,
)
from progress.selectors import attempts, practice, reading
from progress.services import attempting, limits, rechecking, revealing, saving

WORK_CONTENT = PolymorphicProxySerializer(
    component_name="WorkContent", serializers=[CodeWorkSerializer, QuizWorkSerializer], resource_type_field_name=None
)
WAITING = OpenApiResponse(
    AttemptSerializer,
    description="Kept, and waiting for its check. Ask for the attempt by its uid, or send the same again, when the "
    "seconds of `Retry-After` are over; until then nothing is lost and nothing counted twice.",
)
RETRY_HEADER = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    response=[202],
    description="Seconds after which to ask for the verdict.",
)
RETRY_HEADER_OF_PENDING = OpenApiParameter(
    "Retry-After",
    int,
    OpenApiParameter.HEADER,
    response=[200],
    description="Only while the verdict is `pending`: seconds after which to ask again.",
)
NO_TRY = OpenApiResponse(
    description="No try is left, too many answers wait, nothing is checked here, or the uid is of another answer."
)
NOT_OUTDATED = OpenApiResponse(description="There is no pass to check again, or a check of it waits already.")
RETRY_AFTER = {"Retry-After": "1"}  # seconds; a check takes about one


class Attempts(APIView):
    """`GET, POST /api/v1/lessons/{id}/blocks/{block_id}/attempts`"""

    throttle_classes = [limited(limits.ATTEMPTS)]
    max_body = 10 * 1024 * 1024  # bytes: predictions for 200,000 rows
    pagination_class = api_settings.DEFAULT_PAGINATION_CLASS
    ordering = ("-created_at", "-id")
    page_size = 20

    @extend_schema(
        operation_id="attempts",
        summary="My attempts at a block",
        description="The newest first; checks that were made again are among them.",
        tags=["practice"],
        examples=reading_examples.PAST_ATTEMPT,
        responses={200: PastAttemptSerializer(many=True)},
    )
    def get(self, request: Request, lesson_id: int, block_id: str) -> Response:
        lesson = reading.enrolled_lesson(user=request.user, lesson_id=lesson_id)
        pages = self.pagination_class()
        rows = attempts.attempts_in(user=request.user, lesson=lesson, block_id=block_id)
        found = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(PastAttemptSerializer(found, many=True).data)

    @extend_schema(
        operation_id="answer_block",
        summary="Answer a block",
        description="A quiz and predictions are judged at once. Code is checked in a sandbox, most often before the "
        "answer comes; else the verdict is `pending` and the status 202. The same `uid` again returns the first "
        "attempt, so that a request whose answer was lost can be repeated.",
        tags=["practice"],
        request=AnswerSerializer,
        parameters=[RETRY_HEADER],
        examples=[*ANSWERS, *ATTEMPTS],
        responses={
            200: OpenApiResponse(AttemptSerializer, description="The attempt of this uid, which was there already."),
            201: OpenApiResponse(AttemptSerializer, description="Kept and judged."),
            202: WAITING,
            409: NO_TRY,
        },
    )
    def post(self, request: Request, lesson_id: int, block_id: str) -> Response:
        given = AnswerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        lesson = reading.enrolled_lesson(user=request.user, lesson_id=lesson_id)
        uid, answer = given.validated_data["uid"], given.validated_data["answer"]
        is_new = not practice.is_known(user=request.user, uid=uid)
        try:
            attempt = attempting.submit_answer(
                user=request.user, lesson=lesson, block_id=block_id, uid=uid, answer=answer
            )
        except attempting.AnswerRefused as refused:
            raise ValidationError({"answer": [str(refused)]}) from refused
        return _answer(_document(attempt), is_new=is_new)


def _document(attempt: Any) -> dict[str, Any]:
    block = practice.live_block(attempt.lesson, attempt.block_uid)
    document = attempts.attempt_document(attempt, block)
    standing = document["progress"]
    return {**document, "progress": my_course(standing) if standing else None}


def _answer(document: dict[str, Any], *, is_new: bool) -> Response:
    if document["verdict"] == "pending":
        return Response(document, status=status.HTTP_202_ACCEPTED, headers=RETRY_AFTER)
    return Response(document, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)


class AttemptDetail(APIView):
    """`GET /api/v1/attempts/{uid}`"""

    @extend_schema(
        operation_id="attempt",
        summary="An attempt and its verdict",
        description="A `pending` one has `Retry-After`: ask again after these seconds.",
        tags=["practice"],
        parameters=[RETRY_HEADER_OF_PENDING],
        examples=ONE_ATTEMPT,
        responses={200: AttemptSerializer},
    )
    def get(self, request: Request, uid: UUID) -> Response:
        attempt = attempts.attempt_of(user=request.user, uid=uid)
        document = _document(attempt)
        return Response(document, headers=RETRY_AFTER if document["verdict"] == "pending" else None)


class Work(APIView):
    """`GET, PUT, DELETE /api/v1/lessons/{id}/blocks/{block_id}/work`"""

    throttle_classes = [limited(limits.WORK)]

    @extend_schema(
        operation_id="saved_work",
        summary="Saved work",
        description="What the caller has written in a block and not submitted.",
        tags=["practice"],
        examples=reading_examples.SAVED_WORK,
        responses={200: WorkSerializer},
    )
    def get(self, request: Request, lesson_id: int, block_id: str) -> Response:
        lesson = reading.enrolled_lesson(user=request.user, lesson_id=lesson_id)
        name, saved = practice.saved_work(user=request.user, lesson=lesson, block_id=block_id)
        return Response(work_document(saved, name=name))

    @extend_schema(
        operation_id="save_work",
        summary="Save work",
        description="Idempotent; the newest write wins. Nothing of it is run or judged.",
        tags=["practice"],
        request=WORK_CONTENT,
        examples=WORK,
        responses={200: WorkSerializer},
    )
    def put(self, request: Request, lesson_id: int, block_id: str) -> Response:
        content = WorkContentSerializer(data=request.data)
        content.is_valid(raise_exception=True)
        lesson = reading.enrolled_lesson(user=request.user, lesson_id=lesson_id)
        work = saving.save_work(
            user=request.user, lesson=lesson, block_id=block_id, content=dict(content.validated_data)
        )
        return Response({**work.content, "version": work.version, "saved_at": work.saved_at})

    @extend_schema(
        operation_id="drop_work",
        summary="Back to the author's version",
        description="Idempotent.",
        tags=["practice"],
        responses={204: None},
    )
    def delete(self, request: Request, lesson_id: int, block_id: str) -> Response:
        lesson = reading.enrolled_lesson(user=request.user, lesson_id=lesson_id)
        saving.drop_work(user=request.user, lesson=lesson, block_id=block_id)
        return Response(status=status.HTTP_204_NO_CONTENT)


class Hints(APIView):
    """`GET, POST /api/v1/lessons/{id}/blocks/{block_id}/hints`"""

    throttle_classes = [limited(WRITES)]

    @extend_schema(
        operation_id="hints",
        summary="Hints that were shown",
        description="And how many there are. Reading them shows no further one.",
        tags=["practice"],
        examples=reading_examples.HINTS,
        responses={200: ShownHintsSerializer},
    )
    def get(self, request: Request, lesson_id: int, block_id: str) -> Response:
        lesson = reading.enrolled_lesson(user=request.user, lesson_id=lesson_id)
        shown, total = revealing.shown_hints(user=request.user, lesson=lesson, block_id=block_id)
        return Response({"hints": shown, "total": total})

    @extend_schema(
        operation_id="next_hint",
        summary="Show one hint more",
        description="When all are shown it changes nothing.",
        tags=["practice"],
        request=None,
        examples=reading_examples.HINTS,
        responses={200: ShownHintsSerializer},
    )
    def post(self, request: Request, lesson_id: int, block_id: str) -> Response:
        lesson = reading.enrolled_lesson(user=request.user, lesson_id=lesson_id)
        revealing.reveal_hint(user=request.user, lesson=lesson, block_id=block_id)
        shown, total = revealing.shown_hints(user=request.user, lesson=lesson, block_id=block_id)
        return Response({"hints": shown, "total": total})


class Solution(APIView):
    """`PUT /api/v1/lessons/{id}/blocks/{block_id}/solution`"""

    throttle_classes = [limited(WRITES)]

    @extend_schema(
        operation_id="show_solution",
        summary="Show the solution",
        description="Idempotent. Before the exercise is passed this is giving up: a later pass earns no points.",
        tags=["practice"],
        request=None,
        examples=reading_examples.SOLUTION,
        responses={200: SolutionSerializer},
    )
    def put(self, request: Request, lesson_id: int, block_id: str) -> Response:
        lesson = reading.enrolled_lesson(user=request.user, lesson_id=lesson_id)
        return Response({"html": revealing.reveal_solution(user=request.user, lesson=lesson, block_id=block_id)})


class Recheck(APIView):
    """`POST /api/v1/lessons/{id}/blocks/{block_id}/recheck`"""

    throttle_classes = [limited(limits.ATTEMPTS)]

    @extend_schema(
        operation_id="recheck_block",
        summary="Check the passed answer again",
        description="For a pass whose check has changed since. Whatever comes out, the pass and its points stay.",
        tags=["practice"],
        request=None,
        parameters=[RETRY_HEADER],
        examples=RECHECKED,
        responses={200: AttemptSerializer, 202: WAITING, 409: NOT_OUTDATED},
    )
    def post(self, request: Request, lesson_id: int, block_id: str) -> Response:
        lesson = reading.enrolled_lesson(user=request.user, lesson_id=lesson_id)
        attempt = rechecking.recheck_block(user=request.user, lesson=lesson, block_id=block_id)
        return _answer(_document(attempt), is_new=False)
