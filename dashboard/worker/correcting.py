"""The process that corrects a model. It tells the `Correction` once the model has learnt, then calibrates it.

Until then the model has the calibration of the one that it was, from which it hardly differs.
"""

import contextlib
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from fastnet.errors import FORESEEN, OptionError, sentence_of
from fastnet.models.calibration import read_calibration, write_calibration
from fastnet.models.files import read_model
from fastnet.reading.fitting import calibrate
from fastnet.training.correcting import correct_model

from .processors import leave_a_processor


def work(pipe: Connection, model: Path, images: np.ndarray, labels: np.ndarray, out: Path) -> None:
    """Correct the model and write it to `out`; what it tells ends with None, or is a sentence where it failed."""
    leave_a_processor()
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        try:
            correction = correct_model(model, images, labels, out)
            if calibration := read_calibration(read_model(model)):
                write_calibration(read_model(out), calibration)
            pipe.send(correction)
            with contextlib.suppress(OptionError):  # of one that was trained without validation samples
                calibrate(out)
            pipe.send(None)
        except (BrokenPipeError, ConnectionResetError):
            raise
        except FORESEEN as error:
            pipe.send(sentence_of(error))
