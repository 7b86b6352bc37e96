"""A learner's way through a course, written against the client that is generated from the API's document.

Only generated functions and models are used, and nothing of the site: what this cannot say, the document does not.
"""

import hashlib
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from practicum_client import AuthenticatedClient
from practicum_client.api.certificates import certificate, my_certificates
from practicum_client.api.courses import (
    course_download,
    course_outline,
    courses_list,
    lesson,
    lesson_notebook,
    lesson_part,
    outline_part,
)
from practicum_client.api.progress import complete_lesson, enrol, leave_course, my_courses, uncomplete_lesson
from practicum_client.api.sync import changes, sync
from practicum_client.models import (
    AssertCheck,
    AssetReference,
    BatchRequest,
    BatchResult,
    CalloutBlock,
    CalloutKind,
    CellOutputType,
    Certificate,
    Change,
    ChangeKind,
    ChangePage,
    CodeBlock,
    Completion,
    CourseDetail,
    CourseLevel,
    CoursesListLevel,
    DividerBlock,
    Download,
    EventReason,
    EventRequest,
    EventStatus,
    EventType,
    ExerciseBlock,
    ExerciseFeedback,
    ImageBlock,
    KeptLessonContent,
    KeptOutline,
    Lesson,
    LessonInclude,
    LessonNotebookResponse200,
    MarkdownBlock,
    Metric,
    MyCourse,
    PaginatedCertificateList,
    PaginatedCourseList,
    PaginatedMyCourseList,
    PartKind,
    PredictionsBlock,
    PredictionsFeedback,
    Problem,
    ProblemType,
    QuizBlock,
    QuizFeedback,
    QuizKind,
    ValueCheck,
    Verdict,
    VideoBlock,
)

from tests.typed_answers import Site, expect, expect_none
from tests.typed_practice_journey import practise

PAGE = 3


def learn(client: AuthenticatedClient, site: Site) -> None:
    """Find the course "lines", take it, do all that is in it, and leave it."""
    stranger = site.anonymous()
    first = find_and_enrol(client, stranger)
    read(client, first)
    take_notebook(client, first)
    practise(client, first, site)
    finish(client, stranger, first)
    synchronise(client, first)
    keep_course(client, first)
    leave(client, first)


def find_and_enrol(client: AuthenticatedClient, stranger: AuthenticatedClient) -> int:
    """The id of the course's first lesson."""
    found = expect(
        courses_list.sync_detailed(client=stranger, level=CoursesListLevel.BEGINNER), 200, PaginatedCourseList
    )
    assert found.next_ is None
    [course] = found.results
    assert (course.slug, course.level, course.lesson_count) == ("lines", CourseLevel.BEGINNER, 3)
    before = expect(course_outline.sync_detailed("lines", client=client), 200, CourseDetail)
    assert before.score is None
    refused = expect(enrol.sync_detailed("lines", client=stranger), 401, Problem)
    assert (refused.status, refused.type_) == (401, ProblemType.NOT_AUTHENTICATED)
    missing = expect(enrol.sync_detailed("circles", client=client), 404, Problem)
    assert (missing.status, missing.errors) == (404, [])
    taken = expect(enrol.sync_detailed("lines", client=client), 200, MyCourse)
    assert (taken.course.slug, taken.total_lessons, taken.completed_at) == ("lines", 3, None)
    answer = course_outline.sync_detailed("lines", client=client)
    outline = expect(answer, 200, CourseDetail)
    [module] = outline.modules
    assert (outline.score, [entry.is_completed for entry in module.lessons]) == (0, [False] * 3)
    assert outline.certificate is not None
    assert outline.certificate.points_needed is not None
    assert taken.next_lesson is not None
    assert taken.next_lesson.id == module.lessons[0].id
    expect_none(course_outline.sync_detailed("lines", client=client, if_none_match=answer.headers["ETag"]), 304)
    return taken.next_lesson.id


