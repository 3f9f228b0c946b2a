"""What the dashboard knows: the chosen model, the pictures it was given and what it read last. Knows no widget."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import param
from PIL import Image

from fastnet import weights
from fastnet.data.signatures import Kind, kind_of_bytes
from fastnet.errors import FORESEEN, DataError, OptionError, sentence_of
from fastnet.models.files import count_parameters
from fastnet.plurals import counted
from fastnet.reading.constraints import Constraint
from fastnet.reading.explanation import explain
from fastnet.reading.pictures import Limits, Source, pages_of
from fastnet.reading.pictures.mnist_form import SIDE
from fastnet.reading.predictor import Predictor
from fastnet.reading.recognition import Reading, Stage
from fastnet.training.recipe import recipe_of
from fastnet.web.reading import MOST_PICTURE_MEGABYTES

from ..server.allowance import Allowance
from ..server.samples import samples
from ..server.shared import Shared
from ..server.texts import shortened
from .address import Address
from .drawing import Stroke, render
from .trainings import Trainings

MOST_PICTURES = 30  # that a session keeps
MOST_A_MINUTE = 120  # that it brings
MOST_KEPT_BYTES = 30 * 10**6
_NO_HEIC = "bring a screenshot of it, or have the telephone take JPEG (on an iPhone: Settings, Camera, Most Compatible)"
_SEEN, _MOST_IN_A_ROW = "what the network sees", 12  # the last stage, and its digits
MOST_SIDE = 640  # what people are shown needs no more pixels


@dataclass(frozen=True, eq=False)
class Answer:
    """What the network read. While the pen is down, `is_final` is False; stages and heat maps are still missing."""

    caption: str
    reading: Reading
    heat_maps: tuple[np.ndarray, ...]  # one for each digit of the reading
    is_final: bool = True
    page: int = 1  # of a document's
    n_pages: int = 1

    @property
    def picture(self) -> np.ndarray:
        """What was read, upright."""
        return self.reading.stages[0].pixels


@dataclass(frozen=True, eq=False)
class Picture:
    """A file that people brought: what was read from it, or the sentence that says why it cannot be read."""

    name: str
    content: bytes
    text: str = ""
    problem: str = ""
    is_unsure: bool = False
    page: int = 1  # that was read last, of a document's
    n_pages: int = 1


class Store(param.Parameterized):
    """The state of one session. Bad input gets a sentence, and the session goes on."""

    model: Any = param.Selector(default=weights.SMALL, check_on_set=False, doc="Name of the chosen model.")
    predictor = param.ClassSelector(class_=Predictor, default=None, doc="The chosen model; None if it is not sound.")
    facts = param.List(doc="What people want to know of the chosen model: pairs of name and value.")
    answer: Any = param.ClassSelector(class_=Answer, default=None, doc="What was read last; None at first.")
    example: Any = param.ClassSelector(
        class_=Answer, default=None, doc="What was read of the digit that the page wrote."
    )
    is_drawing = param.Boolean(default=True, doc="Whether the answer is about the drawing, not about a picture.")
    problem = param.String(default="", doc="What was wrong with the drawing or the model; empty if nothing was.")
    pictures = param.List(item_type=Picture, doc="The files that people brought, newest first.")
    tab = param.String(default="", doc="The open tab's key.")
    notice = param.String(default="", doc="What the server has to say to the whole page; empty if nothing.")
    owner = param.String(default="", doc="Who owns what is saved here, see `owner_of`; empty until the page tells.")
    n_forgotten = param.Integer(default=0, doc="How many of the pictures are no longer kept.")
    shown = param.Integer(default=-1, doc="Which of `pictures` the answer is about; -1 if none of them.")

    corrected: Any = param.Parameter(default=None, doc="The name of a model and where it lies as it was corrected.")
    has_training = param.Boolean(default=False, doc="Whether there is a training, or a run of one that can be saved.")

    def __init__(
        self,
        address: Address | None = None,
        shared: Shared | None = None,
        visitor: str | None = None,
        **params: Any,
    ) -> None:
        self.visitor = visitor  # from where they come; None if that is not known
        self._constraint: Constraint | None = None
        self._ask_again: Callable[[], None] = lambda: None
        self.at_close: list[Callable[[], None]] = []
        self._brought = Allowance(MOST_A_MINUTE, MOST_A_MINUTE / 60)
        self.shared = shared or Shared()
        self.trainer = Trainings(self.shared.places, self.shared.data, self.shared.quotas, visitor)
        super().__init__(**params)
        self.param.model.objects = self.shared.library.names()
        self.address = address or Address()
        self.address.link("model", self, "model", self._known_model)

    def draw(self, strokes: Sequence[Stroke], is_final: bool = True) -> None:
        """Read a drawing; empty paper needs no answer."""
        self._ask_again = partial(self.draw, strokes)
        self.example = None
        if strokes:
            self._ask("Your drawing", render(strokes), is_drawing=True, is_final=is_final)
        else:
            self.param.update(answer=None, problem="", is_drawing=True, shown=-1)

    def show_example(self, strokes: Sequence[Stroke], is_final: bool = True) -> None:
        """Read a digit that the page itself writes where there is nothing else: it is no answer, but invites."""
        if self.predictor and self.answer is None and not self.problem:
            self.example = ask(self.predictor, "An example", render(strokes), is_final)

    def know(self, texts: Mapping[str, str]) -> str:
        """Have answers fit what is known of the digits, and what is shown read again; what is wrong with it, if any."""
        try:
            self._constraint = Constraint.parse(texts)
        except OptionError as error:
            return sentence_of(error)
        self._ask_again()
        return ""

    def reader_of(self, name: str, content: bytes, page: int = 1) -> "Callable[[], Answer | DataError]":
        """What reads a file, of a document one page, as things are now; any thread may call it."""
        assert self.predictor
        return partial(read_file, self.predictor, name, content, self._constraint, page)

    def show_sample(self, number: int) -> None:
        """Read the sample picture of that number."""
        if 0 <= number < len(samples()):
            sample = samples()[number]
            self._ask_again = partial(self.show_sample, number)
            self._ask(sample.title, sample.content)

    def add_picture(self, name: str, content: bytes, outcome: Answer | DataError | None = None) -> None:
        """Keep a picture file, and show what `read_file` made of it; it is called here, if `outcome` is not given."""
        picture = Picture(shortened(name), content)
        brought = [picture, *self.pictures]
        kept = _within_limits(brought)
        self.param.update(pictures=kept, n_forgotten=self.n_forgotten + len(brought) - len(kept))
        if self.shown >= 0:
            self.shown += 1
            self._ask_again = partial(self.show_picture, self.shown)
        if self.shown >= len(kept):
            self.refuse("")  # it left the list, and can be read no more
        self.show_picture(0, outcome)

    def may_bring(self) -> bool:
        """Whether one more picture may be brought now; it counts."""
        return self._brought.take()

    def refuse_picture(self, name: str) -> None:
        """Tell that one was too many for now."""
        sentence = f"more than {MOST_A_MINUTE} pictures in a minute; wait a little, and bring it again"
        self.add_picture(name, b"", DataError(f"{shortened(name)}: {sentence}"))

    def show_picture(self, number: int, outcome: Answer | DataError | None = None, page: int | None = None) -> None:
        """Show picture `number` of those that are kept, read again: another model may have been chosen.

        Of a document it is that page, or the one that was shown last. Where it cannot be read, its place in the list
        says why; what was read of something else, or of another page, stays, and says so.
        """
        if not (self.predictor and 0 <= number < len(self.pictures)):
            return
        picture = self.pictures[number]
        outcome = outcome or self.reader_of(picture.name, picture.content, page or picture.page)()
        if isinstance(outcome, Answer):
            reading = outcome.reading
            self._ask_again = partial(self.show_picture, number)
            self.param.update(answer=outcome, problem="", is_drawing=False, shown=number)
            picture = replace(picture, text=reading.text, problem="", is_unsure=bool(reading.flags))
            picture = replace(picture, page=outcome.page, n_pages=outcome.n_pages)
        elif picture.n_pages > 1:  # others of its pages can be read
            self.problem = "; ".join(filter(None, (str(outcome), self._still_shown())))
        else:
            if number == self.shown:
                self.refuse("")
            picture = replace(picture, content=b"", problem=str(outcome))
            if self.answer is not None:
                self.problem = f"{picture.name} was not read; {self._still_shown()}"
        self.pictures = [*self.pictures[:number], picture, *self.pictures[number + 1 :]]

    def _still_shown(self) -> str:
        """What the answer is to, while something else was asked for; nothing without one."""
        if self.answer is None:
            return ""
        return f"this is still the answer to {'your drawing' if self.is_drawing else self.answer.caption}"

    def refuse(self, sentence: str) -> None:
        """Tell people what was wrong with what they drew or brought; an answer to something else would mislead."""
        self._ask_again = lambda: None
        self.param.update(answer=None, problem=sentence, shown=-1)

    def models_changed(self, name: str) -> None:
        """A model was saved or deleted under that name, here or on another page: it can be chosen or not, or is new."""
        names = self.shared.library.names()
        if name == self.model and name not in names:
            self.model = weights.SMALL
            self.param.model.objects = names
            self.problem = f"the model {name!r} was deleted; this is {weights.SMALL}"
            return
        self.param.model.objects = names
        if name == self.model:
            self._load_model()

    def close(self) -> None:
        """The session is over: nothing is held for it any more."""
        self.trainer.close()
        self.shared.benchmarks.stop(self)
        for close in self.at_close:
            close()

    def folder(self) -> Path:
        """Where the model lies that reads: the chosen one, or as it was corrected; ModelError if there is none."""
        return self._corrected or self.shared.library.folder(self.model)

    def told(self, error: BaseException) -> str:
        """An error about the model that reads, in a sentence for visitors."""
        corrected = str(self._corrected or "")
        return self.shared.library.told(error, {corrected: "the corrected model"} if corrected else {})

    @property
    def _corrected(self) -> Path | None:
        """Where the chosen model lies as it was corrected, if it was."""
        return self.corrected[1] if self.corrected and self.corrected[0] == self.model else None

    @param.depends("model", "corrected", watch=True, on_init=True)
    def _load_model(self) -> None:
        """Load the chosen model, or as it was corrected, and ask it about what is on the board."""
        try:
            corrected, library = self._corrected, self.shared.library
            predictor = Predictor.load(corrected) if corrected else library.load(self.model)
            self.param.update(predictor=predictor, facts=model_facts(predictor), problem="", example=None)
            self._ask_again()
        except FORESEEN as error:
            ask_again = self._ask_again  # when there is a sound model
            self.param.update(predictor=None, facts=[])
            self.refuse(self.told(error))
            self._ask_again = ask_again

    def _known_model(self, name: str) -> str:
        if name not in self.param.model.objects:
            raise DataError(f"the address asks for the model {name!r}, which is not here")
        return name

    def _ask(self, caption: str, source: bytes | np.ndarray, is_drawing: bool = False, is_final: bool = True) -> None:
        if not self.predictor:
            return
        try:
            answer = ask(self.predictor, caption, source, is_final, self._constraint)
        except FORESEEN as error:
            self.refuse(sentence_of(error))
        else:
            self.param.update(answer=answer, problem="", is_drawing=is_drawing, shown=-1)


def read_file(
    predictor: Predictor, name: str, content: bytes, constraint: Constraint | None = None, page: int = 1
) -> Answer | DataError:
    """What the predictor reads in a file that people brought, or what is wrong with it. Any thread may call this.

    Of a document it is the page of that number, from 1.
    """
    name = shortened(name)
    try:
        if len(content) > MOST_PICTURE_MEGABYTES * 10**6:
            raise DataError(f"{name}: is larger than {MOST_PICTURE_MEGABYTES} MB")
        if kind_of_bytes(content) is Kind.HEIC and find_spec("pillow_heif") is None:
            raise DataError(f"{name}: is a HEIC picture, which this browser does not open; {_NO_HEIC}")
        pages = pages_of(content, name, Limits())
        _, source = next(islice(pages, page - 1, None), (None, None))
        if source is None:
            raise DataError(f"{name}: has no page {page}")
        answer = ask(predictor, name, source, constraint=constraint)
        return replace(answer, page=page, n_pages=page + sum(1 for _ in pages))
    except DataError as error:
        return error
    except MemoryError as error:
        return DataError(f"{name}: {sentence_of(error)}")


def ask(
    predictor: Predictor,
    caption: str,
    source: Source,
    is_final: bool = True,
    constraint: Constraint | None = None,
) -> Answer:
    """What the predictor reads, as people are shown it."""
    reading = predictor.read(source, name=caption, constraint=constraint)
    stages = tuple(_shrunk(_in_rows(stage)) for stage in reading.stages) if is_final else ()
    return Answer(caption, replace(reading, stages=stages), heat_maps(predictor, reading) if is_final else (), is_final)


def heat_maps(predictor: Predictor, reading: Reading) -> tuple[np.ndarray, ...]:
    """Which pixels spoke for and against the likeliest digit, for each part of the picture."""
    return tuple(explain(predictor, part.pixels, int(part.probabilities.argmax())) for part in reading.digits)


def model_facts(predictor: Predictor) -> list[tuple[str, str]]:
    """Layer sizes, parameters, accuracy and training of a model, as (name, value); what is not known is left out."""
    sizes = predictor.layer_sizes
    facts = [("Layers", " → ".join(map(str, sizes))), ("Parameters", f"{count_parameters(sizes):,}")]
    test, recipe = predictor.manifest.test, recipe_of(predictor.manifest)
    if test and test.accuracy is not None:
        facts.append(("Test accuracy", f"{test.accuracy:.2%}"))
    if recipe:
        solver = {"adam": "Adam", "sgd": f"SGD, momentum {recipe.momentum:g}"}[recipe.solver]
        facts.append(("Optimizer", f"{solver}, learning rate {recipe.learning_rate:g}, {recipe.schedule} schedule"))
        done = predictor.manifest.epochs
        so_far = f"{done} of " if done is not None and done < recipe.epochs else ""
        facts.append(("Training", f"{so_far}{counted(recipe.epochs, 'epoch')} in batches of {recipe.batch_size}"))
    if n := predictor.manifest.corrections:
        facts.append(("Taught afterwards", counted(n, "image")))
    return facts


def _in_rows(stage: Stage) -> Stage:
    """The stage; of what the network sees, many digits side by side that would look like a line, a square of rows."""
    n = stage.pixels.shape[1] // SIDE
    if stage.name != _SEEN or n <= _MOST_IN_A_ROW:
        return stage
    per_row = math.ceil(math.sqrt(n))
    digits = np.pad(stage.pixels, ((0, 0), (0, -n % per_row * SIDE)))
    return replace(stage, pixels=np.vstack(np.hsplit(digits, digits.shape[1] // (per_row * SIDE))))


def _shrunk(stage: Stage) -> Stage:
    """The stage no larger than it is shown: a session must not hold six times 16 megapixels."""
    height, width = stage.pixels.shape[:2]
    shrink = MOST_SIDE / max(height, width)
    if shrink >= 1:
        return stage
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    return replace(stage, pixels=np.asarray(Image.fromarray(stage.pixels).resize(size, Image.Resampling.BOX)))


def _within_limits(pictures: list[Picture]) -> list[Picture]:
    """The newest pictures that a session may keep, at least one."""
    total = np.cumsum([len(picture.content) for picture in pictures])
    return pictures[: max(1, min(MOST_PICTURES, int((total <= MOST_KEPT_BYTES).sum())))]
