"""What engines, trainer and models make of every activation and loss: outputs, gradients, scores, files, divergence."""

import dataclasses

import numpy as np
import pytest

from fastnet.data.samples import Dataset, Samples
from fastnet.errors import DataError, DivergedError, ModelError, OptionError
from fastnet.kernels import reference
from fastnet.kernels.kinds import ACTIVATIONS
from fastnet.models.exporting import export_model
from fastnet.models.files import read_model, write_manifest
from fastnet.models.kinds import LOSSES
from fastnet.models.model import Model
from fastnet.models.network import Network
from fastnet.models.probabilities import answers_of, losses_of, r2
from fastnet.training.engine.stepwise import StepwiseEngine
from fastnet.training.evaluation import evaluate_model
from fastnet.training.recipe import Recipe
from fastnet.training.runs import save_run
from fastnet.training.trainer import Trainer, Training

N, N_OUTPUTS = 300, 3
RECIPE = Recipe(hidden=(9, 7), epochs=2, batch_size=32, n_validation=50, engine="reference", warmup_epochs=0)


def samples_for(loss, weights=None):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((N, 6)).astype(np.float32)
    y = x[:, :N_OUTPUTS] + 0.1 * rng.standard_normal((N, N_OUTPUTS))
    labels = y.argmax(axis=1) if loss == "cross_entropy" else y if loss == "squared_error" else y > 0
    labels = labels.astype(np.int64 if loss == "cross_entropy" else np.float32)
    return Samples(x, labels, 1.0, weights)


def training_for(loss, **changes):
    samples = samples_for(loss)
    dataset = Dataset(samples, samples, "made")
    return Training(dataset, dataclasses.replace(RECIPE, loss=loss, **changes))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("activation", "loss"), list(zip(ACTIVATIONS, LOSSES, strict=True)))
