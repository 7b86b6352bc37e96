"""Which files of a course say the same thing twice, and which hold answers: judged by names, copies by their bytes.

A file that holds answers is never a lesson and never a download; `solution_pairs` says which exercise it belongs to.
Knows paths and bytes, no cell and no order.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable
from posixpath import basename, splitext

from courses.content.course_files import CourseFiles, folder_of

SMALL_COPY = 2_000
"""Bytes below which equal files are copies only when their names are equal too: blank starters resemble each other."""

_MAX_COMPARED = 100_000_000
_ANSWERS = frozenset(
    {
        *("solution", "solutions", "sol", "sols", "soln", "solns", "answer", "answers", "answerkey", "instructor"),
        *("instructors", "решение", "решения", "ответ", "ответы", "solucion", "soluciones", "corrige", "corriges"),
        *("corrigé", "corrigés", "lösung", "lösungen", "loesung", "loesungen", "解答", "答案"),
    }
)
_ANSWER_FOLDERS = _ANSWERS | {"teacher", "teachers", "autograder"}
_EXERCISES = frozenset(
    {
        *("ex", "exercise", "exercises", "exo", "exos", "assignment", "assignments", "problem", "problems", "question"),
        *("questions", "student", "students", "starter", "starters", "blank", "unsolved", "todo"),
    }
)
_EXERCISE_FOLDERS = _EXERCISES | {"working", "start", "workbook", "workbooks"}
_DONE = frozenset({"completed", "complete", "solved", "filled", "finished"})
# `Solutions to week 1` answers something; `solution-methods` teaches.
_AFTER_ANSWER = _EXERCISES | {
    *("to", "for", "notebook", "notebooks", "hw", "homework", "lab", "labs", "week", "chapter", "ch", "quiz", "task"),
    *("tasks", "set", "manual", "key", "notes", "guide", "only", "part", "version", "ps", "lesson", "tutorial", "exam"),
}
# `closed-form-solution` and `question-answer` are subjects that courses teach.
_SUBJECTS = frozenset(
    {
        *("closed", "form", "analytic", "analytical", "numeric", "numerical", "exact", "squares", "general", "optimal"),
        *("approximate", "iterative", "linear", "equation", "equations", "question", "questions", "and", "visual"),
    }
)
_AFTERTHOUGHTS = frozenset({"r", "py", "python", "julia", "colab", "executed", "output", "outputs", "v", "final"})
_GENERIC = frozenset(
    {"notebook", "index", "readme", "assignment", "exercise", "exercises", "starter", "lesson", "main"}
)
_NBGRADER_COPIES = frozenset({"release", "submitted", "autograded", "feedback", "downloaded"})


def is_answer_file(path: str) -> bool:
    """Whether the names say that the file holds answers: in a `solutions/` folder, or called `lab_solution`."""
    *folders, name = path.split("/")
    return any(_names_answer_folder(folder) for folder in folders) or _names_answer(splitext(name)[0])


def solution_pairs(paths: Iterable[str]) -> dict[str, str]:
    """Exercise file → its solution file, of `paths`, by their names alone.

    `X_ex_N` and `X_sol_N`, `_exercises` and `_solutions`, `solution/` and `instructor/` folders beside or below,
    `X` and `X__completed`, `assignment` and `assignment_solution`. A solution that fits two exercises equally well is
    the pair of none.
    """
    files = sorted(set(paths))
    exercises: dict[tuple[str, ...], list[str]] = defaultdict(list)
    solutions: list[str] = []
    for path in files:
        if is_answer_file(path) or _may_be_answer(path):
            solutions.append(path)
        if not is_answer_file(path):
            exercises[_subject(path)].append(path)
    pairs: dict[str, tuple[tuple[int, ...], str]] = {}
    for solution in solutions:
        ranked = sorted(
            (_fit(exercise, solution), exercise)
            for exercise in exercises[_subject(solution)]
            if exercise != solution and not _may_be_answer(exercise)
        )
        if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
            continue
        fit, exercise = ranked[0]
        if exercise not in pairs or fit < pairs[exercise][0]:
            pairs[exercise] = (fit, solution)
    return {exercise: solution for exercise, (_, solution) in pairs.items()}


def answer_files(paths: Iterable[str]) -> dict[str, str | None]:
    """The files of `paths` that hold answers, each with its exercise file when that is there."""
    files = sorted(set(paths))
    exercise_of = {solution: exercise for exercise, solution in solution_pairs(files).items()}
    return {path: exercise_of.get(path) for path in files if path in exercise_of or is_answer_file(path)}


def student_twins(paths: Iterable[str]) -> dict[str, str]:
    """Files of which a learner's version lies in `student/` below them or beside: path → the learner's version.

    Where a course keeps `X`, `student/X` and `instructor/X`, the first has the answers in it as the last has.
    """
    files = set(paths)
    twins: dict[str, str] = {}
    for path in files:
        folder, name = folder_of(path), basename(path)
        for kind in ("student", "students"):
            twin = f"{folder}/{kind}/{name}".lstrip("/")
            if twin in files:
                twins[path] = twin
        stem, suffix = splitext(path)
        for ending in ("_student", "-student"):
            if f"{stem}{ending}{suffix}" in files:
                twins[path] = f"{stem}{ending}{suffix}"
    return twins


def is_grading_copy(path: str, files: CourseFiles) -> bool:
    """Whether the file lies in a folder that nbgrader fills from `source/` beside it: releases, submitted work."""
    parts = path.split("/")
    return any(
        part in _NBGRADER_COPIES and "/".join([*parts[:place], "source"]) in files.folders
        for place, part in enumerate(parts[:-1])
    )


def equal_files(paths: Iterable[str], files: CourseFiles) -> list[list[str]]:
    """Groups of two or more of `paths` with the same bytes, each in the order of `paths`."""
    by_size: dict[int, list[str]] = defaultdict(list)
    for path in paths:
        if 0 < files.sizes[path] <= _MAX_COMPARED:
            by_size[files.sizes[path]].append(path)
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for size, same_size in by_size.items():
        if len(same_size) == 1:
            continue
        for path in same_size:
            name = "" if size >= SMALL_COPY else _copy_name(path)
            try:
                digest = hashlib.sha256(files.read(path, max_bytes=_MAX_COMPARED)).hexdigest()
            except (OSError, ValueError):
                continue  # reading the lesson itself will say what is wrong
            groups[digest, name].append(path)
    return [group for group in groups.values() if len(group) > 1]


def _copy_name(path: str) -> str:
    """What a small copy's name must equal; a name that says nothing of its content is equal to no other's."""
    words = [word for word in _words(splitext(basename(path))[0]) if word not in ("copy", "of")]
    while len(words) > 1 and words[-1].isdecimal() and "copy" in path.casefold():
        words.pop()
    return path if not words or words[0] in _GENERIC else "".join(words)


# Words


def _words(name: str) -> list[str]:
    """The words and numbers of a name, in lower case: `Lab01Solutions` is lab, 1, solutions."""
    parted = re.sub(r"(?<=[a-zа-я0-9])(?=[A-ZА-Я])", " ", name)
    return [str(int(word)) if word.isdecimal() else word for word in re.findall(r"[^\W\d_]+|\d+", parted.casefold())]


def _names_answer_folder(folder: str) -> bool:
    words = [word for word in _words(folder) if not word.isdecimal()]
    if not words:
        return False
    return (len(words) == 1 and words[0] in _ANSWER_FOLDERS) or _says_answer(words)


def _names_answer(stem: str) -> bool:
    return bool(re.search(r"__(?:completed?|solved|filled)$", stem, re.I)) or _says_answer(_words(stem))


def _says_answer(words: list[str]) -> bool:
    """Whether the words end, begin or are numbered as those of an answer's name are."""
    if "answer" in words and "key" in words[words.index("answer") :]:
        return True
    while len(words) > 1 and (words[-1].isdecimal() or words[-1] in _AFTERTHOUGHTS):
        words = words[:-1]
    if words and words[-1] in _ANSWERS:
        return len(words) == 1 or words[-2] not in _SUBJECTS
    first = next((place for place, word in enumerate(words) if word in _ANSWERS), None)
    if first is None or (first and words[first - 1] in _SUBJECTS):
        return False
    after = words[first + 1]
    return after.isdecimal() or after in _AFTER_ANSWER


