"""Exercises, checks and solutions of other dialects in one lesson: which cells make an exercise, which are withheld.

Looks at all cells before any block is made, so that a check or a solution knows the exercise that it belongs to. What
is recognised as a solution is never shown: it goes to its exercise, or stays in its block's private metadata.
"""

import builtins
import re
from dataclasses import dataclass, field
from typing import Any

from courses.content.dialects_exercise import Gathered, imports_of
from courses.content.dialects_marks import (
    HIDDEN_CHECK_TAGS,
    announces_solution,
    has_blank,
    is_check_cell,
    is_only_checks,
    is_solution_cell,
    is_solution_title,
    names_a_task,
    reveals_solution,
)
from courses.content.dialects_nbgrader import NOTHING, grading, is_stub
from courses.content.dialects_otter import Question, gather_question, marked, questions
from courses.content.dialects_sections import Sections, answer_sections
from courses.content.dialects_text import split_text
from courses.content.dialects_visible import Part, visible
from courses.content.exercises import (
    PLACEHOLDER,
    has_answer_region,
    is_exercise_start,
    split_solution,
    without_answers,
)
from courses.content.notebook import Cell
from courses.content.python_source import bound_names, parse_python, read_names
from courses.content.references import first_heading

REACH = 8
"""How many cells after a blank may hold its checks and its solution; nbgrader's tests may stand anywhere below."""

MAX_QUESTION = 2_000
"""Characters of a text without a heading that is taken for the words of the exercise below it."""

_HEADING = re.compile(r"^ {0,3}(#{1,6})[ \t]+(.*)", re.M)


