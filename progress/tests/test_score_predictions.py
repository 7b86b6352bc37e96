"""Predictions are scored as scikit-learn would, on a split that stays, and their faults are told by line."""

import math
import random
import warnings

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from progress.grading import metrics
from progress.grading.predictions import MAX_BYTES, Labels, reaches, read_labels, read_predictions, score

# A first example on a busy machine takes longer than Hypothesis allows one.
in_its_time = settings(deadline=None)

binary = st.sampled_from([(0.0, 1.0), (-1.0, 1.0), (1.0, 2.0), ("no", "yes")])
moderate = st.floats(-1e6, 1e6).map(lambda value: round(value, 6))
probability = st.floats(0, 1)


def rows_of(labels, predictions, least=1):
    return st.lists(st.tuples(labels, predictions), min_size=least, max_size=40).map(
        lambda rows: list(zip(*rows, strict=True))
    )


def near(value):
    return pytest.approx(value, rel=1e-9, abs=1e-9)


@in_its_time
@given(st.data(), st.sampled_from([("a", "b", "c"), (0.0, 1.0), (3.0, 1.0, 2.0, 7.0)]))
def test_accuracy_is_that_of_scikit_learn(data, classes):
    truth, predicted = data.draw(rows_of(st.sampled_from(classes), st.sampled_from(classes)))
    assert metrics.accuracy(truth, predicted) == near(reference.accuracy_score(truth, predicted))


@in_its_time
@given(st.data(), binary)
def test_f1_of_two_classes_is_that_of_scikit_learn(data, classes):
    truth, predicted = data.draw(rows_of(st.sampled_from(classes), st.sampled_from(classes)))
    # By default scikit-learn's positive label is 1, and text labels have to name theirs.
    positive = 1 if 1 in classes else classes[1]
    theirs = reference.f1_score(truth, predicted, pos_label=positive, labels=classes, zero_division=0)
    assert metrics.f1(truth, predicted, classes) == near(theirs)


@in_its_time
@given(st.data(), st.sampled_from([("a", "b", "c"), (3.0, 1.0, 2.0, 7.0)]))
def test_f1_of_more_classes_is_scikit_learns_macro_mean(data, classes):
    truth, predicted = data.draw(rows_of(st.sampled_from(classes), st.sampled_from(classes)))
    theirs = reference.f1_score(truth, predicted, average="macro", zero_division=0)
    assert metrics.f1(truth, predicted, classes) == near(theirs)


@in_its_time
@given(st.data(), binary, st.sampled_from([probability, st.sampled_from([0.1, 0.5, 0.9])]))
def test_roc_auc_is_that_of_scikit_learn_with_ties(data, classes, scores):
    truth, predicted = data.draw(rows_of(st.sampled_from(classes), scores, least=2))
    assume(len(set(truth)) == 2)
    assert metrics.roc_auc(truth, predicted) == near(reference.roc_auc_score(truth, predicted))


def test_roc_auc_needs_two_classes():
    with pytest.raises(ValueError, match="two classes"):
        metrics.roc_auc([1.0, 1.0], [0.5, 0.6])


@in_its_time
@given(st.data(), binary)
def test_log_loss_of_two_classes_is_that_of_scikit_learn(data, classes):
    truth, predicted = data.draw(rows_of(st.sampled_from(classes), probability))
    theirs = reference.log_loss(truth, predicted, labels=classes)
    assert metrics.log_loss(truth, predicted, classes) == near(theirs)
    as_rows = [(1 - share, share) for share in predicted]
    assert metrics.log_loss(truth, as_rows, classes) == near(theirs)


@in_its_time
@given(st.data(), st.sampled_from([("a", "b", "c"), (1.0, 2.0, 5.0)]))
def test_log_loss_of_more_classes_is_that_of_scikit_learn(data, classes):
    row = st.tuples(*[st.floats(0.001, 1)] * 3).map(lambda parts: [part / math.fsum(parts) for part in parts])
    truth, predicted = data.draw(rows_of(st.sampled_from(classes), row))
    assert metrics.log_loss(truth, predicted, classes) == near(reference.log_loss(truth, predicted, labels=classes))


