"""Read any number of pictures in constant memory: found as they are needed, read in chunks here or elsewhere.

    for answer in read_pictures(Predictor.load(), find_pictures(["scans/"])):
        print(answer["path"], answer["text"])

With an executor the chunks are read by its workers: those of `single_thread_processes` on this machine, which have the
model from their start, or `Client(...).get_executor()` of dask.distributed on others that see the same files.
"""

import json
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from fastnet.data.images import load_images
from fastnet.errors import DataError, unreadable_told_as
from fastnet.interrupts import held_back, leave_to_parent
from fastnet.lifeline import end_with
from fastnet.models.model import Model

from .constraints import Constraint
from .overruling import fitted
from .pictures import EXTENSIONS, EXTRA_EXTENSIONS, UNREAD_EXTENSIONS, Limits, Source, pages_of
from .recognition import DigitReading, Reading, read, read_images

PICTURES_A_CHUNK = 200  # so that sending the model along with each costs little
# For processes here: their names fit a pipe. Early Pythons 3.11 wait for a process that died before it read its share.
PICTURES_A_SMALL_CHUNK = 50
CHUNKS_AHEAD = 16  # sent to an executor before the first of them is waited for

_NAMES_AT_A_TIME = _IMAGES_AT_A_TIME = 1000
_own_predictor: list[Model] = []  # of a process of `single_thread_processes`: one
_THREAD_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS")


def find_pictures(names: Iterable[str], on_other: Callable[[str], object] | None = None) -> Iterator[str]:
    """The names, with the pictures of a directory and of all below it in its place; one without any stays.

    Pictures are told by their names, those of kinds that are not read too; `on_other` is called with each other file.
    Directories are read while one asks for pictures. Their names come in runs of 1,000, in order within each. Links to
    directories are not followed.
    """
    for name in names:
        pictures = _walk(name, on_other) if name and os.path.isdir(name) else iter(())
        yield next(pictures, name)
        yield from pictures


def read_picture(
    predictor: Model,
    path: str,
    source: Source | None = None,
    on_reading: Callable[[Reading], object] | None = None,
    limits: Limits | None = None,
    constraint: Constraint | None = None,
) -> dict[str, Any]:
    """What the picture at `path` says, ready for JSON: `text` and the figures of its digits, or an `error`.

    `source` is read in place of the file; `on_reading` is called with the reading. Of a document it is the first page.
    """
    try:
        reading = read(predictor, _existing(path) if source is None else source, path, limits)
        if constraint:
            reading = fitted(reading, constraint, predictor.classes)
        if on_reading:
            on_reading(reading)
    except DataError as error:
        return {"path": path, "error": str(error)}
    return answer_of(path, reading)


def answer_of(path: str, reading: Reading) -> dict[str, Any]:
    """What is told of a reading, ready for JSON: `text`, the figures of its digits, and what was left out."""
    return {
        "path": path,
        "text": reading.text,
        **_figures(reading),
        "digits": [_digit(each) for each in reading.digits],
        "lines": [{"text": line.text, "box": list(line.box), "n_digits": len(line.digits)} for line in reading.lines],
        "grid": reading.grid and [list(row) for row in reading.grid],
        "left_out": [{"box": list(each.box), "reason": each.reason} for each in reading.left_out],
        "overruled": [
            {"place": place, "read": each.overruled, "taken": each.label}
            for place, each in enumerate(reading.digits)
            if each.overruled is not None
        ],
    }


def read_pages(
    predictor: Model,
    path: str,
    source: Source | None = None,
    limits: Limits | None = None,
    constraint: Constraint | None = None,
) -> Iterator[dict[str, Any]]:
    """The answer to a picture, or to each page of a document, with its number as `page`; see `read_picture`."""

    def answer(_: int | None, page: Source) -> dict[str, Any]:
        return read_picture(predictor, path, page, limits=limits, constraint=constraint)

    return answer_pages(path, source, limits, answer)