def test_the_gradient_of_all_samples_is_that_of_central_differences(activation, loss, weighted):
    weights = np.random.default_rng(1).random(N).astype(np.float32) if weighted else None
    samples = samples_for(loss, weights)
    network = Network.glorot_initialised((6, 9, 7, N_OUTPUTS), np.random.default_rng(2), activation)
    recipe = dataclasses.replace(RECIPE, activation=activation, loss=loss, l2=0.5)
    engine = StepwiseEngine(network, recipe, reference)
    _, gradient = engine.loss_and_gradient(samples)
    told = N_OUTPUTS if loss == "squared_error" else 1  # the loss is a mean over outputs, its gradient is not
    rng = np.random.default_rng(3)
    penalty = 0.5 / samples.total_weight()
    parameters = {name: array.astype(np.float64) for name, array in network.parameters().items()}
    x, exact = samples.images.astype(np.float64), Network.of(parameters, activation)
    for name, array in parameters.items():
        index = tuple(rng.integers(0, size) for size in array.shape)
        losses = []
        for difference in (1e-5, -2e-5):
            array[index] += difference
            losses.append(np.average(losses_of(exact.forward(x).logits, samples.labels, loss), weights=weights))
        array[index] += 1e-5
        expected = told * (losses[0] - losses[1]) / 2e-5 + (penalty * array[index] if name.startswith("W") else 0)
        assert gradient.parameters()[name][index] == pytest.approx(expected, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_gradient_of_an_image_is_that_of_the_network(activation):
    network = Network.glorot_initialised((6, 9, 7, 3), np.random.default_rng(0), activation)
    x, direction = np.ones(6, np.float32), np.array([1.0, -1.0, 0.0])
    gradient = network.integrated_gradient(x, direction, 300)
    difference = (network.forward(np.stack([x, 0 * x])).logits @ direction) @ [1, -1]
    assert gradient @ x == pytest.approx(difference, rel=0.02, abs=1e-3)


@pytest.mark.parametrize("loss", LOSSES)
def test_outputs_are_what_the_saved_model_answers(loss, tmp_path):
    training = training_for(loss, activation="tanh", solver="sgd", learning_rate=0.01)
    training.run()
    save_run(training, tmp_path / "run")
    model, samples = Model.load(tmp_path / "run"), training.dataset.test
    outputs = answers_of(training.network.forward(samples.pixels * np.float32(samples.scale)).logits, loss)
    assert (outputs.shape, outputs.dtype) == ((N, N_OUTPUTS), np.float32)
    if training.recipe.is_regression:
        np.testing.assert_allclose(model.predict(samples.images), outputs, rtol=1e-6)
        with pytest.raises(OptionError, match="answers numbers, and no probabilities"):
            model.predict_proba(samples.images)
    else:
        np.testing.assert_allclose(model.predict_proba(samples.images), outputs, rtol=1e-6)


def test_a_regression_has_a_share_of_the_variance_and_no_accuracy():
    training = training_for("squared_error", epochs=40, learning_rate=0.02)
    training.run()
    record = training.progress.history[-1]
    assert (record.train_accuracy, record.validation_accuracy) == (None, None)
    answers = training.engine.predict(training.validation_samples)
    assert record.validation_r2 == pytest.approx(r2(answers, training.validation_samples.labels), abs=1e-6)
    assert record.validation_r2 > 0.8


@pytest.mark.parametrize(("loss", "other"), [("cross_entropy", "squared_error"), ("squared_error", "cross_entropy")])
def test_labels_of_another_loss_are_refused(loss, other):
    trainer = Trainer(samples_for(other), samples_for(other), 3, dataclasses.replace(RECIPE, loss=loss))
    with pytest.raises(DataError, match=f"the loss {loss} is one of"):
        trainer.run()


def test_the_scale_of_the_rate_is_that_of_each_step():
    one, other = training_for("squared_error"), training_for("squared_error", learning_rate=RECIPE.learning_rate / 2)
    one.rate_scale = 0.5
    one.run()
    other.run()
    for array, expected in zip(*(each.network.parameters().values() for each in (one, other)), strict=True):
        np.testing.assert_allclose(array, expected, rtol=1e-4, atol=1e-6)
    assert one.progress.history[-1].learning_rate == pytest.approx(other.progress.history[-1].learning_rate)


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_a_training_that_has_left_the_rails_is_an_error(loss):
    training = training_for(loss, learning_rate=1e5, weight_decay=0.0)
    with pytest.raises(DivergedError, match=r"the loss has grown to|the loss is|not finite"):
        training.run()


def test_targets_near_a_million_are_no_divergence():
    samples = samples_for("squared_error")
    samples = dataclasses.replace(samples, labels=samples.labels + np.float32(1e6))
    Trainer(samples, samples, 3, dataclasses.replace(RECIPE, loss="squared_error")).run()


def test_a_manifest_with_an_unknown_activation_is_refused(tmp_path):
    training = training_for("cross_entropy", activation="tanh")
    save_run(training, tmp_path / "run")
    files = read_model(tmp_path / "run")
    assert (files.activation, files.loss, files.manifest.format_version) == ("tanh", "cross_entropy", 3)
    write_manifest(tmp_path / "run", dataclasses.replace(files.manifest, activation="sine"))
    with pytest.raises(ModelError, match="activation must be one of relu, tanh, logistic, identity, not sine"):
        read_model(tmp_path / "run")


@pytest.mark.parametrize("loss", LOSSES)
def test_onnx_answers_as_the_model(loss, tmp_path):
    pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    training = training_for(loss, activation="logistic")
    save_run(training, tmp_path / "run")
    path = export_model(tmp_path / "run", tmp_path / "model.onnx", "onnx")
    x, model = samples_for(loss).images[:20], Model.load(tmp_path / "run")
    found = ReferenceEvaluator(str(path)).run(None, {"images": x})
    if loss in ("squared_error", "poisson"):
        np.testing.assert_allclose(found[0], model.predict(x), rtol=1e-5, atol=1e-6)
    else:
        np.testing.assert_allclose(found[1], model.predict_proba(x), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(found[2], model.predict(x))


def test_the_page_of_one_file_is_for_relus_and_classes(tmp_path):
    save_run(training_for("cross_entropy", activation="tanh"), tmp_path / "run")
    with pytest.raises(OptionError, match="the page computes networks of classes with the activation relu"):
        export_model(tmp_path / "run", tmp_path / "page.html", "html")


def test_a_model_of_a_regression_is_measured_by_its_own_loss(tmp_path):
    training = training_for("squared_error")
    training.run()
    save_run(training, tmp_path / "run")
    loss, score = training.engine.evaluate(training.dataset.test)
    assert evaluate_model(tmp_path / "run", training.dataset.test) == pytest.approx((loss, score), rel=1e-4)


def test_label_smoothing_is_for_classes():
    with pytest.raises(OptionError, match="label smoothing is for the loss cross_entropy, and not for logistic"):
        training_for("logistic", label_smoothing=0.1)
