"""JSON that PostgreSQL or a client could not take is refused, with the place."""

import pytest

from courses.content.strict_json import JSONRefused, check_value, loads


def refusal(data: bytes | str, **bounds: int) -> str:
    with pytest.raises(JSONRefused) as caught:
        loads(data, **{"max_bytes": 10_000_000, **bounds})
    return str(caught.value)


def test_ordinary_json_is_read() -> None:
    assert loads(b'\xef\xbb\xbf{"a": [1, 2.5, null, true, "\xd0\xb6"]}', max_bytes=100) == {
        "a": [1, 2.5, None, True, "ж"]
    }


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (r'{"blocks": [0, 1, {"source": "a\u0000b"}]}', "blocks[2].source: contains a NUL character"),
        (r'{"a": "\ud800"}', "a: contains half of a surrogate pair"),
        (r'{"a": {"\udc00": 1}}', "a: contains half of a surrogate pair"),
        (r'{"a\u0000": 1}', "contains a NUL character"),
        ("[NaN]", "holds NaN, which is not JSON"),
        ("[-Infinity]", "holds -Infinity, which is not JSON"),
        ("[1e999]", "[0]: must be a finite number"),
        ("[" * 65 + "]" * 65, "is nested more than 64 levels deep"),
        ("[" * 100_000 + "]" * 100_000, "is nested more than 64 levels deep"),
        ('{"a":' * 100_000, "is nested more than 64 levels deep"),
        ("9" * 5_000, "holds a number with too many digits"),
        ("{", "is not JSON: "),
        ("", "is not JSON: "),
        (b"\xff\xfe", "is not UTF-8 (byte 0)"),
    ],
)
def test_what_cannot_be_stored_is_refused(data: bytes | str, said: str) -> None:
    assert said in refusal(data)


def test_size_is_looked_at_before_parsing() -> None:
    assert refusal("[" + "1," * 500 + "1]", max_bytes=1_000) == "is 1,003 bytes long, more than 1,000"
    assert "more than 5" in refusal('"ééé"', max_bytes=5)


def test_a_surrogate_pair_is_a_character() -> None:
    assert loads(r'"\ud83d\ude00"', max_bytes=100) == "😀"


def test_64_levels_are_taken() -> None:
    assert loads("[" * 64 + "]" * 64, max_bytes=1_000)


def test_python_values_from_elsewhere_are_checked_too() -> None:
    with pytest.raises(JSONRefused, match="is not a JSON value"):
        check_value({"a": object()})
    with pytest.raises(JSONRefused, match="key that is not text"):
        check_value({1: 2})


def test_a_long_key_does_not_travel_in_the_message() -> None:
    with pytest.raises(JSONRefused) as caught:
        check_value({"k" * 900: "\x00"})
    assert len(str(caught.value)) < 120
