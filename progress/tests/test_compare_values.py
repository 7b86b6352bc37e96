"""A check is judged from what the interpreter sent: right values pass, hostile ones do not, and the words teach."""

import json
import math
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from progress.grading import wire
from progress.grading.comparing import judge, label_of

# A first example on a busy machine takes longer than Hypothesis allows one.
in_its_time = settings(deadline=None)


def value(expected, comparison="equal", **more):
    return {"kind": "value", "expression": "f(3)", "expected": expected, "comparison": comparison, **more}


def array(shape, data, dtype="float64"):
    return {"array": {"shape": shape, "dtype": dtype, "data": data}}


def passes(check, sent):
    return judge(check, {"value": sent})["passed"]


def words(check, sent):
    judged = judge(check, {"value": sent})
    assert judged["passed"] is False
    return judged["message"]


def series(*values):
    return {"series": {"values": list(values), "index": list(range(len(values))), "name": None}}


EQUAL = [
    (9, 9),
    (9, 9.0),
    (1, True),
    (True, 1),
    (None, None),
    ("a", "a"),
    (2**70, {"int": str(2**70)}),
    (3, {"scalar": {"dtype": "int64", "value": 3}}),
    (3, {"complex": [3.0, 0.0]}),
    (3, array([1], [3])),
    (3, array([], [3])),
    ([1, 2], {"list": [1, 2]}),
    ([1, 2], {"tuple": [1, 2.0]}),
    ([1, 2], array([2], [1, 2])),
    ([1, 2], series(1, 2)),
    ([[1, 2], [3, 4]], array([2, 2], [1, 2, 3, 4])),
    ([[1, 2], [3, 4]], {"list": [array([2], [1, 2]), {"tuple": [3, 4]}]}),
    ([[1, 2]], {"frame": {"columns": ["a", "b"], "index": [0], "data": [[1, 2]]}}),
    ([], {"tuple": []}),
    ([], array([0, 3], [])),
    ({}, {"dict": []}),
    ({"a": [1], "b": None}, {"dict": [["b", None], ["a", {"list": [1]}]]}),
    ({"1": "i", "1.5": "f", "true": "b", "null": "n"}, {"dict": [[1, "i"], [1.5, "f"], [True, "b"], [None, "n"]]}),
    ({"2": 4}, {"dict": [[{"scalar": {"dtype": "int64", "value": 2}}, 4]]}),
]


@pytest.mark.parametrize(("expected", "sent"), EQUAL)
def test_equal_values_pass(expected, sent):
    assert passes(value(expected), sent)
    assert passes(value(expected, "close"), sent)


DIFFERENT = [
    (9, 8),
    (9, "9"),
    (9, None),
    (0, None),
    (0, {"list": []}),
    (None, False),
    ("", None),
    ("a", {"bytes": "61"}),
    (0.3, 0.1 + 0.2),
    (1, {"float": "nan"}),
    ([1, 2], {"list": [2, 1]}),
    ([1, 2], {"set": [1, 2]}),
    ([1, 2], {"list": [1]}),
    ([1, 2], {"list": [1, 2, 3]}),
    ([[1, 2]], array([2], [1, 2])),
    ([[1], [2]], array([1, 2], [1, 2])),
    ([[], []], array([0, 2], [])),
    (3, array([2], [3, 3])),
    (True, array([0], [])),
    ([1, [2]], array([2], [1, 2])),
    ({"1": 0, "2": 0}, {"dict": [[1, 0], ["1", 0]]}),
    ({"1": 0}, {"dict": [[1, 5], ["1", 0]]}),
    ({"a": 1}, {"dict": [["a", 1], ["b", 2]]}),
    ({"a": 1}, {"dict": []}),
    ({"a": 1}, {"list": ["a"]}),
    ({"(1, 2)": 3}, {"dict": [[{"tuple": [1, 2]}, 3]]}),
    (None, {"scalar": {"dtype": "longdouble", "value": None}}),
]


@pytest.mark.parametrize(("expected", "sent"), DIFFERENT)
def test_different_values_do_not_pass_and_say_why(expected, sent):
    assert words(value(expected), sent)


