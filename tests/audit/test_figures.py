"""The figures of an audit agree with computations that share no code with it."""

import dataclasses

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import svdvals
from scipy.ndimage import gaussian_filter, grey_dilation, grey_erosion
from scipy.special import log_softmax
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from fastnet import weights
from fastnet.audit import answers, audit_model, load_audit
from fastnet.audit.captions import caption
from fastnet.audit.layers import active_shares, effective_rank, exciting_rows
from fastnet.audit.robustness import DISTORTIONS, moved
from fastnet.data.samples import PIXEL_SCALE, Dataset, Samples
from fastnet.errors import DataError, OptionError
from fastnet.models.documents import Manifest
from fastnet.models.files import write_model


@pytest.fixture(scope="module")
def hidden(model, digits):
    """The outputs of both hidden layers and the logits, by NumPy in double precision."""
    outputs = [digits.test.images / 255]
    for number in (1, 2, 3):
        w, b = (np.load(model / f"{letter}{number}.npy").astype(np.float64) for letter in "Wb")
        outputs.append(outputs[-1] @ w + b if number == 3 else np.maximum(outputs[-1] @ w + b, 0))
    return outputs[1:]


@pytest.fixture(scope="module")
def probabilities(hidden):
    odds = np.exp(hidden[-1] - hidden[-1].max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


# ---- Answers --------------------------------------------------------------------------------------------------------


def test_probabilities_and_overall_figures(audit, probabilities, digits):
    labels, overall = digits.test.labels, audit.figures.overall
    np.testing.assert_allclose(audit.probabilities, probabilities, atol=1e-5)
    np.testing.assert_array_equal(audit.labels, labels)
    assert overall.accuracy == metrics.accuracy_score(labels, probabilities.argmax(axis=1))
    assert overall.loss == pytest.approx(metrics.log_loss(labels, probabilities), rel=1e-5)
    assert 0 < overall.n_errors == round((1 - overall.accuracy) * 400)


def test_confusion_precision_recall_and_f1(audit, probabilities, digits):
    labels, predictions, classes = digits.test.labels, probabilities.argmax(axis=1), audit.figures.classes
    confusion = metrics.confusion_matrix(labels, predictions)
    np.testing.assert_array_equal(classes.confusion, confusion)
    expected = metrics.precision_recall_fscore_support(labels, predictions, zero_division=0)
    for name, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        np.testing.assert_allclose(getattr(classes, name), values)
    assert audit.figures.overall.macro_f1 == pytest.approx(metrics.f1_score(labels, predictions, average="macro"))
    counts = [pair.n for pair in classes.most_confused]
    assert counts == sorted(confusion[~np.eye(10, dtype=bool)], reverse=True)[: len(counts)]
    for pair in classes.most_confused:
        assert pair.n == confusion[pair.true, pair.predicted]
        assert pair.share == pair.n / (labels == pair.true).sum()


def test_a_class_that_never_occurs_and_is_never_answered_counts_as_zero():
    confusion = answers.confusion_matrix(np.array([0, 0, 2]), np.array([0, 2, 2]), 4)
    expected = metrics.precision_recall_fscore_support([0, 0, 2], [0, 2, 2], labels=range(4), zero_division=0)
    figures = answers.class_figures(confusion)
    for name, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        np.testing.assert_allclose(getattr(figures, name), values)


def test_every_error_is_listed_once_and_the_worst_first(audit, probabilities, digits):
    errors, labels = audit.figures.errors, digits.test.labels
    assert sorted(error.row for error in errors) == np.flatnonzero(probabilities.argmax(axis=1) != labels).tolist()
    of_true = [error.true_probability for error in errors]
    assert of_true == sorted(of_true)
    assert {error.ambiguous for error in errors} == {True, False}
    for error in errors:
        own = probabilities[error.row]
        assert error.true == labels[error.row]
        assert [error.predicted, error.second] == np.argsort(-own)[:2].tolist()
        assert error.probability == pytest.approx(own.max(), abs=1e-5)
        assert error.ambiguous == (error.probability - error.true_probability < 0.3)


def test_the_most_confident_are_right_and_furthest_ahead(audit, hidden, digits):
    logits, labels = hidden[-1], digits.test.labels
    ahead = np.sort(logits, axis=1)[:, -1] - np.sort(logits, axis=1)[:, -2]
    is_right = logits.argmax(axis=1) == labels
    for number, rows in enumerate(audit.figures.confident):
        rivals = np.flatnonzero(is_right & (labels == number))
        assert list(rows) == rivals[np.argsort(-ahead[rivals])][:10].tolist()


def test_labels_that_were_changed_are_found():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 5, 1000)
    probabilities = np.eye(5)[true] * 0.9 + rng.dirichlet(np.ones(5), 1000) * 0.1
    labels = true.copy()
    changed = rng.choice(1000, 20, replace=False)
    labels[changed] = (labels[changed] + 1) % 5
    found = answers.label_errors(labels, probabilities)
    confident = {each.row for each in found if each.confident}
    thresholds = [probabilities[labels == c, c].mean() for c in range(5)]
    expected = set()
    for row, own in enumerate(probabilities):  # the definition, word by word
        above = [c for c in range(5) if own[c] >= thresholds[c]]
        if above and max(above, key=lambda c: own[c]) != labels[row]:
            expected.add(row)
    assert confident == expected
    doubted = np.flatnonzero(probabilities[np.arange(1000), labels] < 0.05)
    assert {each.row for each in found} == expected | set(doubted.tolist())
    assert {each.row for each in found} < set(changed.tolist())
    assert len(found) >= 18
    assert all(each.suggested == true[each.row] for each in found)
    assert [each.label_probability for each in found] == sorted(each.label_probability for each in found)


