"""JAX: a whole epoch in one `lax.scan` under `jit`, its state donated, Adam written out for XLA to fuse.

Settings that are tried, besides the threads: "batches" and "pixels" as for PyTorch, "unroll" (steps in the body of the
scan's loop) and "xla_flags", which the driver puts into XLA_FLAGS before the process starts.
"""

import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from .protocol import BETA1, BETA2, EPS, LEARNING_RATE, Peer, dense_images, scaled_images, serve

Parameters = list[tuple[jax.Array, jax.Array]]  # w, b of each layer
State = tuple[Parameters, Parameters, Parameters, jax.Array]  # parameters, m, v, number of steps


def logits_of(parameters: Parameters, x: jax.Array | np.ndarray) -> jax.Array:
    *hidden, (w_last, b_last) = parameters
    for w, b in hidden:
        x = jax.nn.relu(x @ w + b)
    return x @ w_last + b_last


def loss_of(parameters: Parameters, x: jax.Array, y: jax.Array) -> jax.Array:
    log_probabilities = jax.nn.log_softmax(logits_of(parameters, x))
    return -jnp.take_along_axis(log_probabilities, y[:, None], axis=1).mean()


def adam(
    parameters: Parameters, gradients: Parameters, m: Parameters, v: Parameters, step: jax.Array
) -> tuple[Parameters, Parameters, Parameters]:
    """Kingma & Ba's algorithm 1; `step` counts from 1."""
    m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, gradients)
    v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, gradients)
    m_correction = 1 / (1 - BETA1**step)
    v_correction = 1 / (1 - BETA2**step)
    parameters = jax.tree.map(
        lambda p, m, v: p - LEARNING_RATE * (m * m_correction) / (jnp.sqrt(v * v_correction) + EPS), parameters, m, v
    )
    return parameters, m, v


@partial(jax.jit, donate_argnames="state", static_argnames=("batch_size", "permutes", "unroll"))
def run_epoch(
    state: State,
    images: jax.Array,
    labels: jax.Array,
    order: jax.Array,
    scale: float,
    batch_size: int,
    permutes: bool,
    unroll: int,
) -> tuple[State, jax.Array]:
    """All steps of an epoch: (state, losses). The last mini-batch may be smaller and comes after the scan."""
    n_steps = len(order) // batch_size
    n_scanned = n_steps * batch_size

    def step(state: State, x: jax.Array, y: jax.Array) -> tuple[State, jax.Array]:
        parameters, m, v, count = state
        x = x.astype(jnp.float32) * scale if x.dtype == jnp.uint8 else x
        loss, gradients = jax.value_and_grad(loss_of)(parameters, x, y)
        count += 1
        return (*adam(parameters, gradients, m, v, count.astype(jnp.float32)), count), loss

    def gather(rows: jax.Array) -> tuple[jax.Array, jax.Array]:
        return images[rows], labels[rows]

    batches = order[:n_scanned].reshape(n_steps, batch_size)
    if permutes:
        state, losses = lax.scan(lambda state, batch: step(state, *batch), state, gather(batches), unroll=unroll)
    else:
        state, losses = lax.scan(lambda state, rows: step(state, *gather(rows)), state, batches, unroll=unroll)
    if n_scanned < len(order):
        state, last = step(state, *gather(order[n_scanned:]))
        losses = jnp.append(losses, last)
    return state, losses


class Jax(Peer):
    """The state is (parameters, m, v, number of steps), parameters a list of (w, b)."""

    packages = ("jax", "jaxlib", "numpy")

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self._data: tuple[jax.Array, jax.Array] | None = None

    @property
    def data(self) -> tuple[jax.Array, jax.Array]:
        """All images and labels, on JAX's device."""
        if self._data is None:
            train = self.dataset.train
            is_float = self.settings.get("pixels", "float32") == "float32"
            images = scaled_images(train) if is_float else dense_images(train)
            self._data = jnp.asarray(images), jnp.asarray(train.labels.astype(np.int32))
        return self._data

    def fresh(self) -> None:
        parameters = [(jnp.asarray(w), jnp.zeros(w.shape[1])) for w in self.initial_weights()]
        m, v = (jax.tree.map(jnp.zeros_like, parameters) for _ in range(2))
        self.state = parameters, m, v, jnp.zeros((), jnp.int32)

    def train(self, rows: np.ndarray) -> tuple[float, float | None]:
        images, labels = self.data
        order = jax.block_until_ready(jnp.asarray(rows, jnp.int32))
        jax.block_until_ready(self.state)
        started = time.perf_counter()
        self.state, losses = run_epoch(
            self.state,
            images,
            labels,
            order,
            scale=self.dataset.train.scale,
            batch_size=self.batch_size,
            permutes=self.settings.get("batches", "gather") == "permute",
            unroll=self.settings.get("unroll", 1),
        )
        jax.block_until_ready((self.state, losses))
        return time.perf_counter() - started, float(losses[-1])

    def warm(self) -> None:
        """An epoch of the same length: XLA compiles for exact shapes."""
        self.fresh()
        self.train(np.arange(len(self.dataset.train)))

    def accuracy(self) -> float:
        classes = logits_of(self.state[0], scaled_images(self.dataset.test)).argmax(axis=1)
        return float((classes == self.dataset.test.labels).mean())


if __name__ == "__main__":
    serve(Jax)