@pytest.mark.parametrize(
    ("expected", "sent", "is_close"),
    [
        (2.5, 2.5 + 2e-6, True),
        (2.5, 2.5 + 3e-6, False),
        (0, 1e-9, True),
        (0, 1.1e-9, False),
        (1e20, 1e20 * (1 + 1e-7), True),
        (2.5, {"float": "inf"}, False),
        (2.5, {"float": "nan"}, False),
        (2.5, "2.5", False),
        (2.5, {"int": "1" + "0" * 400}, False),
        (10**299, {"int": str(10**299 + 1)}, True),
        (1e308, -1e308, False),
        (2.5, {"complex": [2.5, 1e-9]}, True),
        (2.5, array([3], [2.5, 2.5, 2.5 + 1e-7]), True),
        (2.5, array([3], [2.5, 2.5, 3]), False),
        (2.5, {"list": [2.5, 2.5]}, False),
        ([1, 2], array([2], [1.0000001, 2]), True),
        ([1, 2], series(1.0000001, 2), True),
        ([1, "a"], {"list": [1.0000001, "a"]}, True),
        ({"a": 1}, {"dict": [["a", 1.0000001]]}, True),
        (True, 1.0000001, False),
    ],
)
def test_close_allows_the_default_tolerances(expected, sent, is_close):
    assert passes(value(expected, "close"), sent) is is_close


def test_close_takes_the_tolerances_of_its_check():
    assert passes(value(100, "close", relative=0.01, absolute=0), 101)
    assert not passes(value(100, "close", relative=0.01, absolute=0), 101.1)
    assert passes(value(100, "close", relative=0, absolute=1), 99)
    assert not passes(value(100, "close", relative=0, absolute=0), 100.0000001)
    # numpy's rule: relative to the expected value, so that 0 needs an absolute tolerance
    assert not passes(value(0, "close", relative=0.5, absolute=0), 1e-9)


@pytest.mark.parametrize(
    ("expected", "sent", "has_shape"),
    [
        ([2, 3], array([2, 3], [0] * 6), True),
        ([3, 2], array([2, 3], [0] * 6), False),
        ([2, 3], {"list": [{"list": [1, 2, 3]}, {"tuple": [4, 5, 6]}]}, True),
        ([3], series(1, 2, 3), True),
        (3, {"list": ["a", None, "c"]}, True),
        ([1, 2], {"frame": {"columns": ["a", "b"], "index": [0], "data": [[1, 2]]}}, True),
        ([], 5, True),
        ([], None, False),
        ([], "abc", False),
        ([[0.5, 0.5]], array([1, 2], [1, 2]), True),
        ([2], {"list": [{"list": [1]}, {"list": [1, 2]}]}, False),
        ([3], {"large": {"type": "list", "size": 3}}, False),
    ],
)
def test_shapes_are_compared(expected, sent, has_shape):
    assert passes(value(expected, "shape"), sent) is has_shape


def raised(name, *bases, message=""):
    return {"raised": {"type": name, "mro": [name, *bases], "message": message, "traceback": []}}


def test_an_exception_passes_by_its_type_or_a_base():
    assert judge(value("ValueError", "raises"), raised("ValueError", "Exception"))["passed"]
    assert judge(value("LookupError", "raises"), raised("KeyError", "LookupError", "Exception"))["passed"]
    wrong = judge(value("ValueError", "raises"), raised("TypeError", "Exception", message="bad operand"))
    assert (wrong["passed"], wrong["expected"]) == (False, "ValueError")
    assert "TypeError: bad operand" in wrong["message"]
    assert "should have raised ValueError" in words(value("ValueError", "raises"), 3)


def test_an_unwritten_function_does_not_pass_as_an_error_of_its_base():
    starter = raised("NotImplementedError", "RuntimeError", "Exception")
    assert "Not written yet" in judge(value("RuntimeError", "raises"), starter)["message"]
    assert judge(value("NotImplementedError", "raises"), starter)["passed"]
    assert "Not written yet" in judge(value(9), starter)["message"]


