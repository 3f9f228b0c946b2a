"""Samples: images with their labels, kept as compactly as they come; and a data set of two such parts."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fastnet.errors import DataError
from fastnet.kernels.sparse_rows import SparseRows

from .table_scaling import TableScaling

PIXEL_SCALE = 1 / 255  # uint8 pixels become numbers between 0 and 1
MOST_CLASSES = 2**16
DIGITS = tuple("0123456789")  # what the classes of digits are called


@dataclass(frozen=True)
class Samples:
    """Images with their labels, and with weights where some count more than others.

    `images` is an array `(n, n_features)`, uint8 or float32, C order, or such rows without their zeros (`from_csr`); a
    network sees `scale * images`. `labels` is int64 `(n,)`, classes; or float32 `(n, n_outputs)` in C order, the
    numbers that a regression answers, or 0 and 1 of several labels.

    `weights`, float32 `(n,)` and not negative, say how much a sample counts in every mean, of a mini-batch or of an
    evaluation: a loss is sum(weights * losses) / sum(weights), and so is an accuracy. None, the default, is 1 for all.

    `soft_targets`, float32 `(n, n_classes)` in C order, are the probabilities of the classes that the loss is told in
    the place of the labels, such as a teacher's; what counts as right are the labels still.
    """

    images: np.ndarray | SparseRows
    labels: np.ndarray
    scale: float
    weights: np.ndarray | None = None
    soft_targets: np.ndarray | None = None

    def __post_init__(self) -> None:
        images, labels = self.images, self.labels
        if isinstance(images, np.ndarray):
            if images.ndim != 2 or images.dtype not in (np.uint8, np.float32) or not images.flags.c_contiguous:
                raise DataError(
                    f"images must be uint8 or float32 (n, n_features) in C order, not {images.dtype} {images.shape}"
                )
            images = _read_only(images)
        elif not hasattr(images, "starts"):
            raise DataError(f"images must be an array, or a sparse matrix through Samples.from_csr, not {type(images)}")
        else:
            _check_sparse(images)
            starts, features, values = (_read_only(array) for array in images[:3])
            images = images._replace(starts=starts, features=features, values=values)
        n = images.shape[0]
        _check_labels(labels, n)
        object.__setattr__(self, "images", images)
        object.__setattr__(self, "labels", _read_only(labels))
        if self.weights is not None:
            object.__setattr__(self, "weights", _read_only(_checked_weights(self.weights, n)))
        if self.soft_targets is not None:
            _check_soft_targets(self.soft_targets, labels)
            object.__setattr__(self, "soft_targets", _read_only(self.soft_targets))

    @classmethod
    def from_csr(cls, matrix: Any, labels: np.ndarray, scale: float = 1.0) -> "Samples":
        """Samples from a sparse matrix or array of SciPy `(n, n_features)`, uint8 or floating-point, and its labels.

        Floating-point values become float32. Arrays that have the right types, without stored zeros, are not copied.
        DataError where values are not finite, or labels are neither integers from 0 nor float32 targets.
        """
        if not hasattr(matrix, "tocsr"):
            raise DataError(f"the matrix must be a sparse one of SciPy, not {type(matrix).__name__}")
        if matrix.shape[1] >= 2**31:
            raise DataError(f"the matrix has {matrix.shape[1]} features, and {2**31 - 1} are the most")
        matrix = matrix.tocsr()
        if not matrix.has_canonical_format or not matrix.data.all():
            matrix = matrix.copy()
            matrix.sum_duplicates()  # and the features of a row ascend
            matrix.eliminate_zeros()
        values = matrix.data if matrix.dtype == np.uint8 else as_float32(matrix.data, "the matrix")
        arrays = (matrix.indptr, np.int64), (matrix.indices, np.int32), (values, values.dtype)
        starts, features, values = (np.require(array, np.dtype(kind), ["C", "A"]) for array, kind in arrays)
        rows = SparseRows(starts, features, values, matrix.shape[1])
        labels = np.asarray(labels)
        if labels.ndim != 2:
            labels = as_labels(labels, matrix.shape[0], "the labels", "the matrix")
        return cls(rows, labels, scale)

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def n_features(self) -> int:
        """Pixels of an image."""
        n_features: int = self.images.shape[1]
        return n_features

    @cached_property
    def largest_label(self) -> int:
        """The largest label, -1 without samples."""
        return int(self.labels.max(initial=-1))

    @property
    def has_targets(self) -> bool:
        """Whether the labels are float32 targets `(n, n_outputs)`, not classes."""
        return self.labels.ndim == 2

    @property
    def n_outputs(self) -> int:
        """Outputs of a network for such labels: columns of targets, or one more than the largest class."""
        return self.labels.shape[1] if self.has_targets else self.largest_label + 1

    @cached_property
    def range_of_labels(self) -> tuple[float, float]:
        """The least and the largest label or target; 0 and 0 without samples."""
        return (float(self.labels.min()), float(self.labels.max())) if self.labels.size else (0.0, 0.0)

    @property
    def pixels(self) -> np.ndarray:
        """The images as an array `(n, n_features)`; where they are sparse rows, a copy."""
        return self.images if isinstance(self.images, np.ndarray) else self.images.dense()

    def weights_at(self, rows: np.ndarray) -> np.ndarray | None:
        """The weights of the samples at `rows`, None without weights."""
        return None if self.weights is None else self.weights[rows]

    def soft_targets_at(self, rows: np.ndarray) -> np.ndarray | None:
        """The soft targets of the samples at `rows`, None without soft targets."""
        return None if self.soft_targets is None else self.soft_targets[rows]

    def weight_of_each(self, rows: np.ndarray) -> np.ndarray:
        """How much each of the samples at `rows` weighs, float64: without weights, 1."""
        return np.ones(len(rows)) if self.weights is None else self.weights[rows].astype(np.float64)

    def weight_of_batches(self, rows: np.ndarray, batch_size: int) -> np.ndarray:
        """How much each mini-batch of the samples at `rows` weighs, float64: without weights, its size."""
        return np.add.reduceat(self.weight_of_each(rows), np.arange(0, len(rows), batch_size))

    def total_weight(self) -> float:
        """The sum of the weights; without them, the number of samples. DataError where samples weigh nothing."""
        if len(self) and self._sum_of_weights == 0:
            raise DataError(f"the weights of {len(self)} samples sum to 0: there is nothing to take a mean of")
        return self._sum_of_weights

    @cached_property
    def _sum_of_weights(self) -> float:
        return float(self.weight_of_batches(np.arange(len(self)), len(self))[0]) if len(self) else 0.0

    def take(self, rows: np.ndarray) -> "Samples":
        """The samples at `rows`, copied."""
        images = self.images[rows] if isinstance(self.images, np.ndarray) else self.images.take(rows)
        return Samples(images, self.labels[rows], self.scale, self.weights_at(rows), self.soft_targets_at(rows))


@dataclass(frozen=True)
class Dataset:
    """A training set and a test set; `source` says where they came from, in the words of `load_dataset`.

    `classes` are the names of the classes, empty where they are called by their numbers. `notes` say in sentences what
    was found out about the data. `label`, `transposed` and `corrections` are what `load_dataset` was told, to load the
    same again; the last `n_corrections` of the training set are these. `table` says what columns of a table they were
    made of, to predict another.
    """

    train: Samples
    test: Samples
    source: str
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    label: str | None = None
    transposed: bool | None = None
    corrections: str | None = None
    n_corrections: int = 0
    table: TableScaling | None = None

    @property
    def n_classes(self) -> int:
        """Outputs of a network for the training set: its classes, or the columns of its targets."""
        return self.train.n_outputs

    @property
    def pixel_scale(self) -> float:
        """What a uint8 pixel must be multiplied with to be as the network knows it: the scale of uint8 images.

        Floating-point images are taken as they are; where they go no higher than 1, they stand for uint8 / 255.
        """
        images = self.train.images
        if images.dtype == np.uint8 or self.table:
            return self.train.scale
        values = images if isinstance(images, np.ndarray) else images.values
        return PIXEL_SCALE if values.min(initial=0) >= 0 and values.max(initial=0) <= 1 else 1.0

    def checked(self) -> "Dataset":
        """Return self; DataError where test set and training set don't fit together."""
        train, test = self.train, self.test
        if (train.n_features, train.images.dtype) != (test.n_features, test.images.dtype):
            raise DataError(
                f"{self.source}: training images have {train.n_features} {train.images.dtype} pixels"
                f" and test images {test.n_features} {test.images.dtype}"
            )
        if train.has_targets or test.has_targets:
            if train.labels.shape[1:] != test.labels.shape[1:]:
                raise DataError(f"{self.source}: the training set and the test set have not the same targets")
        elif test.labels.max() >= self.n_classes:
            raise DataError(
                f"{self.source}: the test labels go to {test.labels.max()}, the training labels to {self.n_classes - 1}"
            )
        return self

    @cached_property
    def sha256(self) -> str:
        """The sum of the training set: a resumed run must see the same samples."""
        images = self.train.images
        digest = hashlib.sha256()
        if isinstance(images, np.ndarray):
            digest.update(images.data)
        else:
            digest.update(repr((images.shape, images.values.shape)).encode())
            for array in (images.starts, images.features, images.values):
                digest.update(array.data)
        digest.update(self.train.labels.data)
        for more in (self.train.weights, self.train.soft_targets):
            if more is not None:
                digest.update(more.data)
        return digest.hexdigest()


