"""A learner answers what is judged in a lesson, written against the client that is generated from the document."""

import time
from uuid import UUID, uuid4

from practicum_client import AuthenticatedClient
from practicum_client.api.courses import (
    lesson,
)
from practicum_client.api.practice import (
    answer_block,
    attempt,
    attempts,
    drop_work,
    hints,
    join_leaderboards,
    leaderboard,
    leave_leaderboards,
    next_hint,
    recheck_block,
    save_work,
    saved_work,
    show_solution,
)
from practicum_client.models import (
    AnswerRequest,
    Attempt,
    CodeWorkRequest,
    ExerciseFeedback,
    JudgedType,
    Leaderboard,
    Lesson,
    PaginatedPastAttemptList,
    PredictionsFeedback,
    Problem,
    ProblemType,
    QuizFeedback,
    ShownHints,
    Solution,
    StoredPredictions,
    Verdict,
    Work,
)

from tests.typed_answers import Site, expect, expect_none

CODE = "def double(x):\n    return 2 * x\n"
PREDICTIONS: list[bool | float | str] = ["a", "b"] * 10


def practise(client: AuthenticatedClient, lesson_id: int, site: Site) -> None:
    """Answer, keep, ask for help, and have a pass checked again."""
    answer_quiz(client, lesson_id)
    answer_exercise(client, lesson_id)
    answer_predictions(client, lesson_id)
    keep_work(client, lesson_id)
    ask_for_help(client, lesson_id)
    check_again(client, lesson_id, site)


def answer_quiz(client: AuthenticatedClient, lesson_id: int) -> None:
    """A wrong choice, the same again, and the right one."""
    wrong = AnswerRequest(uid=uuid4(), answer="a")
    first = expect(answer_block.sync_detailed(lesson_id, "ask", client=client, body=wrong), 201, Attempt)
    assert (first.uid, first.verdict, first.attempts_left) == (wrong.uid, Verdict.FAILED, 2)
    assert isinstance(first.feedback, QuizFeedback)
    assert [choice.id for choice in first.feedback.choices] == ["a"]
    assert first.feedback.correct is None
    again = expect(answer_block.sync_detailed(lesson_id, "ask", client=client, body=wrong), 200, Attempt)
    assert (again.uid, again.attempts_left) == (wrong.uid, 2)
    unknown = AnswerRequest(uid=uuid4(), answer="z")
    refused = expect(answer_block.sync_detailed(lesson_id, "ask", client=client, body=unknown), 400, Problem)
    assert [error.pointer for error in refused.errors] == ["/answer"]
    right = AnswerRequest(uid=uuid4(), answer="b")
    passed = expect(answer_block.sync_detailed(lesson_id, "ask", client=client, body=right), 201, Attempt)
    assert (passed.verdict, passed.score, passed.type_) == (Verdict.PASSED, 1, JudgedType.QUIZ)
    assert passed.progress is not None
    assert isinstance(passed.feedback, QuizFeedback)
    assert passed.feedback.correct == ["b"]
    for block, given in (("several", ["a", "b"]), ("number", "0.25 m"), ("word", "overfitting")):
        body = AnswerRequest(uid=uuid4(), answer=list(given) if isinstance(given, list) else given)
        judged = expect(answer_block.sync_detailed(lesson_id, block, client=client, body=body), 201, Attempt)
        assert judged.result.is_passed, block
    past = expect(attempts.sync_detailed(lesson_id, "ask", client=client, page_size=1), 200, PaginatedPastAttemptList)
    assert [found.answer for found in past.results] == ["b"]
    assert past.next_ is not None


def answer_exercise(client: AuthenticatedClient, lesson_id: int) -> None:
    """Code is sent, and its verdict asked for."""
    body = AnswerRequest(uid=uuid4(), answer=CODE)
    sent = answer_block.sync_detailed(lesson_id, "code", client=client, body=body)
    assert sent.status_code in (201, 202)
    judged = verdict_on(client, body.uid)
    assert (judged.verdict, judged.result.best_score) == (Verdict.PASSED, 2)
    assert isinstance(judged.feedback, ExerciseFeedback)
    assert [check.passed for check in judged.feedback.checks] == [True, True]
    assert (judged.feedback.hidden.passed, judged.feedback.hidden.total, judged.feedback.error) == (1, 1, None)


