"""Python source as a tree, without running it and without a warning. Knows nothing of cells or lessons."""

import ast
import re
import warnings

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
