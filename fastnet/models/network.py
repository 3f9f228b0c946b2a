"""The network: fully connected layers with an activation between them, their initialisation, and the way through."""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from fastnet.kernels import aligned_copy, aligned_empty, aligned_zeros
from fastnet.kernels.reference import activate, activate_backward


@dataclass
class Layer:
    """One fully connected layer: float32 `w (n_in, n_out)` and `b (n_out,)`."""

    w: np.ndarray
    b: np.ndarray


class Activations(NamedTuple):
    """What images become on their way through a network."""

    inputs: list[np.ndarray]  # of each layer, float32 (n, n_in): the scaled pixels, then what the hidden layers answer
    logits: np.ndarray  # float32 (n, n_classes)

    @property
    def hidden(self) -> list[np.ndarray]:
        """What each hidden layer answers, float32 `(n, size of that layer)`."""
        return self.inputs[1:]

    @property
    def traits(self) -> np.ndarray:
        """What tells digits from other things: the last layer's input and the sorted logits, `(n, n_traits)`."""
        return np.hstack([self.inputs[-1], np.sort(self.logits, axis=1)])


class Network:
    """Layers from the pixels to the logits; each but the last is followed by the activation, one of `ACTIVATIONS`."""

    def __init__(self, layers: list[Layer], activation: str = "relu"):
        self.layers = layers
        self.activation = activation

    def __repr__(self) -> str:
        return f"{type(self).__name__}({'-'.join(map(str, self.layer_sizes))}, {self.activation})"

    @classmethod
    def initialised(cls, layer_sizes: tuple[int, ...], activation: str, rng: np.random.Generator) -> "Network":
        """Where a training begins: as He et al. for ReLU; else as Glorot & Bengio, with biases of 0."""
        if activation == "relu":
            return cls.he_initialised(layer_sizes, rng)
        network = cls.glorot_initialised(layer_sizes, rng, activation)
        for layer in network.layers:
            layer.b[:] = 0
        return network

    @classmethod
    def he_initialised(cls, layer_sizes: tuple[int, ...], rng: np.random.Generator) -> "Network":
        """Weights drawn from N(0, 2 / n_in), biases 0 (He et al. 2015, equation 10)."""
        np.empty(sum(n_in * n_out for n_in, n_out in pairwise(layer_sizes)))  # MemoryError now, not after minutes
        return cls(
            [
                Layer(aligned_copy(rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)), aligned_zeros((n_out,)))
                for n_in, n_out in pairwise(layer_sizes)
            ]
        )

    @classmethod
    def glorot_initialised(
        cls, layer_sizes: tuple[int, ...], rng: np.random.Generator, activation: str = "relu"
    ) -> "Network":
        """Weights and biases drawn evenly from within sqrt(6 / (n_in + n_out)) (Glorot & Bengio 2010, equation 16).

        For logistic units it is sqrt(2 / (n_in + n_out)), as in scikit-learn.
        """
        factor = 2 if activation == "logistic" else 6
        layers = []
        for n_in, n_out in pairwise(layer_sizes):
            layer = Layer(aligned_empty((n_in, n_out)), aligned_empty((n_out,)))
            for array in (layer.w, layer.b):
                rng.random(dtype=np.float32, out=array)
                array -= np.float32(0.5)
                array *= np.float32(2 * np.sqrt(factor / (n_in + n_out)))
            layers.append(layer)
        return cls(layers, activation)

    @classmethod
    def zeros(cls, layer_sizes: tuple[int, ...], activation: str = "relu") -> "Network":
        """All parameters 0: the shape of gradients and of Adam's moments."""
        layers = [Layer(aligned_zeros(shape), aligned_zeros(shape[1:])) for shape in pairwise(layer_sizes)]
        return cls(layers, activation)

    @classmethod
    def of(cls, named: dict[str, np.ndarray], activation: str = "relu") -> "Network":
        """The network of arrays as `parameters` names them; they are not copied."""
        numbers = range(1, len(named) // 2 + 1)
        return cls([Layer(named[f"W{number}"], named[f"b{number}"]) for number in numbers], activation)

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """From the number of pixels to the number of classes."""
        return (self.layers[0].w.shape[0], *(len(layer.b) for layer in self.layers))

    def parameters(self) -> dict[str, np.ndarray]:
        """The arrays by name: W1, b1, W2, b2, ..."""
        named = {}
        for number, layer in enumerate(self.layers, start=1):
            named[f"W{number}"] = layer.w
            named[f"b{number}"] = layer.b
        return named

    def set_parameters(self, named: dict[str, np.ndarray]) -> None:
        """Copy arrays as `parameters` names them into this network; ValueError unless their shapes are its own."""
        for name, array in self.parameters().items():
            if np.shape(named[name]) != array.shape:
                raise ValueError(f"{name} must have shape {array.shape}, not {np.shape(named[name])}")
            array[...] = named[name]

    def forward(self, x: np.ndarray) -> Activations:
        """What scaled pixels, float32 `(n, n_features)`, become; rows of a SciPy sparse matrix will do as well."""
        hidden, logits = self._onward(_sums(x, self.layers[0]))
        return Activations([x, *hidden], logits)

    def integrated_gradient(self, x: np.ndarray, direction: np.ndarray, n_steps: int) -> np.ndarray:
        """The gradient of `logits @ direction` with respect to one image's scaled pixels `x`, float32 `(n_features,)`.

        It is the mean over `n_steps` on the straight way from an empty image to this one. The first layer is linear, so
        the way there and back through it is gone once, not at each step.
        """
        shares = (np.arange(n_steps, dtype=np.float32) + 0.5) / n_steps
        first, *others = self.layers
        hidden, _ = self._onward(np.outer(shares, x @ first.w) + first.b)
        gradient = np.tile(direction.astype(np.float32), (n_steps, 1))
        for layer, activations in zip(others[::-1], hidden[::-1], strict=True):
            gradient = gradient @ layer.w.T
            activate_backward(activations, gradient, self.activation, gradient)
        mean: np.ndarray = gradient.mean(axis=0) @ first.w.T
        return mean

    def _onward(self, sums: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
        """From the first layer's sums, which are overwritten: what the hidden layers answer, and the logits."""
        hidden = []
        for layer in self.layers[1:]:
            activate(sums, self.activation)
            hidden.append(sums)
            sums = _sums(sums, layer)
        return hidden, sums


def _sums(x: np.ndarray, layer: Layer) -> np.ndarray:
    """What a layer makes of rows, before its activation."""
    sums: np.ndarray = x @ layer.w
    sums += layer.b
    return sums