def verdict_on(client: AuthenticatedClient, uid: UUID) -> Attempt:
    """The attempt, once it is judged."""
    judged = expect(attempt.sync_detailed(uid, client=client), 200, Attempt)
    while judged.verdict is Verdict.PENDING:
        time.sleep(0.2)
        judged = expect(attempt.sync_detailed(uid, client=client), 200, Attempt)
    return judged


def answer_predictions(client: AuthenticatedClient, lesson_id: int) -> None:
    """Predictions are scored, and their person seen on the leaderboard or not."""
    body = AnswerRequest(uid=uuid4(), answer=PREDICTIONS)
    judged = expect(answer_block.sync_detailed(lesson_id, "predict", client=client, body=body), 201, Attempt)
    assert isinstance(judged.feedback, PredictionsFeedback)
    assert (judged.feedback.private_score, judged.feedback.rows) == (1, 20)
    past = expect(attempts.sync_detailed(lesson_id, "predict", client=client), 200, PaginatedPastAttemptList)
    assert isinstance(past.results[0].answer, StoredPredictions)
    assert past.results[0].answer.rows == 20
    expect_none(join_leaderboards.sync_detailed("lines", client=client), 204)
    board = expect(leaderboard.sync_detailed(lesson_id, "predict", client=client), 200, Leaderboard)
    assert [(row.rank, row.is_me, row.score) for row in board.rows] == [(1, True, 1)]
    assert board.me is not None
    expect_none(leave_leaderboards.sync_detailed("lines", client=client), 204)
    board = expect(leaderboard.sync_detailed(lesson_id, "predict", client=client), 200, Leaderboard)
    assert (board.is_member, board.me, board.rows) == (False, None, [])


def keep_work(client: AuthenticatedClient, lesson_id: int) -> None:
    """What is typed is kept, read and thrown away."""
    body = CodeWorkRequest(source=CODE)
    kept = expect(save_work.sync_detailed(lesson_id, "code", client=client, body=body), 200, Work)
    assert (kept.source, kept.version) == (CODE, 1)
    found = expect(saved_work.sync_detailed(lesson_id, "code", client=client), 200, Work)
    assert (found.source, found.saved_at) == (CODE, kept.saved_at)
    expect_none(drop_work.sync_detailed(lesson_id, "code", client=client), 204)
    found = expect(saved_work.sync_detailed(lesson_id, "code", client=client), 200, Work)
    assert (found.source, found.version, found.saved_at) == (None, 0, None)


def ask_for_help(client: AuthenticatedClient, lesson_id: int) -> None:
    """A hint and the solution; there is nothing to check again."""
    assert expect(hints.sync_detailed(lesson_id, "code", client=client), 200, ShownHints).hints == []
    shown = expect(next_hint.sync_detailed(lesson_id, "code", client=client), 200, ShownHints)
    assert (len(shown.hints), shown.total) == (1, 2)
    solution = expect(show_solution.sync_detailed(lesson_id, "code", client=client), 200, Solution)
    assert "double" in solution.html
    refused = expect(recheck_block.sync_detailed(lesson_id, "code", client=client), 409, Problem)
    assert refused.type_ is ProblemType.CONFLICT


def check_again(client: AuthenticatedClient, lesson_id: int, site: Site) -> None:
    """The author changes a check: the pass stays, and may be checked anew."""
    site.change_checks()
    state = expect(lesson.sync_detailed(lesson_id, client=client), 200, Lesson).state.blocks["code"]
    assert (state.is_passed, state.is_outdated) == (True, True)
    sent = recheck_block.sync_detailed(lesson_id, "code", client=client)
    assert sent.status_code in (200, 202)
    assert isinstance(sent.parsed, Attempt)
    assert verdict_on(client, sent.parsed.uid).verdict is Verdict.PASSED
    state = expect(lesson.sync_detailed(lesson_id, client=client), 200, Lesson).state.blocks["code"]
    assert (state.is_outdated, state.attempts_left) == (False, None)