def _may_be_answer(path: str) -> bool:
    """Whether the name makes an answer of it where there is an exercise of the same subject."""
    words = _words(splitext(basename(path))[0])
    return any(word in _ANSWERS | _DONE for word in words)


def _subject(path: str) -> tuple[str, ...]:
    """What is left of a path when the words that say exercise or answer are taken out: equal for both of a pair."""
    *folders, name = path.split("/")
    kept = [folder for folder in folders if not _is_role_folder(folder)]
    words = [word for word in _words(splitext(name)[0]) if word not in _ANSWERS | _EXERCISES | _DONE]
    return (*kept, "/", *words)


def _is_role_folder(folder: str) -> bool:
    words = _words(folder)
    return (
        bool(words)
        and all(word in _ANSWER_FOLDERS | _EXERCISE_FOLDERS | _DONE or word.isdecimal() for word in words)
        and (not all(word.isdecimal() for word in words))
    )


def _fit(exercise: str, solution: str) -> tuple[int, ...]:
    """How far the two are apart: a file of another kind, no exercise by name, in another folder."""
    words = {*_words(splitext(basename(exercise))[0]), *_words(basename(folder_of(exercise)))}
    return (
        int(splitext(exercise)[1] != splitext(solution)[1]),
        int(not words & _EXERCISE_FOLDERS),
        int(folder_of(exercise) != folder_of(solution)),
    )