def split_validation(
    samples: Samples, n_validation: int, rng: np.random.Generator, n_kept: int = 0
) -> tuple[Samples, Samples]:
    """Set `n_validation` randomly chosen samples aside, none of the last `n_kept`; return (the rest, those)."""
    if n_validation == 0:
        return samples, samples.take(np.arange(0))
    n = len(samples) - n_kept
    order = rng.permutation(n)
    rest = np.concatenate([np.sort(order[n_validation:]), np.arange(n, len(samples))])
    return samples.take(rest), samples.take(np.sort(order[:n_validation]))


# ---- Checks ---------------------------------------------------------------------------------------------------------


def as_labels(labels: np.ndarray, n: int, labels_name: str, images_name: str) -> np.ndarray:
    """The labels of `n` images as int64; DataError for what is no such thing."""
    if labels.shape != (n,):
        raise DataError(f"{labels_name}: has shape {labels.shape} for the {n} images of {images_name}")
    if labels.dtype.kind not in "iu":
        raise DataError(f"{labels_name}: labels must be integers, not {labels.dtype}")
    if n and (labels.min() < 0 or labels.max() >= MOST_CLASSES):
        raise DataError(
            f"{labels_name}: labels must be from 0 to {MOST_CLASSES - 1}, and go from {labels.min()} to {labels.max()}"
        )
    return labels.astype(np.int64)


