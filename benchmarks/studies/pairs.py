"""Train the network that reads two digits that touch, into `fastnet/reading/pair_network/`.

Its images are pairs of MNIST's training digits, laid on each other as far as their strokes overlap, and single ones.
The last 6,000 digits are kept for validation, and so are their pairs.

The network that is there was trained so on 240,000 pairs, and goes on from that on 1,200,000 others:
`python -m benchmarks pairs --initial fastnet/reading/pair_network --epochs 3 --learning-rate 1e-3`, twice.
"""

import dataclasses
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.publishing import study_parser
from fastnet.data.augment import augment
from fastnet.data.distortions import Augmentation
from fastnet.data.loading import load_dataset
from fastnet.data.samples import PIXEL_SCALE, Dataset, Samples
from fastnet.files import whole_directory
from fastnet.models.documents import DataFacts, Manifest, Score
from fastnet.models.files import write_model
from fastnet.reading.pairs import CLASSES, NETWORK
from fastnet.reading.pictures.mnist_form import to_pair_form
from fastnet.training.recipe import FAST
from fastnet.training.trainer import Training
from fastnet.version import __version__

RECIPE = dataclasses.replace(
    FAST, hidden=(512,), epochs=14, learning_rate=2e-3, dropout=0.05, augmentation=None, n_validation=0
)
N_TRAIN, N_TEST, KEPT = 1_200_000, 16_000, 6_000

_BATCH = 4000
_DISTORTIONS = Augmentation(thickness=0.3)
_WEAKEST = 0.2  # of the distortions' strength, which is another one for each batch
_USED = 8  # times on either side is a digit, once distorted and enlarged
_FINE = 4  # digits are laid on each other on a grid so much finer than MNIST's
_STROKE = 2.5  # of its pixels is a stroke wide
_MOST_STROKES = 4.5  # overlap at most ...
_MOST_SHARED = 0.6  # ... but for so much of the narrower digit
_TOUCH = 100  # of 255: where both are as dark, they touch
_SHARE_SINGLE = 0.2


def main(argv: list[str]) -> None:
    """Draw, train, and put the network in its place, in float16."""
    parser = study_parser(__doc__)
    parser.add_argument("--out", type=Path, default=NETWORK, help="(default: fastnet's own)")
    parser.add_argument("-n", type=int, default=N_TRAIN, help="images (default: 1,200,000)")
    parser.add_argument("--initial", type=Path, help="directory of a network whose training goes on (default: none)")
    parser.add_argument("--learning-rate", type=float, default=RECIPE.learning_rate, help="(default: 0.002)")
    parser.add_argument("--epochs", type=int, default=RECIPE.epochs, help="(default: 14)")
    args = parser.parse_args(argv)
    digits = load_dataset().train
    images, labels = np.asarray(digits.images).reshape(-1, 28, 28), digits.labels
    train = drawn(images[:-KEPT], labels[:-KEPT], args.n, 1)
    test = drawn(images[-KEPT:], labels[-KEPT:], min(args.n, N_TEST), 10**8)
    training = Training(
        Dataset(train, test, "pairs of MNIST's training digits", CLASSES),
        dataclasses.replace(RECIPE, epochs=args.epochs, learning_rate=args.learning_rate),
        initial=args.initial,
    )
    training.run(on_epoch=lambda epoch: print(f"epoch {epoch.epoch}: loss {epoch.train_loss:.3f}"))
    write_network(training, args.out)


def write_network(training: Training, directory: Path) -> None:
    """The weights in float16, and what these read right of the test images."""
    parameters = {name: array.astype(np.float16) for name, array in training.network.parameters().items()}
    training.network.set_parameters(parameters)
    test = training.dataset.test
    logits = training.network.forward(np.asarray(test.images) * np.float32(PIXEL_SCALE)).logits
    accuracy = float(np.mean(logits.argmax(axis=1) == test.labels))
    manifest = Manifest(
        fastnet_version=__version__,
        layer_sizes=training.network.layer_sizes,
        classes=CLASSES,
        pixel_scale=PIXEL_SCALE,
        license="MIT",
        recipe=training.recipe.to_json(),
        origin=training.origin,
        data=DataFacts(source=training.dataset.source, n_train=len(training.train_samples), n_test=len(test)),
        test=Score(accuracy=accuracy),
    )
    with whole_directory(directory) as new:
        write_model(new, parameters, manifest)
    print(f"{accuracy:.2%} of {len(test):,} images of other digits are read right")


