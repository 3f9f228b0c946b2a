"""The functions of hidden units, and their derivatives, which their results tell.

Where a layer is computed in tasks, a block of it is activated while it lies in the cache. The ReLU costs nothing there:
`products` and `sparse` have it in their registers.
"""

from .checks import check_activation, check_axes, check_inputs, check_outputs
from .elementary import logistic, tanh
from .jit import inlined, kernel
from .kinds import ACTIVATIONS
from .simd import LANES, first_lanes, load, relu, splat, step, store

RELU, TANH, LOGISTIC, IDENTITY = range(len(ACTIVATIONS))


def activate(z, activation):
    """z = f(z), in place, for each number of the float32 `z (n_samples, n_units)`.

    f is "relu", "tanh", "logistic" (1 / (1 + exp(-z))) or "identity"; ValueError for another.
    """
    check_activation("activate", activation)
    check_axes("activate", "z", z, 2)
    check_outputs("activate", ("z", z, z.shape))
    activate_block(z, 0, z.shape[0], 0, z.shape[1], ACTIVATIONS.index(activation))


def activate_backward(out, dout, activation, dz):
    """dz = dout * f'(z), where out = f(z) is what `activate` made of z; all are float32 `(n_samples, n_units)`.

    `dz` may be the same array as `dout`.
    """
    check_activation("activate_backward", activation)
    check_axes("activate_backward", "out", out, 2)
    check_inputs("activate_backward", ("out", out, out.shape), ("dout", dout, out.shape))
    check_outputs("activate_backward", ("dz", dz, out.shape))
    activate_backward_block(out, 1.0, dout, dz, 0, out.shape[0], 0, out.shape[1], ACTIVATIONS.index(activation))


@inlined
def activated(z, activation):
    """f(z) of a vector."""
    if activation == TANH:
        return tanh(z)
    if activation == LOGISTIC:
        return logistic(z)
    return relu(z) if activation == RELU else z


@inlined
def derivative(out, activation):
    """f'(z) of a vector, from out = f(z)."""
    if activation == TANH:
        return splat(1.0) - out * out
    if activation == LOGISTIC:
        return out * (splat(1.0) - out)
    return step(out) if activation == RELU else splat(1.0)


@kernel()
def activate_block(z, start, stop, first, last, activation):
    """`activate` for the rows start..stop and columns first..last of z."""
    for i in range(start, stop):
        for j in range(first, last, LANES):
            mask = first_lanes(last - j)
            store(z, (i, j), activated(load(z, (i, j), mask), activation), mask)


@kernel()
def activate_backward_block(out, factor, dout, dz, start, stop, first, last, activation):
    """`activate_backward` for the rows start..stop and columns first..last, where `factor * out` is what `activate`
    made."""
    for i in range(start, stop):
        for j in range(first, last, LANES):
            mask = first_lanes(last - j)
            slope = derivative(splat(factor) * load(out, (i, j), mask), activation)
            store(dz, (i, j), load(dout, (i, j), mask) * slope, mask)
