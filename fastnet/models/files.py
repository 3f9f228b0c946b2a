"""Model directories: `W1.npy`, `b1.npy`, ..., a `manifest.json` that says what they are, and a card for people.

The manifest holds the layer sizes, how pixels are scaled, and shape, type and SHA-256 of each array, of the history and
of itself; reading refuses whatever does not agree with it. Arrays are never pickled. A large model may be stored in
float16, half the bytes; in memory all are float32. Needs NumPy alone.
"""

import hashlib
import io
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from fastnet import weights
from fastnet.bounded import is_missing, read_bounded
from fastnet.errors import ModelError, OptionError, damage_told_as, did_you_mean, told, unreadable_told_as
from fastnet.files import is_directory, read_whole
from fastnet.kernels.kinds import ACTIVATIONS

from .card import CARD, model_card
from .documents import FORMAT, READABLE_VERSIONS, RUNS, ArrayDescription, EpochRecord, Manifest, Origin, read_strictly
from .fields import FieldError, to_json
from .kinds import LOSSES
from .sealed import sealed, sha256_of, unsealed

MANIFEST = "manifest.json"
HISTORY, CHECKPOINT = "history.json", "checkpoint.npz"  # of a run, see `runs`

_MOST_HEADER_BYTES = 4096
_MOST_JSON_BYTES = 2**26  # the history of 200,000 epochs
_MOST_PARAMETERS = 2**31
_PIXEL_SCALES = (1e-9, 1e9)
_NPY_VERSION = (1, 0)


@dataclass(frozen=True)
class ModelFiles:
    """What a model directory holds, checked: the manifest and the arrays by name (W1, b1, ...), float32."""

    directory: Path
    manifest: Manifest
    parameters: dict[str, np.ndarray]

    @property
    def layer_sizes(self) -> tuple[int, ...]:
        """From the number of pixels to the number of classes."""
        return self.manifest.layer_sizes

    @property
    def pixel_scale(self) -> float:
        """What the model's input pixels are multiplied with."""
        return self.manifest.pixel_scale

    @property
    def activation(self) -> str:
        """What follows each hidden layer, one of `ACTIVATIONS`."""
        return self.manifest.activation or ACTIVATIONS[0]

    @property
    def loss(self) -> str:
        """What the network was trained to make small, one of `LOSSES`: it decides what outputs mean."""
        return self.manifest.loss or LOSSES[0]

    @property
    def sha256(self) -> str:
        """One sum over the sums of all arrays: what belongs to a model is tied to its weights by it."""
        described = [self.manifest.arrays.get(name) for name in self.parameters]
        sums = [description.sha256 or "" for description in described if description]
        return hashlib.sha256("".join(sums).encode()).hexdigest()

    @property
    def origin(self) -> Origin:
        """What the manifest of a model that took something from this one tells of it."""
        return Origin(self.directory.resolve().name, self.sha256)


def count_parameters(layer_sizes: Sequence[int]) -> int:
    """Weights and biases of a network with layers of these sizes, the pixels first."""
    return sum((n_in + 1) * n_out for n_in, n_out in pairwise(layer_sizes))


