"""What every rival shares: the task, the clock, and the lines of JSON in which it talks with the driver.

A rival is a process. It is started with its settings, `python -m fastnet.timing.rivals.pytorch '{"threads": 2}'`,
and then answers one line on stdout for each line on stdin:

    {"ask": "warm"}                           {"seconds": 3.1}     compile, on throw-away state
    {"ask": "trial"}                          {"seconds": 0.11}    a few hundred steps: which settings are best?
    {"ask": "fresh"}                          {}                   a new network
    {"ask": "epoch"}                          {"seconds": 1.3, "wall_seconds": 1.3, "loss": 0.12}
    {"ask": "accuracy"}                       {"accuracy": 0.97}   on the test set
    {"ask": "kernel", "name": "linear_relu"}  {"seconds": 1e-4}    a call
    {"ask": "peak_memory"}                    {"bytes": 270000000}
    {"ask": "versions"}                       {"versions": {"torch": "2.13.0"}}

What goes wrong is answered as {"error": "..."}. A process ends when its stdin does.

The task is the same for all: 784-512-10 (or the sizes of "hidden"), ReLU, softmax and cross-entropy, mini-batches of 64
reshuffled every epoch (the last one is smaller), Adam(1e-3, 0.9, 0.999, 1e-8), float32, He's initialisation. The data
are in memory and the order of samples is drawn before the clock starts; gathering a mini-batch is timed. With "data":
"higgs" the samples are of the HIGGS data set's shape, and "batch_size" is that of a contest that asks for another one.
"""

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import cached_property
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnet.lifeline import end_with_standard_input

if TYPE_CHECKING:
    from fastnet.data.samples import Dataset, Samples

BATCH_SIZE = 64
LEARNING_RATE, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8
LINEAR_RELU_SIZES = (64, 784, 512)
LOGITS_SHAPE = (64, 10)
ADAM_STEP_SIZE = 407_050  # the parameters of 784-512-10
TRIAL_SAMPLES = 100 * BATCH_SIZE
HIGGS_SHAPE = (100_000, 28)  # samples of the 11 million, and all features
TRIALS = 5


class Peer:
    """A rival; each script fills in the methods that raise NotImplementedError."""

    packages: tuple[str, ...] = ("numpy",)  # whose versions stand beside the figures

    def __init__(self, settings: dict[str, Any]):
        self.settings = settings
        self.threads: int = settings.get("threads", 1)
        self.hidden = tuple(settings.get("hidden", (512,)))
        self.batch_size: int = settings.get("batch_size", BATCH_SIZE)
        self._orders = np.random.default_rng(0)

    # ---- What a rival implements ----

    def fresh(self) -> None:
        """Begin a new network."""
        raise NotImplementedError

    def train(self, rows: np.ndarray) -> tuple[float, float | None]:
        """Take the steps of an epoch over the samples at `rows`, in this order: (seconds, a late loss or None)."""
        raise NotImplementedError

    def accuracy(self) -> float:
        """Of the network as it is now, on the test set."""
        raise NotImplementedError

    def kernel_linear_relu(self) -> Callable[[], object]:
        """A call of max(x @ w + b, 0) on the arrays of `linear_relu_arrays`, as this rival does it best."""
        raise NotImplementedError

    def kernel_softmax_cross_entropy(self) -> Callable[[], object]:
        """A call that returns the mean loss of the logits of `logits_arrays` and computes their gradient."""
        raise NotImplementedError

    def kernel_adam_step(self) -> Callable[[], object]:
        """A call of one step of Adam on the arrays of `adam_arrays`."""
        raise NotImplementedError

    def kernel_inference(self) -> Callable[[], object]:
        """A call that returns the classes of all test images."""
        raise NotImplementedError

    # ---- What all share ----

    @cached_property
    def dataset(self) -> "Dataset":
        """The bundled MNIST as fastnet loads it (uint8), or what "data" says; or its first "samples" alone."""
        from fastnet.data.loading import load_dataset  # NumPy alone
        from fastnet.data.samples import Dataset

        dataset = higgs_shaped() if self.settings.get("data") == "higgs" else load_dataset()
        n_samples = self.settings.get("samples")
        if n_samples:
            dataset = Dataset(dataset.train.take(np.arange(n_samples)), dataset.test, dataset.source)
        return dataset

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """From the number of pixels to the number of classes."""
        return (self.dataset.train.n_features, *self.hidden, self.dataset.n_classes)

    def initial_weights(self) -> list[np.ndarray]:
        """He's initialisation, `(n_in, n_out)` each."""
        rng = np.random.default_rng(0)
        pairs = zip(self.layer_sizes[:-1], self.layer_sizes[1:], strict=True)
        return [(rng.standard_normal(pair) * np.sqrt(2 / pair[0])).astype(np.float32) for pair in pairs]

    def trial_rows(self) -> np.ndarray:
        """The samples that a trial trains on: some of all, so that they are not in a cache."""
        return np.random.default_rng(1).permutation(len(self.dataset.train))[:TRIAL_SAMPLES]

    def warm(self) -> None:
        """Compile whatever an epoch needs, on throw-away state."""
        self.fresh()
        n_samples = len(self.dataset.train)
        self.train(np.arange(self.batch_size + n_samples % self.batch_size))  # both sizes of mini-batch

    def trial(self) -> float:
        """Seconds of a few hundred steps, the best of some."""
        self.fresh()
        self.train(self.trial_rows())
        return min(self.train(self.trial_rows())[0] for _ in range(TRIALS))

    # ---- Answers ----

    def reply(self, ask: str, **arguments: Any) -> dict[str, Any]:
        """The answer to one line of the driver."""
        answer: dict[str, Any] = getattr(self, f"reply_{ask}")(**arguments)
        return answer

    def reply_warm(self) -> dict[str, Any]:
        started = time.perf_counter()
        self.warm()
        return {"seconds": time.perf_counter() - started}

    def reply_trial(self) -> dict[str, Any]:
        return {"seconds": self.trial()}

    def reply_fresh(self) -> dict[str, Any]:
        self.fresh()
        return {}

    def reply_epoch(self) -> dict[str, Any]:
        """The steps' seconds, and those on the clock on the wall with all else: nobody need wonder what is left out."""
        started = time.perf_counter()
        seconds, loss = self.train(self._orders.permutation(len(self.dataset.train)))
        return {"seconds": seconds, "wall_seconds": time.perf_counter() - started, "loss": loss}

    def reply_accuracy(self) -> dict[str, Any]:
        return {"accuracy": self.accuracy()}

    def reply_kernel(self, name: str) -> dict[str, Any]:
        if name not in self._kernels:
            self._kernels[name] = getattr(self, f"kernel_{name}")()
        return {"seconds": seconds_a_call(self._kernels[name])}

    def reply_peak_memory(self) -> dict[str, Any]:
        return {"bytes": peak_memory()}

    def reply_versions(self) -> dict[str, Any]:
        return {"versions": {package: metadata.version(package) for package in self.packages}}

    @cached_property
    def _kernels(self) -> dict[str, Callable[[], object]]:
        return {}


