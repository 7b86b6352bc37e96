"""Python source as a tree, without running it and without a warning. Knows nothing of cells or lessons."""

import ast
import re
import warnings
from collections.abc import Iterator

MAX_CHARACTERS = 200_000


def parse_python(source: str) -> ast.Module | None:
    """The module that `source` is, or None when it is not Python (or too long or too deep to look at)."""
    if len(source) > MAX_CHARACTERS:
        return None
    try:
        with warnings.catch_warnings():
            # An author's "\d" must not warn, and not fail where warnings are errors.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


class Segments:
    """The text of any node of one source; `ast.get_source_segment` would split the whole source for each."""

    def __init__(self, source: str) -> None:
        self.source = source
        # As the parser counts lines: by \n, \r\n and \r alone. Columns are bytes of UTF-8.
        self._lines = [line.encode() for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", source)]

    def text(self, node: ast.stmt | ast.expr) -> str:
        """The node as it is written, or as Python writes it where its place is not known."""
        if node.end_lineno is None or node.end_col_offset is None:
            return ast.unparse(node)
        lines = self._lines[node.lineno - 1 : node.end_lineno]
        lines[-1] = lines[-1][: node.end_col_offset]
        lines[0] = lines[0][node.col_offset :]
        return b"".join(lines).decode("utf-8", "replace")


def bound_names(tree: ast.AST) -> set[str]:
    """Every name that the tree binds anywhere: assignments, arguments, definitions, imports, handlers."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
    return names


def read_names(tree: ast.AST) -> set[str]:
    """Every name that the tree reads anywhere."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def imported_modules(tree: ast.AST) -> set[str]:
    """The top-level modules that the tree imports anywhere (`sklearn` for `from sklearn.svm import SVC`)."""
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules.add(node.module.split(".")[0])
    return modules


def name_events(tree: ast.Module) -> Iterator[tuple[str, bool]]:
    """The module's own names in the order in which it runs: (name, whether it is bound here rather than read).

    A function, a lambda and a comprehension read the names that nothing in them binds, where they are defined.
    """
    pending: list[ast.AST] = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, _SCOPES):
            bound = bound_names(node)
            yield from ((name, False) for name in sorted(read_names(node) - bound))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield node.name, True
            continue
        if isinstance(node, ast.Name):
            yield node.id, not isinstance(node.ctx, ast.Load)
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0], True
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            yield node.name, True
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, False
        pending.extend(reversed(_in_order(node)))


_SCOPES = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp),
)


def _in_order(node: ast.AST) -> list[ast.AST]:
    """The node's children as they are evaluated: a value before what it is assigned to."""
    children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value:
        return [node.value, *(child for child in children if child is not node.value)]
    if isinstance(node, ast.For | ast.AsyncFor):
        return [node.iter, *(child for child in children if child is not node.iter)]
    return children


def syntax_fault(source: str) -> str:
    """What Python's parser says against `source`; "" when nothing, or when the parser itself gives up."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source[: MAX_CHARACTERS + 1])
    except SyntaxError as error:
        return error.msg
    except (ValueError, RecursionError, MemoryError):
        return ""  # too deep to look at says nothing of the language
    return ""
