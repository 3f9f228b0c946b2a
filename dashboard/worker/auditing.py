"""The process that computes an audit. It tells changes of the `Job`."""

import contextlib
from multiprocessing.connection import Connection
from pathlib import Path

from fastnet.audit import audit_model, save_audit
from fastnet.errors import FORESEEN
from fastnet.models.data import data_of
from fastnet.models.files import read_model

from .sentences import for_visitors


def work(pipe: Connection, directory: Path) -> None:
    """Compute the audit of the model in that directory, on the data that it was trained on, and save it there.

    It goes on when nobody listens any more.
    """

    def tell(stage: str, share: float) -> None:
        pipe.send({"stage": stage, "share": share})

    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        try:
            save_audit(directory, audit_model(directory, data_of(read_model(directory)), on_progress=tell))
            pipe.send({"is_done": True, "share": 1.0})
        except (BrokenPipeError, ConnectionResetError):
            raise
        except FORESEEN as error:
            pipe.send({"problem": for_visitors(error, {str(directory): directory.name})})
