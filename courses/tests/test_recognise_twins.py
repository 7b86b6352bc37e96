"""One lesson once: solutions, student and instructor versions, translations, copies; judged by names and bytes."""

import pytest

from courses.content.compiling import compile_body
from courses.content.course_files import list_files
from courses.content.folder import read_course
from courses.content.order import survey
from courses.content.report import CourseRefused
from courses.content.translations import translations
from courses.content.twins import is_answer_file, solution_pairs
from courses.tests.course_folders import code, markdown, notebook, write

PERCENT = (
    "# ---\n# jupyter:\n#   kernelspec:\n#     name: python3\n# ---\n\n# %% [markdown]\n# # Script\n\n# %%\nx = 1\n"
)
MYST = "---\njupytext: {}\nkernelspec: {name: python3}\n---\n\n# Text\n\n```{code-cell}\nx = 1\n```\n"


def lesson(words, *, length=0):
    return notebook(markdown(f"# {words}"), code("#" * length or "1"))


def course(tmp_path, files):
    return read_course(write(tmp_path, files))


def paths(read):
    return [lesson.path for lesson in read.lessons]


def problems(read):
    return [str(problem) for problem in read.report.problems]


# Solutions


@pytest.mark.parametrize(
    ("exercise", "solution"),
    [
        ("linear_ex_01.ipynb", "linear_sol_01.ipynb"),
        ("week/loops_exercises.ipynb", "week/loops_solutions.ipynb"),
        ("week/notebook.ipynb", "week/solution/notebook.ipynb"),
        ("week/working/notebook.ipynb", "week/solution/notebook.ipynb"),
        ("trees.ipynb", "trees__completed.ipynb"),
        ("trees.ipynb", "trees_completed.ipynb"),
        ("assignment.ipynb", "assignment_solution.ipynb"),
        ("week/assignment.md", "week/solution/assignment-solution.ipynb"),
        ("student/loops.ipynb", "instructor/loops.ipynb"),
        ("loops_student.ipynb", "loops_instructor.ipynb"),
        ("exercises/1.ipynb", "solutions/01.ipynb"),
        ("Lab1.ipynb", "Lab1Solution.ipynb"),
        ("week 1/my lab.ipynb", "week 1/my lab solution.ipynb"),
        ("упражнение 1 задачи.ipynb", "упражнение 1 задачи решение.ipynb"),
    ],
)
def test_an_exercise_is_paired_with_its_solution_by_name(exercise, solution):
    others = ["intro.ipynb", "week/README.md", "solution-methods.ipynb"]
    assert solution_pairs([solution, *others, exercise]) == {exercise: solution}


def test_an_exercise_by_name_is_preferred_to_the_lesson_of_that_name():
    names = ["loops.ipynb", "loops_exercise.ipynb", "loops_solution.ipynb", "loops_exercise.py"]
    assert solution_pairs(names) == {"loops_exercise.ipynb": "loops_solution.ipynb"}


def test_a_solution_that_fits_two_exercises_is_the_pair_of_none():
    names = ["ex/loops_ex.ipynb", "exercises/loops_ex.ipynb", "solutions/loops.ipynb"]
    assert solution_pairs(names) == {}


@pytest.mark.parametrize(
    "name",
    [
        *("solution.ipynb", "Solutions.md", "a/solutions/b.ipynb", "exercise-solutions.ipynb", "hw1_answer_key.md"),
        *("Solutions to week 2.ipynb", "solution_ex_3.ipynb", "lab_sol_2.ipynb", "01-Solutions/a.ipynb", "answers.md"),
        *("instructors/notes.md", "teacher/a.ipynb", "x__completed.ipynb", "lab_solution_v2.ipynb", "答案.ipynb"),
    ],
)
def test_names_of_answers_are_recognised(name):
    assert is_answer_file(name)


@pytest.mark.parametrize(
    "name",
    [
        *("closed-form-solution.ipynb", "solution-methods.ipynb", "numerical_solutions.ipynb", "resolution.ipynb"),
        *(
            "question-answer.ipynb",
            "question_answering.ipynb",
            "student_teacher.ipynb",
            "solar.ipynb",
            "get_completed.md",
        ),
        *("key_value_stores.ipynb", "absolute.ipynb", "solutions_architecture.md"),
    ],
)
def test_lessons_about_solutions_and_answers_are_lessons(name):
    assert not is_answer_file(name)


FOLDER = {
    "01-loops_ex_1.ipynb": lesson("Exercise"),
    "01-loops_sol_1.ipynb": lesson("The secret"),
    "02-trees.ipynb": lesson("Trees"),
    "solutions/02-trees.ipynb": lesson("More secrets"),
    "instructors/notes.md": "# Notes for instructors\n",
}
TOC = "- file: 01-loops_ex_1\n- file: 01-loops_sol_1\n- file: 02-trees\n- file: solutions/02-trees\n"
README = "# C\n\n" + "".join(f"- [x]({path})\n" for path in FOLDER)