def read(client: AuthenticatedClient, lesson_id: int) -> None:
    """Every type of block comes as its own class."""
    answer = lesson.sync_detailed(lesson_id, client=client, include=LessonInclude.HTML)
    found = expect(answer, 200, Lesson)
    by_id = {block.id: block for block in found.blocks}
    assert isinstance(found.html, list)
    assert [part.id for part in found.html] == list(by_id)
    assert [heading.title for heading in found.toc] == ["Lines", "Slope"]
    text = by_id["text"]
    assert isinstance(text, MarkdownBlock)
    assert text.assets
    picture = text.assets["line.svg"]
    assert isinstance(picture, AssetReference)
    assert (picture.width, text.links and text.links["next.ipynb"]) == (4, "/courses/lines/next/")
    cell = by_id["cell"]
    assert isinstance(cell, CodeBlock)
    assert [output.output_type for output in cell.outputs][-1] is CellOutputType.ERROR
    assert cell.outputs[0].text == ["one\n", "two\n"]
    assert (cell.outputs[1].text, cell.outputs[2].execution_count) == ("careful\n", 3)
    assert cell.outputs[4].traceback == ["line 1", "line 2"]
    plot, note, film = by_id["plot"], by_id["note"], by_id["film"]
    assert isinstance(plot, ImageBlock)
    assert plot.asset == picture.file
    assert isinstance(note, CalloutBlock)
    assert note.kind is CalloutKind.TIP
    assert isinstance(film, VideoBlock)
    assert film.url.startswith("https://")
    kinds = [block.kind for block in found.blocks if isinstance(block, QuizBlock)]
    assert kinds == [QuizKind.SINGLE, QuizKind.MULTIPLE, QuizKind.NUMERIC, QuizKind.TEXT]
    code = by_id["code"]
    assert isinstance(code, ExerciseBlock)
    value, asserts = code.checks
    assert isinstance(value, ValueCheck)
    assert (value.expected, value.relative) == (6, 1e-6)
    assert isinstance(asserts, AssertCheck)
    assert (code.hidden_check_count, code.hint_count, code.has_solution) == (1, 2, True)
    predict = by_id["predict"]
    assert isinstance(predict, PredictionsBlock)
    assert (predict.metric, predict.threshold) == (Metric.ACCURACY, 0.8)
    assert isinstance(by_id["end"], DividerBlock)
    assert found.state.is_enrolled
    assert found.state.blocks["ask"].verdict is None
    assert found.state.blocks["ask"].attempts_left == 3
    etag = answer.headers["ETag"]
    expect_none(lesson.sync_detailed(lesson_id, client=client, include=LessonInclude.HTML, if_none_match=etag), 304)


def take_notebook(client: AuthenticatedClient, lesson_id: int) -> None:
    """A notebook is nbformat's, so the document says no more of it than that it is an object."""
    answer = lesson_notebook.sync_detailed(lesson_id, client=client)
    notebook = expect(answer, 200, LessonNotebookResponse200)
    assert {"cells", "metadata", "nbformat", "nbformat_minor"} <= set(notebook.additional_keys)
    expect_none(lesson_notebook.sync_detailed(lesson_id, client=client, if_none_match=answer.headers["ETag"]), 304)


def finish(client: AuthenticatedClient, stranger: AuthenticatedClient, lesson_id: int) -> None:
    """Every lesson is completed, and the certificate is there for anybody to verify."""
    done = expect(complete_lesson.sync_detailed(lesson_id, client=client), 200, Completion)
    assert (done.lesson_id, done.is_completed, done.completion_percent) == (lesson_id, True, 33)
    undone = expect(uncomplete_lesson.sync_detailed(lesson_id, client=client), 200, Completion)
    assert (undone.is_completed, undone.completed_lessons) == (False, 0)
    upcoming = undone.next_lesson
    while upcoming is not None:
        upcoming = expect(complete_lesson.sync_detailed(upcoming.id, client=client), 200, Completion).next_lesson
    answer = my_courses.sync_detailed(client=client)
    [mine] = expect(answer, 200, PaginatedMyCourseList).results
    assert (mine.completion_percent, mine.next_lesson) == (100, None)
    assert isinstance(mine.completed_at, datetime)
    expect_none(my_courses.sync_detailed(client=client, if_none_match=answer.headers["ETag"]), 304)
    [won] = expect(my_certificates.sync_detailed(client=client), 200, PaginatedCertificateList).results
    verified = expect(certificate.sync_detailed(won.uid, client=stranger), 200, Certificate)
    assert verified == won
    assert (won.lessons, won.name) == (3, "Typed")
    assert str(won.uid) in won.url


