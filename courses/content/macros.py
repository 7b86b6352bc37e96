r"""TeX macros that live for a whole lesson: `\newcommand`, `\def`, `\let`, `\DeclareMathOperator`.

Owns reading definitions out of a formula and expanding uses, with bounds, so that the converter behind
`mathematics.py` never sees a definition: there redefining a known name is an error, and what a macro unfolds to could
not be measured before the call. Knows nothing of Markdown or HTML.
"""

import re
from typing import NamedTuple

MAX_EXPANSIONS = 1_000
MAX_EXPANDED = 16_000
MAX_MACROS = 2_000

_PIECE = re.compile(r"\\[A-Za-z@]+|\\.|\s+|#[1-9]|.", re.DOTALL)
_COMMAND = re.compile(r"\\[A-Za-z@]+")
_DEFINERS = {
    r"\newcommand",
    r"\renewcommand",
    r"\providecommand",
    r"\def",
    r"\gdef",
    r"\edef",
    r"\let",
    r"\DeclareMathOperator",
}
_PREFIXES = {r"\long", r"\global"}
# Written by `\let` before a name that is no macro, so that wrapping a command in itself does not run for ever.
_AS_IS = r"\noexpand"


class MacroError(ValueError):
    """A definition or a use that cannot be read, or that unfolds without end."""


class Macro(NamedTuple):
    """`body` with `#1` … `#arity`; `default` is the value of an optional first argument."""

    arity: int
    default: str | None
    body: str


Macros = dict[str, Macro]


def expand_macros(tex: str, macros: Macros) -> str:
    """`tex` without definitions and with every macro unfolded; definitions are added to `macros`.

    Raises MacroError after MAX_EXPANSIONS uses or MAX_EXPANDED characters: a macro may call itself.
    """
    names = set(_COMMAND.findall(tex))
    if not names & _DEFINERS and not any(name[1:] in macros for name in names):
        return tex
    return _Expansion(tex, macros).run()


class _Expansion:
    """One formula being unfolded: a stack of pieces still to read, the next one last."""

    def __init__(self, tex: str, macros: Macros) -> None:
        self.stack = _PIECE.findall(tex)[::-1]
        self.macros = macros
        self.out: list[str] = []
        self.length = 0
        self.uses = 0

    def run(self) -> str:
        while self.stack:
            piece = self.stack.pop()
            if piece in _DEFINERS:
                self._define(piece)
            elif piece in _PREFIXES:
                continue
            elif piece == _AS_IS:
                self._emit(self.stack.pop() if self.stack else "")
            elif piece[0] == "\\" and piece[1:] in self.macros:
                self._use(self.macros[piece[1:]])
            else:
                self._emit(piece)
        return "".join(self.out)

    def _emit(self, piece: str) -> None:
        # An argument may put a letter behind a command: \mathbf#1 with x is not \mathbfx.
        if self.out and piece[:1].isalpha() and _COMMAND.fullmatch(self.out[-1]):
            self.out.append(" ")
        self.out.append(piece)
        self.length += len(piece)
        if self.length > MAX_EXPANDED:
            raise MacroError(f"its macros unfold to more than {MAX_EXPANDED:,} characters")

    def _use(self, macro: Macro) -> None:
        self.uses += 1
        if self.uses > MAX_EXPANSIONS or len(self.stack) > 4 * MAX_EXPANDED:
            raise MacroError(f"its macros unfold more than {MAX_EXPANSIONS:,} times")
        arguments: list[list[str]] = []
        if macro.default is not None:
            given = self._optional()
            arguments.append(_PIECE.findall(macro.default) if given is None else given)
        while len(arguments) < macro.arity:
            arguments.append(self._argument())
        unfolded: list[str] = []
        for piece in _PIECE.findall(macro.body):
            if piece[0] == "#" and len(piece) == 2:
                index = int(piece[1]) - 1
                unfolded.extend(arguments[index] if index < len(arguments) else ())
            else:
                unfolded.append(piece)
        self.stack.extend(reversed(unfolded))

    def _define(self, definer: str) -> None:
        star = self._skip("*")
        name = self._name()
        if definer == r"\let":
            self._skip("=")
            target = self._argument()
            body = "".join(target)
            known = self.macros.get(body[1:]) if body.startswith("\\") else None
            self._store(name, known or Macro(0, None, f"{_AS_IS}{body}"))
            return
        arity, default = 0, None
        if definer.endswith("def"):
            while self.stack and self.stack[-1] != "{":
                arity += self.stack.pop()[0] == "#"
        elif definer.endswith("command"):
            count = self._optional()
            arity = _arity("".join(count)) if count is not None else 0
            given = self._optional() if arity else None
            default = None if given is None else "".join(given)
        body = "".join(self._argument())
        if definer == r"\DeclareMathOperator":
            body = rf"\operatorname{'*' if star else ''}{{{body}}}"
        if definer != r"\providecommand" or name not in self.macros:
            self._store(name, Macro(arity, default, body))

    def _store(self, name: str, macro: Macro) -> None:
        if len(self.macros) >= MAX_MACROS and name not in self.macros:
            raise MacroError(f"the lesson defines more than {MAX_MACROS:,} macros")
        self.macros[name] = macro

    def _name(self) -> str:
        name = "".join(self._argument()).strip()
        if len(name) < 2 or name[0] != "\\":
            raise MacroError(f"defines “{name[:20]}”, which is no command")
        return name[1:]

    def _spaces(self) -> None:
        while self.stack and self.stack[-1].isspace():
            self.stack.pop()

    def _skip(self, piece: str) -> bool:
        self._spaces()
        found = bool(self.stack) and self.stack[-1] == piece
        if found:
            self.stack.pop()
        return found

    def _optional(self) -> list[str] | None:
        self._spaces()
        if not self.stack or self.stack[-1] != "[":
            return None
        self.stack.pop()
        return self._until("]")

    def _argument(self) -> list[str]:
        self._spaces()
        if not self.stack:
            raise MacroError("a macro lacks an argument")
        piece = self.stack.pop()
        return self._until("}") if piece == "{" else [piece]

    def _until(self, end: str) -> list[str]:
        taken: list[str] = []
        depth = 0
        while self.stack:
            piece = self.stack.pop()
            if piece == end and depth == 0:
                return taken
            depth += (piece == "{") - (piece == "}")
            taken.append(piece)
        raise MacroError(f"“{end}” is missing")


def _arity(text: str) -> int:
    if not re.fullmatch(r"\s*[0-9]\s*", text):
        raise MacroError(f"“{text[:20]}” is no number of arguments")
    return int(text)