def are_whole(values: np.ndarray) -> bool:
    """Whether all numbers are integers, whatever their type."""
    if values.dtype.kind in "iu":
        return True
    return values.dtype.kind == "f" and bool(np.isfinite(values).all() and (values == np.round(values)).all())


def as_float32(values: np.ndarray, name: str) -> np.ndarray:
    """Floating-point values as float32; DataError for others, and where they are not finite."""
    if values.dtype.kind != "f":
        raise DataError(f"{name}: pixels must be uint8 or floating-point, not {values.dtype}")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
        values = values.astype(np.float32, copy=False)
    if not np.isfinite(values).all():
        raise DataError(f"{name}: holds NaN or infinite pixels")
    return values


def _read_only(array: np.ndarray) -> np.ndarray:
    """A read-only view: samples are shared, and kernels know one type of them."""
    view = array.view()
    view.flags.writeable = False
    return view


def _check_labels(labels: np.ndarray, n: int) -> None:
    """DataError for what is neither classes nor targets of `n` samples."""
    if labels.ndim == 2 and labels.dtype == np.float32:
        if len(labels) != n or not labels.shape[1] or not labels.flags.c_contiguous:
            raise DataError(f"targets must be float32 ({n}, n_outputs) in C order, not {labels.shape}")
        if not np.isfinite(labels).all():
            raise DataError("targets must be finite")
    elif labels.shape != (n,) or labels.dtype != np.int64 or (n and labels.min() < 0):
        raise DataError(
            f"labels must be {n} int64 numbers from 0, or float32 targets ({n}, n_outputs), not {labels.dtype}"
            f" {labels.shape}"
        )


def _checked_weights(weights: np.ndarray, n: int) -> np.ndarray:
    """The weights of `n` samples, contiguous; DataError for what is no such thing."""
    if not isinstance(weights, np.ndarray) or weights.shape != (n,) or weights.dtype != np.float32:
        found = f"{weights.dtype} {weights.shape}" if isinstance(weights, np.ndarray) else type(weights).__name__
        raise DataError(f"weights must be {n} float32 numbers, not {found}")
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise DataError("weights must be finite and at least 0")
    return np.ascontiguousarray(weights)


def _check_soft_targets(targets: np.ndarray, labels: np.ndarray) -> None:
    """DataError for what are no probabilities of the classes of samples."""
    if labels.ndim != 1:
        raise DataError("soft targets are for labels that are classes")
    if targets.ndim != 2 or len(targets) != len(labels) or targets.dtype != np.float32:
        raise DataError(f"soft targets must be float32 ({len(labels)}, n_classes), not {targets.dtype} {targets.shape}")
    if not targets.flags.c_contiguous:
        raise DataError("soft targets must be in C order")
    sums = targets.sum(axis=1)
    if not (targets >= 0).all() or not (np.abs(sums - 1) < 1e-3).all():
        raise DataError("soft targets must be probabilities, at least 0, that sum to 1 for each sample")


def _check_sparse(images: "SparseRows") -> None:
    """DataError for rows that kernels, which index without bounds, could not walk."""
    starts, features, values, n_features = images
    types = (starts.dtype, features.dtype, values.dtype)
    accepted = [(np.dtype(np.int64), np.dtype(np.int32), np.dtype(kind)) for kind in (np.uint8, np.float32)]
    if types not in accepted:
        raise DataError(f"sparse images must be int64 starts, int32 features and uint8 or float32 values, not {types}")
    if not all(array.ndim == 1 and array.flags.c_contiguous for array in (starts, features, values)):
        raise DataError("the starts, features and values of sparse images must each be one contiguous row of numbers")
    if not len(starts) or starts[0] != 0 or starts[-1] != len(values) or len(features) != len(values):
        raise DataError("the starts of sparse images must go from 0 to the number of values and of features")
    if (np.diff(starts) < 0).any() or (len(features) and not 0 <= features.min() <= features.max() < n_features):
        raise DataError(f"sparse images must have starts that ascend and features from 0 to {n_features - 1}")
    is_first = np.zeros(len(features) + 1, bool)
    is_first[starts] = True
    if (np.diff(features) <= 0)[~is_first[1:-1]].any():
        raise DataError("the features of a row must ascend, each once")
