"""The author's order of choices is nowhere in what visitors see: the right one often comes first."""

import json

from courses.content.compiling import compile_body
from courses.tests.factories import body_of_blocks, quiz

NAMES = [f"c{number}" for number in range(9)]


def question(block_id, names):
    choices = [{"id": name, "text": f"Choice {name} $$x$$", "correct": name == "c0"} for name in names]
    return quiz(block_id, choices=choices)


def compiled(block_id="q", names=NAMES):
    return compile_body(body_of_blocks(question(block_id, names)))


def test_the_order_is_the_same_however_the_author_wrote_them():
    one, other = compiled(), compiled(names=NAMES[::-1])
    assert (one.public, one.html, one.text, one.key) == (other.public, other.html, other.text, other.key)
    assert one.checksum != other.checksum


def test_json_html_pieces_and_text_have_the_one_order_and_it_is_not_the_authors():
    result = compiled()
    order = [choice["id"] for choice in result.public["blocks"][0]["choices"]]
    assert sorted(order) == NAMES
    assert order != NAMES
    assert [choice["id"] for choice in result.html[0]["choices"]] == order
    for text in (result.html[0]["html"], result.text):
        assert sorted(NAMES, key=lambda name: text.index(f"Choice {name}")) == order


def test_another_question_with_the_same_choices_has_another_order():
    orders = [json.dumps(compiled(block_id).public["blocks"][0]["choices"]) for block_id in ("one", "two")]
    assert orders[0] != orders[1]
