"""fastnet beside its rivals, in interleaved rounds, each rival in a process of its own at its best settings.

Contests: an epoch of 784-512-10, of two larger networks, and of OpenNN's published task (28-300x5-1 on HIGGS, batches
of 100; two classes instead of one output); the kernels `linear_relu`, `softmax_cross_entropy`, `adam_step`; inference.
Before a contest, a short trial chooses the settings of each rival (threads, compiled or not, ...). Then all rivals are
started, compile and warm up, and stand still but for the one whose turn it is. A training is some epochs of a new
network; a turn is one epoch.

The dense floor takes part as a rival that needs the time of the dense products at the FMA peak, and no more. Rivals
that are not installed are left out. `fastnet benchmark` is a quick run, `make bench-peers` a thorough one.
"""

import contextlib
import importlib.util
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from fastnet.system import environment

from .rivals.process import (
    Entrant,
    Questions,
    RivalError,
    RivalProcess,
    best_settings,
    best_trial,
    settings_text,
)
from .texts import load_average

PEERS = "fastnet.timing.rivals"
# Beside fastnet and the dense floor, which always take part.
RIVALS = ("numpy", "pytorch", "pytorch-bfloat16", "jax", "keras", "skorch", "sklearn")

# Flags of XLA's CPU compiler that may help; unknown ones end the process, and that trial is left out.
XLA_FLAGS = [
    "",
    "--xla_cpu_multi_thread_eigen=false",
    "--xla_cpu_prefer_vector_width=512",
    "--xla_cpu_use_xnnpack=true",
    "--xla_cpu_use_onednn=true",
]


@dataclass(frozen=True)
class Effort:
    """How thorough a benchmark is. A round is a training of so many epochs, or a fraction of a second of calls."""

    rounds: int = 5
    epochs: int = 5  # the first and the fifth are compared
    rounds_of_calls: int = 5
    samples: int | None = None  # training images; None for all
    tried: tuple[str, ...] | None = None  # the options that are tried out, of the others the first; None for all
    seconds: float | None = None  # after which nothing is tried out any more, and one round is enough


QUICK = Effort(rounds=1, epochs=3, rounds_of_calls=3, tried=("threads",))


@dataclass(frozen=True)
class Contest:
    """Entrants that do the same thing in turn: a training of epochs, or calls of a kernel."""

    name: str
    entrants: tuple[Entrant, ...]
    kernel: str | None = None
    hidden: tuple[int, ...] = (512,)
    task: dict[str, Any] = field(default_factory=dict)  # "data" and "batch_size", where they are not MNIST and 64

    @property
    def trial(self) -> Questions:
        """What is asked of an entrant at each of its settings."""
        return [{"ask": "kernel", "name": self.kernel} if self.kernel else {"ask": "trial"}]

    @property
    def final(self) -> Questions:
        """What is asked of it at the best few of them."""
        return self.trial * 2 if self.kernel else [{"ask": ask} for ask in ("warm", "fresh", "epoch", "epoch")]


