"""What the names on the command line of `fastnet predict` stand for: pictures, directories, files of images."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from fastnet.errors import DataError, OptionError

from .answers import Answer
from .options import tell
from .streams import one_line

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from fastnet.reading.constraints import Constraint
    from fastnet.reading.fields import FormReader
    from fastnet.reading.pictures import Limits, Source
    from fastnet.reading.predictor import Predictor
    from fastnet.reading.recognition import Reading
    from fastnet.reading.review import Review

STANDARD_INPUT = "-"
FILES_OF_IMAGES = "IDX, CSV, .npz, .npy or Parquet"
MOST_MEGAPIXELS = 178  # Pillow refuses what is larger
_MEGABYTES_A_MEGAPIXEL = 4  # of a file in which nothing is compressed
_MOST_OTHERS_NAMED = 3


def limits(most_megapixels: int | None) -> "Limits":
    """The largest pictures that are read, with files as large as their pixels may be; None for the usual."""
    from fastnet.reading.pictures import Limits

    usual = Limits(advice="; --max-megapixels N allows more")
    if most_megapixels is None:
        return usual
    n_megabytes = max(usual.megabytes, _MEGABYTES_A_MEGAPIXEL * most_megapixels)
    return Limits(most_megapixels, n_megabytes, usual.advice if most_megapixels < MOST_MEGAPIXELS else "")


class Reader:
    """Answers about whatever the names on the command line stand for, and counts what is left out."""

    def __init__(
        self,
        predictor: "Predictor",
        limits: "Limits",
        is_transposed: bool | None = None,
        constraint: "Constraint | None" = None,
    ) -> None:
        self.predictor, self.limits, self.constraint = predictor, limits, constraint
        self._is_transposed = is_transposed
        self.n_others, self._first_others = 0, list[str]()

    def answers(self, names: list[str], executor: "Executor | None" = None) -> Iterator[Answer]:
        """An answer or an error for each picture and image, in their order."""
        from fastnet.reading.batch import PICTURES_A_SMALL_CHUNK, read_pages, read_pictures, read_ready_images

        for what, some in groupby(names, kind):
            if what == "standard input":
                yield from read_pages(self.predictor, next(some), _standard_input(), self.limits, self.constraint)
            elif what == "images":
                for name in some:
                    yield from read_ready_images(self.predictor, name, self._is_transposed)
            else:
                predictor = None if executor else self.predictor
                pictures = self.find(some)
                yield from read_pictures(
                    predictor,
                    pictures,
                    executor,
                    PICTURES_A_SMALL_CHUNK,
                    limits=self.limits,
                    constraint=self.constraint,
                )

    def answer(self, name: str, on_reading: "Callable[[Reading], object] | None" = None) -> Answer:
        """The answer about one picture, or the first page of a document."""
        from fastnet.reading.batch import read_picture

        source = _standard_input() if name == STANDARD_INPUT else None
        return read_picture(self.predictor, name, source, on_reading, self.limits, self.constraint)

    def find(self, names: Iterable[str]) -> Iterator[str]:
        """The pictures of the names and in directories; the other files there are counted."""
        from fastnet.reading.batch import find_pictures

        return find_pictures(names, self._pass_over)

    def tell_others(self) -> None:
        """Say which files of directories were passed over."""
        if self.n_others:
            names = ", ".join(map(one_line, self._first_others)) + ", ..." * (self.n_others > len(self._first_others))
            passed_over = f"{self.n_others:,} files were passed over as no pictures by their names"
            if self.n_others == 1:
                passed_over = "1 file was passed over as no picture by its name"
            tell(f"fastnet predict: {passed_over}: {names}")

    def _pass_over(self, path: str) -> None:
        self.n_others += 1
        if self.n_others <= _MOST_OTHERS_NAMED:
            self._first_others.append(path)


class OneByOne(Reader):
    """Answers about forms, and about what is reviewed: as they come in this process, one after the other."""

    def __init__(
        self,
        predictor: "Predictor",
        limits: "Limits",
        constraint: "Constraint | None",
        form: "FormReader | None",
        review: "Review | None",
    ) -> None:
        super().__init__(predictor, limits, constraint=constraint)
        self._form, self._review = form, review

    def answers(self, names: list[str], executor: "Executor | None" = None) -> Iterator[Answer]:
        """An answer or an error for each picture and page; OptionError for a file of images."""
        from fastnet.reading.batch import answer_pages

        if any(kind(name) == "images" for name in names):
            raise OptionError("--fields and --review are for pictures, and not for a file of images")
        for path in self.find(names):
            source = _standard_input() if path == STANDARD_INPUT else None
            yield from answer_pages(path, source, self.limits, partial(self._answer_page, path))

    def _answer_page(self, path: str, number: int | None, page: "Source") -> Answer:
        from fastnet.reading.batch import read_picture
        from fastnet.reading.fields import read_form_fields

        name = path if number is None else f"{path}, page {number}"
        if self._form:
            return read_form_fields(self.predictor, self._form, path, page, partial(self._seen, name))
        return read_picture(self.predictor, path, page, partial(self._seen, name, ""), self.limits, self.constraint)

    def _seen(self, name: str, field: str, reading: "Reading") -> None:
        if self._review:
            self._review.add(name, field, reading)


def _standard_input() -> "Source":
    return sys.stdin.buffer if sys.stdin else b""


def kind(name: str) -> str:
    """What a name stands for: standard input, a file of images, or pictures."""
    return "standard input" if name == STANDARD_INPUT else "images" if is_file_of_images(name) else "pictures"


def is_file_of_images(name: str) -> bool:
    """Whether it holds images that are ready for the network; a picture is none."""
    from fastnet.data.images import holds_images
    from fastnet.reading.pictures import EXTENSIONS, EXTRA_EXTENSIONS, UNREAD_EXTENSIONS

    if name.lower().endswith((*EXTENSIONS, *EXTRA_EXTENSIONS, *UNREAD_EXTENSIONS)):
        return False
    with suppress(DataError, OSError):  # it is told when it is read
        return holds_images(Path(name))
    return False
