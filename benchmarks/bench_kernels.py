"""Each kernel against its NumPy reference, at the sizes of the network and at odd ones (`make bench`).

The cases are those of the tests; each is verified before its clock starts.
"""

from typing import Any

import pytest

from fastnet import kernels
from fastnet.kernels import reference
from fastnet.kernels.cases import CASES, Case

MODULES = {"numba": kernels, "reference": reference}


@pytest.mark.parametrize("engine", MODULES)
@pytest.mark.parametrize("case", [case for case in CASES if case.benchmarked], ids=str)
def test_kernel(benchmark: Any, case: Case, engine: str) -> None:
    case.verify(MODULES[engine])
    arguments = list(case.arguments().values())
    benchmark.group = str(case)
    benchmark.extra_info.update(kernel=case.kernel, sizes=case.sizes, engine=engine)
    benchmark(getattr(MODULES[engine], case.kernel), *arguments)
