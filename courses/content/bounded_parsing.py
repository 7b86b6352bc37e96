"""Bounds on how often markdown-it reads the same text again.

For each `[` it looks on for the bracket's end, and for each line of a paragraph whether any of the quotes and lists
around it ends there: text of nothing but brackets, or of lines deep inside quotes, costs the square of its length. Here
such steps are counted over a whole text; what comes beyond stays plain text, each line by itself. Knows no lesson.
"""

from typing import Any

from markdown_it import MarkdownIt
from markdown_it.parser_inline import ParserInline
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

INLINE, BLOCK = "inline_steps", "block_steps"


def steps_for(source: str) -> dict[str, Any]:
    """The part of a parser's `env` that gives `source` its steps: prose needs less than one a character."""
    steps = 10_000 + 2 * len(source)
    return {INLINE: steps, BLOCK: steps}


def bound_steps(markdown: MarkdownIt) -> None:
    """Bound `markdown`, for texts that are parsed with `steps_for` in their `env`; others have no bound."""
    inline = _BoundedInline()
    inline.ruler, inline.ruler2 = markdown.inline.ruler, markdown.inline.ruler2
    inline.terminator_re = markdown.inline.terminator_re
    markdown.inline = inline
    ends = ["paragraph", "reference", "blockquote", "list"]
    markdown.block.ruler.before("table", "bound", _end_when_spent, {"alt": ends})


class _BoundedInline(ParserInline):
    def skipToken(self, state: StateInline) -> None:  # noqa: N802 (markdown-it's name)
        if _is_spent(state.env, INLINE):
            state.pos = state.posMax  # as at the end of the text: what was looked for is not there
        else:
            super().skipToken(state)


def _end_when_spent(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A block that is never there, but, when the steps are spent, seems to begin at every line that is asked for."""
    return silent and _is_spent(state.env, BLOCK)


def _is_spent(env: Any, name: str) -> bool:
    steps = env.get(name)
    if steps is None:
        return False
    env[name] = steps - 1
    return bool(steps <= 0)
