"""The page's Python and the server's come to the same verdict about the same code, check by check and word by word.

For every exercise of the example courses: its solution, its starter, and one mistake that a person might make. Hidden
checks are asked on both sides like visible ones, which no page does: here more checks can only find more.
"""

import ast
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, product
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route
from pytest_django.live_server_helper import LiveServer

from progress.grading import sandbox
from progress.grading.browser_runtime import browser_runtime
from progress.grading.exercises import job_of, judgement
from progress.tests.example_exercises import Case, ExampleBlock, example_blocks, exercise_cases

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("sandbox_runtime")]

AT_ONCE = 2  # sandboxes
PATIENCE = 60_000  # ms for one code in the page; the server gives it 5 s
FACTS = ("passed", "label", "message", "called", "returned", "expected")

START = """async ({ base, files, folder }) => {
  Object.defineProperty(navigator, "deviceMemory", { value: 2 }); // no spare interpreter: nothing is stopped
  const { Runtime } = await import("/static/js/practice/runtime.js");
  window.python = new Runtime({ base, files, folder, packages: {} });
}"""
CHECK = """async ({ tasks, patience }) => {
  const verdicts = [];
  for (const task of tasks) {
    const limit = setTimeout(() => python.stop(), patience);
    verdicts.push(await python.check(task));
    clearTimeout(limit);
  }
  return verdicts;
}"""

NOTHING_HIDDEN: dict[str, list] = {"hidden_checks": []}  # hidden checks are asked as visible ones here


class _Mistake(ast.NodeTransformer):
    """Changes the first thing inside a function that a tired person gets wrong: an operator, else a number."""

    OPERATORS = {
        ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
        ast.Pow: ast.Mult, ast.Mod: ast.FloorDiv, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
        ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn,
        ast.NotIn: ast.In,
    }  # fmt: skip

    def __init__(self, *, numbers: bool, loops: bool) -> None:
        self.numbers, self.loops, self.is_made = numbers, loops, False

    def visit_While(self, node: ast.While) -> ast.AST:
        return self.generic_visit(node) if self.loops else node

    def visit_BinOp(self, node: ast.BinOp | ast.AugAssign) -> ast.AST:
        if not self.numbers and not self.is_made and type(node.op) in self.OPERATORS:
            node.op, self.is_made = self.OPERATORS[type(node.op)](), True
        return self.generic_visit(node)

    visit_AugAssign = visit_BinOp

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        if not self.numbers and not self.is_made and type(node.ops[0]) in self.OPERATORS:
            node.ops[0], self.is_made = self.OPERATORS[type(node.ops[0])](), True
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if self.numbers and not self.is_made and type(node.value) in (int, float):
            self.is_made = True
            return ast.Constant(node.value + 1)
        return node


def with_a_mistake(solution: str) -> str:
    # In a while loop only where there is nothing else: a loop that never ends is another test's.
    for loops, numbers in product((False, True), (False, True)):
        mistake = _Mistake(numbers=numbers, loops=loops)
        tree = mistake.visit(ast.parse(solution))
        if mistake.is_made:
            return ast.unparse(ast.fix_missing_locations(tree)) + "\n"
    raise AssertionError(f"nothing in it to get wrong:\n{solution}")


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """In groups of one folder of one course, which share a Python in the page."""
    blocks = example_blocks("exercise")
    mistakes = [Case(block, "mistake", with_a_mistake(block.key["solution"]), passes=False) for block in blocks]
    return sorted([*exercise_cases(), *mistakes], key=_folder_of)


def _folder_of(case: Case) -> tuple[str, str]:
    return (str(case.block.course_folder), case.block.folder)


def _asked(block: ExampleBlock) -> dict[str, Any]:
    return {**block.public, "checks": [*block.public["checks"], *block.key["hidden_checks"]]}


@pytest.fixture(scope="module")
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(120_000)
    yield context.new_page()
    context.close()


