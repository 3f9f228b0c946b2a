"""The process that takes a training's first steps one by one, on both engines, for people to look into.

It hears a `Question` and tells `StepFigures`, or why there are none, and ends when nobody has asked for long.
"""

from collections import OrderedDict
from dataclasses import replace
from multiprocessing.connection import Connection

import numpy as np
from threadpoolctl import threadpool_limits

from fastnet.data.loading import load_dataset
from fastnet.data.samples import Samples
from fastnet.errors import FORESEEN, sentence_of
from fastnet.kernels import numba_is_installed
from fastnet.models.network import Network
from fastnet.training.engine import make_engine
from fastnet.training.recipe import Recipe

from .lesson_figures import BATCH_SIZE, LEARNING_RATE, N_CLASSES, N_PIXELS, Question, StepFigures, Weight, WeightFigures

IDLE_SECONDS = 600.0  # without a question, after which the process ends
MOST_LESSONS = 16  # that are kept; another one is taken up again from its first step


def work(pipe: Connection) -> None:
    """Answer until nobody asks any more."""
    threadpool_limits(1, user_api="blas")  # as the kernels: a step is too small for more
    lessons = Lessons()
    while pipe.poll(IDLE_SECONDS):
        try:
            question = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send(lessons.answer(question))
        except FORESEEN as error:
            pipe.send(sentence_of(error))


class Lessons:
    """The lessons of all visitors: each is what its number of units and its seed make of it, so none can be lost."""

    def __init__(self) -> None:
        self._samples = load_dataset().train
        self._lessons: OrderedDict[tuple[int, int], Lesson] = OrderedDict()
        if numba_is_installed():
            from fastnet.kernels.jit import set_threads

            set_threads(1)

    def answer(self, question: Question) -> StepFigures:
        """The figures of that step; steps before it are taken, where they were not yet."""
        key = question.units, question.seed
        lesson = self._lessons.pop(key, None)
        if lesson is None or lesson.step > question.step:
            lesson = Lesson(self._samples, *key)
        while lesson.step < question.step:
            lesson.take_step()
        self._lessons[key] = lesson
        if len(self._lessons) > MOST_LESSONS:
            self._lessons.popitem(last=False)
        return lesson.figures(question.weight)


class Lesson:
    """One network, freshly initialised, trained by each engine on the same mini-batches."""

    def __init__(self, samples: Samples, units: int, seed: int):
        engines = ("reference", "numba") if numba_is_installed() else ("reference",)
        self._samples = samples
        self._order = np.random.default_rng(seed).permutation(len(samples))
        recipe = Recipe(hidden=(units,), batch_size=BATCH_SIZE, weight_decay=0.0)  # Adam alone, as the page has it
        self._pupils = [Pupil(samples, replace(recipe, engine=engine), seed) for engine in engines]
        self.step = 0

    @property
    def _rows(self) -> np.ndarray:
        """Those of the last step's mini-batch."""
        return np.take(self._order, range((self.step - 1) * BATCH_SIZE, self.step * BATCH_SIZE), mode="wrap")

    def take_step(self) -> None:
        """The next step, on each engine."""
        self.step += 1
        for pupil in self._pupils:
            pupil.take_step(self._samples, self._rows, self.step)

    def figures(self, weight: Weight) -> StepFigures:
        """What the last step did, to that weight above all."""
        reference, *others = self._pupils
        batch = self._samples.take(self._rows)
        images = np.ascontiguousarray(batch.pixels)
        return StepFigures(
            step=self.step,
            losses=[pupil.losses for pupil in self._pupils],
            n_right=int(reference.n_right),
            images=images.tobytes(),
            labels=batch.labels.tolist(),
            weights=[pupil.figures(weight, images[:1] * np.float32(batch.scale)) for pupil in self._pupils],
            filter=reference.before.layers[0].w[:, weight.to if weight.layer == 0 else weight.start].tolist(),
            farthest=max((reference.farthest_from(other) for other in others), default=None),
        )


class Pupil:
    """A network with the engine that trains it, and what its last step began with."""

    def __init__(self, samples: Samples, recipe: Recipe, seed: int):
        sizes = (N_PIXELS, *recipe.hidden, N_CLASSES)
        self._engine = make_engine(Network.he_initialised(sizes, np.random.default_rng(seed)), recipe, samples)
        self.losses: list[float] = []
        self.n_right = 0.0

    def take_step(self, samples: Samples, rows: np.ndarray, step: int) -> None:
        """One step, and before it the gradient, which the fused step keeps in registers alone."""
        self.before = _copy(self._engine.network)
        self.moments_before = [_copy(moment) for moment in self._engine.moments]
        _, self.gradient = self._engine.loss_and_gradient(samples.take(rows))
        losses, n_right = self._engine.train_steps(samples, rows, step, np.array([LEARNING_RATE]))
        self.losses.append(float(losses[0]))
        self.n_right = float(n_right[0])

    def figures(self, weight: Weight, x: np.ndarray) -> WeightFigures:
        """What the last step did to a weight; `x (1, 784)` is the digit that is followed through it."""
        inputs, logits = self.before.forward(x)
        outputs = [*inputs[1:], logits][weight.layer]
        before, gradient, after, *moments = (
            float(network.layers[weight.layer].w[weight.start, weight.to])
            for network in (
                self.before,
                self.gradient,
                self._engine.network,
                *self.moments_before,
                *self._engine.moments,
            )
        )
        return WeightFigures(
            x=float(inputs[weight.layer][0, weight.start]),
            out=float(outputs[0, weight.to]),
            before=before,
            gradient=gradient,
            moments_before=(moments[0], moments[1]),
            moments=(moments[2], moments[3]),
            after=after,
        )

    def farthest_from(self, other: "Pupil") -> float:
        """The largest difference of a parameter of the two networks."""
        pairs = zip(*(pupil._engine.network.parameters().values() for pupil in (self, other)), strict=True)
        return float(max(np.abs(mine - its).max() for mine, its in pairs))


def _copy(network: Network) -> Network:
    return Network.of({name: array.copy() for name, array in network.parameters().items()}, network.activation)