def test_an_assert_passes_only_when_it_held():
    check = {"kind": "assert", "source": "assert f(3) > 8", "message": "too small"}
    assert judge(check, {"passed": True})["passed"]
    for sent in ({"passed": 1}, {"passed": "true"}, {"value": True}, {"passed": True, "raised": {}}, {}, None, True):
        assert not judge(check, sent)["passed"]
    said = judge(check, raised("AssertionError", message="f(3) is 7"))
    assert (said["message"], said["called"]) == ("f(3) is 7", "assert f(3) > 8")
    assert (
        "NameError: name 'g' is not defined"
        in judge(check, raised("NameError", message="name 'g' is not defined"))["message"]
    )


@pytest.mark.parametrize(
    ("check", "sent", "part"),
    [
        (value(9), None, "is there a return?"),
        (value(9), "9", "text"),
        (value(9), "nine", "Got a str, expected a number"),
        (value(9), -9, "sign"),
        (value(0.3), 0.1 + 0.2, "rounding"),
        (value([1, 2, 3, 4]), {"list": [1, 2, 3]}, "It has 3 values, expected 4. One is missing"),
        (value([1, 2, 3]), {"list": [1, 2, 3, 4]}, "One too many"),
        (value([1, 2, 5]), {"list": [1, 2, 4]}, "At [2]: 4 instead of 5."),
        (value([[1, 2], [3, 4]]), array([2, 2], [1, 2, 3, 5]), "At [1][1]: 5 instead of 4."),
        (value({"a": {"b": 1}}), {"dict": [["a", {"dict": [["b", 2]]}]]}, "At ['a']['b']: 2 instead of 1."),
        (value([1, 2, 3]), {"list": [3, 1, 2]}, "another order"),
        (value(["a", "b"]), {"tuple": ["b", "a"]}, "another order"),
        (value([0.5, 1.5], "close"), {"list": [1.5, 0.5000001]}, "another order"),
        (value([1, 2]), {"set": [1, 2]}, "no order"),
        (value([[1], [2]]), array([1, 2], [1, 2]), "The shape is (1, 2), expected (2, 1)."),
        (value([3, 2], "shape"), array([2, 3], [0] * 6), "transposed"),
        (value(2.5, "close"), 2.51, "Close, but 0.01 away: at most 2.5e-06 is allowed."),
        (value(3), {"list": [3]}, "not a list of it"),
        (value([3]), 3, "in a list"),
        (value("Yes"), "yes", "capital"),
        (value("a b"), "a  b\n", "spaces"),
        (value({"a": 1}), {"dict": [["b", 1]]}, "The key 'b' is not expected."),
        (value({"a": 1}), {"dict": []}, "The key 'a' is missing."),
        (value(3), {"object": {"type": "function", "repr": "<function f>"}}, "parentheses"),
        (value([1]), {"object": {"type": "generator", "repr": "<generator>"}}, "list(…)"),
        (value(3), {"object": {"type": "coroutine", "repr": "<coroutine f>"}}, "await"),
        (
            value(3),
            {"scalar": {"dtype": "datetime64[D]", "value": {"object": {"type": "date", "repr": "x"}}}},
            "datetime64",
        ),
        (value([1]), {"large": {"type": "list", "size": 10**6}}, "too large"),
        (value(3), array([2], [3, 3]), "an array of shape (2,), expected a number"),
    ],
)
def test_messages_teach(check, sent, part):
    assert part in words(check, sent)


def test_a_judgement_says_what_was_called_returned_and_expected():
    judged = judge(value(9, message="squares"), {"value": 8})
    assert judged == {
        "passed": False,
        "called": "f(3)",
        "returned": "8",
        "expected": "9",
        "message": "8 instead of 9.",
    }


@pytest.mark.parametrize("sent", [{"value": 9, "passed": True}, {"value": 9, "raised": None}, {"passed": True}, [9], 9])
def test_a_result_of_another_form_does_not_pass(sent):
    assert not judge(value(9), sent)["passed"]


def test_a_hidden_check_says_nothing_but_passed():
    for sent in ({"value": 8}, raised("ValueError", message="secret"), {"value": 9}, None):
        assert judge(value(9, message="the expected value is 9"), sent, hidden=True) == {"passed": sent == {"value": 9}}