def images_of(digits: np.ndarray, labels: np.ndarray, seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """`n` images of two digits that touch, or of one, and their classes: 10 a + b, and 100 + a."""
    rng = np.random.default_rng(seed)
    some = rng.integers(len(digits), size=max(1, n // _USED))
    distortions = _DISTORTIONS.weakened(rng.uniform(_WEAKEST, 1))
    inks = [_enlarged(digit, rng) for digit in augment(np.ascontiguousarray(digits[some]), distortions, seed)]
    rows = rng.integers(len(some), size=(n, 2))
    a, b = labels[some[rows]].T
    is_single = rng.random(n) < _SHARE_SINGLE
    images = [
        to_pair_form(inks[left] if alone else _pair(inks[left], inks[right], rng))
        for (left, right), alone in zip(rows, is_single, strict=True)
    ]
    return np.stack(images).reshape(n, -1), np.where(is_single, 100 + a, 10 * a + b)


def _enlarged(digit: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The ink of a digit, cropped, on the finer grid, sharp, and a little higher or lower than it is."""
    rows, columns = (np.flatnonzero((digit > 100).any(axis=axis)) for axis in (1, 0))
    ink = np.pad(digit, 1)[rows[0] : rows[-1] + 3, columns[0] : columns[-1] + 3]
    scale = _FINE * 20 / max(ink.shape[0], 12) * rng.uniform(0.9, 1.05)
    size = max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale))
    large = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BICUBIC), np.int16)
    sharp = ((large - 115) * 1.5 + 128).clip(0, 255).astype(np.uint8)
    return _cropped(sharp)


def _cropped(ink: np.ndarray) -> np.ndarray:
    rows, columns = (np.flatnonzero((ink > 60).any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if len(rows) else ink


def _pair(left: np.ndarray, right: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Both on about one base line, with so much overlap that they touch."""
    down = rng.integers(0, 9, 2) * (rng.random(2) < 0.5)
    height = max(left.shape[0] + down[0], right.shape[0] + down[1])
    left, right = (_raised(ink, height, low) for ink, low in zip((left, right), down, strict=True))
    most = min(left.shape[1], right.shape[1])
    shared = max(1, min(round(rng.uniform(0, _MOST_STROKES) * _STROKE * _FINE), round(_MOST_SHARED * most)))
    while shared < most and not (np.minimum(left[:, -shared:], right[:, :shared]) > _TOUCH).any():
        shared += 1
    x = left.shape[1] - shared
    both = np.zeros((height, x + right.shape[1]), np.uint8)
    both[:, : left.shape[1]] = left
    np.maximum(both[:, x:], right, out=both[:, x:])
    return _cropped(both)


def _raised(ink: np.ndarray, height: int, low: int) -> np.ndarray:
    """The ink on a page of that height, `low` pixels above its lower edge."""
    page = np.zeros((height, ink.shape[1]), np.uint8)
    page[height - low - ink.shape[0] : height - low] = ink
    return page


def drawn(digits: np.ndarray, labels: np.ndarray, n: int, seed: int) -> Samples:
    """`n` images and their classes, made by all processors, always the same."""
    with ProcessPoolExecutor() as pool:
        seeds = range(seed, seed + 10 * max(1, n // _BATCH), 10)
        parts = list(pool.map(partial(images_of, digits, labels, n=min(n, _BATCH)), seeds))
    images, classes = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
    return Samples(images, classes, PIXEL_SCALE)