@dataclass
class Forms:
    """The forms of one notebook. `answers` are cells of its solution notebook, by the place of the blank they fill."""

    cells: list[Cell]
    language: str
    answers: dict[int, list[Cell]] = field(default_factory=dict)
    starters: dict[int, list[int]] = field(default_factory=dict)
    withheld: set[int] = field(default_factory=set)
    quiet: set[int] = field(default_factory=set)
    owned: set[int] = field(default_factory=set)
    sections: Sections = field(default_factory=Sections)
    questions: dict[int, Question] = field(default_factory=dict)
    _imports: list[list[tuple[set[str], str]]] | None = None

    def __post_init__(self) -> None:
        owned = self.owned
        self.questions = questions(self.cells)
        asked = {place for start, question in self.questions.items() for place in range(start, question.end)}
        own = {index for index, cell in enumerate(self.cells) if _says_itself(cell)}
        self.sections = answer_sections(self.cells, asked | own)
        owned.update(asked)
        for index in range(len(self.cells)):
            if index not in owned and self._is_starter(index):
                self.starters[index] = self._reach(index)
                owned.update(self.starters[index])
        starting = set(self.starters)
        below = False
        for index, cell in enumerate(self.cells):
            below = announces_solution(cell.source) if cell.cell_type == "markdown" else below
            if index in starting or index in asked:
                continue
            if index in self.sections.cells or marked(cell):
                self.withheld.add(index)
            if below and cell.cell_type == "code":
                self.withheld.add(index)
            if is_solution_cell(cell) or index in owned and self._is_spent(cell) or cell.tags & HIDDEN_CHECK_TAGS:
                self.withheld.add(index)
            elif cell.cell_type == "code" and reveals_solution(cell.source):
                self.quiet.add(index)

    def is_solution(self, index: int) -> bool:
        """Whether the cell at `index` is a solution as a whole: by itself, or by the section that it stands in."""
        return index in self.sections.cells or is_solution_cell(self.cells[index])

    def parts(self, index: int) -> list[Part]:
        """The text of the Markdown cell at `index` in parts, those below a heading "Solution" among them."""
        found: list[Part] = []
        for text, is_answer in self.sections.pieces(index, self.cells[index].source):
            found += [Part(text, "solution", solutions=[text.strip()])] if is_answer else split_text(text)
        return found

    def _is_spent(self, cell: Cell) -> bool:
        """Whether a check need not be shown beside the exercise that lists it."""
        return grading(cell).is_test or bool(cell.tags & HIDDEN_CHECK_TAGS) or is_only_checks(cell.source)

    def _is_starter(self, index: int) -> bool:
        cell = self.cells[index]
        known = grading(cell)
        if known.is_answer or known.is_task:
            return True
        if cell.cell_type != "code" or self.is_solution(index) or known.is_test:
            return False
        if "exercise" in cell.tags or index in self.answers:
            return True
        may_be = has_blank(cell.source) or has_answer_region(cell.source)
        return may_be and not is_check_cell(cell.source) and bool(self._reach(index))

    def _reach(self, index: int) -> list[int]:
        """The cells below that check or solve the blank at `index`."""
        graded = grading(self.cells[index])
        if graded.is_manual:
            return []
        found: list[int] = []
        for place in range(index + 1, len(self.cells)):
            cell = self.cells[place]
            known = grading(cell)
            if graded.is_answer:
                if known.is_answer or known.is_task:
                    break
                if known.is_test:
                    found.append(place)
                continue
            if place > index + REACH or is_exercise_start(cell) or known.is_answer or known.is_task:
                break
            if self.is_solution(place):
                found.append(place)
            elif cell.cell_type == "markdown":
                heading = _HEADING.search(cell.source)
                if heading and not is_solution_title(heading[2]):
                    break
            elif cell.cell_type == "code":
                if "exercise" in cell.tags or place in self.answers or has_blank(cell.source):
                    break
                if is_check_cell(cell.source) or cell.tags & HIDDEN_CHECK_TAGS:
                    found.append(place)
        return found

    def exercise_at(self, index: int) -> list[Cell]:
        """The cells of the exercise that begins at `index`, its words before its blank; [] for none."""
        if index in self.questions:
            return self.cells[index : self.questions[index].end]
        if index in self.starters:
            return [self.cells[index]]
        cell = self.cells[index]
        if index + 1 not in self.starters or cell.cell_type != "markdown" or index in self.withheld or cell.attachments:
            return []
        if grading(self.cells[index + 1]).is_task or grading(cell).is_answer or len(cell.source) > 20_000:
            return []
        heading = _HEADING.search(cell.source)
        is_page_title = bool(heading) and len(heading[1]) == 1 if heading else False
        says_so = names_a_task(heading[2] if heading else cell.source.strip())
        is_question = index + 1 in self.answers and not heading and len(cell.source) <= MAX_QUESTION
        is_wanted = grading(self.cells[index + 1]).is_answer or says_so or is_question
        parts = self.parts(index)
        is_plain = len(parts) == 1 and parts[0].kind == "text" and not parts[0].withholds
        return [cell, self.cells[index + 1]] if is_wanted and is_plain and not is_page_title else []

    def gather(self, cells: list[Cell], index: int) -> Gathered:
        """What the exercise of `cells` is, whose first stands at `index`."""
        if index in self.questions:
            return self._gather_question(self.questions[index], cells, index)
        cell = cells[-1]
        start = index + len(cells) - 1
        graded = grading(cell)
        gathered = Gathered(cell, language=self.language, points=graded.points or None)
        if len(cells) == 2:
            gathered.title, prompt = first_heading(cells[0].source)
            gathered.prompt = re.sub(r"\A(?:\s*(?:-{3,}|\*{3,}|_{3,})[ \t]*\n)+", "", prompt)
        if cell.cell_type == "markdown":
            self._gather_words(gathered, cell)
            return gathered
        self._gather_code(gathered, cell, index=start)
        worth = 0.0
        for place in self.starters[start]:
            owned = self.cells[place]
            if self.is_solution(place):
                gathered.add_solution(owned.source, is_code=owned.cell_type == "code")
            elif self.language == "python":
                gathered.add_checks(owned, hidden=bool(owned.tags & HIDDEN_CHECK_TAGS))
                worth += grading(owned).points
        gathered.points = worth or gathered.points
        for answer in self.answers.get(start, ()):
            gathered.add_solution(answer.source, is_code=answer.cell_type == "code")
        self._add_imports(gathered, start)
        if not gathered.title:
            gathered.title = self._title_above(index)
        return gathered

    def _gather_question(self, question: Question, cells: list[Cell], index: int) -> Gathered:
        gathered = gather_question(question, cells, self.language)
        self._add_imports(gathered, index)
        return gathered

    def _gather_words(self, gathered: Gathered, cell: Cell) -> None:
        """An answer or task in words, which a person grades."""
        if grading(cell).is_task:
            shown, removed = visible(cell.source)
            gathered.title, gathered.prompt = first_heading(shown)
            for text in removed:
                gathered.add_solution(text, is_code=False)
        elif not is_stub(cell.source):
            gathered.add_solution(cell.source, is_code=False)

    def _gather_code(self, gathered: Gathered, cell: Cell, *, index: int) -> None:
        source = cell.source
        if has_answer_region(source):
            starter, solution = split_solution(source, gathered.problems, cell.number)
            gathered.starter = without_answers(starter)
            gathered.add_solution(without_answers(solution), is_code=True)
        elif grading(cell).is_answer and not is_stub(source) and not has_blank(source):
            gathered.starter = PLACEHOLDER + "\n"
            gathered.add_solution(source, is_code=True)
        else:
            gathered.starter = source

    def _add_imports(self, gathered: Gathered, index: int) -> None:
        """What the notebook imported further up stands in the starter too: an exercise is checked on its own."""
        if self.language != "python" or not (gathered.checks or gathered.hidden_checks):
            return
        sources = [gathered.starter, *(text for text, is_code in gathered.solutions if is_code)]
        sources += [check.get("source") or check["expression"] for check in [*gathered.checks, *gathered.hidden_checks]]
        trees = [tree for tree in map(parse_python, sources) if tree is not None]
        missing = set().union(*map(read_names, trees)) - set().union(*map(bound_names, trees)) - set(dir(builtins))
        if self._imports is None:
            self._imports = [imports_of(cell.source) if cell.cell_type == "code" else [] for cell in self.cells]
        above = [statement for found in self._imports[:index] for statement in found]
        imports = "\n".join(dict.fromkeys(text for names, text in above if names & missing))
        if imports:
            gathered.starter = f"{imports}\n\n{gathered.starter}"
            first = next((n for n, (_, is_code) in enumerate(gathered.solutions) if is_code), None)
            if first is not None:
                gathered.solutions[first] = (f"{imports}\n\n{gathered.solutions[first][0]}", True)

    def _title_above(self, index: int) -> str:
        """The nearest heading above, when it stands in the cell before: an exercise without one of its own."""
        above = self.cells[index - 1] if index else None
        if above is None or above.cell_type != "markdown":
            return ""
        headings = _HEADING.findall(above.source)
        return re.sub(r"[*_`]", "", headings[-1][1]).strip(" #") if headings else ""


