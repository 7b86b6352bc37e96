"""What an exercise needs of the cells above it, so that it can be checked alone: imports, functions, constants.

A notebook runs top to bottom, an exercise is run by itself. So the names that it reads and does not bind are looked up
in the lesson's plain code cells above (learners see those), and the statements that define them are its *setup*. Only
statements that define something are taken: what draws, prints, trains in a loop or reads from the shell stays out.
Nothing is run here, and nothing of a solution gets into a setup. Knows no models.
"""

import ast
import builtins
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from courses.content.languages import plain_python
from courses.content.python_source import Segments, bound_names, parse_python, read_names

MAX_SETUP = 20_000
"""Characters of one setup. A longer one is none: half of it would only fail further down."""
MAX_STATEMENTS = 5_000
"""Statements of one lesson that are looked at; what a lesson has beyond does not define anything for an exercise."""
MAX_CELL_STATEMENTS = 1_000
_PRIVATE_TAGS = frozenset({"solution", "check", "hidden-check", "raises-exception"})
_BUILTINS = frozenset({*dir(builtins), "__name__", "__file__", "display", "get_ipython"})

Block = dict[str, Any]


@dataclass(frozen=True)
class Setup:
    """The source to run before an exercise's own; `problem` is what its author should know, "" for nothing."""

    source: str = ""
    problem: str = ""


def exercise_setups(blocks: list[Block]) -> dict[str, Setup]:
    """The setup of every Python exercise among `blocks`, by block id."""
    shelf = _Shelf()
    setups: dict[str, Setup] = {}
    for block in blocks:
        if block["type"] == "code" and _is_plain(block):
            shelf.add(block["source"])
        elif block["type"] == "exercise" and block["language"] == "python":
            setups[block["id"]] = shelf.setup_for(_needed(block))
            shelf.add_given(block)
    return setups


def _is_plain(block: Block) -> bool:
    tags = block.get("metadata", {}).get("tags")
    is_private = isinstance(tags, list) and any(tag in _PRIVATE_TAGS for tag in tags if isinstance(tag, str))
    return block["language"] == "python" and block.get("cell_type") != "raw" and not is_private


def _needed(block: Block) -> set[str]:
    """The names that an exercise reads and does not define itself.

    What its solution defines is the learner's to write: neither the starter nor a check needs it from elsewhere.
    """
    needed, own = _read_and_bound(block["solution"])
    given, bound = _read_and_bound(block["starter"])
    own |= bound
    needed |= given - own
    for check in (*block["checks"], *block["hidden_checks"]):
        needed |= _read_and_bound(check["source"] if check["kind"] == "assert" else check["expression"])[0] - own
    return needed - _BUILTINS


def _read_and_bound(source: str) -> tuple[set[str], set[str]]:
    """The names that a source takes from outside, and those that it binds."""
    read: set[str] = set()
    late: set[str] = set()
    bound: set[str] = set()
    for node in _body(source):
        use = _use(node)
        read |= use.eager - bound
        late |= use.late
        bound |= use.binds
    return read | (late - bound), bound


def _body(source: str) -> list[ast.stmt]:
    tree = parse_python(source) or parse_python(plain_python(source))
    return tree.body if tree is not None else []


@dataclass
class _Use:
    """What one statement does with names: reads at once, reads when a function of it is called, binds, changes."""

    eager: set[str] = field(default_factory=set)
    late: set[str] = field(default_factory=set)
    binds: set[str] = field(default_factory=set)
    changes: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Statement:
    """A statement that defines something. `is_whole`: whatever its names were before does not matter any more."""

    source: str
    use: _Use
    is_whole: bool