@in_its_time
@given(rows_of(moderate, moderate))
def test_errors_are_those_of_scikit_learn(rows):
    truth, predicted = rows
    assert metrics.mae(truth, predicted) == near(reference.mean_absolute_error(truth, predicted))
    assert metrics.rmse(truth, predicted) == near(reference.root_mean_squared_error(truth, predicted))


# scikit-learn sums with rounding where the deviations are tiny beside the values; whole numbers keep it exact.
@in_its_time
@given(rows_of(st.integers(-1000, 1000).map(float), st.integers(-1000, 1000).map(float), least=2))
def test_r2_is_that_of_scikit_learn(rows):
    truth, predicted = rows
    assert metrics.r2(truth, predicted) == near(reference.r2_score(truth, predicted))
    assert metrics.r2([5.0, 5.0], [5.0, 5.0]) == reference.r2_score([5.0, 5.0], [5.0, 5.0]) == 1
    assert metrics.r2([5.0, 5.0], [5.0, 6.0]) == reference.r2_score([5.0, 5.0], [5.0, 6.0]) == 0


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 10**6))
def test_all_metrics_agree_on_many_rows(seed):
    dice = random.Random(seed)  # noqa: S311 (repeatable on purpose)
    truth = [float(dice.random() < 0.3) for _ in range(5_000)]
    scores = [min(1.0, max(0.0, round(dice.gauss(0.3 + 0.3 * label, 0.3), 2))) for label in truth]
    hard = [float(value > 0.5) for value in scores]
    for name, given_values, theirs in (
        ("accuracy", hard, reference.accuracy_score(truth, hard)),
        ("f1", hard, reference.f1_score(truth, hard)),
        ("roc_auc", scores, reference.roc_auc_score(truth, scores)),
        ("log_loss", scores, reference.log_loss(truth, scores)),
        ("mae", scores, reference.mean_absolute_error(truth, scores)),
        ("rmse", scores, reference.root_mean_squared_error(truth, scores)),
        ("r2", scores, reference.r2_score(truth, scores)),
    ):
        assert metrics.measure(name, truth, given_values, [0.0, 1.0]) == near(theirs)


@pytest.mark.parametrize(
    ("text", "values", "ids", "is_public"),
    [
        ("1\n0\n1\n", [1, 0, 1], None, None),
        ("label\n1\n0\n", [1, 0], None, None),
        ("species\nAdelie\nGentoo\nAdelie\nGentoo\n", ["Adelie", "Gentoo", "Adelie", "Gentoo"], None, None),
        ("Adelie\nGentoo\nAdelie\n", ["Adelie", "Gentoo", "Adelie"], None, None),
        ("y\nn\ny\n", ["y", "n", "y"], None, None),
        ("\ufeffid,label\r\na,1.5\r\n\r\nb,2\r\n", [1.5, 2], ["a", "b"], None),
        ("a,1.5\nb,2\n", [1.5, 2], ["a", "b"], None),
        ("label,id\n1,x\n0,y\n", [1, 0], ["x", "y"], None),
        ("id,target,Usage\n7,1,Public\n8,0,Private\n", [1, 0], ["7", "8"], [True, False]),
        ("7,1,public\n8,0,private\n", [1, 0], ["7", "8"], [True, False]),
        ("price,split\n1,public\n0,private\n", [1, 0], None, [True, False]),
        ("id;label\n7;1\n8;0\n", [1, 0], ["7", "8"], None),
        ('id,label\n"a,b","yes, it is"\nc,no\n', ["yes, it is", "no"], ["a,b", "c"], None),
        ("label\ntrue\nFalse\n", [1, 0], None, None),
    ],
)
def test_label_files_are_read(text, values, ids, is_public):
    labels = read_labels(text.encode())
    assert (labels.values, labels.ids, labels.is_public) == (values, ids, is_public)


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"", "empty"),
        (b"label\n", "no label"),
        (b"\xff\xfe1", "UTF-8"),
        (b"1\0", "not a CSV"),
        (b"id,label\n1,2,3\n", "line 2: has 3 columns"),
        (b"id,label\n1,\n", "line 2: the label is missing"),
        (b"label\nnan\n", "line 2: the label is missing"),
        (b"label\n1\ninf\n", "line 3: the number is too large"),
        (b"id,label\na,1\na,2\n", "line 3: the id “a” is there twice"),
        (b"id,label,usage\na,1,test\n", "line 2: the split"),
        (b"id,label,weight\na,1,2\n", "columns"),
        (b"a,b,c,d\n1,2,3,4\n", "columns"),
        (b'"open\n', "line 1"),
        (b"1\n" * 200_002, "more than 200,000 rows"),
        (b"\n" * 9_000_000, "more than 600,000 lines"),
        (b"1" * (MAX_BYTES + 1), "10 MB"),
    ],
)
def test_a_faulty_label_file_is_refused_with_its_line(data, part):
    with pytest.raises(ValueError, match=".") as refused:
        read_labels(data)
    assert part in str(refused.value)