def higgs_shaped() -> "Dataset":
    """Two classes of float32 samples of the HIGGS data set's shape (Baldi et al. 2014), drawn at random.

    Their values are of no account for the speed of dense products; a linear rule tells the classes apart.
    """
    from fastnet.data.samples import Dataset, Samples

    rng = np.random.default_rng(0)
    x = rng.standard_normal(HIGGS_SHAPE, np.float32)
    y = (x @ rng.standard_normal(HIGGS_SHAPE[1], np.float32) > 0).astype(np.int64)
    n_test = len(x) // 10
    return Dataset(Samples(x, y, 1.0), Samples(x[:n_test].copy(), y[:n_test].copy(), 1.0), "HIGGS-shaped")


def dense_images(samples: "Samples") -> np.ndarray:
    """The images of samples that are no sparse rows, as those of MNIST."""
    assert isinstance(samples.images, np.ndarray)
    return samples.images


def scaled_images(samples: "Samples") -> np.ndarray:
    """The images as a network sees them, float32."""
    scaled: np.ndarray = dense_images(samples) * np.float32(samples.scale)
    return scaled


def linear_relu_arrays() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Dense x, w, b for the kernel `linear_relu`."""
    rng = np.random.default_rng(0)
    n, n_in, n_out = LINEAR_RELU_SIZES
    shapes = ((n, n_in), (n_in, n_out), (n_out,))
    x, w, b = (rng.standard_normal(shape, np.float32) for shape in shapes)
    return x, w, b


def logits_arrays() -> tuple[np.ndarray, np.ndarray]:
    """Logits and labels for the kernel `softmax_cross_entropy`."""
    rng = np.random.default_rng(0)
    return rng.standard_normal(LOGITS_SHAPE, np.float32), rng.integers(0, LOGITS_SHAPE[1], LOGITS_SHAPE[0])


def adam_arrays() -> tuple[np.ndarray, np.ndarray]:
    """Parameters and their gradient for the kernel `adam_step`; moments begin at 0."""
    rng = np.random.default_rng(0)
    return rng.standard_normal(ADAM_STEP_SIZE, np.float32), rng.standard_normal(ADAM_STEP_SIZE, np.float32)


def seconds_a_call(function: Callable[[], object], budget: float = 0.3) -> float:
    """The median over many runs of a few calls each, after a warm-up."""
    function()
    stop = time.perf_counter() + budget / 3
    n_calls = 0
    started = time.perf_counter()
    while time.perf_counter() < stop:
        function()
        n_calls += 1
    n_calls = max(1, round(n_calls * 0.005 / (time.perf_counter() - started)))  # 5 ms a run
    runs: list[float] = []
    stop = time.perf_counter() + budget
    while time.perf_counter() < stop or len(runs) < 3:
        started = time.perf_counter()
        for _ in range(n_calls):
            function()
        runs.append((time.perf_counter() - started) / n_calls)
    return statistics.median(runs)


def peak_memory() -> int:
    """Bytes of the largest resident set that this process ever had; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    if find_spec("resource") is None:  # Windows
        return 0
    import resource  # not on Linux: macOS counts bytes, others KiB

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def serve(peer_class: type[Peer]) -> None:
    """Answer the driver's lines until they end, and do not go on without a driver in the middle of an answer."""
    end_with_standard_input()
    # Whatever a framework prints goes to stderr; the lines of the protocol have stdout for themselves.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    peer = peer_class(json.loads(sys.argv[1]) if len(sys.argv) > 1 else {})
    for line in sys.stdin:
        try:
            answer = peer.reply(**json.loads(line))
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)