def synchronise(client: AuthenticatedClient, lesson_id: int) -> None:
    """What was done offline goes in, once; what changed comes out, page by page."""
    at = datetime.now().astimezone() - timedelta(minutes=1)
    events = [
        EventRequest(uid=uuid4(), type_=EventType.WORK, lesson_id=lesson_id, block_id="code", source="x = 1\n", at=at),
        EventRequest(uid=uuid4(), type_=EventType.COMPLETION, lesson_id=lesson_id, at=at),
        EventRequest(uid=uuid4(), type_=EventType.ATTEMPT, lesson_id=lesson_id, block_id="ask", answer="b", at=at),
        EventRequest(uid=uuid4(), type_=EventType.COMPLETION, lesson_id=10**9, at=at),
    ]
    batch = BatchRequest(events=events, sent_at=datetime.now().astimezone())
    results = expect(sync.sync_detailed(client=client, body=batch), 200, BatchResult).results
    assert [result.status for result in results] == [EventStatus.APPLIED] * 3 + [EventStatus.REJECTED]
    assert (results[1].is_completed, results[3].reason) == (True, EventReason.NOT_FOUND)
    assert results[2].attempt
    assert results[2].attempt.verdict is Verdict.PASSED
    repeated = expect(sync.sync_detailed(client=client, body=batch), 200, BatchResult).results
    assert [result.status for result in repeated][:3] == [EventStatus.DUPLICATE] * 3
    known: dict[tuple[ChangeKind, object, object, object], Change] = {}
    page = expect(changes.sync_detailed(client=client, page_size=PAGE), 200, ChangePage)
    while True:
        assert not page.is_reset
        known |= {(change.kind, change.lesson_id, change.block_id, change.uid): change for change in page.changes}
        if not page.has_more:
            break
        page = expect(changes.sync_detailed(client=client, cursor=page.cursor, page_size=PAGE), 200, ChangePage)
    counts = {kind: sum(change.kind is kind for change in known.values()) for kind in ChangeKind}
    assert counts[ChangeKind.COMPLETION] == counts[ChangeKind.LESSON] == 3
    assert counts[ChangeKind.ATTEMPT] == 9
    [mine] = [change.enrolment for change in known.values() if change.kind is ChangeKind.ENROLMENT]
    assert mine
    assert mine.completed_lessons == 3
    given = [change.attempt for change in known.values() if change.attempt]
    assert {type(one.feedback) for one in given} == {QuizFeedback, ExerciseFeedback, PredictionsFeedback}
    after = expect(changes.sync_detailed(client=client, cursor=page.cursor), 200, ChangePage)
    assert (after.changes, after.has_more) == ([], False)


def keep_course(client: AuthenticatedClient, lesson_id: int) -> None:
    """The whole course is loaded, checked by its checksums, and taken up again where it was interrupted."""
    answer = course_download.sync_detailed("lines", client=client)
    manifest = expect(answer, 200, Download)
    expect_none(course_download.sync_detailed("lines", client=client, if_none_match=answer.headers["ETag"]), 304)
    assert sum(part.size for part in manifest.parts) == manifest.size
    kinds = [part.kind for part in manifest.parts]
    assert kinds == [PartKind.OUTLINE, *[PartKind.LESSON] * 3, PartKind.ASSET]
    [first, *lessons, _picture] = manifest.parts
    whole = outline_part.sync_detailed("lines", first.sha256, client=client)
    outline = expect(whole, 200, KeptOutline)
    assert hashlib.sha256(whole.content).hexdigest() == first.sha256
    [module] = outline.modules
    assert [entry.part for entry in module.lessons] == [part.sha256 for part in lessons]
    for part in lessons:
        loaded = lesson_part.sync_detailed("lines", part.sha256, client=client)
        content = expect(loaded, 200, KeptLessonContent)
        assert (len(loaded.content), hashlib.sha256(loaded.content).hexdigest()) == (part.size, part.sha256)
        assert [block.id for block in content.blocks] == [piece.id for piece in content.html]
    [part] = [part for part in lessons if part.id == str(lesson_id)]
    etag = f'"{part.sha256}"'
    pieces = [
        lesson_part.sync_detailed("lines", part.sha256, client=client, range_=asked, if_range=etag)
        for asked in ("bytes=0-999", "bytes=1000-")
    ]
    for piece in pieces:
        expect_none(piece, 206)
    assert hashlib.sha256(b"".join(piece.content for piece in pieces)).hexdigest() == part.sha256
    expect_none(lesson_part.sync_detailed("lines", part.sha256, client=client, if_none_match=etag), 304)
    behind = lesson_part.sync_detailed("lines", part.sha256, client=client, range_=f"bytes={part.size}-")
    assert expect(behind, 416, Problem).status == 416
    missing = expect(lesson_part.sync_detailed("lines", "0" * 64, client=client), 404, Problem)
    assert missing.type_ is ProblemType.NOT_FOUND


def leave(client: AuthenticatedClient, lesson_id: int) -> None:
    """What is not taken is not there, but for the certificate."""
    expect_none(leave_course.sync_detailed("lines", client=client), 204)
    assert expect(lesson.sync_detailed(lesson_id, client=client), 404, Problem).status == 404
    assert expect(my_courses.sync_detailed(client=client), 200, PaginatedMyCourseList).results == []
    assert isinstance(
        expect(my_certificates.sync_detailed(client=client), 200, PaginatedCertificateList).results[0].uid, UUID
    )