NUMBERS = Labels([1.0, 0.0, 1.0])
NAMED = Labels([1.0, 0.0, 1.0], ids=["a", "b", "c"])
SPECIES = Labels(["x", "y", "z", "x"])


@pytest.mark.parametrize(
    ("answer", "labels", "metric", "predictions"),
    [
        ([1, 0, True], NUMBERS, "accuracy", [1, 0, 1]),
        ({"predictions": [1, 0, 1]}, NUMBERS, "accuracy", [1, 0, 1]),
        (["1", "0", "1.0"], NUMBERS, "accuracy", [1, 0, 1]),
        ("1\n0\n1\n", NUMBERS, "accuracy", [1, 0, 1]),
        (b"prediction\r\n1\r\n0\r\n1\r\n", NUMBERS, "accuracy", [1, 0, 1]),
        (b"0\n1\n0\n1\n", NUMBERS, "accuracy", [1, 0, 1]),  # pandas names a column that has no name 0
        (b",p\n0,0.9\n1,0.1\n2,0.8\n", NUMBERS, "roc_auc", [0.9, 0.1, 0.8]),
        (b"2,0.8\n3,0.7\n1,0.9\n", NUMBERS, "roc_auc", [0.9, 0.8, 0.7]),
        (b"id,label\nc,3\na,1\nb,2\n", NAMED, "mae", [1, 2, 3]),
        (b"c;3\na;1\nb;2\n", NAMED, "mae", [1, 2, 3]),
        (b"5\n6\n7\n", NAMED, "mae", [5, 6, 7]),
        ([5, 6, 7], NAMED, "mae", [5, 6, 7]),
        (["x", " y", "q", "x"], SPECIES, "f1", ["x", "y", "q", "x"]),
        ([[0.5, 0.25, 0.25]] * 4, SPECIES, "log_loss", [[0.5, 0.25, 0.25]] * 4),
        (b"0.5,0.25,0.25\n" * 4, SPECIES, "log_loss", [[0.5, 0.25, 0.25]] * 4),
        (b"z,x,y\n" + b"0.5,0.25,0.25\n" * 4, SPECIES, "log_loss", [[0.25, 0.25, 0.5]] * 4),
        ([0.5, [0.5, 0.5], 0], NUMBERS, "log_loss", [0.5, [0.5, 0.5], 0]),
    ],
)
def test_predictions_are_read_in_the_order_of_the_labels(answer, labels, metric, predictions):
    assert read_predictions(answer, labels, metric) == predictions