@pytest.fixture(scope="module")
def of_page(page: Page, cases: list[Case]) -> list[dict[str, Any]]:
    runtime = browser_runtime()
    assert runtime, "make assets makes it"
    verdicts = []
    for (_, folder), grouped in groupby(cases, key=_folder_of):
        group = list(grouped)
        files = group[0].block.files
        page.context.unroute_all()
        page.context.route("**/course-files/**", _serving(files))
        page.goto("/nowhere/")
        addresses = {path: f"/course-files/{path}" for path in files}
        page.evaluate(START, {"base": runtime["base"], "files": addresses, "folder": folder})
        tasks = [
            {
                "source": case.code,
                "setup": case.setup,
                "checks": json.dumps(_asked(case.block)["checks"]),
                "packages": case.block.public["packages"],
            }
            for case in group
        ]
        verdicts += page.evaluate(CHECK, {"tasks": tasks, "patience": PATIENCE})
    return verdicts


def _serving(files: dict[str, bytes]) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=files[route.request.url.partition("/course-files/")[2]])


@pytest.fixture(scope="module")
def of_server(cases: list[Case], sandbox_runtime: None) -> list[dict[str, Any]]:
    def feedback(case: Case) -> dict[str, Any]:
        asked = _asked(case.block)
        outcome = sandbox.run(job_of(asked, NOTHING_HIDDEN, case.code, case.block.files, folder=case.block.folder))
        assert outcome.state == "finished", (case.name, outcome.state)
        return judgement(asked, NOTHING_HIDDEN, outcome).feedback

    with ThreadPoolExecutor(AT_ONCE) as runs:
        return list(runs.map(feedback, cases))


def test_every_check_has_the_same_result_and_the_same_words(cases, of_page, of_server):
    compared = 0
    for case, page, server in zip(cases, of_page, of_server, strict=True):
        assert "stopped" not in page, case.name
        if server["error"] is None:
            here = [{name: check[name] for name in FACTS} for check in page["results"]]
            there = [{name: check[name] for name in FACTS} for check in server["checks"]]
            assert here == there, case.name
            assert len(here) == len(_asked(case.block)["checks"]), case.name
            compared += len(here)
        else:
            assert page["results"] == [], case.name
            assert not any(check["passed"] for check in server["checks"]), case.name
    assert compared > 8 * len(example_blocks("exercise"))


def test_what_is_printed_and_what_went_wrong_are_the_same(cases, of_page, of_server):
    for case, page, server in zip(cases, of_page, of_server, strict=True):
        assert page["stdout"] == server["stdout"], case.name
        assert (page["error"] is None) == (server["error"] is None), case.name
        if server["error"] is not None:
            assert page["error"]["type"] == server["error"]["type"], case.name
            assert page["error"]["message"] == server["error"]["message"], case.name


def test_both_know_a_solution_from_a_starter_and_from_a_mistake(cases, of_page):
    """Else the two could agree about nothing at all."""
    wrong = []
    for case, page in zip(cases, of_page, strict=True):
        passed = page["error"] is None and all(check["passed"] for check in page["results"])
        if passed != case.passes:
            wrong.append(case)
    assert [case.name for case in wrong if case.kind != "mistake"] == []
    assert len(wrong) <= 0.1 * len(example_blocks("exercise")), "few mistakes may make no difference"


def test_numbers_reach_the_pages_checks_as_the_server_has_them(page, of_page):
    """JavaScript would make 1 of 1.0, and the nearest float of a large number."""
    expected = {"f()": [1.0, 2**53 + 1], "f()[1]": 2**53, "f()[0]": 1e23}
    checks = [
        {"kind": "value", "expression": expression, "expected": value, "comparison": "equal"}
        for expression, value in expected.items()
    ]
    task = {"source": "def f():\n    return [1.0, 2**53 + 1]\n", "checks": json.dumps(checks)}
    (verdict,) = page.evaluate(CHECK, {"tasks": [task], "patience": PATIENCE})
    assert [check["passed"] for check in verdict["results"]] == [True, False, False]
    assert verdict["results"][0]["expected"] == "[1.0, 9007199254740993]"
