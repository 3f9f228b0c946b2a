"""What all sessions of one server share: the models, the data set, the places for trainings, and who audits."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from fastnet.data.loading import BUNDLED

from .auditor import Auditor
from .benchmarks import Benchmarks
from .corrections import Corrections
from .ladders import Ladders
from .lessons import Lessons
from .library import DIRECTORY, RUNS, Library
from .places import Places
from .quotas import Quotas, Role


@dataclass(frozen=True)
class Shared:
    """By default the models in the folder `models`, MNIST, and one training at a time."""

    library: Library = field(default_factory=Library)
    data: str = BUNDLED
    places: Places = field(default_factory=Places)
    auditor: Auditor = field(default_factory=Auditor)
    lessons: Lessons = field(default_factory=Lessons)
    quotas: Quotas = field(default_factory=Quotas)
    role: Role = Role.OWNERS
    reports: tuple[Path, ...] = ()  # of kernels, which the tab Benchmark shows

    @classmethod
    def open_to(
        cls,
        role: Role,
        quotas: Quotas,
        models: Path = DIRECTORY,
        runs: Path = RUNS,
        data: str = BUNDLED,
        trainings: int = 1,
        reports: tuple[Path, ...] = (),
    ) -> "Shared":
        """What visitors in that role share: each part of it refuses by itself what they may not do."""
        is_for_readers = role is Role.READERS
        return cls(
            Library(models, runs, quotas, role),
            data,
            Places(0 if is_for_readers else trainings),
            Auditor(not is_for_readers, takes_runs=role is Role.OWNERS, most_seconds=60 * quotas.audit_minutes),
            quotas=quotas,
            role=role,
            reports=reports,
        )

    @cached_property
    def benchmarks(self) -> Benchmarks:
        """They wait for trainings, as trainings wait for them."""
        return Benchmarks(self.places, most_seconds=60 * self.quotas.benchmark_minutes)

    @cached_property
    def ladders(self) -> Ladders:
        """They wait for trainings, and trainings for them."""
        return Ladders(self.places)

    @cached_property
    def corrections(self) -> Corrections:
        """They are trainings, if short ones."""
        return Corrections(self.places)

    @property
    def is_measured(self) -> bool:
        """Whether the machine is being measured, which whatever else it computes would blur."""
        return self.benchmarks.status.is_running or self.ladders.is_running

    def close(self) -> None:
        """End what computes beside the server and would be waited for: the server ends."""
        self.lessons.close()
        self.ladders.close()
        self.corrections.close()
