"""The network: a stack of fully connected layers with ReLU between them, and its initialisation."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from fastnet.kernels import aligned_copy, aligned_empty, aligned_zeros


@dataclass
class Layer:
    """One fully connected layer: float32 `w (n_in, n_out)` and `b (n_out,)`."""

    w: np.ndarray
    b: np.ndarray


class Network:
    """Layers from the pixels to the logits; each but the last is followed by a ReLU."""

    def __init__(self, layers: list[Layer]):
        self.layers = layers

    @classmethod
    def he_initialised(cls, layer_sizes: tuple[int, ...], rng: np.random.Generator) -> "Network":
        """Weights drawn from N(0, 2 / n_in), biases 0 (He et al. 2015, equation 10)."""
        return cls(
            [
                Layer(aligned_copy(rng.standard_normal((n_in, n_out)) * np.sqrt(2 / n_in)), aligned_zeros((n_out,)))
                for n_in, n_out in pairwise(layer_sizes)
            ]
        )

    @classmethod
    def glorot_initialised(cls, layer_sizes: tuple[int, ...], rng: np.random.Generator) -> "Network":
        """Weights and biases drawn evenly from within sqrt(6 / (n_in + n_out)) (Glorot & Bengio 2010, equation 16)."""
        layers = []
        for n_in, n_out in pairwise(layer_sizes):
            layer = Layer(aligned_empty((n_in, n_out)), aligned_empty((n_out,)))
            for array in (layer.w, layer.b):
                rng.random(dtype=np.float32, out=array)
                array -= np.float32(0.5)
                array *= np.float32(2 * np.sqrt(6 / (n_in + n_out)))
            layers.append(layer)
        return cls(layers)

    @classmethod
    def zeros(cls, layer_sizes: tuple[int, ...]) -> "Network":
        """All parameters 0: the shape of gradients and of Adam's moments."""
        return cls([Layer(aligned_zeros(shape), aligned_zeros(shape[1:])) for shape in pairwise(layer_sizes)])

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