@pytest.mark.parametrize("order", [{}, {"_toc.yml": TOC}, {"README.md": README}])
def test_no_order_makes_a_lesson_of_a_solution(tmp_path, order):
    files = FOLDER | order
    if "README.md" in order:
        files |= {"03-more.ipynb": lesson("More")}
        files["README.md"] += "- [y](03-more.ipynb)\n"
    read = course(tmp_path, files)
    assert [path for path in paths(read) if path != "03-more.ipynb"] == ["01-loops_ex_1.ipynb", "02-trees.ipynb"]
    seen = [compile_body(item.body) for item in read.lessons]
    assert "secret" not in str([(compiled.public, compiled.html, compiled.toc, compiled.text) for compiled in seen])
    assert "01-loops_sol_1.ipynb: holds the answers of '01-loops_ex_1.ipynb'; learners are not shown it" in problems(
        read
    )
    assert any(line.startswith("solutions/02-trees.ipynb: holds the answers of") for line in problems(read))


def test_a_solution_is_no_file_to_download_either(tmp_path):
    words = markdown("# A\n\n[s](solutions/a.ipynb) [n](instructors/notes.md) [z](key/a_solutions.pdf)")
    files = {"a.ipynb": notebook(words), "solutions/a.ipynb": lesson("S"), "instructors/notes.md": "# N\n"}
    read = course(tmp_path, files | {"key/a_solutions.pdf": b"%PDF-1.4"})
    public = compile_body(read.lessons[0].body).public
    assert not any(name in str(public) for name in read.assets)
    # A link to the solution may lead to its exercise; the others lead nowhere.
    assert set(public["blocks"][0].get("links", {}).values()) <= {"../a/"}
    broken = {link["reference"] for link in read.report.broken_links}
    assert broken >= {"instructors/notes.md", "key/a_solutions.pdf"}


def test_answers_to_no_exercise_are_read_and_kept_with_the_nearest_lesson_and_never_shown(tmp_path):
    files = {
        "a/one.ipynb": lesson("One"),
        "b/two.ipynb": lesson("Two"),
        "b/solution/extra.ipynb": lesson("MARK of the answer"),
    }
    read = course(tmp_path, files)
    assert (len(read.lessons), read.report.notebooks, read.report.cells) == (2, 3, 6)
    one, two = read.lessons
    assert "files" not in one.body["metadata"]
    (name,) = two.body["metadata"]["files"].values()
    assert list(two.body["metadata"]["files"]) == ["b/solution/extra.ipynb"]
    assert name.endswith(".private")
    compiled = compile_body(two.body)
    assert name not in str(compiled.public) + str(compiled.html)
    assert "MARK" not in str(compiled)


def test_course_toml_may_name_a_lesson_that_looks_like_a_solution(tmp_path):
    manifest = "title = 'T'\n[[modules]]\ntitle = 'M'\nlessons = ['a.ipynb', 'a_solution.ipynb']"
    read = course(tmp_path, {"course.toml": manifest, "a.ipynb": lesson("A"), "a_solution.ipynb": lesson("B")})
    assert paths(read) == ["a.ipynb", "a_solution.ipynb"]
    assert any("learners see it because course.toml names it" in line for line in problems(read))


def test_a_folder_of_solutions_alone_is_refused_and_says_why(tmp_path):
    with pytest.raises(CourseRefused) as caught:
        course(tmp_path, {"a_solution.ipynb": lesson("A")})
    lines = [str(problem) for problem in caught.value.problems]
    assert lines == ["no lesson was found", "a_solution.ipynb: holds the answers; learners are not shown it"]


# Student and instructor


def test_of_student_and_instructor_versions_the_student_s_is_the_lesson(tmp_path):
    files = {f"w1/{kind}loops.ipynb": lesson(f"Loops {kind}") for kind in ("", "student/", "instructor/")}
    read = course(tmp_path, files)
    assert paths(read) == ["w1/student/loops.ipynb"]


def test_an_order_that_names_the_instructor_s_version_gives_the_student_s_its_place(tmp_path):
    toc = "- file: instructor/loops\n- file: end\n"
    files = {f"{kind}/loops.ipynb": lesson(f"Loops {kind}") for kind in ("student", "instructor")}
    read = course(tmp_path, files | {"_toc.yml": toc, "end.md": "# End\n"})
    assert paths(read) == ["student/loops.ipynb", "end.md"]


def test_links_to_the_original_lead_to_the_student_s_version(tmp_path):
    files = {
        "loops.ipynb": lesson("Loops, solved"),
        "student/loops.ipynb": lesson("Loops"),
        "intro.ipynb": notebook(markdown("# Intro\n\n[next](loops.ipynb)")),
    }
    read = course(tmp_path, files)
    intro = next(item for item in read.lessons if item.path == "intro.ipynb")
    assert intro.body["blocks"][0]["links"] == {"loops.ipynb": "../loops/"}


def test_submitted_work_beside_an_nbgrader_source_is_no_lesson(tmp_path):
    files = {
        f"{kind}/ps1/problem.ipynb": lesson(kind) for kind in ("source", "release", "autograded/ben", "submitted/ben")
    }
    read = course(tmp_path, files)
    assert paths(read) == ["source/ps1/problem.ipynb"]
    assert "3 nbgrader files left out, among them 'autograded/ben/ps1/problem.ipynb'" in problems(read)


