"""What lies in a model directory as JSON, as types: manifest, calibration and history. `None` is what is not known.

Each document is read whole or refused in one sentence that names the file and the field. A manifest is a model's
description too, and that may be partial or odd without making the model unusable: what is not as its type says counts
as not known there, and stands in `faults`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, TypeVar

from fastnet.data.table_scaling import TableScaling
from fastnet.errors import ModelError, OptionError

from .fields import NO_JSON, NULL, FieldError, Share, Within, read_fields
from .kinds import LOSSES, REGRESSIONS

RUNS = Path("runs")  # where new runs are saved, below the working directory

FORMAT = "fastnet-model"
CALIBRATION_FORMAT = "fastnet-calibration"
FORMAT_VERSION = 2
FORMAT_VERSION_OF_KINDS = 3  # of a network with another activation or loss than those of before, or a scaled table
READABLE_VERSIONS = (1, FORMAT_VERSION, FORMAT_VERSION_OF_KINDS)  # 1 had no sums of documents
READABLE_CALIBRATIONS = (1, FORMAT_VERSION)

Document = TypeVar("Document")


@dataclass(frozen=True)
class ArrayDescription:
    """What a document says of an array's file."""

    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class DataFacts:
    """The data set of a training, and how many samples it gave to what."""

    source: str | None = None
    sha256: str | None = None  # of the training set
    n_train: int | None = None
    n_validation: int | None = None
    n_test: int | None = None
    label: str | None = None  # what `load_dataset` was told beside the source
    transposed: bool | None = None
    corrections: str | None = None  # the file of those that the training set took up
    target: str | None = None  # the column of a table that the others predict
    others: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Score:
    """What a model achieves on its test set."""

    accuracy: Share | None = None
    loss: float | None = None
    r2: float | None = None  # of a regression, which has no accuracy
    others: dict[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, figures: Mapping[str, float]) -> "Score":
        """The score of figures by their names."""
        return cls(figures.get("accuracy"), figures.get("loss"), figures.get("r2"))


@dataclass(frozen=True)
class OverSeeds:
    """Test accuracy over several seeds of one recipe."""

    seeds: int | None = None
    mean: Share | None = None
    std: Share | None = None
    others: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Environment:
    """The machine and the versions that a training ran on."""

    python: str | None = None
    numpy: str | None = None
    numba: str | None = None
    llvmlite: str | None = None
    platform: str | None = None
    cpu: str | None = None
    cpus: int | None = field(default=None, metadata=NULL)
    threads: int | None = None
    threading_layer: str | None = field(default=None, metadata=NULL)
    lanes: int | None = None
    others: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class SavedProgress:
    """Where a training stood when it was saved, beside its history."""

    step: int  # steps taken
    loss_sum: float  # over the samples of the epoch under way, each times its weight
    n_correct: float  # the weight of those answered rightly
    seconds: float