class _Shelf:
    """The defining statements of the cells so far, by the names that they bind or change."""

    def __init__(self) -> None:
        self.statements: list[_Statement] = []
        self.places: defaultdict[str, list[int]] = defaultdict(list)
        self.stars: list[int] = []

    def add(self, source: str) -> None:
        """Put a cell's defining statements on the shelf."""
        for statement in islice(_statements(source), MAX_CELL_STATEMENTS):
            self._put(statement)

    def add_given(self, block: Block) -> None:
        """Put what an exercise gives to its learners there: the starter's statements that its solution has as well."""
        solved = {statement.source for statement in _statements(block["solution"])}
        for statement in _statements(block["starter"]):
            if statement.source in solved:
                self._put(statement)

    def _put(self, statement: _Statement) -> None:
        place = len(self.statements)
        if place >= MAX_STATEMENTS:
            return
        self.statements.append(statement)
        for name in statement.use.binds | statement.use.changes:
            self.places[name].append(place)
        if "*" in statement.use.binds:
            self.stars.append(place)

    def setup_for(self, needed: set[str]) -> Setup:
        """The statements that define `needed`, with what those need themselves, in the order of the lesson."""
        end = len(self.statements)
        taken: set[int] = set()
        missing: set[str] = set()
        pending = [(name, end) for name in needed]
        asked = set(pending)
        while pending:
            name, before = pending.pop()
            places = self._definitions(name, before)
            if not places:
                missing.add(name)
            for place in places:
                if place in taken:
                    continue
                taken.add(place)
                use = self.statements[place].use
                # A function reads when it is called, which is after everything above the exercise has run.
                wanted = {(read, place) for read in use.eager} | {(read, end) for read in use.late}
                new = {entry for entry in wanted if entry[0] not in _BUILTINS} - asked
                pending.extend(new)
                asked |= new
        if missing and self.stars:
            taken.update(self.stars)  # any of them may be from there; only running it would tell
            missing.clear()
        source = "\n".join(self.statements[place].source for place in sorted(taken))
        if len(source) > MAX_SETUP:
            return Setup("", f"needs {len(source):,} characters of the cells above it, too many: it gets none")
        return Setup(source, _problem(missing))

    def _definitions(self, name: str, before: int) -> list[int]:
        """The places above `before` that make `name` what it is there; empty when none binds it."""
        places = self.places.get(name, [])
        found: list[int] = []
        is_bound = False
        for index in range(bisect_left(places, before) - 1, -1, -1):
            statement = self.statements[places[index]]
            found.append(places[index])
            is_bound = is_bound or name in statement.use.binds
            if is_bound and statement.is_whole and name in statement.use.binds:
                break
        return found if is_bound else []


def _problem(missing: set[str]) -> str:
    if not missing:
        return ""
    names = ", ".join(sorted(missing)[:8])
    return f"uses names that no cell above it defines ({names}): it is checked without what other exercises make"


def _statements(source: str) -> Iterator[_Statement]:
    body = _body(source)
    if not body:
        return
    text = Segments(source if parse_python(source) is not None else plain_python(source))
    for node in body:
        if _defines(node):
            decorators = [f"@{text.text(name)}\n" for name in getattr(node, "decorator_list", ())]
            is_whole = not isinstance(node, ast.If | ast.Try | ast.AugAssign)
            yield _Statement("".join(decorators) + text.text(node), _use(node), is_whole)


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def _defines(node: ast.stmt, depth: int = 0) -> bool:
    """Whether a statement only defines: an import, a function, a class, an assignment; or a choice among such."""
    match node:
        case ast.Import() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return True
        case ast.ImportFrom():
            return not node.level and node.module != "__future__"
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign():
            # Python refuses a top-level `await` where Jupyter takes it.
            return node.value is not None and not any(isinstance(part, ast.Await) for part in ast.walk(node))
        case ast.If() | ast.Try() if depth < 3 and "__name__" not in read_names(node):
            handlers = node.handlers if isinstance(node, ast.Try) else []
            inner = [*node.body, *node.orelse, *(part for handler in handlers for part in handler.body)]
            inner += node.finalbody if isinstance(node, ast.Try) else []
            return all(isinstance(part, ast.Pass) or _defines(part, depth + 1) for part in inner)
    return False


def _use(statement: ast.stmt) -> _Use:
    use = _Use()
    _bind(statement, use)
    inside_class: set[str] = set()
    pending: list[ast.AST] = [statement]
    while pending:
        node = pending.pop()
        if isinstance(node, (*_FUNCTIONS, ast.Lambda)):
            use.late |= read_names(node) - bound_names(node)
            pending += [*node.args.defaults, *(default for default in node.args.kw_defaults if default is not None)]
            if not isinstance(node, ast.Lambda):
                arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
                pending += [*node.decorator_list, *(part.annotation for part in arguments if part.annotation)]
        elif isinstance(node, _COMPREHENSIONS):
            use.eager |= read_names(node) - bound_names(node)
        elif isinstance(node, ast.Name):
            if isinstance(node.ctx, ast.Load):
                use.eager.add(node.id)
        else:
            if isinstance(node, ast.ClassDef):
                for part in node.body:
                    inner = _Use()
                    _bind(part, inner)
                    inside_class |= inner.binds
            pending += ast.iter_child_nodes(node)
    use.eager -= inside_class
    if not isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        use.eager -= use.binds  # a loop or a choice reads what it has bound itself
    return use


def _bind(statement: ast.stmt, use: _Use) -> None:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            use.binds.add(statement.name)
        case ast.Import() | ast.ImportFrom():
            use.binds |= {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
        case ast.AugAssign():
            use.changes |= set(_bases(statement.target))
            use.eager |= use.changes
        case ast.Assign() | ast.AnnAssign():
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                for part in ast.walk(target):
                    if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                        use.binds.add(part.id)
                    elif isinstance(part, ast.Attribute | ast.Subscript):
                        use.changes |= set(_bases(part))
            use.changes -= use.binds
        case _:
            use.binds |= bound_names(statement)


def _bases(target: ast.expr) -> Iterator[str]:
    """`df` of `df["x"].values[0]`."""
    node: ast.expr = target
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if isinstance(node, ast.Name):
        yield node.id
