"""What all sessions of one server share: the models, the data set, the places for trainings, and who audits."""

from dataclasses import dataclass, field
from functools import cached_property

from fastnet.data.loading import BUNDLED

from .auditor import Auditor
from .benchmarks import Benchmarks
from .library import Library
from .places import Places


@dataclass(frozen=True)
class Shared:
    """By default the models in the folder `models`, MNIST, and one training at a time."""

    library: Library = field(default_factory=Library)
    data: str = BUNDLED
    places: Places = field(default_factory=Places)
    auditor: Auditor = field(default_factory=Auditor)

    @cached_property
    def benchmarks(self) -> Benchmarks:
        """They wait for trainings, as trainings wait for them."""
        return Benchmarks(self.places)
