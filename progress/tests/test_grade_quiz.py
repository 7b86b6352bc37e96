"""An answer to a quiz is read kindly, graded by the key alone, and answered without giving the key away."""

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from courses.content.choices import choice_order
from progress.grading.quizzes import feedback, grade, read_answer
from progress.grading.values import read_number

# A first example on a busy machine takes longer than Hypothesis allows one.
in_its_time = settings(deadline=None)

SINGLE = {"kind": "single", "graded": True, "choices": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}
SINGLE_KEY = {
    "choices": [{"id": "a", "correct": False}, {"id": "b", "correct": True}, {"id": "c", "correct": False}],
    "explanation": "because",
    "html": {"explanation": "<p>because</p>", "feedback": {"a": "<p>not a</p>", "b": "<p>yes b</p>"}},
}
MULTIPLE = SINGLE | {"kind": "multiple", "choices": [{"id": name} for name in "abcd"]}
MULTIPLE_KEY = {"choices": [{"id": name, "correct": name in "ab"} for name in "abcd"], "html": {"feedback": {}}}
NUMERIC = {"kind": "numeric", "graded": True}
METRES = NUMERIC | {"units": "m/s^2"}
TEXT = {"kind": "text", "graded": True}


def numeric(value, tolerance=0, **more):
    return {"answer": {"value": value, "tolerance": tolerance, **more}}


def words(*accepted, case_sensitive=False):
    return {"answer": {"accepted": list(accepted), "case_sensitive": case_sensitive}}


@pytest.mark.parametrize(
    ("block", "answer", "normal"),
    [
        (SINGLE, "b", "b"),
        (SINGLE, ["b"], "b"),
        (SINGLE, {"choice": "b"}, "b"),
        (MULTIPLE, "b", ["b"]),
        (MULTIPLE, ["c", "a", "c"], ["a", "c"]),
        (MULTIPLE, {"choices": ["a", ""]}, ["a"]),
        (NUMERIC, 0.25, 0.25),
        (NUMERIC, 3, 3.0),
        (NUMERIC, {"value": " 0,25 "}, 0.25),
        (NUMERIC, "1,234", "1,234"),
        (NUMERIC, "25 %", "25 %"),
        (METRES, "9.81  m/s²", "9.81 m/s²"),
        (TEXT, {"text": "  Overfitting "}, "Overfitting"),
    ],
)
def test_answers_have_a_normal_form(block, answer, normal):
    assert read_answer(block, answer) == normal
    assert read_answer(block, normal) == normal


@pytest.mark.parametrize(
    ("block", "answer", "part"),
    [
        (SINGLE, "z", "“z” is not a choice"),
        (SINGLE, "a\u202eb", "is not a choice"),
        (SINGLE, ["a", "b"], "one answer only"),
        (SINGLE, [], "choose an answer"),
        (SINGLE, "", "choose an answer"),
        (SINGLE, None, "must be the id of a choice"),
        (SINGLE, 1, "must be the id of a choice"),
        (SINGLE, {"choice": {"choice": "a"}}, "must be the id of a choice"),
        (SINGLE, {"code": "a"}, "must be the answer itself"),
        (SINGLE, {}, "must be the answer itself"),
        (MULTIPLE, ["a", "z"], "“z” is not a choice"),
        (MULTIPLE, [["a"]], "must be the id of a choice"),
        (NUMERIC, "a quarter", "“a quarter” is not a number"),
        (NUMERIC, "", "must not be empty"),
        (NUMERIC, True, "must be a number"),
        (NUMERIC, None, "must be a number"),
        (NUMERIC, [1], "must be a number"),
        (NUMERIC, float("nan"), "is not a number"),
        (NUMERIC, float("inf"), "is not a number"),
        (NUMERIC, 10**400, "too large"),
        (NUMERIC, "1e999", "too large"),
        (NUMERIC, "1/0", "divided by 0"),
        (NUMERIC, "1 1/2", "is not a number"),
        (NUMERIC, "3 apples", "give the number alone"),
        (NUMERIC, "1\0", "no text"),
        (NUMERIC, "1" * 101, "at most 100 characters"),
        (TEXT, "", "must not be empty"),
        (TEXT, 3, "must be text"),
        (TEXT, "x" * 1_001, "at most 1,000"),
        (TEXT, "\ud800", "no text"),
    ],
)
def test_a_malformed_answer_is_refused_with_words(block, answer, part):
    with pytest.raises(ValueError, match=".") as refused:
        read_answer(block, answer)
    assert part in str(refused.value)
    str(refused.value).encode()