def test_a_folder_called_release_without_a_source_is_an_ordinary_one(tmp_path):
    assert paths(course(tmp_path, {"release/a.ipynb": lesson("A")})) == ["release/a.ipynb"]


# Text and notebook


def test_a_notebook_stands_for_its_texts_and_an_empty_one_for_none(tmp_path):
    files = {
        "a.ipynb": lesson("A"),
        "a.py": PERCENT,
        "a.md": MYST,
        "b.ipynb": b"",
        "b.py": PERCENT,
        "c.md": MYST,
        "c.py": PERCENT,
        "d.ipynb": lesson("D"),
        "d.md": "# D\n\n![](d_files/d_1.png)\n",
        "d_files/d_1.png": b"",
    }
    assert paths(course(tmp_path, files)) == ["a.ipynb", "b.py", "c.md", "d.ipynb"]


def test_a_text_beside_a_notebook_that_is_no_copy_of_it_stays(tmp_path):
    assert paths(course(tmp_path, {"a.ipynb": lesson("A"), "a.md": "# Other\n"})) == ["a.ipynb", "a.md"]


# Copies


def test_copies_byte_by_byte_are_taken_once(tmp_path):
    long = lesson("Long", length=3_000)
    read = course(tmp_path, {"week-1/loops.ipynb": long, "loops.ipynb": long, "old/renamed.ipynb": long})
    assert paths(read) == ["loops.ipynb"]
    assert "old/renamed.ipynb: is a copy of 'loops.ipynb', which is taken" in problems(read)


def test_of_copies_the_one_that_the_order_names_is_the_lesson(tmp_path):
    long = lesson("Long", length=3_000)
    files = {
        "_toc.yml": "- file: b\n- file: week/loops\n",
        "b.md": "# B\n",
        "loops.ipynb": long,
        "week/loops.ipynb": long,
    }
    assert paths(course(tmp_path, files)) == ["b.md", "week/loops.ipynb"]


def test_blank_starters_are_no_copies_and_small_copies_have_one_name(tmp_path):
    small = lesson("Start")
    files = {
        "1/notebook.ipynb": small,
        "2/notebook.ipynb": small,
        "a.ipynb": small,
        "a-Copy1.ipynb": small,
        "b.ipynb": small,
    }
    assert sorted(paths(course(tmp_path, files))) == ["1/notebook.ipynb", "2/notebook.ipynb", "a.ipynb", "b.ipynb"]


# Translations


@pytest.mark.parametrize(
    ("original", "translation"),
    [
        ("week/README.md", "week/translations/README.fr.md"),
        ("a.md", "i18n/zh/a.md"),
        ("README.md", "README.zh-cn.md"),
        ("loops.ipynb", "loops_fr.ipynb"),
        ("loops.ipynb", "loops.pt-BR.ipynb"),
        ("loops.en.md", "loops.de.md"),
        ("chapters/en/1/1.mdx", "chapters/zh-CN/1/1.mdx"),
        ("chapters/en/1/1.mdx", "chapters/ru/9/only.mdx"),
        ("loops.ipynb", "fr/loops.ipynb"),
        ("to_do.ipynb", "to_do_de.ipynb"),
    ],
)
def test_a_translation_is_recognised(original, translation):
    assert translations([original, translation, "other.md"]) == {translation}


@pytest.mark.parametrize(
    "names",
    [
        ("loops.ipynb", "loops_tf.ipynb"),
        ("intro.ipynb", "intro_pt.ipynb"),
        ("a.md", "b_fr.md"),
        ("fr/a.ipynb", "de/b.ipynb"),
        ("user.md", "user_id.md"),
        ("week/a.md", "my.folder/plain.md"),
    ],
)
def test_what_only_resembles_one_is_no_translation(names):
    assert translations(names) == set()


def test_translations_are_left_out_and_counted_once(tmp_path):
    files = {"a.md": "# A\n", "a.fr.md": "# Ah\n", "b.md": "# B\n"} | {
        f"translations/{x}/a.md": "# X\n" for x in ("de", "ja")
    }
    read = course(tmp_path, files)
    assert paths(read) == ["a.md", "b.md"]
    assert [line for line in problems(read) if "translation" in line] == [
        "3 translations left out, among them 'a.fr.md'",
    ]


def test_an_order_file_may_name_a_translation(tmp_path):
    files = {"_toc.yml": "- file: a\n- file: a_fr\n", "a.md": "# A\n", "a_fr.md": "# Ah\n"}
    assert paths(course(tmp_path, files)) == ["a.md", "a_fr.md"]


def test_a_survey_says_where_each_file_went(tmp_path):
    files = {"a.ipynb": lesson("A"), "a.py": PERCENT, "a_solution.ipynb": lesson("S"), "translations/fr/a.md": "# A\n"}
    found = survey(list_files(write(tmp_path, files)))
    assert found.lessons == ["a.ipynb"]
    assert found.twins == {"a.py": "a.ipynb"}
    assert found.answers == {"a_solution.ipynb": "a.ipynb"}
    assert found.translated == ["translations/fr/a.md"]
