"""What an audit holds, and how it is kept in the folder `audit` of a model, so that it can be shown without the data.

`audit.json` holds all figures and what the arrays are; arrays are `.npy` files, images one grey PNG. An audit belongs
to the very weights and temperature it was made with: `load_audit` refuses another's.
"""

import hashlib
import io
import json
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from fastnet.bounded import is_missing
from fastnet.errors import ModelError, NoAuditError, StaleAuditError, damage_told_as
from fastnet.files import put_back, read_whole, require_unclaimed, whole_directory
from fastnet.models.calibration import read_calibration
from fastnet.models.documents import ArrayDescription, read_strictly
from fastnet.models.fields import to_json
from fastnet.models.files import (
    ModelFiles,
    find_model,
    find_own_model,
    read_array,
    read_bytes,
    read_json,
    read_model,
    write_array,
)
from fastnet.models.sealed import sealed, unsealed

from .figures import AuditDocument, Figures
from .fit import misfit

DIRECTORY = "audit"
CONTENTS = "audit.json"
IMAGES = "images.png"
FORMAT = "fastnet-audit"
FORMAT_VERSION = 1
_SAME_TEMPERATURE = 1e-6  # the last bits depend on the number of threads
SPRITE_COLUMNS = 64  # images in a row of the PNG

_MOST_PIXELS = 10**6  # of an image
_PLAIN = {  # arrays under their own names
    "labels": "int32",
    "probabilities": "float32",
    "points": "int32",
    "tsne": "float32",
    "pca": "float32",
    "image_rows": "int32",
}
_OF_LAYERS = {"units": "int32", "active_shares": "float32"}  # with the number of a hidden layer


