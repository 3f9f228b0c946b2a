"""How much work a kernel does, counted: operations, bytes and divisions, for the roofline (Williams et al. 2009).

The model:

- A multiplication, an addition, a maximum, an exponential, a division, a square root count as one operation each. Of
  products, only the multiplications and additions of the sum count, bias and ReLU don't.
- Each array moves once: the least that any kernel must move, however it is arranged. An array that is only read counts
  its bytes; one that is written counts them twice, since a cache line is read before it is written (for Adam's weights
  and moments that is the arithmetic itself).
- Sparse kernels do the arithmetic of the (feature group, sample) pairs that they visit, zeros within a group included.
- Divisions are those that come with a square root, one for each weight that Adam steps.
"""

from dataclasses import dataclass

NUMBER = 4  # bytes of a float32 or an int32
ADAM_FLOP = 13  # m: 3, v: 4, direction: 4, step and decay: 2
SOFTMAX_FLOP = 5  # maximum, difference, exponential, sum, scale


@dataclass(frozen=True)
class Work:
    """What one call does. The working set, the bytes of its arrays, says from where they come."""

    flop: float
    read: float  # bytes
    updated: float  # bytes, read and written both counted
    divisions: float = 0
    held: float = 0  # bytes of arrays of which a call takes a part

    @property
    def moved(self) -> float:
        """Bytes in all."""
        return self.read + self.updated

    @property
    def working_set(self) -> float:
        """Bytes of all arrays."""
        return self.read + self.updated / 2 + self.held

    @property
    def intensity(self) -> float:
        """Operations for each byte that moves."""
        return self.flop / self.moved


def linear_relu(n: int, n_in: int, n_out: int) -> Work:
    """out = max(x @ w + b, 0), all dense."""
    return Work(
        flop=2 * n * n_in * n_out,
        read=NUMBER * (n * n_in + n_in * n_out + n_out),
        updated=2 * NUMBER * n * n_out,
    )


def gradient_adam(n: int, n_in: int, n_out: int) -> Work:
    """The gradient x^T @ dout of the weights, straight into Adam."""
    weights = n_in * n_out
    return Work(
        flop=2 * n * weights + ADAM_FLOP * weights,
        read=NUMBER * (n * n_in + n * n_out),
        updated=2 * NUMBER * 3 * weights,
        divisions=weights,
    )


def sparse_linear_relu(n: int, n_in: int, n_out: int, group: int, n_visited: int) -> Work:
    """`linear_relu` on `n_visited` pairs of a sample and a group of `group` features; each pair has a list entry."""
    return Work(
        flop=2 * n_visited * group * n_out,
        read=NUMBER * (n_visited * (group + 1) + n_in * n_out + n_out),
        updated=2 * NUMBER * n * n_out,
    )


def sparse_gradient_adam(n: int, n_in: int, n_out: int, group: int, n_visited: int) -> Work:
    """`gradient_adam` on the same pairs."""
    weights = n_in * n_out
    return Work(
        flop=2 * n_visited * group * n_out + ADAM_FLOP * weights,
        read=NUMBER * (n_visited * (group + 1) + n * n_out),
        updated=2 * NUMBER * 3 * weights,
        divisions=weights,
    )


def adam_step(n: int) -> Work:
    """One step of Adam: weights and two moments updated, the gradient read."""
    return Work(flop=ADAM_FLOP * n, read=NUMBER * n, updated=2 * NUMBER * 3 * n, divisions=n)


def softmax_cross_entropy(n: int, n_classes: int) -> Work:
    """Loss and gradient of the logits; labels are int64."""
    return Work(
        flop=SOFTMAX_FLOP * n * n_classes,
        read=NUMBER * n * n_classes + 8 * n,
        updated=2 * NUMBER * n * n_classes,
    )


def gather_batch(n: int, n_features: int, n_images: int) -> Work:
    """Rows of uint8 images, scaled, to float32; labels and row numbers are int64."""
    return Work(
        flop=n * n_features,
        read=n * n_features + 16 * n,
        updated=2 * (NUMBER * n * n_features + 8 * n),
        held=n_images * n_features,
    )