@pytest.mark.parametrize("expected", [None, True, 0, 1.5, "", "x", [], [1], {}, {"a": 1}])
@pytest.mark.parametrize(
    "sent",
    [
        {"object": {"type": "Liar", "repr": "9"}},
        {"object": {"type": "dict", "repr": "{}"}},
        {"large": {"type": "list", "size": 0}},
        {"list": [{"object": {"type": "int", "repr": "1"}}]},
        {"list": [{"large": {"type": "int", "size": 1}}]},
        {"dict": [["a", {"object": {"type": "int", "repr": "1"}}]]},
        array([1], [{"object": {"type": "int", "repr": "1"}}]),
        [],
        [1],
        {},
        {"a": 1},
        {"list": [1], "tuple": [1]},
        {"int": "１"},
        {"int": 1},
        {"float": 1.5},
        {"array": {"shape": [1], "dtype": "int", "data": [1, 1]}},
        {"array": {"shape": [-1, -1], "dtype": "int", "data": [1]}},
        {"array": {"shape": [10**9, 0], "dtype": "int", "data": []}},
        {"frame": {"columns": ["a"], "index": [], "data": [[1, 2]]}},
        {"dict": [["a", 1, 2]]},
        {"complex": [1]},
        {"scalar": {"dtype": "object", "value": {"object": {"type": "int", "repr": "1"}}}},
    ],
)
@pytest.mark.parametrize("comparison", ["equal", "close"])
def test_strangers_and_forgeries_equal_nothing(expected, sent, comparison):
    assert not passes(value(expected, comparison), sent)


plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)
TAGS = ["int", "float", "list", "tuple", "set", "dict", "bytes", "complex", "array", "scalar", "series", "frame"]
FIELDS = ["type", "repr", "size", "shape", "dtype", "data", "value", "values", "index", "name", "columns"]
tagged_json = st.recursive(
    plain_json | st.sampled_from(["nan", "inf", "1" * 5000, "6", "zz"]),
    lambda inner: (
        st.dictionaries(st.sampled_from([*TAGS, "object", "large"]), inner, min_size=1, max_size=1)
        | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=5)
        | st.lists(inner, max_size=4)
    ),
    max_leaves=20,
)
results = (
    tagged_json
    | st.builds(lambda sent: {"value": sent}, tagged_json)
    | st.builds(lambda sent: {"raised": sent}, plain_json)
    | st.builds(
        lambda name, mro, said: {"raised": {"type": name, "mro": mro, "message": said}},
        plain_json,
        plain_json,
        plain_json,
    )
)
author_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@in_its_time
@given(author_json, st.sampled_from(["equal", "close", "shape", "raises"]), results)
@example(1, "equal", {"value": 10**6000})
@example([1], "close", {"value": {"list": [10**6000]}})
@example("ValueError", "raises", {"raised": {"type": [], "mro": [[]]}})
def test_nothing_that_is_sent_makes_judging_fail(expected, comparison, sent):
    check = value(str(expected) if comparison == "raises" else expected, comparison)
    judged = judge(check, sent)
    assert judged["passed"] in (True, False)
    for name in ("called", "returned", "expected", "message"):
        assert len(judged[name]) <= 1_000
        judged[name].encode()  # no lone surrogate, which no database takes
        assert "\0" not in judged[name]
    assert bool(judged["message"]) is not judged["passed"]
    assert judge(check, sent, hidden=True) == {"passed": judged["passed"]}


def as_sent(expected, tuples=False):
    """The wire form of JSON values, as the encoder gives it."""
    if isinstance(expected, list):
        return {"tuple" if tuples else "list": [as_sent(item, tuples) for item in expected]}
    if isinstance(expected, dict):
        return {"dict": [[key, as_sent(item, tuples)] for key, item in reversed(expected.items())]}
    if isinstance(expected, int) and abs(expected) > 2**63:
        return {"int": str(expected)}
    return expected


@in_its_time
@given(author_json, st.booleans(), st.sampled_from(["equal", "close"]))
def test_a_value_equals_itself(expected, tuples, comparison):
    sent = json.loads(json.dumps(as_sent(expected, tuples)))
    assert judge(value(expected, comparison), {"value": sent})["passed"]


