"""The network: He's initialisation, names and shapes of its parameters, memory that the kernels like, its answers."""

import numpy as np
import pytest

from fastnet.kernels import reference
from fastnet.models.network import Layer, Network

SIZES = [(784, 512, 10), (5, 3), (7, 1, 13, 2)]
MAKERS = {
    "he_initialised": lambda sizes: Network.he_initialised(sizes, np.random.default_rng(0)),
    "glorot_initialised": lambda sizes: Network.glorot_initialised(sizes, np.random.default_rng(0)),
    "zeros": Network.zeros,
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
@pytest.mark.parametrize("sizes", SIZES)
def test_parameters_have_the_names_shapes_and_memory_that_all_else_relies_on(make, sizes):
    network = make(sizes)
    assert network.layer_sizes == sizes
    parameters = network.parameters()
    assert list(parameters) == [f"{kind}{number}" for number in range(1, len(sizes)) for kind in "Wb"]
    for number in range(1, len(sizes)):
        assert parameters[f"W{number}"].shape == (sizes[number - 1], sizes[number])
        assert parameters[f"b{number}"].shape == (sizes[number],)
    for array in parameters.values():
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.ctypes.data % 64 == 0


def test_weights_and_biases_are_drawn_evenly_from_within_glorot_s_bound():
    layer = Network.glorot_initialised((300, 500), np.random.default_rng(1)).layers[0]
    bound = np.sqrt(6 / 800)
    for array in (layer.w.astype(np.float64), layer.b.astype(np.float64)):
        assert np.abs(array).max() <= bound
        assert abs(array.mean()) < 5 * bound / np.sqrt(3 * array.size)
        assert (array**2).mean() == pytest.approx(bound**2 / 3, rel=0.15)


@pytest.mark.parametrize("n_in", [200, 1000])
def test_weights_are_drawn_from_he_s_normal_distribution(n_in):
    w = Network.he_initialised((n_in, 500), np.random.default_rng(1)).layers[0].w.astype(np.float64)
    deviation = np.sqrt(2 / n_in)
    standard = w.ravel() / deviation
    error = 5 / np.sqrt(w.size)  # of a mean of that many, at five standard deviations
    assert abs(standard.mean()) < error
    assert abs((standard**2).mean() - 1) < error * np.sqrt(2)
    assert abs((standard**4).mean() - 3) < error * np.sqrt(96)  # a normal's; a uniform's would be 1.8
    assert abs(np.corrcoef(w[:, 0], w[:, 1])[0, 1]) < 5 / np.sqrt(n_in)


def test_a_network_beyond_all_memory_is_refused_before_a_weight_is_drawn():
    with pytest.raises(MemoryError):
        Network.he_initialised((784, *[10**6] * 40, 10), None)


def test_signal_keeps_its_size_through_many_layers():
    rng = np.random.default_rng(2)
    network = Network.he_initialised((400,) * 21, rng)
    x = rng.standard_normal((50, 400))
    for layer in network.layers:
        x = np.maximum(x @ layer.w + layer.b, 0)
    assert 0.2 < (x**2).mean() < 5  # Glorot's variance, half of He's, would give 1e-6


def test_biases_and_zeros_are_0():
    initialised = Network.he_initialised((9, 8, 7), np.random.default_rng(3)).parameters()
    zeros = Network.zeros((9, 8, 7)).parameters()
    for array in (initialised["b1"], initialised["b2"], *zeros.values()):
        assert not array.any()


def test_initialisation_follows_its_generator():
    first, same, other = (Network.he_initialised((9, 8, 7), np.random.default_rng(seed)) for seed in (4, 4, 5))
    for name, array in first.parameters().items():
        np.testing.assert_array_equal(array, same.parameters()[name])
    assert not np.array_equal(first.layers[1].w, other.layers[1].w)


def test_parameters_are_the_network_s_own_arrays():
    network = Network.zeros((3, 2))
    network.parameters()["W1"][0, 0] = 1
    assert network.layers[0].w[0, 0] == 1


def test_layers_are_taken_as_given():
    layer = Layer(np.ones((3, 2), np.float32), np.zeros(2, np.float32))
    assert Network([layer]).layers[0] is layer
    assert Network([layer]).layer_sizes == (3, 2)


def test_set_parameters_copies_into_the_arrays_that_are_there():
    source = Network.he_initialised((9, 8, 7), np.random.default_rng(6))
    target = Network.zeros((9, 8, 7))
    before = target.parameters()
    target.set_parameters(source.parameters())
    for name, array in target.parameters().items():
        assert array is before[name]
        np.testing.assert_array_equal(array, source.parameters()[name])
        assert not np.shares_memory(array, source.parameters()[name])


@pytest.mark.parametrize("shape", [(), (1,), (7,), (1, 7), (8, 9), (9, 8, 1)])
def test_set_parameters_refuses_other_shapes_even_where_numpy_would_stretch_them(shape):
    network = Network.zeros((9, 8, 7))
    with pytest.raises(ValueError, match=r"W1 must have shape \(9, 8\), not \("):
        network.set_parameters({**network.parameters(), "W1": np.ones(shape, np.float32)})


def test_set_parameters_needs_them_all():
    network = Network.zeros((9, 8, 7))
    parameters = network.parameters()
    del parameters["b2"]
    with pytest.raises(KeyError, match="b2"):
        network.set_parameters(parameters)


def test_a_network_of_named_arrays_shares_them():
    arrays = Network.he_initialised((9, 8, 7), np.random.default_rng(6)).parameters()
    for name, array in Network.of(arrays).parameters().items():
        assert array is arrays[name]


@pytest.mark.parametrize("sizes", [(9, 7), (9, 8, 7), (9, 8, 6, 5, 7)])
def test_forward_gives_what_the_textbook_gives_layer_by_layer(sizes):
    network = Network.glorot_initialised(sizes, np.random.default_rng(7))
    x = np.random.default_rng(8).standard_normal((5, 9)).astype(np.float32)
    before = x.copy()
    activations = network.forward(x)
    for number, (layer, inputs) in enumerate(zip(network.layers, activations.inputs, strict=True)):
        is_last = number == len(network.layers) - 1
        expected = np.empty((5, len(layer.b)), np.float32)
        (reference.linear if is_last else reference.linear_relu)(inputs, layer.w, layer.b, expected)
        np.testing.assert_array_equal(activations.logits if is_last else activations.hidden[number], expected)
    np.testing.assert_array_equal(x, before)
    assert activations.inputs[0] is x


@pytest.mark.parametrize("sizes", [(9, 7), (9, 8, 6, 7)])
def test_the_integrated_gradient_adds_up_to_the_difference(sizes):
    network = Network.glorot_initialised(sizes, np.random.default_rng(7))
    x = np.random.default_rng(8).random(9).astype(np.float32)
    direction = np.random.default_rng(9).standard_normal(7)
    empty, whole = network.forward(np.stack([0 * x, x])).logits @ direction
    gradient = network.integrated_gradient(x, direction, 2000)
    assert gradient.shape == (9,)
    assert gradient @ x == pytest.approx(whole - empty, abs=1e-3)
