"""A course folder in all the forms that authors use, with a mark of its own in every place that learners must not see.

Owns the marks and where they are planted. A mark is sixteen letters or digits that stand nowhere else.
"""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from courses.tests.course_folders import PYTHON_3, code, markdown, notebook, write

# Sixteen digits, below 2**53: written out in full as int and as float.
NUMBERS = {
    "numeric: value": "7213548960123457",
    "numeric: tolerance": "1836472950183647",
    "exercise: hidden input": "4902718364509182",
    "exercise: hidden expected value": "4902718364509183",
    "assert: hidden number": "3350917264830159",
}


@dataclass
class Marks:
    """The marks by name. Calling it with a name plants one."""

    planted: dict[str, str] = field(default_factory=lambda: dict(NUMBERS))

    def __call__(self, name: str) -> str:
        digest = hashlib.sha256(name.encode()).hexdigest()[:14]
        letters = digest.translate(str.maketrans("0123456789", "ghijklmnop"))
        return self.planted.setdefault(name, f"zq{letters}")

    def named(self, beginning: str) -> set[str]:
        """The names that begin so: there is at least one."""
        found = {name for name in self.planted if name.startswith(beginning)}
        assert found, beginning
        return found


def write_course(folder: Path, mark: Marks) -> Path:
    """Write the course's folder. Its first lesson is a preview, which everybody may read."""
    labels = "\n".join(f"{row},{mark('labels: class') if row == 9 else 'yes'}" for row in range(1, 11))
    return write(
        folder,
        {
            "course.toml": _about(mark),
            "01-forms/own.ipynb": _own_forms(mark),
            "01-forms/nbgrader.ipynb": _nbgrader(mark),
            "01-forms/book.md": _book(mark),
            "01-forms/lab_ex_1.ipynb": _blank(),
            "01-forms/lab_sol_1.ipynb": _solved(mark),
            "01-forms/tagged.ipynb": _tagged(mark),
            "01-forms/later.ipynb": _text("Later", mark("later: text")),
            "01-forms/removed.ipynb": _text("Removed", mark("removed: text")),
            "01-forms/edited.ipynb": _text("Edited", mark("edited: old text")),
            "solutions/extra.py": f"# {mark('file: solution')}\nx = 1\n",
            "data/rows.csv": "id\n" + "\n".join(str(row) for row in range(1, 11)) + "\n",
            "private/labels.csv": f"id,label\n{labels}\n",
            f"notes/{mark('file: unused name')}.txt": mark("file: unused text"),
        },
    )


def _about(mark: Marks) -> str:
    return f"""# {mark("course.toml: comment")}
uid = "canaries"
title = "Canaries"
summary = "Birds that sing when something leaks."
level = "beginner"
[[modules]]
title = "Forms"
lessons = [
  {{file = "01-forms/own.ipynb", slug = "own", preview = true}},
  {{file = "01-forms/nbgrader.ipynb", slug = "nbgrader"}},
  {{file = "01-forms/book.md", slug = "book", preview = true}},
  {{file = "01-forms/lab_ex_1.ipynb", slug = "lab"}},
  {{file = "01-forms/tagged.ipynb", slug = "tagged", preview = true}},
  {{file = "01-forms/later.ipynb", slug = "later"}},
  {{file = "01-forms/removed.ipynb", slug = "removed"}},
  {{file = "01-forms/edited.ipynb", slug = "edited"}},
]
[files]
data = ["data/rows.csv"]
"""


def _text(title: str, text: str) -> bytes:
    return notebook(markdown(f"# {title}\n\nSome text, {text}.", "t"), minor=5)


def _own_forms(mark: Marks) -> bytes:
    single = f"""```{{quiz}} single
:id: single
:attempts: 3

Which one?

- [x] The first
  > {mark("single: feedback on the right choice")}
- [ ] The second
  > {mark("single: feedback on a wrong choice")}
- [ ] The third
  > {mark("single: feedback on another choice")}

:explanation:
{mark("single: explanation")}
```"""
    multiple = f"""```{{quiz}} multiple
:id: multiple
:partial-credit: true

Which ones?

- [x] North
  > {mark("multiple: feedback on a right choice")}
- [ ] South
  > {mark("multiple: feedback on a wrong choice")}
- [x] East

:explanation:
{mark("multiple: explanation")}
```"""
    numeric = f"""```{{quiz}} numeric
:id: numeric
:attempts: 2

How far?

= {NUMBERS["numeric: value"]} +- {NUMBERS["numeric: tolerance"]} m

:explanation:
{mark("numeric: explanation")}
```"""
    text = f"""```{{quiz}} text
:id: text

Which word?

= {mark("text: accepted")}
= {mark("text: also accepted")}

:explanation:
{mark("text: explanation")}
```"""
    draft = f"""```{{quiz}} single
:id: draft

What does the author mean?

- [ ] This
  > {mark("draft: feedback")}
- [ ] That

:explanation:
{mark("draft: explanation")}
```"""
    predictions = """```{predictions} accuracy
:id: predict
:data: ../data/rows.csv
:labels: ../private/labels.csv
:threshold: 0.6

Predict the label.
```"""
    return notebook(
        markdown("# Own forms", "title", note=mark("metadata: of a cell")),
        code("import math\nstep = 1", "setup", note=mark("metadata: of a code cell")),
        *(markdown(source, f"m{number}") for number, source in enumerate((single, multiple, numeric, text, draft))),
        *_exercise(mark),
        markdown(predictions, "m9"),
        metadata={**PYTHON_3, "note": mark("metadata: of the notebook")},
        minor=5,
    )