# ---- Calibration ----------------------------------------------------------------------------------------------------


def test_reliability_and_calibration_error(audit, digits):
    figures, confidences = audit.figures.calibration, audit.probabilities.max(axis=1)
    is_right = audit.predictions == digits.test.labels
    right, sure = calibration_curve(is_right, confidences, n_bins=15)
    for key, expected in (("accuracy", right), ("confidence", sure)):
        np.testing.assert_allclose([value for value in getattr(figures.after, key) if value is not None], expected)
    counts = stats.binned_statistic(confidences, is_right, "count", np.linspace(0, 1, 16)).statistic
    np.testing.assert_array_equal(figures.after.n, counts)
    filled = counts[counts > 0]
    assert figures.ece == pytest.approx((np.abs(right - sure) * filled).sum() / 400)
    assert figures.temperature is None
    assert figures.before == figures.after


def test_accuracy_against_the_share_answered(audit, digits):
    coverage, confidences = audit.figures.calibration.coverage, audit.probabilities.max(axis=1)
    is_right = audit.predictions == digits.test.labels
    assert coverage.share[-1] == 1
    assert coverage.accuracy[-1] == audit.figures.overall.accuracy
    for share, accuracy, threshold in zip(
        coverage.share[::7], coverage.accuracy[::7], coverage.threshold[::7], strict=True
    ):
        answered = confidences >= threshold
        assert answered.sum() == round(share * 400)  # no two answers are equally sure here
        assert accuracy == pytest.approx(is_right[answered].mean())


# ---- Layers ---------------------------------------------------------------------------------------------------------


def test_weight_figures(audit, model, hidden):
    for number, layer in enumerate(audit.figures.layers, start=1):
        w = np.load(model / f"W{number}.npy").astype(np.float64)
        singular = svdvals(w)
        assert layer.effective_rank == pytest.approx(np.exp(stats.entropy(singular)))
        assert layer.largest_singular == pytest.approx(np.linalg.norm(w, 2))
        assert layer.norm == pytest.approx(np.sqrt((w**2).sum()))
        assert [layer.mean, layer.std] == pytest.approx([w.mean(), w.std()])
        edges = np.array(layer.histogram.edges)
        assert edges[0] <= w.min()
        assert edges[-1] >= w.max()
        np.testing.assert_allclose(layer.histogram.density, np.histogram(w, edges, density=True)[0])
        middles = (edges[1:] + edges[:-1]) / 2
        expected = stats.norm(0, np.sqrt(2 / len(w))).pdf(middles)
        np.testing.assert_allclose(layer.histogram.he_density, expected)
        if number < 3:
            assert layer.n_dead == (hidden[number - 1].max(axis=0) == 0).sum()
            assert layer.n_saturated == (hidden[number - 1].min(axis=0) > 0).sum()
            np.testing.assert_allclose(audit.active_shares[number - 1], (hidden[number - 1] > 0).mean(axis=0))


def test_units_are_excited_most_by_the_rows_that_are_named(audit, hidden):
    for rows, activations in zip(audit.units, hidden, strict=False):
        for unit, named in enumerate(rows):
            strongest = np.sort(activations[:, unit])[::-1][:8]
            kept = named[named >= 0]
            assert len(kept) == (strongest > 0).sum()
            np.testing.assert_allclose(activations[kept, unit], strongest[: len(kept)], rtol=1e-4)