def _says_itself(cell: Cell) -> bool:
    """Whether a cell's own tags or metadata say what it is, so that no heading above it does."""
    return is_exercise_start(cell) or grading(cell) is not NOTHING


@dataclass
class OpenExercise:
    """An exercise whose `block` is in its place and is filled when the whole lesson has been read."""

    gathered: Gathered
    block: dict[str, Any]
    text: Any


@dataclass
class OpenForms:
    """What is open while a lesson's text is read: an exercise or a solution that reaches over several cells."""

    gate: str = ""
    label: str = ""
    current: OpenExercise | None = None
    all: list[OpenExercise] = field(default_factory=list)
    waiting: list[tuple[str, str, bool, int]] = field(default_factory=list)

    def open(self, exercise: OpenExercise, *, gate: bool) -> None:
        """An exercise begins; with a `gate` it takes in what follows until its end."""
        self.all.append(exercise)
        self.current = exercise
        self.gate = "exercise" if gate else ""

    def solve(self, text: str, label: str, number: int, *, is_code: bool) -> None:
        """A solution for the exercise called `label`, or for the one just read."""
        if label:
            self.waiting.append((label, text, is_code, number))
        elif self.current is not None:
            self.current.gathered.add_solution(text, is_code=is_code)

    def settle(self) -> list[tuple[int, str]]:
        """Bring waiting solutions to their exercises; says which of them have none here."""
        by_label = {exercise.gathered.label: exercise for exercise in self.all if exercise.gathered.label}
        lost: dict[str, int] = {}
        for label, text, is_code, number in self.waiting:
            if label in by_label:
                by_label[label].gathered.add_solution(text, is_code=is_code)
            else:
                lost.setdefault(label, number)
        self.waiting = []
        return [
            (number, f"solves {label!r}, which is no exercise of this lesson: it is kept private")
            for label, number in lost.items()
        ]


def part_exercise(part: Part, head: Cell, language: str) -> Gathered:
    """What an exercise is that was read as a part of a text."""
    gathered = Gathered(head, part.title, part.body, label=part.label, hints=list(part.hints), language=language)
    for text in part.solutions:
        gathered.add_solution(text, is_code=False)
    return gathered
