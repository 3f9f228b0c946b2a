"""Samples in an order that does not depend on how they came, each one once and weighing as often as it came."""

import numpy as np

from .samples import Samples


def merge_equal(samples: Samples) -> Samples:
    """The same samples, sorted, where equal ones are one that weighs as much as they did together.

    Where all samples are one mini-batch, a training on them is the same in exact arithmetic, and now also to the bit:
    whatever their order was, and whether a sample came twice or with a weight of 2.
    """
    keys = sort_keys(samples)
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), np.int64)
    is_first = np.array([i == 0 or keys[order[i]] != keys[order[i - 1]] for i in range(len(order))])
    totals = np.add.reduceat(samples.weight_of_each(order), np.flatnonzero(is_first)).astype(np.float32)
    merged = samples.take(order[is_first])
    return Samples(merged.images, merged.labels, merged.scale, None if (totals == 1).all() else totals)


def sort_keys(samples: Samples) -> list[bytes]:
    """For each sample its label and what it holds, as bytes; alike only for samples that are."""
    images, labels = samples.images, samples.labels
    if isinstance(images, np.ndarray):
        return [label.tobytes() + row.tobytes() for label, row in zip(labels, images, strict=True)]
    rows = [slice(start, stop) for start, stop in zip(images.starts[:-1], images.starts[1:], strict=True)]
    return [
        label.tobytes() + images.features[row].tobytes() + images.values[row].tobytes()
        for label, row in zip(labels, rows, strict=True)
    ]
