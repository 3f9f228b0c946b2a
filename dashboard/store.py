"""What the dashboard knows: the chosen model, the picture it was asked about and its answer. Knows no widget."""

import io
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import param

from fastnet import weights
from fastnet.datasets import load_dataset
from fastnet.errors import DataError, FastnetError
from fastnet.inference import Predictor
from fastnet.pictures import SIDE, read_picture

MOST_MEGABYTES = 10  # even in base64, one message stays below the 20 MiB at which Bokeh closes the connection


@dataclass(frozen=True, eq=False)
class Answer:
    """What the network said about one picture; `caption` tells people which picture that was."""

    caption: str
    pixels: np.ndarray
    probabilities: np.ndarray

    @property
    def digit(self) -> int:
        """The likeliest class."""
        return int(self.probabilities.argmax())

    @property
    def probability(self) -> float:
        """The probability of `digit`."""
        return float(self.probabilities.max())


class Store(param.Parameterized):
    """The state of one session. Bad input sets `problem`, one sentence for people, and the session goes on."""

    model: Any = param.Selector(
        objects=weights.names(), default=weights.DEFAULT, check_on_set=False, doc="Name of the chosen model."
    )
    predictor = param.ClassSelector(class_=Predictor, default=None, doc="The chosen model; None if it is not sound.")
    facts = param.List(doc="What people want to know of the chosen model: pairs of name and value.")
    answer: Any = param.ClassSelector(class_=Answer, default=None, doc="The answer to the last picture.")
    problem = param.String(default="", doc="What was wrong with the last input; empty if nothing was.")

    def show_sample(self, digit: int) -> None:
        """Ask about the sample picture of that digit."""
        samples = sample_digits()
        if 0 <= digit < len(samples):
            self._ask(f"Sample digit {digit}", samples[digit])
        else:
            self._refuse(f"{digit}: there are sample digits from 0 to {len(samples) - 1}")

    def show_file(self, name: str, content: bytes) -> None:
        """Ask about a picture file of that name and content."""
        try:
            self._ask(name, decode_picture(name, content))
        except FastnetError as error:
            self._refuse(str(error))

    @param.depends("model", watch=True, on_init=True)
    def _load_model(self) -> None:
        """Load the chosen model and ask it about the picture that is already there."""
        try:
            predictor = load_model(self.model)
            self.param.update(predictor=predictor, facts=model_facts(predictor), problem="")
            if self.answer:
                self._ask(self.answer.caption, self.answer.pixels)
        except FastnetError as error:
            self.param.update(predictor=None, facts=[])
            self._refuse(str(error))

    def _ask(self, caption: str, pixels: np.ndarray) -> None:
        if self.predictor:
            answer = Answer(caption, pixels, self.predictor.predict_proba(pixels)[0])
            self.param.update(answer=answer, problem="")

    def _refuse(self, sentence: str) -> None:
        self.param.update(answer=None, problem=sentence)


@cache
def load_model(name: str) -> Predictor:
    """The model of that name that comes with fastnet, read once for all sessions."""
    return Predictor.load(weights.DIRECTORY / name)  # a path: a bare name could mean a folder that happens to be here


@cache
def sample_digits() -> tuple[np.ndarray, ...]:
    """A typical picture of each digit: the one in MNIST's test set that is nearest to the mean of its class."""
    test = load_dataset().test
    return tuple(_most_typical(test.images[test.labels == digit]) for digit in range(10))


def decode_picture(name: str, content: bytes) -> np.ndarray:
    """The 28x28 pixels of a picture file; DataError, naming the file, if it is too large or no picture."""
    if len(content) > MOST_MEGABYTES * 10**6:
        raise DataError(f"{name}: is larger than {MOST_MEGABYTES} MB")
    return read_picture(io.BytesIO(content), name)


def model_facts(predictor: Predictor) -> list[tuple[str, str]]:
    """Layer sizes, parameters, accuracy and training of a model, as (name, value); what is not known is left out."""
    sizes = predictor.layer_sizes
    parameters = sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
    facts = [("Layers", " → ".join(map(str, sizes))), ("Parameters", f"{parameters:,}")]
    if test := predictor.manifest.get("test"):
        facts.append(("Test accuracy", f"{test['accuracy']:.2%}"))
    if recipe := predictor.manifest.get("recipe"):
        facts.append(("Optimizer", f"Adam, learning rate {recipe['learning_rate']:g}, {recipe['schedule']} schedule"))
        facts.append(("Training", f"{recipe['epochs']} epochs in batches of {recipe['batch_size']}"))
    return facts


def _most_typical(images: np.ndarray) -> np.ndarray:
    distances = np.square(images - images.mean(axis=0)).sum(axis=1)
    return images[distances.argmin()].reshape(SIDE, SIDE)
