"""Kernels of one's own in a training: they take the place of fastnet's, and what cannot is refused in a sentence."""

import inspect
import re
from dataclasses import replace

import numpy as np
import pytest

from fastnet import OptionError, Recipe, Training, kernels, save_run
from fastnet.kernels import reference
from fastnet.training.engine import stepwise
from fastnet.training.engine.own import OF_A_STEP

RECIPE = Recipe(hidden=(16, 8), epochs=10, batch_size=32, n_validation=88, learning_rate=5e-3, warmup_epochs=0)
SLOPE = np.float32(0.1)


def trained(dataset, own=None, **options):
    training, losses = Training(dataset, replace(RECIPE, **options), kernels=own), []
    training.run(on_step=losses.append)
    return training, np.array(losses)


def leaky(x, w, b, out):
    z = x @ w + b
    out[...] = np.maximum(z, SLOPE * z)


def leaky_backward(out, dout, activation, dz):
    dz[...] = dout * np.where(out > 0, np.float32(1), SLOPE)


def test_every_kernel_of_a_step_can_be_replaced_and_is_called(dataset):
    """By itself, and then all comes to what the fused steps of the same kernels come to."""
    called = set()

    def noted(name):
        def kernel(*arguments):
            called.add(name)
            return getattr(kernels, name)(*arguments)

        kernel.__signature__ = inspect.signature(getattr(kernels, name))
        return kernel

    _, own_losses = trained(dataset, {name: noted(name) for name in OF_A_STEP}, dropout=0.1)
    _, losses = trained(dataset, dropout=0.1)
    np.testing.assert_allclose(own_losses, losses, rtol=1e-4)
    assert called >= {"gather_batch", "linear_relu", "linear", "drop_units", "linear_backward", "adam_step"}
    source = inspect.getsource(stepwise)
    of_losses = set(stepwise._LOSSES_OF_TARGETS.values())
    assert set(OF_A_STEP) == set(re.findall(r"self\.kernels\.(\w+)", source)) | of_losses


def test_another_activation_trains_alike_on_either_engine_and_unlike_the_built_in_one(dataset):
    own = {"linear_relu": leaky, "activate_backward": leaky_backward}
    fast, fast_losses = trained(dataset, own)
    _, textbook_losses = trained(dataset, own, engine="reference")
    _, relu_losses = trained(dataset)
    np.testing.assert_allclose(fast_losses, textbook_losses, rtol=1e-4)
    assert np.abs(fast_losses - relu_losses).max() > 0.01
    assert fast.engine.evaluate(dataset.test)[1] > 0.5


def test_a_training_with_a_kernel_of_ones_own_is_not_saved_as_fastnets(dataset, tmp_path):
    training = Training(dataset, RECIPE, kernels={"adam_step": reference.adam_step})
    with pytest.raises(OptionError, match=r"kernel of one's own \(adam_step\) is no run"):
        save_run(training, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        ({"linear_rel": leaky}, r"no step calls a kernel linear_rel; did you mean linear_relu\?; what can be replaced"),
        ({"linear_relu": lambda x, w, out: None}, r"linear_relu\(x, w, b, out\) stands one of \(x, w, out\): name its"),
        ({"linear_relu": lambda: None}, r"linear_relu\(x, w, b, out\) stands one of \(\): name its"),
        ({"linear_relu": 3}, "in the place of linear_relu stands 3, which is no function"),
    ],
)
def test_what_cannot_take_a_kernels_place_is_refused(dataset, own, sentence):
    with pytest.raises(OptionError, match=sentence):
        Training(dataset, RECIPE, kernels=own)
