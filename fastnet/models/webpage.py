"""A model as one page, `page/`: in any browser it reads what is drawn, without a server, a network or a library."""

import base64
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fastnet.errors import OptionError

from .calibration import read_calibration
from .card import data_name
from .files import ModelFiles, count_parameters
from .one_file import in_one_file, json_in_html

PAGE = Path(__file__).parent / "page"

_N_PIXELS = 28 * 28
_SCRIPTS = ("network.js", "picture.js", "parts.js", "pen.js", "board.js", "examples.js", "page.js")


class BrowserModel(NamedTuple):
    """A model as `page/network.js` takes it."""

    facts: dict[str, object]  # what the script knows of it beside its weights
    weights: str  # all parameters, one after another, as float16 in base64


def page_of(files: ModelFiles) -> str:
    """The page as HTML; OptionError for a model that `for_browsers` refuses."""
    facts, weights = for_browsers(files)
    return in_one_file(
        PAGE / "page.html",
        f"{_name(files)}: a network that reads what you draw",
        PAGE / "page.css",
        [PAGE / name for name in _SCRIPTS],
        facts=json_in_html(facts),
        weights=weights,
    )


def for_browsers(files: ModelFiles) -> BrowserModel:
    """What a browser needs to compute the network; OptionError for a model whose inputs are not 28x28 pixels, whose
    weights are too large, or that is not of classes with ReLUs.

    The weights are rounded to float16, for half the size; what the script computes from them is in float32.
    """
    if (files.activation, files.loss) != ("relu", "cross_entropy"):
        raise OptionError(
            "the page computes networks of classes with the activation relu, and this one has"
            f" {files.activation} and the loss {files.loss}"
        )
    if files.layer_sizes[0] != _N_PIXELS:
        found = f"this model takes {files.layer_sizes[0]:,} numbers"
        raise OptionError(f"the page reads drawings as images of 28x28 pixels, {_N_PIXELS} numbers, and {found}")
    return BrowserModel(_facts(files), _weights(files))


def _name(files: ModelFiles) -> str:
    return files.directory.resolve().name


def _facts(files: ModelFiles) -> dict[str, object]:
    manifest, calibration = files.manifest, read_calibration(files)
    n_test = f"{manifest.data.n_test:,}" if manifest.data and manifest.data.n_test else "the"
    return {
        "name": _name(files),
        "layers": files.layer_sizes,
        "classes": manifest.class_names,
        "parameters": count_parameters(files.layer_sizes),
        "accuracy": manifest.test.accuracy if manifest.test else None,
        "tested": f"{n_test} test images of {data_name(manifest)}",
        "license": manifest.license,
        "pixelScale": files.pixel_scale,
        "temperature": calibration.temperature if calibration else 1.0,
        "likeness": calibration.likeness.tolist() if calibration else None,
        "unsureBelow": calibration.unsure_below if calibration else None,
        "noDigitBelow": calibration.no_digit_below if calibration else None,
        "leastProbability": calibration.least_probability if calibration else None,
    }


def _weights(files: ModelFiles) -> str:
    with np.errstate(over="ignore"):
        halves = [array.astype("<f2").ravel() for array in files.parameters.values()]
    numbers = np.concatenate(halves)
    if not np.isfinite(numbers).all():
        raise OptionError("the page holds weights as float16, up to 65,504, and this model has larger ones")
    return base64.b64encode(numbers.tobytes()).decode()