def answer_pages(
    path: str, source: Source | None, limits: Limits | None, answer: Callable[[int | None, Source], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """What `answer` gives for a picture, or for each page of a document, of which it is told the number."""
    try:
        for number, page in pages_of(_existing(path) if source is None else source, path, limits or Limits()):
            found = answer(number, page)
            yield found if number is None else {"path": path, "page": number, **found}
    except DataError as error:
        yield {"path": path, "error": str(error)}


def read_ready_images(predictor: Model, path: str, is_transposed: bool | None = None) -> Iterator[dict[str, Any]]:
    """The answer to each image in a file of images that are ready for the network, as those of pictures.

    `image` is its number, from 1; `label` is what the likeliest class is called, whatever the doubts. The file is one
    that `fastnet.data.images` reads, with the same word about transposed images.
    """
    try:
        images, scale = load_images(Path(path), is_transposed)
        n_pixels = predictor.layer_sizes[0]
        if images.size == n_pixels:  # one image, whose rows look like images
            images = images.reshape(1, n_pixels)
        if images.shape[1] != n_pixels:
            raise DataError(f"{path}: holds images of {images.shape[1]} pixels, and the model takes {n_pixels}")
    except DataError as error:
        yield {"path": path, "error": str(error)}
        return
    for start in range(0, len(images), _IMAGES_AT_A_TIME):
        some = images[start : start + _IMAGES_AT_A_TIME]
        readings = read_images(predictor, some if some.dtype == np.uint8 else some * np.float32(scale))
        for number, reading in enumerate(readings, start + 1):
            yield {"path": path, "image": number, "text": reading.text, **_figures(reading)}


def as_json(answers: Iterable[dict[str, Any]], n_passed_over: int, model: str | None = None) -> str:
    """The document that `fastnet predict --json` prints: the answers, how many files were no pictures by name, and
    which model answered, where it has a name."""
    document = {"results": list(answers), "passed_over": n_passed_over, **({"model": model} if model else {})}
    return json.dumps(document, allow_nan=False)


def read_chunk(
    predictor: Model | None, paths: list[str], limits: Limits | None = None, constraint: Constraint | None = None
) -> list[dict[str, Any]]:
    """The answer to each picture and page; None for a predictor is this process's own."""
    predictor = predictor or _own_predictor[0]
    return [answer for path in paths for answer in read_pages(predictor, path, None, limits, constraint)]


def read_pictures(
    predictor: Model | None,
    paths: Iterable[str],
    executor: Executor | None = None,
    chunk: int = PICTURES_A_CHUNK,
    n_ahead: int = CHUNKS_AHEAD,
    limits: Limits | None = None,
    constraint: Constraint | None = None,
) -> Iterator[dict[str, Any]]:
    """The answers to pictures as they come, in their order; a picture that cannot be read has an error for answer.

    A document, PDF or TIFF, has an answer for each `page`. With a `constraint`, lines are the likeliest that fit it.

    An executor gets chunks of paths, `n_ahead` at a time: some more than it has workers keep them busy. `predictor` is
    sent with each, and lost with no worker; None for processes that have their own.
    """
    paths = iter(paths)
    if executor is None:
        assert predictor
        for path in paths:
            yield from read_pages(predictor, path, None, limits, constraint)
        return
    under_way: deque[Future[list[dict[str, Any]]]] = deque()
    try:
        while True:
            while len(under_way) < n_ahead and (some := list(islice(paths, chunk))):
                with held_back():  # it may start a process
                    under_way.append(executor.submit(read_chunk, predictor, some, limits, constraint))
            if not under_way:
                return
            yield from under_way.popleft().result()
    except BrokenExecutor as error:
        raise DataError(f"a process that read pictures came to an end of its own ({error})") from error
    finally:
        for future in under_way:
            future.cancel()


@contextmanager
def single_thread_processes(n: int, predictor: Model) -> Iterator[Executor]:
    """Yield a pool of `n` processes of one thread each, to which `predictor` is their own."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    context = multiprocessing.get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)
    pool = ProcessPoolExecutor(n, context, initializer=_begin, initargs=(predictor, theirs))
    try:
        os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))  # read by NumPy when a process of the pool starts
        yield pool
    except BaseException:
        ours.close()  # nobody waits for what they read
        raise
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
        pool.shutdown(cancel_futures=True)
        theirs.close()
        ours.close()


def _begin(predictor: Model, pipe: Connection) -> None:
    """In a new process of the pool, which ends with whoever made it."""
    leave_to_parent()
    end_with(pipe)
    _own_predictor.append(predictor)


def _figures(reading: Reading | DigitReading) -> dict[str, Any]:
    """What is told of an answer in figures, and what the likeliest classes are called."""
    return {
        "digit": reading.digit,
        "label": reading.label,
        "second_label": reading.second_label,
        "probability": reading.probability,
        "probabilities": [float(probability) for probability in reading.probabilities],
        "second": reading.second,
        "flags": list(reading.flags),
    }


def _digit(each: DigitReading) -> dict[str, Any]:
    return {
        "digit": each.digit,
        "label": each.label,
        "probability": each.probability,
        "box": list(each.box),
        "line": each.line,
        "kind": each.kind,
        "column": each.column,
        "flags": list(each.flags),
    }


def _walk(directory: str, on_other: Callable[[str], object] | None) -> Iterator[str]:
    """The pictures of a directory, then those of the directories in it; the name of one that cannot be listed."""
    directories = [directory]
    while directories:
        directory = directories.pop()
        try:
            with os.scandir(directory) as entries:
                while some := sorted(islice(entries, _NAMES_AT_A_TIME), key=lambda entry: entry.name):
                    for entry in some:
                        if entry.is_dir(follow_symlinks=False):
                            directories.append(entry.path)
                        elif entry.name.lower().endswith((*EXTENSIONS, *EXTRA_EXTENSIONS, *UNREAD_EXTENSIONS)):
                            yield entry.path
                        elif on_other:
                            on_other(entry.path)
        except OSError:
            yield directory


def _existing(path: str) -> str:
    if not path:
        raise DataError("the name of a picture is empty")
    if os.path.isdir(path):
        with unreadable_told_as(DataError, path):
            os.scandir(path).close()
        raise DataError(f"{path}: holds no pictures that can be read ({', '.join(EXTENSIONS)})")
    return path
