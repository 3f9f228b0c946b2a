"""Models as the page's own script computes them, made once for all visitors who look at one."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from fastnet.data.loading import load_dataset
from fastnet.errors import OptionError
from fastnet.models.files import ModelFiles, count_parameters, read_model
from fastnet.models.model import state_of
from fastnet.models.network import Network
from fastnet.models.webpage import for_browsers

MOST_PARAMETERS = 1_500_000  # 3 MB as they are sent
N_DIGITS = 2_000  # test digits that units are asked about


@dataclass(frozen=True)
class ShownModel:
    """A model for `network_view.js`."""

    facts: dict[str, Any]  # of its name, layers and classes
    weights: str  # float16, base64
    dead: list[list[int]]  # of each hidden layer: the units that answer to none of those test digits
    asked: int = N_DIGITS


def shown_model(folder: Path) -> ShownModel:
    """The model in that folder; ModelError if it is not sound, OptionError if browsers don't compute it."""
    return _shown_model(folder, state_of(folder))


@lru_cache(maxsize=4)
def _shown_model(folder: Path, _state: tuple[int, ...]) -> ShownModel:
    files = read_model(folder)
    n_parameters = count_parameters(files.layer_sizes)
    if n_parameters > MOST_PARAMETERS:
        raise OptionError(f"{n_parameters:,} parameters are too many to send to a browser")
    facts, weights = for_browsers(files)
    return ShownModel(facts, weights, _dead_units(files))


def _dead_units(files: ModelFiles) -> list[list[int]]:
    pixels = load_dataset().test.pixels[:N_DIGITS] * np.float32(files.pixel_scale)
    hidden = Network.of(files.parameters, files.activation).forward(pixels).hidden
    return [np.flatnonzero(~(answers > 0).any(axis=0)).tolist() for answers in hidden]