def all_contests(n_cpus: int) -> list[Contest]:
    """The contests, with rivals at all sensible settings on a machine of `n_cpus`."""
    threads = thread_counts(n_cpus)
    data = {"batches": ["gather", "permute"], "pixels": ["float32", "uint8"]}
    fastnet = Entrant("fastnet", f"{PEERS}.numba_engine", {"threads": n_cpus})
    fastnet_one = replace(fastnet, name="fastnet, 1 thread", settings={"threads": 1})
    floor = Entrant("dense floor", f"{PEERS}.dense_floor", {"threads": n_cpus})
    floor_one = replace(floor, name="dense floor, 1 thread", settings={"threads": 1})
    numpy = Entrant("numpy", f"{PEERS}.numpy_reference", options={"threads": threads})
    sklearn = Entrant("sklearn", f"{PEERS}.scikit_learn", options={"threads": threads}, needs=("sklearn",))
    torch = Entrant("pytorch", f"{PEERS}.pytorch", options={"threads": threads}, needs=("torch",))
    compiled = ["", "default", "max-autotune-no-cudagraphs"]
    torch_training = replace(
        torch, options={"optimizer": ["fused", "foreach"], **data, "compile": compiled, "threads": threads}
    )
    # Marked as such: its products are of numbers with 8 bits, where the others' have 24.
    torch_rounded = replace(torch_training, name="pytorch-bfloat16", settings={"precision": "medium"})
    torch_higgs = replace(torch_training, options=torch_training.options | {"pixels": ["float32"]})
    skorch = Entrant(
        "skorch",
        f"{PEERS}.skorch_fit",
        options={"optimizer": ["fused", "foreach"], "compile": [False, True], "threads": threads},
        needs=("torch", "skorch"),
    )
    backends = [name for name in ("jax", "torch", "tensorflow") if importlib.util.find_spec(name)]
    keras = Entrant(
        "keras",
        f"{PEERS}.keras_fit",
        options={"backend": backends, "jit_compile": [True, False], "threads": threads},
        needs=("keras", *([] if backends else ["jax"])),
    )
    torch_inference = replace(torch, options={"chunk": [10_000, 2_000, 500], "compile": compiled, "threads": threads})
    jax = Entrant(
        "jax",
        f"{PEERS}.jax_scan",
        options={**data, "unroll": [4, 1], "xla_flags": XLA_FLAGS, "threads": threads},
        needs=("jax",),
    )
    return [
        Contest(
            "epoch",
            (floor, fastnet, fastnet_one, jax, torch_training, torch_rounded, keras, skorch, numpy, sklearn),
        ),
        Contest("epoch_deep", (floor, fastnet, jax, torch_training), hidden=(512, 1000)),
        Contest("epoch_large", (floor, fastnet, torch_training), hidden=(1500, 1000, 500), task={"batch_size": 128}),
        Contest(
            "epoch_higgs",
            (floor, fastnet, torch_higgs),
            hidden=(300,) * 5,
            task={"data": "higgs", "batch_size": 100},
        ),
        Contest("linear_relu", (floor, floor_one, fastnet, fastnet_one, torch, numpy), kernel="linear_relu"),
        Contest("softmax_cross_entropy", (fastnet, numpy), kernel="softmax_cross_entropy"),
        Contest("adam_step", (fastnet, torch, numpy), kernel="adam_step"),
        Contest("inference", (fastnet, torch_inference, numpy), kernel="inference"),
    ]


def thread_counts(n_cpus: int) -> list[int]:
    """All CPUs, then the powers of two below."""
    return [n_cpus, *(count for count in (2**power for power in range(20, -1, -1)) if count < n_cpus)]


def is_missing(entrant: Entrant) -> str | None:
    """The package that an entrant lacks, or None."""
    return next((package for package in entrant.needs if importlib.util.find_spec(package) is None), None)


