"""Compute a model's calibration on its validation digits and on things that are no digits."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from fastnet.data.samples import Dataset, Samples
from fastnet.errors import ModelError, OptionError
from fastnet.files import claim_new, require_free
from fastnet.models.calibration import Calibration, expected_calibration_error, write_calibration
from fastnet.models.data import training_data_of
from fastnet.models.files import find_own_model, read_model
from fastnet.models.model import Model
from fastnet.models.probabilities import softmax
from fastnet.training.recipe import Recipe
from fastnet.training.trainer import Training, validation_split

from .nondigits import nondigits, spoilt_digits
from .pictures.mnist_form import SIDE, to_mnist_form
from .rendered import seen_in_pictures

LIKE_DIGITS, LIKELY = 0.985, 0.98  # of the digits that are answered rightly: without doubt for either reason
CERTAINLY_KEPT = 0.9995  # of them: answered at all

_N_REDRAWN, _N_NONDIGITS, _N_PICTURES = 2000, 1400, 120  # at most: more make it no better, but slower
_LEAST_DIGITS = 40  # for each picture: few digits tell too little for the time that pictures take
_SEED = 0
_N_FOLDS = 3
_SMALL_STEP = 1e-3
_LEAST_RIGHT = 30
_LIKELIER_THAN_NOT = 0.5  # what is less likely is never answered without doubt, however seldom the model is surer
_RIDGE = 100.0  # pulls the weights towards 0, so that other pens and hands fare as those that were drawn


def calibrate(model: str | Path, data: Dataset | None = None, out: Path | None = None) -> Calibration:
    """Compute the calibration of a model directory or shipped model, write it there and return it.

    The validation digits are those that the model's training set aside, or those of its members; `data` is its data
    set, if that is not any more where it was. With `out`, a new directory, it is written into a copy of the model
    there; a shipped model has no other way. OptionError, before the work, where it cannot be written or a training
    writes.
    """
    with ExitStack() as claims:
        if out:
            claims.enter_context(claim_new(out))
        else:
            require_free(find_own_model(model))
        return _calibrate(model, data, out)


def calibrate_run(training: Training, directory: Path) -> Calibration:
    """Calibrate the run that this training saved in a directory that its caller claimed, and return the calibration.

    OptionError for a model that cannot be calibrated.
    """
    _require_calibratable(training.dataset, training.recipe)
    files = read_model(directory)
    calibration = fit(Model(files.parameters, files.pixel_scale, files.manifest), training.validation_samples)
    write_calibration(files, calibration, is_claimed=True)
    return calibration


def obstacle_to_calibration(dataset: Dataset, recipe: Recipe) -> str | None:
    """Why what is trained so cannot be calibrated: that takes validation samples, of the form in which the pipeline
    gives digits; None where it can."""
    if dataset.train.n_features != SIDE * SIDE or dataset.train.images.dtype != np.uint8:
        return f"{dataset.source}: only models of {SIDE}x{SIDE} pictures of 8 bits can be calibrated"
    if recipe.n_validation == 0:
        return "a model that was trained without validation samples cannot be calibrated"
    return None


def _calibrate(model: str | Path, data: Dataset | None, out: Path | None) -> Calibration:
    files = read_model(model)
    manifest = files.manifest
    recipes = [member.recipe for member in manifest.members] if manifest.members else [manifest.recipe]
    known = [recipe for recipe in recipes if recipe is not None]
    if len(known) < len(recipes) or manifest.data is None:
        raise ModelError(f"{model}: its manifest does not tell recipe and data of its training")
    dataset = training_data_of(files, data)
    predictor = Model(files.parameters, files.pixel_scale, files.manifest)
    digits = _validation_digits(dataset, list(map(Recipe.from_json, known)))
    calibration = fit(predictor, digits, temperature=1.0 if manifest.members else None)
    write_calibration(files, calibration, out)
    return calibration


def fit(predictor: Model, digits: Samples, temperature: float | None = None) -> Calibration:
    """The temperature and the rules that are best on these digits and pictures of them, and on things that are none.

    A temperature that is given is kept: that of an ensemble is 1, since its members' logits are calibrated, each one's
    on what it had not learnt, which others had. OptionError where hardly any of the digits is answered rightly.
    """
    rng = np.random.default_rng(_SEED)
    activations = predictor.forward(digits.pixels)
    logits = activations.logits
    temperature = temperature or judged_temperature(logits, digits.labels)
    images = digits.pixels.reshape(-1, SIDE, SIDE)
    in_pictures, numbers = seen_in_pictures(images[: min(_N_PICTURES, len(images) // _LEAST_DIGITS)], rng)
    redrawn = np.stack([to_mnist_form(_cropped(image)) for image in images[:_N_REDRAWN]])
    labels = np.concatenate([digits.labels, digits.labels[:_N_REDRAWN], digits.labels[numbers]])
    seen = predictor.forward(np.vstack([redrawn, in_pictures]))
    answers = softmax(np.vstack([logits, seen.logits]) / np.float32(temperature))
    is_right = answers.argmax(axis=1) == labels
    if is_right.sum() < _LEAST_RIGHT:
        raise OptionError("too few of its validation digits are answered rightly for the model to be calibrated")
    known = np.vstack([activations.traits, seen.traits])[is_right]
    other = predictor.forward(_others(images, rng)).traits
    likeness, unlike = likeness_of_unseen(known, other)
    unsure_below = float(np.quantile(likeness, 1 - LIKE_DIGITS))
    least_probability = max(float(np.quantile(answers.max(axis=1)[is_right], 1 - LIKELY)), _LIKELIER_THAN_NOT)
    is_sure = (likeness >= unsure_below) & (answers.max(axis=1)[is_right] >= least_probability)
    measured = {
        "validation_ece": expected_calibration_error(softmax(logits), digits.labels),
        "validation_ece_calibrated": expected_calibration_error(softmax(logits / temperature), digits.labels),
        "digits_kept": float(np.mean(is_sure[: is_right[: len(images)].sum()])),
        "nondigits_refused": float(np.mean(unlike < unsure_below)),
    }
    no_digit_below = min(float(np.quantile(likeness, 1 - CERTAINLY_KEPT)), 0.0)
    weights = logistic_regression(known, other).astype(np.float32)
    return Calibration(temperature, weights, unsure_below, no_digit_below, measured, least_probability)


def _others(images: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What is no digit, or none as it stands: drawn things, spoilt digits and turned ones."""
    n = min(_N_NONDIGITS, len(images))
    some = images[: max(1, n // 4)]
    turned = [np.rot90(image, int(rng.choice([1, 3]))) for image in some]
    return np.concatenate([nondigits(n, rng), spoilt_digits(some, rng), np.stack(turned)])


def likeness_of_unseen(known: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The likeness of each row of both, by weights that were fitted without it: limits set on them hold elsewhere."""
    likeness, unlike = np.empty(len(known)), np.empty(len(other))
    for fold in range(_N_FOLDS):
        mine, others = (np.arange(len(rows)) % _N_FOLDS == fold for rows in (known, other))
        weights = logistic_regression(known[~mine], other[~others])
        likeness[mine] = known[mine] @ weights[:-1] + weights[-1]
        unlike[others] = other[others] @ weights[:-1] + weights[-1]
    return likeness, unlike


def judged_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The best temperature, or 1 where that is no help.

    One that is fitted on a part of the samples must make the rest's expected calibration error smaller: that is judged
    on all of them, each by the temperature of the other half. And it must do so for all by the temperature of all.
    """
    bare, halved = softmax(logits), np.empty_like(logits)
    halves = np.arange(len(labels)) % 2 == 0
    for half in (halves, ~halves):
        if half.any() and not half.all():
            halved[half] = logits[half] / np.float32(best_temperature(logits[~half], labels[~half]))
    temperature = best_temperature(logits, labels)
    error = expected_calibration_error(bare, labels)
    judged = (softmax(halved), softmax(logits / np.float32(temperature)))
    is_help = all(expected_calibration_error(probabilities, labels) < error for probabilities in judged)
    return temperature if is_help and len(labels) > 1 else 1.0


def best_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The divisor of the logits that makes the right labels likeliest (Guo et al. 2017), found by halving a bracket."""
    low, high = -3.0, 3.0  # logarithms
    for _ in range(60):
        third = (high - low) / 3
        if _loss(logits / np.exp(low + third), labels) < _loss(logits / np.exp(high - third), labels):
            high -= third
        else:
            low += third
    return float(np.exp((low + high) / 2))


def logistic_regression(positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
    """Weights and constant of the log odds that a row is of the positive ones, both sides counted alike.

    Newton's method with a ridge on the standardised columns.
    """
    rows = np.vstack([positive, negative]).astype(np.float32)
    is_positive = np.arange(len(rows)) < len(positive)
    mean, deviation = rows.mean(axis=0, dtype=np.float64), rows.std(axis=0, dtype=np.float64) + 1e-3
    rows = np.hstack([(rows - mean) / deviation, np.ones((len(rows), 1))]).astype(np.float32)
    count = np.where(is_positive, len(rows) / 2 / len(positive), len(rows) / 2 / len(negative))
    weights = np.zeros(rows.shape[1])
    for _ in range(12):
        odds = 1 / (1 + np.exp(-np.clip(rows @ weights.astype(np.float32), -50, 50).astype(np.float64)))
        scaled = rows * np.sqrt(count * odds * (1 - odds)).astype(np.float32)[:, np.newaxis]
        curvature = scaled.T @ scaled + _RIDGE * np.eye(len(weights))  # of a matrix and itself: half of the product
        slope = rows.T @ (count * (is_positive - odds)).astype(np.float32)
        step = np.linalg.solve(curvature, slope - _RIDGE * weights)
        weights += step
        if np.abs(step).max() < _SMALL_STEP:
            break
    scaled = weights[:-1] / deviation
    return np.append(scaled, weights[-1] - scaled @ mean)


def _validation_digits(dataset: Dataset, recipes: Sequence[Recipe]) -> Samples:
    """What was set aside; of an ensemble from each member the same share, so that they are no more than one's."""
    for recipe in recipes:
        _require_calibratable(dataset, recipe)
    set_aside = [
        digits.take(np.arange(start, len(digits), len(recipes)))
        for start, digits in enumerate(validation_split(dataset, recipe)[1] for recipe in recipes)
    ]
    images, labels = (np.concatenate([getattr(part, name) for part in set_aside]) for name in ("pixels", "labels"))
    return Samples(images, labels, dataset.train.scale)


def _require_calibratable(dataset: Dataset, recipe: Recipe) -> None:
    """OptionError where such a model cannot be calibrated."""
    if obstacle := obstacle_to_calibration(dataset, recipe):
        raise OptionError(obstacle)


def _cropped(image: np.ndarray) -> np.ndarray:
    rows, columns = (np.flatnonzero((image > 0).any(axis=axis)) for axis in (1, 0))
    return image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else image


def _loss(logits: np.ndarray, labels: np.ndarray) -> float:
    return -float(np.log(np.maximum(softmax(logits)[np.arange(len(labels)), labels], 1e-30)).mean())
