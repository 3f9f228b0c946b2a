"""How sound the weights are: where they went from their initialisation, units that never or always speak, rank."""

import math

import numpy as np

from .figures import Histogram, LayerFigures

N_BINS = 80
N_EXCITING = 8  # samples kept for each unit


def layer_figures(name: str, w: np.ndarray, b: np.ndarray, active_shares: np.ndarray | None) -> LayerFigures:
    """The figures of one layer; `active_shares` are those of its units, None for units that are never off."""
    n_in, n_out = w.shape
    w = w.astype(np.float64)
    singular = np.linalg.svd(w, compute_uv=False)
    return LayerFigures(
        name=name,
        n_in=n_in,
        n_out=n_out,
        mean=float(w.mean()),
        std=float(w.std()),
        he_std=math.sqrt(2 / n_in),
        norm=float(np.linalg.norm(w)),
        bias_norm=float(np.linalg.norm(b.astype(np.float64))),
        largest_singular=float(singular[0]),
        effective_rank=effective_rank(singular),
        histogram=_histogram(w),
        n_dead=None if active_shares is None else int((active_shares == 0).sum()),
        n_saturated=None if active_shares is None else int((active_shares == 1).sum()),
        mean_active=None if active_shares is None else float(active_shares.mean()),
    )


def effective_rank(singular: np.ndarray) -> float:
    """The exponential of the entropy of the singular values as shares of their sum (Roy & Vetterli 2007)."""
    shares = singular[singular > 0] / singular.sum()
    return float(np.exp(-(shares * np.log(shares)).sum())) if len(shares) else 0.0


def active_shares(activations: np.ndarray) -> np.ndarray:
    """The share of samples that each unit answers above 0, float32 `(n_units,)`; activations are `(n, n_units)`."""
    shares: np.ndarray = (activations > 0).mean(axis=0, dtype=np.float32)
    return shares


def exciting_rows(activations: np.ndarray) -> np.ndarray:
    """The samples that excite each unit most, int32 `(n_units, 8)`, the strongest first; -1 where no more do."""
    n = min(N_EXCITING, len(activations))
    rows = np.argsort(-activations, axis=0, kind="stable")[:n].T
    found = np.full((activations.shape[1], N_EXCITING), -1, np.int32)
    found[:, :n] = np.where(np.take_along_axis(activations.T, rows, axis=1) > 0, rows, -1)
    return found


def _histogram(w: np.ndarray) -> Histogram:
    """Densities of the weights and of their initialisation N(0, 2 / n_in), in bins as wide as both need."""
    he_std = math.sqrt(2 / len(w))
    ends = min(float(w.min()), -4 * he_std), max(float(w.max()), 4 * he_std)
    density, edges = np.histogram(w, N_BINS, ends, density=True)
    middles = (edges[1:] + edges[:-1]) / 2
    he_density = np.exp(-((middles / he_std) ** 2) / 2) / (he_std * math.sqrt(2 * math.pi))
    return Histogram(*(tuple(values.tolist()) for values in (edges, density, he_density)))
