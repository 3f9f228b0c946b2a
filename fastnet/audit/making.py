"""Compute the audit of a model: every figure and everything that is kept, from the model and its test samples."""

import dataclasses
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from fastnet.data.samples import Dataset, Samples
from fastnet.errors import DataError, OptionError
from fastnet.models.calibration import expected_calibration_error
from fastnet.models.files import HISTORY, ModelFiles, read_history, read_model
from fastnet.models.model import Model
from fastnet.models.probabilities import cross_entropies, softmax
from fastnet.packages import require_packages
from fastnet.version import __version__

from . import answers, layers
from .contents import Audit
from .figures import (
    CalibrationFigures,
    Curve,
    DataFigures,
    DoubtfulLabel,
    Embedding,
    Figures,
    History,
    LayerFigures,
    Made,
    ModelFacts,
    Overall,
    Robustness,
    WrongAnswer,
)
from .images import grey, image_shape
from .reliability import coverage, reliability

N_POINTS = 3000
LEAST_SAMPLES = 50  # fewer tell nothing, and t-SNE has no neighbours for them
MOST_IMAGES_OF_ERRORS = 2000  # that are kept, of a model that is mostly wrong

# What is told while it is done, with the share of time that it takes.
_ANSWERS, _LAYERS, _EMBEDDING, _SEPARATION, _ROBUSTNESS = "answers", "layers", "t-SNE", "separation", "robustness"
_SHARES = {_ANSWERS: 0.02, _LAYERS: 0.05, _EMBEDDING: 0.45, _SEPARATION: 0.05, _ROBUSTNESS: 0.43}


def audit_model(
    model: str | Path,
    dataset: Dataset,
    *,
    n_points: int = N_POINTS,
    seed: int = 0,
    against: str | Path | None = None,
    on_progress: Callable[[str, float], None] | None = None,
) -> Audit:
    """Audit a model directory or shipped model on the test samples of a data set; nothing is written.

    `n_points` random samples are embedded by t-SNE, with all that are read wrong (of very many, the worst), which takes
    most of the time. `against` is a second model whose robustness is measured on the same images. `on_progress` is told
    what comes next and the share that is done. ModelError for a model that is not sound, DataError for samples that it
    does not take, OptionError if packages are missing.
    """
    require_packages("an audit", "sklearn", "threadpoolctl")
    if n_points < LEAST_SAMPLES:
        raise OptionError(f"the points of the embedding must be at least {LEAST_SAMPLES}, not {n_points}")
    files, predictor = read_model(model), Model.load(model)
    files.manifest.require_classes("an audit")
    models = [files] if against is None else [files, read_model(against)]
    samples = dataset.test
    for each in models:
        _check(each.layer_sizes, samples)
    clock = _Clock(on_progress)
    images, labels = samples.pixels, samples.labels
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.permutation(len(labels))[:n_points])

    clock.begin(_ANSWERS)
    activations = predictor.forward(images)
    logits = activations.logits
    bare, probabilities = softmax(logits), predictor.probabilities_of(logits)
    confusion = answers.confusion_matrix(labels, probabilities.argmax(axis=1), probabilities.shape[1])
    wrong = answers.errors(labels, probabilities)
    points = np.union1d(drawn, [error.row for error in wrong[:MOST_IMAGES_OF_ERRORS]]).astype(np.int64)
    mislabelled = answers.label_errors(labels, probabilities)
    confident = answers.confident_rows(labels, logits)
    classes = answers.class_figures(confusion)
    calibration = CalibrationFigures(
        temperature=predictor.calibration.temperature if predictor.calibration else None,
        ece_before=expected_calibration_error(bare, labels),
        ece=expected_calibration_error(probabilities, labels),
        before=reliability(bare, labels),
        after=reliability(probabilities, labels),
        coverage=coverage(probabilities, labels),
    )

    clock.begin(_LAYERS)
    units = tuple(layers.exciting_rows(layer) for layer in activations.hidden)
    active_shares = tuple(layers.active_shares(layer) for layer in activations.hidden)
    layer_figures = _layers(files, active_shares)

    spaces = {"pixels": activations.inputs[0][points]}
    if activations.hidden:
        spaces = {"hidden": activations.hidden[-1][points], **spaces}
    tsne, pca, embedding = _embedding(spaces, labels[points], np.isin(points, drawn), seed, clock)
    robustness = _robustness(samples, models, seed, clock)
    kept = _kept_rows(points, wrong, mislabelled, confident, units)
    figures = Figures(
        model=ModelFacts(
            name=_name(files),
            layer_sizes=files.layer_sizes,
            n_parameters=sum(array.size for array in files.parameters.values()),
            classes=files.manifest.class_names if files.manifest.classes else None,
            activation=files.activation,
        ),
        data=DataFigures(source=dataset.source, n=len(labels), image_shape=image_shape(samples.n_features)),
        made=Made(fastnet_version=__version__, seed=seed, seconds=clock.end()),
        overall=Overall(
            accuracy=float(np.mean(probabilities.argmax(axis=1) == labels)),
            loss=float(cross_entropies(logits, labels).mean(dtype=np.float64)),
            n_errors=len(wrong),
            macro_f1=float(np.mean(classes.f1)),
        ),
        history=_history(files.directory),
        classes=classes,
        embedding=embedding,
        layers=layer_figures,
        confident=confident,
        errors=wrong,
        label_errors=mislabelled,
        calibration=calibration,
        robustness=robustness,
    )
    return Audit(
        model_sha256=files.sha256,
        figures=figures,
        labels=labels.astype(np.int32),
        probabilities=probabilities,
        points=points.astype(np.int32),
        tsne=tsne,
        pca=pca,
        units=units,
        active_shares=active_shares,
        image_rows=kept.astype(np.int32),
        images=grey(images[kept]).reshape(-1, *image_shape(samples.n_features)),
    )


