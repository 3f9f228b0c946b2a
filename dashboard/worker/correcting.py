"""The process that corrects a model. It tells the `Correction` once the model has learnt, then calibrates it.

Until then, or where that cannot be, the model has the calibration of the one that it was, from which it hardly differs,
but not the figures that were measured of that one.
"""

import contextlib
import dataclasses
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from fastnet.errors import FORESEEN
from fastnet.models.calibration import read_calibration, write_calibration
from fastnet.models.files import read_model
from fastnet.reading.fitting import calibrate
from fastnet.training.correcting import correct_model

from .processors import leave_a_processor
from .sentences import for_visitors


def work(pipe: Connection, model: Path, images: np.ndarray, labels: np.ndarray, out: Path) -> None:
    """Correct the model and write it to `out`; what it tells ends with an empty sentence, or says what went wrong."""
    leave_a_processor()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        try:
            correction = correct_model(model, images, labels, out)
            if calibration := read_calibration(read_model(model)):
                write_calibration(read_model(out), dataclasses.replace(calibration, measured={}))
            pipe.send(correction)
            calibrate(out)
            pipe.send("")
        except (BrokenPipeError, ConnectionResetError):
            raise
        except FORESEEN as error:
            pipe.send(for_visitors(error, {str(model): model.name, str(out): "the corrected model"}))
