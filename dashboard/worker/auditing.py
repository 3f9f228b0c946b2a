"""The process that computes an audit. It tells changes of the `Job`."""

import contextlib
from multiprocessing.connection import Connection
from pathlib import Path

from fastnet.audit import audit_model, save_audit
from fastnet.data.loading import BUNDLED, load_dataset
from fastnet.data.samples import Dataset
from fastnet.errors import FastnetError
from fastnet.models.data import data_of
from fastnet.models.files import read_model


def work(pipe: Connection, directory: Path, data: str) -> None:
    """Compute the audit of the model in that directory and save it there; also when nobody listens any more."""

    def tell(stage: str, share: float) -> None:
        pipe.send({"stage": stage, "share": share})

    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        try:
            save_audit(directory, audit_model(directory, _data_of(directory, data), on_progress=tell))
            pipe.send({"is_done": True, "share": 1.0})
        except (FastnetError, OSError) as error:
            pipe.send({"problem": str(error)})


def _data_of(directory: Path, data: str) -> Dataset:
    """The data set that the page was given, else the one that the model was trained on."""
    return data_of(read_model(directory), None if data == BUNDLED else load_dataset(data))