class Benchmark:
    """One run of contests; `result` is what goes to the JSON file."""

    def __init__(self, effort: Effort, progress: Callable[[str], None] | None = None):
        self.effort = effort
        self.progress = progress or to_stderr
        self.started = time.monotonic()
        self.result: dict[str, Any] = {
            "started": time.strftime("%Y-%m-%d %H:%M:%S%z"),
            "rounds": effort.rounds,
            "is_quick": effort.samples is not None or effort.tried is not None,
            "environment": environment(),
            "load_average": load_average(),  # before we add to it
            "versions": {},
            "skipped": {},
            "contests": {},
        }

    @property
    def is_late(self) -> bool:
        """Whether the seconds are over."""
        return self.effort.seconds is not None and time.monotonic() - self.started > self.effort.seconds

    def run(self, contest: Contest) -> None:
        """Settle, start, warm up, take turns, end."""
        self.progress(f"-- {contest.name}")
        entries: dict[str, dict[str, Any]] = {}
        with contextlib.ExitStack() as stack:
            rivals: dict[str, RivalProcess] = {}
            for entrant in contest.entrants:
                with self.skipping(contest, entrant.name):
                    settings, trials = self.settle(contest, entrant)
                    self.progress(f"{entrant.name}: {settings_text(settings)}")
                    rival = stack.enter_context(RivalProcess(entrant.module, settings))
                    entry = {"settings": settings, "trials": trials, "rounds": []}
                    if not contest.kernel:
                        entry["warm_seconds"] = rival.ask("warm")["seconds"]
                    self.result["versions"] |= rival.ask("versions")["versions"]
                    rivals[entrant.name], entries[entrant.name] = rival, entry
            if contest.kernel:
                self.rounds_of_kernel(contest, rivals, entries)
            else:
                self.rounds_of_epochs(contest, rivals, entries)
        entries = {name: entry | summary(entry["rounds"]) for name, entry in entries.items() if name in rivals}
        self.result["contests"][contest.name] = {
            "hidden": contest.hidden,
            "entrants": entries,
        }

    def settle(self, contest: Contest, entrant: Entrant) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        """The settings of an entrant: fixed ones, the contest's, and the best of its options."""
        package = is_missing(entrant)
        if package:
            raise RivalError(f"{package} is not installed")
        common = {"hidden": contest.hidden, "samples": self.effort.samples, **contest.task}
        tried = entrant.options if self.effort.tried is None else () if self.is_late else self.effort.tried
        options = {name: values if name in tried else values[:1] for name, values in entrant.options.items()}
        entrant = replace(entrant, settings=entrant.settings | common, options=options)
        if self.effort.tried is None:
            return best_settings(entrant, contest.trial, contest.final, self.progress)
        return best_trial(entrant, contest.trial, self.progress)

    def rounds_of_kernel(self, contest: Contest, rivals: dict[str, RivalProcess], entries: dict[str, Any]) -> None:
        """Each rival in turn, a fraction of a second of calls."""
        for index in range(self.effort.rounds_of_calls):
            for name in rotated(list(rivals), index):
                with self.skipping(contest, name, rivals):
                    answer = rivals[name].ask("kernel", name=contest.kernel)
                    entries[name]["rounds"].append(answer)
            self.progress(f"round {index + 1} of {self.effort.rounds_of_calls}: {last_round(entries)}")
            if self.is_late:
                return

    def rounds_of_epochs(self, contest: Contest, rivals: dict[str, RivalProcess], entries: dict[str, Any]) -> None:
        """Each rival in turn, one epoch; then a new network."""
        for index in range(self.effort.rounds * self.effort.epochs):
            training, epoch = divmod(index, self.effort.epochs)
            for name in rotated(list(rivals), index):
                with self.skipping(contest, name, rivals):
                    if epoch == 0:
                        rivals[name].ask("fresh")
                    answer = rivals[name].ask("epoch")
                    entries[name]["rounds"].append({"training": training + 1, "epoch": epoch + 1, **answer})
            self.progress(f"training {training + 1} of {self.effort.rounds}, epoch {epoch + 1}: {last_round(entries)}")
            if index == self.effort.epochs - 1:
                self.ask_after_training(contest, rivals, entries)
            if self.is_late:
                return

    def ask_after_training(self, contest: Contest, rivals: dict[str, RivalProcess], entries: dict[str, Any]) -> None:
        """Peak memory after one training, before anything else needs memory; then whether it has learnt."""
        for name in [name for name in rivals if not name.startswith("dense floor")]:
            with self.skipping(contest, name, rivals):
                entries[name]["peak_memory"] = rivals[name].ask("peak_memory")["bytes"]
                entries[name]["accuracy"] = rivals[name].ask("accuracy")["accuracy"]

    @contextlib.contextmanager
    def skipping(self, contest: Contest, name: str, rivals: dict[str, RivalProcess] | None = None) -> Iterator[None]:
        """Go on without a rival that fails, and say so."""
        try:
            yield
        except RivalError as error:
            self.progress(f"{contest.name} without {name}: {error}")
            self.result["skipped"].setdefault(name, {})[contest.name] = str(error)
            if rivals:
                rivals.pop(name)


def summary(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Median and spread of the seconds, of all rounds and of each epoch."""

    def of(seconds: list[float]) -> dict[str, float]:
        return {"median": statistics.median(seconds), "least": min(seconds), "most": max(seconds)}

    result: dict[str, Any] = {"seconds": of([answer["seconds"] for answer in rounds])}
    epochs = sorted({answer["epoch"] for answer in rounds if "epoch" in answer})
    if epochs:
        result["epochs"] = {
            str(epoch): of([answer["seconds"] for answer in rounds if answer["epoch"] == epoch]) for epoch in epochs
        }
    return result


def rotated(names: list[str], index: int) -> list[str]:
    """The names, beginning with another one in every round."""
    start = index % len(names) if names else 0
    return names[start:] + names[:start]


def last_round(entries: dict[str, Any]) -> str:
    return ", ".join(
        f"{name} {entry['rounds'][-1]['seconds']:.3g} s" for name, entry in entries.items() if entry["rounds"]
    )


def to_stderr(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
