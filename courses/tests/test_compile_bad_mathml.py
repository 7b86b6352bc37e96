"""MathML that authors write as HTML need not be well formed."""

import pytest

from courses.content.compiling import compile_body


@pytest.mark.parametrize(
    "html", ["<math><mtext><math><mi>x</mi></math>", "<math>" + "<mrow>" * 3_000 + "<mi>deep</mi>"]
)
def test_mathml_that_an_author_wrote_badly_is_text_and_no_fault(html: str) -> None:
    compiled = compile_body({"version": 1, "blocks": [{"id": "a", "type": "markdown", "source": html}]})
    assert compiled.html
