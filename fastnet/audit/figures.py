"""The figures of an audit: what `audit.json` holds, in this order, and must hold to be shown.

"Rows" are numbers of test samples.
"""

from dataclasses import dataclass, field

from fastnet.models.documents import ArrayDescription
from fastnet.models.fields import NULL, Share


@dataclass(frozen=True)
class ModelFacts:
    """Which model it is about."""

    name: str
    layer_sizes: tuple[int, ...]
    n_parameters: int
    classes: tuple[str, ...] | None = None  # their names, where they are not called by their numbers
    activation: str | None = None  # audits of earlier versions don't tell: see `between`

    @property
    def between(self) -> str:
        """What follows each hidden layer."""
        return self.activation or "relu"

    @property
    def class_names(self) -> tuple[str, ...]:
        """What each class is called."""
        return self.classes or tuple(map(str, range(self.layer_sizes[-1])))


@dataclass(frozen=True)
class DataFigures:
    """The test samples."""

    source: str
    n: int
    image_shape: tuple[int, ...]  # height and width


@dataclass(frozen=True)
class Made:
    """How the audit was made."""

    fastnet_version: str
    seed: int
    seconds: dict[str, float]  # by stage


@dataclass(frozen=True)
class Overall:
    """The answers in four numbers; the loss is that before calibration."""

    accuracy: Share
    loss: float
    n_errors: int
    macro_f1: Share


@dataclass(frozen=True)
class History:
    """The training, a column for each figure of an epoch."""

    epoch: tuple[int, ...]
    seconds: tuple[float, ...]
    learning_rate: tuple[float, ...]
    train_loss: tuple[float, ...]
    train_accuracy: tuple[float, ...]
    validation_loss: tuple[float | None, ...]
    validation_accuracy: tuple[float | None, ...]


@dataclass(frozen=True)
class Confusion:
    """A class that is taken for another."""

    true: int
    predicted: int
    n: int
    share: Share  # of the true class


@dataclass(frozen=True)
class Classes:
    """What is taken for what; lists go by class."""

    confusion: tuple[tuple[int, ...], ...]  # [true][predicted]
    precision: tuple[Share, ...]
    recall: tuple[Share, ...]
    f1: tuple[Share, ...]
    support: tuple[int, ...]
    most_confused: tuple[Confusion, ...]


@dataclass(frozen=True)
class Embedding:
    """How well classes separate, on the maps and in the space that was embedded."""

    space: str  # what was embedded: hidden, of the last hidden layer, or pixels
    n_points: int
    perplexity: float
    kl_divergence: float
    pca_explained: tuple[float, ...]  # the shares of the variance that the two components keep
    k: int  # neighbours that vote
    silhouette: dict[str, float | None]  # for tsne, pca, pixels and, if there is a hidden layer, hidden
    knn_accuracy: dict[str, Share]  # for the same
    n_drawn: int | None = None  # of the points, at random, which the two above are about; None: all of them


@dataclass(frozen=True)
class Histogram:
    """The distribution of a layer's weights, and the one that they were drawn from."""

    edges: tuple[float, ...]
    density: tuple[float, ...]
    he_density: tuple[float, ...]


@dataclass(frozen=True)
class LayerFigures:
    """A weight matrix; the last three are of hidden layers with ReLUs: units of others are never off."""

    name: str
    n_in: int
    n_out: int
    mean: float
    std: float
    he_std: float
    norm: float  # Frobenius
    bias_norm: float
    largest_singular: float
    effective_rank: float
    histogram: Histogram
    n_dead: int | None = None
    n_saturated: int | None = None
    mean_active: Share | None = None


@dataclass(frozen=True)
class WrongAnswer:
    """A test sample that was read wrong."""

    row: int
    true: int
    predicted: int
    second: int
    probability: Share
    true_probability: Share
    ambiguous: bool


@dataclass(frozen=True)
class DoubtfulLabel:
    """A test sample whose label may be wrong."""

    row: int
    label: int
    suggested: int
    probability: Share
    label_probability: Share
    confident: bool


@dataclass(frozen=True)
class Bins:
    """Answers by their probability."""

    edges: tuple[float, ...]
    n: tuple[int, ...]
    confidence: tuple[Share | None, ...]  # None in an empty bin
    accuracy: tuple[Share | None, ...]


@dataclass(frozen=True)
class Coverage:
    """The accuracy if only the surest are answered."""

    share: tuple[Share, ...]
    accuracy: tuple[Share, ...]
    threshold: tuple[Share, ...]


@dataclass(frozen=True)
class CalibrationFigures:
    """Whether probabilities are what they say."""

    temperature: float | None = field(metadata=NULL)  # None without a calibration
    ece_before: Share
    ece: Share
    before: Bins
    after: Bins
    coverage: Coverage


@dataclass(frozen=True)
class Curve:
    """Accuracy by the strength of a distortion."""

    title: str
    unit: str
    strengths: tuple[float, ...]
    accuracy: tuple[Share, ...]
    against: tuple[Share, ...] | None = field(default=None, metadata=NULL)  # of a second model


@dataclass(frozen=True)
class Robustness:
    """Curves by name, or why there are none."""

    n: int | None = None  # distorted samples
    curves: dict[str, Curve] | None = None
    left_out: str | None = None  # a sentence
    against: str | None = field(default=None, metadata=NULL)  # the second model's name


@dataclass(frozen=True)
class Figures:
    """All of them."""

    model: ModelFacts
    data: DataFigures
    made: Made
    overall: Overall
    history: History | None = field(metadata=NULL)  # None for a model without
    classes: Classes
    embedding: Embedding
    layers: tuple[LayerFigures, ...]  # one for each weight matrix
    confident: tuple[tuple[int, ...], ...]  # rows of the most confident right answers, for each class
    errors: tuple[WrongAnswer, ...]  # the worst first
    label_errors: tuple[DoubtfulLabel, ...]  # the worst first
    calibration: CalibrationFigures
    robustness: Robustness


@dataclass(frozen=True)
class AuditDocument:
    """`audit.json`, but for its own sum."""

    format: str
    format_version: int
    model_sha256: str
    figures: Figures
    arrays: dict[str, ArrayDescription | None]
    images_sha256: str