def _exercise(mark: Marks) -> list[dict]:
    own = {"points": 2, "id": "shift", "note": mark("exercise: setting that is not known")}
    solution = f'''def shift(x):
    """One step on."""
    ### BEGIN SOLUTION
    word = "{mark("exercise: solution")}"
    return x + step
    ### END SOLUTION
'''
    printed = [{"output_type": "stream", "name": "stdout", "text": mark("exercise: output of the solution")}]
    hidden_test = f'assert shift(4) == 5, "{mark("exercise: hidden region")}"'
    tests = f"assert shift(2) == 3\n### BEGIN HIDDEN TESTS\n{hidden_test}\n### END HIDDEN TESTS"
    big, bigger = NUMBERS["exercise: hidden input"], NUMBERS["exercise: hidden expected value"]
    return [
        markdown("## Shift\n\nWrite `shift`.", "x1", tags=["exercise"], mlpracticum=own),
        code(solution, "x2", tags=["solution"], outputs=printed),
        code('assert shift(1) == 2, "one more"', "x3", tags=["check"]),
        code(tests, "x4", tags=["check"]),
        code(f"assert shift({big}) == {bigger}", "x5", tags=["hidden-check"]),
        code(
            f"found = shift({NUMBERS['assert: hidden number']})\n"
            f"assert found > 5 and found != '{mark('exercise: hidden assert')}'",
            "x6",
            tags=["hidden-check"],
        ),
        markdown(mark("exercise: hint 1"), "x7", tags=["hint"]),
        markdown(mark("exercise: hint 2"), "x8", tags=["hint"]),
    ]


def _nbgrader(mark: Marks) -> bytes:
    def grading(name: str, **more: object) -> dict:
        return {"solution": False, "grade": False, "locked": False, "schema_version": 3, "grade_id": name, **more}

    answer = (
        f"def twice(x):\n    ### BEGIN SOLUTION\n    return 2 * x  # {mark('nbgrader: solution')}\n    ### END SOLUTION"
    )
    tests = (
        "assert twice(1) == 2\n### BEGIN HIDDEN TESTS\n"
        f'assert twice(7) == 14, "{mark("nbgrader: hidden test")}"\n### END HIDDEN TESTS'
    )
    scheme = mark("nbgrader: mark scheme")
    return notebook(
        markdown("# Assignment", "h"),
        markdown("## Part A\n\nWrite `twice`.", "p"),
        code(answer, "a", nbgrader=grading("a", solution=True)),
        code(tests, "t", nbgrader=grading("t", grade=True, locked=True, points=1)),
        markdown("## Part B\n\nSay why.", "q"),
        markdown(mark("nbgrader: model answer"), "w", nbgrader=grading("w", solution=True, grade=True, points=2)),
        markdown(
            f"## Part C\n\nProve it.\n\n=== BEGIN MARK SCHEME ===\n{scheme}\n=== END MARK SCHEME ===",
            "x",
            nbgrader=grading("x", task=True, points=4),
        ),
        minor=5,
    )


def _book(mark: Marks) -> str:
    return f"""---
jupytext:
  text_representation:
    format_name: myst
kernelspec:
  name: python3
  language: python
---

# Book

```{{exercise}} Rates
:label: rates

Plot two rates.
```

```{{solution-start}} rates
:class: dropdown
```

{mark("myst: words of a solution")}

```{{code-cell}} ipython3
rate = "{mark("myst: code of a solution")}"
```

```{{solution-end}}
```

````{{exercise}}
:label: signs

Which sign?
````

````{{solution}} signs
It is {mark("myst: solution")}.
````

<details>
<summary>Solution</summary>

{mark("html: folded solution")}

</details>
"""


def _blank() -> bytes:
    return notebook(
        markdown("# Lab", "l1"),
        markdown("## Task\n\nWrite the sum.", "l2"),
        code("# Write your code here.", "l3"),
        minor=5,
    )


def _solved(mark: Marks) -> bytes:
    return notebook(
        markdown("# Lab", "l1"),
        markdown("## Task\n\nWrite the sum.", "l2"),
        code(f'total = "{mark("pair: solution")}"', "l3"),
        markdown(mark("pair: words of the solution"), "l4"),
        minor=5,
    )


def _tagged(mark: Marks) -> bytes:
    printed, removed = (
        [{"output_type": "stream", "name": "stdout", "text": mark(f"tagged: {name}")}]
        for name in ("output of a solution", "removed output")
    )
    return notebook(
        markdown("# Tagged", "g1"),
        markdown("## Exercise\n\nAdd them up.", "g2"),
        code(f'answer = "{mark("tagged: solution")}"', "g3", tags=["solution"], outputs=printed),
        markdown("Go on.", "g4"),
        code("left_out = 1", "g5", tags=["remove-output"], outputs=removed),
        markdown("The end.", "g6"),
        minor=5,
    )