@pytest.mark.parametrize(
    ("answer", "labels", "metric", "part"),
    [
        ([1, 0], NUMBERS, "accuracy", "there are 2 predictions, expected 3"),
        ([1] * 200_001, NUMBERS, "accuracy", "more than 200,000"),
        ([], NUMBERS, "accuracy", "there are 0 predictions, expected 3"),
        (b"1\n0\n", NUMBERS, "accuracy", "there are 2 predictions, expected 3"),
        (b"p\n1\n0\n1\n0\n", NUMBERS, "mae", "there are 4 predictions, expected 3"),
        ([1, "one", 0], NUMBERS, "accuracy", "prediction 2: must be a number"),
        ([1, None, 0], NUMBERS, "mae", "prediction 2: must be a number"),
        ([1, [0], 0], NUMBERS, "mae", "prediction 2: must be a number"),
        ([1, {}, 0], SPECIES, "mae", "expected 4"),
        ([1, float("nan"), 0], NUMBERS, "mae", "prediction 2: the value is missing (NaN)"),
        ([1, 10**400, 0], NUMBERS, "mae", "prediction 2: the number is too large"),
        (b"p\n1\nnan\n0\n", NUMBERS, "mae", "line 3: the value is missing (NaN)"),
        (b"p\n1\n\xd1\x8f\n0\n", NUMBERS, "mae", "line 3: must be a number"),
        (b"id,p\na,1\na,2\nb,1\n", NAMED, "mae", "line 3: the id “a” is there twice"),
        (b"id,p\na,1\nq,2\nb,1\n", NAMED, "mae", "line 3: the id “q” is not in the data"),
        (b"0,1\n1,2\n3,1\n", NUMBERS, "mae", "line 3: the id “3” is not in the data"),
        (b"a,b,c\n1,2,3\n1,2,3\n1,2,3\n", NUMBERS, "mae", "there are 3 columns"),
        (b"a,b\n1\n", NUMBERS, "mae", "line 2: has 1 columns"),
        ([0.5, 1.5, 0.5], NUMBERS, "log_loss", "prediction 2: must be a probability from 0 to 1"),
        ([[0.9, 0.9], 1, 1], NUMBERS, "log_loss", "prediction 1: must be probabilities"),
        ([0.5] * 4, SPECIES, "log_loss", "prediction 1: must be 3 probabilities"),
        (["x", "", "y", "z"], SPECIES, "accuracy", "prediction 2: must be a label"),
        (7, NUMBERS, "mae", "must be a list"),
        (None, NUMBERS, "mae", "must be a list"),
        ({"values": []}, NUMBERS, "mae", "must be a list"),
        (b"", NUMBERS, "mae", "empty"),
        (b"1" * (MAX_BYTES + 1), NUMBERS, "mae", "10 MB"),
    ],
)
def test_faulty_predictions_are_refused_with_their_line(answer, labels, metric, part):
    with pytest.raises(ValueError, match=".") as refused:
        read_predictions(answer, labels, metric)
    assert part in str(refused.value)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=8,
)
csv_like = st.text('ab01.,;"\n\t- ', max_size=30)


@in_its_time
@given(
    anything
    | st.lists(anything, min_size=3, max_size=4)
    | csv_like
    | csv_like.map(str.encode)
    | st.binary(max_size=30),
    st.sampled_from([NUMBERS, NAMED, SPECIES]),
    st.sampled_from(metrics.METRICS),
)
def test_any_predictions_are_scored_or_refused(answer, labels, metric):
    try:
        scores = score(labels, read_predictions(answer, labels, metric), metric, "seed")
    except ValueError:
        return
    assert math.isfinite(scores.public)
    assert math.isfinite(scores.private)


@in_its_time
@given(csv_like.map(str.encode) | st.binary(max_size=40))
def test_any_label_file_is_read_or_refused(data):
    try:
        labels = read_labels(data)
    except ValueError:
        return
    assert len(labels.values) > 0
    assert all(names is None or len(names) == len(labels.values) for names in (labels.ids, labels.is_public))