@in_its_time
@given(
    st.sampled_from([SINGLE, MULTIPLE, NUMERIC, METRES, TEXT]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["a", "1/3", "١٢"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "choice"]), inner),
        max_leaves=5,
    ),
)
@example(NUMERIC, "-")
@example(NUMERIC, "1e")
@example(NUMERIC, "½")
def test_any_answer_is_read_or_refused(block, answer):
    try:
        normal = read_answer(block, answer)
    except ValueError:
        return
    assert read_answer(block, normal) == normal
    assert json.loads(json.dumps(normal, allow_nan=False)) == normal


def test_a_single_choice_is_right_or_wrong():
    right, wrong = grade(SINGLE, SINGLE_KEY, 2, "b"), grade(SINGLE, SINGLE_KEY, 2, "a")
    assert (right.passed, right.share, right.score, right.chosen) == (True, 1.0, 2, ["b"])
    assert (wrong.passed, wrong.share, wrong.score, wrong.chosen) == (False, 0.0, 0, ["a"])


@pytest.mark.parametrize(
    ("chosen", "share"),
    [("ab", 1), ("a", 0.5), ("b", 0.5), ("abc", 0.5), ("ac", 0), ("acd", 0), ("c", 0), ("abcd", 0)],
)
def test_partial_credit_counts_right_minus_wrong_choices(chosen, share):
    partial = grade(MULTIPLE | {"partial_credit": True}, MULTIPLE_KEY, 3, list(chosen))
    assert (partial.share, partial.score, partial.passed) == (share, 3 * share, chosen == "ab")
    whole = grade(MULTIPLE, MULTIPLE_KEY, 3, list(chosen))
    assert (whole.share, whole.passed) == (float(chosen == "ab"), chosen == "ab")


@in_its_time
@given(st.sets(st.sampled_from("abcd"), min_size=1), st.sets(st.sampled_from("abcd"), min_size=1))
def test_only_the_exact_set_of_choices_passes(right, chosen):
    key = {"choices": [{"id": name, "correct": name in right} for name in "abcd"]}
    graded = grade(MULTIPLE | {"partial_credit": True}, key, 1, sorted(chosen))
    assert graded.passed is (right == chosen)
    assert 0 <= graded.share <= 1


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("0.25", [0.25]),
        ("0,25", [0.25]),
        (".5", [0.5]),
        ("5.", [5]),
        ("−3", [-3]),
        ("– 3", [-3]),
        ("+3", [3]),
        ("= 3", [3]),
        ("1/4", [0.25]),
        ("-1/4", [-0.25]),
        ("¼", [0.25]),
        ("1,5 / 3", [0.5]),
        ("1e3", [1000]),
        ("1.5E-3", [0.0015]),
        ("1.5×10³", [1500]),
        ("1.5 * 10^3", [1500]),
        ("2·10⁻²", [0.02]),
        ("10^3", [1000]),
        ("10³", [1000]),
        ("1 234.5", [1234.5]),
        ("1\u202f234\u202f567", [1234567]),
        ("1'234", [1234]),
        ("1_234", [1234]),
        ("1,234.5", [1234.5]),
        ("1.234,5", [1234.5]),
        ("1,234,567", [1234567]),
        ("1.234.567", [1234567]),
        ("1,234", [1.234, 1234]),
        ("0,234", [0.234]),
        ("25%", [0.25, 25]),
        ("１２", [12]),
        ("٣", [3]),
    ],
)
def test_numbers_are_read_as_people_type_them(text, readings):
    number = read_number(text)
    assert list(number.readings) == pytest.approx(readings, rel=1e-15)
    assert number.units in ("", "%")


@pytest.mark.parametrize("text", ["1,23,4", "1.2.3", "1,234.5,6", "12,34.5", "e5", "0x10", "1e5e5", "--1", "1 2", "²"])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(ValueError, match="number"):
        read_answer(NUMERIC, text)


@in_its_time
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_reads_back_as_itself(number):
    assert read_answer(NUMERIC, number) == number
    assert grade(NUMERIC, numeric(number), 1, repr(number)).passed


@pytest.mark.parametrize(
    ("answer", "passed"),
    [(0.25, True), (0.26, True), (0.24, True), ("0,26", True), ("1/4", True), ("25 %", True), (0.2601, False)],
)
def test_the_tolerance_includes_its_ends(answer, passed):
    assert grade(NUMERIC, numeric(0.25, 0.01), 1, answer).passed is passed


def test_a_comma_may_be_either():
    assert grade(NUMERIC, numeric(1234), 1, "1,234").passed
    assert grade(NUMERIC, numeric(1.234), 1, "1,234").passed
    assert not grade(NUMERIC, numeric(1.234), 1, "1.235").passed


