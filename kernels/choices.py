"""What the kernels do differently from CPU to CPU, all of it chosen here, from the CPU's name and features.

Nothing is measured: the same machine always computes the same bits. The CPU is the one that Numba compiles for, so that
NUMBA_CPU_NAME and NUMBA_CPU_FEATURES, too, choose; so every choice can be tested on each CPU that has its instructions.
"""

from typing import NamedTuple

from numba.core.registry import cpu_target

# LLVM's names of Intel's CPUs with AVX-512.
INTEL = frozenset(
    [
        "skylake-avx512",
        "cascadelake",
        "cooperlake",
        "cannonlake",
        "icelake-client",
        "icelake-server",
        "tigerlake",
        "rocketlake",
        "sapphirerapids",
        "emeraldrapids",
        "graniterapids",
        "graniterapids-d",
        "diamondrapids",
    ]
)

MOST_ACTIVE = 0.4  # of CPUs that were not measured


class Choices(NamedTuple):
    """What was chosen.

    `lanes`: float32 numbers in a vector. `quotients`, by what Adam divides: "divider", the CPU's own, or "refined", its
    14-bit estimates after a step of Newton's. `strips`, the columns of weights that a tile of a forward product reads:
    "in place", or "packed" first, so that they stay in the L1 cache. `shares`, in which order a thread takes its share
    of a layer's tasks: "forth", the same in each step, or "back and forth" in turn. `most_active`: the share of a
    hidden layer's units that are on, up to which products visit those alone.
    """

    lanes: int
    quotients: str
    strips: str
    shares: str
    most_active: float


def choose(cpu: str, features: frozenset[str]) -> Choices:
    """The choices for a CPU with LLVM's name `cpu` that has these features of LLVM's."""
    if not {"avx512f", "avx512vl"} <= features:
        return Choices(8 if "avx2" in features else 4, "divider", "in place", "forth", MOST_ACTIVE)
    if cpu in INTEL:  # whose divider takes 22 cycles for a vector's square roots and quotients, 12 for the roots alone
        return Choices(16, "refined", "packed", "back and forth", 0.5)
    # Zen 4 multiplies and adds one vector a cycle, Intel's CPUs two: with one, skipping pays up to a larger share.
    return Choices(16, "divider", "in place", "forth", 0.65 if cpu == "znver4" else MOST_ACTIVE)


def _target() -> tuple[str, frozenset[str]]:
    """The name and the features of the CPU that Numba compiles for."""
    codegen = cpu_target.target_context.codegen()
    _triple, cpu, features = codegen.magic_tuple()
    return cpu, frozenset(name[1:] for name in features.split(",") if name.startswith("+"))


CHOICES = choose(*_target())
