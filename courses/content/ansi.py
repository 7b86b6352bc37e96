"""Text as a terminal would leave it on the screen: ANSI colours as classes, progress bars at their last state.

Owns control characters: carriage return, backspace, cursor movement, erasing, colours. Output is escaped HTML.
"""

import re
from html import escape
from typing import Any, NamedTuple

MAX_COLUMN = 500

_CONTROL = re.compile(r"\x1b\[([0-9;:?]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[@-_]?|[\r\n\b\x07\x0b\x0c]")
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_RGB = (
    *((0, 0, 0), (170, 0, 0), (0, 170, 0), (170, 85, 0), (0, 0, 170), (170, 0, 170), (0, 170, 170), (170, 170, 170)),
    *((85, 85, 85), (255, 85, 85), (85, 255, 85), (255, 255, 85), (85, 85, 255), (255, 85, 255), (85, 255, 255)),
    (255, 255, 255),
)


class Style(NamedTuple):
    """How a character is shown; colours are class names without "ansi-" or ""."""

    foreground: str = ""
    background: str = ""
    bold: bool = False
    italic: bool = False
    underline: bool = False
    faint: bool = False

    def classes(self) -> str:
        names = [self.foreground and f"ansi-{self.foreground}", self.background and f"ansi-on-{self.background}"]
        names += [f"ansi-{name}" for name in ("bold", "italic", "underline", "faint") if getattr(self, name)]
        return " ".join(name for name in names if name)


PLAIN = Style()


def ansi_to_html(text: str) -> str:
    """Escaped HTML of `text`; lines that were written over show only what was written last."""
    text = text.replace("\r\n", "\n")
    if not _CONTROL_CHARACTER.search(text):
        return escape(_printable(text), quote=False)
    screen = _Screen()
    position = 0
    for found in _CONTROL.finditer(text):
        screen.write(_printable(text[position : found.start()]))
        screen.control(found)
        position = found.end()
    screen.write(_printable(text[position:]))
    return screen.html()


def strip_ansi(text: str) -> str:
    """`text` without control sequences, for a place that shows no colours."""
    return _CONTROL.sub(lambda found: "\n" if found[0] == "\n" else "", text)


_CONTROL_CHARACTER = re.compile(r"[\x1b\r\b\x07\x0b\x0c]")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("", text)


class _Screen:
    """Lines of characters with a cursor; a line that is only appended to stays a list of runs."""

    def __init__(self) -> None:
        self.lines: list[list[tuple[str, Style]]] = [[]]
        self.row = 0
        self.column = 0
        self.style = PLAIN
        self.inverse = False

    def write(self, text: str) -> None:
        if not text:
            return
        line = self.lines[self.row]
        style = self._shown()
        if self.column >= len(line):
            line += [(" ", PLAIN)] * (self.column - len(line))
            line += [(character, style) for character in text]
        else:
            line[self.column : self.column + len(text)] = [(character, style) for character in text]
        self.column += len(text)

    def control(self, found: re.Match[str]) -> None:
        mark = found[0]
        if mark == "\n":
            self._to_row(self.row + 1)
            self.column = 0
        elif mark == "\r":
            self.column = 0
        elif mark == "\b":
            self.column = max(0, self.column - 1)
        elif found[2] == "m":
            self._set_style(found[1])
        elif found[2]:
            self._move(found[2], _number(found[1]))

    def _move(self, command: str, count: int) -> None:
        steps = max(1, count)
        if command == "A":
            self._to_row(max(0, self.row - steps))
        elif command == "B":
            self._to_row(min(len(self.lines) - 1, self.row + steps))
        elif command == "C":
            self.column = min(MAX_COLUMN, self.column + steps)
        elif command == "D":
            self.column = max(0, self.column - steps)
        elif command == "G":
            self.column = min(MAX_COLUMN, steps - 1)
        elif command == "K":
            line = self.lines[self.row]
            if count == 2:
                line.clear()
            elif count == 1:
                line[: self.column] = [(" ", PLAIN)] * min(self.column, len(line))
            else:
                del line[self.column :]

    def _to_row(self, row: int) -> None:
        self.row = row
        if row == len(self.lines):
            self.lines.append([])

    def _set_style(self, codes: str) -> None:
        numbers = [_number(code) for code in re.split(r"[;:]", codes)]
        while numbers:
            code = numbers.pop(0)
            if code == 0:
                self.style, self.inverse = PLAIN, False
            elif code in (38, 48):
                field = "foreground" if code == 38 else "background"
                changes: dict[str, Any] = {field: _extended(numbers)}
                self.style = self.style._replace(**changes)
            elif code in _SIMPLE:
                self.style = self.style._replace(**_SIMPLE[code])
            elif code in (7, 27):
                self.inverse = code == 7

    def _shown(self) -> Style:
        if not self.inverse:
            return self.style
        return self.style._replace(
            foreground=self.style.background or "inverse", background=self.style.foreground or "inverse"
        )

    def html(self) -> str:
        return "\n".join(_line_html(line) for line in self.lines)


def _line_html(line: list[tuple[str, Style]]) -> str:
    parts: list[str] = []
    start = 0
    for index in range(1, len(line) + 1):
        if index == len(line) or line[index][1] != line[start][1]:
            text = escape("".join(character for character, _ in line[start:index]), quote=False)
            classes = line[start][1].classes()
            parts.append(f'<span class="{classes}">{text}</span>' if classes else text)
            start = index
    return "".join(parts)


def _number(text: str) -> int:
    return int(text[:6]) if text.isascii() and text.isdigit() else 0


def _extended(numbers: list[int]) -> str:
    """The nearest of the sixteen named colours to a 256-colour or 24-bit one; takes its numbers off the list."""
    kind = numbers.pop(0) if numbers else 0
    if kind == 5 and numbers:
        return _named(_of_256(numbers.pop(0)))
    if kind == 2 and len(numbers) >= 3:
        return _named((numbers.pop(0), numbers.pop(0), numbers.pop(0)))
    numbers.clear()  # cut short: what is left would be read as other commands
    return ""


def _of_256(index: int) -> tuple[int, int, int]:
    if index < 16:
        return _RGB[index]
    if index < 232:
        red, green, blue = (index - 16) // 36, (index - 16) // 6 % 6, (index - 16) % 6
        return (red and 55 + 40 * red, green and 55 + 40 * green, blue and 55 + 40 * blue)
    grey = 8 + 10 * (min(index, 255) - 232)
    return (grey, grey, grey)


def _named(rgb: tuple[int, int, int]) -> str:
    distances = [sum((a - b) ** 2 for a, b in zip(rgb, known, strict=True)) for known in _RGB]
    index = distances.index(min(distances))
    return _NAMES[index] if index < 8 else f"bright-{_NAMES[index - 8]}"


_SIMPLE: dict[int, dict[str, Any]] = {
    1: {"bold": True},
    2: {"faint": True},
    3: {"italic": True},
    4: {"underline": True},
    22: {"bold": False, "faint": False},
    23: {"italic": False},
    24: {"underline": False},
    39: {"foreground": ""},
    49: {"background": ""},
    **{30 + index: {"foreground": name} for index, name in enumerate(_NAMES)},
    **{40 + index: {"background": name} for index, name in enumerate(_NAMES)},
    **{90 + index: {"foreground": f"bright-{name}"} for index, name in enumerate(_NAMES)},
    **{100 + index: {"background": f"bright-{name}"} for index, name in enumerate(_NAMES)},
}
