"""From an answer to a judgement: reads answers, calls the grading library, and turns shares into points.

Owns which part of a block goes to which grader. Writes nothing; the sandbox is run here and must not be inside a
transaction that others wait for.
"""

import gzip
import hashlib
import json
import logging
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from posixpath import basename, dirname
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone

from courses.models import Lesson
from courses.selectors import LessonBlock, stored_path
from progress.grading import exercises, metrics, predictions, quizzes, sandbox
from progress.models import Attempt
from progress.services.refusals import Conflict

MAX_CODE = 64 * 1024  # bytes of an answer's source code
FEW = 2_000_000  # bytes of data files that every run gets
STEP = Decimal("0.001")  # of a point
_METRICS = {
    "f1": "F1",
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "mae": "mean absolute error",
    "rmse": "RMSE",
    "r2": "R²",
}

log = logging.getLogger(__name__)


class AnswerRefused(ValueError):
    """The answer cannot be read; the text is for the person. It costs no try."""


@dataclass(frozen=True)
class Answer:
    """An answer in the grader's normal form. `stored` goes into the attempt; `content` is what is judged."""

    content: Any
    stored: Any


@dataclass(frozen=True)
class Judgement:
    """The verdict on an answer: `score` in points, `outcome` for the person's eyes."""

    passed: bool
    score: Decimal
    outcome: dict[str, Any]


def max_score(block: LessonBlock) -> Decimal:
    """What the block gives at most. `block` is judged."""
    return Decimal(str((block.check or {})["points"])).quantize(STEP)


def fields_of(block: LessonBlock) -> dict[str, Any]:
    """What an attempt keeps of the block that it answers."""
    return {
        "block_uid": block.id,
        "block_type": block.type,
        "revision": block.revision,
        "check_hash": (block.check or {})["hash"],
        "max_score": max_score(block),
    }


def settled_fields(attempt: Attempt, judgement: Judgement) -> dict[str, Any]:
    """What an attempt's row says once it is judged. Who saw the solution before passes without points."""
    return {
        "verdict": Attempt.Verdict.PASSED if judgement.passed else Attempt.Verdict.FAILED,
        # The points are those of the attempt's own revision; a compiler's change must not break the row's rule.
        "score": Decimal(0) if attempt.after_solution else min(judgement.score, attempt.max_score),
        "outcome": judgement.outcome,
        "verified_by": Attempt.VerifiedBy.SERVER,
        "checked_at": timezone.now(),
    }


def read_answer(block: LessonBlock, answer: Any) -> Answer:
    """Bring an answer into its normal form.

    Raises:
        AnswerRefused: it cannot be read.
        Conflict: the block's own files cannot be read, so that nothing can be judged.
    """
    try:
        if block.type == "quiz":
            normal = quizzes.read_answer(block.public, answer)
            return Answer(normal, normal)
        if block.type == "exercise":
            code = exercises.read_answer(block.public, answer)
            if len(code.encode()) > MAX_CODE:
                raise AnswerRefused(f"must have at most {MAX_CODE // 1024} kB")
            return Answer(code, code)
        rows = predictions.read_predictions(answer, _labels_of(block), block.public["metric"])
    except AnswerRefused:
        raise
    except ValueError as error:
        raise AnswerRefused(str(error)) from error
    return Answer(rows, {"rows": len(rows), "sha256": hashlib.sha256(_as_json(rows)).hexdigest()})


def packed(rows: list[Any]) -> bytes:
    """Predictions as a `PredictionFile` has them."""
    return gzip.compress(_as_json(rows), mtime=0)


def unpacked(content: bytes) -> list[Any]:
    """Predictions out of a `PredictionFile`."""
    return json.loads(gzip.decompress(content))


def _as_json(rows: list[Any]) -> bytes:
    return json.dumps(rows, separators=(",", ":")).encode()