@in_its_time
@given(author_json, author_json)
def test_equality_is_pythons(expected, other):
    assert passes(value(expected), as_sent(other)) is (expected == other)


@pytest.mark.parametrize("comparison", ["equal", "close"])
def test_numbers_beyond_a_float_are_told_apart(comparison):
    check = {"kind": "value", "expression": "f()", "expected": 2**1024 + 5, "comparison": comparison}
    assert judge(check, {"value": {"int": str(2**1023)}})["passed"] is False
    assert judge(check, {"value": {"int": str(2**1024 + 5)}})["passed"] is True


def test_a_deep_or_wide_value_is_judged_at_once():
    deep = 1
    for _ in range(400):
        deep = {"list": [deep]}
    # Hashes of these numbers are all the same: counting them in a dict would take minutes.
    colliding = {"list": [{"int": str((2**61 - 1) * n)} for n in range(20_000)]}
    keys = {"dict": [[{"int": str((2**61 - 1) * n)}, 0] for n in range(20_000)]}
    thin = {"list": [array([100_000, 0], []) for _ in range(100)]}
    begun = time.monotonic()
    for expected in (1, [[1]], [0] * 20_000, {"0": 0}, [[]] * 100):
        for sent in (deep, colliding, keys, thin):
            assert not passes(value(expected), sent)
            assert not passes(value(expected, "close"), sent)
    assert time.monotonic() - begun < 10


def test_long_values_are_shown_cut():
    judged = judge(value(list(range(10_000))), {"value": {"list": ["x" * 1_000] * 1_000}})
    assert len(judged["returned"]) <= wire.MAX_SHOWN
    assert judged["expected"].startswith("[0, 1, 2")
    assert judged["expected"].endswith("…")


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        ({"tuple": [1]}, "(1,)"),
        ({"set": []}, "set()"),
        ({"set": [1, 2]}, "{1, 2}"),
        ({"dict": [["a", {"float": "nan"}]]}, "{'a': nan}"),
        (array([2, 2], [1, 2, 3, 4]), "array([[1, 2], [3, 4]])"),
        (series(1, 2), "Series([1, 2])"),
        ({"frame": {"columns": ["a"], "index": [0], "data": [[1]]}}, "DataFrame of 1 row, columns: 'a'"),
        ({"bytes": "6162"}, "b'ab'"),
        ({"scalar": {"dtype": "float64", "value": 0.5}}, "0.5"),
        ({"large": {"type": "list", "size": 100_001}}, "<list of 100,001>"),
        ({"object": {"type": "Foo", "repr": "Foo(\x001)"}}, "Foo(\ufffd1)"),
        ("\ud800", r"'\ud800'"),
    ],
)
def test_values_are_shown_as_python_writes_them(sent, text):
    assert wire.show(wire.decode(sent)) == text


def test_labels_say_what_a_check_asks_for():
    assert label_of(value(9)) == "f(3) gives 9"
    assert label_of(value(9, message="squares its argument")) == "squares its argument"
    assert label_of(value(0.5, "close")) == "f(3) gives about 0.5"
    assert label_of(value([2, 3], "shape")) == "f(3) has the shape (2, 3)"
    assert label_of(value("ValueError", "raises")) == "f(3) raises ValueError"
    assert label_of({"kind": "assert", "source": "x = f(3)\nassert x > 8\n"}) == "x > 8"


def test_both_files_work_as_plain_modules():
    """As the browser's worker has them: beside each other, in no package, without Django."""
    folder = Path(wire.__file__).parent
    check = {"kind": "value", "expression": "x", "expected": 9, "comparison": "equal"}
    program = (
        f"import sys; sys.path.insert(0, {str(folder)!r}); import comparing;"
        f"judged = comparing.judge({check!r}, {{'value': 9}});"
        "print(judged['passed'], 'django' in sys.modules, 'progress' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-I", "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "False", "False"]


def test_not_a_number_equals_nothing_but_is_shown():
    judged = judge(value(1.5, "close"), {"value": {"float": "nan"}})
    assert (judged["passed"], judged["returned"]) == (False, "nan")
    assert math.isnan(wire.decode({"float": "nan"}))