@dataclass(frozen=True, eq=False)
class Audit:
    """The figures of a model on `n` test samples, and what it takes to draw them.

    "Rows" are numbers of test samples. Images are kept of the embedding's points, of errors, of the most confident
    answers and of what excites each hidden unit most; `image_of` finds one.
    """

    model_sha256: str  # of the weights, as `ModelFiles` has it
    figures: Figures
    labels: np.ndarray  # int32 (n,)
    probabilities: np.ndarray  # float32 (n, n_classes), calibrated if the model is
    points: np.ndarray  # int32 (n_points,): the rows that were embedded, among them all errors but of a bad model
    tsne: np.ndarray  # float32 (n_points, 2)
    pca: np.ndarray  # float32 (n_points, 2)
    units: tuple[np.ndarray, ...]  # a hidden layer: int32 (n_units, 8), rows that excite a unit most; -1: no more do
    active_shares: tuple[np.ndarray, ...]  # a hidden layer: float32 (n_units,), of the samples that make a unit active
    image_rows: np.ndarray  # int32 (n_images,), ascending
    images: np.ndarray  # uint8 (n_images, height, width)

    @cached_property
    def predictions(self) -> np.ndarray:
        """The likeliest class of each sample, int64 `(n,)`."""
        likeliest: np.ndarray = self.probabilities.argmax(axis=1)
        return likeliest

    def image_of(self, row: int) -> np.ndarray | None:
        """The image of a test sample, uint8 `(height, width)`; None if it was not kept."""
        place = int(np.searchsorted(self.image_rows, row))
        is_here = place < len(self.image_rows) and self.image_rows[place] == row
        return self.images[place] if is_here else None

    @property
    def sprite(self) -> np.ndarray:
        """All images in one, uint8: number i is in row `i // SPRITE_COLUMNS`, column `i % SPRITE_COLUMNS`."""
        n, height, width = self.images.shape
        grid = np.zeros((-(-n // SPRITE_COLUMNS), SPRITE_COLUMNS, height, width), np.uint8)
        grid.reshape(-1, height, width)[:n] = self.images
        return grid.swapaxes(1, 2).reshape(-1, SPRITE_COLUMNS * width)


def save_audit(model: str | Path, audit: Audit) -> Path:
    """Put the audit beside its model, whole or not at all, and return its folder.

    ModelError for a model that is not the audited one, or not any more; ClaimedError while a training writes there,
    whose next save the audit would not outlive; OptionError for the name of a model that comes with fastnet.
    """
    require_unclaimed(find_own_model(model))
    files = read_model(model)
    directory = files.directory / DIRECTORY
    with whole_directory(directory) as new:
        write_audit(files, audit, new)
    return directory


def write_audit(files: ModelFiles, audit: Audit, directory: Path) -> None:
    """Write the audit of a model into an existing directory; ModelError if it is that of another."""
    if not _is_of(files, audit.model_sha256, audit.figures):
        raise ModelError(
            f"{files.directory}: its weights or its calibration are not those that were audited; run it again"
        )
    arrays = {name: write_array(directory, name, array) for name, array in _arrays(audit).items()}
    png = _png(audit.sprite)
    (directory / IMAGES).write_bytes(png)
    images_sha256 = hashlib.sha256(png).hexdigest()
    document = AuditDocument(FORMAT, FORMAT_VERSION, files.sha256, audit.figures, {**arrays}, images_sha256)
    text = json.dumps(sealed(to_json(document)), allow_nan=False, indent=1)
    (directory / CONTENTS).write_text(text + "\n", encoding="utf-8")


def load_audit(model: str | Path) -> Audit:
    """The audit beside a model directory or shipped model.

    NoAuditError if there is none, StaleAuditError if it was made with other weights or another calibration, and
    ModelError, naming the file, for one that is not sound.
    """
    directory = find_model(model)
    return read_whole(directory, lambda: read_whole(directory / DIRECTORY, lambda: _load(model, read_model(model))))


def _load(model: str | Path, files: ModelFiles) -> Audit:
    directory = files.directory / DIRECTORY
    put_back(directory)
    path = directory / CONTENTS
    if is_missing(path):
        raise NoAuditError(f"{model}: has no audit yet; run: fastnet audit {model}")
    content = read_json(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ModelError(f"{path}: is not the audit of a model")
    if content.get("format_version") != FORMAT_VERSION:
        raise StaleAuditError(f"{path}: is of another version of fastnet; run: fastnet audit {model}")
    document = read_strictly(AuditDocument, path, unsealed(content, path, f"; run: fastnet audit {model}"))
    if name := misfit(document.figures):
        raise ModelError(f"{path}: the figures of {name} do not fit together; run: fastnet audit {model}")
    if not _is_of(files, document.model_sha256, document.figures):
        raise StaleAuditError(f"{path}: was made with other weights or another calibration; run: fastnet audit {model}")
    return _read_arrays(directory, document)


def _is_of(files: ModelFiles, model_sha256: str, figures: Figures) -> bool:
    """Whether an audit was made with these weights and their calibration."""
    calibration = read_calibration(files)
    temperature, audited = calibration.temperature if calibration else None, figures.calibration.temperature
    if temperature is None or audited is None:
        return model_sha256 == files.sha256 and temperature is audited
    return model_sha256 == files.sha256 and math.isclose(temperature, audited, rel_tol=_SAME_TEMPERATURE)


def _arrays(audit: Audit) -> dict[str, np.ndarray]:
    """The arrays by the names of their files."""
    named = {name: getattr(audit, name) for name in _PLAIN}
    for number, (rows, shares) in enumerate(zip(audit.units, audit.active_shares, strict=True), start=1):
        named[f"units{number}"], named[f"active_shares{number}"] = rows, shares
    return named


def _read_arrays(directory: Path, document: AuditDocument) -> Audit:
    """The audit whose `audit.json` was read and is whole."""
    described = document.arrays
    dtypes = {**_PLAIN, **_OF_LAYERS}

    def read(name: str) -> np.ndarray:
        known = described.get(name) or ArrayDescription()
        return read_array(directory, name, known.shape or (), described, CONTENTS, dtypes[name.rstrip("0123456789")])

    numbers = range(1, len(document.figures.model.layer_sizes) - 1)
    plain = {name: read(name) for name in _PLAIN}
    return Audit(
        model_sha256=document.model_sha256,
        figures=document.figures,
        **plain,
        units=tuple(read(f"units{number}") for number in numbers),
        active_shares=tuple(read(f"active_shares{number}") for number in numbers),
        images=_read_images(directory / IMAGES, document, len(plain["image_rows"])),
    )


def _read_images(path: Path, document: AuditDocument, n: int) -> np.ndarray:
    """The images `(n, height, width)`, cut out of the PNG."""
    image_shape = document.figures.data.image_shape
    if len(image_shape) != 2 or not 0 < math.prod(image_shape) <= _MOST_PIXELS:
        raise ModelError(f"{path.with_name(CONTENTS)}: image_shape must be height and width, not {image_shape}")
    height, width = image_shape
    n_rows = -(-n // SPRITE_COLUMNS)
    shape = n_rows * height, SPRITE_COLUMNS * width
    content = read_bytes(path, document.images_sha256, most_bytes=2 * shape[0] * shape[1] + 2**16)
    with (
        damage_told_as(ModelError, f"{path}: is not a sound picture"),
        Image.open(io.BytesIO(content), formats=["PNG"]) as picture,
    ):
        if (picture.mode, picture.size) != ("L", shape[::-1]):
            raise ModelError(f"{path}: must hold {n} grey images of {height}x{width} pixels")
        sprite = np.asarray(picture)
    grid = sprite.reshape(n_rows, height, SPRITE_COLUMNS, width).swapaxes(1, 2)
    return grid.reshape(-1, height, width)[:n]


def _png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG", optimize=True)
    return content.getvalue()