def test_the_split_is_stable_and_about_thirty_to_seventy():
    labels = Labels([float(number) for number in range(100)])
    only_first_rows = [0.0 if number < 50 else label for number, label in enumerate(labels.values)]
    by_seed = [score(labels, only_first_rows, "mae", f"seed {number}") for number in range(20)]
    assert by_seed == [score(labels, only_first_rows, "mae", f"seed {number}") for number in range(20)]
    assert len({scores.public for scores in by_seed}) > 15
    for scores in by_seed:
        # The two parts make up the whole: 30 rows and 70.
        assert 0.3 * scores.public + 0.7 * scores.private == pytest.approx(metrics.mae(labels.values, only_first_rows))


def test_the_split_goes_by_id_not_by_place():
    ids = [f"row {number}" for number in range(40)]
    values = [float(number) for number in range(40)]
    there = score(Labels(values, ids=ids), [0.0] * 40, "mae", "seed")
    back = score(Labels(values[::-1], ids=ids[::-1]), [0.0] * 40, "mae", "seed")
    assert there == back


def test_a_split_that_the_file_names_is_used():
    labels = Labels([1.0, 2.0, 3.0], is_public=[True, False, False])
    scores = score(labels, [1.0, 4.0, 3.0], "mae", "seed")
    assert (scores.public, scores.private, scores.rows) == (0.0, 1.0, 3)


@pytest.mark.parametrize(
    ("labels", "metric"),
    [
        (Labels([3.0]), "mae"),
        (Labels([1.0, 0.0], is_public=[True, True]), "accuracy"),
        (Labels([1.0, 0.0, 0.0, 0.0, 0.0]), "roc_auc"),
        (Labels([1.0, 0.0, 1.0], is_public=[True, False, False]), "f1"),
        (Labels([1.0, 0.0, 1.0], is_public=[True, False, False]), "r2"),
    ],
)
def test_all_rows_count_for_both_where_a_part_cannot_be_measured(labels, metric):
    predictions = [value / 2 + 0.25 for value in labels.values] if metric in ("roc_auc", "r2") else labels.values
    scores = score(labels, predictions, metric, "seed")
    assert scores.public == scores.private
    assert scores.public == metrics.measure(metric, labels.values, predictions, labels.classes)


def test_f1_of_a_part_knows_that_there_are_more_classes():
    labels = Labels(["a", "b", "c", "a", "b"], is_public=[True, True, False, False, False])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = reference.f1_score(["a", "b"], ["a", "a"], average="macro", zero_division=0)
    assert score(labels, ["a", "a", "c", "a", "b"], "f1", "seed").public == near(expected)


@pytest.mark.parametrize(
    ("labels", "metric"),
    [(SPECIES, "mae"), (SPECIES, "roc_auc"), (Labels([1.0, 1.0]), "roc_auc"), (Labels([1.0, 1.0]), "log_loss")],
)
def test_a_metric_that_the_labels_do_not_allow_is_refused(labels, metric):
    with pytest.raises(ValueError, match="the labels of this task"):
        score(labels, [0.5] * len(labels.values), metric, "seed")


def test_absurd_predictions_have_a_finite_score():
    labels = Labels([0.0, 1e-90] * 10)
    scores = score(labels, [1e100, -1e100] * 10, "r2", "seed")
    assert math.isfinite(scores.public)
    assert not reaches("r2", scores.private, 0.5)


def test_the_threshold_is_reached_from_the_better_side():
    assert reaches("accuracy", 0.8, 0.8)
    assert not reaches("accuracy", 0.79, 0.8)
    assert reaches("r2", 0.9, 0.8)
    for metric in ("mae", "rmse", "log_loss"):
        assert reaches(metric, 0.8, 0.8)
        assert not reaches(metric, 0.81, 0.8)


def test_the_largest_file_is_scored_in_seconds():
    labels = Labels([float(number % 2) for number in range(200_000)])
    predictions = read_predictions("\n".join(["0.25", "0.75"] * 100_000), labels, "roc_auc")
    assert score(labels, predictions, "roc_auc", "seed").private == 1.0