def test_dead_and_saturated_units():
    activations = np.array([[0, 1, 2], [0, 3, 0]], np.float32)
    assert active_shares(activations).tolist() == [0, 1, 0.5]
    assert exciting_rows(activations)[:, :3].tolist() == [[-1, -1, -1], [1, 0, -1], [0, -1, -1]]


def test_effective_rank_of_equal_and_of_single_directions():
    assert effective_rank(np.ones(7)) == pytest.approx(7)
    assert effective_rank(np.array([3.0, 0, 0])) == pytest.approx(1)
    assert effective_rank(np.zeros(3)) == 0


# ---- Embedding ------------------------------------------------------------------------------------------------------


def test_pca_has_the_largest_variances(audit, hidden):
    centred = hidden[1][audit.points] - hidden[1][audit.points].mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(audit.pca), np.abs(left * singular)[:, :2], rtol=1e-2, atol=1e-3)
    shares = singular**2 / (singular**2).sum()
    np.testing.assert_allclose(audit.figures.embedding.pca_explained, shares[:2], rtol=1e-4)


def test_all_errors_are_among_the_points(audit):
    wrong = {error.row for error in audit.figures.errors}
    assert wrong <= {*audit.points.tolist()}
    assert len(audit.points) == audit.figures.embedding.n_points > 150  # beside those at random


@pytest.mark.parametrize("name", weights.names())
def test_all_errors_are_among_the_points_of_the_audits_that_come_along(name):
    audit = load_audit(name)
    assert {error.row for error in audit.figures.errors} <= {*audit.points.tolist()}


def test_separation_in_each_space(audit, hidden, digits):
    drawn = np.isin(audit.points, np.random.default_rng(0).permutation(len(audit.labels))[:150])
    labels, figures = digits.test.labels[audit.points][drawn], audit.figures.embedding
    assert figures.n_drawn == len(labels) == 150
    spaces = {"tsne": audit.tsne[drawn], "pca": audit.pca[drawn], "hidden": hidden[1][audit.points][drawn]}
    assert figures.silhouette.keys() == {*spaces, "pixels"}
    for name, points in spaces.items():
        assert figures.silhouette[name] == pytest.approx(metrics.silhouette_score(points, labels), abs=1e-4)
        scores = cross_val_score(KNeighborsClassifier(10), points, labels, cv=LeaveOneOut())
        assert figures.knn_accuracy[name] == pytest.approx(scores.mean(), abs=1 / 150 + 1e-9)  # a tied distance
    assert figures.knn_accuracy["tsne"] > 0.7


@pytest.fixture
def made(tmp_path):
    """Makes a model of 64 pixels, one hidden layer and as many classes as said, with weights that are `scale` long."""

    def make(n_units, n_classes, scale, bias=0.0, activation=None):
        rng = np.random.default_rng(1)
        w1, w2 = (scale * rng.normal(size=shape).astype(np.float32) for shape in ((64, n_units), (n_units, n_classes)))
        parameters = {
            "W1": w1,
            "b1": np.full(n_units, bias, np.float32),
            "W2": w2,
            "b2": np.zeros(n_classes, np.float32),
        }
        manifest = Manifest(layer_sizes=(64, n_units, n_classes), pixel_scale=PIXEL_SCALE, activation=activation)
        write_model(tmp_path, parameters, manifest)
        return tmp_path

    return make


def test_a_layer_of_one_unit_is_mapped(made, digits):
    found = audit_model(made(1, 10, 0.1, bias=1.0), digits, n_points=60)
    assert np.ptp(found.tsne[:, 0]) > 0
    assert not found.pca[:, 1].any()
    assert found.figures.embedding.pca_explained == pytest.approx((1, 0))


def test_a_network_of_dead_units_is_audited(made, digits):
    found = audit_model(made(4, 10, 0.1, bias=-100.0), digits, n_points=60)
    assert found.figures.layers[0].n_dead == 4
    assert not found.tsne.any()
    assert found.figures.embedding.silhouette["tsne"] == 0
    assert found.figures.embedding.pca_explained == (0, 0)


def test_units_that_are_never_off_are_not_called_dead(made, digits):
    found = audit_model(made(4, 10, 0.1, bias=-1.0, activation="tanh"), digits, n_points=60)
    assert [layer.n_dead for layer in found.figures.layers] == [None, None]
    assert "with the activation tanh are never off" in caption("units", found)


def test_a_loss_beyond_the_smallest_probability_is_told(made, digits):
    directory, test = made(8, 10, 30.0), digits.test
    w1, w2 = (np.load(directory / f"W{number}.npy").astype(np.float64) for number in (1, 2))
    log_odds = np.maximum(test.images / 255 @ w1, 0) @ w2
    losses = -log_softmax(log_odds, axis=1)[np.arange(400), test.labels]
    assert losses.mean() > 1000
    found = audit_model(directory, digits, n_points=60)
    assert found.figures.overall.loss == pytest.approx(losses.mean(), rel=1e-5)


