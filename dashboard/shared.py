"""What all sessions of one server share: the models, the data set, and the places for trainings."""

from dataclasses import dataclass, field

from fastnet.datasets import BUNDLED

from .library import Library
from .training.places import Places


@dataclass(frozen=True)
class Shared:
    """By default the models in the folder `models`, MNIST, and one training at a time."""

    library: Library = field(default_factory=Library)
    data: str = BUNDLED
    places: Places = field(default_factory=Places)
