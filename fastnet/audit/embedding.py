"""Where samples lie for the network: t-SNE and PCA in two dimensions, and how well classes separate, as figures."""

from dataclasses import dataclass

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.metrics import silhouette_score
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits

N_NEIGHBOURS = 10

_PERPLEXITY = 30.0
_N_COMPONENTS = 50  # that t-SNE sees: what is left out is noise to it, and costs time


@dataclass(frozen=True, eq=False)
class Maps:
    """Points in two dimensions, and how they were brought there."""

    tsne: np.ndarray  # float32 (n, 2)
    pca: np.ndarray  # float32 (n, 2)
    perplexity: float
    kl_divergence: float
    pca_explained: tuple[float, ...]  # shares of the variance


def pca(points: np.ndarray, n_components: int, seed: int) -> PCA:
    """The principal components of points `(n, n_features)`, fitted."""
    return PCA(min(n_components, *points.shape), random_state=seed).fit(points)


def embed(points: np.ndarray, seed: int) -> Maps:
    """t-SNE and PCA of points `(n, n_features)`.

    Points that are all the same, as behind a layer of dead units, stay in one place.
    """
    perplexity = min(_PERPLEXITY, (len(points) - 1) / 3)
    if (points == points[0]).all():
        nowhere = np.zeros((len(points), 2), np.float32)
        return Maps(nowhere, nowhere, perplexity, kl_divergence=0.0, pca_explained=(0.0, 0.0))
    components = pca(points, _N_COMPONENTS, seed)
    reduced = components.transform(points)
    reduced = np.pad(reduced, ((0, 0), (0, max(2 - reduced.shape[1], 0))))  # of a single feature, a plane as well
    tsne = TSNE(perplexity=perplexity, init="pca", random_state=seed)
    # Threads would meet twice in each of 1,000 short steps: on a busy machine that takes several times as long as one
    # thread alone, and their sums would depend on how many they are.
    with threadpool_limits(1, user_api="openmp"):
        embedded = tsne.fit_transform(reduced)
    return Maps(
        embedded.astype(np.float32),
        reduced[:, :2].astype(np.float32),
        perplexity,
        kl_divergence=float(tsne.kl_divergence_),
        pca_explained=tuple([*components.explained_variance_ratio_[:2].tolist(), 0.0][:2]),
    )


def silhouette(points: np.ndarray, labels: np.ndarray) -> float | None:
    """How much nearer points are to their own class than to the next one, from -1 to 1; None for less than two classes.

    The mean over points of (b - a) / max(a, b), with a and b the mean distances to either (Rousseeuw 1987).
    """
    n_classes = len(np.unique(labels))
    return float(silhouette_score(points, labels)) if 2 <= n_classes < len(labels) else None


def knn_accuracy(points: np.ndarray, labels: np.ndarray) -> float:
    """The share of points whose class most of their ten nearest neighbours have, each point left out for its own."""
    neighbours = NearestNeighbors(n_neighbors=min(N_NEIGHBOURS, len(points) - 1)).fit(points)
    nearest = neighbours.kneighbors(return_distance=False)
    votes = np.stack([(labels[nearest] == c).sum(axis=1) for c in range(labels.max() + 1)])
    return float((votes.argmax(axis=0) == labels).mean())