def test_per_cent_may_be_either_unless_the_question_is_in_per_cent():
    assert grade(NUMERIC, numeric(25), 1, "25 %").passed
    in_per_cent = NUMERIC | {"units": "%"}
    assert grade(in_per_cent, numeric(25, units="%"), 1, "25%").passed
    assert grade(in_per_cent, numeric(25, units="%"), 1, 25).passed
    assert not grade(in_per_cent, numeric(0.25, units="%"), 1, "25%").passed


@pytest.mark.parametrize("answer", ["9.81", 9.81, "9.81 m/s^2", "9,81 m/s²", "9.81m/s2", "9.81 m / s**2."])
def test_units_may_be_left_out_or_written_in_any_form(answer):
    assert grade(METRES, numeric(9.81, 0.01, units="m/s^2"), 1, answer).passed


@pytest.mark.parametrize("answer", ["9.81 m/s", "9.81 M/s^2", "9.81 km/s^2", "9.81 %"])
def test_wrong_units_do_not_pass_and_are_named(answer):
    graded = grade(METRES, numeric(9.81, 0.01, units="m/s^2"), 1, answer)
    assert not graded.passed
    assert "m/s^2" in graded.message


@pytest.mark.parametrize(
    ("accepted", "answer", "passed"),
    [
        ("overfitting", " Overfitting ", True),
        ("overfitting", "OVERFITTING.", True),
        ("overfitting", "“Overfitting”", True),
        ("overfitting", "(overfitting)", True),
        ("overfitting", "overfit", False),
        ("train-test split", "train–test  split", True),
        ("it's", "it’s", True),
        ("naïve", "nai\u0308ve", True),
        ("Straße", "STRASSE", True),
        ("ﬁt", "fit", True),
        ("!=", "!=", True),
        ("!=", "=", False),
        ("f()", "f()", True),
        ("f()", "f", False),
        ("x!", "x", False),
        ("et al.", "et al", True),
        ("?", "?", True),
    ],
)
def test_text_is_compared_in_a_normal_form(accepted, answer, passed):
    assert grade(TEXT, words("other", accepted), 1, answer).passed is passed


def test_capitals_count_where_the_key_says_so():
    assert not grade(TEXT, words("NaN", case_sensitive=True), 1, "nan").passed
    assert grade(TEXT, words("NaN", case_sensitive=True), 1, " NaN. ").passed


def test_a_question_without_a_key_is_not_graded():
    with pytest.raises(ValueError, match="not graded"):
        grade(SINGLE | {"graded": False}, {"missing": "which choice is right"}, 1, "a")


def test_feedback_is_on_the_chosen_choices_alone():
    said = feedback(SINGLE, SINGLE_KEY, grade(SINGLE, SINGLE_KEY, 1, "a"), settled=False)
    assert said == {
        "message": "Not right.",
        "choices": [{"id": "a", "html": "<p>not a</p>"}],
        "explanation": None,
        "correct": None,
        "answer": None,
    }


def test_the_right_answer_is_told_once_the_question_is_settled():
    said = feedback(SINGLE, SINGLE_KEY, grade(SINGLE, SINGLE_KEY, 1, "a"), settled=True)
    assert (said["explanation"], said["correct"]) == ("<p>because</p>", ["b"])
    key = numeric(0.25, 0.01, units="m")
    asked = NUMERIC | {"units": "m"}
    assert feedback(asked, key, grade(asked, key, 1, 3), settled=True)["answer"] == "0.25 ± 0.01 m"
    assert feedback(TEXT, words("one", "two"), grade(TEXT, words("one"), 1, "x"), settled=True)["answer"] == "one"


@pytest.mark.parametrize(
    ("block", "key", "answer"),
    [
        (SINGLE, SINGLE_KEY | {"html": {"explanation": "CANARY", "feedback": {"b": "CANARY"}}}, "a"),
        (NUMERIC, numeric(8675309, 42) | {"html": {"explanation": "CANARY"}}, "1"),
        (TEXT, words("CANARY"), "x"),
    ],
)
def test_an_unsettled_wrong_answer_tells_nothing_of_the_key(block, key, answer):
    graded = grade(block, key, 1, answer)
    said = json.dumps([feedback(block, key, graded, settled=False), graded.message])
    assert not any(secret in said for secret in ("CANARY", "8675309", "42", '"b"'))


def test_choices_are_shuffled_the_same_way_for_the_same_seed():
    names = [f"c{number}" for number in range(6)]
    orders = [choice_order(names, f"learner {number}") for number in range(50)]
    assert all(sorted(order) == names for order in orders)
    assert len({tuple(order) for order in orders}) > 40
    assert len({order[0] for order in orders}) == 6
    assert choice_order(names[::-1], "learner 1") == choice_order(names, "learner 1") == orders[1]
    # Stays the same over releases: another order would move the choices under a learner's eyes.
    assert choice_order(["a", "b", "c", "d"], "seed") == ["a", "d", "c", "b"]