def parameter_shapes(layer_sizes: Sequence[int]) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The name and the shape of each array of such a network, in their order."""
    for number, (n_in, n_out) in enumerate(pairwise(layer_sizes), start=1):
        yield f"W{number}", (n_in, n_out)
        yield f"b{number}", (n_out,)


def find_model(name: str | Path) -> Path:
    """The directory of a model, given as its path, as the name of one that comes with fastnet, or of a run in runs/."""
    path = Path(name)
    if str(name) and is_directory(path.absolute()):
        return path
    if str(name) in weights.names():
        return weights.DIRECTORY / str(name)
    if str(name) and path.name == str(name) and is_directory(RUNS / name):
        return RUNS / name
    known = f"a run in {RUNS}/, nor one that comes with fastnet: {', '.join(weights.names()) or 'none'}"
    near = did_you_mean(path.name, weights.names())
    raise ModelError(f"{name or repr(name)}: no such model (neither a directory, nor {known}){near}")


def find_own_model(name: str | Path, instead: str = "choose a place of your own: --out DIR") -> Path:
    """As `find_model`, to write to it; OptionError for one that comes with fastnet, unless its path is given."""
    directory = find_model(name)
    if directory != Path(name) and directory.parent == weights.DIRECTORY:
        raise OptionError(f"{name}: comes with fastnet, and stays as it is; {instead}")
    return directory


def write_model(directory: Path, parameters: dict[str, np.ndarray], manifest: Manifest) -> None:
    """Write the arrays, the model card, then the manifest with each array described, into an existing directory.

    The manifest is written last: it marks a whole model.
    """
    arrays = {name: write_array(directory, name, array) for name, array in parameters.items()}
    manifest = replace(manifest, arrays=dict(arrays))
    (directory / CARD).write_text(model_card(manifest), encoding="utf-8")
    write_manifest(directory, manifest)


def read_model(name: str | Path) -> ModelFiles:
    """Read and check the model at a path or of a shipped name; ModelError, naming the file, for what is not sound."""
    directory = find_model(name)
    return read_whole(directory, lambda: _read_model(directory))


def _read_model(directory: Path) -> ModelFiles:
    manifest = read_manifest(directory)
    shapes = parameter_shapes(manifest.layer_sizes)
    parameters = {name: read_parameter(directory, name, shape, manifest.arrays) for name, shape in shapes}
    return ModelFiles(directory, manifest, parameters)


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a model directory, with the fields that every model has checked."""
    path = directory / MANIFEST
    if is_missing(path):
        raise ModelError(
            f"{path}: is missing, so this directory holds no model; give one that fastnet saved a run or a model in,"
            f" or the name of a run in {RUNS}/ or of a model that comes with fastnet"
        )
    content = read_json(path)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ModelError(f"{path}: is not the manifest of a fastnet model")
    version = content.get("format_version")
    if type(version) is not int or version not in READABLE_VERSIONS:
        readable = ", ".join(map(str, READABLE_VERSIONS))
        raise ModelError(f"{path}: has format version {told(version)}; this fastnet reads {readable}")
    content = unsealed(content, path, is_required=version > 1)
    sizes = content.get("layer_sizes")
    if not (isinstance(sizes, list) and len(sizes) >= 2 and all(type(size) is int and size >= 1 for size in sizes)):
        raise ModelError(f"{path}: layer_sizes must be a list of two or more whole numbers from 1, not {told(sizes)}")
    if count_parameters(sizes) > _MOST_PARAMETERS:
        raise ModelError(f"{path}: layer_sizes {told(sizes)} ask for more than {_MOST_PARAMETERS} parameters")
    scale = content.get("pixel_scale")
    least, most = _PIXEL_SCALES
    if isinstance(scale, bool) or not isinstance(scale, (int, float)) or not least <= scale <= most:
        raise ModelError(f"{path}: pixel_scale must be a number from {least:g} to {most:g}, not {told(scale)}")
    for name, known in (("activation", ACTIVATIONS), ("loss", LOSSES)):
        if content.get(name) not in (None, *known):
            raise ModelError(f"{path}: {name} must be one of {', '.join(known)}, not {told(content[name])}")
    if not isinstance(content.get("arrays"), dict):
        raise ModelError(f"{path}: lacks the description of its arrays")
    try:
        manifest = Manifest.from_json(content)
    except FieldError as error:
        raise ModelError(f"{path}: {error}") from error
    for fault in manifest.faults:
        if fault.startswith("table"):  # without it, answers would be wrong
            raise ModelError(f"{path}: {fault}")
    table = manifest.table
    if table and not len(table.features) == len(table.means) == len(table.deviations) == sizes[0]:
        raise ModelError(f"{path}: its table must have {sizes[0]} features, means and deviations")
    return manifest


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Write the manifest of a model, which marks it as whole, into an existing directory."""
    write_json(directory / MANIFEST, sealed(to_json(manifest)))


def read_history(directory: Path) -> list[EpochRecord]:
    """The figures of each epoch of a model's training; ModelError if there are none, or not those of a training."""
    path = directory / HISTORY
    content = read_json(path)
    if not isinstance(content, list):
        raise ModelError(f"{path}: is not the history of a training, but {told(content)}")
    if read_manifest(directory).history_sha256 not in (None, sha256_of(content)):
        raise ModelError(f"{path}: its SHA-256 is not the manifest's, so it was changed or damaged")
    return [read_strictly(EpochRecord, path, record, f"epoch {n}") for n, record in enumerate(content, start=1)]


