"""Each kernel against its NumPy reference, at the sizes of the network and at odd ones (`make bench`).

The cases are those of the tests; each is verified before its clock starts.
"""

import numpy as np
import pytest

from fastnet import kernels
from fastnet.kernels import cases, reference
from fastnet.kernels.cases import CASES, Case

MODULES = {"numba": kernels, "reference": reference}


@pytest.mark.parametrize("engine", MODULES)
@pytest.mark.parametrize("case", [case for case in CASES if case.benchmarked], ids=str)
def test_kernel(benchmark, case: Case, engine: str):
    verify(case, MODULES[engine])
    arguments = list(case.arguments().values())
    benchmark.group = str(case)
    benchmark.extra_info.update(kernel=case.kernel, sizes=case.sizes, engine=engine)
    benchmark(getattr(MODULES[engine], case.kernel), *arguments)


def verify(case: Case, module) -> None:
    """The kernel's results are within the bounds of the case; NaN never is."""
    exact = cases.as_float64(case.arguments())
    exact["return"] = getattr(reference, case.kernel)(**exact)
    actual = case.arguments()
    actual["return"] = getattr(module, case.kernel)(**actual)
    for name, bound in case.bounds(exact).items():
        assert np.all(np.abs(actual[name] - exact[name]) <= bound), f"{case}: {name} is wrong"