def test_a_model_of_one_class_is_refused(made, digits):
    zeros = Samples(digits.test.images, np.zeros(400, np.int64), PIXEL_SCALE)
    with pytest.raises(DataError, match="at least 2 classes apart"):
        audit_model(made(4, 1, 0.1), Dataset(zeros, zeros, "zeros"))


def test_the_same_seed_gives_the_same_audit(audit, model, digits):
    again = audit_model(model, digits, n_points=150)
    np.testing.assert_array_equal(again.tsne, audit.tsne)
    assert dataclasses.replace(again.figures, made=audit.figures.made) == audit.figures
    other = audit_model(model, digits, n_points=150, seed=1)
    assert not np.array_equal(other.points, audit.points)


# ---- Robustness -----------------------------------------------------------------------------------------------------


def test_digits_as_they_are_are_read_as_well_as_ever(audit):
    figures = audit.figures.robustness
    assert figures.curves.keys() == DISTORTIONS.keys()
    for name, curve in figures.curves.items():
        untouched = curve.strengths.index(1 if name in ("scale", "contrast") else 0)
        assert curve.accuracy[untouched] == audit.figures.overall.accuracy
        assert curve.against is None
        assert min(curve.accuracy) < max(curve.accuracy)


def test_a_second_model_sees_the_same_images(model, digits, audit):
    figures = audit_model(model, digits, n_points=60, against=model).figures.robustness
    assert figures.against == "small"
    for name, curve in figures.curves.items():
        assert curve.against == curve.accuracy == audit.figures.robustness.curves[name].accuracy


def apply(name, images, strength):
    (distorted,) = DISTORTIONS[name].apply(images, strength, 0)
    return distorted


def test_distortions_do_what_their_units_say(digits):
    images = digits.test.images[:50].reshape(-1, 8, 8)
    shifted = moved(images, down=2, right=-1)
    np.testing.assert_array_equal(shifted[:, 2:, :-1], images[:, :-2, 1:])
    assert not shifted[:, :2].any()
    np.testing.assert_array_equal(moved(images, rotation=90), np.rot90(images, axes=(1, 2)))
    square = np.zeros((1, 28, 28), np.uint8)
    square[0, 11:17, 11:17] = 255
    assert apply("scale", square, 1.5).sum() == pytest.approx(1.5**2 * square.sum(), rel=0.02)
    darker = apply("contrast", images, 0.5)
    np.testing.assert_allclose(darker.std(axis=(1, 2)), images.std(axis=(1, 2)) / 2, atol=0.5)
    noisy = apply("noise", np.full((50, 8, 8), 128, np.uint8), 0.1)
    assert noisy.std() == pytest.approx(25.5, rel=0.05)


def test_a_blur_keeps_the_ink(digits):
    images = digits.test.images[:50].reshape(-1, 8, 8)
    exact = gaussian_filter(images.astype(np.float64), (0, 0.5, 0.5), mode="constant")
    np.testing.assert_allclose(apply("blur", images, 0.5), exact, atol=0.501)


def test_strokes_grow_and_shrink_by_a_disc(digits):
    images = digits.test.images[:50].reshape(-1, 8, 8)
    cross = np.array([[[0, 1, 0], [1, 1, 1], [0, 1, 0]]])
    thicker, thinner = apply("stroke", images, 2), apply("stroke", images, -2)
    assert (thicker >= grey_dilation(images, footprint=cross, mode="constant")).all()
    assert (thicker <= grey_dilation(images, footprint=np.ones((1, 3, 3)), mode="constant")).all()
    assert (thinner <= grey_erosion(images, footprint=cross, mode="constant")).all()
    assert (thinner >= grey_erosion(images, footprint=np.ones((1, 3, 3)), mode="constant")).all()


# ---- What cannot be audited -----------------------------------------------------------------------------------------


def test_data_that_does_not_fit_is_refused(model, dataset, digits):
    with pytest.raises(DataError, match="takes images of 64 pixels in 10 classes, and the data set has 30 pixels"):
        audit_model(model, dataset)
    few = Dataset(digits.train, digits.test.take(np.arange(49)), "few")
    with pytest.raises(DataError, match="at least 50 test samples, and there are 49"):
        audit_model(model, few)
    with pytest.raises(OptionError, match="at least 50, not 10"):
        audit_model(model, digits, n_points=10)