class _Clock:
    """Tells what comes next, and takes the seconds of each stage."""

    def __init__(self, on_progress: Callable[[str, float], None] | None):
        self._on_progress = on_progress
        self._seconds: dict[str, float] = {}
        self._stage, self._started = "", time.perf_counter()

    def begin(self, stage: str, part: float = 0.0) -> None:
        """A stage begins, or goes on with `part` of it done."""
        if stage != self._stage:
            self.end()
            self._stage = stage
        if self._on_progress:
            done = sum(_SHARES[name] for name in self._seconds if name != stage)
            self._on_progress(stage, done + part * _SHARES[stage])

    def end(self) -> dict[str, float]:
        """The seconds of all stages; the last one ends."""
        now = time.perf_counter()
        if self._stage:
            self._seconds[self._stage] = round(now - self._started, 3)
        self._stage, self._started = "", now
        return self._seconds


def _name(files: ModelFiles) -> str:
    return files.directory.resolve().name


def _check(layer_sizes: tuple[int, ...], samples: Samples) -> None:
    n_features, *_, n_classes = layer_sizes
    if n_classes < 2:
        raise DataError("an audit needs a model that tells at least 2 classes apart, and this one has 1")
    if samples.n_features != n_features or samples.largest_label >= n_classes:
        raise DataError(
            f"this model takes images of {n_features} pixels in {n_classes} classes, and the data set has"
            f" {samples.n_features} pixels and labels up to {samples.largest_label}"
        )
    if len(samples) < LEAST_SAMPLES:
        raise DataError(f"an audit needs at least {LEAST_SAMPLES} test samples, and there are {len(samples)}")


def _layers(files: ModelFiles, active_shares: Sequence[np.ndarray]) -> tuple[LayerFigures, ...]:
    arrays, is_relu = files.parameters, files.activation == "relu"
    return tuple(
        layers.layer_figures(f"W{number}", arrays[f"W{number}"], arrays[f"b{number}"], shares if is_relu else None)
        for number, shares in enumerate([*active_shares, None], start=1)
    )


def _embedding(
    spaces: dict[str, np.ndarray], labels: np.ndarray, is_drawn: np.ndarray, seed: int, clock: _Clock
) -> tuple[np.ndarray, np.ndarray, Embedding]:
    """t-SNE and PCA of the first of the spaces, and how well classes separate in each of them.

    The latter on the points that were drawn at random alone: with all errors among them, it would be too hard a test.
    """
    from . import embedding

    clock.begin(_EMBEDDING)
    space, points = next(iter(spaces.items()))
    maps = embedding.embed(points, seed)
    clock.begin(_SEPARATION)
    seen = {name: at[is_drawn] for name, at in {"tsne": maps.tsne, "pca": maps.pca, **spaces}.items()}
    drawn = labels[is_drawn]
    figures = Embedding(
        space=space,
        n_points=len(labels),
        perplexity=maps.perplexity,
        kl_divergence=maps.kl_divergence,
        pca_explained=maps.pca_explained,
        k=embedding.N_NEIGHBOURS,
        silhouette={name: embedding.silhouette(points, drawn) for name, points in seen.items()},
        knn_accuracy={name: embedding.knn_accuracy(points, drawn) for name, points in seen.items()},
        n_drawn=len(drawn),
    )
    return maps.tsne, maps.pca, figures


def _robustness(samples: Samples, models: Sequence[ModelFiles], seed: int, clock: _Clock) -> Robustness:
    from fastnet.data.augment import square_images

    from .robustness import DISTORTIONS, MOST_IMAGES, make_reader, robustness_curve

    rows = np.linspace(0, len(samples), min(len(samples), MOST_IMAGES), endpoint=False).astype(np.int64)
    samples = samples.take(rows)
    against = _name(models[1]) if len(models) > 1 else None
    try:
        images = square_images(samples)
    except DataError as error:
        return Robustness(left_out=str(error), against=against)
    readers = [make_reader(files, samples) for files in models]
    curves = {}
    for number, (name, distortion) in enumerate(DISTORTIONS.items()):
        clock.begin(_ROBUSTNESS, number / len(DISTORTIONS))
        own, *others = robustness_curve(distortion, images, samples.labels, readers, seed)
        curves[name] = Curve(
            title=distortion.title,
            unit=distortion.unit,
            strengths=distortion.strengths,
            accuracy=own,
            against=others[0] if others else None,
        )
    return Robustness(n=len(rows), curves=curves, against=against)


def _kept_rows(
    points: np.ndarray,
    wrong: Sequence[WrongAnswer],
    mislabelled: Sequence[DoubtfulLabel],
    confident: Sequence[Sequence[int]],
    units: Sequence[np.ndarray],
) -> np.ndarray:
    """The samples whose images are kept, ascending."""
    listed = [found.row for found in wrong[:MOST_IMAGES_OF_ERRORS]]
    listed += [found.row for found in mislabelled[:MOST_IMAGES_OF_ERRORS]]
    listed += [row for rows in confident for row in rows]
    exciting = [layer[layer >= 0] for layer in units]
    return np.unique(np.concatenate([points, np.array(listed, np.int64), *exciting]))


def _history(directory: Path) -> History | None:
    """The columns of a training's history, None for a model without."""
    if not (directory / HISTORY).is_file():
        return None
    records = read_history(directory)
    names = [column.name for column in dataclasses.fields(History)]
    return History(**{name: tuple(getattr(record, name) for record in records) for name in names})
