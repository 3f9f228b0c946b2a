"""fastnet itself: `Training(...).run` on the Numba kernels."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from . import protocol
from .protocol import BETA1, BETA2, EPS, LEARNING_RATE, Peer, serve

if TYPE_CHECKING:
    from fastnet.data.samples import Dataset, Samples
    from fastnet.models.network import Network
    from fastnet.training.trainer import EpochRecord, Training

N_EPOCHS = 1000  # more than anyone asks for: with a constant rate the number has no effect


class FastnetPeer(Peer):
    """An epoch is one more epoch of a Training; its seconds are those of `EpochRecord`, its training steps."""

    packages: tuple[str, ...] = ("fastnet-mlp", "numpy", "numba", "llvmlite")
    engine = "numba"
    training: Any = None

    def fresh(self) -> None:
        self.training = None  # two at a time would count in the peak memory
        self.training = self.new_training(self.dataset)

    def new_training(self, dataset: "Dataset") -> "Training":
        from fastnet.training.recipe import Recipe
        from fastnet.training.trainer import Training

        recipe = Recipe(
            hidden=self.hidden,
            epochs=N_EPOCHS,
            batch_size=self.batch_size,
            learning_rate=LEARNING_RATE,
            schedule="constant",
            warmup_epochs=0,
            beta1=BETA1,
            beta2=BETA2,
            eps=EPS,
            weight_decay=0.0,
            n_validation=0,
            engine=self.engine,
        )
        return Training(dataset, recipe)

    def train(self, rows: np.ndarray) -> tuple[float, float | None]:
        """One epoch; fastnet draws its own order of samples, so of `rows` only the number counts."""
        if len(rows) != len(self.training.train_samples):
            raise ValueError(f"an epoch has {len(self.training.train_samples)} samples, not {len(rows)}")
        self.run_epoch()
        record = self.training.progress.history[-1]
        return record.seconds, record.train_loss

    def run_epoch(self) -> None:
        """Train until the end of the next epoch."""

        def stop(record: "EpochRecord") -> None:
            self.training.stop_requested = True

        self.training.stop_requested = False
        self.training.run(on_epoch=stop)

    def warm(self) -> None:
        self.training = self.new_training(
            self.small_dataset(self.batch_size + len(self.dataset.train) % self.batch_size)
        )
        self.run_epoch()

    def trial(self) -> float:
        self.training = self.new_training(self.small_dataset(len(self.trial_rows())))
        return min(self.train(self.trial_rows())[0] for _ in range(1 + protocol.TRIALS))

    def small_dataset(self, n_samples: int) -> "Dataset":
        """The first training samples alone, and one of the last class: as many classes as the whole."""
        from fastnet.data.samples import Dataset

        rows = np.arange(n_samples)
        rows[-1] = self.dataset.train.labels.argmax()
        return Dataset(self.dataset.train.take(rows), self.dataset.test, "small")

    def accuracy(self) -> float:
        accuracy: float = self.training.engine.evaluate(self.dataset.test)[1]
        return accuracy

    def kernel_linear_relu(self) -> Callable[[], object]:
        from fastnet.kernels import aligned_copy, aligned_empty, linear_relu

        x, w, b = (aligned_copy(array) for array in protocol.linear_relu_arrays())
        out = aligned_empty((len(x), len(b)))
        linear_relu(x, w, b, out)
        np.testing.assert_allclose(out, np.maximum(x @ w + b, 0), atol=1e-3)  # verified before it is timed
        return lambda: linear_relu(x, w, b, out)

    def kernel_softmax_cross_entropy(self) -> Callable[[], object]:
        from fastnet.kernels import aligned_copy, aligned_empty, softmax_cross_entropy

        logits, labels = protocol.logits_arrays()
        logits, dlogits = aligned_copy(logits), aligned_empty(logits.shape)
        return lambda: softmax_cross_entropy(logits, labels, dlogits)

    def kernel_adam_step(self) -> Callable[[], object]:
        from fastnet.kernels import adam_step, aligned_copy, aligned_zeros

        param, grad = (aligned_copy(array) for array in protocol.adam_arrays())
        m, v = aligned_zeros(param.shape), aligned_zeros(param.shape)
        step = 0

        def call() -> None:
            nonlocal step
            step += 1
            adam_step(param, grad, m, v, step, LEARNING_RATE, BETA1, BETA2, EPS, 0.0)

        return call

    def kernel_inference(self) -> Callable[[], object]:
        from fastnet.models.network import Network

        network = Network.he_initialised(self.layer_sizes, np.random.default_rng(0))
        return fast_inference(network, self.dataset.test)


def fast_inference(network: "Network", samples: "Samples") -> Callable[[], np.ndarray]:
    """A call that returns the likeliest class of each sample: fastnet's fastest way from uint8 images to answers."""
    from fastnet.training.engine import make_engine
    from fastnet.training.engine.fused import FusedEngine
    from fastnet.training.recipe import Recipe

    engine = make_engine(network, Recipe(), samples)
    assert isinstance(engine, FusedEngine)
    return lambda: engine.predict(samples)


if __name__ == "__main__":
    serve(FastnetPeer)