@dataclass(frozen=True)
class Origin:
    """Another model that a training took something from: its first weights, or its targets."""

    model: str | None = None  # its name
    sha256: str | None = None  # of its arrays, see `ModelFiles.sha256`
    others: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Member:
    """A model whose network is a part of an ensemble's, see `ensemble`."""

    model: str | None = None  # its name
    sha256: str | None = None  # of its arrays, see `ModelFiles.sha256`
    n_parameters: int | None = None
    recipe: dict[str, object] | None = None
    others: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All that a model says of itself: `manifest.json`, field by field."""

    format: str = FORMAT
    format_version: int = FORMAT_VERSION
    fastnet_version: str | None = None
    layer_sizes: tuple[int, ...]  # from the number of pixels to the number of classes
    classes: tuple[str, ...] | None = None  # their names, where they are not called by their numbers
    pixel_scale: float  # what the model's input pixels are multiplied with
    activation: str | None = None  # one of `ACTIVATIONS`; None: "relu"
    table: TableScaling | None = None  # of a model that predicts a column of tables
    loss: str | None = None  # one of `LOSSES`, which decides what outputs mean; None: "cross_entropy"
    n_parameters: int | None = None
    recipe: dict[str, object] | None = None  # as `fastnet.training.recipe.Recipe` writes it
    origin: Origin | None = None  # None: its first weights were drawn at random
    teachers: tuple[Origin, ...] | None = None  # None: its targets were labels
    corrections: int | None = None  # images that it was corrected by after its training
    members: tuple[Member, ...] | None = None  # of an ensemble, which was not trained as a whole
    data: DataFacts | None = None
    progress: SavedProgress | None = None
    epochs: int | None = None  # that are done
    validation_accuracy: Share | None = field(default=None, metadata=NULL)  # of the last epoch
    test: Score | None = field(default=None, metadata=NULL)
    environment: Environment | None = None
    checkpoint_sha256: str | None = None
    history_sha256: str | None = None  # of its content, see `sealed`
    license: str | None = None
    test_over_seeds: OverSeeds | None = None
    others: dict[str, object] = field(default_factory=dict)  # what a newer fastnet wrote
    arrays: dict[str, ArrayDescription | None] = field(default_factory=dict)
    faults: tuple[str, ...] = field(default=(), compare=False, metadata=NO_JSON)  # a sentence for each odd field

    @classmethod
    def from_json(cls, content: object) -> "Manifest":
        """The manifest that JSON holds; FieldError unless it has layer sizes, a pixel scale and arrays."""
        faults: list[str] = []
        return replace(read_fields(cls, content, faults), faults=tuple(faults))

    @property
    def class_names(self) -> tuple[str, ...]:
        """What each class is called: its number, unless the training data had names."""
        n_classes = self.layer_sizes[-1]
        named = self.classes is not None and len(self.classes) == n_classes
        return self.classes if named and self.classes else tuple(map(str, range(n_classes)))

    @property
    def of_regression(self) -> bool:
        """Whether the model answers numbers."""
        return self.loss in REGRESSIONS

    def require_classes(self, purpose: str) -> None:
        """OptionError, naming what the model is wanted for, unless it tells an image one of its classes."""
        if self.loss not in (None, LOSSES[0]):
            raise OptionError(f"{purpose} takes a model of classes, and this one was trained with the loss {self.loss}")
        if self.table:
            raise OptionError(f"{purpose} takes a model of images, and this one predicts a column of tables")

    @property
    def layers(self) -> str:
        """Such as 784-512-10."""
        return "-".join(map(str, self.layer_sizes))


@dataclass(frozen=True, kw_only=True)
class CalibrationDocument:
    """`calibration.json`."""

    format: str = CALIBRATION_FORMAT
    format_version: int = FORMAT_VERSION
    model_sha256: str  # of the arrays that it was made for
    temperature: Annotated[float, Within(0.01, 100)]
    unsure_below: float
    no_digit_below: float
    least_probability: Share | None = None  # None in those of before: no answer is doubted for its probability
    measured: dict[str, float]
    arrays: dict[str, ArrayDescription | None]


@dataclass(frozen=True)
class EpochRecord:
    """The figures of one epoch. Training figures are means over its samples, each before the step that it was seen for;
    all means are weighted where the samples have weights."""

    epoch: int  # from 1
    seconds: float  # of the training steps alone
    learning_rate: float  # of the last step
    train_loss: float
    train_accuracy: float | None = field(metadata=NULL)  # None of a regression
    validation_loss: float | None = field(metadata=NULL)  # None without a validation split
    validation_accuracy: float | None = field(metadata=NULL)
    validation_r2: float | None = None  # of a regression


def read_strictly(kind: type[Document], path: Path, content: object, where: str = "") -> Document:
    """The document in a file; ModelError, naming the file and the field, if one is not as its type says."""
    faults: list[str] = []
    try:
        document = read_fields(kind, content, faults, where)
        if faults:
            raise FieldError(faults[0])
    except FieldError as error:
        raise ModelError(f"{path}: {error}") from error
    return document