def judge_at_once(block: LessonBlock, content: Any, *, is_last: bool) -> Judgement:
    """Judge a quiz's answer or predictions. `is_last`: no try is left after this one, so that answers may be told.

    Raises:
        Conflict: the predictions cannot be scored, by a fault of their author's.
    """
    if block.type == "predictions":
        return _judge_predictions(block, content)
    graded = quizzes.grade(block.public, block.key, float(max_score(block)), content)
    outcome = quizzes.feedback(block.public, block.key, graded, settled=graded.passed or is_last)
    return Judgement(graded.passed, _share(block, graded.share), outcome)


def judge_exercise(block: LessonBlock, code: str, *, lesson: Lesson, starting: float) -> Judgement:
    """Run an answer's code in the sandbox, beside the course's data files, and judge what came out.

    `starting`: seconds that the sandbox may take to start.

    Raises:
        SandboxFailed: the run says nothing of the code; try again.
        PackagesMissing: this server lacks packages that the exercise needs.
    """
    job = exercises.job_of(block.public, block.key, code, files={})
    files = _files_for(job, lesson.course.data_files)
    job = replace(job, files=files, folder=dirname(lesson.source_path) if files else "")
    judged = exercises.judgement(block.public, block.key, sandbox.run(job, starting=starting))
    return Judgement(judged.passed, _share(block, judged.share), judged.feedback)


def _files_for(job: sandbox.Job, data_files: dict[str, str]) -> dict[str, bytes]:
    """The course's data files under the names that lessons use; where they are many or large, those that it names."""
    found = {path: stored_path(name) for path, name in data_files.items()}
    sizes = {path: default_storage.size(stored) for path, stored in found.items() if default_storage.exists(stored)}
    if sum(sizes.values()) > FEW:
        text = " ".join([job.code, job.setup, *(str(check) for check in (*job.checks, *job.hidden_checks))])
        sizes = {path: size for path, size in sizes.items() if basename(path) in text}
    files: dict[str, bytes] = {}
    for path, size in sizes.items():
        if size + sum(map(len, files.values())) <= sandbox.MAX_FILES:
            with default_storage.open(found[path]) as file:
                files[path] = file.read()
    return files


def _share(block: LessonBlock, share: float) -> Decimal:
    return (max_score(block) * Decimal(str(share))).quantize(STEP, ROUND_HALF_UP)


def _judge_predictions(block: LessonBlock, rows: list[Any]) -> Judgement:
    metric, threshold = block.public["metric"], block.public["threshold"]
    try:
        scores = predictions.score(_labels_of(block), rows, metric, split_seed=block.key["labels"])
    except ValueError as error:
        log.exception("block %s: predictions cannot be scored", block.id)
        raise Conflict("These predictions cannot be scored: their labels do not allow it. Tell the author.") from error
    passed = metrics.reaches(metric, scores.private, threshold)
    bound = "at most" if metric in metrics.LOWER_IS_BETTER else "at least"
    wanted = f"{_METRICS.get(metric, metric)} of {bound} {threshold:g}"
    found = f"{scores.public:.4g} on the public part"
    outcome = {
        "message": f"{found.capitalize()}; asked for was {wanted} on the private part."
        if passed
        else f"{found.capitalize()}; asked for is {wanted} on the private part.",
        "metric": metric,
        "public_score": scores.public,
        # Told only when nothing more can be gained: else tries would tell the private labels bit by bit.
        "private_score": scores.private if passed else None,
        "rows": scores.rows,
    }
    return Judgement(passed, _share(block, float(passed)), outcome)


def _labels_of(block: LessonBlock) -> predictions.Labels:
    try:
        return _labels(block.key["labels"])
    except (OSError, ValueError, KeyError) as error:
        log.exception("block %s: the labels cannot be read", block.id)
        raise Conflict("These predictions cannot be scored at the moment: their labels cannot be read.") from error


@lru_cache(maxsize=4)
def _labels(name: str) -> predictions.Labels:
    """The labels of a file, which never changes: its name is the hash of its bytes."""
    with default_storage.open(stored_path(name)) as file:
        return predictions.read_labels(file.read())
