"""What logits say, in NumPy: probabilities, and the loss of each sample."""

import numpy as np


def softmax(logits: np.ndarray) -> np.ndarray:
    """The probability of each class, as `logits (n, n_classes)`; rows sum to 1, and no exponential overflows."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def cross_entropies(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """-log softmax(logits)[label] of each sample, `(n,)`, also where that probability is too small for a number."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    losses: np.ndarray = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]
    return losses