def write_history(directory: Path, history: Sequence[EpochRecord]) -> str:
    """Write the figures of each epoch, as `read_history` reads them; return the sum for the manifest."""
    content = [to_json(record) for record in history]
    write_json(directory / HISTORY, content)
    return sha256_of(content)


def read_json(path: Path) -> object:
    """The content of a JSON file; ModelError if it is missing or not JSON."""
    try:
        return json.loads(read_bounded(path, _MOST_JSON_BYTES).decode("utf-8"))
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}), so this is no complete model") from error
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path}: is not sound JSON ({error})") from error


def write_json(path: Path, content: object) -> None:
    """Write a document as JSON that people can read too."""
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def read_bytes(path: Path, sha256: str | None, most_bytes: int) -> bytes:
    """The content of a file of at most `most_bytes` whose SHA-256 is as the manifest says."""
    with unreadable_told_as(ModelError, path):
        content = read_bounded(path, most_bytes)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ModelError(f"{path}: its SHA-256 is not the manifest's, so it was changed or damaged")
    return content


def write_array(directory: Path, name: str, array: np.ndarray) -> ArrayDescription:
    """Write `name`.npy and return its description: shape, type and SHA-256."""
    content = _npy_bytes(array)
    (directory / f"{name}.npy").write_bytes(content)
    return ArrayDescription(array.shape, str(array.dtype), hashlib.sha256(content).hexdigest())


def read_parameter(
    directory: Path, name: str, shape: tuple[int, ...], arrays: Mapping[str, ArrayDescription | None]
) -> np.ndarray:
    """The float32 array of that shape in `name`.npy, if it is as `arrays` describes it; there it may be float16."""
    description = arrays.get(name)
    dtype = "float16" if description and description.dtype == "float16" else "float32"
    return read_array(directory, name, shape, arrays, dtype=dtype).astype(np.float32, copy=False)


def read_array(
    directory: Path,
    name: str,
    shape: tuple[int, ...],
    arrays: Mapping[str, ArrayDescription | None],
    described_in: str = MANIFEST,
    dtype: str = "float32",
) -> np.ndarray:
    """The array of that shape and type in `name`.npy, if it is as `arrays` describes it."""
    path = directory / f"{name}.npy"
    description = arrays.get(name)
    if description is None:
        raise ModelError(f"{directory / described_in}: does not describe {name}")
    if (description.shape, description.dtype) != (shape, dtype):
        raise ModelError(f"{directory / described_in}: must describe {name} as {dtype} of shape {list(shape)}")
    most_bytes = math.prod(shape) * np.dtype(dtype).itemsize + _MOST_HEADER_BYTES
    return array_of(read_bytes(path, description.sha256, most_bytes), shape, dtype, path)


def array_of(content: bytes, shape: tuple[int, ...], dtype: str, path: Path) -> np.ndarray:
    """The array of finite numbers in the bytes of an .npy file, if it has that shape and type."""
    with damage_told_as(ModelError, f"{path}: is not a sound .npy file of plain numbers (pickled objects are refused)"):
        file = io.BytesIO(content)
        if np.lib.format.read_magic(file) != _NPY_VERSION:
            raise ValueError("arrays of plain numbers need no other version")
        found_shape, _, found_dtype = np.lib.format.read_array_header_1_0(file)
        # Told before memory is asked for what the header claims.
        if (found_shape, found_dtype) != (shape, np.dtype(dtype)):
            found = f"{found_dtype} of shape {found_shape}"
            raise ModelError(f"{path}: must be {dtype} of shape {shape}, and is {found}")
        array: np.ndarray = np.load(io.BytesIO(content), allow_pickle=False)
    if not np.isfinite(array).all():
        raise ModelError(f"{path}: holds NaN or infinite numbers")
    return array


def _npy_bytes(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
