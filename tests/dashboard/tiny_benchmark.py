"""`fastnet benchmark` with few contests and little time for each, for tests of what lies around it."""

import sys

from fastnet import cli
from fastnet.timing import ceilings, contests, machine, roofline
from fastnet.timing.rivals.process import Entrant

PEERS = contests.PEERS
FASTNET = Entrant("fastnet", f"{PEERS}.numba_engine", {"threads": 1})
NUMPY = Entrant("numpy", f"{PEERS}.numpy_reference", {"threads": 1})
MISSING = Entrant("jax", f"{PEERS}.jax_scan", needs=("no_such_package",))
BANDWIDTHS = {level: 1e11 / n for n, level in enumerate(("L1", "L2", "L3", "memory"), 1)}
ROOF = ceilings.Ceilings(1, 2e11, 1e10, BANDWIDTHS, BANDWIDTHS)


if __name__ == "__main__":
    chosen = [
        contests.Contest("epoch", (FASTNET, MISSING, NUMPY)),
        contests.Contest("adam_step", (FASTNET, NUMPY), kernel="adam_step"),
    ]
    machine.quick_contests = lambda n_threads: chosen
    ceilings.cache_sizes = lambda: ceilings.USUAL_CACHES
    ceilings.measure = lambda n_threads: ROOF
    measure = roofline.measure_kernels
    roofline.measure_kernels = lambda roof: measure(roof, budget=0.01)
    sys.exit(cli.main(["benchmark", *sys.argv[1:]]))
