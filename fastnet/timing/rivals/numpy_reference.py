"""The textbook in NumPy: fastnet's own reference kernels, in the same training loop (`engine="reference"`)."""

from collections.abc import Callable

import numpy as np

from . import protocol
from .numba_engine import FastnetPeer
from .protocol import BETA1, BETA2, EPS, LEARNING_RATE, serve


class NumpyReference(FastnetPeer):
    """The threads are those of the BLAS that NumPy came with; the driver sets them before the process starts."""

    packages = ("numpy",)
    engine = "reference"

    def kernel_linear_relu(self) -> Callable[[], object]:
        """In place, which is faster than `np.maximum(x @ w + b, 0)`."""
        x, w, b = protocol.linear_relu_arrays()
        out = np.empty((len(x), len(b)), np.float32)

        def call() -> None:
            np.matmul(x, w, out=out)
            np.add(out, b, out=out)
            np.maximum(out, 0, out=out)

        return call

    def kernel_softmax_cross_entropy(self) -> Callable[[], object]:
        from fastnet.kernels import reference

        logits, labels = protocol.logits_arrays()
        dlogits = np.empty_like(logits)
        return lambda: reference.softmax_cross_entropy(logits, labels, dlogits)

    def kernel_adam_step(self) -> Callable[[], object]:
        from fastnet.kernels import reference

        param, grad = protocol.adam_arrays()
        m, v = np.zeros_like(param), np.zeros_like(param)
        step = 0

        def call() -> None:
            nonlocal step
            step += 1
            reference.adam_step(param, grad, m, v, step, LEARNING_RATE, BETA1, BETA2, EPS, 0.0)

        return call

    def kernel_inference(self) -> Callable[[], object]:
        """The path of `Predictor.predict`, from uint8 images to classes."""
        from fastnet.reading.predictor import Predictor

        parameters = {}
        for number, weights in enumerate(self.initial_weights(), start=1):
            parameters[f"W{number}"] = weights
            parameters[f"b{number}"] = np.zeros(weights.shape[1], np.float32)
        predictor = Predictor(parameters, self.dataset.test.scale)
        images = protocol.dense_images(self.dataset.test)
        return lambda: predictor.predict(images)


if __name__ == "__main__":
    serve(NumpyReference)
